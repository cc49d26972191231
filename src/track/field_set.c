/* SPDX-License-Identifier: MIT */
#include "track/field_set.h"

#include <stdio.h>
#include <string.h>
#include "base/nearest.h"

enum { OBJECTS_MAX = 32 };

static const char *const objects_of[] = { "", "legs.client.", "legs.upstream." };

void
field_set_of_view(struct field_set *set, enum field_view view)
{
	for (int field = 0; field < FIELD_COUNT; field++)
		set->has[field] = field_meanings[field].view <= view;
}

static bool
add_object(struct field_set *set, const char *prefix, const char *name)
{
	char begin[2 * FIELD_NAME_MAX];
	size_t length = (size_t)snprintf(begin, sizeof(begin), "%s%s.", prefix, name);
	bool found = false;

	for (int field = 0; field < FIELD_COUNT; field++) {
		if (strncmp(field_meanings[field].path, begin, length) == 0)
			set->has[field] = found = true;
	}
	return found;
}

bool
field_set_add(struct field_set *set, const char *name)
{
	bool found = false;

	if (*name == '\0' || strlen(name) >= FIELD_NAME_MAX)
		return false;
	for (size_t i = 0; i < sizeof(objects_of) / sizeof(objects_of[0]); i++)
		found |= add_object(set, objects_of[i], name);
	if (found)
		return true;
	struct field_name named = field_name_find(name);
	for (int i = 0; i < named.count; i++)
		set->has[named.fields[i]] = true;
	return named.count > 0;
}

static bool
is_known(char objects[OBJECTS_MAX][FIELD_NAME_MAX], int count, const char *path, size_t length)
{
	for (int i = 0; i < count; i++) {
		if (strlen(objects[i]) == length && strncmp(objects[i], path, length) == 0)
			return true;
	}
	return false;
}

/* Each path up to one of its dots. */
static int
list_objects(char objects[OBJECTS_MAX][FIELD_NAME_MAX])
{
	int count = 0;

	for (int field = 0; field < FIELD_COUNT; field++) {
		const char *path = field_meanings[field].path;

		for (const char *dot = strchr(path, '.'); dot != NULL; dot = strchr(dot + 1, '.')) {
			size_t length = (size_t)(dot - path);

			if (count < OBJECTS_MAX && !is_known(objects, count, path, length))
				snprintf(objects[count++], FIELD_NAME_MAX, "%.*s", (int)length, path);
		}
	}
	return count;
}

const char *
field_set_nearest(const char *name, char text[FIELD_NAME_MAX])
{
	char objects[OBJECTS_MAX][FIELD_NAME_MAX];
	const char *names[OBJECTS_MAX + 1], *found;
	int count = list_objects(objects);

	for (int i = 0; i < count; i++)
		names[i] = objects[i];
	names[count] = NULL;
	found = nearest(name, names);
	return found != NULL ? strcpy(text, found) : field_name_nearest(name, text);
}
