/* SPDX-License-Identifier: MIT */
#include "track/leg.h"

#include <stddef.h>

const char *
leg_text(enum leg_name leg)
{
	static const char *const texts[] = { [LEG_CLIENT] = "client", [LEG_UPSTREAM] = "upstream", [LEG_NONE] = NULL };

	return texts[leg];
}
