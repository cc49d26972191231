/* SPDX-License-Identifier: MIT */
#ifndef EXPORT_CONN_LINE_H
#define EXPORT_CONN_LINE_H

#include "base/text.h"
#include "track/track.h"

/*
 * A closed connection as one line for people and for grep:
 *
 *   closed_at, closed, id, reason, by initiator/how, duration, bytes up and down,
 *   client -> listener | our port -> target
 *
 * and behind the two 5-tuples only what is out of the ordinary.  The words are
 * those of the JSON; an address without `unix:` is a TCP one, and `-` is unknown.
 * Every byte of it is printable ASCII, whatever the names on the command line.
 */
enum { CONN_LINE_MAX = 1536 }; /* with its newline and the NUL */

/* Adds the line and its newline. */
void conn_line_format(struct text *text, const struct track *track, const struct record *record);

#endif
