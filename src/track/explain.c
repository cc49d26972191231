/* SPDX-License-Identifier: MIT */
#include "track/explain.h"

#include <ctype.h>
#include <string.h>
#include "base/text.h"
#include "track/evidence.h"
#include "track/filter.h"

const struct rule explain_rules[EXPLAIN_RULES] = {
#define RULE(name, kind, condition, sentence) [EXPLAIN_##name] = { #name, RULE_##kind, condition, sentence },
#include "track/explain_rules.def"
};

const char *
rule_kind_text(enum rule_kind kind)
{
	return kind == RULE_FACT ? "fact" : "hint";
}

static bool
is_letter(char c)
{
	return isalnum((unsigned char)c) != 0;
}

/* X or Y that stands by itself. */
static bool
is_leg_here(const char *text, const char *at)
{
	return (*at == 'X' || *at == 'Y') && (at == text || !is_letter(at[-1])) && !is_letter(at[1]);
}

static bool
asks_of_legs(const char *condition)
{
	for (const char *at = condition; *at != '\0'; at++) {
		if (is_leg_here(condition, at))
			return true;
	}
	return false;
}

/* X is the leg, Y the other one. */
static void
add_for_leg(struct text *text, const char *pattern, enum leg_name leg)
{
	for (const char *at = pattern; *at != '\0'; at++) {
		if (leg != LEG_NONE && is_leg_here(pattern, at))
			text_add(text, leg_text(*at == 'X' ? leg : leg_other(leg)));
		else
			text_add_char(text, *at);
	}
}

static bool
holds(struct explanation *explanation, const char *condition)
{
	struct reading reading = {
		.track = explanation->track, .record = explanation->record, .now_ns = explanation->now_ns
	};
	struct filter_fault fault;
	struct filter *filter = filter_new(condition, &fault);
	bool matches = filter != NULL && filter_matches(filter, &reading);

	explanation->no_memory |= filter == NULL;
	filter_free(filter);
	return matches;
}

static bool
speaks(struct explanation *explanation, struct explained *sentence)
{
	struct evidence evidence = {
		.track = explanation->track, .record = explanation->record, .now_ns = explanation->now_ns
	};
	char condition[512], pattern[512];
	struct text text;

	text_init(&text, condition, sizeof(condition));
	add_for_leg(&text, sentence->rule->condition, sentence->leg);
	if (!holds(explanation, condition))
		return false;
	text_init(&text, pattern, sizeof(pattern));
	add_for_leg(&text, sentence->rule->sentence, sentence->leg);
	text_init(&text, sentence->text, sizeof(sentence->text));
	return evidence_write(&text, &evidence, pattern);
}

bool
explain_next(struct explanation *explanation, struct explained *sentence)
{
	while (explanation->next < EXPLAIN_RULES * LEG_COUNT && !explanation->no_memory) {
		int leg = explanation->next % LEG_COUNT;

		sentence->rule = &explain_rules[explanation->next++ / LEG_COUNT];
		sentence->leg = (enum leg_name)leg;
		if (!asks_of_legs(sentence->rule->condition)) {
			sentence->leg = LEG_NONE;
			explanation->next += LEG_COUNT - 1;
		}
		if (speaks(explanation, sentence))
			return true;
	}
	return false;
}
