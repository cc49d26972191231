/* SPDX-License-Identifier: MIT */
/*
 * Each rule has a case of its own here, of the same name, or this does not compile: a
 * record for which it speaks, with what it says, and one that is nearly so and for
 * which it does not.
 */
#include "track/explain.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include "base/clock.h"
#include "base/text.h"
#include "net/socket.h"
#include "support/suite.h"
#include "track/evidence.h"
#include "track/filter.h"

#define US_PER_S INT64_C(1000000)

static struct settings settings;
static struct track track;
static struct record record;
static int64_t now;
static enum leg_name X, Y; /* of a rule that is asked of each leg */

static void
flow(enum leg_name leg, const char *source, const char *destination)
{
	struct addr from, to;

	ck_assert(addr_parse(&from, source) && addr_parse(&to, destination));
	flow_set(&record.legs[leg].flow, &from, &to);
}

/* An established connection over good paths, that nobody has used yet. */
static void
begin(void)
{
	record_init(&record);
	record.live = true;
	record.id = 7;
	record.state = CONN_ESTABLISHED;
	record.opened_ns = 5 * NS_PER_S;
	record.opened_at_us = 0;
	now = record.opened_ns + 2 * NS_PER_S;
	flow(LEG_CLIENT, "198.51.100.7:40000", "192.0.2.100:8080");
	flow(LEG_UPSTREAM, "192.0.2.100:50000", "192.0.2.1:80");
	record.target_address = record.legs[LEG_UPSTREAM].flow.destination;
	record.target_chosen = true;
	record.attempts = 1;
	record.attempt = (struct record_attempt){ .began_us = 20, .ended_us = 330, .reached = CONNECT_CONNECT };
	record.connect_us = 340;
	for (int i = 0; i < LEG_COUNT; i++) {
		record.legs[i].send_queue_bytes = record.legs[i].receive_queue_bytes = 0;
		record.legs[i].tcp.rtt_us = record.legs[i].tcp.min_rtt_us = 900;
		record.legs[i].tcp.retransmits_total = 0;
		record.legs[i].tcp.segments_sent = 200;
		record.legs[i].tcp.send_window_bytes = 65535;
		record.legs[i].limited_by = LIMIT_NONE;
	}
}

static void
setup(void)
{
	memset(&settings, 0, sizeof(settings));
	strcpy(settings.listeners[0].name, "8080");
	strcpy(settings.listeners[0].addr.local.sun_path, "/run/in");
	strcpy(settings.upstreams[0].name, "db");
	strcpy(settings.upstreams[0].targets[0].name, "unix:/run/db");
	settings.keepalive = (struct keepalive_setting){ 60 * NS_PER_S, 10 * NS_PER_S, 6 };
	settings.connect_timeout_ns = settings.proxy_in_timeout_ns = 5 * NS_PER_S;
	settings.idle_timeout_ns = settings.max_duration_ns = settings.stall_timeout_ns = 300 * NS_PER_S;
	settings.half_close_timeout_ns = 60 * NS_PER_S;
	settings.flush_timeout_ns = settings.drain_timeout_ns = 30 * NS_PER_S;
	track = (struct track){ .settings = &settings, .notes = notes_new(1, 2 * NOTES_MAX) };
	X = LEG_CLIENT;
	Y = LEG_UPSTREAM;
	begin();
}

static void
teardown(void)
{
	notes_free(track.notes);
}

/* ---- What a record may tell ---- */

static struct record_leg *
leg_x(void)
{
	return &record.legs[X];
}

static struct record_leg *
leg_y(void)
{
	return &record.legs[Y];
}

static void
make_unix(enum leg_name leg)
{
	memset(&record.legs[leg].flow, 0, sizeof(record.legs[leg].flow));
	record.legs[leg].flow.protocol = FLOW_UNIX;
	record_forget_sample(&record.legs[leg]);
	if (leg == LEG_UPSTREAM)
		record.target_address.port = 0;
}

static void
not_connected(void)
{
	record.state = CONN_CONNECTING;
	record.connect_us = RECORD_UNKNOWN;
	record.attempt.ended_us = RECORD_UNKNOWN;
}

static void
said(enum leg_name leg, uint64_t bytes)
{
	int64_t *firsts[] = { &record.first_client_byte_us, &record.first_upstream_byte_us };

	if (record.first_client_byte_us == RECORD_UNKNOWN && record.first_upstream_byte_us == RECORD_UNKNOWN)
		record.speaks_first = (uint8_t)leg;
	if (*firsts[leg] == RECORD_UNKNOWN)
		*firsts[leg] = 1000;
	if (leg == LEG_UPSTREAM && record.spoke_last == LEG_CLIENT)
		record_count_turn(&record.turns, 3000);
	record.bytes[leg].received += bytes;
	record.bytes[leg_other(leg)].sent += bytes;
	record.spoke_last = (uint8_t)leg;
}

static void
answered(int times, int64_t after_us)
{
	said(LEG_CLIENT, 10);
	for (int i = 0; i < times; i++)
		record_count_turn(&record.turns, after_us);
	said(LEG_UPSTREAM, 10);
	record.turns = (struct record_turns){ (uint64_t)times, after_us, after_us, times * after_us };
	record.spoke_last = LEG_UPSTREAM;
}

