/* SPDX-License-Identifier: MIT */
#include "api/response.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include "base/clock.h"

enum { FOLLOWER_BUFFER = 128 * 1024 }; /* of the kernel's, for one that does not read */

struct stream {
	reply_fill_fn *fill;
	reply_free_fn *free;
	void *source;
	struct caller *caller;
	struct MHD_Connection *connection;
	struct followers *followers;
	struct follower *follower; /* NULL: it always has something to write */
};

void
response_wake(void *connection)
{
	MHD_resume_connection(connection);
}

/* A reader that returns nothing and is not suspended is asked again at once, without an end.  One that yields
 * comes up again in the library's next turn. */
static ssize_t
set_aside(const struct stream *stream, bool sleeps)
{
	caller_sleeps(stream->caller, clock_now());
	MHD_suspend_connection(stream->connection);
	if (!sleeps || !follower_sleeps(stream->followers, stream->follower))
		response_wake(stream->connection);
	return 0;
}

static ssize_t
fill_piece(void *cls, uint64_t position, char *bytes, size_t size)
{
	const struct stream *stream = cls;
	size_t filled;

	(void)position;
	if (stream->follower != NULL && followers_closing(stream->followers))
		return MHD_CONTENT_READER_END_OF_STREAM;
	filled = stream->fill(stream->source, bytes, size);
	if (filled == REPLY_SLEEPS || filled == REPLY_YIELDS)
		return set_aside(stream, filled == REPLY_SLEEPS);
	caller_reads(stream->caller, filled, clock_now());
	return filled > 0 ? (ssize_t)filled : MHD_CONTENT_READER_END_OF_STREAM;
}

static void
free_stream(void *cls)
{
	struct stream *stream = cls;

	stream->free(stream->source);
	free(stream);
}

/* Its kernel's buffer would grow to megabytes of what it does not read. */
static void
settle_follower(struct followers *followers, struct follower *follower, struct MHD_Connection *connection)
{
	const union MHD_ConnectionInfo *socket = MHD_get_connection_info(connection, MHD_CONNECTION_INFO_CONNECTION_FD);
	int fd = socket == NULL ? -1 : socket->connect_fd, size = FOLLOWER_BUFFER;

	follower_answers(followers, follower, connection, fd);
	setsockopt(fd, SOL_SOCKET, SO_SNDBUF, &size, sizeof(size));
}

/* Takes body and source of the reply.  NULL: no memory. */
static struct MHD_Response *
make_response(
    struct MHD_Connection *connection, struct caller *caller, struct followers *followers, struct reply *reply)
{
	struct MHD_Response *response;

	if (reply->lasting != NULL)
		return MHD_create_response_from_buffer(reply->length, (void *)reply->lasting, MHD_RESPMEM_PERSISTENT);
	if (reply->fill == NULL) {
		response = MHD_create_response_from_buffer(reply->length, reply->body, MHD_RESPMEM_MUST_FREE);
		if (response != NULL)
			reply->body = NULL;
		return response;
	}

	struct stream *stream = malloc(sizeof(*stream));
	if (stream == NULL)
		return NULL;
	*stream = (struct stream){
		reply->fill,
		reply->free,
		reply->source,
		caller,
		connection,
		followers,
		reply->follower,
	};
	response = MHD_create_response_from_callback(MHD_SIZE_UNKNOWN, RESPONSE_PIECE, fill_piece, stream, free_stream);
	if (response == NULL)
		free(stream);
	else
		reply->fill = NULL;
	return response;
}

static void
add_headers(struct MHD_Response *response, const struct reply *reply)
{
	if (reply->type != NULL)
		MHD_add_response_header(response, "Content-Type", reply->type);
	if (reply->allow[0] != '\0')
		MHD_add_response_header(response, "Allow", reply->allow);
	if (reply->retry_after_s > 0) {
		char seconds[16];

		snprintf(seconds, sizeof(seconds), "%d", reply->retry_after_s);
		MHD_add_response_header(response, "Retry-After", seconds);
	}
	if (reply->authenticate != NULL)
		MHD_add_response_header(response, "WWW-Authenticate", reply->authenticate);
	if (reply->policy != NULL) {
		MHD_add_response_header(response, "Content-Security-Policy", reply->policy);
		MHD_add_response_header(response, "Referrer-Policy", "same-origin");
		MHD_add_response_header(response, "Cross-Origin-Opener-Policy", "same-origin");
		MHD_add_response_header(response, "Cross-Origin-Resource-Policy", "same-origin");
	}
	if (reply->close)
		MHD_add_response_header(response, "Connection", "close");
	MHD_add_response_header(response, "Cache-Control", "no-store");
	MHD_add_response_header(response, "X-Content-Type-Options", "nosniff");
}

enum MHD_Result
response_send(struct MHD_Connection *connection, struct caller *caller, struct followers *followers, const char *method,
    struct reply *reply)
{
	bool streams = reply->fill != NULL;

	if (reply->follower != NULL)
		settle_follower(followers, reply->follower, connection);
	struct MHD_Response *response = make_response(connection, caller, followers, reply);
	enum MHD_Result sent = MHD_NO;

	if (response == NULL) {
		reply_fini(reply);
		return MHD_NO;
	}
	/* Of a body in chunks the library sends the last one, which is empty, even after HEAD: it would be taken
	 * for the beginning of the next answer.  So that body has no chunks, and its end is that of the connection. */
	if (streams && strcmp(method, "HEAD") == 0)
		MHD_set_response_options(response, MHD_RF_HTTP_1_0_COMPATIBLE_STRICT, MHD_RO_END);
	add_headers(response, reply);
	caller_reads(caller, streams ? 0 : reply->length, clock_now());
	sent = MHD_queue_response(connection, (unsigned)reply->status, response);
	MHD_destroy_response(response);
	return sent;
}
