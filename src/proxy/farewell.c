/* SPDX-License-Identifier: MIT */
/*
 * What remains to be told when a connection ends.
 *
 *   undelivered to X  =  payload that the other side's kernel sent us
 *                     -  payload that X's kernel acknowledged
 *
 * Bytes that we never read count, and so do those that we handed over and
 * nobody acknowledged: what `send` took is not delivered.  The kernel counts
 * both, and one more for each FIN and for our SYN (net/tcp_info.h).  Our own
 * counts tell those apart, for packets still come while we ask: TCP_INFO's
 * state may be older than its counts, and both are older than the next answer.
 */
#include "proxy/farewell.h"

#include <errno.h>
#include "base/clock.h"
#include "net/socket.h"
#include "net/tcp_info.h"
#include "proxy/symptoms.h"

/* Payload, or RECORD_UNKNOWN. */
struct tally {
	int64_t received, acknowledged;
	bool fin_came, rst_came;
	bool refused;   /* the connect failed, and nobody has looked yet */
	bool may_reset; /* closing it abruptly puts a RST on the wire */
	bool not_sent;  /* what we sent last, our FIN if we did, never left */
	bool done;      /* nothing more can come or go: there is nothing else to ask */
};

/* Both FINs are through, ours is acknowledged, and all that came was read.  Of a RST that had been first the
 * kernel's counts would fall short, and none can follow. */
static bool
is_done(const struct farewell_leg *leg, const struct tcp_facts *facts, int64_t read, int64_t sent, int64_t acknowledged)
{
	return leg->ended && leg->error == 0 && (int64_t)facts->bytes_received <= read + 1 && acknowledged > sent;
}

/* A Unix socket's bytes are in the other side's hands as soon as they are sent.  Who closed with some of them
 * unread left ECONNRESET behind, and no FIN; but once both had finished it may leave what it likes, as on TCP. */
static struct tally
tally_unix(const struct farewell_leg *leg, enum leg_name number, struct record *record)
{
	bool over = leg->error != 0 || (leg->ended && record->legs[number].fin_sent_us != RECORD_UNKNOWN);
	bool rst_came = !over && socket_error(leg->fd) == ECONNRESET;
	int unread = socket_inq(leg->fd);

	record->legs[number].receive_queue_bytes = record_queue(unread);
	record->legs[number].send_queue_bytes = record_queue(socket_outq(leg->fd));
	return (struct tally){
		.received = (int64_t)record->bytes[number].received + (unread > 0 ? unread : 0),
		.acknowledged = (int64_t)record->bytes[number].sent,
		.fin_came = leg->ended || (!over && !rst_came && socket_end_came(leg->fd)),
		.rst_came = rst_came,
	};
}

static struct tally
tally_leg(const struct farewell_leg *leg, enum leg_name number, struct record *record)
{
	struct tcp_facts facts;

	if (leg->fd == -1)
		return (struct tally){ 0 };
	if (leg->is_unix)
		return tally_unix(leg, number, record);
	if (leg->facts != NULL)
		facts = *leg->facts;
	else if (!tcp_info_read(leg->fd, &facts))
		return (struct tally){ .received = RECORD_UNKNOWN, .acknowledged = RECORD_UNKNOWN };

	/* In this order: the bytes that come after the first question are in the second answer,
	 * and what the first has beyond it can only be a FIN. */
	int64_t read = (int64_t)record->bytes[number].received, sent = (int64_t)record->bytes[number].sent;
	int64_t acknowledged = (int64_t)facts.bytes_acked - (number == LEG_UPSTREAM);
	bool done = is_done(leg, &facts, read, sent, acknowledged);
	int unread = done ? 0 : socket_inq(leg->fd);
	int64_t received = read + (unread > 0 ? unread : 0);
	int pending = done || leg->error != 0 ? 0 : socket_error(leg->fd);
	enum symptom symptom = symptom_of_error(pending);
	bool fin_came = leg->ended || (pending != 0 && symptom == SYMPTOM_FIN_THEN_RST) ||
			(int64_t)facts.bytes_received > received;
	bool rst_came = pending != 0 && symptom != SYMPTOM_LOST;

	record->legs[number].tcp = facts.sample; /* the path as it was at the end */
	record->legs[number].receive_queue_bytes = record_queue(unread);
	record->legs[number].send_queue_bytes = record_queue(done ? 0 : socket_outq(leg->fd));
	if (acknowledged > sent) /* our FIN */
		acknowledged = sent;
	return (struct tally){
		.received = received,
		.acknowledged = acknowledged > 0 ? acknowledged : 0,
		.fin_came = fin_came,
		.rst_came = rst_came,
		.refused = pending == ECONNREFUSED,
		.may_reset = !rst_came && symptom_may_reset(&facts, fin_came),
		.not_sent = tcp_not_sent(&facts) > 0,
		.done = done,
	};
}

