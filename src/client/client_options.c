/* SPDX-License-Identifier: MIT */
#include "client/client_options.h"

#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "base/clock.h"
#include "base/nearest.h"
#include "base/quantity.h"

enum { OPTIONS_MAX = 40, LONG_FIRST = 256 };

struct reading_options {
	struct client_options *options;
	const struct command_option *option; /* the one at hand, */
	const char *as;                      /* as the user wrote it */
	struct text *error;
};

static bool
refuse(struct reading_options *reading, const char *value, const char *expected)
{
	text_addf(reading->error, "%s: ", reading->as);
	text_add_quoted(reading->error, value);
	text_addf(reading->error, ": %s", expected);
	return false;
}

static void *
place(const struct reading_options *reading)
{
	return (char *)reading->options + reading->option->place;
}

static bool
take_text(struct reading_options *reading, const char *value)
{
	/* One may become a line of a request, where no control character may stand. */
	for (const char *at = value; *at != '\0'; at++) {
		if ((unsigned char)*at < ' ' || *at == 127)
			return refuse(reading, value, "no control character may be in it");
	}
	if (*value == '\0')
		return refuse(reading, value, "something is expected");
	*(const char **)place(reading) = value;
	return true;
}

static bool
take_count(struct reading_options *reading, const char *value)
{
	const struct command_option *option = reading->option;
	uint64_t count;
	char expected[80];

	if (quantity_parse_count(&count, value) && count >= (uint64_t)option->least &&
	    count <= (uint64_t)option->most) {
		*(uint32_t *)place(reading) = (uint32_t)count;
		return true;
	}
	snprintf(expected, sizeof(expected), "must be a number from %lld", (long long)option->least);
	return refuse(reading, value, expected);
}

static bool
take_time(struct reading_options *reading, const char *value)
{
	const struct command_option *option = reading->option;
	char least[QUANTITY_TEXT_MAX], most[QUANTITY_TEXT_MAX], expected[120];
	int64_t ns;

	if (!quantity_parse_duration(&ns, value))
		return refuse(reading, value, "must be a time with its unit, as 500ms, 5s, 2m, 1h or 1d");
	if (ns >= option->least && ns <= option->most) {
		*(int64_t *)place(reading) = ns;
		return true;
	}
	snprintf(expected, sizeof(expected), "must be %s to %s", quantity_format_duration(option->least, least),
	    quantity_format_duration(option->most, most));
	return refuse(reading, value, expected);
}

static bool
take_word(struct reading_options *reading, const char *value)
{
	const char *const *words = reading->option->words;
	char bytes[160];
	struct text expected;

	text_init(&expected, bytes, sizeof(bytes));
	text_add(&expected, "must be ");
	for (unsigned i = 0; words[i] != NULL; i++) {
		if (strcmp(words[i], value) == 0) {
			*(unsigned *)place(reading) = i;
			return true;
		}
		text_addf(&expected, "%s%s", i == 0 ? "" : words[i + 1] == NULL ? " or " : ", ", words[i]);
	}
	return refuse(reading, value, bytes);
}

_Static_assert(sizeof(enum output_form) == sizeof(unsigned) && sizeof(enum colour_use) == sizeof(unsigned) &&
		   sizeof(enum kill_how) == sizeof(unsigned),
    "take_word writes them");

static bool
take(struct reading_options *reading, const char *value)
{
	switch (reading->option->kind) {
	case ARGUMENT_NONE:
		*(bool *)place(reading) = true;
		return true;
	case ARGUMENT_TEXT:
		return take_text(reading, value);
	case ARGUMENT_COUNT:
		return take_count(reading, value);
	case ARGUMENT_TIME:
		return take_time(reading, value);
	case ARGUMENT_WORD:
		return take_word(reading, value);
	case ARGUMENT_HELP:
		break;
	}
	return true;
}

/* Those that this command takes; `rows` says where each is in the table. */
static int
describe(enum command_name command, struct option *longs, int *rows, char *letters)
{
	int count = 0;

	*letters++ = ':'; /* tell a missing argument from an unknown option */
	for (int i = 0; i < command_option_count; i++) {
		const struct command_option *option = &command_options[i];

		if (!command_takes(command, option))
			continue;
		longs[count] = (struct option){
			.name = option->name + 2,
			.has_arg = option->argument != NULL ? required_argument : no_argument,
			.val = LONG_FIRST + i,
		};
		rows[count++] = i;
		if (option->letter == NULL)
			continue;
		*letters++ = option->letter[1];
		if (option->argument != NULL)
			*letters++ = ':';
	}
	longs[count] = (struct option){ 0 };
	*letters = '\0';
	return count;
}

