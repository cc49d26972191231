/* SPDX-License-Identifier: MIT */
#include "export/record_json.h"

#include <assert.h>
#include <stdio.h>
#include <string.h>
#include "base/clock.h"
#include "base/utf8.h"
#include "track/story.h"

struct pen {
	char *at, *end;
};

static bool
put(struct pen *pen, const char *bytes, size_t count)
{
	if ((size_t)(pen->end - pen->at) < count)
		return false;
	memcpy(pen->at, bytes, count);
	pen->at += count;
	return true;
}

#define PUT(pen, literal) put(pen, literal, sizeof(literal) - 1)

static bool
put_number(struct pen *pen, int64_t number)
{
	static const char pairs[] = "00010203040506070809101112131415161718192021222324"
				    "25262728293031323334353637383940414243444546474849"
				    "50515253545556575859606162636465666768697071727374"
				    "75767778798081828384858687888990919293949596979899";
	char digits[20], *at = digits + sizeof(digits);
	uint64_t rest = number < 0 ? -(uint64_t)number : (uint64_t)number;

	for (; rest >= 100; rest /= 100) {
		at -= 2;
		memcpy(at, pairs + rest % 100 * 2, 2);
	}
	if (rest >= 10) {
		at -= 2;
		memcpy(at, pairs + rest * 2, 2);
	} else {
		*--at = (char)('0' + rest);
	}
	if (number < 0)
		*--at = '-';
	return put(pen, at, (size_t)(digits + sizeof(digits) - at));
}

static bool
put_escaped(struct pen *pen, char byte)
{
	static const char special[] = "\"\\\b\f\n\r\t", letters[] = "\"\\bfnrt";
	const char *found = strchr(special, byte);
	char escape[7];

	if (found != NULL)
		snprintf(escape, sizeof(escape), "\\%c", letters[found - special]);
	else
		snprintf(escape, sizeof(escape), "\\u%04X", (unsigned)byte);
	return put(pen, escape, strlen(escape));
}

static bool
is_plain(char byte)
{
	return (unsigned char)byte >= 0x20 && (unsigned char)byte < 0x80 && byte != '"' && byte != '\\';
}

static bool
put_text(struct pen *pen, const char *text)
{
	bool fits = PUT(pen, "\"");
	const char *end = text + strlen(text);

	while (fits && text < end) {
		const char *from = text;

		while (text < end && is_plain(*text))
			text++;
		fits = put(pen, from, (size_t)(text - from));
		if (!fits || text == end)
			break;
		from = text;
		if (!utf8_next(&text, end))
			fits = PUT(pen, UTF8_REPLACEMENT);
		else if (text - from > 1)
			fits = put(pen, from, (size_t)(text - from));
		else
			fits = put_escaped(pen, *from);
	}
	return fits && PUT(pen, "\"");
}

static bool
put_instant(struct pen *pen, int64_t wall_us)
{
	char text[CLOCK_TEXT_MAX];

	return put_text(pen, clock_format(wall_us, text, sizeof(text)));
}

static bool
put_address(struct pen *pen, const struct flow_end *end)
{
	char text[INET6_ADDRSTRLEN];

	return put_text(pen, flow_ip_format(end, text));
}

static bool
put_value(struct pen *pen, struct value value)
{
	switch (value.kind) {
	case VALUE_NULL:
		break;
	case VALUE_BOOL:
		return value.truth ? PUT(pen, "true") : PUT(pen, "false");
	case VALUE_NUMBER:
		return put_number(pen, value.number);
	case VALUE_INSTANT:
		return put_instant(pen, value.number);
	case VALUE_ADDRESS:
		return put_address(pen, value.end);
	case VALUE_TEXT:
		return put_text(pen, value.text);
	case VALUE_LIST:
		assert(!"a list is written by its own function");
		break;
	}
	return PUT(pen, "null");
}

static bool
put_text_or_null(struct pen *pen, const char *text)
{
	return text == NULL ? PUT(pen, "null") : put_text(pen, text);
}

static bool
put_errno(struct pen *pen, uint16_t error)
{
	return put_text_or_null(pen, error == 0 ? NULL : strerrorname_np(error));
}

