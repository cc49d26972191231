/* SPDX-License-Identifier: MIT */
#include "track/detail.h"

#include <string.h>
#include "base/figure.h"
#include "track/story.h"

struct evidence {
	const struct track *track;
	const struct record *record;
};

/* " 12.0 ms after the client's last 512 bytes"; one look at the socket may tell both: " right after its last …" */
static void
add_after(struct text *text, const struct evidence *it)
{
	const struct record_close *close = &it->record->close;
	bool itself = close->speaker == close_subject(close->reason);
	char figure[FIGURE_MAX];

	if (close->speaker == LEG_NONE) {
		text_add(text, " before any byte was exchanged");
		return;
	}
	if (close->idle_us == 0)
		text_add(text, " right after");
	else
		text_addf(text, " %s after", figure_duration(close->idle_us, FIGURE_SPACED, figure));
	if (itself)
		text_add(text, " its");
	else
		text_addf(text, " the %s's", leg_text((enum leg_name)close->speaker));
	text_addf(text, " last %s", figure_size(close->last_words, FIGURE_SPACED, figure));
}

static void
add_undelivered(struct text *text, const struct evidence *it, enum leg_name leg)
{
	char figure[FIGURE_MAX];

	text_addf(text, "%s for the %s",
	    figure_size((uint64_t)it->record->close.undelivered[leg], FIGURE_SPACED, figure), leg_text(leg));
}

/* "; 512 bytes for the upstream were never acknowledged" */
static void
add_lost(struct text *text, const struct evidence *it)
{
	const int64_t *undelivered = it->record->close.undelivered;
	int64_t up = undelivered[LEG_UPSTREAM], down = undelivered[LEG_CLIENT];

	if (up == RECORD_UNKNOWN || down == RECORD_UNKNOWN) {
		text_add(text, "; how much was delivered is not known");
		return;
	}
	if (up == 0 && down == 0) {
		text_add(text, it->record->close.speaker == LEG_NONE ? "" : "; all that came was delivered");
		return;
	}
	text_add(text, "; ");
	if (up > 0)
		add_undelivered(text, it, LEG_UPSTREAM);
	if (up > 0 && down > 0)
		text_add(text, " and ");
	if (down > 0)
		add_undelivered(text, it, LEG_CLIENT);
	text_add(text, (uint64_t)up + (uint64_t)down == 1 ? " was never acknowledged" : " were never acknowledged");
}

static void
add_idle(struct text *text, const struct evidence *it)
{
	char figure[FIGURE_MAX];

	text_add(text, figure_duration(it->record->close.idle_us, FIGURE_SPACED, figure));
}

static void
add_lived(struct text *text, const struct evidence *it)
{
	char figure[FIGURE_MAX];
	int64_t lived = record_offset_us(it->record, it->record->closed_ns);

	text_add(text, figure_duration(lived > 0 ? lived : 0, FIGURE_SPACED, figure));
}

static void
add_errno(struct text *text, const struct evidence *it)
{
	int error = it->record->close.error;

	text_add(text, error == 0 ? "no errno" : strerrorname_np(error));
}

static void
add_leg(struct text *text, const struct evidence *it)
{
	const char *leg = leg_text((enum leg_name)it->record->close.leg);

	text_add(text, leg == NULL ? "other side" : leg);
}

static void
add_target(struct text *text, const struct evidence *it)
{
	const struct record *record = it->record;
	const struct upstream_setting *upstream = &it->track->settings->upstreams[record->upstream];
	const struct flow_end *end = &record->target_address;
	char ip[INET6_ADDRSTRLEN];

	if (!record->target_chosen)
		text_add_printable(text, upstream->name);
	else if (end->port == 0)
		text_add_printable(text, upstream->targets[record->target].name);
	else if (strchr(flow_ip_format(end, ip), ':') != NULL)
		text_addf(text, "[%s]:%u", ip, end->port);
	else
		text_addf(text, "%s:%u", ip, end->port);
}

