/* SPDX-License-Identifier: MIT */
#include "client/commands.h"

#include <stddef.h>
#include <string.h>
#include "base/clock.h"
#include "client/client.h"

/* clang-format off */
const struct command_meaning commands[COMMAND_COUNT] = {
	[COMMAND_CONNS]   = { "conns", "[FILTER]", OPERAND_FILTER, false, cmd_conns,
		"lists connections" },
	[COMMAND_SHOW]    = { "show", "ID|FILTER", OPERAND_ID_OR_FILTER, true, cmd_show,
		"shows all that is known of one connection" },
	[COMMAND_EVENTS]  = { "events", "[FILTER]", OPERAND_FILTER, false, cmd_events,
		"follows what happens, as it happens" },
	[COMMAND_TOP]     = { "top", "[FILTER]", OPERAND_FILTER, false, cmd_top,
		"shows connections on the whole screen, live" },
	[COMMAND_KILL]    = { "kill", "ID|FILTER", OPERAND_ID_OR_FILTER, true, cmd_kill,
		"ends connections, after it has shown and asked" },
	[COMMAND_EXPLAIN] = { "explain", "ID|FILTER", OPERAND_ID_OR_FILTER, true, cmd_explain,
		"tells the story of one connection in plain words" },
	[COMMAND_FINDINGS] = { "findings", "", OPERAND_NONE, false, cmd_findings,
		"shows what is worth a look, with its evidence" },
	[COMMAND_HELP]    = { "help", "[COMMAND]", OPERAND_COMMAND, false, cmd_help,
		"shows the commands, or the options of one" },
};

const char *const event_types[] = { "open", "connected", "half_close", "close", "denied", "listener", "upstream",
	"drain", "lost", "update", NULL };
static const char *const outputs[] = { "table", "wide", "json", NULL };
static const char *const colours[] = { "auto", "always", "never", NULL };
static const char *const hows[] = { "rst", "fin", NULL };

#define AT(member) offsetof(struct client_options, member)
#define BY(name)   (1u << COMMAND_##name)
#define EACH       (ALL | BY(TOP)) /* also the one that has a screen in place of a form */
#define ALL        (BY(CONNS) | BY(SHOW) | BY(EVENTS) | BY(KILL) | BY(EXPLAIN) | BY(FINDINGS))
#define LIMIT_MOST UINT32_MAX
#define TIME_LEAST (100 * NS_PER_MS)
#define INTERVAL_MOST  (3600 * NS_PER_S)
#define TIME_MOST  (86400 * NS_PER_S)

const struct command_option command_options[] = {
	{ NULL, "--state",    "STATE",    ARGUMENT_TEXT,  AT(state), BY(CONNS) | BY(TOP), 0, 0, "active", HINT_STATE, NULL,
	  "active, closed, all, or a state" },
	{ NULL, "--sort",     "[-]FIELD", ARGUMENT_TEXT,  AT(sort), BY(CONNS) | BY(TOP), 0, 0, NULL, HINT_FIELD, NULL,
	  "the least first; with - the greatest" },
	{ "-n", "--limit",    "N",        ARGUMENT_COUNT, AT(limit), BY(CONNS) | BY(EVENTS) | BY(TOP), 1, LIMIT_MOST, NULL, HINT_NONE, NULL,
	  "at most so many" },
	{ NULL, "--all",      NULL,       ARGUMENT_NONE,  AT(all), BY(CONNS), 0, 0, NULL, HINT_NONE, NULL,
	  "page after page, to the end" },
	{ NULL, "--count",    NULL,       ARGUMENT_NONE,  AT(count), BY(CONNS), 0, 0, NULL, HINT_NONE, NULL,
	  "only tell how many there are" },
	{ NULL, "--fields",   "A,B,...",  ARGUMENT_TEXT,  AT(fields), BY(CONNS) | BY(EVENTS), 0, 0, NULL, HINT_FIELDS, NULL,
	  "these columns" },
	{ NULL, "--types",    "A,B,...",  ARGUMENT_TEXT,  AT(types), BY(EVENTS), 0, 0, NULL, HINT_TYPES, NULL,
	  "only these: open, close, denied, ..." },
	{ NULL, "--since",    "CURSOR",   ARGUMENT_TEXT,  AT(since), BY(EVENTS), 0, 0, NULL, HINT_NONE, NULL,
	  "from there on; a list and each event tell one" },
	{ NULL, "--interval", "TIME",     ARGUMENT_TEXT,  AT(interval), BY(EVENTS), 0, 0, NULL, HINT_NONE, NULL,
	  "each live one again, every so often" },
	{ NULL, "--interval", "TIME",     ARGUMENT_TIME,  AT(interval_ns), BY(TOP), TIME_LEAST, INTERVAL_MOST, "1s", HINT_NONE, NULL,
	  "how often to look" },
	{ NULL, "--once",     NULL,       ARGUMENT_NONE,  AT(once), BY(TOP), 0, 0, NULL, HINT_NONE, NULL,
	  "two glances, and the second as text" },
	{ NULL, "--retry",    "TIME",     ARGUMENT_TIME,  AT(retry_ns), BY(EVENTS), 0, TIME_MOST, "60s", HINT_NONE, NULL,
	  "how long to try to come back when cut off" },
	{ "-y", "--yes",      NULL,       ARGUMENT_NONE,  AT(yes), BY(KILL), 0, 0, NULL, HINT_NONE, NULL,
	  "do not ask" },
	{ NULL, "--how",      "rst|fin",  ARGUMENT_WORD,  AT(how), BY(KILL), 0, 0, "rst", HINT_WORDS, hows,
	  "abort it, or end it in order" },
	{ NULL, "--max",      "N",        ARGUMENT_COUNT, AT(max), BY(KILL), 1, LIMIT_MOST, NULL, HINT_NONE, NULL,
	  "no more than so many" },
	{ NULL, "--reason",   "TEXT",     ARGUMENT_TEXT,  AT(reason), BY(KILL), 0, 0, NULL, HINT_NONE, NULL,
	  "kept in the record of each" },
	{ NULL, "--dry-run",  NULL,       ARGUMENT_NONE,  AT(dry_run), BY(KILL), 0, 0, NULL, HINT_NONE, NULL,
	  "only show whom it would end" },
	{ "-o", "--output",   "FORM",     ARGUMENT_WORD,  AT(output), ALL, 0, 0, "table", HINT_WORDS, outputs,
	  "table, wide, or json" },
	{ NULL, "--no-header", NULL,      ARGUMENT_NONE,  AT(no_header), BY(CONNS) | BY(EVENTS) | BY(FINDINGS), 0, 0, NULL, HINT_NONE, NULL,
	  "without the line above" },
	{ NULL, "--color",    "WHEN",     ARGUMENT_WORD,  AT(colour), EACH, 0, 0, "auto", HINT_WORDS, colours,
	  "auto (on a terminal), always, never" },
	{ "-s", "--server",   "URL",      ARGUMENT_TEXT,  AT(server), EACH, 0, 0, "http://127.0.0.1:9100", HINT_URL, NULL,
	  "URL, IP:PORT or unix:PATH" },
	{ NULL, "--token-file", "FILE",   ARGUMENT_TEXT,  AT(token_file), EACH, 0, 0, NULL, HINT_FILE, NULL,
	  "what it asks for, if it does" },
	{ NULL, "--cacert",   "FILE",     ARGUMENT_TEXT,  AT(cacert), EACH, 0, 0, NULL, HINT_FILE, NULL,
	  "whom to trust, if it speaks https" },
	{ NULL, "--timeout",  "TIME",     ARGUMENT_TIME,  AT(timeout_ns), EACH, TIME_LEAST, TIME_MOST, "10s", HINT_NONE, NULL,
	  "how long to wait for it" },
	{ "-h", "--help",     NULL,       ARGUMENT_HELP,  0, EACH | BY(HELP), 0, 0, NULL, HINT_NONE, NULL,
	  "show this" },
};
/* clang-format on */

