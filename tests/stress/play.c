/* SPDX-License-Identifier: MIT */
#include "stress/play.h"

#include <stdio.h>
#include <string.h>
#include "base/clock.h"

#define MEBIBYTE (UINT64_C(1) << 20)

static const struct {
	const char *text;
	unsigned weight;
} endings[ENDINGS] = {
	[ENDING_EACH] = { "each finishes", 25 },
	[ENDING_ANSWERED] = { "one finishes, the other answers", 25 },
	[ENDING_RESET] = { "reset in the middle", 15 },
	[ENDING_LAST_WORDS] = { "reset behind last words", 15 },
	[ENDING_ABANDONED] = { "finished, then reset", 10 },
	[ENDING_UNREAD] = { "closed in the middle", 10 },
};

/* A slow reader must not take minutes. */
static const uint64_t most_for[READERS] = {
	[READER_EAGER] = UINT64_MAX,
	[READER_STALLS] = 32 * MEBIBYTE,
	[READER_SIPS] = MEBIBYTE,
	[READER_TINY] = UINT64_MAX, /* its own buffers are the measure */
};
enum { BUFFERS_MOST = 64 };

const char *
ending_text(enum ending ending)
{
	return endings[ending].text;
}

static enum ending
draw_ending(struct chance *chance)
{
	uint64_t lot = chance_between(chance, 1, 100);
	enum ending ending = 0;

	while (lot > endings[ending].weight)
		lot -= endings[ending++].weight;
	return ending;
}

static uint64_t
draw_plan(struct chance *chance, const struct side *reader, uint64_t most)
{
	uint64_t plan = chance_happens(chance, 50) ? 0 : chance_size(chance, 1, most), bound = most_for[reader->reader];

	if (reader->reader == READER_TINY)
		bound = (uint64_t)reader->buffer * BUFFERS_MOST;
	return plan < bound ? plan : bound;
}

void
play_init(struct play *play, uint64_t seed, uint64_t number, uint64_t bytes_most, int epoll)
{
	struct chance chance = chance_from(seed, number);
	struct side *sides = play->sides;

	*play = (struct play){ .number = number, .ending = draw_ending(&chance) };
	play->first = chance_happens(&chance, 500) ? LEG_CLIENT : LEG_UPSTREAM;
	for (int i = 0; i < 2; i++)
		side_init(&sides[i], chance_from(chance_draw(&chance), (uint64_t)i), epoll);
	for (int i = 0; i < 2; i++) {
		sides[i].out_plan = draw_plan(&chance, &sides[!i], bytes_most);
		stream_open(&sides[i].in, sides[!i].out.seed);
	}
	const struct side *first = &sides[play->first], *other = &sides[!play->first];
	play->cut = chance_between(&chance, 0, play->ending == ENDING_ABANDONED ? other->out_plan : first->out_plan);
	play->cut_at_ns = (int64_t)chance_size(&chance, NS_PER_MS / 10, 3 * NS_PER_S);
}

void
play_begin(struct play *play, int client, int upstream, int64_t now_ns)
{
	play->sides[LEG_CLIENT].fd = client;
	play->sides[LEG_UPSTREAM].fd = upstream;
	play->cut_at_ns += now_ns;
	play->moved_at_ns = now_ns;
}

static bool
may_finish(const struct play *play, enum leg_name leg)
{
	bool is_first = leg == play->first;

	if (play->sides[leg].finished || !side_has_sent_all(&play->sides[leg]))
		return false;
	switch (play->ending) {
	case ENDING_ANSWERED:
		return is_first || play->sides[leg].ended;
	case ENDING_RESET:
	case ENDING_LAST_WORDS:
	case ENDING_UNREAD:
		return !is_first;
	default:
		return true;
	}
}

/* Who breaks off, and in what manner. */
static void
break_off(struct play *play, int64_t now_ns)
{
	struct side *first = &play->sides[play->first];
	bool late = now_ns >= play->cut_at_ns;

	if (first->fd == -1)
		return;
	switch (play->ending) {
	case ENDING_RESET:
		if (late || first->out.at >= play->cut)
			side_reset(first);
		break;
	case ENDING_LAST_WORDS:
		if (late || first->out.at >= play->cut)
			first->out_plan = first->out.at; /* no more, then */
		if (side_has_sent_all(first) && side_unacknowledged(first) == 0)
			side_reset(first);
		break;
	case ENDING_ABANDONED:
		if (first->finished && (late || first->in.at >= play->cut))
			side_reset(first);
		break;
	case ENDING_UNREAD:
		if (late || first->out.at >= play->cut)
			side_close(first);
		break;
	default:
		break;
	}
}

/* An error that a send met is no end of what came before it. */
static bool
is_through(const struct side *side)
{
	return side->ended && (side->finished || side->error != 0);
}

void
play_decide(struct play *play, int64_t now_ns)
{
	bool over = true;

	break_off(play, now_ns);
	for (int i = 0; i < 2; i++) {
		struct side *side = &play->sides[i];

		side->waits &= side->out.at > play->sides[!i].in.at && play->sides[!i].fd != -1;
		if (side->fd != -1 && may_finish(play, (enum leg_name)i))
			side_finish(side);
		if (side->fd != -1 && is_through(side))
			side_close(side);
		over &= side->fd == -1;
	}
	if (!over || play->over)
		return;
	play->over = true;
	play->moved_at_ns = now_ns;
	for (int i = 0; i < 2; i++) {
		stream_close(&play->sides[i].out, play->sent[i]);
		stream_close(&play->sides[i].in, play->got[i]);
	}
}

void
play_describe(const struct play *play, char *text, size_t size)
{
	static const char *const names[READERS] = {
		[READER_EAGER] = "reads eagerly",
		[READER_STALLS] = "reads and stalls",
		[READER_SIPS] = "reads in sips",
		[READER_TINY] = "has a tiny buffer",
	};
	int length = snprintf(text, size, "connection %llu, client port %d: %s, %s first, cut at %llu\n",
	    (unsigned long long)play->number, play->client_port, ending_text(play->ending), leg_text(play->first),
	    (unsigned long long)play->cut);

	for (int i = 0; i < 2 && length < (int)size; i++) {
		const struct side *side = &play->sides[i];

		length += snprintf(text + length, size - (size_t)length,
		    "  the %s %s, sent %llu of %llu (%llu urgent), got %llu, %s, %s%s\n", leg_text((enum leg_name)i),
		    names[side->reader], (unsigned long long)side->out.at, (unsigned long long)side->out_plan,
		    (unsigned long long)side->urgent, (unsigned long long)side->in.at,
		    side->in_order ? "read an end"
		    : side->ended  ? "met an error"
				   : "read no end",
		    side->fd == -1   ? "is closed"
		    : side->finished ? "has finished"
				     : "is open",
		    side->error == 0                ? ""
		    : strerror(side->error) == NULL ? ""
						    : ", an error came");
	}
}
