/* SPDX-License-Identifier: MIT */
#include "config/option_tell.h"

#include <stdio.h>
#include "base/flow.h"
#include "base/quantity.h"

static void
hear(const struct telling *it, enum option_kind kind, uint64_t number, const char *text)
{
	it->hear(it->to, &(struct option_told){ .name = it->name, .kind = kind, .number = number, .text = text });
}

static void
hear_text(const struct telling *it, const char *text)
{
	hear(it, text == NULL || *text == '\0' ? OPTION_NOTHING : OPTION_TEXT, 0, text);
}

static void
begin_list(const struct telling *it)
{
	hear(it, OPTION_LIST, 0, NULL);
}

static void
hear_item(const struct telling *it, const char *text)
{
	hear(it, OPTION_ITEM, 0, text);
}

void
tell_truth(const struct telling *it)
{
	hear(it, OPTION_TRUTH, *(const bool *)it->place, NULL);
}

void
tell_count(const struct telling *it)
{
	hear(it, OPTION_COUNT, *(const uint32_t *)it->place, NULL);
}

void
tell_size(const struct telling *it)
{
	char text[QUANTITY_TEXT_MAX];

	hear_text(it, quantity_format_size(*(const uint64_t *)it->place, text));
}

void
tell_time(const struct telling *it)
{
	char text[QUANTITY_TEXT_MAX];

	hear_text(it, quantity_format_duration(*(const int64_t *)it->place, text));
}

void
tell_mode(const struct telling *it)
{
	char text[16];

	snprintf(text, sizeof(text), "%o", *(const uint32_t *)it->place);
	hear_text(it, text);
}

void
tell_text(const struct telling *it)
{
	hear_text(it, it->place);
}

void
tell_word(const struct telling *it, const char *const *words)
{
	hear_text(it, words[*(const unsigned *)it->place]);
}

void
tell_networks(const struct telling *it)
{
	const struct network_list *list = it->place;
	char text[NETWORK_TEXT_MAX];

	begin_list(it);
	for (int i = 0; i < list->count; i++)
		hear_item(it, network_format(&list->networks[i], text, sizeof(text)));
}

void
tell_hosts(const struct telling *it)
{
	const struct host_list *list = it->place;

	begin_list(it);
	for (int i = 0; i < list->count; i++)
		hear_item(it, list->hosts[i]);
}

void
tell_listen(const struct telling *it)
{
	begin_list(it);
	for (int i = 0; i < it->settings->pair_count; i++)
		hear_item(it, it->settings->listeners[i].name);
}

void
tell_upstream(const struct telling *it)
{
	begin_list(it);
	for (int i = 0; i < it->settings->pair_count; i++)
		hear_item(it, it->settings->upstreams[i].name);
}

void
tell_admin(const struct telling *it)
{
	hear_text(it, it->settings->admin_text);
}

void
tell_sources(const struct telling *it)
{
	char text[INET6_ADDRSTRLEN];
	struct flow flow;

	begin_list(it);
	for (int i = 0; i < it->settings->source_count; i++) {
		flow_set(&flow, &it->settings->sources[i], &it->settings->sources[i]);
		hear_item(it, flow_ip_format(&flow.source, text));
	}
}

void
tell_resolver(const struct telling *it)
{
	hear_text(it, it->settings->resolver);
}

void
tell_max_conns(const struct telling *it)
{
	if (it->settings->max_conns == 0)
		hear_text(it, "auto");
	else
		hear(it, OPTION_COUNT, it->settings->max_conns, NULL);
}

void
tell_workers(const struct telling *it)
{
	hear(it, OPTION_COUNT, (uint64_t)it->settings->workers, NULL);
}

void
tell_keepalive(const struct telling *it)
{
	const struct keepalive_setting *keepalive = &it->settings->keepalive;
	char idle[QUANTITY_TEXT_MAX], interval[QUANTITY_TEXT_MAX], text[3 * QUANTITY_TEXT_MAX];

	snprintf(text, sizeof(text), "%s,%s,%d", quantity_format_duration(keepalive->idle_ns, idle),
	    quantity_format_duration(keepalive->interval_ns, interval), keepalive->count);
	hear_text(it, text);
}
