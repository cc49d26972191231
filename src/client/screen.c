/* SPDX-License-Identifier: MIT */
#define NCURSES_WIDECHAR 1
#include "client/screen.h"

#include <locale.h>
#include <ncurses.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <term.h>
#include <unistd.h>
#include "client/client.h"

/* term.h makes macros of them. */
#undef columns
#undef lines

enum { ESCAPE_DELAY_MS = 25 };

static SCREEN *screen;
static bool has_colour;

/* "\033[31m" and the like, as terminal_ink has them. */
static const struct {
	int number;
	short pair, colour;
	attr_t attribute;
} inks[] = {
	{ 1, 0, 0, A_BOLD },
	{ 2, 0, 0, A_DIM },
	{ 31, 1, COLOR_RED, A_NORMAL },
	{ 32, 2, COLOR_GREEN, A_NORMAL },
	{ 33, 3, COLOR_YELLOW, A_NORMAL },
	{ 36, 4, COLOR_CYAN, A_NORMAL },
};

enum { INK_COUNT = sizeof(inks) / sizeof(inks[0]) };

static void
set_up_colours(bool colour)
{
	has_colour = colour && has_colors() && start_color() == OK;
	if (!has_colour)
		return;
	short background = use_default_colors() == OK ? -1 : COLOR_BLACK;
	for (int i = 0; i < INK_COUNT; i++) {
		if (inks[i].pair > 0)
			init_pair(inks[i].pair, inks[i].colour, background);
	}
}

bool
screen_is_possible(struct text *error)
{
	const char *kind = getenv("TERM");
	int found = 0;

	if (isatty(STDIN_FILENO) == 0 || isatty(STDOUT_FILENO) == 0) {
		text_add(error, "standard input and output must be a terminal; --once shows it once, as text");
		return false;
	}
	if (kind == NULL || *kind == '\0' || setupterm(NULL, STDOUT_FILENO, &found) == ERR) {
		text_add(error, "TERM: ");
		text_add_quoted(error, kind == NULL ? "" : kind);
		text_add(error, ": no such kind of terminal is known here; --once shows it once, as text");
		return false;
	}
	if (tigetstr("cup") == NULL || tigetstr("clear") == NULL) {
		text_add(error, "TERM: ");
		text_add_quoted(error, kind);
		text_add(error, ": such a terminal cannot be written to all over; --once shows it once, as text");
		return false;
	}
	del_curterm(cur_term);
	return true;
}

bool
screen_open(bool colour, struct text *error)
{
	static bool is_heeded;

	screen = newterm(NULL, stdout, stdin);
	if (screen == NULL) {
		text_add(error, "the terminal cannot be set up");
		return false;
	}
	if (!is_heeded)
		atexit(screen_close);
	is_heeded = true;
	client_before_saying(screen_close);
	cbreak();
	noecho();
	nonl();
	keypad(stdscr, TRUE);
	nodelay(stdscr, TRUE);
	set_escdelay(ESCAPE_DELAY_MS);
	curs_set(0);
	set_up_colours(colour);
	return true;
}

void
screen_close(void)
{
	if (screen == NULL)
		return;
	client_before_saying(NULL);
	curs_set(1);
	endwin();
	delscreen(screen);
	screen = NULL;
}

void
screen_leave(void)
{
	curs_set(1);
	def_prog_mode();
	endwin();
	fflush(stdout);
}

/* It may have another size by now. */
void
screen_come_back(void)
{
	reset_prog_mode();
	screen_resized();
	clearok(curscr, TRUE);
	refresh();
}

void
screen_resized(void)
{
	struct winsize size;

	if (ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_row > 0 && size.ws_col > 0)
		resizeterm(size.ws_row, size.ws_col);
}

void
screen_size(int *rows, int *columns)
{
	getmaxyx(stdscr, *rows, *columns);
}

void
screen_repaint(void)
{
	clearok(stdscr, TRUE);
}

