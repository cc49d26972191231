/* SPDX-License-Identifier: MIT */
#include "proxy/admission.h"

#include <errno.h>
#include <stdatomic.h>
#include <stdlib.h>
#include "base/bucket.h"
#include "base/source_table.h"

/* What is counted of a listener. */
struct gate {
	_Atomic uint32_t open;
	struct bucket bucket;
} __attribute__((aligned(64)));

struct admission {
	const struct settings *settings;
	struct source_table *sources; /* NULL: nothing is limited by source */
	struct gate gates[PAIRS_MAX];
};

struct admission *
admission_new(const struct settings *settings, uint32_t max_conns)
{
	struct admission *admission = aligned_alloc(_Alignof(struct admission), sizeof(*admission));

	if (admission == NULL)
		return NULL;
	*admission = (struct admission){ .settings = settings };
	if (settings->max_per_source == 0 && settings->rate_per_source == 0)
		return admission;
	admission->sources = source_table_new(max_conns);
	if (admission->sources != NULL)
		return admission;
	free(admission);
	return NULL;
}

void
admission_free(struct admission *admission)
{
	if (admission != NULL)
		source_table_free(admission->sources);
	free(admission);
}

static bool
is_in(const struct network_list *list, const uint8_t ip[16])
{
	for (int i = 0; i < list->count; i++) {
		if (network_contains(&list->networks[i], ip))
			return true;
	}
	return false;
}

static bool
is_listed_out(const struct settings *settings, const uint8_t ip[16])
{
	return is_in(&settings->deny, ip) || (settings->allow.count > 0 && !is_in(&settings->allow, ip));
}

/* False: as many are open as may be.  Who cannot be counted is not refused for it. */
static bool
enter_source(struct admission *admission, const struct flow *client, int64_t now, struct admission_pass *pass)
{
	enum source_answer answer;

	if (admission->sources == NULL || client->protocol != FLOW_TCP)
		return true;
	answer = source_table_enter(
	    admission->sources, client->source.ip, admission->settings->max_per_source, now, &pass->source);
	pass->has_source = answer == SOURCE_COUNTED;
	pass->source_missed = answer == SOURCE_NO_ROOM;
	return answer != SOURCE_AT_LIMIT;
}

static bool
enter_listener(struct admission *admission, struct admission_pass *pass)
{
	struct gate *gate = &admission->gates[pass->listener];
	uint32_t most = admission->settings->max_per_listener, open = atomic_load(&gate->open);

	if (most == 0)
		return true;
	while (open < most && !pass->has_listener)
		pass->has_listener = atomic_compare_exchange_weak(&gate->open, &open, open + 1);
	return pass->has_listener;
}

/* Who is over the rate of its source costs the listener's bucket nothing. */
static bool
take_tokens(struct admission *admission, const struct admission_pass *pass, int64_t now)
{
	const struct settings *settings = admission->settings;
	struct bucket *source = pass->has_source ? source_table_bucket(admission->sources, pass->source) : NULL;

	if (source != NULL && !bucket_take(source, settings->rate_per_source, now))
		return false;
	if (bucket_take(&admission->gates[pass->listener].bucket, settings->rate_per_listener, now))
		return true;
	if (source != NULL)
		bucket_return(source, settings->rate_per_source);
	return false;
}

/* The last place of a source, taken and given back because the listener has none, is for those nanoseconds
 * missing to a client that comes to another worker.  A limit is never exceeded. */
enum conn_event
admission_ask(
    struct admission *admission, int listener, const struct flow *client, int64_t now, struct admission_pass *pass)
{
	enum conn_event denial = EV_NONE;

	*pass = (struct admission_pass){ .listener = (uint16_t)listener };
	if (client->protocol == FLOW_TCP && is_listed_out(admission->settings, client->source.ip))
		return EV_DENIED_ACL;
	if (!enter_source(admission, client, now, pass) || !enter_listener(admission, pass))
		denial = EV_DENIED_LIMIT;
	else if (!take_tokens(admission, pass, now))
		denial = EV_DENIED_RATE;
	if (denial != EV_NONE)
		admission_leave(admission, pass);
	return denial;
}

void
admission_leave(struct admission *admission, struct admission_pass *pass)
{
	if (pass->has_source)
		source_table_leave(admission->sources, pass->source);
	if (pass->has_listener)
		atomic_fetch_sub(&admission->gates[pass->listener].open, 1);
	pass->has_source = pass->has_listener = false;
}
