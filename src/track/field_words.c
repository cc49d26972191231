/* SPDX-License-Identifier: MIT */
#include "track/field_words.h"

#include <stddef.h>

static const char *
kind_word(int number)
{
	return record_kind_text((enum record_kind)number);
}

static const char *
state_word(int number)
{
	return conn_state_text((enum conn_state)number);
}

static const char *
source_word(int number)
{
	return client_source_text((enum client_source)number);
}

static const char *
leg_word(int number)
{
	return leg_text((enum leg_name)number);
}

static const char *
limit_word(int number)
{
	return limit_text((enum limit)number);
}

static const char *
reason_word(int number)
{
	return close_meanings[number].text;
}

static const char *
initiator_word(int number)
{
	return close_initiator_text((enum close_initiator)number);
}

static const char *
how_word(int number)
{
	return close_how_text((enum close_how)number);
}

static const char *
order_word(int number)
{
	return close_order_text((enum close_order)number);
}

static const char *
protocol_word(int number)
{
	return flow_protocol_text((enum flow_protocol)number);
}

static const char *
tcp_state_word(int number)
{
	return tcp_state_text((uint8_t)number);
}

static const char *
datapath_word(int number)
{
	return datapath_text((enum datapath)number);
}

/* The words of a field: those that `word` says of the numbers below `count`, where it says any. */
struct vocabulary {
	enum field field;
	const char *(*word)(int number);
	int count;
};

#define LEG_VOCABULARY(leg) \
	{ FIELD_legs_##leg##_tuple_protocol, protocol_word, FLOW_UNIX + 1 }, \
	    { FIELD_legs_##leg##_tcp_state, tcp_state_word, TCP_STATES }, \
	    { FIELD_legs_##leg##_datapath, datapath_word, DATAPATHS }, \
	{ \
		FIELD_legs_##leg##_limited_by, limit_word, LIMIT_COUNT \
	}

static const struct vocabulary vocabularies[] = {
	{ FIELD_kind, kind_word, KIND_COUNT },
	{ FIELD_state, state_word, CONN_STATES },
	{ FIELD_client_source, source_word, CLIENT_SOURCES },
	LEG_VOCABULARY(client),
	LEG_VOCABULARY(upstream),
	{ FIELD_turns_speaks_first, leg_word, LEG_COUNT },
	{ FIELD_turns_spoke_last, leg_word, LEG_COUNT },
	{ FIELD_limited_by, limit_word, LIMIT_COUNT },
	{ FIELD_close_reason, reason_word, WHY_COUNT },
	{ FIELD_close_initiator, initiator_word, BY_ADMIN + 1 },
	{ FIELD_close_how, how_word, HOW_ERROR + 1 },
	{ FIELD_close_leg, leg_word, LEG_COUNT },
	{ FIELD_close_order, order_word, ORDER_COUNT },
};

int
field_words(enum field field, const char *words[FIELD_WORDS_MAX + 1])
{
	int count = 0;

	for (size_t i = 0; i < sizeof(vocabularies) / sizeof(vocabularies[0]); i++) {
		if (vocabularies[i].field != field)
			continue;
		for (int number = 0; number < vocabularies[i].count; number++) {
			words[count] = vocabularies[i].word(number);
			count += words[count] != NULL;
		}
	}
	words[count] = NULL;
	return count;
}
