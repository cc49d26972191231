/* SPDX-License-Identifier: MIT */
#ifndef CLIENT_LIVE_KEYS_H
#define CLIENT_LIVE_KEYS_H

#include "client/live.h"
#include "client/screen.h"

/* What a key means, wherever somebody is. */

enum live_wish {
	LIVE_NOTHING,
	LIVE_RESTART, /* another question: what is under way is of no use, … */
	LIVE_FORGET,  /* … and neither is this, without another one */
	LIVE_REPAINT, /* all of the screen */
};

enum live_wish live_key(struct live *live, struct press press);

#endif
