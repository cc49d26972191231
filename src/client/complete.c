/* SPDX-License-Identifier: MIT */
#include "client/complete.h"

#include <dirent.h>
#include <stdlib.h>
#include <string.h>
#include "base/clock.h"
#include "base/log.h"
#include "client/ask.h"
#include "config/options.h"
#include "track/conn_state.h"
#include "track/field_names.h"

enum { WORDS_MAX = 256, WORD_MAX = 4096, JOINED_MAX = 8192 };

void
complete_offer(struct completion *completion, const char *word, const char *meaning)
{
	char bytes[WORD_MAX], harmless[256] = "";
	struct text line, told;

	if (strncmp(word, completion->partial, strlen(completion->partial)) != 0)
		return;
	text_init(&line, bytes, sizeof(bytes));
	terminal_add(&line, completion->keep);
	terminal_add(&line, word);
	text_init(&told, harmless, sizeof(harmless));
	terminal_add(&told, meaning == NULL ? "" : meaning);
	fprintf(completion->to, "%s%s%s\n", bytes, told.length > 0 ? "\t" : "", harmless);
}

/* The part of the word that stays moves on to `at`, which is in `partial`. */
static void
keep_up_to(struct completion *completion, const char *at)
{
	size_t kept = strlen(completion->keep), more = (size_t)(at - completion->partial);
	char *keep = realloc(completion->keep, kept + more + 1);

	if (keep == NULL)
		client_no_memory();
	memcpy(keep + kept, completion->partial, more);
	keep[kept + more] = '\0';
	completion->keep = keep;
	completion->partial = at;
}

/* "a,b,partial" */
static void
keep_list(struct completion *completion)
{
	const char *comma = strrchr(completion->partial, ',');

	if (comma != NULL)
		keep_up_to(completion, comma + 1);
}

static void
offer_words(struct completion *completion, const char *const *words)
{
	for (; *words != NULL; words++)
		complete_offer(completion, *words, NULL);
}

static void
offer_states(struct completion *completion)
{
	complete_offer(completion, "active", "all but closed");
	complete_offer(completion, "closed", "what the history has");
	complete_offer(completion, "all", "both");
	for (int state = 0; state < CONN_CLOSED; state++)
		complete_offer(completion, conn_state_text((enum conn_state)state), NULL);
}

static void
offer_fields(struct completion *completion)
{
	const char *name;

	for (int i = 0; (name = field_name_short(i)) != NULL; i++)
		complete_offer(completion, name, field_meanings[field_name_find(name).fields[0]].meaning);
	for (int field = 0; field < FIELD_COUNT; field++)
		complete_offer(completion, field_meanings[field].path, field_meanings[field].meaning);
}

/* Sockets may stand anywhere. */
static void
offer_paths(struct completion *completion)
{
	const char *slash = strrchr(completion->partial, '/');
	char directory[WORD_MAX];
	struct dirent *entry;
	DIR *open;

	if (slash == NULL)
		return;
	snprintf(directory, sizeof(directory), "%.*s", (int)(slash - completion->partial) + 1, completion->partial);
	keep_up_to(completion, slash + 1);
	open = opendir(directory);
	while (open != NULL && (entry = readdir(open)) != NULL) {
		if (entry->d_name[0] != '.' || completion->partial[0] == '.')
			complete_offer(completion, entry->d_name, NULL);
	}
	if (open != NULL)
		closedir(open);
}

static void
offer_urls(struct completion *completion)
{
	if (strncmp(completion->partial, "unix:", 5) == 0) {
		keep_up_to(completion, completion->partial + 5);
		fputs(":nospace\n", completion->to);
		offer_paths(completion);
		return;
	}
	fputs(":nospace\n", completion->to);
	complete_offer(completion, "http://", "over TCP");
	complete_offer(completion, "https://", "with TLS");
	complete_offer(completion, "unix:/", "at a Unix socket");
}

