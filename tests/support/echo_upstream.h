/* SPDX-License-Identifier: MIT */
#ifndef SUPPORT_ECHO_UPSTREAM_H
#define SUPPORT_ECHO_UPSTREAM_H

/* An upstream that answers each byte with itself, and an end with an end: one
 * thread for as many clients as come. */
struct echo;

struct echo *echo_start(void);
struct echo *echo_start_on(const char *address);
const char *echo_address(const struct echo *echo);
void echo_stop(struct echo *echo);

#endif
