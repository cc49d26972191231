/* SPDX-License-Identifier: MIT */
#include "track/finding_text.h"

#include <string.h>
#include "base/clock.h"
#include "base/figure.h"
#include "base/quantity.h"
#include "net/ports.h"
#include "track/known_times.h"

static const struct upstream_setting *
upstream_of(const struct settings *settings, const struct finding *finding)
{
	return &settings->upstreams[finding->upstream];
}

static const char *
target_of(const struct settings *settings, const struct finding *finding)
{
	return upstream_of(settings, finding)->targets[finding->target].name;
}

const char *
finding_listener(const struct settings *settings, const struct finding *finding)
{
	const char *name = upstream_of(settings, finding)->name, *listener = NULL;
	int count = 0;

	for (int i = 0; i < settings->pair_count; i++) {
		if (strcmp(settings->upstreams[i].name, name) != 0)
			continue;
		listener = settings->listeners[i].name;
		count++;
	}
	return count == 1 ? listener : NULL;
}

void
finding_write_id(struct text *text, const struct settings *settings, const struct finding *finding)
{
	text_addf(
	    text, "%s/%s", finding_kind_text((enum finding_kind)finding->kind), upstream_of(settings, finding)->name);
	switch ((enum finding_kind)finding->kind) {
	case FINDING_IDLE_CUTOFF:
		text_addf(
		    text, "/%s%s", leg_text((enum leg_name)finding->side), finding->aspect == ASPECT_FIN ? "/fin" : "");
		break;
	case FINDING_NEVER_FINISHES:
		text_addf(text, "/%s", leg_text((enum leg_name)finding->side));
		break;
	case FINDING_TARGET_FAILS:
		text_addf(
		    text, "/%s%s", target_of(settings, finding), finding->aspect == ASPECT_RESET ? "/resets" : "");
		break;
	default:
		text_addf(text, "/%s", target_of(settings, finding));
		if (finding->kind == FINDING_SOURCE_PORTS) {
			char ip[INET6_ADDRSTRLEN];

			text_addf(text, "/%s", flow_ip_format(&finding->ports.address, ip));
		}
		break;
	}
}

/* Titles. */

/* "350 ± 1 s", "75.0 ± 0.2 s", "400 ± 3 ms": how far they spread is never shown as nothing. */
static void
add_time(struct text *text, int64_t us, int64_t spread_us)
{
	if (us < 10000000) {
		text_addf(text, "%lld ± %lld ms", (long long)((us + 500) / 1000), (long long)(spread_us / 1000 + 1));
	} else if (spread_us < 500000) {
		text_addf(text, "%lld.%lld ± 0.%lld s", (long long)((us + 50000) / 1000000),
		    (long long)((us + 50000) / 100000 % 10), (long long)(spread_us / 100000 + 1));
	} else {
		text_addf(text, "%lld ± %lld s", (long long)((us + 500000) / 1000000),
		    (long long)((spread_us + 999999) / 1000000));
	}
}

static void
write_idle_title(struct text *text, const struct settings *settings, const struct finding *finding)
{
	const char *side = leg_text((enum leg_name)finding->side);

	text_addf(text, "%u of %u ", finding->idle.ends, finding->idle.of_ends);
	if (finding->aspect == ASPECT_FIN)
		text_add(text, "ends on ");
	else
		text_addf(text, "resets by the %s after a silence on ", side);
	text_add_quoted(text, upstream_of(settings, finding)->name);
	text_add(text, " came after ");
	add_time(text, finding->idle.idle_us, finding->idle.spread_us);
	text_addf(text, " idle%s", finding->aspect == ASPECT_FIN ? ", in order and by the upstream" : "");
}

