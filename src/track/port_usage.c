/* SPDX-License-Identifier: MIT */
#include "track/port_usage.h"

#include <stdlib.h>
#include <string.h>
#include "base/clock.h"
#include "net/ports.h"
#include "track/recent.h"

#define WAIT_NS      (PORTS_KEPT_SECONDS * NS_PER_S)
#define WAIT_SPAN_NS (WAIT_NS / (RECENT_BUCKETS - 1))
#define SPAN_NS      (PORT_SHORTAGES_WINDOW_NS / (RECENT_BUCKETS - 1))

enum { HIGH_PERCENT = 80, FULL_PERCENT = 95, IN_USE_LEAST = 5 };
enum { SHORTAGES, TIME_WAITS = 0 };

/* Ports are taken towards an address; several targets, and upstreams, may have it. */
struct port_address {
	bool is_used;
	uint16_t upstream, target; /* of whom it was met first */
	struct flow_end address;
	uint64_t in_use, live_shortages; /* live_: of connections that live */
	int64_t last_ns;                 /* that something of it was seen */
	int64_t last_shortage_ns;
	struct recent time_waits, shortages;
};

struct port_usage {
	const struct settings *settings;
	struct port_address addresses[PORT_ADDRESSES_MAX];
};

struct port_usage *
port_usage_new(const struct settings *settings)
{
	struct port_usage *usage = calloc(1, sizeof(*usage));

	if (usage != NULL)
		usage->settings = settings;
	return usage;
}

void
port_usage_free(struct port_usage *usage)
{
	free(usage);
}

/* NULL: there is no room for one more.  That is no loss as long as ports run out towards few at a time. */
static struct port_address *
find(struct port_usage *usage, const struct sighting *it, const struct flow_end *address, int target)
{
	struct port_address *room = NULL;

	for (int i = 0; i < PORT_ADDRESSES_MAX; i++) {
		struct port_address *at = &usage->addresses[i];

		if (!at->is_used)
			room = room == NULL ? at : room;
		else if (at->address.port == address->port &&
			 memcmp(at->address.ip, address->ip, sizeof(address->ip)) == 0)
			return at;
	}
	if (room == NULL || target == -1)
		return NULL;
	memset(room, 0, sizeof(*room));
	room->is_used = true;
	room->upstream = (uint16_t)it->upstream;
	room->target = (uint16_t)target;
	room->address = *address;
	return room;
}

static struct port_address *
find_of(struct port_usage *usage, const struct sighting *it)
{
	const struct flow *flow = &it->record->legs[LEG_UPSTREAM].flow;

	return flow->protocol == FLOW_TCP ? find(usage, it, &flow->destination, it->target) : NULL;
}

/* Who closes first waits: our FIN went out before theirs came, and no RST cut that short. */
static bool
waits(const struct record *record)
{
	const struct record_leg *leg = &record->legs[LEG_UPSTREAM];

	return leg->fin_sent_us != RECORD_UNKNOWN && leg->rst_sent_us == RECORD_UNKNOWN &&
	       leg->rst_received_us == RECORD_UNKNOWN &&
	       (leg->fin_received_us == RECORD_UNKNOWN || leg->fin_sent_us < leg->fin_received_us);
}

static void
note_time(int64_t *last_ns, int64_t at_ns)
{
	*last_ns = at_ns > *last_ns ? at_ns : *last_ns;
}

/* Towards whom that attempt found no port, and when; NULL: it found one, or nobody remembers whom. */
static struct port_address *
find_shortage(struct port_usage *usage, const struct sighting *it, int number, int64_t *at_ns)
{
	const struct story_attempt *attempt = &it->attempts[number];
	struct port_address *at;

	if (!story_attempt_is_shortage(attempt))
		return NULL;
	at = find(
	    usage, it, &attempt->address, sighting_target(usage->settings, it->record->upstream, attempt->target));
	if (at == NULL)
		return NULL;
	*at_ns = it->record->opened_ns + attempt->ended_us * NS_PER_US;
	note_time(&at->last_ns, *at_ns);
	note_time(&at->last_shortage_ns, *at_ns);
	return at;
}

