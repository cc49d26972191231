/* SPDX-License-Identifier: MIT */
#ifndef API_REPLY_H
#define API_REPLY_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * What a route answers, before it is HTTP: a whole body, or a source that
 * writes it piece by piece while the client reads.
 */

struct follower;

/* Writes at most `size` > 0 bytes and returns how many; 0 only at the end.  Must not wait: one that has a follower may
 * say instead that there is nothing now, and is asked again when that is woken; or that it has looked for long enough
 * and is to be asked again when others had their turn. */
#define REPLY_SLEEPS SIZE_MAX
#define REPLY_YIELDS (SIZE_MAX - 1)
typedef size_t reply_fill_fn(void *source, char *bytes, size_t size);
typedef void reply_free_fn(void *source);

struct reply {
	int status;
	const char *type;         /* of the body */
	char allow[64];           /* the methods that there are; "": not told */
	bool close;               /* the connection: what follows on it cannot be trusted */
	int retry_after_s;        /* when to ask again; 0: not told */
	const char *authenticate; /* how to say who asks; NULL: not asked for */
	const char *policy;       /* what a page may do: Content-Security-Policy; NULL: it is none */

	char *body;          /* from malloc, or NULL */
	const char *lasting; /* in the place of body, what lasts as long as the process; or NULL */
	size_t length;

	reply_fill_fn *fill; /* NULL: the body is all */
	reply_free_fn *free;
	void *source;
	struct follower *follower; /* NULL: it always has something to write */
};

/* What can be wrong with a request.  RFC 9457: each has a type to tell it by, a title and a status. */
enum problem {
	PROBLEM_NONE,
	PROBLEM_BAD_REQUEST,
	PROBLEM_UNKNOWN_PARAMETER,
	PROBLEM_REPEATED_PARAMETER,
	PROBLEM_MISSING_PARAMETER,
	PROBLEM_BAD_VALUE,
	PROBLEM_BAD_FILTER,
	PROBLEM_UNAUTHORIZED,
	PROBLEM_FOREIGN_ORIGIN,
	PROBLEM_NO_CHANGES,
	PROBLEM_UNKNOWN_PATH,
	PROBLEM_UNKNOWN_CONNECTION,
	PROBLEM_UNKNOWN_LISTENER,
	PROBLEM_METHOD,
	PROBLEM_NOT_ACCEPTABLE,
	PROBLEM_STOPPING,
	PROBLEM_CONNECTION_CLOSED,
	PROBLEM_CONNECTION_GONE,
	PROBLEM_CURSOR_GONE,
	PROBLEM_TOO_LARGE,
	PROBLEM_NOT_JSON,
	PROBLEM_WRONG_HOST,
	PROBLEM_TOO_MANY_REQUESTS,
	PROBLEM_NO_MEMORY,
	PROBLEM_NOT_READY,
	PROBLEM_TOO_MANY_FOLLOWERS,
	PROBLEM_BUSY,
	PROBLEMS
};

int problem_status(enum problem problem);
const char *problem_type(enum problem problem); /* behind urn:sockproxy:problem: */
const char *problem_title(enum problem problem);

/* Each fills an empty reply; without memory it becomes PROBLEM_NO_MEMORY. */
void reply_document(struct reply *reply, json_t *document); /* takes it */
void reply_text(struct reply *reply, const char *text);
void reply_stream(struct reply *reply, const char *type, reply_fill_fn *fill, reply_free_fn *free, void *source);

/* `parameter` is the one at fault, or NULL.  The detail says what was found and what was expected. */
void reply_problem(struct reply *reply, enum problem problem, const char *parameter, const char *detail, ...)
    __attribute__((format(printf, 4, 5)));

/* `value` of the parameter is none of the names, NULL-terminated, which `expected` tells: "short or full". */
void reply_bad_word(
    struct reply *reply, const char *parameter, const char *value, const char *expected, const char *const *names);

/* One more member of the object that the body is, as JSON that is written already.  Without memory it is left out. */
void reply_append(struct reply *reply, const char *key, const char *json, size_t length);

/* Of one that is not sent. */
void reply_fini(struct reply *reply);

#endif
