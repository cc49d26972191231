/* SPDX-License-Identifier: MIT */
#include <stdlib.h>
#include "base/clock.h"
#include "base/figure.h"
#include "net/socket.h"
#include "track/clauses.h"
#include "track/known_times.h"
#include "track/story.h"

#define US_PER_S INT64_C(1000000)

/* Who is who. */

static bool
add_flow_end(struct text *text, const struct flow *flow, const struct flow_end *end)
{
	if (flow->protocol != FLOW_TCP)
		return false;
	clause_add_end(text, end);
	return true;
}

static bool
add_source(struct text *text, const struct evidence *it, enum leg_name leg)
{
	const struct flow *flow = &it->record->legs[leg].flow;

	return add_flow_end(text, flow, &flow->source);
}

static bool
add_destination(struct text *text, const struct evidence *it, enum leg_name leg)
{
	const struct flow *flow = &it->record->legs[leg].flow;

	return add_flow_end(text, flow, &flow->destination);
}

/* Whom a PROXY header named. */
static bool
add_client(struct text *text, const struct evidence *it)
{
	if (it->record->client_source == CLIENT_SOCKET || it->record->client_protocol != FLOW_TCP)
		return false;
	clause_add_end(text, &it->record->client);
	return true;
}

/* How it was connected. */

static void
add_failure(struct text *text, const struct evidence *it, const struct story_attempt *attempt)
{
	const struct target_setting *targets = it->track->settings->upstreams[it->record->upstream].targets;

	if (attempt->address.port == 0)
		text_add_printable(text, targets[attempt->target].name);
	else
		clause_add_end(text, &attempt->address);
	text_addf(text, " (%s after ", strerrorname_np(attempt->error));
	figure_add_duration(text, attempt->ended_us - attempt->began_us);
	text_add_char(text, ')');
}

/* "192.0.2.1:80 (ECONNREFUSED after 54.0 us), …": the first few of all that failed. */
static bool
add_failures(struct text *text, const struct evidence *it)
{
	enum { TOLD_MAX = 4 };
	struct story_attempt attempts[STORY_ATTEMPTS_MAX];
	int count = story_attempts(it->track, it->record, attempts), failed = 0;

	for (int i = 0; i < count; i++) {
		if (attempts[i].error == 0 || attempts[i].ended_us == RECORD_UNKNOWN)
			continue;
		if (failed < TOLD_MAX) {
			text_add(text, failed == 0 ? "" : ", ");
			add_failure(text, it, &attempts[i]);
		}
		failed++;
	}
	if (failed > TOLD_MAX)
		text_addf(text, " and %d more", failed - TOLD_MAX);
	return failed > 0;
}

/* A SYN without an answer goes out again after 1 s, and then after whole seconds more. */
static bool
add_syn_repeats(struct text *text, const struct evidence *it)
{
	const struct record_attempt *attempt = &it->record->attempt;
	int64_t took = attempt->ended_us - attempt->began_us;

	if (attempt->ended_us == RECORD_UNKNOWN || took < US_PER_S || took % US_PER_S > 300000)
		return false;
	figure_add_duration(text, took);
	return true;
}

/* EADDRNOTAVAIL has two meanings: of an address that is ours no port is left … */
static bool
add_no_port(struct text *text, const struct evidence *it)
{
	text_add(text, "connect(2) found none that was free");
	return it->record->attempt.reached == CONNECT_CONNECT;
}

/* … or the address is not ours. */
static bool
add_not_bound(struct text *text, const struct evidence *it)
{
	text_add(text, "bind(2) did not take it");
	return it->record->attempt.reached == CONNECT_BIND;
}

/* The path. */

static void
add_share(struct text *text, uint64_t part, uint64_t whole)
{
	uint64_t thousandths = part * 1000 / whole;

	text_addf(text, "%u.%u %%", (unsigned)(thousandths / 10), (unsigned)(thousandths % 10));
}

/* "12 of 340 (3.5 %)" */
static bool
add_loss(struct text *text, const struct evidence *it, enum leg_name leg)
{
	const struct tcp_sample *tcp = &it->record->legs[leg].tcp;

	if (tcp->retransmits_total == TCP_UNKNOWN_32 || tcp->segments_sent == TCP_UNKNOWN_32 ||
	    tcp->retransmits_total == 0 || tcp->segments_sent < tcp->retransmits_total)
		return false;
	text_addf(text, "%u of %u (", tcp->retransmits_total, tcp->segments_sent);
	add_share(text, tcp->retransmits_total, tcp->segments_sent);
	text_add_char(text, ')');
	return true;
}

/* The same where it is one in a hundred, or more, and no chance. */
static bool
add_heavy_loss(struct text *text, const struct evidence *it, enum leg_name leg)
{
	enum { LEAST = 5 };
	const struct tcp_sample *tcp = &it->record->legs[leg].tcp;

	return add_loss(text, it, leg) && tcp->retransmits_total >= LEAST &&
	       (uint64_t)tcp->retransmits_total * 100 >= tcp->segments_sent;
}

/* Told where it is half of the time or more, and of more than an instant. */
static bool
add_window_share(struct text *text, const struct evidence *it, enum leg_name leg)
{
	const struct tcp_sample *tcp = &it->record->legs[leg].tcp;

	if (tcp->busy_us == TCP_UNKNOWN_64 || tcp->rwnd_limited_us == TCP_UNKNOWN_64 || tcp->busy_us < US_PER_S / 10 ||
	    tcp->rwnd_limited_us < tcp->busy_us / 2)
		return false;
	add_share(text, tcp->rwnd_limited_us, tcp->busy_us);
	return true;
}

