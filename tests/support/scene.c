/* SPDX-License-Identifier: MIT */
#include "support/scene.h"

#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>
#include "base/clock.h"
#include "net/tcp_info.h"
#include "support/suite.h"
#include "track/conn_id.h"

enum { CUES_MAX = 64, NEWS_MAX = 256, MAX_CONNS = 64 };

struct scene scene;

/* What waits for the next turn: an edge, or where there is no watch a client to be accepted. */
struct cue {
	struct loop_watch *watch;
	int fd; /* the watch's, when it was told: edges of a closed socket come to nobody */
	uint32_t events;
	struct actor *actor;
};

/* Rung, it delivers the cues where the loop delivers edges: between timers and tasks. */
static struct {
	struct loop_watch watch;
	int fd;
	struct cue cues[CUES_MAX];
	int count;
} prompter;

static struct bus_cursor follower, arrivals;
static bool has_begun;

/* The one that was opened last; whoever was refused has no slot any more. */
static void
find_actor(struct actor *actor)
{
	struct event event;
	union record_words copy;

	while (bus_next(&arrivals, &event)) {
		if (event.type == EVENT_OPEN || event.type == EVENT_DENIED)
			actor->id = event.id;
	}
	if (table_find(scene.track.table, actor->id, &copy) == TABLE_FOUND)
		actor->conn = &scene.bench.conns[conn_id_slot(actor->id)];
	ck_assert_uint_eq(scene_record(actor)->legs[LEG_CLIENT].socket_cookie, (uint64_t)actor->client + FAKE_COOKIE);
}

static void
accept_one(struct actor *actor)
{
	struct addr local = scene.settings.listeners[0].addr;
	struct addr client = { .length = sizeof(sa_family_t), .any.sa_family = AF_UNIX };

	fake_sockets[actor->client].is_unix = addr_is_unix(&local);
	if (!addr_is_unix(&local))
		ck_assert(addr_parse(&client, scene.client));
	conns_open(&scene.bench, 0, actor->client, &client, &local);
	find_actor(actor);
}

static void
on_prompt(struct loop_watch *watch, uint32_t events)
{
	eventfd_t unused;

	(void)watch, (void)events;
	eventfd_read(prompter.fd, &unused);
	for (int i = 0; i < prompter.count; i++) {
		struct cue *cue = &prompter.cues[i];

		if (cue->actor != NULL)
			accept_one(cue->actor);
		else if (cue->fd != -1 && cue->watch->fd == cue->fd)
			cue->watch->on_events(cue->watch, cue->events);
	}
	prompter.count = 0;
}

/* Whatever the story: loans and pipes are where they are said to be. */
static void
check_loans(void)
{
	const struct pump_tools *tools = &scene.bench.tools;
	size_t loans = 0, pipes = 0;

	for (uint32_t slot = 0; slot < scene.bench.conns_touched; slot++) {
		const struct conn *conn = &scene.bench.conns[slot];

		for (int i = 0; conn->in_use && i < LEG_COUNT; i++) {
			const struct pump *pump = &conn->pumps[i];

			loans += pump_holds(pump) && !pump->in_pipe;
			pipes += pump->in_pipe;
			ck_assert(pump->held == 0 || (pump_holds(pump) && !pump->in_pipe));
			ck_assert(!pump->in_pipe || pump->pipe->held > 0);
		}
	}
	ck_assert_uint_eq(loans_lent(tools->loans), loans);
	ck_assert_uint_eq(tools->pipes == NULL ? 0 : pipes_lent(tools->pipes), pipes);
}

static void
after_turn(void *argument)
{
	(void)argument;
	check_loans();
	conns_after_turn(&scene.bench);
	ck_assert(SLIST_EMPTY(&scene.bench.touched));
}

static void
on_place_free(void *argument)
{
	(void)argument;
	scene.places_freed++;
}

