/* SPDX-License-Identifier: MIT */
#ifndef CONFIG_OPTIONS_H
#define CONFIG_OPTIONS_H

#include "base/text.h"
#include "config/option_tell.h"
#include "config/settings.h"

enum options_answer {
	OPTIONS_RUN,
	OPTIONS_HELP,    /* -h: print options_help and exit 0 */
	OPTIONS_VERSION, /* -V */
	OPTIONS_WRONG,   /* `error` is one line that names the option and what was expected: exit 2 */
};

/* Room for the longest of either text. */
enum { OPTIONS_ERROR_MAX = 512, OPTIONS_HELP_MAX = 4096 };

/* Fills settings with defaults and what the command line says.  Nothing is
 * opened or looked up.  argv is not changed, and the call may be repeated.
 * With --demo there is one pair, whose target waits for its address. */
enum options_answer options_parse(struct settings *settings, int argc, char **argv, struct text *error);

/* What each option is set to, in the order of the table; each is told once, a list with its items behind it. */
void options_tell(const struct settings *settings, option_hear_fn *hear, void *to);

/* What one option is, for those who tell about them, as completion does.  False: there are no more. */
struct option_meaning {
	const char *letter;                    /* "-l"; NULL: none */
	const char *name, *argument, *meaning; /* argument: NULL: takes none */
};
bool options_describe(int number, struct option_meaning *option);

/* The text of -h, made from the table of options. */
void options_help(struct text *text);

#endif
