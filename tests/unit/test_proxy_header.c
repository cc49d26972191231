/* SPDX-License-Identifier: MIT */
#include "upstream/proxy_header.h"

#include <string.h>
#include "support/suite.h"

#define V4          "192.0.2.1:56324", "198.51.100.9:443"
#define V6          "[2001:db8::1]:56324", "[::1]:443"
#define SIGN        "\r\n\r\n\0\r\nQUIT\n"
#define ZERO_12     "\0\0\0\0\0\0\0\0\0\0\0\0"
#define ZERO_108    ZERO_12 ZERO_12 ZERO_12 ZERO_12 ZERO_12 ZERO_12 ZERO_12 ZERO_12 ZERO_12
#define PATH_96     "/a/path/as/long/as/a/unix/socket/may/have/which/is/one/hundred/and/eight/bytes/with/nothing/afte"
#define BYTES(text) text, sizeof(text) - 1

/* clang-format off */
static const struct {
	enum proxy_out version;
	const char *source, *destination; /* NULL: a leg without a socket */
	const char *path;
	const char *want;
	size_t length;
} cases[] = {
	{ PROXY_OUT_NONE, V4, NULL, BYTES("") },

	{ PROXY_OUT_V1, V4, NULL, BYTES("PROXY TCP4 192.0.2.1 198.51.100.9 56324 443\r\n") },
	{ PROXY_OUT_V1, V6, NULL, BYTES("PROXY TCP6 2001:db8::1 ::1 56324 443\r\n") },
	{ PROXY_OUT_V1, "[::ffff:192.0.2.1]:1", "[::ffff:192.0.2.2]:2", NULL,
		BYTES("PROXY TCP4 192.0.2.1 192.0.2.2 1 2\r\n") },
	{ PROXY_OUT_V1, "192.0.2.1:1", "[2001:db8::1]:2", NULL, BYTES("PROXY TCP6 ::ffff:192.0.2.1 2001:db8::1 1 2\r\n") },
	{ PROXY_OUT_V1, "[2001:db8::1]:1", "192.0.2.1:65535", NULL,
		BYTES("PROXY TCP6 2001:db8::1 ::ffff:192.0.2.1 1 65535\r\n") },
	{ PROXY_OUT_V1, "[1111:2222:3333:4444:5555:6666:7777:8888]:65535", "[1111:2222:3333:4444:5555:6666:7777:8889]:65535",
		NULL, BYTES("PROXY TCP6 1111:2222:3333:4444:5555:6666:7777:8888 1111:2222:3333:4444:5555:6666:7777:8889 "
			"65535 65535\r\n") },
	{ PROXY_OUT_V1, "unix:/c", "unix:/run/x.sock", "/run/x.sock", BYTES("PROXY UNKNOWN\r\n") },
	{ PROXY_OUT_V1, NULL, NULL, NULL, BYTES("PROXY UNKNOWN\r\n") },

	{ PROXY_OUT_V2, V4, NULL, BYTES(SIGN "\x21\x11\x00\x0c" "\xc0\x00\x02\x01" "\xc6\x33\x64\x09" "\xdc\x04" "\x01\xbb") },
	{ PROXY_OUT_V2, "[::ffff:192.0.2.1]:1", "[::ffff:192.0.2.2]:2", NULL,
		BYTES(SIGN "\x21\x11\x00\x0c" "\xc0\x00\x02\x01" "\xc0\x00\x02\x02" "\x00\x01" "\x00\x02") },
	{ PROXY_OUT_V2, V6, NULL, BYTES(SIGN "\x21\x21\x00\x24"
		"\x20\x01\x0d\xb8" "\0\0\0\0\0\0\0\0" "\0\0\0\x01" "\0\0\0\0" "\0\0\0\0\0\0\0\0" "\0\0\0\x01" "\xdc\x04" "\x01\xbb") },
	{ PROXY_OUT_V2, "192.0.2.1:1", "[::1]:2", NULL, BYTES(SIGN "\x21\x21\x00\x24"
		"\0\0\0\0\0\0\0\0" "\0\0\xff\xff" "\xc0\x00\x02\x01" "\0\0\0\0" "\0\0\0\0\0\0\0\0" "\0\0\0\x01" "\x00\x01" "\x00\x02") },
	{ PROXY_OUT_V2, "unix:/c", "unix:/c", "/run/12chars", BYTES(SIGN "\x21\x31\x00\xd8"
		ZERO_108 "/run/12chars" ZERO_12 ZERO_12 ZERO_12 ZERO_12 ZERO_12 ZERO_12 ZERO_12 ZERO_12) },
	{ PROXY_OUT_V2, "unix:/c", "unix:/c", PATH_96 "r or", BYTES(SIGN "\x21\x31\x00\xd8"
		ZERO_108 PATH_96 "r or" "\0\0\0\0\0\0\0\0") },
	{ PROXY_OUT_V2, "unix:/c", "unix:/c", PATH_96 "r-12345+++++++", BYTES(SIGN "\x21\x31\x00\xd8"
		ZERO_108 PATH_96 "r-12345+++++") },
	{ PROXY_OUT_V2, "unix:/c", "unix:/c", NULL, BYTES(SIGN "\x21\x31\x00\xd8" ZERO_108 ZERO_108) },
	{ PROXY_OUT_V2, NULL, NULL, NULL, BYTES(SIGN "\x20\x00\x00\x00") },
};
/* clang-format on */

START_TEST(the_header_is_as_the_specification_says)
{
	struct addr source, destination;
	struct flow flow = { .protocol = FLOW_NONE };
	char header[PROXY_HEADER_MAX];

	if (cases[_i].source != NULL) {
		ck_assert(addr_parse(&source, cases[_i].source));
		ck_assert(addr_parse(&destination, cases[_i].destination));
		flow_set(&flow, &source, &destination);
	}
	memset(header, 'x', sizeof(header));
	ck_assert_uint_eq(proxy_header_write(header, cases[_i].version, &flow, cases[_i].path), cases[_i].length);
	ck_assert_mem_eq(header, cases[_i].want, cases[_i].length);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("upstream/proxy_header");
	TCase *tcase = tcase_create("golden bytes");

	tcase_add_loop_test(tcase, the_header_is_as_the_specification_says, 0, sizeof(cases) / sizeof(cases[0]));
	suite_add_tcase(suite, tcase);
	return suite_main(suite);
}
