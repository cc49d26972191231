/* SPDX-License-Identifier: MIT */
/*
 * A record beside what both ends of its connection did.
 *
 * What a side has read the daemon has sent, what the daemon has sent it has
 * read, and what it has read the other side has sent.  In order all four are
 * equal.  Behind a reset they need not be, but what the daemon says was not
 * delivered is then all that may be missing; and what was acknowledged to
 * somebody who finished, or who waited for that before it reset, must arrive.
 */
#include "stress/verdict.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include "support/proxy_facts.h"

/* One direction, from the side `from`. */
struct direction {
	enum leg_name from, to;
	uint64_t sent, received, handed, got; /* by the side, the daemon, the daemon, the other side */
	json_int_t unread, undelivered;       /* -1: unknown */
};

__attribute__((format(printf, 3, 4))) static void
expect(struct verdict *verdict, bool agreed, const char *format, ...)
{
	size_t length = strlen(verdict->complaint);
	va_list arguments;

	if (agreed || length + 1 >= sizeof(verdict->complaint))
		return;
	va_start(arguments, format);
	vsnprintf(verdict->complaint + length, sizeof(verdict->complaint) - length, format, arguments);
	va_end(arguments);
	strncat(verdict->complaint, "\n", sizeof(verdict->complaint) - strlen(verdict->complaint) - 1);
}

static json_int_t
number_or_none(const json_t *record, const char *name)
{
	const json_t *value = path(record, name);

	return json_is_null(value) ? -1 : json_integer_value(value);
}

static json_int_t
leg_number(const json_t *record, enum leg_name leg, const char *name)
{
	char text[96];

	snprintf(text, sizeof(text), "legs.%s.%s", leg_text(leg), name);
	return number_or_none(record, text);
}

static struct direction
direction_from(const struct play *play, const json_t *record, enum leg_name from)
{
	enum leg_name to = leg_other(from);

	return (struct direction){
		.from = from,
		.to = to,
		.sent = play->sides[from].out.at,
		.received = (uint64_t)leg_number(record, from, "bytes_received"),
		.handed = (uint64_t)leg_number(record, to, "bytes_sent"),
		.got = play->sides[to].in.at,
		.unread = leg_number(record, from, "receive_queue_bytes"),
		.undelivered = number_or_none(record,
		    to == LEG_CLIENT ? "close.undelivered_bytes.to_client" : "close.undelivered_bytes.to_upstream"),
	};
}

static void
judge_direction(struct verdict *verdict, const struct play *play, const struct direction *way)
{
	const char *from = leg_text(way->from), *to = leg_text(way->to);
	const struct side *reader = &play->sides[way->to];
	bool read_to_end = way->to != play->first || play->ending <= ENDING_ANSWERED;
	uint64_t known = way->received + (uint64_t)(way->unread > 0 ? way->unread : 0);

	expect(verdict, way->sent >= way->received, "the %s sent %lu, and we read %lu", from, way->sent, way->received);
	expect(verdict, way->received >= way->handed, "of %lu from the %s we handed on %lu", way->received, from,
	    way->handed);
	expect(verdict, way->handed >= way->got, "we handed %lu to the %s, which read %lu", way->handed, to, way->got);
	expect(verdict, way->undelivered >= 0, "what the %s was not delivered is unknown", to);
	if (read_to_end && way->undelivered >= 0)
		expect(verdict, way->got + (uint64_t)way->undelivered >= known,
		    "the %s read %lu of %lu, and %lld are told as undelivered", to, way->got, known,
		    (long long)way->undelivered);
	if (read_to_end && reader->in_order) {
		expect(verdict, way->got == way->sent, "the %s read an end after %lu of %lu bytes", to, way->got,
		    way->sent);
		expect(verdict, memcmp(play->sent[way->from], play->got[way->to], STREAM_DIGEST) == 0,
		    "the SHA-256 of what the %s sent and the %s read differ", from, to);
	}
}

/* Who broke off got what it read, and what its kernel had, which may grow until the very end.  But its kernel may have
 * acknowledged less: the last of it with nothing but the RST.  So what is told as undelivered is rarely another number,
 * and that is counted. */
static void
judge_leftovers(struct verdict *verdict, const struct play *play, const struct direction *way)
{
	const struct side *reader = &play->sides[way->to];
	uint64_t known = way->received + (uint64_t)(way->unread > 0 ? way->unread : 0);
	uint64_t delivered = known - (uint64_t)way->undelivered, most = way->got + (uint64_t)reader->unread;

	if (way->to != play->first || play->ending <= ENDING_ANSWERED || way->undelivered < 0 || most == known)
		return;
	if (delivered >= way->got && delivered <= most)
		verdict->tight++;
	else
		verdict->loose++;
}

static void
judge_order(struct verdict *verdict, const struct play *play, const json_t *record)
{
	for (int i = 0; i < 2; i++) {
		const struct side *side = &play->sides[i];
		const char *name = leg_text((enum leg_name)i);

		expect(verdict, side->in_order, "the %s read no end in order", name);
		expect(verdict, side->out.at == side->out_plan, "the %s could not send all", name);
		expect(verdict, leg_number(record, (enum leg_name)i, "fin_received_us") >= 0,
		    "the %s's FIN is not told", name);
		expect(verdict, leg_number(record, (enum leg_name)i, "rst_received_us") == -1, "the %s did not reset",
		    name);
		expect(verdict, leg_number(record, (enum leg_name)i, "rst_sent_us") == -1, "the %s was reset", name);
	}
	expect(verdict, json_is_true(path(record, "close.clean")), "it is not clean");
}

