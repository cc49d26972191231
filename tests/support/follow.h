/* SPDX-License-Identifier: MIT */
#ifndef SUPPORT_FOLLOW_H
#define SUPPORT_FOLLOW_H

#include <jansson.h>
#include <stdbool.h>
#include "base/addr.h"

/* Somebody who follows /events, and reads when the test says so.  Every wait ends after PATIENCE_MS. */
struct follow {
	int fd, status;
	char *headers; /* with the status line, each line with its CR LF */
	char *bytes;   /* of the body, not taken so far, with the chunks' frames left out */
	size_t length, taken, size;
	size_t chunk_left; /* bytes of the chunk under way */
	bool in_chunk;
	bool over;      /* the answer has ended as it should */
	char frame[32]; /* a line between two chunks, as far as it came */
	size_t frame_length;
	json_t *event; /* the last one */
};

/* GET `target` with further headers (each with its CR LF, or ""); reads the headers of the answer.  `buffer` other than 0
 * bounds what the kernel keeps of what is not read. */
void follow_open(struct follow *follow, const struct addr *at, const char *target, const char *headers, int buffer);
void follow_close(struct follow *follow);

/* The next line without its newline, valid until the next call; NULL: the answer has ended. */
const char *follow_line(struct follow *follow);

/* The next event of NDJSON, valid until the next call; NULL: the answer has ended.  With a type it must be of that one. */
json_t *follow_event(struct follow *follow, const char *type);

/* Nothing has come that was not taken so far, but for empty lines. */
bool follow_is_quiet(struct follow *follow);

#endif