static void
write_unfinished_title(struct text *text, const struct settings *settings, const struct finding *finding)
{
	enum leg_name leg = (enum leg_name)finding->side;
	uint64_t late = finding->unfinished.cut + finding->unfinished.waiting;

	text_addf(text, "%llu of %llu connections on ", (unsigned long long)late,
	    (unsigned long long)finding->unfinished.half_closed);
	text_add_quoted(text, upstream_of(settings, finding)->name);
	text_addf(text, " that the %s finished the %s did not finish: ", leg_text(leg_other(leg)), leg_text(leg));
	if (finding->unfinished.cut > 0)
		text_addf(text, "%llu were cut by --half-close-timeout", (unsigned long long)finding->unfinished.cut);
	if (finding->unfinished.waiting > 0) {
		text_addf(text, "%s%llu wait, the longest for ", finding->unfinished.cut > 0 ? ", " : "",
		    (unsigned long long)finding->unfinished.waiting);
		figure_add_duration(text, finding->unfinished.longest_us);
	}
}

static void
add_part(struct text *text, const char **separator, uint64_t count, const char *what)
{
	if (count == 0)
		return;
	text_addf(text, "%s%llu %s", *separator, (unsigned long long)count, what);
	*separator = ", ";
}

static void
write_target_title(struct text *text, const struct settings *settings, const struct finding *finding)
{
	bool connects = finding->aspect == ASPECT_CONNECTS;
	const char *separator = " (";

	text_addf(text, "%llu of %llu %s ", (unsigned long long)finding->failures.failed,
	    (unsigned long long)finding->failures.tried, connects ? "connects to" : "connections with");
	text_add_quoted(text, target_of(settings, finding));
	text_add(text, connects ? " failed" : " were aborted by it or lost");
	add_part(text, &separator, finding->failures.refused, "refused");
	add_part(text, &separator, finding->failures.timed_out, "not answered");
	add_part(text, &separator, finding->failures.unreachable, "unreachable");
	add_part(text, &separator, finding->failures.other, "otherwise");
	add_part(text, &separator, finding->failures.reset, "reset");
	add_part(text, &separator, finding->failures.lost, "lost");
	text_add_char(text, ')');
	if (finding->failures.others_tried > 0)
		text_addf(text, "; with the other targets %llu of %llu",
		    (unsigned long long)finding->failures.others_failed,
		    (unsigned long long)finding->failures.others_tried);
}

static void
write_ports_title(struct text *text, const struct settings *settings, const struct finding *finding)
{
	uint64_t taken = finding->ports.in_use + finding->ports.time_wait;

	if (finding->ports.ports >= 0)
		text_addf(text, "%llu of %lld source ports towards ", (unsigned long long)taken,
		    (long long)finding->ports.ports);
	else
		text_addf(text, "%llu source ports towards ", (unsigned long long)taken);
	text_add_quoted(text, target_of(settings, finding));
	text_add(text, " are taken");
	if (finding->ports.time_wait > 0)
		text_addf(text, ", %llu of them by TIME_WAIT", (unsigned long long)finding->ports.time_wait);
	if (finding->ports.shortages > 0)
		text_addf(text, ", and %llu connects found none", (unsigned long long)finding->ports.shortages);
}

void
finding_write_title(struct text *text, const struct settings *settings, const struct finding *finding)
{
	switch ((enum finding_kind)finding->kind) {
	case FINDING_IDLE_CUTOFF:
		write_idle_title(text, settings, finding);
		break;
	case FINDING_NEVER_FINISHES:
		write_unfinished_title(text, settings, finding);
		break;
	case FINDING_TARGET_FAILS:
		write_target_title(text, settings, finding);
		break;
	case FINDING_SOURCE_PORTS:
		write_ports_title(text, settings, finding);
		break;
	case FINDING_KINDS:
		break;
	}
}

/* Advice. */

static void
write_known_time(struct text *text, int64_t us)
{
	const struct known_time *known = known_time_find(us);

	if (known != NULL && known->whose != NULL)
		text_addf(text, "  %d s is a known time (by default: %s).", known->seconds, known->whose);
}

/* As one would write it for an option: "90s". */
static void
add_setting(struct text *text, int64_t ns)
{
	char quantity[QUANTITY_TEXT_MAX];

	text_add(text, quantity_format_duration(ns, quantity));
}

