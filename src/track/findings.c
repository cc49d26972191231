/* SPDX-License-Identifier: MIT */
#include "track/findings.h"

#include <stdlib.h>
#include <string.h>
#include "base/slot.h"

enum { WORDS = sizeof(struct findings_list) / sizeof(uint64_t) };

union findings_words {
	struct findings_list list;
	uint64_t words[WORDS];
};

/* Allocated with the words of its slot behind it. */
struct findings {
	struct slot slot;
};

const char *
finding_kind_text(enum finding_kind kind)
{
	static const char *const texts[FINDING_KINDS] = {
		[FINDING_IDLE_CUTOFF] = "idle_cutoff",
		[FINDING_NEVER_FINISHES] = "never_finishes",
		[FINDING_TARGET_FAILS] = "target_fails",
		[FINDING_SOURCE_PORTS] = "source_ports",
	};

	return texts[kind];
}

const char *
finding_severity_text(enum finding_severity severity)
{
	static const char *const texts[SEVERITIES] = {
		[SEVERITY_INFO] = "info",
		[SEVERITY_WARNING] = "warning",
		[SEVERITY_CRITICAL] = "critical",
	};

	return texts[severity];
}

bool
finding_is_same(const struct finding *a, const struct finding *b)
{
	return a->kind == b->kind && a->aspect == b->aspect && a->side == b->side && a->upstream == b->upstream &&
	       a->target == b->target &&
	       (a->kind != FINDING_SOURCE_PORTS ||
		   memcmp(&a->ports.address, &b->ports.address, sizeof(a->ports.address)) == 0);
}

/* The worse, the earlier; of equals the order stays. */
bool
findings_add(struct findings_list *list, const struct finding *finding)
{
	uint64_t at = list->count;

	if (list->count == FINDINGS_MAX) {
		list->left_out++;
		if (list->list[FINDINGS_MAX - 1].severity >= finding->severity)
			return false;
		at--; /* it takes the place of the least */
		list->count--;
	}
	for (; at > 0 && list->list[at - 1].severity < finding->severity; at--)
		list->list[at] = list->list[at - 1];
	list->list[at] = *finding;
	list->count++;
	return true;
}

struct findings *
findings_new(void)
{
	return calloc(1, SLOT_SIZE(WORDS));
}

void
findings_free(struct findings *findings)
{
	free(findings);
}

static void
keep_first_seen(struct finding *finding, const struct findings_list *before)
{
	for (uint64_t i = 0; i < before->count; i++) {
		if (finding_is_same(&before->list[i], finding))
			finding->first_seen_us = before->list[i].first_seen_us;
	}
}

void
findings_publish(struct findings *findings, struct findings_list *list)
{
	union findings_words it;

	slot_recall(&findings->slot, it.words, WORDS);
	for (uint64_t i = 0; i < list->count; i++)
		keep_first_seen(&list->list[i], &it.list);
	memset(&list->list[list->count], 0, (FINDINGS_MAX - list->count) * sizeof(list->list[0]));
	it.list = *list;
	slot_write(&findings->slot, it.words, WORDS);
}

void
findings_read(const struct findings *findings, struct findings_list *copy)
{
	union findings_words it;

	slot_read(&findings->slot, it.words, WORDS);
	*copy = it.list;
}

uint64_t
findings_count(const struct findings_list *list, enum finding_kind kind)
{
	uint64_t count = 0;

	for (uint64_t i = 0; i < list->count; i++)
		count += list->list[i].kind == kind;
	return count;
}
