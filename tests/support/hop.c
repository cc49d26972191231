/* SPDX-License-Identifier: MIT */
#include "support/hop.h"

#include <check.h>
#include "support/peers.h"
#include "support/proxy_facts.h"
#include "support/wait_until.h"

void
hop_connect(struct hop *hop)
{
	hop->client = peer_connect(proxy_listener(hop->proxy, 0));
	hop->upstream = peer_accept(hop->listener);
	/* The upstream's kernel has it, but the daemon need not know yet. */
	wait_until(proxy_is_settled(hop->proxy));
}

struct hop
hop_open_over(const char *listen, const char *upstream, const char *arguments)
{
	struct hop hop = { .listener = peer_listen(upstream) };

	hop.proxy = proxy_start("-l %s -u %s %s", listen, peer_local(hop.listener).text, arguments);
	hop_connect(&hop);
	return hop;
}

struct hop
hop_open(const char *arguments)
{
	return hop_open_over("127.0.0.1:0", "127.0.0.1:0", arguments);
}

void
expect_close(const json_t *record, const char *reason, const char *initiator, const char *how)
{
	ck_assert_str_eq(path_text(record, "state"), "closed");
	ck_assert_str_eq(path_text(record, "close.reason"), reason);
	ck_assert_pstr_eq(path_text(record, "close.initiator"), initiator);
	ck_assert_pstr_eq(path_text(record, "close.how"), how);
}

json_t *
hop_closed(struct hop *hop, const char *reason, const char *initiator, const char *how)
{
	json_t *record = proxy_closed(hop->proxy, 1);

	expect_close(record, reason, initiator, how);
	return record;
}

void
hop_end(struct hop *hop)
{
	if (hop->client != -1)
		peer_close(&hop->client);
	if (hop->upstream != -1)
		peer_close(&hop->upstream);
	peer_close(&hop->listener);
	proxy_stop(hop->proxy);
}
