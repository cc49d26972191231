/* SPDX-License-Identifier: MIT */
#ifndef UNIT_LIVE_SCENE_H
#define UNIT_LIVE_SCENE_H

#include "client/live_keys.h"
#include "client/live_view.h"

/* `sockproxy top` without a screen and without a daemon: what would come of either is said here, and drawn into lines. */
enum { LINES_MAX = 100, LINE_BYTES = 2048 };

extern struct client client;
extern struct live live;                  /* of 80 by 24, unless a test says otherwise */
extern char lines[LINES_MAX][LINE_BYTES]; /* what was drawn, without inks */
extern int line_count, bar;               /* bar: the line that is marked; -1: none */
extern struct live_cursor cursor;

/* The fixture. */
void live_scene_open(void);
void live_scene_close(void);

void press(enum press_kind kind);
enum live_wish type(wchar_t character);
void type_all(const char *text);

/* The daemon lists `count` of `matched` connections, whose numbers begin with `from`; the listener is foreign text. */
void take_list(int from, int count, int matched, const char *listener);

/* It has counted so long, each second as much. */
void take_stats(int uptime_s);

void draw(void);

/* The text stands in that line; the last one is -1. */
void expect(int line, const char *text);

#endif
