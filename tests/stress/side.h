/* SPDX-License-Identifier: MIT */
#ifndef STRESS_SIDE_H
#define STRESS_SIDE_H

#include "stress/chance.h"
#include "stress/stream.h"

/*
 * One end of a connection: it writes in pieces of random size, one byte to a
 * mebibyte, which stay small or large for a while; and it reads eagerly, in
 * sips, with a tiny buffer, or stalls now and then.
 */
enum reader { READER_EAGER, READER_STALLS, READER_SIPS, READER_TINY, READERS };

struct side {
	int fd; /* -1: closed */
	int epoll;
	unsigned watched; /* events */
	struct chance chance;
	enum reader reader;
	int buffer; /* of a tiny one */
	struct stream out, in;
	uint64_t out_plan; /* bytes it means to send */
	bool waits;        /* until the other has read all that it sent */
	uint64_t urgent;   /* bytes sent as urgent ones */
	size_t write_most, write_left;
	unsigned writes_left;    /* until it changes its mind about write_most */
	unsigned pause_permille; /* of its writes */
	int64_t send_at_ns, read_at_ns;
	int unread;    /* what its kernel had for it when it closed */
	bool finished; /* it sent its FIN, or was closed */
	bool ended;    /* nothing more comes, */
	bool in_order; /* and it was a FIN that said so */
	int error;     /* the first one met */
	bool is_wrong; /* what stands below came behind in.at, and should not have */
	unsigned char wrong_bytes[16];
	size_t wrong_size;
};

void side_init(struct side *side, struct chance chance, int epoll);

/* Sets its buffers, before connect where it can be. */
void side_dress(const struct side *side, int fd);

/* Its descriptor is ready for this; true: bytes have moved, or it learned something. */
bool side_act(struct side *side, unsigned ready, int64_t now_ns);

/* Asks epoll for what it waits for now. */
void side_watch(struct side *side, void *data, int64_t now_ns);

bool side_has_sent_all(const struct side *side);
int side_unacknowledged(const struct side *side); /* by its neighbour's kernel */

void side_finish(struct side *side);
void side_close(struct side *side);
void side_reset(struct side *side);

#endif
