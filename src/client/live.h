/* SPDX-License-Identifier: MIT */
#ifndef CLIENT_LIVE_H
#define CLIENT_LIVE_H

#include "client/ask.h"
#include "client/line_edit.h"
#include "client/live_columns.h"
#include "client/live_model.h"

/*
 * `sockproxy top`: what people see and want at the moment.
 *
 *   a daemon ═══ live_fetch ──► live_model ──► live_view ──► screen ─► eyes
 *                    ▲                             ▲
 *                    └───────── struct live ◄──────┴── live_keys ◄── fingers
 *
 * One thread, and nothing in it waits for a daemon: cmd_top.c has the loop.
 */
enum live_mode {
	LIVE_LIST,
	LIVE_DETAIL, /* one connection */
	LIVE_HELP,
	LIVE_FILTER,   /* a line is typed below the list */
	LIVE_INTERVAL, /* likewise */
	LIVE_CONFIRM,  /* somebody is asked whether an order is meant */
};

/* More than these no list has (limit= of /conns). */
enum { LIVE_ROWS_MAX = 10000 };

/* What to end: one by its id, or all that match a filter, but no more than there were when that was asked. */
struct live_kill {
	bool all;
	char id[ID_MAX + 1];
	char filter[ASK_FILTER_MAX];
	int64_t count;
	enum kill_how how;
};

struct live {
	struct client *client;
	struct live_model model;
	struct live_columns *columns;

	/* the question */
	char state[32]; /* as state= of /conns */
	char filter[ASK_FILTER_MAX];
	struct live_order order;
	uint32_t limit; /* rows at most; 0: as many as the daemon gives */
	int64_t interval_ms;
	bool paused;

	/* the place in the list */
	enum live_mode mode, back; /* back: where a question was asked, and the answer leads */
	int height, width;         /* of the screen */
	size_t first;              /* row that is shown */
	size_t selected;
	char selected_id[ID_MAX + 1]; /* "": whoever stands there */

	/* one connection: of LIVE_DETAIL, and LIVE_HELP's place */
	char id[ID_MAX + 1];
	json_t *record; /* NULL: it has not come yet */
	char *story;
	char *page; /* as it is shown, line by line; of help too */
	int page_lines, page_first, page_left;

	/* what is typed */
	struct line_edit filter_line, interval_line;
	bool is_tried;                 /* the filter on the line is under way to the daemon */
	char tried[ASK_FILTER_MAX];    /* which is this */
	char fault[400];               /* what is wrong with it; "": nothing */
	size_t fault_at, fault_length; /* bytes of the line; length 0: nowhere */

	/* an order: asked about, then due, then under way, where another one may come to be asked about */
	struct live_kill kill;
	bool kill_is_due;
	int64_t ordered; /* how many the one under way means */

	/* how it stands with the daemon */
	char trouble[500]; /* why the last question has no answer; "": it has */
	int64_t heard_ms;  /* when an answer came last, by live_clock_ms; 0: never */
	int64_t asked_ms;  /* when the question that has no answer yet was asked; 0: there is none */

	char notice[500]; /* what came of the last key; "": nothing to tell */
	enum ink notice_ink;
	bool wants_glance; /* at once, also when paused */
	bool is_over;
};

int64_t live_clock_ms(void);

/* As the options of the command say.  The client must outlive it. */
void live_init(struct live *live, struct client *client);
void live_fini(struct live *live);

enum live_set live_set_of(const struct live *live);

/* "-idle"; NULL: of open ones those first that move most, of closed ones the newest. */
void live_set_order(struct live *live, const char *sort);

/* How many rows there are to go through: not only those that have come, but no more than come. */
size_t live_total(const struct live *live);

/* Another question: what is shown begins anew. */
void live_ask_anew(struct live *live);

/* A list has come, or somebody moved: the selected row is in the list, and in sight. */
void live_settle(struct live *live);
void live_select(struct live *live, size_t row);

/* The selected record; NULL: there is none yet. */
const json_t *live_selected(const struct live *live);

void live_notice(struct live *live, enum ink ink, const char *format, ...) __attribute__((format(printf, 3, 4)));

#endif