/* They went first: before all of them are through, no payload is. */
static void
leave_out(int64_t *count, unsigned first)
{
	if (*count != RECORD_UNKNOWN)
		*count = *count > first ? *count - first : 0;
}

static int64_t
difference(int64_t received, int64_t acknowledged)
{
	if (received == RECORD_UNKNOWN || acknowledged == RECORD_UNKNOWN)
		return RECORD_UNKNOWN;
	return received > acknowledged ? received - acknowledged : 0;
}

/* An end that no event has told yet is seen now. */
static uint32_t
end_turn_of(const struct farewell *farewell, enum leg_name leg, const struct tally *tally)
{
	uint32_t turn = farewell->legs[leg].end_turn;

	return turn == 0 && (tally->fin_came || tally->rst_came || tally->refused) ? farewell->turn : turn;
}

/* What a read or a send meets may be younger than an end that waits for the next turn to be told. */
static bool
is_one_turn(const struct farewell *farewell, uint32_t client, uint32_t upstream)
{
	return client == upstream || (farewell->legs[LEG_CLIENT].end_met && upstream == client + 1) ||
	       (farewell->legs[LEG_UPSTREAM].end_met && client == upstream + 1);
}

static enum close_order
order_of(const struct farewell *farewell, const struct tally tallies[LEG_COUNT])
{
	uint32_t client = end_turn_of(farewell, LEG_CLIENT, &tallies[LEG_CLIENT]);
	uint32_t upstream = end_turn_of(farewell, LEG_UPSTREAM, &tallies[LEG_UPSTREAM]);

	if (client == 0 && upstream == 0)
		return ORDER_NONE;
	if (client != 0 && upstream != 0 && is_one_turn(farewell, client, upstream))
		return ORDER_SAME_TURN;
	if (upstream == 0 || (client != 0 && client < upstream))
		return ORDER_CLIENT_FIRST;
	return ORDER_UPSTREAM_FIRST;
}

/* What came in the last moment, no event has told either. */
static void
note_first_byte(int64_t *first, const struct tally *tally, int64_t now_us)
{
	if (*first == RECORD_UNKNOWN && tally->received > 0)
		*first = now_us;
}

static int
error_of(const struct farewell *farewell)
{
	enum close_initiator by = close_meanings[farewell->why].initiator;

	if (by == BY_CLIENT)
		return farewell->legs[LEG_CLIENT].error;
	if (by == BY_UPSTREAM && farewell->error == 0)
		return farewell->legs[LEG_UPSTREAM].error;
	return farewell->error;
}

/* As its reason says; but what an admin ended, by what the sides were given. */
static enum close_how
how_of(const struct farewell *farewell, const struct record *record)
{
	if (farewell->why != WHY_ADMIN_KILL)
		return close_meanings[farewell->why].how;
	for (int i = 0; i < LEG_COUNT; i++) {
		const struct record_leg *leg = &record->legs[i];

		if (farewell->legs[i].abort || leg->fin_sent_us == RECORD_UNKNOWN ||
		    leg->rst_sent_us != RECORD_UNKNOWN || leg->rst_received_us != RECORD_UNKNOWN)
			return HOW_RST;
	}
	return HOW_FIN;
}

