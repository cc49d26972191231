/* SPDX-License-Identifier: MIT */
#ifndef CLIENT_HTTP_CLIENT_H
#define CLIENT_HTTP_CLIENT_H

#include <signal.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "client/admin_url.h"

/*
 * HTTP towards one daemon, one request after the other on one connection: the
 * only place that knows libcurl.  It follows no redirect and uses no proxy, so
 * that a token goes where -s says and nowhere else.
 */
struct http_client;

struct http_setting {
	struct admin_url url;
	const char *token;                 /* NULL: none */
	const char *cacert;                /* a file; NULL: the system's */
	int64_t timeout_ms;                /* to connect, and for each silence while an answer is due */
	const volatile sig_atomic_t *stop; /* not 0: give up at once; NULL: never */
};

/* Gets the bytes of a 2xx as they come.  False: that is enough. */
typedef bool http_take_fn(void *taker, const char *bytes, size_t count);

struct http_ask {
	const char *method, *target; /* "GET", "/conns?limit=1" */
	const char *accept;          /* NULL: anything */
	const char *reason;          /* X-Reason; NULL: none */
	http_take_fn *take;          /* NULL: the whole body is collected, HTTP_BODY_MAX at most */
	void *taker;
	int64_t silence_ms; /* in place of the setting's; 0: that */
};

enum { HTTP_BODY_MAX = 256 << 20 };

enum http_result {
	HTTP_ANSWERED,    /* whole */
	HTTP_ENOUGH,      /* the taker said so, or `stop` did */
	HTTP_UNREACHABLE, /* nobody answered */
	HTTP_BROKEN,      /* the answer broke off */
	HTTP_TOO_LARGE,
};

struct http_answer {
	int status; /* 0: none came */
	int retry_after_s;
	char *body; /* with a NUL behind it; of what was not taken */
	size_t length;
	bool distrusted; /* its certificate, or that it has the name which was asked for */
	char fault[320]; /* unless HTTP_ANSWERED: one sentence without its full stop */
};

/* NULL: there is no memory.  The setting's texts must outlive it. */
struct http_client *http_client_new(const struct http_setting *setting);
void http_client_free(struct http_client *client);

/* The answer is to be forgotten by http_answer_fini, whatever the result. */
enum http_result http_client_ask(struct http_client *client, const struct http_ask *ask, struct http_answer *answer);
void http_answer_fini(struct http_answer *answer);

/*
 * The same for who has a keyboard to watch meanwhile: begin, then wait until the answer is there.  Question and answer
 * must stay where they are until then.  One question at a time.  False: no memory, and nothing was begun.
 */
bool http_client_begin(struct http_client *client, const struct http_ask *ask, struct http_answer *answer);

/* Waits until one of these descriptors can be read, a signal comes, or the time is over, and no longer than until the
 * answer is there.  True: it is, and *result says what came of it.  With nothing begun it only waits.  `count` is
 * HTTP_WAIT_FDS at most. */
enum { HTTP_WAIT_FDS = 4 };
bool http_client_wait(struct http_client *client, const int *fds, int count, int timeout_ms, enum http_result *result);

/* Forgets what was begun; its answer is to be forgotten by http_answer_fini all the same. */
void http_client_give_up(struct http_client *client);

/* One part of a target: what is no letter, digit or -._~ becomes %XX.  False: it did not fit. */
bool http_escape(struct text *text, const char *part);

#endif