static bool
is_reason(const json_t *record, enum leg_name leg, const char *what)
{
	char reason[64];

	snprintf(reason, sizeof(reason), "%s_%s", leg_text(leg), what);
	return strcmp(path_text(record, "close.reason"), reason) == 0;
}

/* Its reset may be quicker than the news that the upstream is there: then nothing was carried. */
static bool
is_too_early(const struct play *play, const json_t *record)
{
	return play->first == LEG_CLIENT && play->ending > ENDING_ANSWERED &&
	       is_reason(record, LEG_CLIENT, "abort_connecting") &&
	       leg_number(record, LEG_CLIENT, "bytes_received") == 0 &&
	       leg_number(record, LEG_UPSTREAM, "bytes_received") == 0;
}

/* Whoever acted first is to blame; whether its FIN or its RST, is for the kernels to decide where it broke off. */
static void
judge_reason(struct verdict *verdict, const struct play *play, const json_t *record)
{
	enum leg_name first = play->first, other = leg_other(first);
	const struct side *reader = &play->sides[other];
	bool clean = json_is_true(path(record, "close.clean")), fits = false;
	bool reset = is_reason(record, first, "reset"), abandoned = is_reason(record, first, "abandoned");

	switch (play->ending) {
	case ENDING_EACH:
		fits = is_reason(record, first, "fin") || is_reason(record, other, "fin");
		break;
	case ENDING_ANSWERED:
		fits = is_reason(record, first, "fin");
		break;
	case ENDING_RESET:
	case ENDING_LAST_WORDS:
		fits = reset;
		break;
	case ENDING_ABANDONED: /* the other's last bytes may be acknowledged, though it does not want them */
	case ENDING_UNREAD:
		fits = reset || abandoned ||
		       (clean && (is_reason(record, first, "fin") || is_reason(record, other, "fin")));
		break;
	case ENDINGS:
		break;
	}
	expect(verdict, fits, "the reason does not fit");
	if (play->ending == ENDING_LAST_WORDS || abandoned)
		expect(verdict, reader->in.at == play->sides[first].out.at,
		    "what our kernel had acknowledged to the %s did not arrive: %lu of %lu", leg_text(first),
		    reader->in.at, play->sides[first].out.at);
	if (reset) {
		expect(verdict, !reader->in_order, "the %s read an end, but the %s had reset", leg_text(other),
		    leg_text(first));
		expect(verdict, leg_number(record, first, "rst_received_us") >= 0, "its RST is not told");
		expect(verdict, leg_number(record, other, "rst_sent_us") >= 0, "its RST was not passed on");
	}
}

static void
judge_initiator(struct verdict *verdict, const json_t *record)
{
	const char *initiator = path_text(record, "close.initiator");
	bool same_turn = strcmp(path_text(record, "close.order"), "same_turn") == 0;

	verdict->undecided += same_turn;
	if (same_turn)
		expect(verdict, initiator == NULL, "an initiator is told of two ends in one turn");
	else
		expect(verdict,
		    initiator != NULL && strncmp(path_text(record, "close.reason"), initiator, strlen(initiator)) == 0,
		    "reason and initiator do not agree");
}

static void
count(struct verdict *verdict, const struct play *play, const json_t *record)
{
	verdict->connections++;
	verdict->endings[play->ending]++;
	for (int i = 0; i < 2; i++) {
		verdict->bytes[i] += (uint64_t)leg_number(record, (enum leg_name)i, "bytes_received");
		verdict->urgent += play->sides[i].urgent;
	}
}

bool
verdict_on(struct verdict *verdict, const struct play *play, const json_t *record)
{
	verdict->complaint[0] = '\0';
	for (int i = 0; i < 2; i++) {
		struct direction way = direction_from(play, record, (enum leg_name)i);

		judge_direction(verdict, play, &way);
		judge_leftovers(verdict, play, &way);
		verdict->undelivered += way.undelivered > 0 ? (uint64_t)way.undelivered : 0;
	}
	if (play->ending <= ENDING_ANSWERED)
		judge_order(verdict, play, record);
	if (!is_too_early(play, record))
		judge_reason(verdict, play, record);
	judge_initiator(verdict, record);
	count(verdict, play, record);
	return verdict->complaint[0] == '\0';
}

void
verdict_add(struct verdict *verdict, const struct verdict *other)
{
	verdict->connections += other->connections;
	verdict->urgent += other->urgent;
	verdict->undelivered += other->undelivered;
	verdict->undecided += other->undecided;
	verdict->tight += other->tight;
	verdict->loose += other->loose;
	for (int i = 0; i < 2; i++)
		verdict->bytes[i] += other->bytes[i];
	for (int i = 0; i < ENDINGS; i++)
		verdict->endings[i] += other->endings[i];
}
