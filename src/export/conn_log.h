/* SPDX-License-Identifier: MIT */
#ifndef EXPORT_CONN_LOG_H
#define EXPORT_CONN_LOG_H

#include <stdbool.h>
#include <stdint.h>
#include "base/text.h"
#include "track/track.h"

/*
 * One line on stderr for each closed connection of KIND_PROXY, or with
 * log_probes for each of any kind, if it matches log_filter; from a thread that
 * follows the bus.  When stderr is slow it falls behind alone, and says how many
 * it missed.
 */
struct conn_log;

/* Whether log_filter is a filter, or empty.  False: the error says in three lines what is wrong with it, and where. */
bool conn_log_check(const struct settings *settings, struct text *error);

/* 0 or -errno, after conn_log_check.  The signals that the daemon handles must be blocked.  With LOG_CONNS_OFF
 * it starts nothing, and *log is NULL. */
int conn_log_start(struct conn_log **log, const struct track *track);

/* Writes what was published before this call, as far as stderr takes it within a second, and ends.
 * False: a write hangs, and its thread may still look into `track`. */
bool conn_log_stop(struct conn_log *log);

/* Any thread: lines that were never written.  Of those that were overwritten unread nobody knows whether they matched. */
uint64_t conn_log_missed(const struct conn_log *log);

#endif
