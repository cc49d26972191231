/* SPDX-License-Identifier: MIT */
#ifndef TRACK_DETAIL_H
#define TRACK_DETAIL_H

#include "base/text.h"
#include "track/record.h"
#include "track/track.h"

/*
 * Why a connection ended, in a plain sentence with its evidence:
 *
 *   The upstream reset the connection 12.0 ms after the client's last 512 bytes;
 *   512 bytes for the upstream were never acknowledged.
 *
 * The sentence of each reason stands in close_reason.def, and evidence.h says what may
 * be in braces there.
 */
enum { DETAIL_MAX = 1280 };

/* Adds it.  The record must be closed. */
void detail_write(struct text *text, const struct track *track, const struct record *record);

#endif
