/* SPDX-License-Identifier: MIT */
#ifndef CLIENT_TERMINAL_H
#define CLIENT_TERMINAL_H

#include <stdbool.h>
#include <stddef.h>
#include "base/text.h"
#include "client/client_options.h"

/* What is written to, and what may be written there. */
struct terminal {
	bool is_one;
	bool colour;
	int width; /* in columns; 0: no limit */
};

enum ink { INK_PLAIN, INK_BOLD, INK_DIM, INK_RED, INK_GREEN, INK_YELLOW, INK_BLUE, INKS };

/* Colour by itself only on a terminal that is not dumb, and not with NO_COLOR. */
void terminal_look(struct terminal *terminal, int fd, enum colour_use use);

/* What switches an ink on, and all off; "" without colour. */
const char *terminal_ink(const struct terminal *terminal, enum ink ink);
const char *terminal_no_ink(const struct terminal *terminal, enum ink ink);

/* Foreign text so that it can neither steer a terminal nor hide in it: `?` for each character that is not
 * printable, has no width, or is no character at all.  Letters of other alphabets stay where the locale has
 * them.  The second keeps line breaks, too. */
void terminal_add(struct text *text, const char *foreign);
void terminal_add_lines(struct text *text, const char *foreign);

/* How many columns such a text takes. */
int terminal_width(const char *text);

#endif
