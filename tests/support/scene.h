/* SPDX-License-Identifier: MIT */
#ifndef SUPPORT_SCENE_H
#define SUPPORT_SCENE_H

#include <stdint.h>
#include "config/settings.h"
#include "proxy/conns.h"
#include "proxy/conn_parts.h"
#include "support/fake_clock.h"
#include "support/fake_socket.h"
#include "track/track.h"

/*
 * One worker's bench with a real loop, table and track, on fake time and fake
 * sockets: the connections of one listener, as a test makes them live.
 *
 * What a side does (scene_sends, scene_edge …) is delivered in the next
 * scene_turn, in the order told; time moves only between turns.
 */
struct scene {
	struct settings settings; /* the test's to change before scene_begin */
	const char *client;       /* whence the next one comes, if not from a Unix socket */
	struct track track;
	struct loop *loop;
	struct group *groups[1];
	struct admission *admission;
	struct workbench bench;
	int places_freed;
};
extern struct scene scene;

/* One connection of the story, also after it was closed. */
struct actor {
	struct conn *conn; /* NULL: it was refused on arrival */
	uint64_t id;
	int client; /* descriptor, which is its fake socket */
};

/* For tcase_add_checked_fixture.  The end fails the test unless descriptors, loans, places,
 * timers and tasks are all back. */
void scene_setup(void);
void scene_teardown(void);

/* One more target of the upstream: "192.0.2.1:80", or a name that has no address yet. */
void scene_add_target(const char *text);

/* With the settings as they are now.  Done by the first scene_accepts, if not before. */
void scene_begin(void);

/* A client is accepted, and its upstream is being connected … */
struct actor scene_accepts(void);
struct actor scene_accepts_fd(int fd);
/* … and is: bytes may flow. */
struct actor scene_establishes(void);

/* A turn of the loop, now or so much later. */
void scene_turn(void);
void scene_after(int64_t ns);

/* What happens in the next turn. */
void scene_edge(const struct actor *actor, enum leg_name leg, uint32_t events);
void scene_connects(const struct actor *actor);
void scene_connect_fails(const struct actor *actor, int error);
void scene_sends(const struct actor *actor, enum leg_name leg, size_t count);
void scene_finishes(const struct actor *actor, enum leg_name leg);
void scene_fails(const struct actor *actor, enum leg_name leg, int error); /* ECONNRESET: by a RST */
void scene_has_room(const struct actor *actor, enum leg_name leg, size_t count);
void scene_acknowledges(const struct actor *actor, enum leg_name leg, size_t count);

/* The fake behind a leg: of the upstream the one of the last attempt. */
struct fake_socket *scene_socket(const struct actor *actor, enum leg_name leg);

/* As anybody reads it: from the table, else from the history. */
const struct record *scene_record(const struct actor *actor);
enum conn_state scene_state(const struct actor *actor);

/* The events published since the last call, as letters: o(pen) c(onnected) h(alf_close) x (close). */
const char *scene_news(void);
uint64_t scene_total(enum total total);

/* What every end is looked at for. */
#define scene_check_close(actor, reason_, initiator_) \
	do { \
		const struct record *closed = scene_record(actor); \
		ck_assert_str_eq(conn_state_text(closed->state), "closed"); \
		ck_assert_str_eq(close_meanings[closed->close.reason].text, close_meanings[reason_].text); \
		ck_assert_int_eq(closed->close.initiator, initiator_); \
		ck_assert_int_eq(closed->close.how, close_meanings[reason_].how); \
	} while (0)
#define scene_check_state(actor, state_) ck_assert_str_eq(conn_state_text(scene_state(actor)), conn_state_text(state_))

#endif