static bool
put_attempt(struct pen *pen, const struct reading *reading, const struct story_attempt *attempt)
{
	const struct upstream_setting *upstream = &reading->track->settings->upstreams[reading->record->upstream];
	bool has_ip = attempt->address.port != 0, ended = attempt->ended_us != RECORD_UNKNOWN;
	char ip[INET6_ADDRSTRLEN];

	return PUT(pen, "{\"target\":") && put_text(pen, upstream->targets[attempt->target].name) &&
	       PUT(pen, ",\"address\":") &&
	       put_text_or_null(pen, has_ip ? flow_ip_format(&attempt->address, ip) : NULL) && PUT(pen, ",\"port\":") &&
	       (has_ip ? put_number(pen, attempt->address.port) : PUT(pen, "null")) && PUT(pen, ",\"at_us\":") &&
	       put_number(pen, attempt->began_us) && PUT(pen, ",\"duration_us\":") &&
	       (ended ? put_number(pen, attempt->ended_us - attempt->began_us) : PUT(pen, "null")) &&
	       PUT(pen, ",\"result\":") && put_text(pen, story_attempt_result(attempt)) && PUT(pen, ",\"errno\":") &&
	       put_errno(pen, attempt->error) && PUT(pen, "}");
}

static bool
put_attempts(struct pen *pen, const struct reading *reading)
{
	struct story_attempt attempts[STORY_ATTEMPTS_MAX];
	int count = story_attempts(reading->track, reading->record, attempts);
	bool fits = PUT(pen, "[");

	for (int i = 0; fits && i < count; i++)
		fits = (i == 0 || PUT(pen, ",")) && put_attempt(pen, reading, &attempts[i]);
	return fits && PUT(pen, "]");
}

static bool
put_event(struct pen *pen, const struct story_event *event)
{
	return PUT(pen, "{\"at_us\":") && put_number(pen, event->at_us) && PUT(pen, ",\"leg\":") &&
	       put_text_or_null(pen, leg_text(event->leg)) && PUT(pen, ",\"event\":") &&
	       put_text(pen, story_step_text(event->step)) && PUT(pen, ",\"errno\":") && put_errno(pen, event->error) &&
	       PUT(pen, "}");
}

static bool
put_events(struct pen *pen, const struct reading *reading)
{
	struct story_event events[STORY_EVENTS_MAX];
	int count = story_events(reading->track, reading->record, events);
	bool fits = PUT(pen, "[");

	for (int i = 0; fits && i < count; i++)
		fits = (i == 0 || PUT(pen, ",")) && put_event(pen, &events[i]);
	return fits && PUT(pen, "]");
}

static bool
put_field(struct pen *pen, struct reading *reading, enum field field)
{
	switch (field_meanings[field].type) {
	case TYPE_ATTEMPTS:
		return put_attempts(pen, reading);
	case TYPE_EVENTS:
		return put_events(pen, reading);
	default:
		return put_value(pen, field_read(reading, field));
	}
}

static bool
put_record(struct pen *pen, struct reading *reading, const struct record_form *form)
{
	bool fits = true;

	for (int i = 0; fits && i < form->count;) {
		const struct piece *piece = &form->pieces[i++];

		fits = put(pen, piece->literal, piece->length);
		if (fits && piece->kind == PIECE_FIELD)
			fits = put_field(pen, reading, (enum field)piece->which);
		if (fits && piece->kind == PIECE_OBJECT &&
		    field_object_is_null(reading->record, (enum field_object)piece->which)) {
			fits = PUT(pen, "null");
			i = piece->null;
		}
	}
	return fits;
}

void
record_json_write_as(struct text *text, struct reading *reading, const struct record_form *form)
{
	struct pen pen = { text->bytes + text->length, text->bytes + text->size - 1 };

	if (!put_record(&pen, reading, form))
		text->truncated = true;
	text->length = (size_t)(pen.at - text->bytes);
	text->bytes[text->length] = '\0';
}

void
record_json_write(struct text *text, struct reading *reading, enum field_view view)
{
	record_json_write_as(text, reading, record_form_of_view(view));
}
