/* SPDX-License-Identifier: MIT */
#ifndef SUPPORT_PROXY_PROCESS_H
#define SUPPORT_PROXY_PROCESS_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>
#include "base/addr.h"
#include "config/settings.h"

/*
 * The built daemon, as a stranger starts it: a program, its arguments, its
 * stderr, signals.  SOCKPROXY names it (./sockproxy if unset), and may have a
 * tool and its options before it: "valgrind -q --error-exitcode=9 ./sockproxy".
 *
 * It dies with the test.  Every wait has an end.
 */
struct proxy {
	pid_t pid;  /* 0: gone */
	int status; /* of waitpid, once gone */
	int errors; /* its stderr: a file in memory, or … */
	int pipe;   /* … what nobody reads; else -1 */
	char *said; /* what was read of `errors` */
	int count;  /* of listeners */
	struct {
		char text[ADDR_TEXT_MAX];
	} listeners[PAIRS_MAX];
	struct addr admin;
	struct proxy *next;
	char admin_text[ADDR_TEXT_MAX];
};

/* What is unusual about a start. */
struct proxy_start {
	size_t descriptors; /* RLIMIT_NOFILE; 0: as it is here */
	bool deaf;          /* nobody reads its stderr, a pipe of one page */
};

/* Starts it with these arguments, separated by blanks, and `-a 127.0.0.1:0` unless they
 * have an -a; then waits until it is ready. */
struct proxy *proxy_start(const char *format, ...) __attribute__((format(printf, 1, 2)));
struct proxy *
proxy_start_with(const struct proxy_start *how, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* For one that should not get ready: waits for its end.  Its status is exit_status. */
struct proxy *proxy_run(const char *format, ...) __attribute__((format(printf, 1, 2)));
struct proxy *
proxy_run_with(const struct proxy_start *how, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* Where its listener `number` is bound, from the readiness line. */
const char *proxy_listener(const struct proxy *proxy, int number);

/* All that it said on stderr so far; valid until the next call. */
const char *proxy_stderr(struct proxy *proxy);
bool proxy_has_said(struct proxy *proxy, const char *text);
int proxy_count_said(struct proxy *proxy, const char *text);

void proxy_signal(const struct proxy *proxy, int signal);

/* Holds every thread of it; it goes on where it was.  What happens meanwhile it sees at once. */
void proxy_freeze(struct proxy *proxy);
void proxy_thaw(struct proxy *proxy);

bool proxy_is_gone(struct proxy *proxy);
int proxy_exit_status(struct proxy *proxy); /* waits for it */

/* A number from /proc/PID/status in bytes, as "VmRSS". */
size_t proxy_memory(const struct proxy *proxy, const char *name);

/* TERM; asserts that it exits with 0 and that no sanitizer complained. */
void proxy_stop(struct proxy *proxy);

/* The same for one that ends by itself, or was told to. */
void proxy_end(struct proxy *proxy);

#endif
