/* SPDX-License-Identifier: MIT */
#include "support/provoke.h"

#include <check.h>
#include <errno.h>
#include <linux/sockios.h>
#include <signal.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>
#include "support/peers.h"
#include "support/proxy_facts.h"
#include "support/wait_until.h"

int *
provoke_fd(struct hop *hop, enum leg_name side)
{
	return side == LEG_CLIENT ? &hop->client : &hop->upstream;
}

static int
unacknowledged(int fd)
{
	int queued = -1;

	ioctl(fd, SIOCOUTQ, &queued);
	return queued;
}

/* Until the daemon has handed so many bytes to that side. */
static void
wait_for_bytes(struct hop *hop, enum leg_name side, json_int_t bytes)
{
	const char *total = side == LEG_CLIENT ? "totals.client_bytes_sent" : "totals.upstream_bytes_sent";

	wait_until(proxy_stat(hop->proxy, total) == bytes && unacknowledged(*provoke_fd(hop, leg_other(side))) == 0);
}

/* The other side knows that this one has finished; and so does the record, before anything else happens. */
static void
expect_half_close(const struct hop *hop, enum leg_name side, int other)
{
	peer_expect_end(other);
	proxy_live(hop->proxy, side == LEG_CLIENT ? "client_half_closed" : "upstream_half_closed");
}

void
provoke_fin(struct hop *hop, enum leg_name side)
{
	int *mine = provoke_fd(hop, side), *other = provoke_fd(hop, leg_other(side));

	peer_close(mine);
	expect_half_close(hop, side, *other);
	peer_close(other);
}

void
provoke_half_close(struct hop *hop, enum leg_name side)
{
	int *mine = provoke_fd(hop, side), *other = provoke_fd(hop, leg_other(side));

	peer_say(*mine, "question");
	peer_finish(*mine);
	peer_expect(*other, "question");
	expect_half_close(hop, side, *other);
	peer_say(*other, "answer");
	peer_close(other);
	peer_expect(*mine, "answer");
	peer_expect_end(*mine);
}

void
provoke_reset(struct hop *hop, enum leg_name side)
{
	peer_reset(provoke_fd(hop, side));
	peer_expect_reset(*provoke_fd(hop, leg_other(side)));
}

void
provoke_bytes_then_reset(struct hop *hop, enum leg_name side)
{
	int *mine = provoke_fd(hop, side);

	peer_say(*mine, "last words");
	wait_until(unacknowledged(*mine) == 0); /* its own RST would throw them away */
	peer_reset(mine);
	peer_expect(*provoke_fd(hop, leg_other(side)), "last words");
	peer_expect_reset(*provoke_fd(hop, leg_other(side)));
}

void
provoke_unread(struct hop *hop, enum leg_name side)
{
	peer_say(*provoke_fd(hop, leg_other(side)), "unread");
	wait_for_bytes(hop, side, 6);
	peer_close(provoke_fd(hop, side));
}

void
provoke_fin_then_reset(struct hop *hop, enum leg_name side)
{
	int *mine = provoke_fd(hop, side);

	peer_finish(*mine);
	expect_half_close(hop, side, *provoke_fd(hop, leg_other(side)));
	peer_reset(mine);
	ck_assert_int_eq(peer_await_error(*provoke_fd(hop, leg_other(side))), EPIPE);
}

void
provoke_too_late(struct hop *hop, enum leg_name side)
{
	int *other = provoke_fd(hop, leg_other(side));

	peer_close(provoke_fd(hop, side));
	expect_half_close(hop, side, *other);
	peer_say(*other, "too late");
}

/* A process of its own has the side's only descriptor, until it is killed. */
static void
kill_holder_of(int *fd)
{
	pid_t pid = fork();

	ck_assert_int_ne(pid, -1);
	if (pid == 0) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		for (;;)
			pause();
	}
	peer_close(fd);
	ck_assert_int_eq(kill(pid, SIGKILL), 0);
	ck_assert_int_eq(waitpid(pid, NULL, 0), pid);
}

void
provoke_killed(struct hop *hop, enum leg_name side)
{
	int *other = provoke_fd(hop, leg_other(side));

	peer_say(*provoke_fd(hop, side), "hello");
	peer_expect(*other, "hello");
	kill_holder_of(provoke_fd(hop, side));
	expect_half_close(hop, side, *other);
	peer_close(other);
}

void
provoke_killed_unread(struct hop *hop, enum leg_name side)
{
	peer_say(*provoke_fd(hop, leg_other(side)), "unread");
	wait_for_bytes(hop, side, 6);
	kill_holder_of(provoke_fd(hop, side));
}

void
provoke_silence(struct hop *hop, enum leg_name side)
{
	peer_say(*provoke_fd(hop, side), "hello");
	peer_expect(*provoke_fd(hop, leg_other(side)), "hello");
}

void
provoke_fin_and_silence(struct hop *hop, enum leg_name side)
{
	peer_finish(*provoke_fd(hop, side));
	peer_expect_end(*provoke_fd(hop, leg_other(side)));
}

void
provoke_stall(struct hop *hop, enum leg_name side)
{
	peer_fill_or_be_cut(*provoke_fd(hop, side));
}

void
provoke_both_fin(struct hop *hop, enum leg_name side)
{
	proxy_freeze(hop->proxy);
	peer_finish(*provoke_fd(hop, side));
	peer_finish(*provoke_fd(hop, leg_other(side)));
	proxy_thaw(hop->proxy);
	peer_expect_end(hop->client);
	peer_expect_end(hop->upstream);
}

void
provoke_both_reset(struct hop *hop, enum leg_name side)
{
	proxy_freeze(hop->proxy);
	peer_reset(provoke_fd(hop, side));
	peer_reset(provoke_fd(hop, leg_other(side)));
	proxy_thaw(hop->proxy);
}
