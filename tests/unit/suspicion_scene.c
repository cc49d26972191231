/* SPDX-License-Identifier: MIT */
#include "unit/suspicion_scene.h"

#include <check.h>
#include <stdio.h>
#include <string.h>
#include "net/socket.h"

struct scene scene;

static void
set_target(int upstream, int target, const char *address)
{
	struct upstream_setting *it = &scene.settings.upstreams[upstream];

	strcpy(it->targets[target].name, address);
	ck_assert(addr_parse(&it->targets[target].addr, address));
	if (target >= it->target_count)
		it->target_count = target + 1;
}

void
scene_setup(void)
{
	memset(&scene, 0, sizeof(scene));
	scene.settings.pair_count = 3;
	scene.settings.half_close_timeout_ns = 60 * NS_PER_S;
	scene.settings.keepalive.idle_ns = 60 * NS_PER_S;
	strcpy(scene.settings.upstreams[PG].name, "pg");
	strcpy(scene.settings.upstreams[WEB].name, "web");
	strcpy(scene.settings.upstreams[WEB_AGAIN].name, "web");
	strcpy(scene.settings.listeners[PG].name, "5432");
	strcpy(scene.settings.listeners[WEB].name, "80");
	strcpy(scene.settings.listeners[WEB_AGAIN].name, "8080");
	set_target(PG, 0, "10.0.0.1:5432");
	for (int i = WEB; i <= WEB_AGAIN; i++) {
		set_target(i, 0, "10.0.1.1:80");
		set_target(i, 1, "10.0.1.2:80");
		set_target(i, 2, "10.0.1.3:80");
	}
	scene.moment = (struct moment){ .now_ns = 100000 * NS_PER_S, .wall_us = 1800000000000000 };
	scene.limits = (struct port_limits){ .of_one_source = 100, .time_wait = 1000 };
	scene.suspicions = suspicions_new(&scene.settings);
	ck_assert_ptr_nonnull(scene.suspicions);
}

void
scene_teardown(void)
{
	suspicions_free(scene.suspicions);
}

void
scene_wait(int64_t seconds)
{
	scene.moment.now_ns += seconds * NS_PER_S;
	scene.moment.wall_us += seconds * 1000000;
}

void
scene_choose(struct record *record, int target, int error)
{
	struct record_leg *leg = &record->legs[LEG_UPSTREAM];
	struct addr ours;

	ck_assert(addr_parse(&ours, "10.0.9.9:50000"));
	flow_set(&leg->flow, &ours, &scene.settings.upstreams[record->upstream].targets[target].addr);
	record->target = (uint16_t)target;
	record->target_chosen = true;
	record->attempts = 1;
	record->attempt = (struct record_attempt){
		.began_us = 10,
		.ended_us = 300,
		.error = (uint16_t)error,
		.reached = CONNECT_CONNECT,
	};
	record->connect_us = error == 0 ? 300 : RECORD_UNKNOWN;
	leg->fd = error == 0 ? 7 : -1;
}

static struct record
open_one(int upstream, int64_t seconds)
{
	static uint8_t clients;
	struct record record;

	record_init(&record);
	record.kind = KIND_PROXY;
	record.live = true;
	record.upstream = record.listener = (uint16_t)upstream;
	record.opened_ns = scene.moment.now_ns - seconds * NS_PER_S;
	record.opened_at_us = moment_wall_of(&scene.moment, record.opened_ns);
	record.last_payload_ns = record.opened_ns;
	record.legs[LEG_CLIENT].flow.protocol = FLOW_TCP;
	record.legs[LEG_CLIENT].flow.source.ip[15] = clients++;
	scene_choose(&record, 0, 0);
	return record;
}

struct record
scene_closed_idle(int upstream, enum close_reason why, int64_t idle_us)
{
	struct record record = open_one(upstream, idle_us / 1000000 + 5);

	record.state = CONN_CLOSED;
	record.closed_ns = scene.moment.now_ns;
	record.close = (struct record_close){
		.reason = (uint8_t)why,
		.initiator = (uint8_t)close_meanings[why].initiator,
		.how = (uint8_t)close_meanings[why].how,
		.idle_us = idle_us,
		.leg = LEG_NONE,
		.speaker = LEG_UPSTREAM,
	};
	record.legs[LEG_UPSTREAM].fd = record.legs[LEG_CLIENT].fd = -1;
	return record;
}

struct record
scene_closed(int upstream, enum close_reason why)
{
	return scene_closed_idle(upstream, why, 120);
}

struct record
scene_live(int upstream, enum conn_state state, int64_t seconds)
{
	struct record record = open_one(upstream, seconds);

	record.state = (uint8_t)state;
	return record;
}

/* As story_attempts would tell them. */
static int
attempts_of(const struct record *record, const struct story_attempt *first, struct story_attempt attempts[2])
{
	int count = 0;

	if (first != NULL)
		attempts[count++] = *first;
	if (record->attempts > count)
		attempts[count++] = (struct story_attempt){
			.address = *record_target(record),
			.target = record->target,
			.began_us = record->attempt.began_us,
			.ended_us = record->attempt.ended_us,
			.error = record->attempt.error,
			.reached = record->attempt.reached,
		};
	return count;
}

void
scene_take_behind(const struct story_attempt *first, const struct record *record)
{
	struct story_attempt attempts[2];
	int count = attempts_of(record, first, attempts);

	suspicions_take(scene.suspicions, record, attempts, count, 1);
}

void
scene_take(const struct record *record)
{
	scene_take_behind(NULL, record);
}

void
scene_take_live_behind(const struct story_attempt *first, const struct record *record)
{
	struct story_attempt attempts[2];
	int count = attempts_of(record, first, attempts);

	suspicions_take_live(scene.suspicions, record, attempts, count, scene.moment.now_ns);
}

void
scene_take_live(const struct record *record)
{
	scene_take_live_behind(NULL, record);
}

void
scene_connects(int upstream, int target, int count, int error)
{
	for (int i = 0; i < count; i++) {
		struct record record = scene_closed(upstream, error == 0 ? WHY_CLIENT_FIN : WHY_UPSTREAM_REFUSED);

		scene_choose(&record, target, error);
		scene_take(&record);
	}
}

uint64_t
scene_judge(void)
{
	scene.found.count = scene.found.left_out = 0;
	suspicions_judge(scene.suspicions, &scene.limits, &scene.moment, &scene.found);
	return scene.found.count;
}

const struct finding *
scene_only(enum finding_kind kind)
{
	uint64_t count = scene_judge();

	ck_assert_msg(
	    count == 1, "%llu findings, the first: %s", (unsigned long long)count, count == 0 ? "none" : scene_title());
	ck_assert_str_eq(finding_kind_text((enum finding_kind)scene.found.list[0].kind), finding_kind_text(kind));
	return &scene.found.list[0];
}

static char words[FINDING_SENTENCE_MAX];

const char *
scene_title(void)
{
	struct text text;

	text_init(&text, words, sizeof(words));
	finding_write_title(&text, &scene.settings, &scene.found.list[0]);
	ck_assert(!text.truncated);
	return words;
}

const char *
scene_advice(void)
{
	struct text text;

	text_init(&text, words, sizeof(words));
	finding_write_advice(&text, &scene.settings, &scene.found.list[0]);
	ck_assert(!text.truncated);
	return words;
}