static void
ends_after(enum close_reason why, int64_t idle_us)
{
	record.state = CONN_CLOSED;
	record.closed_ns = record.opened_ns + NS_PER_S + idle_us * NS_PER_US;
	record.close.reason = (uint8_t)why;
	record.close.initiator = (uint8_t)close_meanings[why].initiator;
	record.close.how = (uint8_t)close_meanings[why].how;
	record.close.cause_us = US_PER_S + idle_us;
	record.close.idle_us = idle_us;
	record.close.undelivered[LEG_CLIENT] = record.close.undelivered[LEG_UPSTREAM] = 0;
}

static void
ends(enum close_reason why)
{
	ends_after(why, 12000);
}

static enum close_reason
of_x(enum close_reason client, enum close_reason upstream)
{
	return X == LEG_CLIENT ? client : upstream;
}

static void
idle_for(int64_t us)
{
	now = record.opened_ns + us * NS_PER_US;
}

static void
add_note(struct note note)
{
	note.id = record.id;
	note.next = record.first_note;
	record.first_note = notes_add(track.notes, 0, &note);
	ck_assert_uint_ne(record.first_note, 0);
}

static void
add_failure(const char *address, int error)
{
	struct addr addr;
	struct flow flow;

	ck_assert(addr_parse(&addr, address));
	flow_set(&flow, &addr, &addr);
	add_note((struct note){ .kind = NOTE_ATTEMPT,
	    .error = (uint16_t)error,
	    .at_us = 20,
	    .until_us = 120,
	    .address = flow.source,
	    .reached = CONNECT_CONNECT });
}

static void
loses(enum leg_name leg, uint32_t segments)
{
	record.legs[leg].tcp.retransmits_total = segments;
}

/* ---- One case for each rule, of its name.  It says what the sentence is, X and Y being the legs. ---- */

static const char *
case_arrived(bool speaks)
{
	if (!speaks)
		make_unix(LEG_CLIENT);
	return "198.51.100.7:40000 connected to 192.0.2.100:8080, the listener \"8080\", at "
	       "1970-01-01T00:00:00.000000Z.";
}

static const char *
case_arrived_unix(bool speaks)
{
	if (speaks)
		make_unix(LEG_CLIENT);
	return "A client connected to the Unix socket \"/run/in\", the listener \"8080\", at "
	       "1970-01-01T00:00:00.000000Z.";
}

static const char *
case_client_named(bool speaks)
{
	record.client = record.legs[LEG_CLIENT].flow.source;
	record.client_protocol = FLOW_TCP;
	record.client_source = speaks ? CLIENT_PROXY_V1 : CLIENT_SOCKET;
	return "Its PROXY header (proxy_v1) names 198.51.100.7:40000 as the client.";
}

static const char *
case_client_unnamed(bool speaks)
{
	record.client_protocol = speaks ? FLOW_UNIX : FLOW_TCP;
	record.client_source = CLIENT_PROXY_V2;
	return "Its PROXY header (proxy_v2) says that the client came by a Unix socket.";
}

static const char *
case_header_awaited(bool speaks)
{
	not_connected();
	record.state = speaks ? CONN_SNIFFING : CONN_CONNECTING;
	return "Its PROXY header is not whole yet, 2.00 s after it came.";
}

static const char *
case_failed_addresses(bool speaks)
{
	if (speaks) {
		add_failure("192.0.2.9:80", ECONNREFUSED);
		add_failure("[2001:db8::1]:80", ETIMEDOUT);
	}
	return "Of the upstream \"db\" these addresses failed: 192.0.2.9:80 (ECONNREFUSED after 100 us), "
	       "[2001:db8::1]:80 (ETIMEDOUT after 100 us).";
}

static const char *
case_connecting(bool speaks)
{
	if (speaks)
		not_connected();
	return "The upstream \"db\" is tried at 192.0.2.1:80, and has not answered yet.";
}

static const char *
case_connected(bool speaks)
{
	if (!speaks)
		not_connected();
	return "The upstream \"db\" was connected at 192.0.2.1:80, from 192.0.2.100:50000; that took 310 us.";
}

static const char *
case_connected_unix(bool speaks)
{
	make_unix(LEG_UPSTREAM);
	if (!speaks)
		not_connected();
	return "The upstream \"db\" was connected at unix:/run/db; that took 310 us.";
}

static const char *
case_nothing_said(bool speaks)
{
	if (!speaks)
		said(LEG_UPSTREAM, 1);
	return "No byte of payload came from either side.";
}

static const char *
case_bytes(bool speaks)
{
	if (speaks)
		answered(1, 5000);
	return "10 bytes came from the client, and 10 bytes from the upstream.";
}

static const char *
case_bytes_and_header(bool speaks)
{
	answered(1, 5000);
	record.client_source = speaks ? CLIENT_PROXY_V2 : CLIENT_SOCKET;
	record.bytes[LEG_CLIENT].received += 28;
	return "38 bytes came from the client, with its PROXY header, and 10 bytes from the upstream.";
}

static const char *
case_spoke_first(bool speaks)
{
	said(speaks ? X : Y, 10);
	said(speaks ? Y : X, 10);
	return "The X spoke first, 1.00 ms after the client had come.";
}

