/* SPDX-License-Identifier: MIT */
/* GET /findings: what the lookout noticed, in words and in numbers. */
#include "api/router.h"
#include "base/clock.h"
#include "export/json.h"
#include "track/finding_text.h"

typedef void write_fn(struct text *text, const struct settings *settings, const struct finding *finding);

static void
add_words(json_t *it, const char *key, write_fn *write, const struct settings *settings, const struct finding *finding)
{
	char bytes[FINDING_FILTER_MAX];
	struct text text;

	text_init(&text, bytes, sizeof(bytes));
	write(&text, settings, finding);
	json_add_text(it, key, bytes);
}

static void
add_idle(json_t *it, const struct finding *finding)
{
	json_add_count(it, "ends", finding->idle.ends);
	json_add_count(it, "ends_in_all", finding->idle.of_ends);
	json_add_count(it, "idle_us", (uint64_t)finding->idle.idle_us);
	json_add_count(it, "idle_spread_us", (uint64_t)finding->idle.spread_us);
	json_add_count(it, "idle_min_us", (uint64_t)finding->idle.idle_min_us);
	json_add_count(it, "idle_max_us", (uint64_t)finding->idle.idle_max_us);
	json_add_count(it, "unanswered", finding->idle.unanswered);
	json_add_count(it, "client_addresses", finding->idle.clients);
}

static void
add_unfinished(json_t *it, const struct finding *finding)
{
	json_add_count(it, "cut", finding->unfinished.cut);
	json_add_count(it, "waiting", finding->unfinished.waiting);
	json_add_count(it, "half_closed_in_all", finding->unfinished.half_closed);
	json_add_count(it, "late_after_us", (uint64_t)finding->unfinished.late_us);
	json_add_known(
	    it, "longest_wait_us", finding->unfinished.longest_us == 0 ? -1 : finding->unfinished.longest_us);
}

static void
add_target(json_t *it, const struct finding *finding)
{
	json_add_text(it, "of", finding->aspect == ASPECT_CONNECTS ? "connects" : "connections");
	json_add_count(it, "tried", finding->failures.tried);
	json_add_count(it, "failed", finding->failures.failed);
	json_add_count(it, "others_tried", finding->failures.others_tried);
	json_add_count(it, "others_failed", finding->failures.others_failed);
	if (finding->aspect == ASPECT_CONNECTS) {
		json_add_count(it, "refused", finding->failures.refused);
		json_add_count(it, "timeout", finding->failures.timed_out);
		json_add_count(it, "unreachable", finding->failures.unreachable);
		json_add_count(it, "other", finding->failures.other);
	} else {
		json_add_count(it, "reset", finding->failures.reset);
		json_add_count(it, "lost", finding->failures.lost);
	}
}

static void
add_ports(json_t *it, const struct finding *finding)
{
	char ip[INET6_ADDRSTRLEN];

	json_add_text(it, "address", flow_ip_format(&finding->ports.address, ip));
	json_add_count(it, "port", finding->ports.address.port);
	json_add_count(it, "source_addresses", finding->ports.sources);
	json_add_known(it, "ports_in_all", finding->ports.ports);
	json_add_count(it, "ports_in_use", finding->ports.in_use);
	json_add_count(it, "ports_in_time_wait", finding->ports.time_wait);
	json_add_count(it, "shortages", finding->ports.shortages);
}

static void
add_evidence(json_t *it, const struct finding *finding)
{
	json_t *evidence = json_add_object(it, "evidence");

	switch ((enum finding_kind)finding->kind) {
	case FINDING_IDLE_CUTOFF:
		add_idle(evidence, finding);
		break;
	case FINDING_NEVER_FINISHES:
		add_unfinished(evidence, finding);
		break;
	case FINDING_TARGET_FAILS:
		add_target(evidence, finding);
		break;
	case FINDING_SOURCE_PORTS:
		add_ports(evidence, finding);
		break;
	case FINDING_KINDS:
		break;
	}
}

static json_t *
document_of(const struct settings *settings, const struct finding *finding)
{
	const struct upstream_setting *upstream = &settings->upstreams[finding->upstream];
	json_t *it = json_object();

	add_words(it, "id", finding_write_id, settings, finding);
	json_add_text(it, "kind", finding_kind_text((enum finding_kind)finding->kind));
	json_add_text(it, "severity", finding_severity_text((enum finding_severity)finding->severity));
	json_add_instant(it, "first_seen_at", finding->first_seen_us);
	json_add_instant(it, "last_seen_at", finding->last_seen_us);
	json_add_text(it, "listener", finding_listener(settings, finding));
	json_add_text(it, "upstream", upstream->name);
	json_add_text(
	    it, "target", finding->target == FINDING_NO_TARGET ? NULL : upstream->targets[finding->target].name);
	json_add_text(it, "side", leg_text((enum leg_name)finding->side));
	add_words(it, "title", finding_write_title, settings, finding);
	add_words(it, "advice", finding_write_advice, settings, finding);
	add_evidence(it, finding);
	add_words(it, "filter", finding_write_filter, settings, finding);
	json_add_text(it, "state", finding_state(finding));
	return it;
}

void
route_findings(const struct request *request, struct reply *reply)
{
	struct findings_list list;
	json_t *document = json_object(), *findings, *watched;

	findings_read(request->track->findings, &list);
	json_add_instant(document, "time", clock_wall_us());
	findings = json_add_array(document, "findings");
	for (uint64_t i = 0; i < list.count; i++)
		json_array_append_new(findings, document_of(request->track->settings, &list.list[i]));
	json_add_count(document, "left_out", list.left_out);
	watched = json_add_object(document, "watched");
	json_add_count(watched, "closed", list.closed);
	json_add_count(watched, "missed", list.missed);
	reply_document(reply, document);
}