void
port_usage_take(struct port_usage *usage, const struct sighting *it)
{
	const struct record *record = it->record;
	struct port_address *at = find_of(usage, it);
	int64_t at_ns;

	if (at != NULL && waits(record)) {
		recent_add(&at->time_waits, WAIT_SPAN_NS, record->closed_ns, TIME_WAITS, it->weight);
		note_time(&at->last_ns, record->closed_ns);
	}
	for (int i = 0; i < it->attempt_count; i++) {
		at = find_shortage(usage, it, i, &at_ns);
		if (at != NULL)
			recent_add(&at->shortages, SPAN_NS, at_ns, SHORTAGES, it->weight);
	}
}

void
port_usage_begin_live(struct port_usage *usage)
{
	for (int i = 0; i < PORT_ADDRESSES_MAX; i++)
		usage->addresses[i].in_use = usage->addresses[i].live_shortages = 0;
}

/* What another target took in the end may live for long, and would tell too late. */
void
port_usage_take_live(struct port_usage *usage, const struct sighting *it, int64_t now_ns)
{
	struct port_address *at = it->record->legs[LEG_UPSTREAM].fd == -1 ? NULL : find_of(usage, it);
	int64_t at_ns;

	if (at != NULL)
		at->in_use++;
	if (now_ns - it->record->opened_ns > PORT_SHORTAGES_WINDOW_NS)
		return;
	for (int i = 0; i < it->attempt_count; i++) {
		at = find_shortage(usage, it, i, &at_ns);
		if (at != NULL)
			at->live_shortages++;
	}
}

/* Of all sources that can be used towards it; without any, the kernel takes one. */
static uint32_t
count_sources(const struct settings *settings, const struct flow_end *address)
{
	struct in6_addr ip;
	uint32_t count = 0;

	memcpy(&ip, address->ip, sizeof(ip)); /* which wants to be aligned */
	bool is_ipv4 = IN6_IS_ADDR_V4MAPPED(&ip);
	for (int i = 0; i < settings->source_count; i++)
		count += settings->sources[i].any.sa_family == (is_ipv4 ? AF_INET : AF_INET6);
	return count == 0 ? 1 : count;
}

static void
judge(const struct port_usage *usage, const struct port_address *at, const struct port_limits *limits,
    const struct moment *moment, struct findings_list *list)
{
	uint64_t waiting = recent_sum(&at->time_waits, WAIT_SPAN_NS, moment->now_ns - WAIT_NS, TIME_WAITS);
	uint64_t shortages = at->live_shortages +
			     recent_sum(&at->shortages, SPAN_NS, moment->now_ns - PORT_SHORTAGES_WINDOW_NS, SHORTAGES);
	uint32_t sources = count_sources(usage->settings, &at->address);
	uint64_t ports = (uint64_t)limits->of_one_source * sources;
	struct finding finding;

	if (limits->time_wait >= 0 && waiting > (uint64_t)limits->time_wait)
		waiting = (uint64_t)limits->time_wait;
	uint64_t taken = at->in_use + waiting;
	bool is_high = ports > 0 && taken >= IN_USE_LEAST && taken * 100 >= ports * HIGH_PERCENT;
	if (!is_high && shortages < PORT_SHORTAGES_LEAST)
		return;
	memset(&finding, 0, sizeof(finding));
	finding.kind = FINDING_SOURCE_PORTS;
	finding.severity = shortages > 0 || taken * 100 >= ports * FULL_PERCENT ? SEVERITY_CRITICAL : SEVERITY_WARNING;
	finding.side = LEG_NONE;
	finding.upstream = at->upstream;
	finding.target = at->target;
	finding.first_seen_us = moment->wall_us;
	finding.last_seen_us = is_high ? moment->wall_us : moment_wall_of(moment, at->last_shortage_ns);
	finding.ports.address = at->address;
	finding.ports.sources = sources;
	finding.ports.in_use = at->in_use;
	finding.ports.time_wait = waiting;
	finding.ports.shortages = shortages;
	finding.ports.ports = ports == 0 ? -1 : (int64_t)ports;
	findings_add(list, &finding);
}

void
port_usage_judge(
    struct port_usage *usage, const struct port_limits *limits, const struct moment *moment, struct findings_list *list)
{
	for (int i = 0; i < PORT_ADDRESSES_MAX; i++) {
		struct port_address *at = &usage->addresses[i];

		if (!at->is_used)
			continue;
		judge(usage, at, limits, moment, list);
		if (at->in_use == 0 && moment->now_ns - at->last_ns > PORT_SHORTAGES_WINDOW_NS)
			at->is_used = false;
	}
}
