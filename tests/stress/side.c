/* SPDX-License-Identifier: MIT */
#include "stress/side.h"

#include <check.h>
#include <errno.h>
#include <linux/sockios.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>
#include "base/clock.h"

enum {
	PIECE = 1 << 18,
	WRITE_MOST = 1 << 20,
	SIP_MOST = 8192,
	URGENT_PERMILLE = 20,
	SMALL_SEGMENT = 536,
	WAIT_PERMILLE = 20,
	BUFFER_LEAST = 2048,
	BUFFER_MOST = 65536
};

static const struct {
	unsigned weight, pause_permille; /* of its reads */
	int64_t pause_most_ns;
} readers[READERS] = {
	[READER_EAGER] = { 60, 0, 0 },
	[READER_STALLS] = { 15, 4, 1500 * NS_PER_MS },
	[READER_SIPS] = { 15, 200, 2 * NS_PER_MS },
	[READER_TINY] = { 10, 20, 5 * NS_PER_MS },
};

static enum reader
draw_reader(struct chance *chance)
{
	uint64_t lot = chance_between(chance, 1, 100);
	enum reader reader = 0;

	while (lot > readers[reader].weight)
		lot -= readers[reader++].weight;
	return reader;
}

void
side_init(struct side *side, struct chance chance, int epoll)
{
	*side = (struct side){ .fd = -1, .epoll = epoll, .chance = chance };
	side->reader = draw_reader(&side->chance);
	side->buffer = (int)chance_size(&side->chance, BUFFER_LEAST, BUFFER_MOST);
	side->pause_permille = chance_happens(&side->chance, 300) ? (unsigned)chance_size(&side->chance, 1, 30) : 0;
	stream_open(&side->out, chance_draw(&side->chance));
}

void
side_dress(const struct side *side, int fd)
{
	struct chance chance = side->chance;
	int one = 1, size;

	setsockopt(fd, SOL_SOCKET, SO_OOBINLINE, &one, sizeof(one));
	if (chance_happens(&chance, 700))
		setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one));
	if (side->reader ==
	    READER_TINY) { /* in small segments the daemon's kernel takes as much of a send as there is room for */
		size = SMALL_SEGMENT;
		setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &side->buffer, sizeof(side->buffer));
		setsockopt(fd, IPPROTO_TCP, TCP_MAXSEG, &size, sizeof(size));
	}
	if (chance_happens(&chance, 100)) {
		size = (int)chance_size(&chance, 4096, 65536);
		setsockopt(fd, SOL_SOCKET, SO_SNDBUF, &size, sizeof(size));
	}
}

bool
side_has_sent_all(const struct side *side)
{
	return side->out.at >= side->out_plan || side->error != 0;
}

/* How large its next write is. */
static size_t
draw_write(struct side *side)
{
	if (side->writes_left == 0) {
		side->write_most = chance_size(&side->chance, 1, WRITE_MOST);
		side->writes_left = (unsigned)chance_size(&side->chance, 1, 64);
	}
	side->writes_left--;
	return chance_between(&side->chance, (side->write_most + 1) / 2, side->write_most);
}

static bool
send_some(struct side *side, int64_t now_ns)
{
	static _Thread_local unsigned char bytes[PIECE];
	uint64_t left = side->out_plan - side->out.at;
	int flags = MSG_NOSIGNAL | MSG_DONTWAIT;

	if (side->write_left == 0)
		side->write_left = draw_write(side);
	size_t size = side->write_left < PIECE ? side->write_left : PIECE;
	size = size < left ? size : left;
	if (chance_happens(&side->chance, URGENT_PERMILLE))
		flags |= MSG_OOB;
	stream_show(side->out.seed, side->out.at, bytes, size);
	ssize_t sent = send(side->fd, bytes, size, flags);
	if (sent == -1) {
		if (errno == EAGAIN)
			return false;
		side->error = errno;
		return true;
	}
	stream_pass(&side->out, bytes, (size_t)sent);
	side->urgent += (flags & MSG_OOB) != 0;
	side->write_left -= (size_t)sent;
	side->waits = side->write_left == 0 && chance_happens(&side->chance, WAIT_PERMILLE);
	if (chance_happens(&side->chance, side->pause_permille))
		side->send_at_ns = now_ns + (int64_t)chance_size(&side->chance, NS_PER_MS / 10, 20 * NS_PER_MS);
	return true;
}

