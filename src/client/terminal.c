/* SPDX-License-Identifier: MIT */
#include "client/terminal.h"

#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>
#include <wchar.h>

void
terminal_look(struct terminal *terminal, int fd, enum colour_use use)
{
	const char *kind = getenv("TERM"), *no_colour = getenv("NO_COLOR");
	struct winsize size;

	terminal->is_one = isatty(fd) == 1;
	terminal->colour = use == COLOUR_ALWAYS;
	if (use == COLOUR_AUTO)
		terminal->colour = terminal->is_one && (no_colour == NULL || *no_colour == '\0') && kind != NULL &&
				   strcmp(kind, "dumb") != 0;
	terminal->width = 0;
	if (terminal->is_one && ioctl(fd, TIOCGWINSZ, &size) == 0)
		terminal->width = size.ws_col;
}

const char *
terminal_ink(const struct terminal *terminal, enum ink ink)
{
	static const char *const inks[INKS] = {
		[INK_PLAIN] = "",
		[INK_BOLD] = "\033[1m",
		[INK_DIM] = "\033[2m",
		[INK_RED] = "\033[31m",
		[INK_GREEN] = "\033[32m",
		[INK_YELLOW] = "\033[33m",
		[INK_BLUE] = "\033[36m",
	};

	return terminal->colour ? inks[ink] : "";
}

const char *
terminal_no_ink(const struct terminal *terminal, enum ink ink)
{
	return terminal->colour && ink != INK_PLAIN ? "\033[0m" : "";
}

/* What has no room is cut before a character: half of one may steer, too. */
static void
add_whole(struct text *text, const char *bytes, size_t length)
{
	if (length < text->size - text->length)
		text_add_bytes(text, bytes, length);
	else
		text->truncated = true;
}

/* Those that turn the direction of writing round are printable and have no width. */
static void
add(struct text *text, const char *foreign, bool lines)
{
	size_t left = strlen(foreign);
	mbstate_t state = { 0 };

	while (left > 0 && !text->truncated) {
		wchar_t character;
		size_t length = mbrtowc(&character, foreign, left, &state);

		if (length == (size_t)-1 || length == (size_t)-2) {
			memset(&state, 0, sizeof(state));
			length = 1;
			text_add_char(text, '?');
		} else if (wcwidth(character) > 0) {
			add_whole(text, foreign, length);
		} else {
			text_add_char(text, lines && character == L'\n' ? '\n' : '?');
		}
		foreign += length;
		left -= length;
	}
}

void
terminal_add(struct text *text, const char *foreign)
{
	add(text, foreign, false);
}

void
terminal_add_lines(struct text *text, const char *foreign)
{
	add(text, foreign, true);
}

int
terminal_width(const char *text)
{
	size_t left = strlen(text);
	mbstate_t state = { 0 };
	int width = 0;

	while (left > 0) {
		wchar_t character;
		size_t length = mbrtowc(&character, text, left, &state);

		if (length == (size_t)-1 || length == (size_t)-2) {
			memset(&state, 0, sizeof(state));
			length = 1;
			width++;
		} else {
			int columns = wcwidth(character);

			width += columns > 0 ? columns : 0;
		}
		text += length;
		left -= length;
	}
	return width;
}
