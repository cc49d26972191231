/* SPDX-License-Identifier: MIT */
/* Which of the connections that end without a byte of payload are probes. */
#include <errno.h>
#include <stdlib.h>
#include "base/clock.h"
#include "support/scene.h"
#include "support/suite.h"

static struct actor it;

/*
 * A story is told in letters.  Before the client comes:
 *
 *    i  there is an idle timeout       d  … and a longest life
 *    n  the upstream's name has no address
 *    0  no descriptor   1  no memory   2  no port is left for the upstream's socket
 *
 * then, those of the client small and those of the upstream big:
 *
 *    e  it is established   x  it cannot be: ECONNREFUSED, or   y  EHOSTUNREACH
 *    h  both kernels acknowledge nothing, until   a, A  this one does
 *    f, F  FIN   r, R  RST   l, L  no answer any more
 *    .  the turn is over   t  … and time passes, until a timer of ours ends it   s  the process stops
 */
static const struct {
	const char *story;
	enum close_reason why;
	enum close_initiator by;
	enum record_kind kind;
} ends[] = {
	{ "ef.F.", WHY_CLIENT_FIN, BY_CLIENT, KIND_PROBE },
	{ "f.e.F.", WHY_CLIENT_FIN, BY_CLIENT, KIND_PROBE }, /* it came and went before the connect was through */
	{ "efF.", WHY_CLIENT_FIN, BY_NOBODY, KIND_PROBE },
	{ "er.", WHY_CLIENT_RESET, BY_CLIENT, KIND_PROBE },
	{ "erR.", WHY_CLIENT_RESET, BY_NOBODY, KIND_PROBE },
	{ "ef.r.", WHY_CLIENT_ABANDONED, BY_CLIENT, KIND_PROBE },
	{ "ehf.F.rA.", WHY_CLIENT_ABANDONED, BY_CLIENT, KIND_PROBE },
	{ "r.", WHY_CLIENT_ABORT_CONNECTING, BY_CLIENT, KIND_PROBE },
	{ "f.r.", WHY_CLIENT_ABORT_CONNECTING, BY_CLIENT, KIND_PROBE },
	{ "rx.", WHY_CLIENT_ABORT_CONNECTING, BY_NOBODY, KIND_PROBE },

	/* The upstream went first, or may have. */
	{ "eF.f.", WHY_UPSTREAM_FIN, BY_UPSTREAM, KIND_PROXY },
	{ "eFf.", WHY_UPSTREAM_FIN, BY_NOBODY, KIND_PROXY },
	{ "eR.", WHY_UPSTREAM_RESET, BY_UPSTREAM, KIND_PROXY },
	{ "eRr.", WHY_UPSTREAM_RESET, BY_NOBODY, KIND_PROXY },
	{ "ef.R.", WHY_UPSTREAM_RESET, BY_UPSTREAM, KIND_PROXY },
	{ "eF.R.", WHY_UPSTREAM_ABANDONED, BY_UPSTREAM, KIND_PROXY },
	{ "eF.r.", WHY_CLIENT_RESET, BY_CLIENT, KIND_PROXY },
	{ "ehF.f.rA.", WHY_CLIENT_ABANDONED, BY_CLIENT, KIND_PROXY },

	/* The client waited in vain, even where it had gone meanwhile. */
	{ "x.", WHY_UPSTREAM_REFUSED, BY_UPSTREAM, KIND_PROXY },
	{ "f.x.", WHY_UPSTREAM_REFUSED, BY_UPSTREAM, KIND_PROXY },
	{ "y.", WHY_UPSTREAM_UNREACHABLE, BY_UPSTREAM, KIND_PROXY },
	{ "t", WHY_UPSTREAM_CONNECT_TIMEOUT, BY_PROXY, KIND_PROXY },
	{ "f.t", WHY_UPSTREAM_CONNECT_TIMEOUT, BY_PROXY, KIND_PROXY },
	{ "n", WHY_UPSTREAM_DNS, BY_PROXY, KIND_PROXY },
	{ "0", WHY_RESOURCE_FDS, BY_PROXY, KIND_PROXY },
	{ "1", WHY_RESOURCE_MEMORY, BY_PROXY, KIND_PROXY },
	{ "2", WHY_RESOURCE_PORTS, BY_PROXY, KIND_PROXY },

	/* Nobody went: somebody vanished, or was cut off. */
	{ "l.", WHY_CLIENT_LOST, BY_CLIENT, KIND_PROXY },
	{ "el.", WHY_CLIENT_LOST, BY_CLIENT, KIND_PROXY },
	{ "eL.", WHY_UPSTREAM_LOST, BY_UPSTREAM, KIND_PROXY },
	{ "iet", WHY_IDLE_TIMEOUT, BY_PROXY, KIND_PROXY },
	{ "ief.t", WHY_IDLE_TIMEOUT, BY_PROXY, KIND_PROXY },
	{ "det", WHY_MAX_DURATION, BY_PROXY, KIND_PROXY },
	{ "ef.t", WHY_HALF_CLOSE_TIMEOUT, BY_PROXY, KIND_PROXY },
	{ "ehf.F.t", WHY_FLUSH_TIMEOUT, BY_PROXY, KIND_PROXY },
	{ "es", WHY_SHUTDOWN, BY_ADMIN, KIND_PROXY },
	{ "ef.s", WHY_SHUTDOWN, BY_ADMIN, KIND_PROXY },
};
enum { ENDS = sizeof(ends) / sizeof(ends[0]) };