static const char *
case_spoke_at_once(bool speaks)
{
	said(LEG_CLIENT, 10);
	said(LEG_UPSTREAM, 10);
	if (speaks)
		record.speaks_first = LEG_NONE;
	return "The first bytes of both sides were seen at once.";
}

static const char *
case_no_answer(bool speaks)
{
	said(LEG_CLIENT, 10);
	if (!speaks)
		said(LEG_UPSTREAM, 10);
	return "No byte came from the upstream.";
}

static const char *
case_no_question(bool speaks)
{
	said(LEG_UPSTREAM, 10);
	if (!speaks)
		said(LEG_CLIENT, 10);
	return "No byte came from the client.";
}

static const char *
case_answer(bool speaks)
{
	answered(speaks ? 1 : 2, 5000);
	return "The upstream answered once, after 5.00 ms.";
}

static const char *
case_answers(bool speaks)
{
	answered(speaks ? 3 : 1, 5000);
	record.turns.max_us = 9000;
	record.turns.last_us = 1000;
	return "The upstream answered 3 times, after 5.00 ms in the mean, 9.00 ms at the most, and 1.00 ms the last "
	       "time.";
}

static const char *
case_overlapped(bool speaks)
{
	answered(3, 5000);
	record.overlapped = speaks;
	return "Both sides spoke at once at some time, so nobody can tell which answer belonged to which question.";
}

static const char *
case_path(bool speaks)
{
	if (!speaks)
		loses(X, 1);
	return "A round trip to the X took 900 us, and no segment had to be sent again.";
}

static const char *
case_lossy_path(bool speaks)
{
	loses(speaks ? X : Y, 7);
	return "A round trip to the X took 900 us, and of the segments 7 of 200 (3.5 %) had to be sent again.";
}

static const char *
case_path_unmeasured(bool speaks)
{
	loses(X, 1);
	if (speaks)
		leg_x()->tcp.rtt_us = TCP_UNKNOWN_32;
	return "No round trip to the X was measured, and of the segments 1 of 200 (0.5 %) had to be sent again.";
}

static const char *
case_held_by_receiver(bool speaks)
{
	leg_x()->limited_by = speaks ? LIMIT_RECEIVER : LIMIT_NETWORK;
	leg_x()->tcp.cwnd_segments = 10;
	return "Between the last two looks the X held the bytes back: it took less than was there for it.";
}

static const char *
case_held_by_path(bool speaks)
{
	leg_x()->limited_by = speaks ? LIMIT_NETWORK : LIMIT_APPLICATION;
	leg_x()->tcp.cwnd_segments = 10;
	return "Between the last two looks the path to the X held the bytes back: its congestion window was 10 "
	       "segments.";
}

static const char *
case_held_by_send_buffer(bool speaks)
{
	leg_x()->limited_by = speaks ? LIMIT_SENDER_BUFFER : LIMIT_APPLICATION;
	return "Between the last two looks our send buffer for the X held the bytes back.";
}

static const char *
case_held_by_proxy(bool speaks)
{
	leg_x()->limited_by = speaks ? LIMIT_PROXY : LIMIT_APPLICATION;
	return "At the last two looks bytes for the X lay unread in our socket, though there was room for them.";
}

static const char *
case_waited_for_window(bool speaks)
{
	leg_x()->tcp.busy_us = 4000000;
	leg_x()->tcp.rwnd_limited_us = speaks ? 1000000 : 0;
	return "Of the 4.00 s in which there was something for the X, 1.00 s went by waiting for its receive window.";
}

static const char *
case_window_shut(bool speaks)
{
	leg_x()->send_queue_bytes = 5000;
	leg_x()->tcp.not_sent_bytes = 4000;
	leg_x()->tcp.send_window_bytes = speaks ? 0 : 1;
	return "Last seen, the receive window of the X was shut, and 5.00 kB waited in our kernel; 4.00 kB of that had "
	       "not "
	       "left.";
}

static const char *
case_unacknowledged(bool speaks)
{
	leg_x()->send_queue_bytes = speaks ? 5000 : 1; /* which may be a FIN */
	return "Last seen, 5.00 kB for the X waited in our kernel to be acknowledged.";
}

static const char *
case_unread(bool speaks)
{
	leg_x()->receive_queue_bytes = speaks ? 77 : 0;
	return "Last seen, 77 bytes had come from the X that we had not read.";
}

static const char *
case_stalled(bool speaks)
{
	add_note((struct note){ .kind = NOTE_STALL, .leg = (uint8_t)Y, .at_us = 100, .until_us = RECORD_UNKNOWN });
	if (speaks) {
		add_note((struct note){ .kind = NOTE_STALL, .leg = (uint8_t)X, .at_us = 0, .until_us = 1500000 });
		add_note((struct note){
		    .kind = NOTE_STALL, .leg = (uint8_t)X, .at_us = 1600000, .until_us = RECORD_UNKNOWN });
	}
	return "The X took nothing of what was there for it: 2 times, for 1.50 s at the longest, and it lasts.";
}

