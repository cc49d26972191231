/* SPDX-License-Identifier: MIT */
#include "proxy/deadline.h"

#include "base/clock.h"
#include "support/suite.h"

#define S(seconds) ((seconds)*NS_PER_S)
#define NEVER      INT64_MAX

static const struct settings all = {
	.proxy_in_timeout_ns = S(3),
	.connect_timeout_ns = S(5),
	.idle_timeout_ns = S(100),
	.half_close_timeout_ns = S(60),
	.stall_timeout_ns = S(20),
	.flush_timeout_ns = S(30),
	.max_duration_ns = S(1000),
};
static const struct settings none;

/* clang-format off */
static const struct {
	const struct settings *settings;
	enum conn_state state;
	struct life_times times;
	int64_t at;
	enum conn_event event;
} cases[] = {
/*	  settings state                    opened   payload  phase    stalled: up, down       deadline */
	{ &all,  CONN_ACCEPTED,             { S(10), 0,       S(10),   { 0, 0 } },           S(1010), EV_MAX_DURATION },
	{ &all,  CONN_SNIFFING,             { S(10), 0,       S(10),   { 0, 0 } },           S(13),   EV_HEADER_TIMEOUT },
	{ &all,  CONN_SNIFFING,             { S(10), 0,       S(1008), { 0, 0 } },           S(1010), EV_MAX_DURATION },
	{ &all,  CONN_CONNECTING,           { S(10), 0,       S(10),   { 0, 0 } },           S(15),   EV_CONNECT_TIMEOUT },
	{ &all,  CONN_CONNECTING,           { S(10), 0,       S(14),   { 0, 0 } },           S(19),   EV_CONNECT_TIMEOUT },
	{ &all,  CONN_CONNECTING,           { S(10), 0,       S(1009), { 0, 0 } },           S(1010), EV_MAX_DURATION },
	{ &all,  CONN_ESTABLISHED,          { S(10), 0,       S(11),   { 0, 0 } },           S(110),  EV_IDLE },
	{ &all,  CONN_ESTABLISHED,          { S(10), S(50),   S(11),   { 0, 0 } },           S(150),  EV_IDLE },
	{ &all,  CONN_ESTABLISHED,          { S(10), S(950),  S(11),   { 0, 0 } },           S(1010), EV_MAX_DURATION },
	{ &all,  CONN_ESTABLISHED,          { S(10), S(50),   S(11),   { S(51), 0 } },       S(71),   EV_STALL },
	{ &all,  CONN_ESTABLISHED,          { S(10), S(50),   S(11),   { 0, S(52) } },       S(72),   EV_STALL },
	{ &all,  CONN_ESTABLISHED,          { S(10), S(50),   S(11),   { S(60), S(52) } },   S(72),   EV_STALL },
	{ &all,  CONN_ESTABLISHED,          { S(10), S(50),   S(11),   { S(140), 0 } },      S(150),  EV_IDLE },
	{ &all,  CONN_CLIENT_HALF_CLOSED,   { S(10), S(20),   S(40),   { 0, 0 } },           S(100),  EV_HALF_CLOSE },
	{ &all,  CONN_CLIENT_HALF_CLOSED,   { S(10), S(45),   S(40),   { 0, 0 } },           S(105),  EV_HALF_CLOSE },
	{ &all,  CONN_CLIENT_HALF_CLOSED,   { S(10), 0,       S(105),  { 0, 0 } },           S(110),  EV_IDLE },
	{ &all,  CONN_UPSTREAM_HALF_CLOSED, { S(10), S(20),   S(40),   { 0, 0 } },           S(100),  EV_HALF_CLOSE },
	{ &all,  CONN_UPSTREAM_HALF_CLOSED, { S(10), S(20),   S(40),   { S(30), 0 } },       S(50),   EV_STALL },
	{ &all,  CONN_UPSTREAM_HALF_CLOSED, { S(10), S(980),  S(980),  { 0, 0 } },           S(1010), EV_MAX_DURATION },
	{ &all,  CONN_FLUSHING,             { S(10), S(20),   S(40),   { S(20), S(20) } },   S(70),   EV_FLUSH },
	{ &all,  CONN_FLUSHING,             { S(10), S(20),   S(999),  { 0, 0 } },           S(1010), EV_MAX_DURATION },
	{ &all,  CONN_CLOSED,               { S(10), S(20),   S(40),   { S(20), S(20) } },   NEVER,   EV_COUNT },
	{ &none, CONN_ACCEPTED,             { S(10), 0,       S(10),   { 0, 0 } },           NEVER,   EV_COUNT },
	{ &none, CONN_CONNECTING,           { S(10), 0,       S(10),   { 0, 0 } },           NEVER,   EV_COUNT },
	{ &none, CONN_ESTABLISHED,          { S(10), S(20),   S(10),   { S(20), S(20) } },   NEVER,   EV_COUNT },
	{ &none, CONN_CLIENT_HALF_CLOSED,   { S(10), S(20),   S(10),   { S(20), S(20) } },   NEVER,   EV_COUNT },
	{ &none, CONN_UPSTREAM_HALF_CLOSED, { S(10), S(20),   S(10),   { S(20), S(20) } },   NEVER,   EV_COUNT },
	{ &none, CONN_FLUSHING,             { S(10), S(20),   S(10),   { S(20), S(20) } },   NEVER,   EV_COUNT },
};
/* clang-format on */

START_TEST(the_first_deadline_that_holds_is_the_next)
{
	struct deadline next = deadline_next(cases[_i].settings, cases[_i].state, &cases[_i].times);

	ck_assert_msg(next.at == cases[_i].at, "case %d: %lld s", _i, (long long)(next.at / NS_PER_S));
	ck_assert_int_eq(next.event, cases[_i].event);
}
END_TEST

/* conn acts on it in that state: an empty cell would be a surprise. */
START_TEST(every_deadline_is_an_event_of_its_state)
{
	struct deadline next = deadline_next(cases[_i].settings, cases[_i].state, &cases[_i].times);

	if (next.at != NEVER)
		ck_assert_ptr_nonnull(lifecycle_next(cases[_i].state, next.event));
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("proxy/deadline");
	TCase *tcase = tcase_create("next");

	tcase_add_loop_test(tcase, the_first_deadline_that_holds_is_the_next, 0, sizeof(cases) / sizeof(cases[0]));
	tcase_add_loop_test(tcase, every_deadline_is_an_event_of_its_state, 0, sizeof(cases) / sizeof(cases[0]));
	suite_add_tcase(suite, tcase);
	return suite_main(suite);
}