static bool
is_clean(const struct farewell *farewell, const struct record_close *close)
{
	return close->how == HOW_FIN && farewell->legs[LEG_CLIENT].ended && farewell->legs[LEG_UPSTREAM].ended &&
	       close->undelivered[LEG_CLIENT] == 0 && close->undelivered[LEG_UPSTREAM] == 0;
}

/* The client came and went, and no payload moved: a port scan, a health check.  Whom the upstream refused,
 * reset or left first, and whom we or an admin cut off, somebody will ask about: those are none. */
static bool
is_probe(const struct record_close *close, const struct tally tallies[LEG_COUNT])
{
	const struct close_meaning *meaning = &close_meanings[close->reason];
	bool client_left = meaning->initiator == BY_CLIENT && meaning->how != HOW_TIMEOUT;

	return client_left && close->order != ORDER_UPSTREAM_FIRST && tallies[LEG_CLIENT].received == 0 &&
	       tallies[LEG_UPSTREAM].received == 0;
}

static enum record_kind
kind_of(const struct record_close *close, const struct tally tallies[LEG_COUNT])
{
	switch ((enum close_reason)close->reason) {
	case WHY_DENIED_ACL:
	case WHY_DENIED_LIMIT:
	case WHY_DENIED_RATE:
		return KIND_REJECTED;
	default:
		return is_probe(close, tallies) ? KIND_PROBE : KIND_PROXY;
	}
}

static void
close_record_leg(struct record_leg *record, const struct farewell_leg *leg, const struct tally *tally, int64_t now_us)
{
	/* Closing with bytes unread is an abort too, whatever we call it. */
	bool aborts = leg->abort || (leg->fd != -1 && !leg->is_unix && !tally->done && socket_inq(leg->fd) > 0);

	if (aborts && tally->may_reset)
		record->rst_sent_us = now_us;
	if (tally->not_sent) /* the other side's window was closed, and the end came first */
		record->fin_sent_us = RECORD_UNKNOWN;
	if (tally->fin_came && record->fin_received_us == RECORD_UNKNOWN)
		record->fin_received_us = now_us;
	if (tally->rst_came && record->rst_received_us == RECORD_UNKNOWN)
		record->rst_received_us = now_us;
	record->rate_received = record->rate_sent = -1;
	record->fd = -1;
	if (record->flow.protocol == FLOW_TCP)
		record->tcp_state = TCP_IS_CLOSED;
}

void
farewell_say(const struct farewell *farewell, struct record *record)
{
	struct record_close *close = &record->close;
	int64_t now_us = record_offset_us(record, farewell->now_ns);
	struct tally tallies[LEG_COUNT];

	for (int i = 0; i < LEG_COUNT; i++) {
		tallies[i] = tally_leg(&farewell->legs[i], i, record);
		close_record_leg(&record->legs[i], &farewell->legs[i], &tallies[i], now_us);
	}
	leave_out(&tallies[LEG_UPSTREAM].acknowledged, farewell->prologue);
	leave_out(&tallies[LEG_CLIENT].received, farewell->preface);
	if (farewell->unsorted && tallies[LEG_CLIENT].received > 0)
		tallies[LEG_CLIENT].received = RECORD_UNKNOWN;
	note_first_byte(&record->first_client_byte_us, &tallies[LEG_CLIENT], now_us);
	note_first_byte(&record->first_upstream_byte_us, &tallies[LEG_UPSTREAM], now_us);
	record->closed_ns = record->sampled_ns = farewell->now_ns;
	close->reason = farewell->why;
	close->order = order_of(farewell, tallies);
	close->initiator = close_initiator(farewell->why, close->order == ORDER_SAME_TURN);
	close->how = (uint8_t)how_of(farewell, record);
	close->leg = farewell->fault;
	close->error = (uint8_t)error_of(farewell);
	for (int i = 0; i < LEG_COUNT; i++)
		close->undelivered[i] = difference(tallies[leg_other(i)].received, tallies[i].acknowledged);
	close->clean = is_clean(farewell, close);
	record->kind = (uint8_t)kind_of(close, tallies);
}