static const char *
case_finished(bool speaks)
{
	leg_x()->fin_received_us = speaks ? 2000 : 4000;
	leg_y()->fin_received_us = 3000;
	return "The X finished 2.00 ms after the client had come, and the Y did so 1.00 ms later.";
}

static const char *
case_open(bool speaks)
{
	if (!speaks)
		ends(WHY_CLIENT_FIN);
	return "It has been open for 2.00 s, and its state is established.";
}

static const char *
case_idle(bool speaks)
{
	idle_for(speaks ? 2 * US_PER_S : US_PER_S - 1);
	return "No payload has moved for 2.00 s.";
}

static const char *
case_unanswered(bool speaks)
{
	said(LEG_CLIENT, 10);
	record.overlapped = !speaks;
	return "The client spoke last, and has no answer yet.";
}

static const char *
case_answered(bool speaks)
{
	answered(1, 5000);
	if (!speaks)
		said(LEG_CLIENT, 1);
	return "The upstream spoke last, and the client has said nothing since.";
}

static const char *
case_flushing(bool speaks)
{
	record.state = speaks ? CONN_FLUSHING : CONN_ESTABLISHED;
	return "Its end is decided, and waits until the last bytes are acknowledged.";
}

static const char *
case_closed(bool speaks)
{
	if (speaks)
		ends(WHY_CLIENT_FIN);
	return "It was closed at 1970-01-01T00:00:01.012000Z, 1.01 s after the client had come.";
}

static const char *
case_ended(bool speaks)
{
	if (speaks)
		ends(WHY_IDLE_TIMEOUT);
	return "No byte moved either way for 12.0 ms.";
}

static const char *
case_clean(bool speaks)
{
	ends(WHY_CLIENT_FIN);
	record.close.clean = speaks;
	return "Both sides finished, and both kernels acknowledged all of it.";
}

static const char *
case_reset_by_us(bool speaks)
{
	*(speaks ? &leg_x()->rst_sent_us : &leg_x()->rst_received_us) = 5000;
	return "The X was sent a RST 5.00 ms after the client had come: to its kernel this was no end in order.";
}

static const char *
case_missing(bool speaks)
{
	ends(of_x(WHY_UPSTREAM_RESET, WHY_CLIENT_RESET));
	record.close.undelivered[X] = speaks ? 512 : 0;
	return "The last 512 bytes from the Y were not acknowledged by the X: its program cannot be counted on to have "
	       "them.";
}

static const char *
case_probe(bool speaks)
{
	ends(WHY_CLIENT_FIN);
	record.kind = speaks ? KIND_PROBE : KIND_PROXY;
	return "It counts as a probe: no payload moved, and the client left.";
}

static const char *
case_steps_missing(bool speaks)
{
	record.notes_dropped = speaks ? 3 : 0;
	return "Of its steps 3 found no room: stalls or failed addresses are missing here.";
}

static const char *
case_connect_refused(bool speaks)
{
	ends(speaks ? WHY_UPSTREAM_REFUSED : WHY_UPSTREAM_UNREACHABLE);
	return "Nothing listens at 192.0.2.1:80, or a firewall answers for it. Is the service up, and is this its "
	       "address and "
	       "port?";
}

static const char *
case_connect_unanswered(bool speaks)
{
	ends(speaks ? WHY_UPSTREAM_CONNECT_TIMEOUT : WHY_UPSTREAM_REFUSED);
	return "A firewall that drops, a host that is down, or a full accept queue answers like this: not at all. "
	       "--connect-timeout 5s is how long we wait.";
}

static const char *
case_no_route(bool speaks)
{
	ends(WHY_UPSTREAM_UNREACHABLE);
	record.close.error = speaks ? EHOSTUNREACH : EACCES;
	return "A router, or our own host, knows no way to 192.0.2.1:80: look at routes, and whether that host is up.";
}

static const char *
case_no_address(bool speaks)
{
	ends(speaks ? WHY_UPSTREAM_DNS : WHY_UPSTREAM_NONE);
	return "Ask the name servers of this host, or of --resolver, for the names in \"db\".";
}

static const char *
case_ports_used_up(bool speaks)
{
	ends(WHY_RESOURCE_PORTS);
	record.attempt.reached = speaks ? CONNECT_CONNECT : CONNECT_BIND;
	return "Each closed connection keeps its port for 60 s where we closed first, and connect(2) found none that "
	       "was free. "
	       "More addresses for --source, or clients that keep their connections, help.";
}

static const char *
case_wrong_source(bool speaks)
{
	ends(WHY_RESOURCE_PORTS);
	record.attempt.reached = speaks ? CONNECT_BIND : CONNECT_CONNECT;
	return "An address of --source is probably not one of this host: bind(2) did not take it.";
}

static const char *
case_descriptors_used_up(bool speaks)
{
	ends(speaks ? WHY_RESOURCE_FDS : WHY_RESOURCE_MEMORY);
	return "Each connection takes two descriptors: raise the limit (LimitNOFILE=, ulimit -n), or lower "
	       "--max-conns.";
}

static const char *
case_memory_used_up(bool speaks)
{
	ends(speaks ? WHY_RESOURCE_MEMORY : WHY_RESOURCE_FDS);
	return "The kernel had no memory for a socket: look at net.ipv4.tcp_mem, and at the limits of the control "
	       "group.";
}

