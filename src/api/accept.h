/* SPDX-License-Identifier: MIT */
#ifndef API_ACCEPT_H
#define API_ACCEPT_H

/*
 * What form of an answer a client would like best: RFC 9110, section 12.5.1.
 *
 *   Accept: text/plain;q=0.5, application/json, image/png;q=0
 *
 * A pure function over a header that anybody wrote.  Ranges that make no sense
 * are passed over, and a header without a good one counts as none.  Parameters
 * other than q are not looked at.
 */

/* Which of these media types (NULL behind the last) the header likes best, the first where it does not mind.
 * NULL: no header, and the first it is.  -1: none of them will do. */
int accept_choose(const char *header, const char *const *types);

#endif
