/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include "net/socket.h"
#include "unit/explain_scene.h"

const char *
case_connect_refused(bool speaks)
{
	ends(speaks ? WHY_UPSTREAM_REFUSED : WHY_UPSTREAM_UNREACHABLE);
	return "Nothing listens at 192.0.2.1:80, or a firewall answers for it. Is the service up, and is this its "
	       "address and "
	       "port?";
}

const char *
case_connect_unanswered(bool speaks)
{
	ends(speaks ? WHY_UPSTREAM_CONNECT_TIMEOUT : WHY_UPSTREAM_REFUSED);
	return "A firewall that drops, a host that is down, or a full accept queue answers like this: not at all. "
	       "--connect-timeout 5s is how long we wait.";
}

const char *
case_no_route(bool speaks)
{
	ends(WHY_UPSTREAM_UNREACHABLE);
	record.close.error = speaks ? EHOSTUNREACH : EACCES;
	return "A router, or our own host, knows no way to 192.0.2.1:80: look at routes, and whether that host is up.";
}

const char *
case_no_address(bool speaks)
{
	ends(speaks ? WHY_UPSTREAM_DNS : WHY_UPSTREAM_NONE);
	return "Ask the name servers of this host, or of --resolver, for the names in \"db\".";
}

const char *
case_ports_used_up(bool speaks)
{
	ends(WHY_RESOURCE_PORTS);
	record.attempt.reached = speaks ? CONNECT_CONNECT : CONNECT_BIND;
	return "Each closed connection keeps its port for 60 s where we closed first, and connect(2) found none that "
	       "was free. "
	       "More addresses for --source, or clients that keep their connections, help.";
}

const char *
case_wrong_source(bool speaks)
{
	ends(WHY_RESOURCE_PORTS);
	record.attempt.reached = speaks ? CONNECT_BIND : CONNECT_CONNECT;
	return "An address of --source is probably not one of this host: bind(2) did not take it.";
}

const char *
case_descriptors_used_up(bool speaks)
{
	ends(speaks ? WHY_RESOURCE_FDS : WHY_RESOURCE_MEMORY);
	return "Each connection takes two descriptors: raise the limit (LimitNOFILE=, ulimit -n), or lower "
	       "--max-conns.";
}

const char *
case_memory_used_up(bool speaks)
{
	ends(speaks ? WHY_RESOURCE_MEMORY : WHY_RESOURCE_FDS);
	return "The kernel had no memory for a socket: look at net.ipv4.tcp_mem, and at the limits of the control "
	       "group.";
}

const char *
case_syn_lost(bool speaks)
{
	record.legs[LEG_UPSTREAM].tcp.retransmits_total = 1;
	record.attempt.ended_us = record.attempt.began_us + US_PER_S + (speaks ? 20000 : 400000);
	return "The connect took 1.02 s, and a SYN is sent again after whole seconds: probably one was lost, or the "
	       "upstream's "
	       "accept queue was full.";
}

const char *
case_left_while_connecting(bool speaks)
{
	ends(speaks ? WHY_CLIENT_ABORT_CONNECTING : WHY_CLIENT_RESET);
	return "Port scanners leave like this, and so do clients that lose patience: compare the 1.01 s with how long "
	       "connects "
	       "take here.";
}

const char *
case_header_missing(bool speaks)
{
	ends(speaks ? WHY_PROXY_HEADER_INVALID : WHY_PROXY_HEADER_TIMEOUT);
	return "With --proxy-in each client must send a PROXY header first: does what stands in front of \"8080\" send "
	       "one?";
}

const char *
case_header_late(bool speaks)
{
	ends(speaks ? WHY_PROXY_HEADER_TIMEOUT : WHY_PROXY_HEADER_INVALID);
	return "A client that waits to be spoken to, or a balancer that sends no PROXY header, looks like this. "
	       "--proxy-in-timeout 5s is how long we wait.";
}

const char *
case_not_allowed(bool speaks)
{
	ends(speaks ? WHY_DENIED_ACL : WHY_DENIED_LIMIT);
	return "If it should have been let in, look at --allow and --deny, which judge the address of the socket and "
	       "not that "
	       "of a PROXY header.";
}

const char *
case_too_many(bool speaks)
{
	ends(speaks ? WHY_DENIED_LIMIT : WHY_DENIED_RATE);
	return "If so many are meant to come, raise --max-per-source or --max-per-listener; else look for clients that "
	       "never "
	       "close.";
}

const char *
case_too_fast(bool speaks)
{
	ends(speaks ? WHY_DENIED_RATE : WHY_DENIED_LIMIT);
	return "If so many are meant to come, raise --rate-per-source or --rate-per-listener; else look for clients "
	       "that "
	       "connect again and again.";
}

