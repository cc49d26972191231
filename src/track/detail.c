/* SPDX-License-Identifier: MIT */
#include "track/detail.h"

#include "track/evidence.h"

/* How the abort of a connection looks on a Unix socket: unix(7) tells whose bytes were left unread, and nobody else. */
static void
add_unix_end(struct text *text, const struct record *record, enum leg_name leg)
{
	uint32_t unread = record->legs[leg].receive_queue_bytes;

	if (record->legs[leg].flow.protocol != FLOW_UNIX || unread == TCP_UNKNOWN_32 ||
	    (leg == LEG_UPSTREAM && record->connect_us == RECORD_UNKNOWN))
		return;
	if (unread > 0)
		text_addf(text, " On its Unix socket the %s saw a reset, for bytes of its own were left unread.",
		    leg_text(leg));
	else
		text_addf(
		    text, " On its Unix socket, which carries no reset, the %s saw an end of file.", leg_text(leg));
}

/* What is true whatever the reason was. */
static void
add_remarks(struct text *text, const struct record *record)
{
	if (record->close.order == ORDER_SAME_TURN)
		text_add(text, " Both sides' ends were seen at once, so nobody can be named first.");
	for (int i = 0; i < LEG_COUNT; i++) {
		if (record->close.how != HOW_FIN && close_subject(record->close.reason) != (enum leg_name)i)
			add_unix_end(text, record, (enum leg_name)i);
	}
}

void
detail_write(struct text *text, const struct track *track, const struct record *record)
{
	struct evidence evidence = { .track = track, .record = record, .now_ns = record->closed_ns };

	evidence_write(text, &evidence, close_meanings[record->close.reason].sentence);
	add_remarks(text, record);
}