static const char *
case_syn_lost(bool speaks)
{
	record.legs[LEG_UPSTREAM].tcp.retransmits_total = 1;
	record.attempt.ended_us = record.attempt.began_us + US_PER_S + (speaks ? 20000 : 400000);
	return "The connect took 1.02 s, and a SYN is sent again after whole seconds: probably one was lost, or the "
	       "upstream's "
	       "accept queue was full.";
}

static const char *
case_left_while_connecting(bool speaks)
{
	ends(speaks ? WHY_CLIENT_ABORT_CONNECTING : WHY_CLIENT_RESET);
	return "Port scanners leave like this, and so do clients that lose patience: compare the 1.01 s with how long "
	       "connects "
	       "take here.";
}

static const char *
case_header_missing(bool speaks)
{
	ends(speaks ? WHY_PROXY_HEADER_INVALID : WHY_PROXY_HEADER_TIMEOUT);
	return "With --proxy-in each client must send a PROXY header first: does what stands in front of \"8080\" send "
	       "one?";
}

static const char *
case_header_late(bool speaks)
{
	ends(speaks ? WHY_PROXY_HEADER_TIMEOUT : WHY_PROXY_HEADER_INVALID);
	return "A client that waits to be spoken to, or a balancer that sends no PROXY header, looks like this. "
	       "--proxy-in-timeout 5s is how long we wait.";
}

static const char *
case_not_allowed(bool speaks)
{
	ends(speaks ? WHY_DENIED_ACL : WHY_DENIED_LIMIT);
	return "If it should have been let in, look at --allow and --deny, which judge the address of the socket and "
	       "not that "
	       "of a PROXY header.";
}

static const char *
case_too_many(bool speaks)
{
	ends(speaks ? WHY_DENIED_LIMIT : WHY_DENIED_RATE);
	return "If so many are meant to come, raise --max-per-source or --max-per-listener; else look for clients that "
	       "never "
	       "close.";
}

static const char *
case_too_fast(bool speaks)
{
	ends(speaks ? WHY_DENIED_RATE : WHY_DENIED_LIMIT);
	return "If so many are meant to come, raise --rate-per-source or --rate-per-listener; else look for clients "
	       "that "
	       "connect again and again.";
}

static const char *
case_health_check(bool speaks)
{
	case_probe(speaks);
	return "Health checks, port scans, and clients that connect in advance look like this.";
}

static const char *
case_both_wait(bool speaks)
{
	idle_for(6 * US_PER_S);
	if (!speaks)
		said(LEG_UPSTREAM, 1);
	return "Each side probably waits for the other one to speak: do both mean the same protocol, with or without "
	       "TLS?";
}

static const char *
case_slow_upstream(bool speaks)
{
	answered(2, 700000);
	record.legs[LEG_UPSTREAM].tcp.rtt_us = speaks ? 900 : 60000;
	return "The path to the upstream takes 900 us of the 700 ms that an answer takes: the rest is probably spent "
	       "in the "
	       "upstream.";
}

static const char *
case_slow_name(bool speaks)
{
	answered(2, 1000);
	record.turns.max_us = speaks ? 5010000 : 5400000;
	return "One answer took 5.01 s, and 5 s is how long a resolver waits for a name server: the upstream probably "
	       "looked up "
	       "a name.";
}

static const char *
case_delayed_acknowledgement(bool speaks)
{
	answered(8, speaks ? 41000 : 51000);
	return "40 ms for each answer over so short a path is probably a delayed acknowledgement against Nagle's "
	       "algorithm: "
	       "does the upstream set TCP_NODELAY?";
}

static const char *
case_stuck_upstream(bool speaks)
{
	said(LEG_CLIENT, 10);
	idle_for(20 * US_PER_S);
	record.legs[LEG_UPSTREAM].send_queue_bytes = speaks ? 0 : 10;
	return "The upstream's kernel has acknowledged all of the question: it is probably its program that is slow, "
	       "or waits "
	       "for something itself.";
}

static const char *
case_one_bad_path(bool speaks)
{
	loses(X, 7);
	loses(Y, speaks ? 0 : 1);
	return "Only the path to the X loses segments, 7 of 200 (3.5 %): the fault is probably there, and not at this "
	       "host.";
}

static const char *
case_two_bad_paths(bool speaks)
{
	loses(LEG_CLIENT, 7);
	loses(LEG_UPSTREAM, speaks ? 2 : 1);
	return "Both paths lose segments, 7 of 200 (3.5 %) to the client and 2 of 200 (1.0 %) to the upstream: look at "
	       "the "
	       "network of this host first.";
}

static const char *
case_queue_on_the_way(bool speaks)
{
	leg_x()->tcp.rtt_us = 240000;
	leg_x()->tcp.min_rtt_us = speaks ? 20000 : 200000;
	return "The round trip to the X has grown to 12 times its best: segments probably wait in a long queue on the "
	       "way.";
}

static const char *
case_slow_reader(bool speaks)
{
	leg_x()->tcp.busy_us = 4000000;
	leg_x()->tcp.rwnd_limited_us = speaks ? 3000000 : 1000000;
	return "For 75.0 % of the time in which there was something for the X its window kept us waiting: its program "
	       "probably "
	       "reads too slowly. Look at its CPU, and at what it waits for.";
}