/* The ink that begins at `at`, whose end it gives; or all off. */
static const char *
take_ink(const char *at, attr_t base)
{
	char *end;
	long number = strtol(at + 2, &end, 10);

	attrset((int)base);
	for (int i = 0; i < INK_COUNT; i++) {
		if (inks[i].number != number)
			continue;
		attron((int)inks[i].attribute);
		/* On a bar the colours would be those of the ground. */
		if (inks[i].pair > 0 && has_colour && base == A_NORMAL)
			attron(COLOR_PAIR(inks[i].pair));
	}
	return *end == 'm' ? end + 1 : end;
}

/* One line; where it ends. */
static const char *
paint_line(int row, const char *at, int width)
{
	attr_t base = A_NORMAL;
	mbstate_t state = { 0 };
	int used = 0;

	if (strncmp(at, SCREEN_REVERSE, strlen(SCREEN_REVERSE)) == 0) {
		base = A_REVERSE;
		at += strlen(SCREEN_REVERSE);
	}
	attrset((int)base);
	move(row, 0);
	while (*at != '\0' && *at != '\n') {
		wchar_t character;

		if (at[0] == '\033' && at[1] == '[') {
			at = take_ink(at, base);
			continue;
		}
		size_t length = mbrtowc(&character, at, MB_CUR_MAX, &state);
		if (length == (size_t)-1 || length == (size_t)-2 || length == 0) {
			memset(&state, 0, sizeof(state));
			length = 1;
			character = L'?';
		}
		int columns = wcwidth(character);
		at += length;
		used += columns > 0 ? columns : width;
		if (used <= width)
			addnwstr(&character, 1);
	}
	attrset((int)base);
	for (; base == A_REVERSE && used < width; used++)
		addch(' ');
	return *at == '\n' ? at + 1 : at;
}

void
screen_paint(const char *lines, int cursor_row, int cursor_column)
{
	int rows, columns;

	screen_size(&rows, &columns);
	erase();
	for (int row = 0; row < rows && *lines != '\0'; row++)
		lines = paint_line(row, lines, columns);
	attrset(A_NORMAL);
	curs_set(cursor_row >= 0 && cursor_row < rows ? 1 : 0);
	if (cursor_row >= 0)
		move(cursor_row, cursor_column < columns ? cursor_column : columns - 1);
	refresh();
}

static enum press_kind
meaning_of(wint_t key)
{
	static const struct {
		wint_t key;
		enum press_kind kind;
	} keys[] = {
		{ KEY_UP, PRESS_UP },
		{ KEY_DOWN, PRESS_DOWN },
		{ KEY_LEFT, PRESS_LEFT },
		{ KEY_RIGHT, PRESS_RIGHT },
		{ KEY_PPAGE, PRESS_PAGE_UP },
		{ KEY_NPAGE, PRESS_PAGE_DOWN },
		{ KEY_HOME, PRESS_HOME },
		{ KEY_END, PRESS_END },
		{ KEY_ENTER, PRESS_ENTER },
		{ KEY_BACKSPACE, PRESS_BACKSPACE },
		{ KEY_DC, PRESS_DELETE },
		{ KEY_RESIZE, PRESS_RESIZED },
	};

	for (size_t i = 0; i < sizeof(keys) / sizeof(keys[0]); i++) {
		if (keys[i].key == key)
			return keys[i].kind;
	}
	return PRESS_OTHER;
}

/* Nothing to read: there is nothing, or nobody any more. */
static struct press
nothing(void)
{
	struct pollfd input = { STDIN_FILENO, 0, 0 };

	if (poll(&input, 1, 0) == 1 && (input.revents & (POLLHUP | POLLERR | POLLNVAL)) != 0)
		return (struct press){ .kind = PRESS_GONE };
	return (struct press){ .kind = PRESS_NONE };
}

struct press
screen_press(void)
{
	wint_t key;

	switch (get_wch(&key)) {
	case KEY_CODE_YES:
		return (struct press){ .kind = meaning_of(key) };
	case OK:
		break;
	default:
		return nothing();
	}
	switch (key) {
	case L'\r':
	case L'\n':
		return (struct press){ .kind = PRESS_ENTER };
	case L'\033':
		return (struct press){ .kind = PRESS_ESCAPE };
	case L'\b':
	case L'\177':
		return (struct press){ .kind = PRESS_BACKSPACE };
	default:
		return (struct press){ .kind = PRESS_CHARACTER, .character = (wchar_t)key };
	}
}
