/* SPDX-License-Identifier: MIT */
#include "support/follow.h"

#include <check.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>
#include "support/wait_until.h"

enum { PIECE = 65536 };

/* Of one byte at a time, so that nothing of the body is read with them. */
static void
read_headers(struct follow *follow)
{
	struct pollfd in = { .fd = follow->fd, .events = POLLIN };
	size_t length = 0;
	char byte;

	follow->headers = malloc(PIECE);
	ck_assert_ptr_nonnull(follow->headers);
	while (length < 4 || memcmp(follow->headers + length - 4, "\r\n\r\n", 4) != 0) {
		ck_assert_int_eq(poll(&in, 1, PATIENCE_MS), 1);
		ck_assert_int_eq(recv(follow->fd, &byte, 1, 0), 1);
		ck_assert_uint_lt(length, PIECE - 1);
		follow->headers[length++] = byte;
	}
	follow->headers[length] = '\0';
	follow->status = atoi(follow->headers + strlen("HTTP/1.1 "));
	if (follow->status == 200)
		ck_assert_ptr_nonnull(strstr(follow->headers, "Transfer-Encoding: chunked"));
}

void
follow_open(struct follow *follow, const struct addr *at, const char *target, const char *headers, int buffer)
{
	char *request;

	*follow = (struct follow){ .fd = socket(at->any.sa_family, SOCK_STREAM, 0) };
	ck_assert_int_ne(follow->fd, -1);
	if (buffer > 0)
		setsockopt(follow->fd, SOL_SOCKET, SO_RCVBUF, &buffer, sizeof(buffer));
	ck_assert_int_eq(connect(follow->fd, &at->any, at->length), 0);
	int length = asprintf(&request, "GET %s HTTP/1.1\r\nHost: localhost\r\n%s\r\n", target, headers);
	ck_assert_int_eq(send(follow->fd, request, (size_t)length, MSG_NOSIGNAL), length);
	free(request);
	read_headers(follow);
}

void
follow_close(struct follow *follow)
{
	if (follow->fd != -1)
		close(follow->fd);
	free(follow->headers);
	free(follow->bytes);
	json_decref(follow->event);
	*follow = (struct follow){ .fd = -1 };
}

static void
take_frame(struct follow *follow, char byte)
{
	if (byte != '\n') {
		ck_assert_uint_lt(follow->frame_length, sizeof(follow->frame) - 1);
		follow->frame[follow->frame_length++] = byte;
		return;
	}
	follow->frame[follow->frame_length] = '\0';
	follow->frame_length = 0;
	if (follow->in_chunk) { /* the CR LF behind its bytes */
		follow->in_chunk = false;
		return;
	}
	follow->chunk_left = strtoul(follow->frame, NULL, 16);
	follow->over = follow->chunk_left == 0;
	follow->in_chunk = true;
}

static void
decode(struct follow *follow, const char *bytes, size_t count)
{
	while (count > 0) {
		size_t part = follow->chunk_left < count ? follow->chunk_left : count;

		if (part == 0) {
			take_frame(follow, *bytes++);
			count--;
			continue;
		}
		memcpy(follow->bytes + follow->length, bytes, part);
		follow->length += part;
		follow->chunk_left -= part;
		bytes += part;
		count -= part;
	}
	follow->bytes[follow->length] = '\0';
}

/* False: there is nothing more now, or for ever. */
static bool
read_more(struct follow *follow, int timeout_ms)
{
	struct pollfd in = { .fd = follow->fd, .events = POLLIN };
	char piece[PIECE];

	if (follow->over || poll(&in, 1, timeout_ms) != 1)
		return false;
	ssize_t got = recv(follow->fd, piece, sizeof(piece), 0);
	if (got <= 0)
		return false;
	if (follow->taken > 0)
		memmove(follow->bytes, follow->bytes + follow->taken, follow->length - follow->taken);
	follow->length -= follow->taken;
	follow->taken = 0;
	if (follow->length + (size_t)got + 1 > follow->size) {
		follow->size = 2 * (follow->length + (size_t)got + 1);
		follow->bytes = realloc(follow->bytes, follow->size);
		ck_assert_ptr_nonnull(follow->bytes);
	}
	decode(follow, piece, (size_t)got);
	return true;
}

const char *
follow_line(struct follow *follow)
{
	int64_t begun_ms = wait_clock_ms();
	char *end;

	while (follow->length == follow->taken ||
	       (end = memchr(follow->bytes + follow->taken, '\n', follow->length - follow->taken)) == NULL) {
		if (read_more(follow, PATIENCE_MS))
			continue;
		ck_assert_msg(wait_clock_ms() - begun_ms < PATIENCE_MS, "no line came");
		return NULL;
	}
	const char *line = follow->bytes + follow->taken;
	*end = '\0';
	follow->taken = (size_t)(end + 1 - follow->bytes);
	return line;
}

json_t *
follow_event(struct follow *follow, const char *type)
{
	const char *line;

	do
		line = follow_line(follow);
	while (line != NULL && *line == '\0');
	json_decref(follow->event);
	follow->event = line == NULL ? NULL : json_loads(line, JSON_REJECT_DUPLICATES, NULL);
	ck_assert_msg((line == NULL) == (follow->event == NULL), "%s", line);
	if (type != NULL) {
		ck_assert_ptr_nonnull(follow->event);
		ck_assert_str_eq(json_string_value(json_object_get(follow->event, "type")), type);
	}
	return follow->event;
}

bool
follow_is_quiet(struct follow *follow)
{
	while (read_more(follow, 0))
		continue;
	while (follow->taken < follow->length && follow->bytes[follow->taken] == '\n')
		follow->taken++;
	return follow->taken == follow->length;
}
