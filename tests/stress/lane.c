/* SPDX-License-Identifier: MIT */
#include "stress/lane.h"

#include <arpa/inet.h>
#include <check.h>
#include <errno.h>
#include <netinet/in.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>
#include "base/clock.h"
#include "support/proxy_facts.h"
#include "support/wait_until.h"

enum { EVENTS = 64, TURN_MS = 2, DESCRIPTION_MAX = 4096 };
#define LOOK_NS  (20 * NS_PER_MS)
#define STUCK_NS (30 * NS_PER_S)

/* Both ends of one connection have an event's data each: the play, and in the lowest bit the leg. */
static void *
mark(struct play *play, enum leg_name leg)
{
	return (void *)((uintptr_t)play | (uintptr_t)leg);
}

static void
give_up(const struct lane *lane, const struct play *play, const json_t *record, const char *what)
{
	char description[DESCRIPTION_MAX];
	char *text = record == NULL ? NULL : json_dumps(record, JSON_INDENT(2));

	play_describe(play, description, sizeof(description));
	printf("seed %lu, lane %d, %s", lane->seed, lane->number, description);
	if (text != NULL)
		printf("its record: %s\n", text);
	fflush(stdout);
	ck_abort_msg("connection %lu of lane %d: %s", play->number, lane->number, what);
}

/* Where else would these bytes be right?  That tells what became of them. */
static void
explain_wrong_bytes(const struct lane *lane, const struct play *play, enum leg_name leg)
{
	const struct side *side = &play->sides[leg];

	printf("the %s: wrong bytes behind %lu\n", leg_text(leg), side->in.at);
	for (int i = 0; i < LANE_PLAYS_MAX; i++) {
		for (int j = 0; lane->plays[i] != NULL && j < 2; j++) {
			const struct stream *stream = &lane->plays[i]->sides[j].in;
			uint64_t at;

			if (stream_find(stream->seed, stream->at, side->wrong_bytes, side->wrong_size, &at))
				printf("they belong to what the %s of connection %lu reads, at %lu (it is at %lu)\n",
				    leg_text((enum leg_name)j), lane->plays[i]->number, at, stream->at);
		}
	}
	give_up(lane, play, NULL, "wrong bytes");
}

static int
accept_upstream(struct lane *lane, int *proxy_port)
{
	struct pollfd in = { .fd = lane->listener, .events = POLLIN };
	struct sockaddr_in peer;
	socklen_t length = sizeof(peer);

	ck_assert_msg(poll(&in, 1, PATIENCE_MS) == 1, "no connection comes through");
	int fd = accept4(lane->listener, (struct sockaddr *)&peer, &length, SOCK_CLOEXEC);
	ck_assert_int_ne(fd, -1);
	*proxy_port = ntohs(peer.sin_port);
	return fd;
}

static void
begin(struct lane *lane, struct play **place)
{
	struct play *play = malloc(sizeof(*play));
	struct addr at;
	struct sockaddr_in own;
	socklen_t length = sizeof(own);
	int client = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	ck_assert_ptr_nonnull(play);
	ck_assert_int_ne(client, -1);
	play_init(play, lane->seed, lane->begun++, lane->bytes_most, lane->epoll);
	ck_assert(addr_parse(&at, proxy_listener(lane->proxy, lane->number)));
	side_dress(&play->sides[LEG_CLIENT], client);
	ck_assert_msg(connect(client, &at.any, at.length) == 0, "connect: %s", strerror(errno));
	getsockname(client, (struct sockaddr *)&own, &length);
	play->client_port = ntohs(own.sin_port);
	int upstream = accept_upstream(lane, &play->proxy_port);
	side_dress(&play->sides[LEG_UPSTREAM], upstream);
	play_begin(play, client, upstream, clock_now());
	play->planned = play->sides[0].out_plan + play->sides[1].out_plan;
	atomic_fetch_sub(lane->left, (int64_t)play->planned);
	*place = play;
	lane->live++;
}

static bool
is_over(const struct lane *lane)
{
	return atomic_load(lane->left) <= 0 || (lane->until_ns != 0 && clock_now() >= lane->until_ns);
}

static bool
may_begin(const struct lane *lane)
{
	int64_t planned = (int64_t)lane->bytes - atomic_load(lane->left);
	double seconds = (double)(clock_now() - lane->begun_ns) / NS_PER_S;

	return !is_over(lane) && (lane->rate == 0 || (double)planned <= (double)lane->rate * seconds);
}

