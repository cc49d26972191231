/* SPDX-License-Identifier: MIT */
#include "client/live_model.h"

#include <stdlib.h>
#include <string.h>
#include "client/client.h"
#include "client/json_at.h"

enum { US_PER_S = 1000000 };

/* How much has come from each side, and how fast that was when the daemon last looked. */
static const char *const counts[LIVE_WAYS] = { "legs.client.bytes_received", "legs.upstream.bytes_received" };
static const char *const rates[LIVE_WAYS] = { "legs.client.rate_received_bytes_per_second",
	"legs.upstream.rate_received_bytes_per_second" };

void
live_model_init(struct live_model *model)
{
	*model = (struct live_model){ .matched = -1 };
}

static void
forget_stats(struct live_model *model)
{
	for (int i = 0; i < model->glance_count; i++)
		json_decref(model->glances[i]);
	model->glance_count = 0;
	json_decref(model->before);
	model->before = NULL;
}

static void
drop_rows(struct live_model *model)
{
	for (size_t i = 0; i < model->row_count; i++)
		json_decref(model->rows[i].record);
	free(model->rows);
	model->rows = NULL;
	model->row_count = 0;
}

void
live_model_forget_rows(struct live_model *model)
{
	drop_rows(model);
	json_decref(model->past);
	model->past = NULL;
	model->matched = -1;
	model->overwritten = 0;
}

void
live_model_fini(struct live_model *model)
{
	live_model_forget_rows(model);
	forget_stats(model);
	json_decref(model->version);
	model->version = NULL;
}

void
live_model_take_version(struct live_model *model, json_t *version)
{
	json_decref(model->version);
	model->version = version;
}

const json_t *
live_model_stats(const struct live_model *model)
{
	return model->glance_count == 0 ? NULL : model->glances[model->glance_count - 1];
}

/* Nothing is below 0 that a daemon counts; so what is subtracted has room. */
static int64_t
at_least_0(json_int_t number)
{
	return number > 0 ? number : 0;
}

static int64_t
uptime(const json_t *stats)
{
	return at_least_0(json_at_number(stats, "uptime_us", 0));
}

static bool
same_start(const json_t *one, const json_t *other)
{
	const char *a = json_at_text(one, "started_at"), *b = json_at_text(other, "started_at");

	return a != NULL && b != NULL && strcmp(a, b) == 0 && uptime(one) <= uptime(other);
}

static void
drop_oldest(struct live_model *model)
{
	json_decref(model->glances[0]);
	model->glance_count--;
	memmove(model->glances, model->glances + 1, (size_t)model->glance_count * sizeof(model->glances[0]));
}

/* Those a second apart stay for a minute; the newest always, in place of one that is younger than that. */
static void
keep_glance(struct live_model *model, json_t *stats)
{
	int last = model->glance_count - 1;

	json_decref(model->before);
	model->before = last < 0 ? NULL : json_incref(model->glances[last]);
	if (last > 0 && uptime(model->glances[last]) - uptime(model->glances[last - 1]) < US_PER_S) {
		json_decref(model->glances[last]);
		model->glance_count--;
	}
	while (
	    model->glance_count == LIVE_GLANCES_MAX ||
	    (model->glance_count > 1 && uptime(stats) - uptime(model->glances[1]) >= LIVE_MINUTE_S * INT64_C(1000000)))
		drop_oldest(model);
	model->glances[model->glance_count++] = stats;
}

bool
live_model_take_stats(struct live_model *model, json_t *stats, bool *anew)
{
	const json_t *newest = live_model_stats(model);

	*anew = false;
	if (json_at_text(stats, "started_at") == NULL) {
		json_decref(stats);
		return false;
	}
	if (newest != NULL && !same_start(newest, stats)) {
		*anew = true;
		forget_stats(model);
		live_model_forget_rows(model);
	}
	keep_glance(model, stats);
	return true;
}

double
live_model_rate(const struct live_model *model, const char *counter)
{
	const json_t *now = live_model_stats(model);
	int64_t before = json_at_number(model->before, counter, -1), after = json_at_number(now, counter, -1);
	int64_t passed = uptime(now) - uptime(model->before);

	if (before < 0 || after < before || passed <= 0)
		return -1;
	return (double)(after - before) * US_PER_S / (double)passed;
}

static int
by_count(const void *one, const void *other)
{
	const struct live_end *a = one, *b = other;

	if (a->count != b->count)
		return a->count < b->count ? 1 : -1;
	return strcmp(a->reason, b->reason);
}

