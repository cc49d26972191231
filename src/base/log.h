/* SPDX-License-Identifier: MIT */
#ifndef BASE_LOG_H
#define BASE_LOG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * The program's own messages, one line each on stderr.  Process-wide.
 *
 * Once log_start has been called, a line goes to a bounded queue and a thread
 * of its own writes it out: no caller ever waits for a terminal or a pipe.
 * Lines that find the queue full are dropped, counted and reported.
 */
enum log_level { LEVEL_ERROR, LEVEL_WARNING, LEVEL_NOTICE, LEVEL_INFO, LEVEL_DEBUG, LEVEL_COUNT };

extern const char *const log_level_texts[LEVEL_COUNT];

/* Before log_start, from the one thread that there is. */
void log_set_level(enum log_level level);

/* 0 or -errno.  The signals that the daemon handles must be blocked. */
int log_start(void);

/* Writes out what is queued, for at most a second, and ends the thread.  Later lines are
 * written directly, and no more waited for. */
void log_stop(void);

uint64_t log_dropped(void);

/* A line longer than 500 bytes is cut; what is not printable ASCII becomes `?`. */
void log_line(enum log_level level, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* Text that is complete in itself, without time and level: it ends its own lines.  More than
 * 500 bytes go in pieces, between which a line of another thread may come. */
void log_plain(const char *bytes, size_t length);

/* For whoever else writes whole lines to stderr, and may need several writes for one: none of
 * ours comes in between.  Waits at most until then (clock_now); false: another still has it. */
bool log_borrow_stderr(int64_t until_ns);
void log_return_stderr(void);

#define log_error(...)   log_line(LEVEL_ERROR, __VA_ARGS__)
#define log_warning(...) log_line(LEVEL_WARNING, __VA_ARGS__)
#define log_notice(...)  log_line(LEVEL_NOTICE, __VA_ARGS__)
#define log_info(...)    log_line(LEVEL_INFO, __VA_ARGS__)
#define log_debug(...)   log_line(LEVEL_DEBUG, __VA_ARGS__)

#endif
