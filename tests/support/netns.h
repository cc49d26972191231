/* SPDX-License-Identifier: MIT */
#ifndef SUPPORT_NETNS_H
#define SUPPORT_NETNS_H

#include <stdbool.h>
#include <sys/types.h>

/*
 * Two network namespaces of the test's own, joined by a link that can be made slow, lossy or dead:
 *
 *   here, where the daemon runs          far
 *   127.0.0.1, NETNS_HERE (link0) ════ NETNS_FAR (link1), 127.0.0.1
 *
 * They vanish with the test.  Only root can make them: ask netns_can first.
 */
#define NETNS_HERE    "10.99.0.1"
#define NETNS_FAR     "10.99.0.2"
#define NETNS_NOWHERE "10.99.0.3" /* on the link, and nobody there */

struct netns {
	pid_t keeper;        /* a process that keeps the far one */
	int home, here, far; /* home: where this process was before */
};

/* False: it says why on stdout. */
bool netns_can(void);

/* This process is in `here` until the close, and so are those that it starts. */
struct netns netns_open(void);
void netns_close(struct netns *netns);

/* Runs a command in one of them and asserts that it worked. */
void netns_run(const char *format, ...) __attribute__((format(printf, 1, 2)));
void netns_run_far(const struct netns *netns, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* Sockets that this thread makes are far until the return. */
void netns_visit_far(const struct netns *netns);
void netns_return(const struct netns *netns);

/* From now on what goes to the far side, or comes from it, vanishes without a word. */
void netns_cut(const struct netns *netns);

#endif