static const char *
case_small_send_buffer(bool speaks)
{
	leg_x()->limited_by = speaks ? LIMIT_SENDER_BUFFER : LIMIT_RECEIVER;
	return "Over a round trip of 900 us more must be under way: the third number of net.ipv4.tcp_wmem bounds it.";
}

static const char *
case_starved(bool speaks)
{
	record.legs[LEG_UPSTREAM].limited_by = speaks ? LIMIT_PROXY : LIMIT_RECEIVER;
	return "This process probably gets too little of the CPU: look at its threads, and at what else runs on this "
	       "host.";
}

static const char *
case_keepalive_watches(bool speaks)
{
	idle_for((speaks ? 601 : 599) * US_PER_S);
	return "That nothing moves says nothing of whether both are still there; keepalive asks them, after 1 min 0 s, "
	       "then "
	       "every 10.0 s.";
}

static const char *
case_nobody_watches(bool speaks)
{
	idle_for(601 * US_PER_S);
	settings.keepalive.idle_ns = speaks ? 0 : NS_PER_S;
	return "A side that vanished is not noticed until something is sent to it: --keepalive is 0.";
}

static const char *
case_end_not_seen(bool speaks)
{
	record.state = X == LEG_CLIENT ? CONN_CLIENT_HALF_CLOSED : CONN_UPSTREAM_HALF_CLOSED;
	idle_for((speaks ? 11 : 9) * US_PER_S);
	return "The Y was told that the X has finished, and does not close: if it has nothing more to send, its "
	       "program probably "
	       "does not look for the end (close_wait in ss(8) there).";
}

static const char *
case_refused_by_reset(bool speaks)
{
	said(LEG_CLIENT, 10);
	if (!speaks)
		said(LEG_UPSTREAM, 10);
	ends(WHY_UPSTREAM_RESET);
	return "The upstream reset instead of a first answer: it probably crashed, or does not speak this protocol "
	       "(TLS or "
	       "not?), or did not want this client.";
}

static const char *
case_closed_without_a_word(bool speaks)
{
	ends(speaks ? WHY_UPSTREAM_FIN : WHY_UPSTREAM_REFUSED);
	return "The upstream accepts and then closes without a word: a service at its limit, a balancer without "
	       "healthy "
	       "targets, or a program that expects TLS does that.";
}

static const char *
case_lost_the_race(bool speaks)
{
	answered(3, 1000);
	said(LEG_CLIENT, 10);
	ends_after(WHY_UPSTREAM_RESET, speaks ? 300 : 2 * US_PER_S);
	return "The client asked, and the upstream was gone. Where connections are kept for reuse that is a race: the "
	       "upstream's idle timeout is probably shorter than the client's.";
}

static const char *
case_client_gave_up(bool speaks)
{
	said(LEG_CLIENT, 10);
	ends_after(speaks ? WHY_CLIENT_RESET : WHY_CLIENT_FIN, 8 * US_PER_S); /* which may need no answer */
	return "The client left 8.00 s after its last words, without an answer: it probably lost patience. Compare "
	       "with its "
	       "timeout.";
}

static const char *
case_client_left_early(bool speaks)
{
	ends(WHY_CLIENT_RESET);
	record.close.undelivered[speaks ? LEG_CLIENT : LEG_UPSTREAM] = 9;
	return "The client did not want the rest: a page that was left, or a download that was cancelled, looks like "
	       "this.";
}

static const char *
case_round_idle(bool speaks)
{
	ends_after(WHY_UPSTREAM_FIN, speaks ? 350 * US_PER_S + 300000 : 352 * US_PER_S);
	return "Nothing had moved for 350 s (by default: AWS's Network Load Balancer and NAT gateway): an idle "
	       "timeout, of that "
	       "side or of a device on the way, probably ended it.";
}

static const char *
case_round_age(bool speaks)
{
	ends(WHY_UPSTREAM_FIN);
	record.close.cause_us = 1800 * US_PER_S;
	record.close.idle_us = speaks ? 400 * US_PER_S : 1700 * US_PER_S;
	return "It ended 1800 s after it began, and not for silence: a longest life, such as pools and balancers have, "
	       "probably "
	       "ended it.";
}

static const char *
case_vanished(bool speaks)
{
	ends(speaks ? of_x(WHY_CLIENT_LOST, WHY_UPSTREAM_LOST) : of_x(WHY_CLIENT_RESET, WHY_UPSTREAM_RESET));
	return "A host that lost its power or its network looks like this, and so does a firewall or NAT that forgot "
	       "the "
	       "connection: did others of that X end at the same time?";
}

static const char *
case_idle_limit(bool speaks)
{
	ends(speaks ? WHY_IDLE_TIMEOUT : WHY_STALL_TIMEOUT);
	return "If it should live while nothing moves, raise --idle-timeout 5m, or let the program send something from "
	       "time to "
	       "time.";
}

static const char *
case_half_close_limit(bool speaks)
{
	ends(speaks ? WHY_HALF_CLOSE_TIMEOUT : WHY_IDLE_TIMEOUT);
	return "The program that did not finish probably does not look for the end of what it reads. "
	       "--half-close-timeout 1m is "
	       "how long we wait.";
}

