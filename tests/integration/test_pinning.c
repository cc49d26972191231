/* SPDX-License-Identifier: MIT */
/* --workers auto and --pin-workers: how many workers there are, and on which CPUs they may run. */
#include <dirent.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "base/cpus.h"
#include "support/proxy_facts.h"
#include "support/suite.h"

/* Where its worker of this number may run.  False: there is none. */
static bool
worker_cpus(const struct proxy *proxy, int number, cpu_set_t *cpus)
{
	char path[512], name[32], want[32];
	bool found = false;

	snprintf(path, sizeof(path), "/proc/%d/task", (int)proxy->pid);
	snprintf(want, sizeof(want), "worker-%d\n", number);
	DIR *tasks = opendir(path);
	ck_assert_ptr_ne(tasks, NULL);
	for (struct dirent *task; !found && (task = readdir(tasks)) != NULL;) {
		snprintf(path, sizeof(path), "/proc/%d/task/%s/comm", (int)proxy->pid, task->d_name);
		FILE *file = task->d_name[0] == '.' ? NULL : fopen(path, "re");
		if (file == NULL)
			continue;
		found = fgets(name, sizeof(name), file) != NULL && strcmp(name, want) == 0 &&
			sched_getaffinity(atoi(task->d_name), sizeof(*cpus), cpus) == 0;
		fclose(file);
	}
	closedir(tasks);
	return found;
}

START_TEST(pinned_workers_have_a_cpu_each)
{
	struct proxy *proxy = proxy_start("-l 127.0.0.1:0 -u 127.0.0.1:9 --workers 3 --pin-workers");
	cpu_set_t cpus, want;

	for (int i = 0; i < 3; i++) {
		ck_assert(worker_cpus(proxy, i, &cpus));
		ck_assert_int_eq(cpus_nth(&want, i), 0);
		ck_assert(CPU_EQUAL(&cpus, &want));
	}
	proxy_stop(proxy);
}
END_TEST

START_TEST(others_may_run_wherever_the_process_may)
{
	struct proxy *proxy = proxy_start("-l 127.0.0.1:0 -u 127.0.0.1:9 --workers 2");
	cpu_set_t cpus, all;

	ck_assert_int_eq(sched_getaffinity(0, sizeof(all), &all), 0);
	for (int i = 0; i < 2; i++) {
		ck_assert(worker_cpus(proxy, i, &cpus));
		ck_assert(CPU_EQUAL(&cpus, &all));
	}
	proxy_stop(proxy);
}
END_TEST

/* As taskset(1) starts it: with some of the CPUs. */
START_TEST(workers_are_as_many_as_the_cpus_and_stay_on_them)
{
	cpu_set_t one, cpus;
	struct proxy *proxy;

	proxy = proxy_start("-l 127.0.0.1:0 -u 127.0.0.1:9");
	ck_assert_int_eq(path_number(http_get_json(proxy, "/config"), "workers"), cpus_count());
	proxy_stop(proxy);

	ck_assert_int_eq(cpus_nth(&one, 1), 0);
	ck_assert_int_eq(sched_setaffinity(0, sizeof(one), &one), 0);
	proxy = proxy_start("-l 127.0.0.1:0 -u 127.0.0.1:9 --pin-workers");
	ck_assert_int_eq(path_number(http_get_json(proxy, "/config"), "workers"), 1);
	ck_assert(worker_cpus(proxy, 0, &cpus));
	ck_assert(CPU_EQUAL(&cpus, &one));
	ck_assert(!worker_cpus(proxy, 1, &cpus));
	proxy_stop(proxy);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("integration/pinning");
	TCase *tcase = tcase_create("pinning");

	tcase_set_timeout(tcase, 30);
	tcase_add_test(tcase, pinned_workers_have_a_cpu_each);
	tcase_add_test(tcase, others_may_run_wherever_the_process_may);
	tcase_add_test(tcase, workers_are_as_many_as_the_cpus_and_stay_on_them); /* last: it narrows this process */
	suite_add_tcase(suite, tcase);
	return suite_main(suite);
}
