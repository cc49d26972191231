/* SPDX-License-Identifier: MIT */
/*
 * All that knows libmicrohttpd, with response.c.  Its one thread takes connections, parses
 * requests and asks, between its turns, the router for a reply and long
 * replies for their next piece.
 *
 *   uri_came ──► request_came ──► guard, router ──► response_send ──► (fill …) ──► request_over
 *
 * The library decodes and divides targets in its own way, so that a NUL or a
 * broken escape goes unnoticed: we keep the target as it came and read it ourselves.
 */
#include "api/server.h"

#include <errno.h>
#include <microhttpd.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>
#include "api/admin_socket.h"
#include "api/callers.h"
#include "api/exchange.h"
#include "api/followers.h"
#include "api/guard.h"
#include "api/response.h"
#include "api/router.h"
#include "base/clock.h"
#include "base/log.h"

enum {
	CONNECTION_MEMORY = RESPONSE_PIECE, /* a request's headers, then one piece of its answer */
	IDLE_TIMEOUT_S = 30,                /* a client that neither asks nor reads */
	NICENESS = 10,                      /* forwarding goes first */
	LOG_LINE_MAX = 256,
	TOO_OFTEN_S = 1, /* Retry-After: then the bucket is full, */
	TOO_MANY_S = 10, /* and a slow one may be gone */
	FOR_OTHERS = 32, /* of the connections; no follower takes these */
};

/* TLS 1.2 and 1.3, at least 128 bits, and no key exchange whose secrets a stolen key would open later. */
static const char tls_priorities[] = "SECURE128:%SERVER_PRECEDENCE:-VERS-ALL:+VERS-TLS1.3:+VERS-TLS1.2:-RSA";

struct server {
	struct MHD_Daemon *daemon;
	struct admin_socket socket;
	struct guard guard;
	struct callers *callers;
	const struct track *track;
	struct followers *followers;
	const _Atomic int *readiness;
	bool settled; /* its thread has its name and niceness */
};

/* It quotes what clients sent, which must not reach a terminal as it is. */
__attribute__((format(printf, 2, 0))) static void
log_from_library(void *unused, const char *format, va_list values)
{
	char line[LOG_LINE_MAX];

	(void)unused;
	vsnprintf(line, sizeof(line), format, values);
	line[strcspn(line, "\n")] = '\0';
	for (char *at = line; *at != '\0'; at++) {
		if (*at < ' ' || *at > '~')
			*at = '?';
	}
	log_debug("api: %s", line);
}

/* The thread is the library's; the first thing that it does for a client is to tell us here. */
static void
settle(struct server *server)
{
	if (server->settled)
		return;
	server->settled = true;
	pthread_setname_np(pthread_self(), "api");
	if (setpriority(PRIO_PROCESS, (id_t)gettid(), NICENESS) == -1)
		log_debug("api: cannot be nice: %s", strerror(errno));
}

static void
enter(struct server *server, struct MHD_Connection *connection, void **socket_context)
{
	const union MHD_ConnectionInfo *socket = MHD_get_connection_info(connection, MHD_CONNECTION_INFO_CONNECTION_FD);
	struct addr from = { .length = sizeof(from.local) };

	if (socket == NULL)
		return;
	if (getpeername(socket->connect_fd, &from.any, &from.length) == -1)
		from.any.sa_family = AF_UNIX; /* it has gone already */
	*socket_context = callers_enter(server->callers, socket->connect_fd, &from, clock_now());
}

static void
client_moved(
    void *cls, struct MHD_Connection *connection, void **socket_context, enum MHD_ConnectionNotificationCode code)
{
	struct server *server = cls;

	settle(server);
	if (code == MHD_CONNECTION_NOTIFY_STARTED)
		enter(server, connection, socket_context);
	else
		callers_leave(server->callers, *socket_context);
}

static struct caller *
caller_of(struct MHD_Connection *connection)
{
	const union MHD_ConnectionInfo *info = MHD_get_connection_info(connection, MHD_CONNECTION_INFO_SOCKET_CONTEXT);

	return info == NULL ? NULL : info->socket_context;
}

static void *
uri_came(void *cls, const char *uri, struct MHD_Connection *connection)
{
	(void)cls;
	(void)connection;
	return exchange_new(uri);
}