/* "12 times" its best. */
static bool
add_rtt_rise(struct text *text, const struct evidence *it, enum leg_name leg)
{
	const struct tcp_sample *tcp = &it->record->legs[leg].tcp;

	if (tcp->rtt_us == TCP_UNKNOWN_32 || tcp->min_rtt_us == TCP_UNKNOWN_32 || tcp->min_rtt_us == 0 ||
	    tcp->rtt_us / tcp->min_rtt_us < 4)
		return false;
	text_addf(text, "%u times", tcp->rtt_us / tcp->min_rtt_us);
	return true;
}

/* What did not go on. */

static int64_t
age(const struct evidence *it)
{
	return record_offset_us(it->record, it->record->closed_ns != 0 ? it->record->closed_ns : it->now_ns);
}

struct stalls {
	int count;
	int64_t since_us, longest_us;
	bool lasts; /* the last one has no end */
};

static void
measure_stall(struct stalls *stalls, int64_t until_us)
{
	int64_t length = until_us - stalls->since_us;

	stalls->longest_us = length > stalls->longest_us ? length : stalls->longest_us;
}

static struct stalls
find_stalls(const struct evidence *it, enum leg_name leg)
{
	struct story_event events[STORY_EVENTS_MAX];
	int count = story_events(it->track, it->record, events);
	struct stalls stalls = { 0 };

	for (int i = 0; i < count; i++) {
		if (events[i].leg != leg)
			continue;
		if (events[i].step == STORY_STALL) {
			stalls.count++;
			stalls.since_us = events[i].at_us;
			stalls.lasts = true;
		} else if (events[i].step == STORY_RESUME) {
			measure_stall(&stalls, events[i].at_us);
			stalls.lasts = false;
		}
	}
	if (stalls.lasts)
		measure_stall(&stalls, age(it));
	return stalls;
}

/* "once, for 2.60 s, until the end" */
static bool
add_stalls(struct text *text, const struct evidence *it, enum leg_name leg)
{
	struct stalls stalls = find_stalls(it, leg);

	if (stalls.count == 0)
		return false;
	if (stalls.count == 1)
		text_add(text, "once, for ");
	else
		text_addf(text, "%d times, for ", stalls.count);
	figure_add_duration(text, stalls.longest_us);
	text_add(text, stalls.count == 1 ? "" : " at the longest");
	if (stalls.lasts)
		text_add(text, it->record->state == CONN_CLOSED ? ", until the end" : ", and it lasts");
	return true;
}

/* After the end of this leg: "and the upstream did so 12.0 ms later" */
static bool
add_then(struct text *text, const struct evidence *it, enum leg_name leg)
{
	int64_t its = it->record->legs[leg].fin_received_us;
	int64_t others = it->record->legs[leg_other(leg)].fin_received_us;

	if (its == RECORD_UNKNOWN || (others != RECORD_UNKNOWN && others <= its))
		return false;
	text_addf(text, "and the %s ", leg_text(leg_other(leg)));
	if (others != RECORD_UNKNOWN)
		text_add(text, "did so ");
	else
		text_add(text, it->record->state == CONN_CLOSED ? "had not when all was closed, " : "has not, ");
	figure_add_duration(text, (others != RECORD_UNKNOWN ? others : age(it)) - its);
	text_add(text, " later");
	return true;
}

/* Whose time it may be. */

/* "350 s (the default of …)" of silence before the end. */
static bool
add_round_idle(struct text *text, const struct evidence *it)
{
	const struct known_time *known = known_time_find(it->record->close.idle_us);

	if (known == NULL)
		return false;
	text_addf(text, "%d s", known->seconds);
	if (known->whose != NULL)
		text_addf(text, " (by default: %s)", known->whose);
	return true;
}

/* "1800 s" from its opening to what ended it, and no silence before that. */
static bool
add_round_age(struct text *text, const struct evidence *it)
{
	const struct record_close *close = &it->record->close;
	const struct known_time *known = known_time_find(close->cause_us);

	if (known == NULL || known->seconds < 60 || close->idle_us > close->cause_us / 2)
		return false;
	text_addf(text, "%d s", known->seconds);
	return true;
}

/* What was set. */

/* "after 60 s, then every 10 s": as it was set; each connection's own times are near that (manners_spread). */
static bool
add_keepalive(struct text *text, const struct evidence *it)
{
	const struct keepalive_setting *keepalive = &it->track->settings->keepalive;

	if (keepalive->idle_ns == 0)
		return false;
	text_add(text, "after ");
	figure_add_duration(text, keepalive->idle_ns / NS_PER_US);
	text_add(text, ", then every ");
	figure_add_duration(text, keepalive->interval_ns / NS_PER_US);
	return true;
}

static bool
add_no_keepalive(struct text *text, const struct evidence *it)
{
	text_add(text, "--keepalive is 0");
	return it->track->settings->keepalive.idle_ns == 0;
}

const struct clause life_clauses[] = {
	{ "client", .add = add_client },
	{ "destination", .add_of_leg = add_destination },
	{ "failures", .add = add_failures },
	{ "heavy_loss", .add_of_leg = add_heavy_loss },
	{ "keepalive", .add = add_keepalive },
	{ "loss", .add_of_leg = add_loss },
	{ "no_keepalive", .add = add_no_keepalive },
	{ "no_port", .add = add_no_port },
	{ "not_bound", .add = add_not_bound },
	{ "round_age", .add = add_round_age },
	{ "round_idle", .add = add_round_idle },
	{ "rtt_rise", .add_of_leg = add_rtt_rise },
	{ "source", .add_of_leg = add_source },
	{ "stalls", .add_of_leg = add_stalls },
	{ "syn_repeats", .add = add_syn_repeats },
	{ "then", .add_of_leg = add_then },
	{ "window_share", .add_of_leg = add_window_share },
	{ 0 },
};