static const char *
case_stall_limit(bool speaks)
{
	ends(speaks ? WHY_STALL_TIMEOUT : WHY_IDLE_TIMEOUT);
	return "The program that took nothing probably hangs, or is paused. --stall-timeout 5m is how long we wait.";
}

static const char *
case_flush_limit(bool speaks)
{
	ends(speaks ? WHY_FLUSH_TIMEOUT : WHY_IDLE_TIMEOUT);
	return "Either that side's program did not read to the end, or its host is gone. --flush-timeout 30s is how "
	       "long we "
	       "wait.";
}

static const char *
case_age_limit(bool speaks)
{
	ends(speaks ? WHY_MAX_DURATION : WHY_IDLE_TIMEOUT);
	return "If such connections should live longer, raise --max-duration 5m.";
}

static const char *
case_drain_limit(bool speaks)
{
	ends(speaks ? WHY_SHUTDOWN : WHY_ADMIN_KILL);
	return "If such connections should finish by themselves, raise --drain-timeout 30s.";
}

static const char *
case_half_done(bool speaks)
{
	said(LEG_CLIENT, 10);
	if (!speaks)
		said(LEG_UPSTREAM, 10);
	ends(WHY_UPSTREAM_LOST);
	return "The upstream may have done what it was asked for before it could say so: ask again only for what may "
	       "happen "
	       "twice.";
}

static const char *
case_acknowledged_is_not_read(bool speaks)
{
	said(Y, 10);
	ends(of_x(WHY_CLIENT_RESET, WHY_UPSTREAM_RESET));
	record.close.undelivered[X] = speaks ? 0 : 1;
	return "All that was for the X was acknowledged by its kernel; whether its program read it cannot be seen from "
	       "here.";
}

static const char *
case_please_report(bool speaks)
{
	ends(speaks ? WHY_INTERNAL_ERROR : WHY_SHUTDOWN);
	return "This should not happen: please report it, with this text and the log.";
}

static const char *(*const cases[EXPLAIN_RULES])(bool speaks) = {
#define RULE(name, kind, condition, sentence) [EXPLAIN_##name] = case_##name,
#include "track/explain_rules.def"
};

/* ---- The tests ---- */

/* X and Y where they stand for the legs. */
static const char *
named(const char *text)
{
	static char room[1024];
	size_t length = 0;

	for (const char *at = text; *at != '\0'; at++) {
		bool alone = (at == text || strchr(" {", at[-1]) != NULL) && strchr(" :,.?'", at[1]) != NULL;

		if (alone && (*at == 'X' || *at == 'Y'))
			length += strlen(strcpy(room + length, leg_text(*at == 'X' ? X : Y)));
		else
			room[length++] = *at;
	}
	room[length] = '\0';
	return room;
}

static bool
is_of_legs(const struct rule *rule)
{
	return strstr(rule->condition, "legs.X") != NULL || strstr(rule->condition, "X_") != NULL ||
	       strstr(rule->condition, "_X") != NULL || strstr(rule->condition, "legs.Y") != NULL ||
	       strstr(rule->condition, "== X") != NULL;
}

/* What a rule says of this leg; NULL: nothing. */
static const char *
told_by(const struct rule *rule, enum leg_name leg)
{
	static struct explained sentence;
	struct explanation explanation = { .track = &track, .record = &record, .now_ns = now };

	while (explain_next(&explanation, &sentence)) {
		if (sentence.rule == rule && sentence.leg == leg)
			return sentence.text;
	}
	ck_assert(!explanation.no_memory);
	return NULL;
}

static void
check_rule(int number, enum leg_name leg)
{
	const struct rule *rule = &explain_rules[number];
	const char *want, *told;

	X = leg == LEG_NONE ? LEG_CLIENT : leg;
	Y = leg_other(X);
	want = named(cases[number](true));
	told = told_by(rule, leg);
	ck_assert_msg(told != NULL, "%s says nothing", rule->name);
	ck_assert_msg(strcmp(told, want) == 0, "%s:\n%s\n%s", rule->name, told, want);
	teardown();
	setup();
	X = leg == LEG_NONE ? LEG_CLIENT : leg;
	Y = leg_other(X);
	cases[number](false);
	told = told_by(rule, leg);
	ck_assert_msg(told == NULL, "%s: %s", rule->name, told);
}

START_TEST(a_rule_speaks_of_what_it_is_meant_for_and_of_nothing_else)
{
	bool of_legs = is_of_legs(&explain_rules[_i]);

	for (int leg = 0; leg < (of_legs ? LEG_COUNT : 1); leg++) {
		check_rule(_i, of_legs ? (enum leg_name)leg : LEG_NONE);
		teardown();
		setup();
	}
}
END_TEST