static void
offer_argument(struct completion *completion, const struct command_option *option)
{
	switch (option->hint) {
	case HINT_NONE:
		break;
	case HINT_WORDS:
		offer_words(completion, option->words);
		break;
	case HINT_STATE:
		offer_states(completion);
		break;
	case HINT_FIELD:
		if (*completion->partial == '-')
			keep_up_to(completion, completion->partial + 1);
		offer_fields(completion);
		break;
	case HINT_FIELDS:
		keep_list(completion);
		fputs(":nospace\n", completion->to);
		offer_fields(completion);
		break;
	case HINT_TYPES:
		keep_list(completion);
		fputs(":nospace\n", completion->to);
		offer_words(completion, event_types);
		break;
	case HINT_FILE:
		fputs(":files\n", completion->to);
		break;
	case HINT_URL:
		offer_urls(completion);
		break;
	}
}

/* The option that `word` names, and whose argument stands in the next word. */
static const struct command_option *
option_before(enum command_name command, const char *word)
{
	for (int i = 0; i < command_option_count; i++) {
		const struct command_option *option = &command_options[i];

		if (command_takes(command, option) && option->argument != NULL &&
		    (strcmp(word, option->name) == 0 || (option->letter != NULL && strcmp(word, option->letter) == 0)))
			return option;
	}
	return NULL;
}

/* Those words of a filter that are no options. */
static int
join_operands(enum command_name command, char *const *words, int count, struct text *joined)
{
	int operands = 0;

	for (int i = 0; i < count; i++) {
		if (words[i][0] == '-' && words[i][1] != '\0') {
			i += option_before(command, words[i]) != NULL;
			continue;
		}
		text_add(joined, operands++ == 0 ? "" : " ");
		text_add(joined, words[i]);
	}
	return operands;
}

static void
offer_operand(struct completion *completion, enum command_name command, char *const *words, int count)
{
	enum operand kind = commands[command].kind;
	char bytes[JOINED_MAX];
	struct text before;

	text_init(&before, bytes, sizeof(bytes));
	int operands = join_operands(command, words, count, &before);
	if (kind == OPERAND_COMMAND && operands == 0) {
		for (int i = 0; i < COMMAND_COUNT; i++)
			complete_offer(completion, commands[i].name, commands[i].meaning);
	}
	if (kind == OPERAND_ID_OR_FILTER && operands == 0)
		complete_ids(completion);
	if (kind == OPERAND_FILTER || kind == OPERAND_ID_OR_FILTER)
		complete_filter(completion, bytes);
}

/* The daemon and what it asks for, as far as the words before say so. */
static void
open_client(struct client *client, int argc, char *const *argv)
{
	char *copy[WORDS_MAX], bytes[512];
	struct text error;

	memcpy(copy, argv, (size_t)argc * sizeof(copy[0])); /* getopt changes the order */
	text_init(&error, bytes, sizeof(bytes));
	client_options_parse(&client->options, argc, copy, &error); /* half a command line is rarely right */
	client->options.timeout_ns = NS_PER_S;
}

/* words[0] is the command, and the last one is being typed. */
static void
complete_command(struct completion *completion, enum command_name command, int count, char *const *words)
{
	static struct client client; /* too large for a stack */
	const struct command_option *option = option_before(command, words[count - 2]);
	const char *equals = strchr(completion->partial, '=');

	completion->client = &client;
	open_client(&client, count - 1, words);
	if (option != NULL && count > 2) {
		offer_argument(completion, option);
		return;
	}
	if (strncmp(completion->partial, "--", 2) == 0 && equals != NULL) {
		char name[WORD_MAX];

		snprintf(name, sizeof(name), "%.*s", (int)(equals - completion->partial), completion->partial);
		option = option_before(command, name);
		keep_up_to(completion, equals + 1);
		if (option != NULL)
			offer_argument(completion, option);
		return;
	}
	if (*completion->partial != '-') {
		offer_operand(completion, command, words + 1, count - 2);
		return;
	}
	for (int i = 0; i < command_option_count; i++) {
		if (command_takes(command, &command_options[i]))
			complete_offer(completion, command_options[i].name, command_options[i].meaning);
	}
}