const int command_option_count = sizeof(command_options) / sizeof(command_options[0]);

enum command_name
command_find(const char *name)
{
	int command = 0;

	while (command < COMMAND_COUNT && strcmp(commands[command].name, name) != 0)
		command++;
	return (enum command_name)command;
}

bool
command_takes(enum command_name command, const struct command_option *option)
{
	return (option->takes >> command & 1) != 0;
}

/* Spaces up to the column, one at least. */
static void
move_to(struct text *text, size_t begin, int column)
{
	int gap = column - (int)(text->length - begin);

	text_addf(text, "%*s", gap > 1 ? gap : 1, "");
}

enum { OPTION_COLUMN = 28, COMMAND_COLUMN = 22 };

static void
add_option(struct text *text, const struct command_option *option)
{
	size_t begin = text->length;

	text_addf(text, "  %s%s %s", option->letter == NULL ? "  " : option->letter, option->letter == NULL ? " " : ",",
	    option->name);
	if (option->argument != NULL)
		text_addf(text, " %s", option->argument);
	move_to(text, begin, OPTION_COLUMN);
	text_add(text, option->meaning);
	if (option->standard != NULL)
		text_addf(text, " [%s]", option->standard);
	text_add_char(text, '\n');
}

void
command_list(struct text *text)
{
	for (int i = 0; i < COMMAND_COUNT; i++) {
		size_t begin = text->length;

		text_addf(text, "  %s %s", commands[i].name, commands[i].operand);
		move_to(text, begin, COMMAND_COLUMN);
		text_addf(text, "%s\n", commands[i].meaning);
	}
}

void
command_help(struct text *text, enum command_name command)
{
	const struct command_meaning *meaning = &commands[command];

	text_addf(text, "Usage: sockproxy %s [OPTION]... %s\n", meaning->name, meaning->operand);
	text_addf(text, "%c%s.\n", meaning->meaning[0] - 'a' + 'A', meaning->meaning + 1);
	if (command == COMMAND_HELP) {
		text_add_char(text, '\n');
		command_list(text);
		return;
	}
	text_add_char(text, '\n');
	for (int i = 0; i < command_option_count; i++) {
		if (command_takes(command, &command_options[i]))
			add_option(text, &command_options[i]);
	}
	if (meaning->kind == OPERAND_FILTER || meaning->kind == OPERAND_ID_OR_FILTER)
		text_add(text, "\nA FILTER is like: client in 10.0.0.0/8 and idle > 5m and not upstream == db\n"
			       "(quote what your shell would take for itself, as < > and parentheses).\n");
	text_add(text, "sockproxy(1) says more.\n");
}
