/* SPDX-License-Identifier: MIT */
#ifndef TRACK_FILTER_PROGRAM_H
#define TRACK_FILTER_PROGRAM_H

#include <stdint.h>
#include "base/network.h"
#include "track/field_names.h"
#include "track/filter.h"

/*
 * What a filter is compiled to: steps that change one answer.
 *
 *   a and not (b or c)      COMPARE a;  unless true, go to 5
 *                           COMPARE b;  if true, go to 4
 *                           COMPARE c
 *                         4 NOT
 *                         5
 */
enum step_kind { STEP_COMPARE, STEP_NOT, STEP_IF_TRUE, STEP_IF_FALSE };

enum comparison { IS_EQUAL, IS_LESS, IS_AT_MOST, IS_GREATER, IS_AT_LEAST, IS_LIKE };

struct step {
	uint8_t kind;       /* enum step_kind */
	uint8_t comparison; /* with one of the values */
	uint8_t fields;     /* how many: it holds when it does for one of them … */
	bool none;          /* … or, for != and "not in", when it does for none and at least one is known */
	uint8_t field[FIELDS_NAMED_MAX];
	uint16_t first, values; /* of STEP_COMPARE */
	uint16_t next;          /* of STEP_IF_TRUE and STEP_IF_FALSE: the step to go on with */
};

_Static_assert(FIELD_COUNT <= UINT8_MAX, "a field fits in a byte");

struct filter_value {
	enum value_kind kind; /* VALUE_ADDRESS: the network that it is in */
	union {
		bool truth;
		int64_t number;
		struct network network;
		uint16_t text; /* where it stands in texts */
	};
};

struct filter {
	int steps, values;
	size_t texts_length;
	struct step step[FILTER_STEPS_MAX];
	struct filter_value value[FILTER_VALUES_MAX];
	char texts[FILTER_TEXT_MAX + FILTER_VALUES_MAX];
};

#endif
