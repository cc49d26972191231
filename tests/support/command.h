/* SPDX-License-Identifier: MIT */
#ifndef SUPPORT_COMMAND_H
#define SUPPORT_COMMAND_H

#include <stdbool.h>
#include <sys/types.h>

/*
 * A command line for a shell, in which the word `sockproxy` at its beginning, or behind a blank and
 * a dollar, "$sockproxy", is the built program (with its tool, as SOCKPROXY says).  What it says is
 * kept; every wait has an end.
 */
struct command {
	pid_t pid; /* 0: gone */
	int status;
	int out, errors; /* files in memory; of a terminal both are `out` */
	int terminal;    /* -1: none */
	char *said[2];
};

/* Runs it to its end; standard input is empty. */
struct command *command_run(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* The same on a terminal so many columns wide, where this was typed. */
struct command *
command_run_typed(int columns, const char *typed, const char *format, ...) __attribute__((format(printf, 3, 4)));

/* Begins it.  It is to be ended by command_end, maybe after a signal. */
struct command *command_begin(const char *format, ...) __attribute__((format(printf, 1, 2)));
void command_signal(struct command *command, int signal);
void command_end(struct command *command);

/* All that it said so far on standard output, and on standard error; valid until the next call. */
const char *command_out(struct command *command);
const char *command_errors(struct command *command);

/* The exit status must be this; says what it said if not. */
void command_expect(struct command *command, int status);

/* Forgets it. */
void command_free(struct command *command);

#endif
