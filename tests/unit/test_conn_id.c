/* SPDX-License-Identifier: MIT */
#include "track/conn_id.h"

#include <string.h>
#include "support/suite.h"

/* clang-format off */
static const struct {
	int worker;
	uint32_t slot, generation;
} parts[] = {
	{ 0,   0,                     1 },
	{ 1,   2,                     3 },
	{ 127, CONN_ID_SLOTS_MAX - 1, UINT32_MAX },
	{ 255, CONN_ID_SLOTS_MAX - 1, UINT32_MAX },
};
static const uint64_t boots[] = { 0, 1, 0x123456789a, 0xffffffffff };

static const char *const wrong[] = {
	"",
	"0",
	"00000000000000000000",   /* one too few */
	"0000000000000000000000", /* one too many */
	"00000000g000000000000",  /* 65 bits */
	"00000000z000000000000",
	"00000000!000000000000",
	"0000000000000000000O0",
	"0000000000000000000i0",  /* the letters left out */
	"0000000000000000000l0",
	"0000000000000000000u0",
	"l00000000000000000000",
	"0000000000000000000A0",
	"00000000000000000000 ",
	"0000000000\303\251000000000",
};
/* clang-format on */

enum { PARTS = sizeof(parts) / sizeof(parts[0]), BOOTS = sizeof(boots) / sizeof(boots[0]) };

START_TEST(an_id_gives_back_its_parts)
{
	uint64_t id = conn_id_make(parts[_i].worker, parts[_i].slot, parts[_i].generation);

	ck_assert_int_eq(conn_id_worker(id), parts[_i].worker);
	ck_assert_uint_eq(conn_id_slot(id), parts[_i].slot);
	ck_assert_uint_eq(conn_id_generation(id), parts[_i].generation);
}
END_TEST

START_TEST(what_is_formatted_parses_to_the_same)
{
	const uint64_t boot = boots[_i / PARTS];
	uint64_t id = conn_id_make(parts[_i % PARTS].worker, parts[_i % PARTS].slot, parts[_i % PARTS].generation);
	uint64_t boot_again, id_again;
	char text[CONN_ID_TEXT_MAX];

	conn_id_format(boot, id, text);
	ck_assert_uint_le(strlen(text), 32);
	ck_assert_uint_eq(strspn(text, "0123456789abcdefghijklmnopqrstuvwxyz"), strlen(text));
	ck_assert(conn_id_parse(text, &boot_again, &id_again));
	ck_assert_uint_eq(boot_again, boot);
	ck_assert_uint_eq(id_again, id);
}
END_TEST

START_TEST(an_id_begins_with_its_boot)
{
	char boot[CONN_ID_TEXT_MAX], id[CONN_ID_TEXT_MAX];

	conn_id_format_boot(boots[_i], boot);
	conn_id_format(boots[_i], 1, id);
	ck_assert_int_eq(strncmp(boot, id, strlen(boot)), 0);
}
END_TEST

START_TEST(what_is_no_id_is_not_parsed)
{
	uint64_t boot, id;

	ck_assert_msg(!conn_id_parse(wrong[_i], &boot, &id), "%s", wrong[_i]);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("track/conn_id");
	TCase *tcase = tcase_create("number and text");

	tcase_add_loop_test(tcase, an_id_gives_back_its_parts, 0, PARTS);
	tcase_add_loop_test(tcase, what_is_formatted_parses_to_the_same, 0, PARTS * BOOTS);
	tcase_add_loop_test(tcase, an_id_begins_with_its_boot, 0, BOOTS);
	tcase_add_loop_test(tcase, what_is_no_id_is_not_parsed, 0, sizeof(wrong) / sizeof(wrong[0]));
	suite_add_tcase(suite, tcase);
	return suite_main(suite);
}
