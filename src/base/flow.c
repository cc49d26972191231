/* SPDX-License-Identifier: MIT */
#include "base/flow.h"

#include <arpa/inet.h>
#include <string.h>

static const uint8_t v4_mapped[12] = { [10] = 0xff, [11] = 0xff };

static void
end_set(struct flow_end *end, const struct addr *addr)
{
	*end = (struct flow_end){ .port = addr_port(addr) };
	if (addr->any.sa_family == AF_INET6) {
		memcpy(end->ip, &addr->v6.sin6_addr, sizeof(end->ip));
	} else if (addr->any.sa_family == AF_INET) {
		memcpy(end->ip, v4_mapped, sizeof(v4_mapped));
		memcpy(end->ip + sizeof(v4_mapped), &addr->v4.sin_addr, 4);
	}
}

void
flow_set(struct flow *flow, const struct addr *source, const struct addr *destination)
{
	flow->protocol = addr_is_unix(destination) ? FLOW_UNIX : FLOW_TCP;
	end_set(&flow->source, source);
	end_set(&flow->destination, destination);
}

/* What inet_ntop would write, without its sprintf: each record has up to six. */
static void
format_v4(const uint8_t ip[4], char *text)
{
	for (int i = 0; i < 4; i++) {
		if (ip[i] >= 100)
			*text++ = (char)('0' + ip[i] / 100);
		if (ip[i] >= 10)
			*text++ = (char)('0' + ip[i] / 10 % 10);
		*text++ = (char)('0' + ip[i] % 10);
		*text++ = i < 3 ? '.' : '\0';
	}
}

const char *
flow_ip_format(const struct flow_end *end, char text[INET6_ADDRSTRLEN])
{
	if (memcmp(end->ip, v4_mapped, sizeof(v4_mapped)) == 0) {
		format_v4(end->ip + sizeof(v4_mapped), text);
		return text;
	}
	return inet_ntop(AF_INET6, end->ip, text, INET6_ADDRSTRLEN);
}

const char *
flow_protocol_text(enum flow_protocol protocol)
{
	return protocol == FLOW_UNIX ? "unix" : protocol == FLOW_TCP ? "tcp" : NULL;
}

bool
flow_has_port(const struct flow *flow, uint16_t port)
{
	return flow->protocol == FLOW_TCP && (flow->source.port == port || flow->destination.port == port);
}
