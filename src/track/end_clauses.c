/* SPDX-License-Identifier: MIT */
#include <string.h>
#include "base/figure.h"
#include "track/clauses.h"
#include "track/story.h"

void
clause_add_end(struct text *text, const struct flow_end *end)
{
	char ip[INET6_ADDRSTRLEN];
	bool has_colons = strchr(flow_ip_format(end, ip), ':') != NULL;

	text_addf(text, has_colons ? "[%s]:%u" : "%s:%u", ip, end->port);
}

/* " 12.0 ms after the client's last 512 bytes"; one look at the socket may tell both: " right after its last …" */
static bool
add_after(struct text *text, const struct evidence *it)
{
	const struct record_close *close = &it->record->close;
	bool itself = close->speaker == close_subject(close->reason);
	char figure[FIGURE_MAX];

	if (close->speaker == LEG_NONE) {
		text_add(text, " before any byte was exchanged");
		return true;
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
	return true;
}

static void
add_undelivered(struct text *text, const struct evidence *it, enum leg_name leg)
{
	char figure[FIGURE_MAX];

	text_addf(text, "%s for the %s",
	    figure_size((uint64_t)it->record->close.undelivered[leg], FIGURE_SPACED, figure), leg_text(leg));
}

/* "; 512 bytes for the upstream were never acknowledged" */
static bool
add_lost(struct text *text, const struct evidence *it)
{
	const int64_t *undelivered = it->record->close.undelivered;
	int64_t up = undelivered[LEG_UPSTREAM], down = undelivered[LEG_CLIENT];

	if (up == RECORD_UNKNOWN || down == RECORD_UNKNOWN) {
		text_add(text, "; how much was delivered is not known");
		return true;
	}
	if (up == 0 && down == 0) {
		text_add(text, it->record->close.speaker == LEG_NONE ? "" : "; all that came was delivered");
		return true;
	}
	text_add(text, "; ");
	if (up > 0)
		add_undelivered(text, it, LEG_UPSTREAM);
	if (up > 0 && down > 0)
		text_add(text, " and ");
	if (down > 0)
		add_undelivered(text, it, LEG_CLIENT);
	text_add(text, (uint64_t)up + (uint64_t)down == 1 ? " was never acknowledged" : " were never acknowledged");
	return true;
}

static bool
add_idle(struct text *text, const struct evidence *it)
{
	figure_add_duration(text, it->record->close.idle_us);
	return true;
}

static bool
add_lived(struct text *text, const struct evidence *it)
{
	figure_add_duration(text, record_offset_us(it->record, it->record->closed_ns));
	return true;
}

static bool
add_errno(struct text *text, const struct evidence *it)
{
	int error = it->record->close.error;

	text_add(text, error == 0 ? "no errno" : strerrorname_np(error));
	return true;
}

static bool
add_leg(struct text *text, const struct evidence *it)
{
	const char *leg = leg_text((enum leg_name)it->record->close.leg);

	text_add(text, leg == NULL ? "other side" : leg);
	return true;
}

static bool
add_target(struct text *text, const struct evidence *it)
{
	const struct record *record = it->record;
	const struct upstream_setting *upstream = &it->track->settings->upstreams[record->upstream];
	const struct flow_end *end = record_target(record);

	if (!record->target_chosen)
		text_add_printable(text, upstream->name);
	else if (end->port == 0)
		text_add_printable(text, upstream->targets[record->target].name);
	else
		clause_add_end(text, end);
	return true;
}

static bool
add_took(struct text *text, const struct evidence *it)
{
	const struct record_attempt *attempt = &it->record->attempt;

	if (attempt->began_us == RECORD_UNKNOWN || attempt->ended_us == RECORD_UNKNOWN)
		text_add(text, "an unknown time");
	else
		figure_add_duration(text, attempt->ended_us - attempt->began_us);
	return true;
}

static bool
add_others(struct text *text, const struct evidence *it)
{
	if (it->record->attempts > 1)
		text_addf(text, ", the last of %u addresses that failed", it->record->attempts);
	return true;
}

/* ", saying "INC-4711"" */
static bool
add_words(struct text *text, const struct evidence *it)
{
	char words[STORY_WORDS_MAX];

	if (story_admin_words(it->track, it->record, words) == NULL)
		return true;
	text_add(text, ", saying ");
	text_add_quoted(text, words);
	return true;
}

const struct clause end_clauses[] = {
	{ "after", .add = add_after },
	{ "errno", .add = add_errno },
	{ "idle", .add = add_idle },
	{ "leg", .add = add_leg },
	{ "lived", .add = add_lived },
	{ "lost", .add = add_lost },
	{ "others", .add = add_others },
	{ "target", .add = add_target },
	{ "took", .add = add_took },
	{ "words", .add = add_words },
	{ 0 },
};
