/* SPDX-License-Identifier: MIT */
/* The manual against the program: what the one has and the other has not is a failure, either way. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "config/options.h"
#include "support/suite.h"
#include "track/close_reason.h"
#include "track/conn_state.h"
#include "track/fields.h"
#include "track/totals.h"

enum { PAGE_MAX = 1 << 17, ITEMS_MAX = 256 };

static char page[PAGE_MAX];
static char *items[ITEMS_MAX + 1]; /* what stands behind each .It, and all up to the next */
static int item_count;

static void
read_page(void)
{
	char path[4096];
	const char *srcdir = getenv("srcdir");

	snprintf(path, sizeof(path), "%s/man/sockproxy.8", srcdir == NULL ? "." : srcdir);
	FILE *file = fopen(path, "r");
	ck_assert_msg(file != NULL, "cannot read %s", path);
	size_t length = fread(page, 1, sizeof(page) - 1, file);
	fclose(file);
	ck_assert_uint_lt(length, sizeof(page) - 1);
	page[length] = '\0';
}

/* Takes the items of one section or subsection, ".Sh OPTIONS" or ".Ss Totals", those with this macro. */
static void
take_items(const char *heading, const char *macro)
{
	char text[80];

	read_page();
	snprintf(text, sizeof(text), "\n%s\n", heading);
	char *at = strstr(page, text);
	ck_assert_msg(at != NULL, "no %s", heading);
	at += strlen(text);
	char *end = strstr(at, "\n.S");
	if (end != NULL)
		*end = '\0';
	snprintf(text, sizeof(text), "\n.It %s ", macro);
	for (item_count = 0; (at = strstr(at, text)) != NULL; item_count++) {
		ck_assert_int_lt(item_count, ITEMS_MAX);
		*at = '\0'; /* the one before ends here */
		at += strlen(text);
		items[item_count] = at;
	}
}

/* The first line of an item must be this. */
static void
check_item(int i, const char *want)
{
	ck_assert_msg(i < item_count, "missing: %s", want);
	size_t length = strcspn(items[i], "\n");
	ck_assert_msg(strlen(want) == length && strncmp(items[i], want, length) == 0, "\"%.*s\" where %s should be",
	    (int)length, items[i], want);
}

static void
check_end(int i)
{
	ck_assert_msg(i == item_count, "there is no such thing: %.40s", items[i]);
}

START_TEST(every_field_has_a_line)
{
	static const char leg[] = "legs.client.", twin[] = "legs.upstream.";
	int i = 0;

	take_items(".Ss The record", "Va");
	for (int field = 0; field < FIELD_COUNT; field++) {
		const char *path = field_meanings[field].path;
		const char *star = field_meanings[field].view == VIEW_SHORT ? " No *" : "";
		char want[128];

		if (strncmp(path, twin, strlen(twin)) == 0)
			continue; /* told together with the client's */
		if (strncmp(path, leg, strlen(leg)) == 0)
			snprintf(want, sizeof(want), "legs.X.%s%s", path + strlen(leg), star);
		else
			snprintf(want, sizeof(want), "%s%s", path, star);
		check_item(i++, want);
	}
	check_end(i);
}
END_TEST

START_TEST(every_state_has_a_line)
{
	take_items(".Ss States", "Cm");
	for (int state = 0; state < CONN_STATES; state++)
		check_item(state, conn_state_text(state));
	check_end(CONN_STATES);
}
END_TEST

START_TEST(every_close_reason_has_a_line)
{
	take_items(".Ss Close reasons", "Cm");
	for (int why = WHY_NONE + 1; why < WHY_COUNT; why++)
		check_item(why - 1, close_meanings[why].text);
	check_end(WHY_COUNT - 1);
}
END_TEST

START_TEST(every_total_has_a_line)
{
	take_items(".Ss Totals", "Va");
	for (int total = 0; total < TOTAL_COUNT; total++)
		check_item(total, total_meanings[total].text);
	check_end(TOTAL_COUNT);
}
END_TEST

static int
compare_texts(const void *one, const void *other)
{
	return strcmp(*(char *const *)one, *(char *const *)other);
}

/* Cuts an option's line of -h into "listen" and "l", and its default or NULL. */
static bool
take_option(char *line, char **name, char *letter, char **standard)
{
	char *dashes = strstr(line, "--"), *bracket = strrchr(line, '[');
	size_t length = strlen(line);

	if (strncmp(line, "  ", 2) != 0 || dashes == NULL || dashes > line + 6)
		return false;
	*standard = line[length - 1] == ']' ? bracket + 1 : NULL;
	line[length - (*standard != NULL)] = '\0';
	*letter = line[2] == '-' ? line[3] : '\0';
	*name = dashes + 2;
	(*name)[strcspn(*name, " ")] = '\0';
	return true;
}

START_TEST(every_option_has_its_place_and_tells_its_default)
{
	static char help_bytes[OPTIONS_HELP_MAX];
	char *names[ITEMS_MAX], letter, *standard, want[128];
	struct text help;
	int count = 0;

	text_init(&help, help_bytes, sizeof(help_bytes));
	options_help(&help);
	take_items(".Sh OPTIONS", "Fl");
	for (char *rest = help_bytes, *line; (line = strsep(&rest, "\n")) != NULL;) {
		if (!take_option(line, &names[count], &letter, &standard))
			continue;
		if (letter != '\0')
			snprintf(want, sizeof(want), "%c , -%s", letter, names[count]);
		else
			snprintf(want, sizeof(want), "-%s", names[count]);

		char *found = NULL;
		for (int i = 0; i < item_count && found == NULL; i++) {
			size_t length = strlen(want);

			if (strncmp(items[i], want, length) == 0 && strchr(" \n", items[i][length]) != NULL)
				found = items[i];
		}
		ck_assert_msg(found != NULL, "missing: .It Fl %s", want);
		if (standard != NULL) {
			snprintf(want, sizeof(want), "\nThe default is %s", standard);
			const char *told = strstr(found, want);
			ck_assert_msg(told != NULL && strchr(".,:", told[strlen(want)]) != NULL,
			    "--%s: \"%s\" is missing", names[count], want + 1);
		}
		count++;
	}
	ck_assert_int_gt(count, 20);
	ck_assert_int_eq(item_count, count);

	qsort(names, (size_t)count, sizeof(names[0]), compare_texts);
	for (int i = 0; i < count; i++) {
		const char *name = strstr(items[i], "-") + 1;

		ck_assert_msg(strncmp(name, names[i], strlen(names[i])) == 0, "--%s stands out of order", names[i]);
	}
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("manual");
	TCase *tcase = tcase_create("sockproxy.8");

	tcase_add_test(tcase, every_field_has_a_line);
	tcase_add_test(tcase, every_state_has_a_line);
	tcase_add_test(tcase, every_close_reason_has_a_line);
	tcase_add_test(tcase, every_total_has_a_line);
	tcase_add_test(tcase, every_option_has_its_place_and_tells_its_default);
	suite_add_tcase(suite, tcase);
	return suite_main(suite);
}
