/* SPDX-License-Identifier: MIT */
#include "config/option_take.h"

#include <stdio.h>
#include <string.h>
#include "base/clock.h"
#include "base/cpus.h"
#include "base/quantity.h"
#include "config/endpoint.h"

_Static_assert(PAIRS_MAX == 64 && FILTER_SETTING_MAX == 4097 && PATH_TEXT_MAX == 1024 && CONGESTION_TEXT_MAX == 16,
    "messages say so");
_Static_assert(sizeof(enum proxy_out) == sizeof(unsigned) && sizeof(enum log_level) == sizeof(unsigned) &&
		   sizeof(enum log_conns) == sizeof(unsigned) && sizeof(enum datapath_wish) == sizeof(unsigned),
    "take_word writes them");

static void *
place(const struct command *command)
{
	return (char *)command->settings + command->row->place;
}

static bool
refuse(struct command *command, const char *expected)
{
	text_add_quoted(command->error, command->value);
	text_addf(command->error, ": %s", expected);
	return false;
}

bool
take_listen(struct command *command)
{
	struct listen_setting *listeners = command->settings->listeners;
	int n = command->listeners;

	if (n == PAIRS_MAX)
		return refuse(command, "more than 64 listeners");
	if (!endpoint_parse_listen(&listeners[n], command->value, command->error))
		return false;
	for (int i = 0; i < n; i++) {
		if (endpoint_clash(&listeners[i], &listeners[n])) {
			refuse(command, "already taken by ");
			text_add_quoted(command->error, listeners[i].name);
			return false;
		}
	}
	command->listener_as[n] = command->as;
	command->listeners++;
	return true;
}

bool
take_upstream(struct command *command)
{
	int n = command->upstreams;

	if (n == PAIRS_MAX)
		return refuse(command, "more than 64 upstreams");
	command->upstream_as[n] = command->as;
	command->upstreams++;
	return endpoint_parse_upstream(&command->settings->upstreams[n], command->value, command->error);
}

bool
take_admin(struct command *command)
{
	return endpoint_parse_admin(command->settings, command->value, command->error);
}

bool
take_sources(struct command *command)
{
	return endpoint_parse_sources(command->settings, command->value, command->error);
}

bool
take_networks(struct command *command)
{
	return endpoint_parse_networks(place(command), command->value, command->error);
}

bool
take_hosts(struct command *command)
{
	return endpoint_parse_hosts(place(command), command->value, command->error);
}

bool
take_file(struct command *command)
{
	size_t length = strlen(command->value);

	if (length == 0 || length >= PATH_TEXT_MAX)
		return refuse(command, "must be the name of a file, of 1 to 1023 bytes");
	memcpy(place(command), command->value, length + 1);
	return true;
}

/* Which algorithms there are the kernel is asked for later. */
bool
take_congestion(struct command *command)
{
	size_t length = strlen(command->value);

	if (length == 0 || length >= CONGESTION_TEXT_MAX)
		return refuse(command, "must be auto, keep, or an algorithm's name of 1 to 15 bytes");
	memcpy(place(command), command->value, length + 1);
	return true;
}

/* Without the owner's two bits not even we could connect. */
bool
take_mode(struct command *command)
{
	const char *digits = command->value;
	size_t length = strlen(digits);
	unsigned mode = 0;

	for (const char *digit = digits; *digit >= '0' && *digit <= '7'; digit++, length--)
		mode = mode << 3 | (unsigned)(*digit - '0');
	if (length > 0 || strlen(digits) > 4 || mode > 0777 || (mode & 0600) != 0600)
		return refuse(command, "must be an octal mode that lets the owner read and write, as 600 or 660");
	*(uint32_t *)place(command) = mode;
	return true;
}

bool
take_resolver(struct command *command)
{
	return endpoint_parse_resolver(command->settings, command->value, command->error);
}

static bool
is_auto(const struct command *command)
{
	return strcmp(command->value, "auto") == 0;
}

