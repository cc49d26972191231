/* SPDX-License-Identifier: MIT */
#include "net/mailbox.h"

#include <errno.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <unistd.h>
#include "base/queue.h"

struct mailbox {
	struct loop_watch watch; /* first: the call-back gets it */
	struct loop *loop;
	struct queue *queue;
	int fd;            /* eventfd */
	_Atomic bool rung; /* the loop was woken and has not looked yet */
	mailbox_fn *on_mail;
	void *argument;
};

/* Of many posts, one system call.  Both exchanges (this and on_ring's) are
 * needed: whoever finds it rung knows that the mail before it will be seen. */
static void
ring(struct mailbox *mailbox)
{
	if (!atomic_exchange_explicit(&mailbox->rung, true, memory_order_acq_rel))
		eventfd_write(mailbox->fd, 1);
}

static void
on_ring(struct loop_watch *watch, uint32_t events)
{
	struct mailbox *mailbox = (struct mailbox *)watch;
	struct mail mail;
	eventfd_t unused;
	int read = 0;

	(void)events;
	eventfd_read(mailbox->fd, &unused);
	atomic_exchange_explicit(&mailbox->rung, false, memory_order_acq_rel);
	while (read < MAILBOX_TURN && queue_take(mailbox->queue, &mail)) {
		mailbox->on_mail(mailbox->argument, &mail);
		read++;
	}
	if (read == MAILBOX_TURN)
		ring(mailbox); /* the rest in the next turn, however fast they post */
}

struct mailbox *
mailbox_new(struct loop *loop, mailbox_fn *on_mail, void *argument)
{
	struct mailbox *mailbox = calloc(1, sizeof(*mailbox));
	int error = ENOMEM;

	if (mailbox == NULL)
		return NULL;
	*mailbox = (struct mailbox){ .watch.fd = -1, .loop = loop, .on_mail = on_mail, .argument = argument };
	mailbox->queue = queue_new(MAILBOX_SIZE, sizeof(struct mail));
	mailbox->fd = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
	if (mailbox->fd == -1)
		error = errno;
	else if (mailbox->queue != NULL)
		error = -loop_watch(loop, &mailbox->watch, mailbox->fd, EPOLLIN, on_ring);
	if (error != 0) {
		mailbox_free(mailbox);
		errno = error;
		return NULL;
	}
	return mailbox;
}

void
mailbox_free(struct mailbox *mailbox)
{
	if (mailbox == NULL)
		return;
	loop_unwatch(mailbox->loop, &mailbox->watch);
	if (mailbox->fd != -1)
		close(mailbox->fd);
	queue_free(mailbox->queue);
	free(mailbox);
}

bool
mailbox_post(struct mailbox *mailbox, const struct mail *mail)
{
	if (!queue_post(mailbox->queue, mail))
		return false;
	ring(mailbox);
	return true;
}
