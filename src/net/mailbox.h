/* SPDX-License-Identifier: MIT */
#ifndef NET_MAILBOX_H
#define NET_MAILBOX_H

#include <stdbool.h>
#include <stdint.h>
#include "net/loop.h"

/* How another thread tells a loop something: a bounded queue and a wake-up. */
struct mailbox;

enum {
	MAILBOX_SIZE = 4096, /* mails that can wait */
	MAILBOX_TURN = 256,  /* that are read in one turn: what they ask for may take long, and others wait */
};

struct mail {
	uint32_t kind;
	uint32_t number;
	uint64_t id;
};
typedef void mailbox_fn(void *argument, const struct mail *mail);

/* Mail is read on `loop`'s thread.  NULL: errno says why. */
struct mailbox *mailbox_new(struct loop *loop, mailbox_fn *on_mail, void *argument);
void mailbox_free(struct mailbox *mailbox);

/* Any thread, never waits.  False: full. */
bool mailbox_post(struct mailbox *mailbox, const struct mail *mail);

#endif