/* `also`: what else it may be, for the message. */
static bool
take_number(struct command *command, uint32_t *number, const char *also)
{
	const struct option_row *row = command->row;
	uint64_t count;

	if (!quantity_parse_count(&count, command->value) || count < (uint64_t)row->least ||
	    count > (uint64_t)row->most) {
		refuse(command, "must be ");
		text_addf(command->error, "%lld to %lld%s", (long long)row->least, (long long)row->most, also);
		return false;
	}
	*number = (uint32_t)count;
	return true;
}

bool
take_count(struct command *command)
{
	return take_number(command, place(command), "");
}

bool
take_max_conns(struct command *command)
{
	command->settings->max_conns = 0;
	return is_auto(command) || take_number(command, &command->settings->max_conns, ", or auto");
}

bool
take_workers(struct command *command)
{
	uint32_t count = 0;

	if (!is_auto(command) && !take_number(command, &count, ", or auto"))
		return false;
	if (is_auto(command))
		count = (uint32_t)cpus_count();
	command->settings->workers = (int)(count < WORKERS_MAX ? count : WORKERS_MAX);
	return true;
}

bool
take_size(struct command *command)
{
	const struct option_row *row = command->row;
	uint64_t bytes;
	char least[QUANTITY_TEXT_MAX], most[QUANTITY_TEXT_MAX];

	if (!quantity_parse_size(&bytes, command->value))
		return refuse(command, "must be a size, as 65536, 64k, 64M or 1G");
	if (bytes < (uint64_t)row->least || bytes > (uint64_t)row->most) {
		refuse(command, "must be ");
		text_addf(command->error, "%s to %s", quantity_format_size((uint64_t)row->least, least),
		    quantity_format_size((uint64_t)row->most, most));
		return false;
	}
	*(uint64_t *)place(command) = bytes;
	return true;
}

/* `off`: what stands before the range for 0, or nothing where 0 may not be. */
static bool
take_time(struct command *command, const char *off)
{
	const struct option_row *row = command->row;
	int64_t ns;
	char least[QUANTITY_TEXT_MAX], most[QUANTITY_TEXT_MAX];

	if (!quantity_parse_duration(&ns, command->value))
		return refuse(command, "must be a time with its unit, as 500ms, 5s, 2m, 1h or 1d");
	if (ns > row->most || (ns < row->least && (ns != 0 || *off == '\0'))) {
		refuse(command, "must be ");
		text_addf(command->error, "%s%s to %s", off, quantity_format_duration(row->least, least),
		    quantity_format_duration(row->most, most));
		return false;
	}
	*(int64_t *)place(command) = ns;
	return true;
}

bool
take_timeout(struct command *command)
{
	return take_time(command, "");
}

bool
take_or_off(struct command *command)
{
	return take_time(command, "0, or ");
}

/* The kernel counts these in seconds. */
static bool
parse_seconds(int64_t *ns, const char *text, int64_t least)
{
	return quantity_parse_duration(ns, text) && *ns % NS_PER_S == 0 && *ns >= least &&
	       *ns <= KEEPALIVE_SECONDS_MAX * NS_PER_S;
}

bool
take_keepalive(struct command *command)
{
	struct keepalive_setting *keepalive = &command->settings->keepalive;
	char idle[32] = "", interval[32] = "10s", count[32] = "6";
	int end = 0;
	uint64_t number;

	if (sscanf(command->value, "%31[^,]%n,%31[^,],%31[^,]%n", idle, &end, interval, count, &end) == 2 ||
	    command->value[end] != '\0')
		return refuse(command, "must be IDLE or IDLE,INTERVAL,COUNT, as 60s,10s,6");
	if (!parse_seconds(&keepalive->idle_ns, idle, 0))
		return refuse(command, "IDLE must be 0 to 32767s, in whole seconds");
	if (!parse_seconds(&keepalive->interval_ns, interval, NS_PER_S))
		return refuse(command, "INTERVAL must be 1s to 32767s, in whole seconds");
	if (!quantity_parse_count(&number, count) || number < 1 || number > 127)
		return refuse(command, "COUNT must be 1 to 127");
	keepalive->count = (int)number;
	return true;
}

