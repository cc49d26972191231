/* SPDX-License-Identifier: MIT */
#include "client/client_options.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "base/clock.h"
#include "support/suite.h"

enum { WORDS_MAX = 32 };

static struct client_options options;
static char error_bytes[512];
static char copy[16384];

/* Words are what stands between single spaces; "_" is an empty word. */
static enum client_options_answer
parse(const char *line)
{
	char *words[WORDS_MAX], *rest = copy;
	struct text error;
	int count = 0;

	snprintf(copy, sizeof(copy), "%s", line);
	while (rest != NULL && *rest != '\0') {
		char *word = strsep(&rest, " ");

		words[count++] = strcmp(word, "_") == 0 ? "" : word;
		ck_assert_int_lt(count, WORDS_MAX);
	}
	words[count] = NULL;
	text_init(&error, error_bytes, sizeof(error_bytes));
	enum client_options_answer answer = client_options_parse(&options, count, words, &error);
	ck_assert(!error.truncated);
	ck_assert_int_eq(answer == CLIENT_OPTIONS_WRONG, error.length > 0);
	return answer;
}

START_TEST(words_that_are_no_option_are_the_filter)
{
	ck_assert_int_eq(parse("conns state == established -o wide and idle > 5m --limit 3"), CLIENT_OPTIONS_RUN);
	ck_assert_str_eq(options.operand, "state == established and idle > 5m");
	ck_assert_int_eq(options.output, OUTPUT_WIDE);
	ck_assert_uint_eq(options.limit, 3);
	ck_assert_int_eq(options.command, COMMAND_CONNS);
	ck_assert_int_eq(parse("conns -- -o"), CLIENT_OPTIONS_RUN);
	ck_assert_str_eq(options.operand, "-o");
}
END_TEST

START_TEST(what_is_not_said_has_a_default)
{
	ck_assert_int_eq(parse("kill abc"), CLIENT_OPTIONS_RUN);
	ck_assert_str_eq(options.server, "http://127.0.0.1:9100");
	ck_assert_int_eq(options.output, OUTPUT_TABLE);
	ck_assert_int_eq(options.colour, COLOUR_AUTO);
	ck_assert_int_eq(options.how, KILL_RST);
	ck_assert_int_eq(options.timeout_ns, 10 * NS_PER_S);
	ck_assert(!options.yes);
	ck_assert_ptr_null(options.token_file);
}
END_TEST

START_TEST(the_environment_may_say_where)
{
	setenv("SOCKPROXY_URL", "unix:/run/admin", 1);
	setenv("SOCKPROXY_TOKEN_FILE", "/etc/token", 1);
	setenv("SOCKPROXY_CACERT", "/etc/cert", 1);
	ck_assert_int_eq(parse("conns"), CLIENT_OPTIONS_RUN);
	ck_assert_str_eq(options.server, "unix:/run/admin");
	ck_assert_str_eq(options.token_file, "/etc/token");
	ck_assert_str_eq(options.cacert, "/etc/cert");
	ck_assert_int_eq(parse("conns -s 127.0.0.1:1 --token-file b --cacert c"), CLIENT_OPTIONS_RUN);
	ck_assert_str_eq(options.server, "127.0.0.1:1");
	ck_assert_str_eq(options.token_file, "b");
	ck_assert_str_eq(options.cacert, "c");
	setenv("SOCKPROXY_URL", "", 1);
	ck_assert_int_eq(parse("conns"), CLIENT_OPTIONS_RUN);
	ck_assert_str_eq(options.server, "http://127.0.0.1:9100");
}
END_TEST

static const struct {
	const char *line, *says;
} wrong[] = {
	{ "conns --no-such", "sockproxy conns -h lists them" },
	{ "conns --stat x --sate", "did you mean --state?" },
	{ "conns --yes", "no such option" }, /* that is of kill */
	{ "conns -z", "\"-z\": no such option" },
	{ "conns -o", "-o: an argument is missing: FORM" },
	{ "conns --state", "--state: an argument is missing: STATE" },
	{ "conns -o xml", "must be table, wide or json" },
	{ "conns --color=blue", "must be auto, always or never" },
	{ "conns --all=1", "--all: takes no argument" },
	{ "conns -n 0", "-n: \"0\": must be a number from 1" },
	{ "conns -n many", "must be a number from 1" },
	{ "conns --limit 4294967296", "must be a number from 1" },
	{ "conns --timeout 5", "must be a time with its unit" },
	{ "conns --timeout 10ms", "must be 100ms to 1d" },
	{ "conns --state _", "something is expected" },
	{ "kill a --how maybe", "must be rst or fin" },
	{ "kill a --reason a\nX-Evil:1", "no control character" },
	{ "kill a --max 0", "must be a number from 1" },
	{ "kill", "ID|FILTER is missing" },
	{ "kill _", "ID|FILTER is missing" },
	{ "show --yes", "no such option" },
	{ "show", "sockproxy show" },
	{ "explain", "is missing" },
	{ "top --interval 5", "must be a time with its unit" },
	{ "top --interval 50ms", "must be 100ms to 1h" },
	{ "top -o json", "no such option" },
	{ "conns --once", "no such option" },
};

