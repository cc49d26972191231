/* SPDX-License-Identifier: MIT */
#include "track/congestion.h"

#include <string.h>

uint8_t
congestion_number(struct congestion_names *names, const char *name)
{
	int i = 0;

	while (i < names->count && strcmp(names->names[i], name) != 0)
		i++;
	if (name[0] == '\0' || i == CONGESTION_NAMES)
		return 0;
	if (i == names->count) {
		strcpy(names->names[i], name);
		names->count++;
	}
	return (uint8_t)(i + 1);
}

const char *
congestion_text(const struct congestion_names *names, uint8_t number)
{
	return number == 0 ? NULL : names->names[number - 1];
}
