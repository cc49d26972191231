/* SPDX-License-Identifier: MIT */
/*
 * Each part tells its steps in the order of cause and effect: a FIN is seen and
 * then passed on, a timer fires and then the sockets are reset.  Where steps
 * share a microsecond that order stays.
 */
#include "track/story.h"

#include <errno.h>
#include <string.h>
#include "net/socket.h"

const char *
story_step_text(enum story_step step)
{
	static const char *const texts[STORY_STEPS] = {
		[STORY_ACCEPT] = "accept",
		[STORY_DENIED] = "denied",
		[STORY_SOCKET] = "socket",
		[STORY_BIND] = "bind",
		[STORY_CONNECT] = "connect",
		[STORY_CONNECT_FAILED] = "connect_failed",
		[STORY_CONNECTED] = "connected",
		[STORY_FIRST_BYTE] = "first_byte",
		[STORY_STALL] = "stall",
		[STORY_RESUME] = "resume",
		[STORY_FIN_RECEIVED] = "fin_received",
		[STORY_FIN_SENT] = "fin_sent",
		[STORY_RST_RECEIVED] = "rst_received",
		[STORY_LOST] = "lost",
		[STORY_TIMEOUT] = "timeout",
		[STORY_KILL] = "kill",
		[STORY_DRAIN] = "drain",
		[STORY_SHUTDOWN] = "shutdown",
		[STORY_RST_SENT] = "rst_sent",
		[STORY_CLOSE] = "close",
	};

	return texts[step];
}

const char *
story_attempt_result(const struct story_attempt *attempt)
{
	if (attempt->ended_us == RECORD_UNKNOWN)
		return attempt_results[attempt->overtaken ? ATTEMPT_ABANDONED : ATTEMPT_CONNECTING];
	return attempt_results[attempt_result(attempt->error, attempt->reached)];
}

/* Calls for each note, newest first, as far as they are still this connection's. */
static int
read_notes(const struct track *track, const struct record *record, struct note notes[NOTES_MAX])
{
	uint32_t number = record->first_note;
	int count = 0;

	while (number != 0 && count < NOTES_MAX &&
	       notes_read(track->notes, record->worker, number, record->id, &notes[count]))
		number = notes[count++].next;
	return count;
}

int
story_attempts(
    const struct track *track, const struct record *record, struct story_attempt attempts[STORY_ATTEMPTS_MAX])
{
	const struct record_attempt *last = &record->attempt;
	struct note notes[NOTES_MAX];
	int count = 0;

	for (int i = read_notes(track, record, notes) - 1; i >= 0; i--) {
		if (notes[i].kind != NOTE_ATTEMPT)
			continue;
		attempts[count++] = (struct story_attempt){
			.address = notes[i].address,
			.target = notes[i].target,
			.began_us = notes[i].at_us,
			.ended_us = notes[i].until_us,
			.error = notes[i].error,
			.reached = notes[i].reached,
			.bound = notes[i].bound,
		};
	}
	if (last->began_us != RECORD_UNKNOWN)
		attempts[count++] = (struct story_attempt){
			.address = *record_target(record),
			.target = record->target,
			.began_us = last->began_us,
			.ended_us = last->ended_us,
			.error = last->error,
			.reached = last->reached,
			.bound = last->bound,
			.overtaken = record->state == CONN_CLOSED,
		};
	return count;
}

bool
story_attempt_is_shortage(const struct story_attempt *attempt)
{
	return attempt_result(attempt->error, attempt->reached) == ATTEMPT_PORT_SHORTAGE;
}

bool
story_attempt_is_ours(const struct story_attempt *attempt)
{
	switch (attempt->error) {
	case EADDRNOTAVAIL:
	case EMFILE:
	case ENFILE:
	case ENOMEM:
	case ENOBUFS:
	case EPERM:
	case EACCES:
		return true;
	default:
		return attempt->error != 0 && attempt->reached != CONNECT_CONNECT;
	}
}

/* Attempts that found no room among the notes are missing at the beginning. */
int
story_first_target(const struct record *record, const struct story_attempt *attempts, int count, int *error)
{
	if (count == 0 || count != record->attempts || attempts[0].ended_us == RECORD_UNKNOWN ||
	    story_attempt_is_ours(&attempts[0]))
		return -1;
	*error = attempts[0].error;
	return attempts[0].target;
}

struct story {
	struct story_event *events;
	int count;
};

/* Nothing is told of a moment that never came. */
static void
tell(struct story *story, int64_t at_us, enum story_step step, enum leg_name leg, uint16_t error)
{
	if (at_us != RECORD_UNKNOWN)
		story->events[story->count++] =
		    (struct story_event){ .at_us = at_us, .step = step, .leg = leg, .error = error };
}

/* socket, bind and connect are made in one go and share a time. */
static void
tell_attempt(struct story *story, const struct story_attempt *attempt)
{
	static const enum story_step steps[] = {
		[CONNECT_SOCKET] = STORY_SOCKET,
		[CONNECT_BIND] = STORY_BIND,
		[CONNECT_CONNECT] = STORY_CONNECT,
	};

	for (int step = CONNECT_SOCKET; step <= attempt->reached; step++) {
		bool failed_here = step == attempt->reached && step != CONNECT_CONNECT;

		if (step != CONNECT_BIND || attempt->bound)
			tell(story, attempt->began_us, steps[step], LEG_UPSTREAM, failed_here ? attempt->error : 0);
	}
	if (attempt->reached == CONNECT_CONNECT)
		tell(story, attempt->ended_us, attempt->error != 0 ? STORY_CONNECT_FAILED : STORY_CONNECTED,
		    LEG_UPSTREAM, attempt->error);
}

