/* SPDX-License-Identifier: MIT */
#ifndef CLIENT_COMPLETE_H
#define CLIENT_COMPLETE_H

#include <stddef.h>
#include <stdio.h>
#include "client/client.h"

/*
 * What the word that is being typed can become.  The shells' completions (completions/) only carry
 * words here and candidates back, so they know nothing that could be out of date.
 *
 *   sockproxy complete -- WORD...   the words behind the program's name; the last one is being typed
 *
 * Answers lines "candidate TAB meaning", and before them maybe ":files", names of files are wanted;
 * ":nospace", a word goes on behind a candidate; ":drop N", the shell has cut the word into pieces
 * (bash does, at = and :), and its last piece begins N bytes later.
 */
struct completion {
	FILE *to;
	struct client *client; /* as far as the words before say; its options are read */
	char *keep;            /* the beginning of the word, which stays, */
	const char *partial;   /* and what is looked for */
};

/* A word that begins as `partial` does.  meaning: NULL: none. */
void complete_offer(struct completion *completion, const char *word, const char *meaning);

/* Behind `before`, all words of a filter so far. */
void complete_filter(struct completion *completion, const char *before);

/* What is live there: ids with a few words each, and the values that a field has. */
void complete_ids(struct completion *completion);
void complete_values(struct completion *completion, const char *path);

/* Completes the last word; for tests. */
void complete_words(FILE *to, int count, char *const *words);

/* sockproxy complete -- WORD...; the exit status. */
int complete_run(int argc, char **argv);

#endif
