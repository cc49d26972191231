/* SPDX-License-Identifier: MIT */
#include "support/http_ask.h"

#include <check.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { PIECE = 65536 };

struct incoming {
	int fd;
	char *bytes;
	size_t length, size, taken;
};

int
http_connect(const struct addr *addr)
{
	int fd = socket(addr->any.sa_family, SOCK_STREAM, 0);

	ck_assert_int_ne(fd, -1);
	ck_assert_int_eq(connect(fd, &addr->any, addr->length), 0);
	return fd;
}

void
http_send(int fd, const char *bytes, size_t count)
{
	/* Who is refused early may find the door closed. */
	while (count > 0) {
		ssize_t sent = send(fd, bytes, count, MSG_NOSIGNAL);

		if (sent == -1)
			return;
		bytes += sent;
		count -= (size_t)sent;
	}
}

static bool
more(struct incoming *in)
{
	if (in->length + PIECE + 1 > in->size) {
		in->size = 2 * (in->length + PIECE + 1);
		in->bytes = realloc(in->bytes, in->size);
		ck_assert_ptr_nonnull(in->bytes);
	}
	ssize_t got = read(in->fd, in->bytes + in->length, PIECE);
	if (got <= 0)
		return false;
	in->length += (size_t)got;
	in->bytes[in->length] = '\0';
	return true;
}

/* A line without its CR LF, from malloc; NULL at the end. */
static char *
line(struct incoming *in)
{
	char *end;

	while (in->length == in->taken ||
	       (end = memmem(in->bytes + in->taken, in->length - in->taken, "\r\n", 2)) == NULL) {
		if (!more(in))
			return NULL;
	}
	char *text = strndup(in->bytes + in->taken, (size_t)(end - in->bytes) - in->taken);
	in->taken = (size_t)(end - in->bytes) + 2;
	return text;
}

static void
take(struct incoming *in, size_t count, struct answer *answer)
{
	while (in->length - in->taken < count)
		ck_assert_msg(more(in), "the body ends early");
	answer->body = realloc(answer->body, answer->length + count + 1);
	memcpy(answer->body + answer->length, in->bytes + in->taken, count);
	answer->length += count;
	answer->body[answer->length] = '\0';
	in->taken += count;
}

static void
take_chunks(struct incoming *in, struct answer *answer)
{
	size_t size;

	do {
		char *text = line(in);

		ck_assert_msg(text != NULL, "the body ends early");
		size = strtoul(text, NULL, 16);
		free(text);
		take(in, size, answer);
		free(line(in));
		/* What was taken need not be kept. */
		memmove(in->bytes, in->bytes + in->taken, in->length - in->taken);
		in->length -= in->taken;
		in->taken = 0;
	} while (size > 0);
}

void
http_read(int fd, struct answer *answer, int bodiless)
{
	struct incoming in = { .fd = fd };
	const char *length;
	char *text;

	*answer = (struct answer){ .headers = calloc(1, 1), .body = calloc(1, 1) };
	text = line(&in);
	if (text != NULL && strlen(text) > 12)
		answer->status = atoi(text + 9);
	while (text != NULL && *text != '\0') {
		size_t before = strlen(answer->headers);

		answer->headers = realloc(answer->headers, before + strlen(text) + 3);
		sprintf(answer->headers + before, "%s\r\n", text);
		free(text);
		text = line(&in);
	}
	free(text);
	if (answer->status != 0 && !bodiless && answer->status != 204) {
		if (http_header(answer, "Transfer-Encoding") != NULL)
			take_chunks(&in, answer);
		else if ((length = http_header(answer, "Content-Length")) != NULL)
			take(&in, strtoul(length, NULL, 10), answer);
		else {
			while (more(&in))
				continue;
			take(&in, in.length - in.taken, answer);
		}
	}
	free(in.bytes);
}

void
http_ask(const struct addr *addr, const char *request, struct answer *answer)
{
	int fd = http_connect(addr);

	http_send(fd, request, strlen(request));
	http_read(fd, answer, strncmp(request, "HEAD", 4) == 0);
	close(fd);
}

void
http_get(const struct addr *addr, const char *target, struct answer *answer)
{
	char *request;

	ck_assert_int_ne(asprintf(&request, "GET %s HTTP/1.1\r\nHost: localhost\r\n\r\n", target), -1);
	http_ask(addr, request, answer);
	free(request);
}

const char *
http_header(const struct answer *answer, const char *name)
{
	static char value[1024];
	size_t length = strlen(name);

	for (const char *at = answer->headers; *at != '\0'; at = strstr(at, "\r\n") + 2) {
		if (strncasecmp(at, name, length) == 0 && at[length] == ':') {
			at += length + 1;
			at += strspn(at, " ");
			snprintf(value, sizeof(value), "%.*s", (int)strcspn(at, "\r"), at);
			return value;
		}
	}
	return NULL;
}

void
http_forget(struct answer *answer)
{
	free(answer->headers);
	free(answer->body);
}