static void
tell_legs(struct story *story, const struct record *record)
{
	const struct record_leg *legs = record->legs;

	for (int i = 0; i < LEG_COUNT; i++)
		tell(story, legs[i].fin_received_us, STORY_FIN_RECEIVED, (enum leg_name)i, 0);
	for (int i = 0; i < LEG_COUNT; i++)
		tell(story, legs[i].fin_sent_us, STORY_FIN_SENT, (enum leg_name)i, 0);
	for (int i = 0; i < LEG_COUNT; i++)
		tell(story, legs[i].rst_received_us, STORY_RST_RECEIVED, (enum leg_name)i, legs[i].error);
}

static void
tell_notes(struct story *story, const struct note *notes, int count)
{
	bool killed = false;

	for (int i = count - 1; i >= 0; i--) {
		if (notes[i].kind == NOTE_STALL) {
			tell(story, notes[i].at_us, STORY_STALL, (enum leg_name)notes[i].leg, 0);
			tell(story, notes[i].until_us, STORY_RESUME, (enum leg_name)notes[i].leg, 0);
		} else if (notes[i].kind == NOTE_TEXT && !killed) { /* further pieces are the same step */
			tell(story, notes[i].at_us, STORY_KILL, LEG_NONE, 0);
			killed = true;
		}
	}
}

/* What ended it, where that was neither FIN nor RST of a side. */
static void
tell_cause(struct story *story, const struct record *record, int64_t closed_us)
{
	const struct record_close *close = &record->close;

	switch ((enum close_reason)close->reason) {
	case WHY_CLIENT_LOST:
		tell(story, close->cause_us, STORY_LOST, LEG_CLIENT, close->error);
		break;
	case WHY_UPSTREAM_LOST:
		tell(story, close->cause_us, STORY_LOST, LEG_UPSTREAM, close->error);
		break;
	case WHY_DENIED_ACL:
	case WHY_DENIED_LIMIT:
	case WHY_DENIED_RATE:
		tell(story, closed_us, STORY_DENIED, LEG_CLIENT, 0);
		break;
	case WHY_ADMIN_DRAIN:
		tell(story, closed_us, STORY_DRAIN, LEG_NONE, 0);
		break;
	case WHY_SHUTDOWN:
		tell(story, closed_us, STORY_SHUTDOWN, LEG_NONE, 0);
		break;
	case WHY_UPSTREAM_CONNECT_TIMEOUT: /* its attempt tells */
	case WHY_ADMIN_KILL:               /* its note tells */
		break;
	default:
		if (close->how == HOW_TIMEOUT)
			tell(story, closed_us, STORY_TIMEOUT, (enum leg_name)close->leg, 0);
		break;
	}
}

static void
tell_close(struct story *story, const struct record *record)
{
	int64_t closed_us = record_offset_us(record, record->closed_ns);

	tell_cause(story, record, closed_us);
	for (int i = 0; i < LEG_COUNT; i++)
		tell(story, record->legs[i].rst_sent_us, STORY_RST_SENT, (enum leg_name)i, 0);
	tell(story, closed_us, STORY_CLOSE, LEG_NONE, 0);
}

/* Nearly in order already. */
static void
sort_by_time(struct story_event *events, int count)
{
	for (int i = 1; i < count; i++) {
		struct story_event event = events[i];
		int at = i;

		for (; at > 0 && events[at - 1].at_us > event.at_us; at--)
			events[at] = events[at - 1];
		events[at] = event;
	}
}

int
story_events(const struct track *track, const struct record *record, struct story_event events[STORY_EVENTS_MAX])
{
	struct story story = { .events = events };
	struct story_attempt attempts[STORY_ATTEMPTS_MAX];
	struct note notes[NOTES_MAX];
	int count = story_attempts(track, record, attempts);

	tell(&story, 0, STORY_ACCEPT, LEG_CLIENT, 0);
	for (int i = 0; i < count; i++)
		tell_attempt(&story, &attempts[i]);
	tell(&story, record->first_client_byte_us, STORY_FIRST_BYTE, LEG_CLIENT, 0);
	tell(&story, record->first_upstream_byte_us, STORY_FIRST_BYTE, LEG_UPSTREAM, 0);
	tell_notes(&story, notes, read_notes(track, record, notes));
	tell_legs(&story, record);
	if (record->state == CONN_CLOSED)
		tell_close(&story, record);
	sort_by_time(events, story.count);
	return story.count;
}

const char *
story_admin_words(const struct track *track, const struct record *record, char text[STORY_WORDS_MAX])
{
	struct note notes[NOTES_MAX];
	int count = record->close.reason == WHY_ADMIN_KILL ? read_notes(track, record, notes) : 0;
	size_t length = 0;

	for (int i = count - 1; i >= 0; i--) {
		if (notes[i].kind != NOTE_TEXT || length + NOTE_TEXT_MAX >= STORY_WORDS_MAX)
			continue;
		size_t piece = strnlen(notes[i].text, NOTE_TEXT_MAX);
		memcpy(text + length, notes[i].text, piece);
		length += piece;
	}
	text[length] = '\0';
	return length == 0 ? NULL : text;
}
