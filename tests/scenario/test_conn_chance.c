/* SPDX-License-Identifier: MIT */
/*
 * Connections to which things happen by chance, a few at once and with too few
 * loans.  Whatever the order: no byte is lost, invented or out of order; a FIN
 * goes out only behind everything that came before a FIN, or before an admin's
 * order; an abort never becomes an orderly end; and in the end all is given back
 * (scene.c).
 */
#include <errno.h>
#include <stdlib.h>
#include "base/clock.h"
#include "net/tcp_info.h"
#include "support/scene.h"
#include "support/suite.h"

enum { CAST = 4, ACTS = 200, STORIES = 20 };

static struct actor cast[CAST];
static bool concluded[CAST]; /* an admin told it to end in order */
static uint32_t chance;

static uint32_t
draw(uint32_t below)
{
	chance = chance * 1664525 + 1013904223;
	return (chance >> 8) % below;
}

static bool
is_over(const struct actor *actor)
{
	return scene_state(actor) == CONN_CLOSED;
}

static struct actor
enter(void)
{
	struct actor actor = scene_accepts();
	struct fake_socket *upstream = scene_socket(&actor, LEG_UPSTREAM);

	fake_sockets[actor.client].hoards = draw(2) == 0;
	fake_sockets[actor.client].room = draw(50000);
	if (upstream != &fake_sockets[actor.client]) {
		upstream->hoards = draw(2) == 0;
		upstream->room = draw(50000);
	}
	return actor;
}

static void
act_on_leg(const struct actor *actor, enum leg_name leg)
{
	struct fake_socket *it = scene_socket(actor, leg);
	bool connected = leg == LEG_CLIENT || it->state != 2;

	if (it->closed || it->failed)
		return;
	switch (draw(16)) {
	case 0:
		if (connected)
			scene_fails(actor, leg, draw(4) == 0 ? ETIMEDOUT : ECONNRESET);
		else
			scene_connect_fails(actor, draw(2) == 0 ? ECONNREFUSED : ECONNRESET);
		break;
	case 1:
		if (connected && !it->fin_came)
			scene_finishes(actor, leg);
		break;
	case 2:
	case 3:
		if (connected)
			scene_has_room(actor, leg, draw(100000));
		break;
	case 4:
		it->room = 0;
		break;
	case 5:
	case 6:
		if (connected)
			scene_acknowledges(actor, leg, draw(50000));
		break;
	case 7:
		if (connected)
			scene_edge(actor, leg, draw(2) == 0 ? EPOLLIN : EPOLLOUT | EPOLLIN);
		break;
	case 8:
	case 9:
	case 10:
		if (!connected)
			scene_connects(actor);
		break;
	default:
		if (connected && !it->fin_came)
			scene_sends(actor, leg, draw(4) == 0 ? draw(400000) : draw(2000));
	}
}

static void
kill_one(void)
{
	uint32_t i = draw(CAST);
	bool in_order = draw(4) > 0;

	concluded[i] = concluded[i] || in_order;
	conns_kill(&scene.bench, cast[i].id, in_order ? HOW_FIN : HOW_RST, "by chance");
}

static void
check_leg(const struct actor *actor, enum leg_name leg, bool may_be_cut)
{
	const struct fake_socket *sink = scene_socket(actor, leg), *source = scene_socket(actor, leg_other(leg));

	ck_assert(sink->in_order);
	ck_assert_uint_le(sink->sent, source->given + source->readable);
	if (!sink->fin_sent || may_be_cut)
		return;
	ck_assert(source->fin_came);
	ck_assert_uint_eq(source->readable, 0);
	ck_assert_uint_eq(sink->sent, source->given);
}

