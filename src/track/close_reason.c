/* SPDX-License-Identifier: MIT */
#include "track/close_reason.h"

#include <stddef.h>

const struct close_meaning close_meanings[WHY_COUNT] = {
#define REASON(name, text, initiator, how, sentence, meaning) \
	[WHY_##name] = { text, BY_##initiator, HOW_##how, sentence, meaning },
#include "track/close_reason.def"
};

enum close_initiator
close_initiator(enum close_reason why, bool same_turn)
{
	enum close_initiator by = close_meanings[why].initiator;

	return same_turn && (by == BY_CLIENT || by == BY_UPSTREAM) ? BY_NOBODY : by;
}

const char *
close_initiator_text(enum close_initiator initiator)
{
	static const char *const texts[] = {
		[BY_NOBODY] = NULL,
		[BY_CLIENT] = "client",
		[BY_UPSTREAM] = "upstream",
		[BY_PROXY] = "proxy",
		[BY_ADMIN] = "admin",
	};

	return texts[initiator];
}

const char *
close_how_text(enum close_how how)
{
	static const char *const texts[] = {
		[HOW_NONE] = NULL,
		[HOW_FIN] = "fin",
		[HOW_RST] = "rst",
		[HOW_TIMEOUT] = "timeout",
		[HOW_ERROR] = "error",
	};

	return texts[how];
}

enum leg_name
close_subject(enum close_reason why)
{
	switch (close_meanings[why].initiator) {
	case BY_CLIENT:
		return LEG_CLIENT;
	case BY_UPSTREAM:
		return LEG_UPSTREAM;
	default:
		return LEG_NONE;
	}
}