const char *
case_health_check(bool speaks)
{
	case_probe(speaks);
	return "Health checks, port scans, and clients that connect in advance look like this.";
}

const char *
case_both_wait(bool speaks)
{
	idle_for(6 * US_PER_S);
	if (!speaks)
		said(LEG_UPSTREAM, 1);
	return "Each side probably waits for the other one to speak: do both mean the same protocol, with or without "
	       "TLS?";
}

const char *
case_slow_upstream(bool speaks)
{
	answered(2, 700000);
	record.legs[LEG_UPSTREAM].tcp.rtt_us = speaks ? 900 : 60000;
	return "The path to the upstream takes 900 us of the 700 ms that an answer takes: the rest is probably spent "
	       "in the "
	       "upstream.";
}

const char *
case_slow_name(bool speaks)
{
	answered(2, 1000);
	record.turns.max_us = speaks ? 5010000 : 5400000;
	return "One answer took 5.01 s, and 5 s is how long a resolver waits for a name server: the upstream probably "
	       "looked up "
	       "a name.";
}

const char *
case_delayed_acknowledgement(bool speaks)
{
	answered(8, speaks ? 41000 : 51000);
	return "40 ms for each answer over so short a path is probably a delayed acknowledgement against Nagle's "
	       "algorithm: "
	       "does the upstream set TCP_NODELAY?";
}

const char *
case_stuck_upstream(bool speaks)
{
	said(LEG_CLIENT, 10);
	idle_for(20 * US_PER_S);
	record.legs[LEG_UPSTREAM].send_queue_bytes = speaks ? 0 : 10;
	return "The upstream's kernel has acknowledged all of the question: it is probably its program that is slow, "
	       "or waits "
	       "for something itself.";
}

const char *
case_one_bad_path(bool speaks)
{
	loses(X, speaks ? 7 : 4);
	return "Only the path to the X loses segments, 7 of 200 (3.5 %): the fault is probably there, and not at this "
	       "host.";
}

const char *
case_two_bad_paths(bool speaks)
{
	loses(LEG_CLIENT, 7);
	loses(LEG_UPSTREAM, 5);
	record.legs[LEG_UPSTREAM].tcp.segments_sent = speaks ? 500 : 501;
	return "Both paths lose segments, 7 of 200 (3.5 %) to the client and 5 of 500 (1.0 %) to the upstream: look at "
	       "the "
	       "network of this host first.";
}

const char *
case_queue_on_the_way(bool speaks)
{
	leg_x()->tcp.rtt_us = 240000;
	leg_x()->tcp.min_rtt_us = speaks ? 20000 : 200000;
	return "The round trip to the X has grown to 12 times its best: segments probably wait in a long queue on the "
	       "way.";
}

const char *
case_slow_reader(bool speaks)
{
	leg_x()->tcp.busy_us = 4000000;
	leg_x()->tcp.rwnd_limited_us = speaks ? 3000000 : 1000000;
	return "For 75.0 % of the time in which there was something for the X its window kept us waiting: its program "
	       "probably "
	       "reads too slowly. Look at its CPU, and at what it waits for.";
}

const char *
case_small_send_buffer(bool speaks)
{
	leg_x()->limited_by = speaks ? LIMIT_SENDER_BUFFER : LIMIT_RECEIVER;
	return "Over a round trip of 900 us more must be under way: the third number of net.ipv4.tcp_wmem bounds it.";
}

const char *
case_starved(bool speaks)
{
	record.legs[LEG_UPSTREAM].limited_by = speaks ? LIMIT_PROXY : LIMIT_RECEIVER;
	return "This process probably gets too little of the CPU: look at its threads, and at what else runs on this "
	       "host.";
}

const char *
case_keepalive_watches(bool speaks)
{
	idle_for((speaks ? 601 : 599) * US_PER_S);
	return "That nothing moves says nothing of whether both are still there; keepalive asks them, after 1 min 0 s, "
	       "then "
	       "every 10.0 s.";
}

const char *
case_nobody_watches(bool speaks)
{
	idle_for(601 * US_PER_S);
	settings.keepalive.idle_ns = speaks ? 0 : NS_PER_S;
	return "A side that vanished is not noticed until something is sent to it: --keepalive is 0.";
}

const char *
case_end_not_seen(bool speaks)
{
	record.state = X == LEG_CLIENT ? CONN_CLIENT_HALF_CLOSED : CONN_UPSTREAM_HALF_CLOSED;
	idle_for((speaks ? 11 : 9) * US_PER_S);
	return "The Y was told that the X has finished, and does not close: if it has nothing more to send, its "
	       "program probably "
	       "does not look for the end (close_wait in ss(8) there).";
}

const char *
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

