/* SPDX-License-Identifier: MIT */
#include "base/flow.h"

#include <string.h>
#include "support/suite.h"

static struct flow
flow_of(const char *source, const char *destination)
{
	struct addr from, to;
	struct flow flow;

	ck_assert(addr_parse(&from, source) && addr_parse(&to, destination));
	memset(&flow, 0xaa, sizeof(flow)); /* nothing of what was there may stay */
	flow_set(&flow, &from, &to);
	return flow;
}

/* clang-format off */
static const struct {
	const char *source, *destination;
	const char *source_ip, *destination_ip;
} cases[] = {
	{ "192.0.2.7:51234",          "127.0.0.1:8080",          "192.0.2.7",    "127.0.0.1" },
	{ "[2001:db8::7]:51234",      "[::1]:8080",              "2001:db8::7",  "::1" },
	/* a dual-stack listener sees IPv4 so */
	{ "[::ffff:192.0.2.7]:51234", "[::ffff:127.0.0.1]:8080", "192.0.2.7",    "127.0.0.1" },
	{ "0.0.0.0:51234",            "[::]:8080",               "0.0.0.0",      "::" },
};
/* clang-format on */

START_TEST(both_ends_are_shown_as_they_are)
{
	struct flow flow = flow_of(cases[_i].source, cases[_i].destination);
	char ip[INET6_ADDRSTRLEN];

	ck_assert_int_eq(flow.protocol, FLOW_TCP);
	ck_assert_str_eq(flow_ip_format(&flow.source, ip), cases[_i].source_ip);
	ck_assert_str_eq(flow_ip_format(&flow.destination, ip), cases[_i].destination_ip);
	ck_assert_uint_eq(flow.source.port, 51234);
	ck_assert_uint_eq(flow.destination.port, 8080);
}
END_TEST

START_TEST(either_port_is_found_and_no_other)
{
	struct flow flow = flow_of("192.0.2.7:51234", "127.0.0.1:8080");

	ck_assert(flow_has_port(&flow, 51234));
	ck_assert(flow_has_port(&flow, 8080));
	ck_assert(!flow_has_port(&flow, 0));
	ck_assert(!flow_has_port(&flow, 5123));
}
END_TEST

START_TEST(a_unix_flow_has_neither_address_nor_port)
{
	struct flow flow = flow_of("unix:/run/client.sock", "unix:/run/app.sock");
	static const struct flow_end nothing;

	ck_assert_int_eq(flow.protocol, FLOW_UNIX);
	ck_assert_mem_eq(&flow.source, &nothing, sizeof(nothing));
	ck_assert_mem_eq(&flow.destination, &nothing, sizeof(nothing));
	ck_assert(!flow_has_port(&flow, 0));
}
END_TEST

START_TEST(without_a_socket_there_is_no_port)
{
	struct flow flow = { .protocol = FLOW_NONE };

	ck_assert(!flow_has_port(&flow, 0));
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("base/flow");
	TCase *tcase = tcase_create("5-tuple");

	tcase_add_loop_test(tcase, both_ends_are_shown_as_they_are, 0, sizeof(cases) / sizeof(cases[0]));
	tcase_add_test(tcase, either_port_is_found_and_no_other);
	tcase_add_test(tcase, a_unix_flow_has_neither_address_nor_port);
	tcase_add_test(tcase, without_a_socket_there_is_no_port);
	suite_add_tcase(suite, tcase);
	return suite_main(suite);
}