static void
write_keepalive(struct text *text, const struct settings *settings, int64_t idle_us)
{
	int64_t keepalive_us = settings->keepalive.idle_ns / NS_PER_US;

	if (idle_us < 2000000) {
		text_add(text, "  That is too short a time for keepalive.");
	} else if (keepalive_us != 0 && keepalive_us < idle_us) {
		text_add(text, "  Our --keepalive goes out every ");
		add_setting(text, settings->keepalive.idle_ns);
		text_add(text, " and does not help: what cuts looks at the bytes, not at the packets, as a proxy or a "
			       "server with an idle timeout does.");
	} else {
		text_add(text, "  Set --keepalive below that time");
		if (keepalive_us == 0) {
			text_add(text, " (it is off).");
		} else {
			text_add(text, " (it is ");
			add_setting(text, settings->keepalive.idle_ns);
			text_add(text, ").");
		}
	}
}

static void
write_idle_advice(struct text *text, const struct settings *settings, const struct finding *finding)
{
	bool by_client = finding->side == LEG_CLIENT;
	bool waited = finding->idle.unanswered * 2 > finding->idle.ends;

	if (finding->aspect == ASPECT_FIN) {
		text_add(text, "The upstream, or a device in front of it, closes what was idle for that long.  Whoever "
			       "reuses connections should give them up sooner, or will lose a request now and then.");
		write_known_time(text, finding->idle.idle_us);
		return;
	}
	if (by_client && waited)
		text_add(text, "The clients give up waiting for an answer then, or a device in front of them does.");
	else if (by_client)
		text_add(text, "A device in front of the clients cuts there, or a timeout of their own.");
	else
		text_add(text, "A device in front of the upstream cuts there, or a timeout of its own.");
	if (by_client && finding->idle.clients == 1)
		text_add(text, "  All came from one address: ask there first.");
	if (!by_client && waited)
		text_add(text, "  The clients had asked and got no answer: it may be the limit of a request's time.");
	write_known_time(text, finding->idle.idle_us);
	if (!by_client || !waited)
		write_keepalive(text, settings, finding->idle.idle_us);
}

static void
write_target_advice(struct text *text, const struct finding *finding)
{
	if (finding->aspect == ASPECT_RESET)
		text_add(text, "Look at that target: it restarts, is overloaded, or the way to it is broken.");
	else if (finding->failures.refused * 2 > finding->failures.failed)
		text_add(
		    text, "Nobody listens there, or its queue is full and it refuses what comes: see whether it runs.");
	else if (finding->failures.timed_out * 2 > finding->failures.failed)
		text_add(text, "It does not answer: the host is down, a firewall drops, or its queue is full.");
	else
		text_add(text, "Look at the errors of its attempts, in the connections that are meant.");
	if (finding->aspect != ASPECT_CONNECTS) /* what was established nobody else can take */
		return;
	text_add(text, finding->failures.others_tried > finding->failures.others_failed
			   ? "  Clients are taken by the other targets meanwhile, later by as long as it takes to fail."
			   : "  No other target takes its clients.");
}

static void
write_ports_advice(struct text *text, const struct finding *finding)
{
	text_add(text, "When none is left connects fail.  More addresses for --source bring as many each, a wider "
		       "net.ipv4.ip_local_port_range more for all");
	if (finding->ports.time_wait > finding->ports.in_use)
		text_addf(text,
		    "; most wait for %d s behind connections that clients closed first: net.ipv4.tcp_tw_reuse lets "
		    "them be used sooner",
		    PORTS_KEPT_SECONDS);
	text_add_char(text, '.');
}

void
finding_write_advice(struct text *text, const struct settings *settings, const struct finding *finding)
{
	switch ((enum finding_kind)finding->kind) {
	case FINDING_IDLE_CUTOFF:
		write_idle_advice(text, settings, finding);
		break;
	case FINDING_NEVER_FINISHES:
		text_addf(text,
		    "The %s's program does not notice, or does not heed, that its reading has come to an end: each "
		    "such "
		    "connection holds sockets on all sides until --half-close-timeout (",
		    leg_text((enum leg_name)finding->side));
		add_setting(text, settings->half_close_timeout_ns);
		text_add(text, ") cuts it.");
		break;
	case FINDING_TARGET_FAILS:
		write_target_advice(text, finding);
		break;
	case FINDING_SOURCE_PORTS:
		write_ports_advice(text, finding);
		break;
	case FINDING_KINDS:
		break;
	}
}