static bool
option_at(int number, const char *word, struct option_meaning *option)
{
	if (!options_describe(number, option))
		return false;
	if (strcmp(word, option->name) != 0 && (option->letter == NULL || strcmp(word, option->letter) != 0))
		option->name = NULL;
	return true;
}

/* The daemon's options. */
static void
complete_daemon(struct completion *completion, const char *before)
{
	static const char *const forms[] = { "text", "json", "off", NULL };
	struct option_meaning option;

	for (int i = 0; option_at(i, before, &option); i++) {
		if (option.name == NULL || option.argument == NULL)
			continue;
		if (strcmp(option.argument, "LEVEL") == 0) {
			for (int level = 0; level < LEVEL_COUNT; level++)
				complete_offer(completion, log_level_texts[level], NULL);
		} else if (strcmp(option.argument, "FORM") == 0) {
			offer_words(completion, forms);
		} else if (strcmp(option.argument, "v1|v2") == 0) {
			complete_offer(completion, "v1", "as text");
			complete_offer(completion, "v2", "binary");
		} else if (strcmp(option.argument, "FILE") == 0) {
			fputs(":files\n", completion->to);
		} else if (strcmp(option.argument, "FILTER") == 0) {
			complete_filter(completion, "");
		}
		return;
	}
	for (int i = 0; options_describe(i, &option); i++)
		complete_offer(completion, option.name, option.meaning);
}

/* bash cuts words at = and :.  What it cut is one word again; *dropped: what of the last one comes before its piece. */
static int
mend(int count, char *const *words, char **mended, char *room, size_t size, size_t *dropped)
{
	struct text text;
	int made = 0;
	bool open = false;

	*dropped = 0;
	text_init(&text, room, size);
	for (int i = 0; i < count && made < WORDS_MAX; i++) {
		bool cut = strcmp(words[i], ":") == 0 || strcmp(words[i], "=") == 0;
		bool joins = made > 0 && (open || (cut && (words[i][0] == ':' || words[i - 1][0] == '-')));

		if (joins) {
			text.length--; /* the NUL between */
			*dropped = (size_t)(room + text.length - mended[made - 1]) + (cut ? 1 : 0);
		} else {
			*dropped = 0;
			mended[made++] = room + text.length;
		}
		open = cut && joins;
		text_add(&text, words[i]);
		text_add_bytes(&text, "", 1);
		if (text.truncated)
			return 0;
	}
	return made;
}

void
complete_words(FILE *to, int count, char *const *raw)
{
	char *words[WORDS_MAX + 1], room[JOINED_MAX];
	struct completion completion = { .to = to, .keep = strdup("") };
	size_t dropped;
	int made = count == 0 || count > WORDS_MAX ? 0 : mend(count, raw, words, room, sizeof(room), &dropped);

	if (completion.keep == NULL)
		client_no_memory();
	if (made > 0) {
		if (dropped > 0)
			fprintf(to, ":drop %zu\n", dropped);
		completion.partial = words[made - 1];
		if (made == 1 && *completion.partial != '-') {
			for (int i = 0; i < COMMAND_COUNT; i++)
				complete_offer(&completion, commands[i].name, commands[i].meaning);
		}
		if (made > 1 && command_find(words[0]) != COMMAND_COUNT)
			complete_command(&completion, command_find(words[0]), made, words);
		else if (made > 1 || *completion.partial == '-')
			complete_daemon(&completion, made > 1 ? words[made - 2] : "");
	}
	free(completion.keep);
}

int
complete_run(int argc, char **argv)
{
	bool separated = argc > 1 && strcmp(argv[1], "--") == 0;

	complete_words(stdout, argc - 1 - separated, argv + 1 + separated);
	return EXIT_FINE;
}
