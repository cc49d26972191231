/* SPDX-License-Identifier: MIT */
#ifndef CLIENT_COMMANDS_H
#define CLIENT_COMMANDS_H

#include <stdbool.h>
#include <stdint.h>
#include "base/text.h"

/*
 * What people can type: the commands and their options, as data.  Parsing, help and
 * completion are made from these two tables; sockproxy(1) is checked against them.
 */
enum command_name {
	COMMAND_CONNS,
	COMMAND_SHOW,
	COMMAND_EVENTS,
	COMMAND_TOP,
	COMMAND_KILL,
	COMMAND_EXPLAIN,
	COMMAND_FINDINGS,
	COMMAND_HELP,
	COMMAND_COUNT
};

/* How an end is told to whoever called.  (sysexits would be others; scripts rather ask 0 or not.) */
enum exit_status { EXIT_FINE, EXIT_FAILED, EXIT_WRONG_USAGE, EXIT_NOTHING, EXIT_UNREACHABLE };

/* What its words may be: for completion. */
enum operand { OPERAND_NONE, OPERAND_FILTER, OPERAND_ID, OPERAND_ID_OR_FILTER, OPERAND_COMMAND };

struct client;
typedef int command_fn(struct client *client); /* the exit status */

struct command_meaning {
	const char *name;
	const char *operand; /* as help shows it; "": it takes none */
	enum operand kind;
	bool needs_operand;
	command_fn *run;
	const char *meaning;
};
extern const struct command_meaning commands[COMMAND_COUNT];

/* COMMAND_COUNT: there is none of this name. */
enum command_name command_find(const char *name);

/* What an option's argument may be: for completion. */
enum hint {
	HINT_NONE,
	HINT_WORDS,  /* one of option->words */
	HINT_STATE,  /* active, closed, all or a state */
	HINT_FIELD,  /* a field, maybe with - before it */
	HINT_FIELDS, /* fields with commas between them */
	HINT_TYPES,  /* of events, likewise */
	HINT_FILE,
	HINT_URL,
};

enum argument_kind { ARGUMENT_NONE, ARGUMENT_TEXT, ARGUMENT_COUNT, ARGUMENT_TIME, ARGUMENT_WORD, ARGUMENT_HELP };

struct command_option {
	const char *letter;   /* "-s"; NULL: none */
	const char *name;     /* "--server" */
	const char *argument; /* NULL: takes none */
	enum argument_kind kind;
	size_t place;   /* in struct client_options */
	uint32_t takes; /* bits of enum command_name: by whom */
	int64_t least, most;
	const char *standard; /* the default, for help; NULL: none */
	enum hint hint;
	const char *const *words; /* of ARGUMENT_WORD: their places are the values; NULL behind the last */
	const char *meaning;
};
extern const struct command_option command_options[];
extern const int command_option_count;

bool command_takes(enum command_name command, const struct command_option *option);

/* The types of events, NULL behind the last. */
extern const char *const event_types[];

/* Usage and options of one command; and the list of all, for `sockproxy -h`. */
void command_help(struct text *text, enum command_name command);
void command_list(struct text *text);

#endif