static void
request_over(void *cls, struct MHD_Connection *connection, void **own, enum MHD_RequestTerminationCode code)
{
	struct server *server = cls;
	struct exchange *exchange = *own;
	bool cut = code == MHD_REQUEST_TERMINATED_TIMEOUT_REACHED || caller_is_cut(caller_of(connection));

	if (exchange != NULL && exchange->follows && cut)
		followers_totals(server->followers)->cut++;
	caller_is_idle(caller_of(connection), clock_now());
	exchange_free(exchange);
	*own = NULL;
}

static enum MHD_Result
note_header(void *cls, enum MHD_ValueKind kind, const char *name, const char *value)
{
	(void)kind;
	headers_note(cls, name, value == NULL ? "" : value);
	return MHD_YES;
}

static bool
welcomes(struct server *server, const struct caller *caller, struct reply *reply)
{
	switch (callers_ask(server->callers, caller, clock_now())) {
	case CALLER_TOO_OFTEN:
		reply_problem(reply, PROBLEM_TOO_MANY_REQUESTS, NULL,
		    "Only %u requests of one address are answered in a second (--admin-rate).",
		    server->track->settings->admin_rate);
		reply->retry_after_s = TOO_OFTEN_S;
		break;
	case CALLER_TOO_MANY:
		reply_problem(reply, PROBLEM_BUSY, NULL, "Only %d connections of one address are served at once.",
		    callers_share(server->callers));
		reply->retry_after_s = TOO_MANY_S;
		break;
	case CALLER_WELCOME:
		return true;
	}
	reply->close = true;
	return false;
}

static bool
admits(struct server *server, struct MHD_Connection *connection, const char *target, const char *method,
    const char *version, struct reply *reply)
{
	const union MHD_ConnectionInfo *socket = MHD_get_connection_info(connection, MHD_CONNECTION_INFO_CONNECTION_FD);
	struct headers headers = {
		.http_1_0 = strcmp(version, "HTTP/1.0") == 0,
		.target = target,
		.body_max = router_body_max(method),
	};
	struct addr reached = { .length = sizeof(reached.local) };

	if (socket == NULL || getsockname(socket->connect_fd, &reached.any, &reached.length) == -1)
		reached.length = 0;
	MHD_get_connection_values(connection, MHD_HEADER_KIND, note_header, &headers);
	return guard_admits(&server->guard, &headers, &reached, reply);
}

static enum MHD_Result
send_reply(struct server *server, struct MHD_Connection *connection, const char *method, struct reply *reply)
{
	return response_send(connection, caller_of(connection), server->followers, method, reply);
}

static const char *
header(struct MHD_Connection *connection, const char *name)
{
	return MHD_lookup_connection_value(connection, MHD_HEADER_KIND, name);
}

/* Called when the headers are there, and again when the request is whole.  Who answers the first
 * time ends the connection, which is right only for those that are refused. */
static enum MHD_Result
request_came(void *cls, struct MHD_Connection *connection, const char *url, const char *method, const char *version,
    const char *upload, size_t *upload_size, void **own)
{
	struct server *server = cls;
	struct exchange *exchange = *own;
	struct reply reply = { 0 };
	struct request request = {
		.track = server->track,
		.followers = server->followers,
		.readiness = server->readiness,
		.http_library = MHD_get_version(),
		.accept = header(connection, "Accept"),
		.last_event_id = header(connection, "Last-Event-ID"),
		.reason = header(connection, "X-Reason"),
	};

	(void)url;
	if (exchange == NULL)
		return MHD_NO;
	if (!exchange->announced) {
		exchange->announced = true;
		if (!welcomes(server, caller_of(connection), &reply))
			return send_reply(server, connection, method, &reply);
		caller_sends(caller_of(connection), clock_now());
		return admits(server, connection, exchange->target, method, version, &reply)
			   ? MHD_YES
			   : send_reply(server, connection, method, &reply);
	}
	if (*upload_size > 0) {
		bool taken = exchange_take(exchange, upload, *upload_size, router_body_max(method));

		*upload_size = 0;
		return taken ? MHD_YES : MHD_NO;
	}
	request.body = exchange->body;
	request.body_length = exchange->body_length;
	if (exchange->body_too_long)
		reply_problem(&reply, PROBLEM_TOO_LARGE, NULL, "At most %zu bytes are taken.", router_body_max(method));
	else
		router_answer(&request, method, exchange->target, &reply);
	exchange->follows = reply.follower != NULL;
	return send_reply(server, connection, method, &reply);
}

