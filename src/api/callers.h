/* SPDX-License-Identifier: MIT */
#ifndef API_CALLERS_H
#define API_CALLERS_H

#include <stdbool.h>
#include <stdint.h>
#include "base/addr.h"

/*
 * Who is connected to the HTTP interface, how often they ask, and for how long
 * they may keep us waiting.
 *
 *   enter ──► idle ──► (sends a body) ──► reads its answer ──► idle … ──► leave
 *
 * libmicrohttpd's own timeout begins anew with every byte: whoever sends one
 * now and then would stay for ever.  So each step has an end here, and who is
 * over it is cut.  When places run short the one that has been idle longest goes,
 * of the source that has most: thousands that say nothing keep nobody out.
 *
 * All is the api thread's, but callers_look, which another one calls.
 */
struct callers;
struct caller;

/* At most `most` at once, and `per_second` requests of each source; 0: as they come.  NULL: errno says why. */
struct callers *callers_new(int most, uint32_t per_second);
void callers_free(struct callers *callers);

/* The socket must stay open until it has left.  `from` is an IP address, or anything else for a Unix socket.
 * NULL: there is no place. */
struct caller *callers_enter(struct callers *callers, int fd, const struct addr *from, int64_t now);
void callers_leave(struct callers *callers, struct caller *caller);

enum caller_answer {
	CALLER_WELCOME,
	CALLER_TOO_OFTEN, /* its source has asked too often in this second */
	CALLER_TOO_MANY,  /* so many of its source are served already as are its share */
};

/* Its request's headers are there. */
enum caller_answer callers_ask(struct callers *callers, const struct caller *caller, int64_t now);
int callers_share(const struct callers *callers); /* of the places, that a source from elsewhere may have */

/* Its step ends with the next one; NULL is fine. */
void caller_sends(struct caller *caller, int64_t now);               /* a body, or nothing more */
void caller_reads(struct caller *caller, size_t bytes, int64_t now); /* so many more of its answer */
void caller_sleeps(struct caller *caller, int64_t now); /* there is nothing to read for it, as long as that may be */
void caller_is_idle(struct caller *caller, int64_t now);

/* False for NULL. */
bool caller_is_cut(const struct caller *caller);

/* Cuts those that are over their time.  From any one other thread, every second or so. */
void callers_look(struct callers *callers, int64_t now);

#endif