START_TEST(a_mistake_is_told_with_what_was_expected)
{
	ck_assert_int_eq(parse(wrong[_i].line), CLIENT_OPTIONS_WRONG);
	ck_assert_msg(strstr(error_bytes, wrong[_i].says) != NULL, "%s: %s", wrong[_i].line, error_bytes);
}
END_TEST

START_TEST(a_filter_that_is_too_long_is_refused)
{
	char line[10000] = "conns ";

	memset(line + 6, 'a', 9000);
	line[9006] = '\0';
	ck_assert_int_eq(parse(line), CLIENT_OPTIONS_WRONG);
}
END_TEST

START_TEST(help_is_asked_for_by_each_command)
{
	char line[32];

	snprintf(line, sizeof(line), "%s --help", commands[_i].name);
	ck_assert_int_eq(parse(line), CLIENT_OPTIONS_HELP);
	snprintf(line, sizeof(line), "%s -h", commands[_i].name);
	ck_assert_int_eq(parse(line), CLIENT_OPTIONS_HELP);
}
END_TEST

START_TEST(help_tells_each_option_in_a_line_that_fits)
{
	char bytes[8192], want[64], *rest = bytes, *line;
	struct text text;

	text_init(&text, bytes, sizeof(bytes));
	command_help(&text, (enum command_name)_i);
	ck_assert(!text.truncated);
	for (int i = 0; i < command_option_count; i++) {
		snprintf(want, sizeof(want), " %s ", command_options[i].name);
		/* One name may mean something else to another command. */
		bool told = strstr(bytes, want) != NULL && strstr(bytes, command_options[i].meaning) != NULL;

		if (_i != COMMAND_HELP)
			ck_assert_msg(told == command_takes((enum command_name)_i, &command_options[i]), "%s of %s",
			    want, commands[_i].name);
	}
	while ((line = strsep(&rest, "\n")) != NULL)
		ck_assert_msg(strlen(line) <= 80, "too wide: %s", line);
}
END_TEST

START_TEST(every_option_can_be_said)
{
	static const char *const arguments[] = {
		[ARGUMENT_NONE] = NULL,
		[ARGUMENT_TEXT] = "x",
		[ARGUMENT_COUNT] = "5",
		[ARGUMENT_TIME] = "3s",
		[ARGUMENT_HELP] = NULL,
	};
	const struct command_option *option = &command_options[_i];
	char line[128];

	for (int command = 0; command < COMMAND_COUNT; command++) {
		if (!command_takes((enum command_name)command, option))
			continue;
		const char *argument = option->kind == ARGUMENT_WORD ? option->words[0] : arguments[option->kind];
		snprintf(line, sizeof(line), "%s%s %s%s%s", commands[command].name,
		    commands[command].kind == OPERAND_NONE ? "" : " x", option->name, argument == NULL ? "" : "=",
		    argument == NULL ? "" : argument);
		ck_assert_msg(parse(line) == (option->kind == ARGUMENT_HELP ? CLIENT_OPTIONS_HELP : CLIENT_OPTIONS_RUN),
		    "%s: %s", line, error_bytes);
		ck_assert_int_eq(option->argument != NULL, argument != NULL);
	}
}
END_TEST

static void
forget_environment(void)
{
	unsetenv("SOCKPROXY_URL");
	unsetenv("SOCKPROXY_TOKEN_FILE");
	unsetenv("SOCKPROXY_CACERT");
	unsetenv("POSIXLY_CORRECT");
}

int
main(void)
{
	Suite *suite = suite_create("client_options");
	TCase *tcase = tcase_create("parse");

	tcase_add_checked_fixture(tcase, forget_environment, NULL);
	tcase_add_test(tcase, words_that_are_no_option_are_the_filter);
	tcase_add_test(tcase, what_is_not_said_has_a_default);
	tcase_add_test(tcase, the_environment_may_say_where);
	tcase_add_loop_test(tcase, a_mistake_is_told_with_what_was_expected, 0, sizeof(wrong) / sizeof(wrong[0]));
	tcase_add_test(tcase, a_filter_that_is_too_long_is_refused);
	tcase_add_loop_test(tcase, help_is_asked_for_by_each_command, 0, COMMAND_COUNT);
	tcase_add_loop_test(tcase, help_tells_each_option_in_a_line_that_fits, 0, COMMAND_COUNT);
	tcase_add_loop_test(tcase, every_option_can_be_said, 0, command_option_count);
	suite_add_tcase(suite, tcase);
	return suite_main(suite);
}
