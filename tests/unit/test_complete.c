/* SPDX-License-Identifier: MIT */
#include "client/complete.h"

#include <stdlib.h>
#include <string.h>
#include "config/options.h"
#include "support/suite.h"
#include "track/filter.h"

enum { WORDS_MAX = 32 };

/* Words are what stands between single spaces; a space at the end begins an empty one.  '|' is a space in a word. */
static char *
complete(const char *line)
{
	char *words[WORDS_MAX], *copy = strdup(line), *rest = copy, *answer = NULL;
	FILE *to;
	size_t size;
	int count = 0;

	while (rest != NULL) {
		words[count] = strsep(&rest, " ");
		for (char *at = words[count]; *at != '\0'; at++)
			*at = *at == '|' ? ' ' : *at;
		ck_assert_int_lt(++count, WORDS_MAX);
	}
	to = open_memstream(&answer, &size);
	complete_words(to, count, words);
	fclose(to);
	free(copy);
	return answer;
}

/* The candidates alone, with a blank behind each. */
static char *
candidates(const char *line)
{
	char *answer = complete(line), *rest = answer, *each, *all = calloc(1, strlen(answer) + 2);

	while ((each = strsep(&rest, "\n")) != NULL) {
		each[strcspn(each, "\t")] = '\0';
		if (*each != '\0')
			strcat(strcat(all, each), " ");
	}
	free(answer);
	return all;
}

static const struct {
	const char *typed, *all;
} whole[] = {
	{ "ki", "kill " },
	{ "kil", "kill " },
	{ "xyz", "" },
	{ "help ex", "explain " },
	{ "fi", "findings " },
	{ "findings ", "" },
	{ "--demo", "--demo " },
	{ "-l 8080 --upst", "--upstream " },
	{ "--log-level de", "debug " },
	{ "--proxy-out ", "v1 v2 " },
	{ "--log-conns ", "text json off " },
	{ "conns -o ", "table wide json " },
	{ "conns --output=w", "--output=wide " },
	{ "conns --output = w", ":drop 9 --output=wide " }, /* as bash cuts it */
	{ "conns --output =", ":drop 9 --output=table --output=wide --output=json " },
	{ "conns --state cl", "closed client_half_closed " },
	{ "conns --sort -client.p", "-client.port " },
	{ "conns --fields id,limi", ":nospace id,limited_by " },
	{ "events --types open,up", ":nospace open,upstream open,update " },
	{ "conns --token-file ", ":files " },
	{ "conns -s ht", ":nospace http:// https:// " },
	{ "conns -s unix:/de", ":nospace unix:/dev " },
	{ "conns -s unix : /de", ":drop 5 :nospace unix:/dev " },
	{ "kill --how ", "rst fin " },
	{ "conns limited_by ", "== != in ~ " },
	{ "conns age ", "== != in < <= > >= " },
	{ "conns clean ", "== != in ~ " },
	{ "conns clean =", "== " },
	{ "conns clean == ", "true false " },
	{ "conns clean == true ", "and or " },
	{ "conns clean == true a", "and " },
	{ "conns how in (rst, e", "error " },
	{ "conns how in (rst,e", "(rst,error " },
	{ "conns how in (rst) o", "or " },
	{ "conns how in (rst) and kin", "kind " },
	{ "conns (not close.cle", "close.clean " },
	{ "conns state|==|clos", "state|==|closed " },
	{ "conns --state all kin", "kind " },
	{ "conns kin --state all", "all " },
	{ "conns nothing == ", "" },
	{ "conns upstream|==|\"d\"|and|sta", "upstream|==|\"d\"|and|state " },
	{ "conns legs.upstream.tcp.min", "legs.upstream.tcp.min_rtt " },
	{ "conns tcp.min", "tcp.min_rtt " },
	{ "--log-filter orde", "order " },
};

START_TEST(what_is_typed_becomes_what_can_be)
{
	char want[256], *got = candidates(whole[_i].typed);

	/* In the table a blank within a word is a |. */
	snprintf(want, sizeof(want), "%s", whole[_i].all);
	for (char *at = want; *at != '\0'; at++)
		*at = *at == '|' ? ' ' : *at;
	ck_assert_msg(strcmp(got, want) == 0, "%s: \"%s\" instead of \"%s\"", whole[_i].typed, got, want);
	free(got);
}
END_TEST

START_TEST(each_command_offers_its_options_and_no_other)
{
	char line[32], want[128], *got;

	snprintf(line, sizeof(line), "%s --", commands[_i].name);
	got = complete(line);
	for (int i = 0; i < command_option_count; i++) {
		snprintf(want, sizeof(want), "%s\t%s", command_options[i].name, command_options[i].meaning);
		const char *at = strstr(got, want);
		ck_assert_msg((at != NULL) == command_takes((enum command_name)_i, &command_options[i]), "%s %s", line,
		    command_options[i].name);
	}
	free(got);
}
END_TEST

/* What is offered for an option of the daemon is what it takes. */
START_TEST(words_of_the_daemon_are_taken_by_it)
{
	static struct settings settings;
	struct option_meaning option;
	int offered = 0;

	for (int i = 0; options_describe(i, &option); i++) {
		char line[64], bytes[OPTIONS_ERROR_MAX], *all, *rest, *word;
		struct text error;

		if (option.argument == NULL)
			continue;
		snprintf(line, sizeof(line), "%s ", option.name);
		all = rest = candidates(line);
		while ((word = strsep(&rest, " ")) != NULL && *word != '\0' && strcmp(option.argument, "FILTER") != 0) {
			char *argv[] = { "sockproxy", "-l", "1", "-u", "a:1", (char *)option.name, word, NULL };

			if (word[0] == ':')
				continue;
			text_init(&error, bytes, sizeof(bytes));
			ck_assert_msg(options_parse(&settings, 7, argv, &error) == OPTIONS_RUN, "%s", bytes);
			offered++;
		}
		free(all);
	}
	ck_assert_int_ge(offered, 10);
}
END_TEST

/* And each name that is offered in a filter is one. */
START_TEST(names_of_fields_are_names_in_filters)
{
	char *all = candidates("conns "), *rest = all, *word;
	int count = 0;

	while ((word = strsep(&rest, " ")) != NULL) {
		struct filter_fault fault;
		char filter[128];

		if (*word == '\0' || strcmp(word, "not") == 0)
			continue;
		snprintf(filter, sizeof(filter), "%s == null", word);
		struct filter *compiled = filter_new(filter, &fault);
		ck_assert_msg(compiled != NULL, "%s: %s", filter, fault.message);
		filter_free(compiled);
		count++;
	}
	ck_assert_int_gt(count, 60);
	free(all);
}
END_TEST

static void
nobody_answers(void)
{
	setenv("SOCKPROXY_URL", "unix:/nonexistent", 1);
}

int
main(void)
{
	Suite *suite = suite_create("complete");
	TCase *tcase = tcase_create("complete");

	tcase_add_checked_fixture(tcase, nobody_answers, NULL);
	tcase_add_loop_test(tcase, what_is_typed_becomes_what_can_be, 0, sizeof(whole) / sizeof(whole[0]));
	tcase_add_loop_test(tcase, each_command_offers_its_options_and_no_other, 0, COMMAND_COUNT);
	tcase_add_test(tcase, words_of_the_daemon_are_taken_by_it);
	tcase_add_test(tcase, names_of_fields_are_names_in_filters);
	suite_add_tcase(suite, tcase);
	return suite_main(suite);
}