START_TEST(a_rule_asks_for_what_there_is)
{
	const struct rule *rule = &explain_rules[_i];

	for (int leg = 0; leg < LEG_COUNT; leg++) {
		struct filter_fault fault;
		char pattern[1024];
		size_t length = 0;

		for (const char *at = rule->sentence; *at != '\0'; at++) {
			bool in_braces = at > rule->sentence && strchr("._{", at[-1]) != NULL;

			if ((*at == 'X' || *at == 'Y') && in_braces && strchr("._}", at[1]) != NULL)
				length += strlen(strcpy(pattern + length, leg_text((enum leg_name)leg)));
			else
				pattern[length++] = *at;
		}
		pattern[length] = '\0';
		ck_assert_msg(evidence_knows(pattern), "%s: %s", rule->name, pattern);
		ck_assert_msg(strpbrk(rule->sentence, "\n\t") == NULL, "%s", rule->name);
		if (!is_of_legs(rule)) {
			struct filter *filter = filter_new(rule->condition, &fault);

			ck_assert_msg(filter != NULL, "%s: %s", rule->name, fault.message);
			filter_free(filter);
		}
	}
}
END_TEST

/* What the record cannot know is no fact. */
START_TEST(only_a_hint_supposes)
{
	static const char *const suppositions[] = { "probably", "perhaps", "maybe", "may ", "might", "likely", "seem" };
	const struct rule *rule = &explain_rules[_i];

	for (size_t i = 0; i < sizeof(suppositions) / sizeof(suppositions[0]) && rule->kind == RULE_FACT; i++)
		ck_assert_msg(strstr(rule->sentence, suppositions[i]) == NULL, "%s", rule->name);
	ck_assert_str_eq(rule_kind_text(rule->kind), rule->kind == RULE_FACT ? "fact" : "hint");
	if (_i > 0)
		ck_assert_msg(explain_rules[_i - 1].kind <= rule->kind, "%s stands behind a hint", rule->name);
}
END_TEST

START_TEST(every_end_is_told)
{
	struct explanation explanation = { .track = &track, .record = &record, .now_ns = now };
	struct explained sentence;
	int count = 0;

	ends((enum close_reason)_i);
	while (explain_next(&explanation, &sentence)) {
		ck_assert_ptr_null(strpbrk(sentence.text, "{}"));
		count++;
	}
	ck_assert_int_ge(count, 5);
}
END_TEST

START_TEST(names_cannot_steer_a_terminal)
{
	strcpy(settings.listeners[0].name, "\033[2J\n\xff\"");
	strcpy(settings.upstreams[0].name, "{state}");
	ck_assert_str_eq(told_by(&explain_rules[EXPLAIN_arrived], LEG_NONE),
	    "198.51.100.7:40000 connected to 192.0.2.100:8080, the listener \"?[2J??\"\", at "
	    "1970-01-01T00:00:00.000000Z.");
	ck_assert_ptr_nonnull(strstr(told_by(&explain_rules[EXPLAIN_connected], LEG_NONE), "\"{state}\""));
}
END_TEST

START_TEST(what_is_longest_fits)
{
	memset(settings.listeners[0].name, 'l', NAME_TEXT_MAX - 1);
	memset(settings.upstreams[0].name, 'u', NAME_TEXT_MAX - 1);
	for (int i = 0; i < 20; i++)
		add_failure("[2001:db8:1111:2222:3333:4444:5555:6666]:65535", ECONNREFUSED);
	const char *told = told_by(&explain_rules[EXPLAIN_failed_addresses], LEG_NONE);
	ck_assert_ptr_nonnull(strstr(told, " after 100 us) and 16 more."));
	make_unix(LEG_CLIENT);
	memset(settings.listeners[0].addr.local.sun_path, 'p', sizeof(settings.listeners[0].addr.local.sun_path) - 1);
	told = told_by(&explain_rules[EXPLAIN_arrived_unix], LEG_NONE);
	ck_assert_int_eq(told[strlen(told) - 1], '.');
}
END_TEST

START_TEST(an_end_that_nobody_saw_first_is_told_in_no_order)
{
	leg_x()->fin_received_us = 2000;
	leg_y()->fin_received_us = 2001;
	record.close.order = ORDER_SAME_TURN;
	ends(WHY_CLIENT_FIN);
	ck_assert_ptr_null(told_by(&explain_rules[EXPLAIN_finished], LEG_CLIENT));
	ck_assert_ptr_nonnull(strstr(told_by(&explain_rules[EXPLAIN_ended], LEG_NONE), "nobody can be named first."));
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("track/explain");
	TCase *rules = tcase_create("rules"), *tcase = tcase_create("sentences");

	tcase_add_checked_fixture(rules, setup, teardown);
	tcase_add_loop_test(rules, a_rule_speaks_of_what_it_is_meant_for_and_of_nothing_else, 0, EXPLAIN_RULES);
	tcase_add_loop_test(rules, a_rule_asks_for_what_there_is, 0, EXPLAIN_RULES);
	tcase_add_loop_test(rules, only_a_hint_supposes, 0, EXPLAIN_RULES);
	suite_add_tcase(suite, rules);
	tcase_add_checked_fixture(tcase, setup, teardown);
	tcase_add_loop_test(tcase, every_end_is_told, WHY_NONE + 1, WHY_COUNT);
	tcase_add_test(tcase, names_cannot_steer_a_terminal);
	tcase_add_test(tcase, what_is_longest_fits);
	tcase_add_test(tcase, an_end_that_nobody_saw_first_is_told_in_no_order);
	suite_add_tcase(suite, tcase);
	return suite_main(suite);
}
