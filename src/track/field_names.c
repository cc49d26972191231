/* SPDX-License-Identifier: MIT */
#include "track/field_names.h"

#include <stdio.h>
#include <string.h>
#include "base/nearest.h"

/* What a path may end in without it being part of the name. */
static const char *const units[] = { "_bytes_per_second", "_segments", "_bytes", "_us", NULL };

static const char client_leg[] = "legs.client.", upstream_leg[] = "legs.upstream.";

/* clang-format off */
static const struct {
	const char *name;
	struct field_name fields;
} short_names[] = {
	{ "age",         { 1, { FIELD_duration_us }, false } },
	{ "client",      { 1, { FIELD_client_address }, false } },
	{ "target",      { 1, { FIELD_target_address }, false } },
	{ "reason",      { 1, { FIELD_close_reason }, false } },
	{ "initiator",   { 1, { FIELD_close_initiator }, false } },
	{ "how",         { 1, { FIELD_close_how }, false } },
	{ "order",       { 1, { FIELD_close_order }, false } },
	{ "clean",       { 1, { FIELD_close_clean }, false } },
	{ "undelivered", { 2, { FIELD_close_undelivered_up, FIELD_close_undelivered_down }, false } },
	{ "rtt",         { 2, { FIELD_legs_client_tcp_rtt_us, FIELD_legs_upstream_tcp_rtt_us }, false } },
	{ "retransmits", { 2, { FIELD_legs_client_tcp_retransmits_total, FIELD_legs_upstream_tcp_retransmits_total }, false } },
	{ "address",     { 5, { FIELD_client_address, FIELD_legs_client_tuple_source_ip, FIELD_legs_client_tuple_destination_ip,
	                        FIELD_legs_upstream_tuple_source_ip, FIELD_legs_upstream_tuple_destination_ip }, false } },
	{ "port",        { 5, { FIELD_client_port, FIELD_legs_client_tuple_source_port, FIELD_legs_client_tuple_destination_port,
	                        FIELD_legs_upstream_tuple_source_port, FIELD_legs_upstream_tuple_destination_port }, false } },
};
/* clang-format on */

enum { SHORT_NAMES = sizeof(short_names) / sizeof(short_names[0]) };

/* The length of the path without its unit; 0: it has none. */
static size_t
length_without_unit(const char *path)
{
	size_t length = strlen(path);

	for (int i = 0; units[i] != NULL; i++) {
		size_t unit = strlen(units[i]);

		if (length > unit && strcmp(path + length - unit, units[i]) == 0)
			return length - unit;
	}
	return 0;
}

static bool
is_called(const char *path, const char *name, bool *has_unit)
{
	size_t length = length_without_unit(path);

	*has_unit = strcmp(path, name) == 0;
	return *has_unit || (length > 0 && strlen(name) == length && strncmp(path, name, length) == 0);
}

static struct field_name
find_path(const char *name)
{
	struct field_name found = { 0 };

	for (int field = 0; field < FIELD_COUNT; field++) {
		if (is_called(field_meanings[field].path, name, &found.has_unit)) {
			found.fields[found.count++] = (enum field)field;
			return found;
		}
	}
	return found;
}

/* Both legs have the same fields, so where one has the name the other has it, too. */
static struct field_name
find_on_legs(const char *name)
{
	char path[2 * FIELD_NAME_MAX];

	snprintf(path, sizeof(path), "%s%s", client_leg, name);
	struct field_name found = find_path(path);
	if (found.count == 0)
		return found;
	snprintf(path, sizeof(path), "%s%s", upstream_leg, name);
	found.fields[found.count++] = find_path(path).fields[0];
	return found;
}

struct field_name
field_name_find(const char *name)
{
	struct field_name found = { 0 };

	if (strlen(name) >= FIELD_NAME_MAX)
		return found;
	found = find_path(name);
	if (found.count > 0)
		return found;
	for (int i = 0; i < SHORT_NAMES; i++) {
		if (strcmp(short_names[i].name, name) == 0)
			return short_names[i].fields;
	}
	return find_on_legs(name);
}

const char *
field_name_within(const char *object)
{
	size_t length = strlen(object);

	for (int field = 0; field < FIELD_COUNT; field++) {
		const char *path = field_meanings[field].path;

		if (strncmp(path, object, length) == 0 && path[length] == '.')
			return path;
	}
	return NULL;
}

const char *
field_name_short(int number)
{
	return number < SHORT_NAMES ? short_names[number].name : NULL;
}

/* A leg's fields by their names of either leg, unless they are asked for by path. */
static const char *
nearest_path(const char *name, bool whole, bool with_unit, char text[FIELD_NAME_MAX])
{
	char room[FIELD_COUNT][FIELD_NAME_MAX];
	const char *names[FIELD_COUNT + 1];
	int count = 0;

	for (int field = 0; field < FIELD_COUNT; field++) {
		const char *path = field_meanings[field].path;
		size_t skip = !whole && strncmp(path, client_leg, strlen(client_leg)) == 0 ? strlen(client_leg) : 0;
		size_t length = with_unit ? 0 : length_without_unit(path);

		snprintf(room[count], FIELD_NAME_MAX, "%.*s", length > 0 ? (int)(length - skip) : FIELD_NAME_MAX - 1,
		    path + skip);
		names[count] = room[count];
		count++;
	}
	names[count] = NULL;
	const char *found = nearest(name, names);
	return found == NULL ? NULL : strcpy(text, found);
}

static const char *
nearest_short(const char *name)
{
	const char *names[SHORT_NAMES + 1];

	for (int i = 0; i <= SHORT_NAMES; i++)
		names[i] = field_name_short(i);
	return nearest(name, names);
}

const char *
field_name_nearest(const char *name, char text[FIELD_NAME_MAX])
{
	const char *found = nearest_short(name);

	if (found != NULL)
		return strcpy(text, found);
	for (int i = 0; i < 4; i++) {
		found = nearest_path(name, i / 2 == 1, i % 2 == 1, text);
		if (found != NULL)
			return found;
	}
	return NULL;
}