void
scene_setup(void)
{
	fake_clock_start();
	scene = (struct scene){
		.client = "198.51.100.7:40000",
		.settings = {
			.pair_count = 1,
			.max_conns = MAX_CONNS,
			.workers = 1,
			.history = 256,
			.buffer_memory = 4 * LOAN_SIZE,
			.pipes = PIPES_MAX,
			.datapath = getenv("DATAPATH") != NULL ? WISH_SPLICE : WISH_AUTO,
			.connect_timeout_ns = 5 * NS_PER_S,
			.half_close_timeout_ns = 60 * NS_PER_S,
			.flush_timeout_ns = 30 * NS_PER_S,
		},
	};
	strcpy(scene.settings.listeners[0].name, "8080");
	strcpy(scene.settings.upstreams[0].name, "upstream");
	addr_parse(&scene.settings.listeners[0].addr, "192.0.2.100:8080");
	prompter.count = 0;
	has_begun = false;
}

void
scene_add_target(const char *text)
{
	struct upstream_setting *upstream = &scene.settings.upstreams[0];
	struct target_setting *target = &upstream->targets[upstream->target_count++];

	strcpy(target->name, text);
	if (!addr_parse(&target->addr, text))
		strcpy(target->host, text);
}

void
scene_begin(void)
{
	if (has_begun)
		return;
	has_begun = true;
	if (scene.settings.upstreams[0].target_count == 0)
		scene_add_target("192.0.2.1:80");
	ck_assert_int_eq(track_init(&scene.track, &scene.settings, scene.settings.max_conns), 0);
	ck_assert_int_eq(bus_follow(scene.track.bus, &follower), 0);
	ck_assert_int_eq(bus_follow(scene.track.bus, &arrivals), 0);
	scene.groups[0] = group_new(&scene.settings.upstreams[0]);
	scene.loop = loop_new();
	ck_assert_int_eq(workbench_init(&scene.bench, 0, &scene.track, scene.groups, scene.loop), 0);
	scene.bench.admission = scene.admission = admission_new(&scene.settings, scene.settings.max_conns);
	ck_assert_ptr_nonnull(scene.admission);
	scene.bench.on_place_free = on_place_free;
	ck_assert_int_eq(conns_reserve(&scene.bench), 0);
	loop_after_turn(scene.loop, after_turn, NULL);
	prompter.fd = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
	ck_assert_int_eq(loop_watch(scene.loop, &prompter.watch, prompter.fd, EPOLLIN, on_prompt), 0);
}

void
scene_teardown(void)
{
	scene_begin();
	conns_shutdown(&scene.bench);
	scene_turn();
	ck_assert_int_eq(fake_sockets_open(), 0);
	ck_assert_uint_eq(loans_lent(scene.bench.tools.loans), 0);
	ck_assert(scene.bench.tools.pipes == NULL || pipes_lent(scene.bench.tools.pipes) == 0);
	ck_assert_uint_eq(table_places_taken(scene.track.table), 0);
	ck_assert_uint_eq((uint64_t)scene.places_freed, scene_total(TOTAL_ACCEPTED));
	ck_assert_uint_eq(scene_total(TOTAL_CLOSED), scene_total(TOTAL_ACCEPTED));
	ck_assert_uint_eq(scene_total(TOTAL_LOANS_LENT), 0);
	newcomers_stop(&scene.bench.newcomers);
	ck_assert_int_eq(timers_wait_ms(loop_timers(scene.loop), clock_now()), -1);
	for (uint32_t slot = 0; slot < scene.bench.conns_touched; slot++) {
		ck_assert(!scene.bench.conns[slot].in_use);
		ck_assert(!scene.bench.conns[slot].again.ready);
	}
	bus_unfollow(&follower);
	bus_unfollow(&arrivals);
	close(prompter.fd);
	conns_unreserve(&scene.bench);
	workbench_fini(&scene.bench);
	admission_free(scene.admission);
	loop_free(scene.loop);
	group_free(scene.groups[0]);
	track_fini(&scene.track);
	fake_sockets_close_all();
}

static void
prompt(struct cue cue)
{
	ck_assert_int_lt(prompter.count, CUES_MAX);
	prompter.cues[prompter.count++] = cue;
	eventfd_write(prompter.fd, 1);
}

struct actor
scene_accepts_fd(int fd)
{
	struct actor actor = { .client = fd };

	scene_begin();
	ck_assert(table_reserve(scene.track.table));
	prompt((struct cue){ .actor = &actor });
	scene_turn();
	return actor;
}