/* However many follow, others get in. */
static int
most_followers(int connections_max)
{
	int most = connections_max > 2 * FOR_OTHERS ? connections_max - FOR_OTHERS : connections_max / 2;

	if (most < FOLLOWERS_MAX)
		log_info("at most %d followers of /events at once", most);
	return most;
}

/* The logger comes first, or what the later options complain of goes to stderr. */
static struct MHD_Daemon *
start_library(struct server *server, const struct certificate *certificate, int connections_max)
{
	unsigned flags = MHD_USE_EPOLL_INTERNAL_THREAD | MHD_USE_ITC | MHD_ALLOW_SUSPEND_RESUME | MHD_USE_ERROR_LOG;
	struct MHD_OptionItem tls[] = {
		{ MHD_OPTION_HTTPS_PRIORITIES, 0, (char *)tls_priorities },
		{ MHD_OPTION_HTTPS_MEM_CERT, 0, certificate->chain },
		{ MHD_OPTION_HTTPS_MEM_KEY, 0, certificate->key },
		{ MHD_OPTION_END, 0, NULL },
	};

	if (certificate->chain != NULL)
		flags |= MHD_USE_TLS;
	else
		tls[0].option = MHD_OPTION_END;
	return MHD_start_daemon(flags, 0, NULL, NULL, request_came, server, MHD_OPTION_EXTERNAL_LOGGER,
	    log_from_library, NULL, MHD_OPTION_ARRAY, tls, MHD_OPTION_LISTEN_SOCKET, server->socket.fd,
	    MHD_OPTION_URI_LOG_CALLBACK, uri_came, NULL, MHD_OPTION_NOTIFY_COMPLETED, request_over, server,
	    MHD_OPTION_NOTIFY_CONNECTION, client_moved, server, MHD_OPTION_CONNECTION_MEMORY_LIMIT,
	    (size_t)CONNECTION_MEMORY, MHD_OPTION_CONNECTION_LIMIT, (unsigned)connections_max,
	    MHD_OPTION_CONNECTION_TIMEOUT, (unsigned)IDLE_TIMEOUT_S, MHD_OPTION_STRICT_FOR_CLIENT, 1, MHD_OPTION_END);
}

static void
free_server(struct server *server)
{
	callers_free(server->callers);
	followers_free(server->followers);
	free(server);
}

int
server_start(struct server **started, const struct track *track, const struct door *door, const _Atomic int *readiness,
    int connections_max)
{
	struct server *server = calloc(1, sizeof(*server));

	if (server == NULL)
		return -ENOMEM;
	server->track = track;
	server->readiness = readiness;
	server->callers = callers_new(connections_max, track->settings->admin_rate);
	server->followers = followers_new(track, most_followers(connections_max), response_wake);
	int error = server->callers == NULL || server->followers == NULL
			? -ENOMEM
			: admin_socket_open(&server->socket, &track->settings->admin, track->settings->admin_mode);
	if (error != 0) {
		free_server(server);
		return error;
	}
	server->guard = (struct guard){
		.token = door->token,
		.tls = door->certificate.chain != NULL,
		.bound = server->socket.bound,
		.names = &track->settings->admin_hosts,
	};
	errno = 0;
	server->daemon = start_library(server, &door->certificate, connections_max);
	if (server->daemon == NULL) {
		error = errno != 0 ? -errno : -ENOMEM;
		admin_socket_unlink(&server->socket);
		close(server->socket.fd);
		free_server(server);
		return error;
	}
	*started = server;
	return 0;
}

const struct addr *
server_address(const struct server *server)
{
	return &server->socket.bound;
}

void
server_look(struct server *server)
{
	callers_look(server->callers, clock_now());
}

void
server_stop(struct server *server)
{
	if (server == NULL)
		return;
	/* First, so that who comes now finds nobody instead of one who leaves. */
	admin_socket_unlink(&server->socket);
	followers_close(server->followers); /* the library ends the process if it is stopped while one is suspended */
	MHD_stop_daemon(server->daemon);    /* closes the socket, and the connections with what they still waited for */
	free_server(server);
}
