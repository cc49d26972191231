/* SPDX-License-Identifier: MIT */
#include "api/id_set.h"

#include <stdlib.h>
#include "support/suite.h"

enum { MOST = 100, NAMES = 400, STEPS = 200000 };

START_TEST(what_was_added_and_not_removed_is_there)
{
	bool has[NAMES + 1] = { false };
	struct id_set set;
	int count = 0, fullest = 0;

	srand(1);
	ck_assert_int_eq(id_set_init(&set, MOST), 0);
	for (int i = 0; i < STEPS; i++) {
		int id = 1 + rand() % NAMES;
		bool adds = count < MOST && rand() % 2 == 0;

		if (adds)
			id_set_add(&set, (uint64_t)id << 32);
		else
			id_set_remove(&set, (uint64_t)id << 32);
		count += adds - has[id];
		has[id] = adds;
		fullest = count > fullest ? count : fullest;
		for (int other = 1; i % 1000 == 0 && other <= NAMES; other++)
			ck_assert(id_set_has(&set, (uint64_t)other << 32) == has[other]);
	}
	ck_assert_int_eq(fullest, MOST);
	id_set_fini(&set);
}
END_TEST

START_TEST(one_without_memory_notices_nothing)
{
	struct id_set set = { 0 };

	id_set_add(&set, 7);
	ck_assert(!id_set_has(&set, 7));
	id_set_remove(&set, 7);
	id_set_fini(&set);
}
END_TEST

START_TEST(the_smallest_has_room)
{
	struct id_set set;

	ck_assert_int_eq(id_set_init(&set, 1), 0);
	for (uint64_t id = 1; id < 100; id++) {
		id_set_add(&set, id);
		ck_assert(id_set_has(&set, id) && !id_set_has(&set, id + 1));
		id_set_remove(&set, id);
	}
	id_set_fini(&set);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("api/id_set");
	TCase *tcase = tcase_create("id_set");

	tcase_add_test(tcase, what_was_added_and_not_removed_is_there);
	tcase_add_test(tcase, one_without_memory_notices_nothing);
	tcase_add_test(tcase, the_smallest_has_room);
	suite_add_tcase(suite, tcase);
	return suite_main(suite);
}
