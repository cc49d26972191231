/* SPDX-License-Identifier: MIT */
#include "proxy/dialing.h"

#include <errno.h>
#include "base/clock.h"
#include "base/log.h"
#include "net/ports.h"
#include "net/socket.h"
#include "net/tcp_info.h"
#include "proxy/chronicle.h"
#include "proxy/ending.h"
#include "proxy/look.h"
#include "proxy/symptoms.h"
#include "upstream/proxy_header.h"

/* The attempt before this one gives way to it. */
static void
begin_attempt(struct conn *conn)
{
	struct record *record = chronicle_edit(conn);
	const struct record_attempt *last = &record->attempt;

	if (last->began_us != RECORD_UNKNOWN)
		chronicle_note(conn, (struct note){ .kind = NOTE_ATTEMPT,
					 .error = last->error,
					 .at_us = last->began_us,
					 .until_us = last->ended_us,
					 .address = *record_target(record),
					 .target = record->target,
					 .reached = last->reached,
					 .bound = last->bound });
	record->attempt = (struct record_attempt){ .began_us = chronicle_offset(conn), .ended_us = RECORD_UNKNOWN };
	record->attempts++;
	conn->connect_error = 0; /* the last one's is told by its note, and is no error of what may end this one */
}

void
dialing_connected(struct conn *conn)
{
	struct record *record = chronicle_edit(conn);

	record->connect_us = record->attempt.ended_us = chronicle_offset(conn);
	record->legs[LEG_UPSTREAM].error = 0;
	chronicle_attempt(conn);
	if (!conn->legs[LEG_UPSTREAM].is_unix)
		record->legs[LEG_UPSTREAM].tcp_state = TCP_IS_ESTABLISHED; /* where an end has come, it is asked */
}

/* Others may remain, unless the shortage is our own. */
enum conn_event
dialing_failed(struct conn *conn, int error)
{
	struct conn_leg *leg = &conn->legs[LEG_UPSTREAM];
	enum conn_event event = symptom_of_connect(error);

	totals_add(&conn->bench->totals->counts[TOTAL_CONNECT_FAILURES], 1);
	look_at_leg(conn, LEG_UPSTREAM); /* how often its SYN went out, say */
	ending_close_leg(
	    conn, LEG_UPSTREAM, true); /* its answer may come this very moment: a FIN would look like ours */
	leg->end_turn = 0;
	leg->end_met = false;
	conn->connect_error = (uint16_t)error;
	chronicle_edit(conn)->attempt.error = (uint16_t)error;
	chronicle_edit(conn)->attempt.ended_us = chronicle_offset(conn);
	chronicle_attempt(conn);
	chronicle_edit(conn)->legs[LEG_UPSTREAM].error = (uint16_t)error;
	chronicle_edit(conn)->legs[LEG_UPSTREAM].fd = -1;
	return event == EV_NO_FDS || event == EV_NO_MEMORY ? event : EV_TARGET_FAILED;
}

static bool
is_shortage(int error, enum connect_step reached)
{
	return attempt_result((uint16_t)-error, (uint8_t)reached) == ATTEMPT_PORT_SHORTAGE;
}

static void
count_shortage(struct workbench *bench, int error, enum connect_step reached)
{
	if (is_shortage(error, reached))
		totals_add(&bench->totals->counts[TOTAL_SOURCE_PORT_SHORTAGES], 1);
}

static void
tell_shortage(struct conn *conn, const struct addr *to)
{
	char text[ADDR_TEXT_MAX];

	if (!group_tells_shortage(conn->bench->groups[chronicle_edit(conn)->upstream], conn_now(conn)))
		return;
	int ports = ports_of_one_source();
	log_warning(
	    "no source port is free towards %s: each source address has %d (net.ipv4.ip_local_port_range) for each "
	    "target, and where we close first one stays taken for %d s, so that %d new connections a second "
	    "are the most; more addresses for --source help (told once a minute)",
	    addr_format(to, text, sizeof(text)), ports, PORTS_KEPT_SECONDS, ports / PORTS_KEPT_SECONDS);
}

/* From each source in turn, until one has a port left; a Unix target has no source. */
static int
connect_from(struct workbench *bench, const struct addr *to, int *fd, struct record_attempt *attempt)
{
	const struct settings *settings = bench->settings;
	const struct tcp_manner *manner = manners_at(&bench->manners_at_connect, to);
	enum connect_step reached = CONNECT_SOCKET;
	bool tried = false;
	int error = 0;

	for (int i = 0; i < settings->source_count && (!tried || error == -EADDRNOTAVAIL); i++) {
		const struct addr *source = &settings->sources[bench->next_source++ % (unsigned)settings->source_count];

		if (source->any.sa_family != to->any.sa_family)
			continue;
		tried = true;
		error = socket_connect(to, source, manner, fd, &reached);
		count_shortage(bench, error, reached);
	}
	if (!tried) {
		error = socket_connect(to, NULL, manner, fd, &reached);
		count_shortage(bench, error, reached);
	}
	attempt->reached = (uint8_t)reached;
	attempt->bound = tried && reached >= CONNECT_BIND;
	return error;
}