struct actor
scene_accepts(void)
{
	return scene_accepts_fd(fake_socket_new());
}

struct actor
scene_establishes(void)
{
	struct actor actor = scene_accepts();

	scene_connects(&actor);
	scene_turn();
	scene_check_state(&actor, CONN_ESTABLISHED);
	return actor;
}

void
scene_turn(void)
{
	loop_turn(scene.loop, 0);
}

void
scene_after(int64_t ns)
{
	fake_clock_advance(ns);
	scene_turn();
}

void
scene_edge(const struct actor *actor, enum leg_name leg, uint32_t events)
{
	struct loop_watch *watch = &actor->conn->legs[leg].watch;

	prompt((struct cue){ .watch = watch, .fd = watch->fd, .events = events });
}

struct fake_socket *
scene_socket(const struct actor *actor, enum leg_name leg)
{
	uint64_t cookie = leg == LEG_CLIENT ? 0 : scene_record(actor)->legs[LEG_UPSTREAM].socket_cookie;
	int fd = actor->client;

	for (int i = 0; cookie != 0 && i < fake_connects.count; i++)
		if (fake_connects.asked[i].fd != -1 && (uint64_t)fake_connects.asked[i].fd + FAKE_COOKIE == cookie)
			fd = fake_connects.asked[i].fd;
	return &fake_sockets[fd];
}

static int
fd_of(const struct actor *actor, enum leg_name leg)
{
	return (int)(scene_socket(actor, leg) - fake_sockets);
}

void
scene_connects(const struct actor *actor)
{
	scene_socket(actor, LEG_UPSTREAM)->state = TCP_IS_ESTABLISHED;
	scene_edge(actor, LEG_UPSTREAM, EPOLLOUT);
}

void
scene_connect_fails(const struct actor *actor, int error)
{
	fake_fail(fd_of(actor, LEG_UPSTREAM), error);
	scene_edge(actor, LEG_UPSTREAM, EPOLLIN | EPOLLOUT | EPOLLERR | EPOLLHUP | EPOLLRDHUP);
}

void
scene_sends(const struct actor *actor, enum leg_name leg, size_t count)
{
	scene_socket(actor, leg)->readable += count;
	scene_edge(actor, leg, EPOLLIN);
}

void
scene_finishes(const struct actor *actor, enum leg_name leg)
{
	fake_fin(fd_of(actor, leg));
	scene_edge(actor, leg, EPOLLIN | EPOLLRDHUP);
}

void
scene_fails(const struct actor *actor, enum leg_name leg, int error)
{
	fake_fail(fd_of(actor, leg), error);
	scene_edge(actor, leg, EPOLLIN | EPOLLOUT | EPOLLERR | EPOLLHUP | EPOLLRDHUP);
}

void
scene_has_room(const struct actor *actor, enum leg_name leg, size_t count)
{
	scene_socket(actor, leg)->room += count;
	scene_edge(actor, leg, EPOLLOUT);
}

/* Only a FIN that arrives makes an edge (net/socket.h). */
void
scene_acknowledges(const struct actor *actor, enum leg_name leg, size_t count)
{
	struct fake_socket *it = scene_socket(actor, leg);

	fake_acknowledge(fd_of(actor, leg), count);
	if (it->outq == 0 && it->fin_sent)
		scene_edge(actor, leg, EPOLLOUT);
}

const struct record *
scene_record(const struct actor *actor)
{
	static union record_words copy;

	if (table_find(scene.track.table, actor->id, &copy) != TABLE_FOUND)
		ck_assert(history_find(scene.track.history, actor->id, &copy));
	return &copy.record;
}

enum conn_state
scene_state(const struct actor *actor)
{
	return scene_record(actor)->state;
}

const char *
scene_news(void)
{
	static const char letters[EVENT_TYPES] = { 'o', 'c', 'h', 'x', 'd' };
	static char news[NEWS_MAX];
	struct event event;
	size_t count = 0;

	while (count < NEWS_MAX - 1 && bus_next(&follower, &event))
		news[count++] = letters[event.type];
	news[count] = '\0';
	return news;
}

uint64_t
scene_total(enum total total)
{
	return track_total(&scene.track, total);
}
