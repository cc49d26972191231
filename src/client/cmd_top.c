/* SPDX-License-Identifier: MIT */
/*
 * sockproxy top [FILTER]: connections on the whole screen, live.
 *
 * One loop waits for whatever comes first: a key, a signal, a piece of an answer, the time of the next glance.  So a daemon
 * that is slow or gone holds up nobody who wants to quit.
 */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/signalfd.h>
#include <time.h>
#include <unistd.h>
#include "base/clock.h"
#include "client/live_fetch.h"
#include "client/live_keys.h"
#include "client/live_view.h"
#include "client/screen.h"

enum { ROWS_ONCE = 20, DRAW_MS = 1000 };

static void
hear_nothing(int signal)
{
	(void)signal;
}

/* While it writes to the screen ncurses has ^Z ignored, which forgets one that waits to be read; unless it finds that
 * someone else looks after it. */
static void
keep_from_ncurses(void)
{
	signal(SIGTSTP, hear_nothing);
}

/* Those that end it, the one of ^Z, and the one that says that the terminal has another size, become readable: none
 * comes at a bad moment.  What asks names for addresses is another thread, which inherits that. */
static int
open_signals(void)
{
	static const int signals[] = { SIGINT, SIGTERM, SIGHUP, SIGQUIT, SIGWINCH, SIGTSTP };
	sigset_t set;

	sigemptyset(&set);
	for (size_t i = 0; i < sizeof(signals) / sizeof(signals[0]); i++)
		sigaddset(&set, signals[i]);
	sigprocmask(SIG_BLOCK, &set, NULL);
	keep_from_ncurses();
	return signalfd(-1, &set, SFD_NONBLOCK | SFD_CLOEXEC);
}

/* The shell has the terminal until it gives it back. */
static void
suspend(void)
{
	sigset_t set;

	screen_leave();
	sigemptyset(&set);
	sigaddset(&set, SIGTSTP);
	signal(SIGTSTP, SIG_DFL);
	raise(SIGTSTP);
	sigprocmask(SIG_UNBLOCK, &set, NULL); /* here it stops */
	sigprocmask(SIG_BLOCK, &set, NULL);
	keep_from_ncurses();
	screen_come_back();
}

/* True: there is something to draw. */
static bool
heed_signals(struct live *live, int fd)
{
	struct signalfd_siginfo signal;
	bool any = false;

	while (read(fd, &signal, sizeof(signal)) == sizeof(signal)) {
		any = true;
		if (signal.ssi_signo == SIGWINCH)
			screen_resized();
		else if (signal.ssi_signo == SIGTSTP)
			suspend();
		else
			live->is_over = true;
	}
	return any;
}

/* Another size: what is in sight, and which columns, begins anew. */
static void
measure(struct live *live)
{
	int height, width;

	screen_size(&height, &width);
	if (height == live->height && width == live->width)
		return;
	live->height = height;
	live->width = width;
	live_columns_reset(live->columns, live_set_of(live));
	live_settle(live);
	if (live->mode == LIVE_DETAIL)
		live_page_detail(live);
	live->wants_glance = true;
}

static void
draw(struct live *live)
{
	struct live_cursor cursor;
	char *lines = NULL;
	size_t size;
	FILE *file = open_memstream(&lines, &size);

	if (file == NULL)
		client_no_memory();
	live_view_draw(live, file, &cursor);
	if (fclose(file) != 0)
		client_no_memory();
	screen_paint(lines, cursor.row, cursor.column);
	free(lines);
}

/* All keys that wait.  True: there was one. */
static bool
heed_keys(struct live *live, struct live_fetch *fetch)
{
	bool any = false;

	for (struct press press; (press = screen_press()).kind != PRESS_NONE && !live->is_over; any = true) {
		if (press.kind == PRESS_GONE) {
			live->is_over = true;
			break;
		}
		if (press.kind == PRESS_RESIZED || press.kind == PRESS_OTHER)
			continue;
		switch (live_key(live, press)) {
		case LIVE_RESTART:
			live_fetch_restart(fetch);
			break;
		case LIVE_FORGET:
			live_fetch_forget(fetch);
			break;
		case LIVE_REPAINT:
			screen_repaint();
			break;
		case LIVE_NOTHING:
			break;
		}
	}
	return any;
}

/* How long somebody waits is told by the second. */
static void
watch(struct live *live, struct live_fetch *fetch, int signals)
{
	const int fds[] = { STDIN_FILENO, signals };
	int64_t drawn_ms = 0;
	bool stale = true;

	while (!live->is_over) {
		measure(live);
		if (stale || live_clock_ms() - drawn_ms >= DRAW_MS) {
			draw(live);
			drawn_ms = live_clock_ms();
		}
		stale = live_fetch_wait(fetch, fds, 2, drawn_ms + DRAW_MS);
		stale |= heed_signals(live, signals);
		stale |= heed_keys(live, fetch);
	}
}

static int
show(struct live *live, struct live_fetch *fetch)
{
	struct client *client = live->client;
	char bytes[512];
	struct text error;
	int signals;

	text_init(&error, bytes, sizeof(bytes));
	signals = open_signals();
	if (signals == -1 || !screen_open(client->terminal.colour, &error)) {
		client_say("%s", signals == -1 ? "no descriptor is left" : bytes);
		return EXIT_FAILED;
	}
	watch(live, fetch, signals);
	screen_close();
	close(signals);
	return EXIT_FINE;
}

/* Speeds take two glances. */
static int
print_once(struct live *live, struct live_fetch *fetch)
{
	struct timespec pause = { live->interval_ms / 1000, live->interval_ms % 1000 * NS_PER_MS };
	int status;

	nanosleep(&pause, NULL);
	status = live_fetch_glance(fetch);
	if (status == EXIT_FINE) {
		live->width = live->client->terminal.width;
		live_view_print(live, stdout, &live->client->terminal);
	}
	return status;
}

int
cmd_top(struct client *client)
{
	static struct live live; /* too large for a stack */
	struct live_fetch *fetch;
	char bytes[512];
	struct text error;
	int status;

	text_init(&error, bytes, sizeof(bytes));
	if (!client->options.once && !screen_is_possible(&error)) {
		client_say("%s", bytes);
		return EXIT_WRONG_USAGE;
	}
	live_init(&live, client);
	if (client->options.once && live.limit == 0)
		live.limit = ROWS_ONCE;
	fetch = live_fetch_new(&live);
	status = live_fetch_glance(fetch);
	if (status == EXIT_FINE)
		status = client->options.once ? print_once(&live, fetch) : show(&live, fetch);
	live_fetch_free(fetch);
	live_fini(&live);
	return status;
}
