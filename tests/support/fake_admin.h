/* SPDX-License-Identifier: MIT */
#ifndef SUPPORT_FAKE_ADMIN_H
#define SUPPORT_FAKE_ADMIN_H

/*
 * What a client can be told: an HTTP interface that answers whatever a test has written down, one
 * answer for each request and in this order.  It notes what it was asked.
 */
struct fake_answer {
	const char *bytes; /* all of it, status line and headers too */
	int hold;          /* the connection stays open behind it, until the end */
};

struct fake_admin;

/* The last answer is given again and again.  The answers must outlive it. */
struct fake_admin *fake_admin_start(const char *address, const struct fake_answer *answers, int count);
const char *fake_admin_address(const struct fake_admin *fake);

/* Waits for that request, the first is 0, and gives all of it. */
const char *fake_admin_asked(struct fake_admin *fake, int number);

void fake_admin_stop(struct fake_admin *fake);

#endif