static void
keep_wrong(struct side *side, const unsigned char *bytes, size_t size)
{
	side->is_wrong = true;
	side->wrong_size = size < sizeof(side->wrong_bytes) ? size : sizeof(side->wrong_bytes);
	memcpy(side->wrong_bytes, bytes, side->wrong_size);
}

static bool
read_some(struct side *side, int64_t now_ns)
{
	static _Thread_local unsigned char bytes[PIECE];
	size_t most = side->reader == READER_SIPS ? chance_size(&side->chance, 1, SIP_MOST) : PIECE;
	ssize_t got = recv(side->fd, bytes, most, MSG_DONTWAIT);

	if (got == -1 && errno == EAGAIN)
		return false;
	if (got <= 0) {
		if (got == -1 && side->error == 0)
			side->error = errno;
		side->ended = true;
		side->in_order = side->error == 0;
		return true;
	}
	size_t right = stream_check(&side->in, bytes, (size_t)got);
	stream_pass(&side->in, bytes, right);
	if (right < (size_t)got)
		keep_wrong(side, bytes + right, (size_t)got - right);
	if (chance_happens(&side->chance, readers[side->reader].pause_permille))
		side->read_at_ns = now_ns + (int64_t)chance_size(&side->chance, NS_PER_MS / 10,
						(uint64_t)readers[side->reader].pause_most_ns);
	return true;
}

static bool
wants_to_send(const struct side *side, int64_t now_ns)
{
	return !side->finished && !side_has_sent_all(side) && !side->waits && side->send_at_ns <= now_ns;
}

static bool
wants_to_read(const struct side *side, int64_t now_ns)
{
	return !side->ended && side->read_at_ns <= now_ns;
}

bool
side_act(struct side *side, unsigned ready, int64_t now_ns)
{
	bool acted = false;

	if (side->fd != -1 && (ready & (EPOLLIN | EPOLLERR | EPOLLHUP)) != 0 && wants_to_read(side, now_ns))
		acted |= read_some(side, now_ns);
	if (side->fd != -1 && (ready & (EPOLLOUT | EPOLLERR | EPOLLHUP)) != 0 && wants_to_send(side, now_ns))
		acted |= send_some(side, now_ns);
	return acted;
}

/* While it wants nothing it is not watched at all: errors would wake it without end. */
void
side_watch(struct side *side, void *data, int64_t now_ns)
{
	unsigned wanted = (wants_to_read(side, now_ns) ? EPOLLIN : 0) | (wants_to_send(side, now_ns) ? EPOLLOUT : 0);
	struct epoll_event event = { .events = wanted, .data.ptr = data };

	if (side->fd == -1 || wanted == side->watched)
		return;
	int operation = side->watched == 0 ? EPOLL_CTL_ADD : wanted == 0 ? EPOLL_CTL_DEL : EPOLL_CTL_MOD;
	ck_assert_int_eq(epoll_ctl(side->epoll, operation, side->fd, &event), 0);
	side->watched = wanted;
}

int
side_unacknowledged(const struct side *side)
{
	int queued = -1;

	ioctl(side->fd, SIOCOUTQ, &queued);
	return queued;
}

/* Where a RST was quicker there is nobody to tell any more. */
void
side_finish(struct side *side)
{
	if (shutdown(side->fd, SHUT_WR) == -1 && side->error == 0)
		side->error = errno;
	side->finished = true;
}

void
side_close(struct side *side)
{
	ioctl(side->fd, FIONREAD, &side->unread);
	close(side->fd);
	side->fd = -1;
	side->watched = 0;
	side->finished = true;
}

void
side_reset(struct side *side)
{
	struct linger at_once = { .l_onoff = 1 };

	setsockopt(side->fd, SOL_SOCKET, SO_LINGER, &at_once, sizeof(at_once));
	side_close(side);
}