static void
add_took(struct text *text, const struct evidence *it)
{
	const struct record_attempt *attempt = &it->record->attempt;
	char figure[FIGURE_MAX];

	if (attempt->began_us == RECORD_UNKNOWN || attempt->ended_us == RECORD_UNKNOWN)
		text_add(text, "an unknown time");
	else
		text_add(text, figure_duration(attempt->ended_us - attempt->began_us, FIGURE_SPACED, figure));
}

static void
add_others(struct text *text, const struct evidence *it)
{
	if (it->record->attempts > 1)
		text_addf(text, ", the last of %u addresses that failed", it->record->attempts);
}

/* ", saying "INC-4711"" */
static void
add_words(struct text *text, const struct evidence *it)
{
	char words[STORY_WORDS_MAX];

	if (story_admin_words(it->track, it->record, words) == NULL)
		return;
	text_add(text, ", saying ");
	text_add_quoted(text, words);
}

/* What a sentence may have in braces. */
static const struct {
	const char *name;
	void (*add)(struct text *text, const struct evidence *evidence);
} clauses[] = {
	{ "after", add_after },
	{ "errno", add_errno },
	{ "idle", add_idle },
	{ "leg", add_leg },
	{ "lived", add_lived },
	{ "lost", add_lost },
	{ "others", add_others },
	{ "target", add_target },
	{ "took", add_took },
	{ "words", add_words },
};

enum { CLAUSES = sizeof(clauses) / sizeof(clauses[0]) };

/* CLAUSES: there is none of that name. */
static size_t
find_clause(const char *name, size_t length)
{
	size_t i = 0;

	while (i < CLAUSES && (strlen(clauses[i].name) != length || strncmp(clauses[i].name, name, length) != 0))
		i++;
	return i;
}

/* How the abort of a connection looks on a Unix socket: unix(7) tells whose bytes were left unread, and nobody else. */
static void
add_unix_end(struct text *text, const struct record *record, enum leg_name leg)
{
	uint32_t unread = record->legs[leg].receive_queue_bytes;

	if (record->legs[leg].flow.protocol != FLOW_UNIX || unread == TCP_UNKNOWN_32 ||
	    (leg == LEG_UPSTREAM && record->connect_us == RECORD_UNKNOWN))
		return;
	if (unread > 0)
		text_addf(text, " On its Unix socket the %s saw a reset, for bytes of its own were left unread.",
		    leg_text(leg));
	else
		text_addf(
		    text, " On its Unix socket, which carries no reset, the %s saw an end of file.", leg_text(leg));
}

/* What is true whatever the reason was. */
static void
add_remarks(struct text *text, const struct record *record)
{
	if (record->close.order == ORDER_SAME_TURN)
		text_add(text, " Both sides' ends were seen at once, so nobody can be named first.");
	for (int i = 0; i < LEG_COUNT; i++) {
		if (record->close.how != HOW_FIN && close_subject(record->close.reason) != (enum leg_name)i)
			add_unix_end(text, record, (enum leg_name)i);
	}
}

void
detail_write(struct text *text, const struct track *track, const struct record *record)
{
	struct evidence evidence = { .track = track, .record = record };
	const char *at = close_meanings[record->close.reason].sentence;

	while (*at != '\0') {
		size_t plain = strcspn(at, "{"), length = strcspn(at + plain, "}");

		text_add_bytes(text, at, plain);
		at += plain;
		if (*at == '\0')
			break;
		size_t clause = find_clause(at + 1, length - 1);
		if (clause < CLAUSES)
			clauses[clause].add(text, &evidence);
		at += length + 1;
	}
	add_remarks(text, record);
}

bool
detail_knows(const char *sentence)
{
	for (const char *at = sentence; (at = strchr(at, '{')) != NULL; at++) {
		if (strchr(at, '}') == NULL || find_clause(at + 1, strcspn(at + 1, "}")) == CLAUSES)
			return false;
	}
	return true;
}