static void
answer_connect(int answer)
{
	fake_connects.answers[0] = answer;
	fake_connects.answer_count = 1;
}

static bool
prepare(char letter)
{
	switch (letter) {
	case 'i':
		scene.settings.idle_timeout_ns = 10 * NS_PER_S;
		return true;
	case 'd':
		scene.settings.max_duration_ns = 10 * NS_PER_S;
		return true;
	case 'n':
		scene_add_target("db.example");
		return true;
	case '0':
		answer_connect(-EMFILE);
		return true;
	case '1':
		answer_connect(-ENOMEM);
		return true;
	case '2':
		answer_connect(-EADDRNOTAVAIL);
		return true;
	default:
		return false;
	}
}

static void
play(char letter)
{
	enum leg_name leg = letter >= 'a' ? LEG_CLIENT : LEG_UPSTREAM;

	switch (letter) {
	case 'e':
		scene_connects(&it);
		scene_turn();
		return;
	case 'x':
		scene_connect_fails(&it, ECONNREFUSED);
		return;
	case 'y':
		scene_connect_fails(&it, EHOSTUNREACH);
		return;
	case 'h':
		scene_socket(&it, LEG_CLIENT)->hoards = scene_socket(&it, LEG_UPSTREAM)->hoards = true;
		return;
	case 'f':
	case 'F':
		scene_finishes(&it, leg);
		return;
	case 'r':
	case 'R':
		scene_fails(&it, leg, ECONNRESET);
		return;
	case 'l':
	case 'L':
		scene_fails(&it, leg, ETIMEDOUT);
		return;
	case 'a':
	case 'A':
		scene_acknowledges(&it, leg, scene_socket(&it, leg)->outq);
		return;
	case '.':
		scene_turn();
		return;
	case 't':
		scene_after(100 * NS_PER_S);
		return;
	case 's':
		conns_shutdown(&scene.bench);
		scene_turn();
		return;
	default:
		ck_abort_msg("no such letter: %c", letter);
	}
}

static void
tell(const char *story)
{
	while (prepare(*story))
		story++;
	it = scene_accepts();
	while (*story != '\0')
		play(*story++);
	/* A reset that waited for an acknowledgement has gone out by then. */
	scene_after(NS_PER_S);
}

START_TEST(only_a_client_that_came_and_went_is_a_probe)
{
	tell(ends[_i].story);
	scene_check_close(&it, ends[_i].why, ends[_i].by);
	ck_assert_str_eq(record_kind_text(scene_record(&it)->kind), record_kind_text(ends[_i].kind));
	ck_assert_uint_eq(totals_sum_kind(scene.track.totals, 1, ends[_i].kind), 1);
}
END_TEST

/* As in a real scan: the client's bytes, or the upstream's greeting, make a connection of it. */
START_TEST(one_byte_either_way_is_no_probe)
{
	it = scene_establishes();
	scene_sends(&it, _i == 0 ? LEG_CLIENT : LEG_UPSTREAM, 1);
	scene_finishes(&it, LEG_CLIENT);
	scene_turn();
	scene_finishes(&it, LEG_UPSTREAM);
	scene_turn();
	scene_check_close(&it, WHY_CLIENT_FIN, BY_CLIENT);
	ck_assert_uint_eq(scene_record(&it)->kind, KIND_PROXY);
}
END_TEST

START_TEST(a_byte_that_nobody_read_is_no_probe_either)
{
	it = scene_accepts();
	scene_sends(&it, LEG_CLIENT, 1);
	scene_fails(&it, LEG_CLIENT, ECONNRESET);
	scene_turn();
	scene_check_close(&it, WHY_CLIENT_ABORT_CONNECTING, BY_CLIENT);
	ck_assert_uint_eq(scene_record(&it)->kind, KIND_PROXY);
}
END_TEST

START_TEST(what_lives_is_no_probe_yet)
{
	it = scene_establishes();
	scene_finishes(&it, LEG_CLIENT);
	scene_turn();
	scene_check_state(&it, CONN_CLIENT_HALF_CLOSED);
	ck_assert_uint_eq(scene_record(&it)->kind, KIND_PROXY);
	ck_assert_uint_eq(totals_sum_kind(scene.track.totals, 1, KIND_PROBE), 0);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("scenario/conn_probe");
	TCase *tcase = tcase_create("probes");

	tcase_add_checked_fixture(tcase, scene_setup, scene_teardown);
	tcase_add_loop_test(tcase, only_a_client_that_came_and_went_is_a_probe, 0, ENDS);
	tcase_add_loop_test(tcase, one_byte_either_way_is_no_probe, 0, LEG_COUNT);
	tcase_add_test(tcase, a_byte_that_nobody_read_is_no_probe_either);
	tcase_add_test(tcase, what_lives_is_no_probe_yet);
	suite_add_tcase(suite, tcase);
	return suite_main(suite);
}