static int
open_count(const struct lane *lane)
{
	int open = 0;

	for (int i = 0; i < LANE_PLAYS_MAX; i++)
		open += lane->plays[i] != NULL && !lane->plays[i]->over;
	return open;
}

static void
begin_more(struct lane *lane)
{
	int open = open_count(lane);

	for (int i = 0; i < LANE_PLAYS_MAX && open < lane->at_once && may_begin(lane); i++) {
		if (lane->plays[i] != NULL)
			continue;
		begin(lane, &lane->plays[i]);
		open++;
	}
}

/* The oldest that had these two ports and has no record.  The client's alone would not do: after a reset it is used again at
 * once, and who has it next may be closed, by another worker, before sockproxy has done with the one before. */
static struct play *
play_of(const struct lane *lane, json_int_t client_port, json_int_t proxy_port)
{
	struct play *oldest = NULL;

	for (int i = 0; i < LANE_PLAYS_MAX; i++) {
		struct play *play = lane->plays[i];

		if (play != NULL && play->record == NULL && play->client_port == client_port &&
		    play->proxy_port == proxy_port && (oldest == NULL || play->number < oldest->number))
			oldest = play;
	}
	return oldest;
}

static void
take_records(struct lane *lane)
{
	while (!follow_is_quiet(&lane->records)) {
		json_t *event = follow_event(&lane->records, "close"), *record = path(event, "conn");
		struct play *play = play_of(lane, json_integer_value(path(record, "client.port")),
		    json_integer_value(path(record, "legs.upstream.tuple.source_port")));

		ck_assert_msg(play != NULL, "a record of nobody: %s", json_dumps(record, 0));
		play->record = json_incref(record);
	}
}

static void
look(struct lane *lane, struct play **place, int64_t now_ns)
{
	struct play *play = *place;

	for (int i = 0; i < 2; i++) {
		if (play->sides[i].is_wrong)
			explain_wrong_bytes(lane, play, (enum leg_name)i);
	}
	if (!play->over) {
		play_decide(play, now_ns);
		for (int i = 0; i < 2; i++)
			side_watch(&play->sides[i], mark(play, (enum leg_name)i), now_ns);
	}
	if (now_ns - play->moved_at_ns > STUCK_NS)
		give_up(lane, play, play->record, play->over ? "no record comes" : "nothing moves any more");
	if (!play->over || play->record == NULL)
		return;
	if (!verdict_on(&lane->verdict, play, play->record))
		give_up(lane, play, play->record, lane->verdict.complaint);
	atomic_fetch_add(lane->left, (int64_t)(play->planned - play->sides[0].in.at - play->sides[1].in.at));
	json_decref(play->record);
	free(play);
	*place = NULL;
	lane->live--;
}

static void
act(const struct epoll_event *event, int64_t now_ns)
{
	uintptr_t marked = (uintptr_t)event->data.ptr;
	struct play *play = (struct play *)(marked & ~(uintptr_t)1);

	if (side_act(&play->sides[marked & 1], event->events, now_ns))
		play->moved_at_ns = now_ns;
}

static void
turn(struct lane *lane)
{
	struct epoll_event events[EVENTS];
	int ready = epoll_wait(lane->epoll, events, EVENTS, TURN_MS);
	int64_t now_ns = clock_now();

	for (int i = 0; i < ready; i++)
		act(&events[i], now_ns);
	if (now_ns - lane->looked_at_ns > LOOK_NS) {
		take_records(lane);
		lane->looked_at_ns = now_ns;
	}
	for (int i = 0; i < LANE_PLAYS_MAX; i++) {
		if (lane->plays[i] != NULL)
			look(lane, &lane->plays[i], now_ns);
	}
}

void *
lane_run(void *argument)
{
	struct lane *lane = argument;
	char target[512];
	struct addr at;

	ck_assert(addr_parse(&at, proxy_listener(lane->proxy, lane->number)));
	snprintf(target, sizeof(target),
	    "/events?format=ndjson&types=close&fields=%s&filter=legs.client.tuple.destination_port==%u", VERDICT_FIELDS,
	    ntohs(at.v4.sin_port));
	follow_open(&lane->records, &lane->proxy->admin, target, "", 0);
	ck_assert_msg(lane->records.status == 200, "%s", lane->records.headers);
	lane->epoll = epoll_create1(EPOLL_CLOEXEC);
	ck_assert_int_ne(lane->epoll, -1);
	while (lane->live > 0 || !is_over(lane)) {
		begin_more(lane);
		turn(lane);
	}
	follow_close(&lane->records);
	close(lane->epoll);
	return NULL;
}
