/* SPDX-License-Identifier: MIT */
#include "net/ports.h"

#include <stdio.h>
#include <unistd.h>
#include "support/suite.h"
#include "support/tcp_pair.h"
#include "support/wait_until.h"

START_TEST(a_source_has_the_ports_of_the_range)
{
	FILE *file = fopen("/proc/sys/net/ipv4/ip_local_port_range", "re");
	int first, last;

	ck_assert_ptr_ne(file, NULL);
	ck_assert_int_eq(fscanf(file, "%d %d", &first, &last), 2);
	fclose(file);
	ck_assert_int_eq(ports_of_one_source(), last - first + 1);
}
END_TEST

/* It stays for a minute, so that others who come and go meanwhile cannot hide it. */
START_TEST(who_closes_first_leaves_one_in_time_wait)
{
	int ends[2];

	tcp_pair(&ends[0], &ends[1]);
	close(ends[0]);
	close(ends[1]);
	wait_until(ports_in_time_wait() >= 1);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("net/ports");
	TCase *tcase = tcase_create("ports");

	tcase_set_timeout(tcase, 20);
	tcase_add_test(tcase, a_source_has_the_ports_of_the_range);
	tcase_add_test(tcase, who_closes_first_leaves_one_in_time_wait);
	suite_add_tcase(suite, tcase);
	return suite_main(suite);
}