static void
find_row(struct reading_options *reading, int answer, const int *rows, int count)
{
	for (int i = 0; i < count; i++) {
		const struct command_option *option = &command_options[rows[i]];
		bool by_letter = option->letter != NULL && answer == option->letter[1];

		if (by_letter || answer == LONG_FIRST + rows[i]) {
			reading->option = option;
			reading->as = by_letter ? option->letter : option->name;
			return;
		}
	}
	reading->option = NULL;
}

static enum client_options_answer
unknown(struct reading_options *reading, char **argv, const int *rows, int count)
{
	const char *command = commands[reading->options->command].name;
	const char *names[OPTIONS_MAX + 1] = { NULL }, *meant;
	const char letter[] = { '-', (char)optopt, '\0' };
	struct text *error = reading->error;

	find_row(reading, optopt, rows, count);
	if (optopt != 0 && reading->option != NULL) {
		text_addf(error, "%s: takes no argument", reading->as);
		return CLIENT_OPTIONS_WRONG;
	}
	for (int i = 0; i < count; i++)
		names[i] = command_options[rows[i]].name;
	meant = optopt != 0 ? NULL : nearest(argv[optind - 1], names);
	text_add_quoted(error, optopt != 0 ? letter : argv[optind - 1]);
	text_add(error, ": no such option");
	if (meant != NULL)
		text_addf(error, "; did you mean %s?", meant);
	else
		text_addf(error, "; sockproxy %s -h lists them", command);
	return CLIENT_OPTIONS_WRONG;
}

static enum client_options_answer
take_operands(struct reading_options *reading, int argc, char **argv)
{
	struct client_options *options = reading->options;
	const struct command_meaning *command = &commands[options->command];
	struct text joined;

	text_init(&joined, options->operand, sizeof(options->operand));
	options->operands = argc - optind;
	for (int i = optind; i < argc; i++) {
		text_add(&joined, i == optind ? "" : " ");
		text_add(&joined, argv[i]);
	}
	if (joined.truncated) {
		text_add(reading->error, "the filter is longer than any may be: 4096 bytes");
		return CLIENT_OPTIONS_WRONG;
	}
	if (command->kind == OPERAND_NONE && options->operands > 0) {
		text_addf(reading->error, "%s takes no ", command->name);
		text_add_quoted(reading->error, options->operand);
		return CLIENT_OPTIONS_WRONG;
	}
	if (joined.length > 0 || !command->needs_operand)
		return CLIENT_OPTIONS_RUN;
	text_addf(reading->error, "%s is missing, as in: sockproxy %s %s", command->operand, command->name,
	    command->kind == OPERAND_ID ? "1b7u2m0s3d00400000001" : "port == 51234");
	return CLIENT_OPTIONS_WRONG;
}

static const char *
from_environment(const char *name)
{
	const char *value = getenv(name);

	return value != NULL && *value != '\0' ? value : NULL;
}

static void
set_defaults(struct client_options *options, enum command_name command)
{
	memset(options, 0, sizeof(*options));
	options->command = command;
	options->server = from_environment("SOCKPROXY_URL");
	options->token_file = from_environment("SOCKPROXY_TOKEN_FILE");
	options->cacert = from_environment("SOCKPROXY_CACERT");
	if (options->server == NULL)
		options->server = "http://127.0.0.1:9100";
	options->timeout_ns = 10 * NS_PER_S;
	options->retry_ns = 60 * NS_PER_S;
	options->interval_ns = NS_PER_S;
}

enum client_options_answer
client_options_parse(struct client_options *options, int argc, char **argv, struct text *error)
{
	struct reading_options reading = { .options = options, .error = error };
	struct option longs[OPTIONS_MAX + 1];
	int rows[OPTIONS_MAX], answer;
	char letters[2 * OPTIONS_MAX + 2];

	set_defaults(options, command_find(argv[0]));
	int count = describe(options->command, longs, rows, letters);
	optind = 0; /* glibc: begin anew */
	opterr = 0;
	while ((answer = getopt_long(argc, argv, letters, longs, NULL)) != -1) {
		if (answer == '?')
			return unknown(&reading, argv, rows, count);
		find_row(&reading, answer == ':' ? optopt : answer, rows, count);
		if (answer == ':') {
			text_addf(error, "%s: an argument is missing: %s", reading.as, reading.option->argument);
			return CLIENT_OPTIONS_WRONG;
		}
		if (reading.option->kind == ARGUMENT_HELP)
			return CLIENT_OPTIONS_HELP;
		if (!take(&reading, optarg))
			return CLIENT_OPTIONS_WRONG;
	}
	return take_operands(&reading, argc, argv);
}