const char *
case_closed_without_a_word(bool speaks)
{
	ends(speaks ? WHY_UPSTREAM_FIN : WHY_UPSTREAM_REFUSED);
	return "The upstream accepts and then closes without a word: a service at its limit, a balancer without "
	       "healthy "
	       "targets, or a program that expects TLS does that.";
}

const char *
case_lost_the_race(bool speaks)
{
	answered(3, 1000);
	said(LEG_CLIENT, 10);
	ends_after(WHY_UPSTREAM_RESET, speaks ? 300 : 2 * US_PER_S);
	return "The client asked, and the upstream was gone. Where connections are kept for reuse that is a race: the "
	       "upstream's idle timeout is probably shorter than the client's.";
}

const char *
case_client_gave_up(bool speaks)
{
	said(LEG_CLIENT, 10);
	ends_after(speaks ? WHY_CLIENT_RESET : WHY_CLIENT_FIN, 8 * US_PER_S); /* which may need no answer */
	return "The client left 8.00 s after its last words, without an answer: it probably lost patience. Compare "
	       "with its "
	       "timeout.";
}

const char *
case_client_left_early(bool speaks)
{
	ends(WHY_CLIENT_RESET);
	record.close.undelivered[speaks ? LEG_CLIENT : LEG_UPSTREAM] = 9;
	return "The client did not want the rest: a page that was left, or a download that was cancelled, looks like "
	       "this.";
}

const char *
case_round_idle(bool speaks)
{
	ends_after(WHY_UPSTREAM_FIN, speaks ? 350 * US_PER_S + 300000 : 352 * US_PER_S);
	return "Nothing had moved for 350 s (by default: AWS's Network Load Balancer and NAT gateway): an idle "
	       "timeout, of that "
	       "side or of a device on the way, probably ended it.";
}

const char *
case_round_age(bool speaks)
{
	ends(WHY_UPSTREAM_FIN);
	record.close.cause_us = 1800 * US_PER_S;
	record.close.idle_us = speaks ? 400 * US_PER_S : 1700 * US_PER_S;
	return "It ended 1800 s after it began, and not for silence: a longest life, such as pools and balancers have, "
	       "probably "
	       "ended it.";
}

const char *
case_vanished(bool speaks)
{
	ends(speaks ? of_x(WHY_CLIENT_LOST, WHY_UPSTREAM_LOST) : of_x(WHY_CLIENT_RESET, WHY_UPSTREAM_RESET));
	return "A host that lost its power or its network looks like this, and so does a firewall or NAT that forgot "
	       "the "
	       "connection: did others of that X end at the same time?";
}

const char *
case_idle_limit(bool speaks)
{
	ends(speaks ? WHY_IDLE_TIMEOUT : WHY_STALL_TIMEOUT);
	return "If it should live while nothing moves, raise --idle-timeout 5m, or let the program send something from "
	       "time to "
	       "time.";
}

const char *
case_half_close_limit(bool speaks)
{
	ends(speaks ? WHY_HALF_CLOSE_TIMEOUT : WHY_IDLE_TIMEOUT);
	return "The program that did not finish probably does not look for the end of what it reads. "
	       "--half-close-timeout 1m is "
	       "how long we wait.";
}

const char *
case_stall_limit(bool speaks)
{
	ends(speaks ? WHY_STALL_TIMEOUT : WHY_IDLE_TIMEOUT);
	return "The program that took nothing probably hangs, or is paused. --stall-timeout 5m is how long we wait.";
}

const char *
case_flush_limit(bool speaks)
{
	ends(speaks ? WHY_FLUSH_TIMEOUT : WHY_IDLE_TIMEOUT);
	return "Either that side's program did not read to the end, or its host is gone. --flush-timeout 30s is how "
	       "long we "
	       "wait.";
}

const char *
case_age_limit(bool speaks)
{
	ends(speaks ? WHY_MAX_DURATION : WHY_IDLE_TIMEOUT);
	return "If such connections should live longer, raise --max-duration 5m.";
}

const char *
case_drain_limit(bool speaks)
{
	ends(speaks ? WHY_SHUTDOWN : WHY_ADMIN_KILL);
	return "If such connections should finish by themselves, raise --drain-timeout 30s.";
}

const char *
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

const char *
case_acknowledged_is_not_read(bool speaks)
{
	said(Y, 10);
	ends(of_x(WHY_CLIENT_RESET, WHY_UPSTREAM_RESET));
	record.close.undelivered[X] = speaks ? 0 : 1;
	return "All that was for the X was acknowledged by its kernel; whether its program read it cannot be seen from "
	       "here.";
}

const char *
case_please_report(bool speaks)
{
	ends(speaks ? WHY_INTERNAL_ERROR : WHY_SHUTDOWN);
	return "This should not happen: please report it, with this text and the log.";
}