/* What the record says at the end, against what the fakes know. */
static void
check_end(const struct actor *actor)
{
	const struct record *record = scene_record(actor);

	for (int leg = 0; leg < LEG_COUNT; leg++) {
		const struct fake_socket *sink = scene_socket(actor, leg),
					 *source = scene_socket(actor, leg_other(leg));
		uint64_t came = source->given + source->readable,
			 acknowledged = sink->sent + sink->fin_sent - sink->outq;

		ck_assert(sink->closed);
		if (scene_socket(actor, LEG_UPSTREAM) == &fake_sockets[actor->client])
			continue;
		acknowledged -= sink->fin_sent && sink->outq == 0;
		ck_assert_int_eq(
		    record->close.undelivered[leg], (int64_t)(came > acknowledged ? came - acknowledged : 0));
		ck_assert_uint_eq(record->bytes[leg].received, scene_socket(actor, leg)->given);
		ck_assert_uint_eq(record->bytes[leg].sent, sink->sent);
		/* An orderly end is one on both sides, and hides nothing. */
		ck_assert(record->close.how == HOW_FIN ? sink->fin_sent && !sink->aborted : sink->aborted);
		ck_assert(record->close.how != HOW_FIN || (source->fin_came && record->close.undelivered[leg] == 0));
	}
	ck_assert_uint_ne(record->close.reason, WHY_INTERNAL_ERROR);
}

static void
act(void)
{
	for (uint32_t times = draw(4) + 1; times > 0; times--)
		act_on_leg(&cast[draw(CAST)], draw(2) == 0 ? LEG_CLIENT : LEG_UPSTREAM);
	if (draw(30) == 0)
		kill_one();
	scene_after(draw(8) == 0 ? draw(200) * NS_PER_MS : 0);
	for (int i = 0; i < CAST; i++) {
		if (scene_socket(&cast[i], LEG_UPSTREAM)->connector) {
			check_leg(&cast[i], LEG_CLIENT, concluded[i]);
			check_leg(&cast[i], LEG_UPSTREAM, concluded[i]);
		}
		if (!is_over(&cast[i]))
			continue;
		if (scene_socket(&cast[i], LEG_UPSTREAM)->connector &&
		    scene_record(&cast[i])->connect_us != RECORD_UNKNOWN)
			check_end(&cast[i]);
		if (draw(4) == 0) {
			cast[i] = enter();
			concluded[i] = false;
		}
	}
}

/* All that hinders them is taken away: each must come to its end by itself. */
static void
let_end(void)
{
	for (int i = 0; i < CAST; i++) {
		for (int leg = 0; leg < LEG_COUNT; leg++) {
			struct fake_socket *it = scene_socket(&cast[i], leg);

			if (is_over(&cast[i]) || it->closed)
				continue;
			if (leg == LEG_UPSTREAM && it->state == 2) {
				it->state = TCP_IS_ESTABLISHED;
				scene_edge(&cast[i], leg, EPOLLOUT);
			}
			it->hoards = false;
			if (!it->failed && !it->fin_came)
				scene_finishes(&cast[i], leg);
			if (!it->failed) {
				scene_acknowledges(&cast[i], leg, it->outq);
				scene_has_room(&cast[i], leg, FAKE_ROOM);
			}
		}
		for (int turns = 0; turns < 40; turns++)
			scene_after(turns < 30 ? 0 : 50 * NS_PER_MS);
	}
	for (int turns = 0; turns < 40; turns++)
		scene_after(turns < 30 ? 0 : 50 * NS_PER_MS);
	for (int i = 0; i < CAST; i++) {
		scene_check_state(&cast[i], CONN_CLOSED);
		ck_assert_uint_ne(scene_record(&cast[i])->close.reason, WHY_FLUSH_TIMEOUT);
	}
}

START_TEST(whatever_happens_nothing_is_lost_and_no_end_is_mistaken)
{
	chance = (uint32_t)_i + 1;
	scene.settings.buffer_memory = 2 * LOAN_SIZE;
	for (int i = 0; i < CAST; i++) {
		cast[i] = enter();
		concluded[i] = false;
	}
	for (int i = 0; i < ACTS; i++)
		act();
	let_end();
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("scenario/conn_chance");
	TCase *tcase = tcase_create("chance");

	tcase_add_checked_fixture(tcase, scene_setup, scene_teardown);
	tcase_set_timeout(tcase, 60);
	tcase_add_loop_test(tcase, whatever_happens_nothing_is_lost_and_no_end_is_mistaken, 0, STORIES);
	suite_add_tcase(suite, tcase);
	return suite_main(suite);
}
