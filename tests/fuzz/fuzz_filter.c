/* SPDX-License-Identifier: MIT */
/* A filter is refused, with a place in its text and a picture of it; or it compiles, always to the same answers, and
 * what is not meant by it is meant by the opposite. */
#include "track/filter.h"

#include <assert.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include "base/clock.h"
#include "track/conn_id.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size);

static struct settings settings;
static struct congestion_names congestions;
static struct track track = { .settings = &settings, .node = "here", .boot = 5, .congestions = &congestions };

/* One that has just come, and one of which everything is known. */
static void
prepare(struct record *young, struct record *old)
{
	struct addr from, to;

	strcpy(settings.listeners[0].name, "8080");
	strcpy(settings.upstreams[0].name, "db.example:5432");
	strcpy(settings.upstreams[0].targets[0].name, "db.example:5432");
	record_init(young);
	memset(old, 1, sizeof(*old));
	old->listener = old->upstream = old->target = old->worker = 0;
	old->first_note = 0;
	old->notes = 0;
	old->state = CONN_CLOSED;
	addr_parse(&from, "10.1.2.3:51234");
	addr_parse(&to, "[2001:db8::5]:8080");
	flow_set(&old->legs[LEG_CLIENT].flow, &from, &to);
	flow_set(&old->legs[LEG_UPSTREAM].flow, &to, &from);
	old->legs[LEG_CLIENT].congestion = old->legs[LEG_UPSTREAM].congestion = 0;
}

static void
check_picture(const struct filter_fault *fault, const char *text)
{
	char bytes[1024];
	struct text picture;

	assert(fault->message[0] != '\0' && fault->at <= strlen(text) && fault->length <= strlen(text) - fault->at);
	text_init(&picture, bytes, sizeof(bytes));
	filter_fault_write(fault, text, &picture);
	assert(!picture.truncated && strchr(bytes, '^') != NULL);
	for (const char *at = bytes; *at != '\0'; at++)
		assert((unsigned char)*at >= ' ' || *at == '\n');
}

/* What stands around the text may be too much for it, and nothing else may be wrong. */
static struct filter *
compile_opposite(const char *text)
{
	static char opposite[3 * FILTER_TEXT_MAX];
	struct filter_fault fault;

	snprintf(opposite, sizeof(opposite), "not(%s)", text);
	struct filter *filter = filter_new(opposite, &fault);
	assert(filter != NULL || strncmp(fault.message, "It ", 3) == 0);
	return filter;
}

int
LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
	static struct record young, old;
	static char text[2 * FILTER_TEXT_MAX];
	struct filter_fault fault;

	if (size >= sizeof(text))
		return 0;
	memcpy(text, bytes, size);
	text[size] = '\0';
	prepare(&young, &old);
	struct filter *filter = filter_new(text, &fault);
	if (filter == NULL) {
		check_picture(&fault, text);
		return 0;
	}
	struct filter *again = filter_new(text, &fault), *opposite = compile_opposite(text);
	assert(again != NULL);
	for (int i = 0; i < 2; i++) {
		struct reading reading = { &track, i == 0 ? &young : &old, .now_ns = NS_PER_S };

		assert(filter_matches(filter, &reading) == filter_matches(again, &reading));
		assert(opposite == NULL || filter_matches(filter, &reading) != filter_matches(opposite, &reading));
	}
	filter_free(opposite);
	filter_free(filter);
	filter_free(again);
	return 0;
}
