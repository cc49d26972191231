/* SPDX-License-Identifier: MIT */
/* --congestion: what is asked for is what the kernel has on each leg, and what the record tells. */
#include "support/hop.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "net/tcp_info.h"
#include "support/netns.h"
#include "support/peers.h"
#include "support/proxy_facts.h"
#include "support/suite.h"

enum { NAMES_MAX = 256 };

static const char *
congestion(const json_t *record, const char *leg)
{
	return path_text(path(path(record, "legs"), leg), "tcp.congestion");
}

/* To ask for one alone has both sockets looked at now. */
static json_t *
look(const struct hop *hop)
{
	char target[64];

	snprintf(target, sizeof(target), "/conns/%s", path_text(proxy_live(hop->proxy, "established"), "id"));
	return http_get_json(hop->proxy, target);
}

static void
expect_on_both(const char *option, const char *want)
{
	char arguments[64];

	snprintf(arguments, sizeof(arguments), "--congestion %s", option);
	struct hop hop = hop_open(arguments);
	json_t *record = look(&hop);
	ck_assert_str_eq(congestion(record, "client"), want);
	ck_assert_str_eq(congestion(record, "upstream"), want);
	hop_end(&hop);
}

/* One that is not the system's is among them on any machine that has two. */
START_TEST(a_name_is_in_force_on_both_legs)
{
	char names[NAMES_MAX] = "", *rest = names, *name;
	FILE *file = fopen("/proc/sys/net/ipv4/tcp_allowed_congestion_control", "re");

	ck_assert_ptr_ne(file, NULL);
	ck_assert_ptr_ne(fgets(names, sizeof(names), file), NULL);
	fclose(file);
	names[strcspn(names, "\n")] = '\0';
	while ((name = strsep(&rest, " ")) != NULL)
		expect_on_both(name, name);
}
END_TEST

START_TEST(what_is_kept_is_the_systems)
{
	char standard[TCP_CONGESTION_MAX];
	int fd = peer_listen("127.0.0.1:0");

	tcp_congestion_read(fd, standard);
	peer_close(&fd);
	expect_on_both("keep", standard);
}
END_TEST

/* A namespace has a default of its own. */
START_TEST(where_the_system_paces_loopback_legs_do_not)
{
	struct netns netns = netns_open();
	struct hop hop;
	json_t *record;

	if (system("echo bbr 2>/dev/null >/proc/sys/net/ipv4/tcp_congestion_control") != 0) {
		printf("there is no bbr here\n");
		netns_close(&netns);
		return;
	}
	hop = hop_open("");
	record = look(&hop);
	ck_assert_str_eq(congestion(record, "client"), "reno");
	ck_assert_str_eq(congestion(record, "upstream"), "reno");
	hop_end(&hop);

	hop = hop_open_over(NETNS_HERE ":0", "127.0.0.1:0", "");
	record = look(&hop);
	ck_assert_str_eq(congestion(record, "client"), "bbr");
	ck_assert_str_eq(congestion(record, "upstream"), "reno");
	hop_end(&hop);

	hop = hop_open_over("127.0.0.1:0", NETNS_HERE ":0", "");
	record = look(&hop);
	ck_assert_str_eq(congestion(record, "client"), "reno");
	ck_assert_str_eq(congestion(record, "upstream"), "bbr");
	hop_end(&hop);
	netns_close(&netns);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("integration/congestion control");
	TCase *tcase = tcase_create("congestion control");

	tcase_set_timeout(tcase, 30);
	tcase_add_test(tcase, a_name_is_in_force_on_both_legs);
	tcase_add_test(tcase, what_is_kept_is_the_systems);
	if (netns_can())
		tcase_add_test(tcase, where_the_system_paces_loopback_legs_do_not);
	suite_add_tcase(suite, tcase);
	return suite_main(suite);
}
