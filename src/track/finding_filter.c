/* SPDX-License-Identifier: MIT */
/* The connections that a finding means, in the language of filter.h. */
#include <string.h>
#include "base/utf8.h"
#include "track/finding_text.h"

enum { PATTERN_MAX = 240 }; /* a pattern may have 256 bytes */

static void
add_escaped(struct text *text, char c)
{
	if (c == '"' || c == '\\')
		text_add_char(text, '\\');
	text_add_char(text, c);
}

/* A name that is no UTF-8 can be written in no request: then a pattern with ? for each odd byte must do, and a letter
 * that means something in patterns is ?, too. */
static void
add_pattern(struct text *text, const char *name)
{
	size_t begin = text->length;

	for (; *name != '\0' && text->length - begin < PATTERN_MAX; name++)
		add_escaped(text, strchr("*?[\\", *name) != NULL || (*name & 0x80) != 0 ? '?' : *name);
	text_add(text, *name == '\0' ? "" : "*");
}

static void
add_name(struct text *text, const char *field, const char *name)
{
	bool is_text = utf8_is_valid(name, strlen(name));

	text_addf(text, "%s %s \"", field, is_text ? "==" : "~");
	if (is_text) {
		for (; *name != '\0'; name++)
			add_escaped(text, *name);
	} else {
		add_pattern(text, name);
	}
	text_add_char(text, '"');
}

static void
write_idle_filter(struct text *text, const struct finding *finding)
{
	const char *side = leg_text((enum leg_name)finding->side);

	text_addf(text, " and close.reason == %s_%s and close.idle_before_us >= %lld and close.idle_before_us <= %lld",
	    side, finding->aspect == ASPECT_FIN ? "fin" : "reset", (long long)finding->idle.idle_min_us,
	    (long long)finding->idle.idle_max_us);
}

static void
write_unfinished_filter(struct text *text, const struct finding *finding)
{
	enum leg_name leg = (enum leg_name)finding->side;
	bool both = finding->unfinished.cut > 0 && finding->unfinished.waiting > 0;

	text_add(text, both ? " and (" : " and ");
	if (finding->unfinished.cut > 0)
		text_addf(text, "close.reason == half_close_timeout and close.leg == %s", leg_text(leg));
	text_add(text, both ? " or " : "");
	if (finding->unfinished.waiting > 0)
		text_addf(text, "state == %s_half_closed and idle_us >= %lld", leg_text(leg_other(leg)),
		    (long long)finding->unfinished.late_us);
	text_add(text, both ? ")" : "");
}

static void
write_target_filter(struct text *text, const char *target, const struct finding *finding)
{
	text_add(text, " and ");
	add_name(text, finding->aspect == ASPECT_CONNECTS ? "target.failed_first" : "target.name", target);
	if (finding->aspect == ASPECT_RESET)
		text_add(text, " and close.reason in (upstream_reset, upstream_lost)");
}

/* Whoever uses the address takes its ports, by whatever name it knows it. */
static void
write_ports_filter(struct text *text, const struct finding *finding)
{
	const char *lives = "legs.upstream.fd != null", *none = "close.reason == resource_ports";
	char ip[INET6_ADDRSTRLEN];

	text_addf(text, "target.address == %s and target.port == %u and ", flow_ip_format(&finding->ports.address, ip),
	    finding->ports.address.port);
	if (finding->ports.shortages > 0 && finding->ports.in_use > 0)
		text_addf(text, "(%s or %s)", lives, none);
	else
		text_add(text, finding->ports.shortages > 0 ? none : lives);
}

void
finding_write_filter(struct text *text, const struct settings *settings, const struct finding *finding)
{
	const struct upstream_setting *upstream = &settings->upstreams[finding->upstream];

	if (finding->kind != FINDING_SOURCE_PORTS)
		add_name(text, "upstream", upstream->name);
	switch ((enum finding_kind)finding->kind) {
	case FINDING_IDLE_CUTOFF:
		write_idle_filter(text, finding);
		break;
	case FINDING_NEVER_FINISHES:
		write_unfinished_filter(text, finding);
		break;
	case FINDING_TARGET_FAILS:
		write_target_filter(text, upstream->targets[finding->target].name, finding);
		break;
	case FINDING_SOURCE_PORTS:
		write_ports_filter(text, finding);
		break;
	case FINDING_KINDS:
		break;
	}
}

static const char *
among(bool closed, bool active)
{
	return closed && active ? "all" : closed ? "closed" : "active";
}

const char *
finding_state(const struct finding *finding)
{
	switch ((enum finding_kind)finding->kind) {
	case FINDING_NEVER_FINISHES:
		return among(finding->unfinished.cut > 0, finding->unfinished.waiting > 0);
	case FINDING_TARGET_FAILS:
		return finding->aspect == ASPECT_CONNECTS ? "all" : "closed";
	case FINDING_SOURCE_PORTS:
		return among(finding->ports.shortages > 0, finding->ports.in_use > 0);
	default:
		return "closed";
	}
}