int
live_model_ends(const struct live_model *model, struct live_end *ends, int most, int64_t *over_us)
{
	const json_t *oldest = model->glance_count < 2 ? NULL : model->glances[0], *newest = live_model_stats(model);
	json_t *closed = (json_t *)json_at(newest, "connections_closed_by_reason"), *value;
	const char *reason;
	int count = 0;

	*over_us = oldest == NULL ? 0 : uptime(newest) - uptime(oldest);
	if (oldest == NULL)
		return 0;
	json_object_foreach(closed, reason, value) {
		const json_t *then = json_object_get(json_at(oldest, "connections_closed_by_reason"), reason);
		int64_t grown = at_least_0(json_integer_value(value)) - at_least_0(json_integer_value(then));

		if (grown > 0 && count < most)
			ends[count++] = (struct live_end){ reason, grown };
	}
	qsort(ends, (size_t)count, sizeof(*ends), by_count);
	return count;
}

/* Since the list before, by the connection's own age; where it was not in that, what the daemon saw. */
static int64_t
find_rate(const json_t *past, const json_t *record, enum live_way way)
{
	int64_t age = json_at_number(record, "duration_us", -1), count = json_at_number(record, counts[way], -1);
	int64_t age_then = json_at_number(past, "duration_us", -1), count_then = json_at_number(past, counts[way], -1);
	const char *state = json_at_text(record, "state");

	if (state != NULL && strcmp(state, "closed") == 0)
		return -1;
	if (age_then < 0 || age <= age_then || count_then < 0 || count < count_then)
		return json_at_number(record, rates[way], -1);
	double rate = (double)(count - count_then) * US_PER_S / (double)(age - age_then);
	return rate < (double)INT64_MAX ? (int64_t)rate : INT64_MAX;
}

static void
remember(struct live_model *model)
{
	json_decref(model->past);
	model->past = json_object();
	for (size_t i = 0; i < model->row_count; i++) {
		const char *id = json_at_text(model->rows[i].record, "id");

		if (id != NULL)
			json_object_set(model->past, id, model->rows[i].record);
	}
}

bool
live_model_take_conns(struct live_model *model, json_t *conns)
{
	const json_t *list = json_at(conns, "conns");
	size_t count = json_array_size(list);
	json_t *record;
	size_t i;

	if (!json_is_array(list)) {
		json_decref(conns);
		return false;
	}
	remember(model);
	drop_rows(model);
	model->rows = calloc(count + 1, sizeof(*model->rows));
	if (model->rows == NULL)
		client_no_memory();
	json_array_foreach(list, i, record) {
		const char *id = json_at_text(record, "id");
		const json_t *past = id == NULL ? NULL : json_object_get(model->past, id);
		struct live_row *row = &model->rows[model->row_count++];

		row->record = json_incref(record);
		for (int way = 0; way < LIVE_WAYS; way++)
			row->rate[way] = find_rate(past, record, (enum live_way)way);
	}
	model->matched = json_at_number(conns, "matched", -1);
	model->overwritten = json_at_number(conns, "overwritten", 0);
	json_decref(conns);
	return true;
}

/* In either order what is unknown comes last, and what is equal stays as the daemon has it. */
static bool
comes_before(const struct live_row *row, const struct live_row *other, enum live_way way, bool descending)
{
	int64_t a = row->rate[way], b = other->rate[way];

	if (a < 0 || b < 0)
		return a >= 0 && b < 0;
	return descending ? a > b : a < b;
}

static void
merge(struct live_row *rows, size_t half, size_t count, struct live_row *room, enum live_way way, bool descending)
{
	size_t left = 0, right = half;

	for (size_t i = 0; i < count; i++) {
		bool take_right = left == half ||
				  (right < count && comes_before(&rows[right], &rows[left], way, descending));

		room[i] = rows[take_right ? right++ : left++];
	}
	memcpy(rows, room, count * sizeof(*rows));
}

static void
sort(struct live_row *rows, size_t count, struct live_row *room, enum live_way way, bool descending)
{
	size_t half = count / 2;

	if (count < 2)
		return;
	sort(rows, half, room, way, descending);
	sort(rows + half, count - half, room, way, descending);
	merge(rows, half, count, room, way, descending);
}

void
live_model_sort_by_rate(struct live_model *model, enum live_way way, bool descending)
{
	struct live_row *room = calloc(model->row_count + 1, sizeof(*room));

	if (room == NULL)
		client_no_memory();
	sort(model->rows, model->row_count, room, way, descending);
	free(room);
}

int64_t
live_model_find(const struct live_model *model, const char *id)
{
	for (size_t i = 0; i < model->row_count; i++) {
		const char *its = json_at_text(model->rows[i].record, "id");

		if (its != NULL && strcmp(its, id) == 0)
			return (int64_t)i;
	}
	return -1;
}
