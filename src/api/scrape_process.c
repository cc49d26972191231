/* SPDX-License-Identifier: MIT */
/* What /metrics tells of the process as a whole. */
#include <assert.h>
#include "api/scrape.h"
#include "base/clock.h"
#include "base/log.h"
#include "export/prometheus.h"
#include "net/ports.h"
#include "track/findings.h"

void
scrape_version(struct scrape *scrape, enum metric metric, const struct thing *thing)
{
	struct text *text = scrape_sample(scrape, metric, thing);

	prometheus_label(text, "version", PACKAGE_VERSION);
	prometheus_count(text, 1);
}

void
scrape_kinds(struct scrape *scrape, enum metric metric, const struct thing *thing)
{
	const struct track *track = scrape->track;

	for (int kind = 0; kind < KIND_COUNT; kind++) {
		struct text *text = scrape_sample(scrape, metric, thing);

		prometheus_label(text, "kind", record_kind_text((enum record_kind)kind));
		prometheus_count(
		    text, totals_sum_kind(track->totals, track->settings->workers, (enum record_kind)kind));
	}
}

void
scrape_dropped(struct scrape *scrape, enum metric metric, const struct thing *thing)
{
	const struct {
		const char *sink;
		uint64_t count;
	} sinks[] = {
		{ "record", track_total(scrape->track, TOTAL_EVENTS_DROPPED) },
		{ "followers", scrape->followers.missed },
		{ "log", log_dropped() },
	};

	for (size_t i = 0; i < sizeof(sinks) / sizeof(sinks[0]); i++) {
		struct text *text = scrape_sample(scrape, metric, thing);

		prometheus_label(text, "sink", sinks[i].sink);
		prometheus_count(text, sinks[i].count);
	}
}

void
scrape_findings(struct scrape *scrape, enum metric metric, const struct thing *thing)
{
	struct findings_list list;

	findings_read(scrape->track->findings, &list);
	for (int kind = 0; kind < FINDING_KINDS; kind++) {
		struct text *text = scrape_sample(scrape, metric, thing);

		prometheus_label(text, "kind", finding_kind_text((enum finding_kind)kind));
		prometheus_count(text, findings_count(&list, (enum finding_kind)kind));
	}
}

static int64_t
source_ports_max(const struct settings *settings)
{
	int ports = ports_of_one_source();

	return ports == 0 ? -1 : ports * (settings->source_count == 0 ? 1 : settings->source_count);
}

static bool
is_draining(const struct track *track)
{
	struct draining_facts facts;

	draining_read(track->draining, &facts);
	return facts.state != DRAINING_NO;
}

void
scrape_one(struct scrape *scrape, enum metric metric, const struct thing *thing)
{
	const struct track *track = scrape->track;
	const struct settings *settings = track->settings;
	uint64_t workers = (uint64_t)settings->workers;
	int64_t value = -1;

	switch (metric) {
	case METRIC_CONNECTIONS_MAX:
		value = table_max_conns(track->table);
		break;
	case METRIC_SOURCE_PORTS_MAX:
		value = source_ports_max(settings);
		break;
	case METRIC_TIME_WAIT:
		value = ports_in_time_wait();
		break;
	case METRIC_FOLLOWERS:
		value = scrape->followers.now;
		break;
	case METRIC_FOLLOWERS_REFUSED:
		value = (int64_t)scrape->followers.refused;
		break;
	case METRIC_FOLLOWERS_CUT:
		value = (int64_t)scrape->followers.cut;
		break;
	case METRIC_ORDERS_REFUSED:
		value = (int64_t)orders_refused(track->orders);
		break;
	case METRIC_LOANS_MAX:
		value = (int64_t)(settings->buffer_memory / LOAN_SIZE * workers);
		break;
	case METRIC_BUFFER_MEMORY:
		value = (int64_t)(settings->buffer_memory * workers);
		break;
	case METRIC_DRAINING:
		value = is_draining(track);
		break;
	case METRIC_WORKERS:
		value = (int64_t)workers;
		break;
	case METRIC_PROCESS_OPEN_FDS:
		value = scrape->process.open_fds;
		break;
	case METRIC_PROCESS_MAX_FDS:
		value = scrape->process.max_fds;
		break;
	case METRIC_PROCESS_RESIDENT:
		value = scrape->process.resident_bytes;
		break;
	case METRIC_PROCESS_VIRTUAL:
		value = scrape->process.virtual_bytes;
		break;
	case METRIC_PROCESS_THREADS:
		value = scrape->process.threads;
		break;
	default:
		assert(false);
	}
	scrape_known(scrape, metric, thing, value);
}

void
scrape_time(struct scrape *scrape, enum metric metric, const struct thing *thing)
{
	int64_t value = metric == METRIC_PROCESS_CPU ? scrape->process.cpu_us : scrape->track->started_at_us;

	if (value >= 0)
		prometheus_seconds(scrape_sample(scrape, metric, thing), (uint64_t)value);
}

void
scrape_total(struct scrape *scrape, enum metric metric, const struct thing *thing)
{
	static const enum total totals[METRIC_COUNT] = {
		[METRIC_SPLICED] = TOTAL_SPLICED,
		[METRIC_PORT_SHORTAGES] = TOTAL_SOURCE_PORT_SHORTAGES,
		[METRIC_ACCEPT_ERRORS] = TOTAL_ACCEPT_ERRORS,
		[METRIC_ACCEPT_PAUSES] = TOTAL_ACCEPT_PAUSES,
		[METRIC_SOURCE_TABLE_FULL] = TOTAL_SOURCE_TABLE_FULL,
		[METRIC_LOANS_LENT] = TOTAL_LOANS_LENT,
		[METRIC_LOAN_SHORTAGES] = TOTAL_LOAN_SHORTAGES,
		[METRIC_PIPES_OPEN] = TOTAL_PIPES_OPEN,
		[METRIC_PIPE_SHORTAGES] = TOTAL_PIPE_SHORTAGES,
	};

	prometheus_count(scrape_sample(scrape, metric, thing), track_total(scrape->track, totals[metric]));
}