static void
describe_target(struct conn *conn, int target, const struct addr *to, int fd)
{
	struct record *record = chronicle_edit(conn);
	struct record_leg *leg = &record->legs[LEG_UPSTREAM];
	struct addr local;

	if (fd == -1 || !socket_name(fd, &local))
		local = (struct addr){ .any.sa_family = to->any.sa_family };
	conn->legs[LEG_UPSTREAM].is_unix = addr_is_unix(to);
	record->target = (uint16_t)target;
	record->target_chosen = true;
	flow_set(&leg->flow, &local, to);
	leg->fd = fd;
	leg->error = 0;
	leg->tcp_state = fd == -1 || addr_is_unix(to) ? 0 : TCP_IS_SYN_SENT;
	leg->congestion = 0;
	record_forget_sample(leg);
	leg->socket_cookie = fd == -1 ? 0 : socket_cookie(fd);
}

enum conn_event
dialing_next(struct conn *conn)
{
	struct workbench *bench = conn->bench;
	struct conn_leg *leg = &conn->legs[LEG_UPSTREAM];
	bool again = conn->retrying;
	struct addr to;
	int target, fd;

	conn->retrying = false;
	if (again)
		dial_again(&conn->dial);
	switch (dial_next(&conn->dial, bench->groups[chronicle_edit(conn)->upstream], &target, &to)) {
	case DIAL_NO_ADDRESS:
		return EV_NO_ADDRESS;
	case DIAL_EXHAUSTED:
		return symptom_of_connect(conn->connect_error);
	case DIAL_ADDRESS:
		break;
	}
	if (!again) {
		conn->times.phase = conn_now(conn);
		begin_attempt(conn);
		totals_add(&bench->totals->counts[TOTAL_CONNECT_ATTEMPTS], 1);
	}
	conn->rearm = true;
	int error = connect_from(bench, &to, &fd, &chronicle_edit(conn)->attempt);
	describe_target(conn, target, &to, fd);
	conn->retrying = error == -EAGAIN && addr_is_unix(&to);
	if (conn->retrying)
		return EV_NONE;
	if (is_shortage(error, (enum connect_step)chronicle_edit(conn)->attempt.reached))
		tell_shortage(conn, &to);
	if (error != 0 && error != -EINPROGRESS)
		return dialing_failed(conn, -error);
	error = loop_watch(
	    bench->loop, &leg->watch, fd, EPOLLIN | EPOLLOUT | EPOLLRDHUP | EPOLLPRI | EPOLLET, leg->watch.on_events);
	if (error != 0) {
		socket_close(fd);
		return dialing_failed(conn, -error);
	}
	return EV_NONE;
}

/* Whom a header in front of us named, it names behind us too, with where that one wanted to go. */
static size_t
write_header(const struct conn *conn, const struct record *record, char header[PROXY_HEADER_MAX])
{
	const struct settings *settings = conn->bench->settings;
	const char *path = conn->legs[LEG_CLIENT].is_unix ? settings->listeners[record->listener].addr.local.sun_path
							  : NULL;

	if (record->client_source != CLIENT_SOCKET && conn->bench->destinations != NULL) {
		const struct flow named = { record->client, conn->bench->destinations[conn->slot],
			record->client_protocol };

		return proxy_header_write(header, settings->proxy_out, &named, NULL);
	}
	return proxy_header_write(header, settings->proxy_out, &record->legs[LEG_CLIENT].flow, path);
}

enum conn_event
dialing_begin(struct conn *conn)
{
	dial_init(&conn->dial, conn->bench->groups[chronicle_edit(conn)->upstream]);
	return dialing_next(conn);
}

int
dialing_greet(struct conn *conn)
{
	char header[PROXY_HEADER_MAX];
	size_t size = write_header(conn, chronicle_edit(conn), header);
	ssize_t sent = size == 0 ? 0 : socket_send(conn->legs[LEG_UPSTREAM].watch.fd, header, size);

	if (sent == (ssize_t)size) {
		conn->prologue = (uint16_t)size;
		return 0;
	}
	return sent < 0 && sent != -EAGAIN ? (int)-sent : ENOBUFS;
}
