/* SPDX-License-Identifier: MIT */
#ifndef CLIENT_CLIENT_OPTIONS_H
#define CLIENT_CLIENT_OPTIONS_H

#include "base/text.h"
#include "client/admin_url.h"
#include "client/commands.h"

enum output_form { OUTPUT_TABLE, OUTPUT_WIDE, OUTPUT_JSON };
enum colour_use { COLOUR_AUTO, COLOUR_ALWAYS, COLOUR_NEVER };
enum kill_how { KILL_RST, KILL_FIN };

/* What a command line says.  What the daemon judges (states, fields, types, filters) is passed on as it
 * stands.  Texts are argv's or the environment's. */
struct client_options {
	enum command_name command;
	const char *server, *token_file, *cacert;
	enum output_form output;
	enum colour_use colour;
	int64_t timeout_ns;
	bool no_header;

	const char *state, *sort, *fields;
	uint32_t limit; /* 0: as the daemon has it; of events, 0: without end */
	bool all, count;

	const char *types, *since, *interval;
	int64_t retry_ns;

	int64_t interval_ns;
	bool once;

	enum kill_how how;
	const char *reason;
	uint32_t max; /* 0: no limit */
	bool yes, dry_run;

	char operand[8192]; /* the words that are no option, with a blank between two */
	int operands;       /* how many they are */
};

enum client_options_answer { CLIENT_OPTIONS_RUN, CLIENT_OPTIONS_HELP, CLIENT_OPTIONS_WRONG };

/* argv[0] is the command.  Wrong: the error is one line that names the option and what was expected. */
enum client_options_answer
client_options_parse(struct client_options *options, int argc, char **argv, struct text *error);

#endif
