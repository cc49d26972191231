/* SPDX-License-Identifier: MIT */
/* --proxy-out: the upstream learns who the client is, before the client's first byte. */
#include "support/hop.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>
#include "support/peers.h"
#include "support/proxy_facts.h"
#include "support/suite.h"

static const struct {
	const char *listen, *family, *ip;
} networks[] = {
	{ "127.0.0.1:0", "TCP4", "127.0.0.1" },
	{ "[::1]:0", "TCP6", "::1" },
};

static int
port_of(struct peer_name name)
{
	return atoi(strrchr(name.text, ':') + 1);
}

START_TEST(version_1_is_a_line)
{
	struct hop hop = hop_open_over(networks[_i].listen, "127.0.0.1:0", "--proxy-out v1");
	char header[128];

	snprintf(header, sizeof(header), "PROXY %s %s %s %d %d\r\n", networks[_i].family, networks[_i].ip,
	    networks[_i].ip, port_of(peer_local(hop.client)), port_of(peer_remote(hop.client)));
	peer_expect(hop.upstream, header);
	peer_say(hop.client, "hello");
	peer_expect(hop.upstream, "hello");
	hop_end(&hop);
}
END_TEST

START_TEST(version_2_is_binary)
{
	struct hop hop = hop_open("--proxy-out v2");
	/* Signature, version 2 and PROXY, TCP over IPv4, 12 bytes of addresses. */
	char got[28], want[28] = "\r\n\r\n\0\r\nQUIT\n\x21\x11\0\x0c\x7f\0\0\x01\x7f\0\0\x01";
	uint16_t ports[] = { htons((uint16_t)port_of(peer_local(hop.client))),
		htons((uint16_t)port_of(peer_remote(hop.client))) };

	memcpy(want + 24, ports, sizeof(ports));
	ck_assert_int_eq(recv(hop.upstream, got, sizeof(got), MSG_WAITALL), sizeof(got));
	ck_assert_mem_eq(got, want, sizeof(want));
	peer_say(hop.client, "hello");
	peer_expect(hop.upstream, "hello");
	hop_end(&hop);
}
END_TEST

START_TEST(a_unix_client_is_unknown)
{
	char directory[] = "/tmp/sockproxy-test-XXXXXX", listen[64];

	ck_assert_ptr_ne(mkdtemp(directory), NULL);
	snprintf(listen, sizeof(listen), "unix:%s/listener", directory);
	struct hop hop = hop_open_over(listen, "127.0.0.1:0", "--proxy-out v1");
	peer_expect(hop.upstream, "PROXY UNKNOWN\r\n");
	hop_end(&hop);
	rmdir(directory);
}
END_TEST

START_TEST(the_header_is_no_payload)
{
	struct hop hop = hop_open("--proxy-out v1");

	peer_close(&hop.client);
	ck_assert_uint_gt(peer_read_to_end(hop.upstream), 0);
	peer_close(&hop.upstream);
	json_t *record = hop_closed(&hop, "client_fin", "client", "fin");
	ck_assert_str_eq(path_text(record, "kind"), "probe");
	ck_assert(json_is_true(path(record, "close.clean")));
	ck_assert_int_eq(path_number(record, "close.undelivered_bytes.to_upstream"), 0);
	ck_assert_int_eq(path_number(record, "legs.client.bytes_received"), 0);
	ck_assert_int_gt(path_number(record, "legs.upstream.bytes_sent"), 0);
	hop_end(&hop);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("integration/proxy out");
	TCase *tcase = tcase_create("proxy out");

	tcase_set_timeout(tcase, 30);
	tcase_add_loop_test(tcase, version_1_is_a_line, 0, sizeof(networks) / sizeof(networks[0]));
	tcase_add_test(tcase, version_2_is_binary);
	tcase_add_test(tcase, a_unix_client_is_unknown);
	tcase_add_test(tcase, the_header_is_no_payload);
	suite_add_tcase(suite, tcase);
	return suite_main(suite);
}