/* One of some words, whose places are the values of an enum; a word may be NULL. */
static bool
take_word(struct command *command, const char *const *words, unsigned count)
{
	for (unsigned i = 0; i < count; i++) {
		if (words[i] != NULL && strcmp(command->value, words[i]) == 0) {
			*(unsigned *)place(command) = i;
			return true;
		}
	}
	const char *between = "";
	refuse(command, "must be ");
	for (unsigned i = 0; i < count; i++) {
		if (words[i] == NULL)
			continue;
		text_addf(command->error, "%s%s", between, words[i]);
		between = i + 2 == count ? " or " : ", ";
	}
	return false;
}

static const char *const datapath_words[] = {
	[WISH_AUTO] = "auto",
	[WISH_COPY] = "copy",
	[WISH_SPLICE] = "splice",
};

bool
take_datapath(struct command *command)
{
	return take_word(command, datapath_words, sizeof(datapath_words) / sizeof(datapath_words[0]));
}

static void
tell_datapath(const struct telling *it)
{
	tell_word(it, datapath_words);
}

static const char *const proxy_out_words[] = { [PROXY_OUT_V1] = "v1", [PROXY_OUT_V2] = "v2" };

bool
take_proxy_out(struct command *command)
{
	return take_word(command, proxy_out_words, sizeof(proxy_out_words) / sizeof(proxy_out_words[0]));
}

static void
tell_proxy_out(const struct telling *it)
{
	tell_word(it, proxy_out_words);
}

bool
take_log_level(struct command *command)
{
	return take_word(command, log_level_texts, LEVEL_COUNT);
}

static void
tell_log_level(const struct telling *it)
{
	tell_word(it, log_level_texts);
}

static const char *const log_conns_words[] = {
	[LOG_CONNS_TEXT] = "text",
	[LOG_CONNS_JSON] = "json",
	[LOG_CONNS_OFF] = "off",
};

bool
take_log_conns(struct command *command)
{
	return take_word(command, log_conns_words, sizeof(log_conns_words) / sizeof(log_conns_words[0]));
}

static void
tell_log_conns(const struct telling *it)
{
	tell_word(it, log_conns_words);
}

/* No mistake in it is seen here: that takes the table of fields. */
bool
take_filter(struct command *command)
{
	size_t length = strlen(command->value);

	if (length == 0 || length >= FILTER_SETTING_MAX)
		return refuse(command, "must be a filter of 1 to 4096 bytes");
	memcpy(place(command), command->value, length + 1);
	return true;
}

bool
take_flag(struct command *command)
{
	*(bool *)place(command) = true;
	return true;
}

tell_fn *
option_teller(take_fn *taker)
{
	static const struct {
		take_fn *take;
		tell_fn *tell;
	} tellers[] = {
		{ take_listen, tell_listen },
		{ take_upstream, tell_upstream },
		{ take_admin, tell_admin },
		{ take_file, tell_text },
		{ take_hosts, tell_hosts },
		{ take_mode, tell_mode },
		{ take_count, tell_count },
		{ take_max_conns, tell_max_conns },
		{ take_workers, tell_workers },
		{ take_size, tell_size },
		{ take_timeout, tell_time },
		{ take_or_off, tell_time },
		{ take_keepalive, tell_keepalive },
		{ take_networks, tell_networks },
		{ take_sources, tell_sources },
		{ take_resolver, tell_resolver },
		{ take_datapath, tell_datapath },
		{ take_proxy_out, tell_proxy_out },
		{ take_log_level, tell_log_level },
		{ take_log_conns, tell_log_conns },
		{ take_filter, tell_text },
		{ take_congestion, tell_text },
		{ take_flag, tell_truth },
	};

	for (size_t i = 0; i < sizeof(tellers) / sizeof(tellers[0]); i++) {
		if (tellers[i].take == taker)
			return tellers[i].tell;
	}
	return NULL;
}
