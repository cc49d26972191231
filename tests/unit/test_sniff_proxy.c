/* SPDX-License-Identifier: MIT */
#include "sniff/sniff_proxy.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "support/suite.h"

#define SIGN        "\r\n\r\n\0\r\nQUIT\n"
#define V4          "\xc0\x00\x02\x01\xc6\x33\x64\x09\xdc\x04\x01\xbb"
#define V6_ONE      "\x20\x01\x0d\xb8\0\0\0\0\0\0\0\0\0\0\0\x01"
#define V6          V6_ONE "\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\x01\xdc\x04\x01\xbb"
#define ZERO_12     "\0\0\0\0\0\0\0\0\0\0\0\0"
#define ZERO_108    ZERO_12 ZERO_12 ZERO_12 ZERO_12 ZERO_12 ZERO_12 ZERO_12 ZERO_12 ZERO_12
#define LONG_V6     "1111:2222:3333:4444:5555:6666:7777:8888"
#define BYTES(text) text, sizeof(text) - 1

/* clang-format off */
static const struct {
	const char *bytes;
	size_t length;
	int version;
	const char *source, *destination; /* NULL: it names nobody; "unix": a Unix socket */
} good[] = {
	{ BYTES("PROXY TCP4 192.0.2.1 198.51.100.9 56324 443\r\n"), 1, "192.0.2.1:56324", "198.51.100.9:443" },
	{ BYTES("PROXY TCP4 255.255.255.255 0.0.0.0 65535 0\r\n"), 1, "255.255.255.255:65535", "0.0.0.0:0" },
	{ BYTES("PROXY TCP6 2001:db8::1 ::1 56324 443\r\n"), 1, "[2001:db8::1]:56324", "[::1]:443" },
	{ BYTES("PROXY TCP6 2001:DB8:0000::1 :: 1 2\r\n"), 1, "[2001:db8::1]:1", "[::]:2" },
	{ BYTES("PROXY TCP6 ::ffff:192.0.2.1 2001:db8::1 1 2\r\n"), 1, "192.0.2.1:1", "[2001:db8::1]:2" },
	{ BYTES("PROXY TCP6 ::ffff:c000:201 ::ffff:192.0.2.2 1 2\r\n"), 1, "192.0.2.1:1", "192.0.2.2:2" },
	{ BYTES("PROXY TCP6 " LONG_V6 " " LONG_V6 " 65535 65535\r\n"), 1, "[" LONG_V6 "]:65535", "[" LONG_V6 "]:65535" },
	{ BYTES("PROXY UNKNOWN\r\n"), 1, NULL, NULL },
	{ BYTES("PROXY UNKNOWN \r\n"), 1, NULL, NULL },
	{ BYTES("PROXY UNKNOWN 192.0.2.1 198.51.100.9 56324 443\r\n"), 1, NULL, NULL },
	{ BYTES("PROXY UNKNOWN " LONG_V6 " " LONG_V6 " 65535 65535\r\n"), 1, NULL, NULL },
	{ BYTES("PROXY UNKNOWN what\0ever\xff  \r\n"), 1, NULL, NULL },

	{ BYTES(SIGN "\x21\x11\x00\x0c" V4), 2, "192.0.2.1:56324", "198.51.100.9:443" },
	{ BYTES(SIGN "\x21\x11\x00\x13" V4 "\x04\x00\x04\x0d\x0a\x0d\x0a"), 2, "192.0.2.1:56324", "198.51.100.9:443" },
	{ BYTES(SIGN "\x21\x11\x00\x0d" V4 "\x04"), 2, "192.0.2.1:56324", "198.51.100.9:443" },
	{ BYTES(SIGN "\x21\x21\x00\x24" V6), 2, "[2001:db8::1]:56324", "[::1]:443" },
	{ BYTES(SIGN "\x21\x21\x00\x27" V6 "\x04\x00\x00"), 2, "[2001:db8::1]:56324", "[::1]:443" },
	{ BYTES(SIGN "\x21\x31\x00\xd8" ZERO_108 ZERO_108), 2, "unix", "unix" },
	{ BYTES(SIGN "\x21\x00\x00\x00"), 2, NULL, NULL },
	{ BYTES(SIGN "\x21\x00\x00\x05hello"), 2, NULL, NULL },
	{ BYTES(SIGN "\x21\x01\x00\x00"), 2, NULL, NULL },
	{ BYTES(SIGN "\x21\x10\x00\x00"), 2, NULL, NULL },
	{ BYTES(SIGN "\x21\x12\x00\x0c" V4), 2, NULL, NULL },
	{ BYTES(SIGN "\x21\x22\x00\x24" V6), 2, NULL, NULL },
	{ BYTES(SIGN "\x21\x32\x00\xd8" ZERO_108 ZERO_108), 2, NULL, NULL },
	{ BYTES(SIGN "\x20\x00\x00\x00"), 2, NULL, NULL },
	{ BYTES(SIGN "\x20\x11\x00\x0c" V4), 2, NULL, NULL },
	{ BYTES(SIGN "\x20\xff\x00\x03" "abc"), 2, NULL, NULL },
};

/* The first `certain` bytes are enough to say that it is bad, and one less is not. */
static const struct {
	const char *bytes;
	size_t length, certain;
} bad[] = {
	{ BYTES("GET / HTTP/1.1\r\n"), 1 },
	{ BYTES("POST / HTTP/1.1\r\n"), 2 },
	{ BYTES("\x16\x03\x01\x02"), 1 },
	{ BYTES("\0"), 1 },
	{ BYTES("\n"), 1 },
	{ BYTES("proxy TCP4 192.0.2.1 198.51.100.9 56324 443\r\n"), 1 },
	{ BYTES("PROXY\r\n"), 6 },
	{ BYTES("PROXY  TCP4 192.0.2.1 198.51.100.9 56324 443\r\n"), 46 },
	{ BYTES("PROXY \r\n"), 8 },
	{ BYTES("PROXY TCP4\r\n"), 12 },
	{ BYTES("PROXY TCP4 \r\n"), 13 },
	{ BYTES("PROXY TCP5 192.0.2.1 198.51.100.9 56324 443\r\n"), 45 },
	{ BYTES("PROXY TCP4X 192.0.2.1 198.51.100.9 56324 443\r\n"), 46 },
	{ BYTES("PROXY UNKNOWNS\r\n"), 16 },
	{ BYTES("PROXY unknown\r\n"), 15 },
	{ BYTES("PROXY TCP4 192.0.2.1 198.51.100.9 56324 443\n"), 44 },
	{ BYTES("PROXY TCP4 192.0.2.1 198.51.100.9 56324 443\r\r\n"), 45 },
	{ BYTES("PROXY UNKNOWN " LONG_V6 " " LONG_V6 " 65535 655351\r\n"), 106 },
	{ BYTES("PROXY UNKNOWN a\nb\r\n"), 16 },
	{ BYTES("PROXY UNKNOWN a\rb\r\n"), 17 },
	{ BYTES("PROXY TCP4 192.0.2.1  198.51.100.9 56324 443\r\n"), 46 },
	{ BYTES("PROXY TCP4 192.0.2.1\t198.51.100.9 56324 443\r\n"), 45 },
	{ BYTES("PROXY TCP4 192.0.2.1 198.51.100.9 56324 443 \r\n"), 46 },
	{ BYTES("PROXY TCP4 192.0.2.1 198.51.100.9 56324 443 1\r\n"), 47 },
	{ BYTES("PROXY TCP4 192.0.2.1 198.51.100.9 56324\r\n"), 41 },
	{ BYTES("PROXY TCP4 192.0.2.01 198.51.100.9 56324 443\r\n"), 46 },
	{ BYTES("PROXY TCP4 192.0.2.256 198.51.100.9 56324 443\r\n"), 47 },
	{ BYTES("PROXY TCP4 192.0.2 198.51.100.9 56324 443\r\n"), 43 },
	{ BYTES("PROXY TCP4 192.0.2.1\0 198.51.100.9 56324 443\r\n"), 46 },
	{ BYTES("PROXY TCP4 2001:db8::1 ::1 56324 443\r\n"), 38 },
	{ BYTES("PROXY TCP6 192.0.2.1 198.51.100.9 56324 443\r\n"), 45 },
	{ BYTES("PROXY TCP6 2001:db8::1::2 ::1 56324 443\r\n"), 41 },
	{ BYTES("PROXY TCP6 [2001:db8::1] ::1 56324 443\r\n"), 40 },
	{ BYTES("PROXY TCP6 fe80::1%lo ::1 56324 443\r\n"), 37 },
	{ BYTES("PROXY TCP6 " LONG_V6 "8 ::1 1 2\r\n"), 61 },
	{ BYTES("PROXY TCP4 192.0.2.1 198.51.100.9 65536 443\r\n"), 45 },
	{ BYTES("PROXY TCP4 192.0.2.1 198.51.100.9 99999999999999999999 443\r\n"), 60 },
	{ BYTES("PROXY TCP4 192.0.2.1 198.51.100.9 056324 443\r\n"), 46 },
	{ BYTES("PROXY TCP4 192.0.2.1 198.51.100.9 00 443\r\n"), 42 },
	{ BYTES("PROXY TCP4 192.0.2.1 198.51.100.9 -1 443\r\n"), 42 },
	{ BYTES("PROXY TCP4 192.0.2.1 198.51.100.9 +1 443\r\n"), 42 },
	{ BYTES("PROXY TCP4 192.0.2.1 198.51.100.9 1\0 443\r\n"), 42 },
	{ BYTES("PROXY TCP4 192.0.2.1 198.51.100.9 0x1 443\r\n"), 43 },

	{ BYTES("\r\n\r\n\r\nQUIT\n"), 5 },
	{ BYTES(SIGN "\x11\x11\x00\x0c" V4), 13 },
	{ BYTES(SIGN "\x31\x11\x00\x0c" V4), 13 },
	{ BYTES(SIGN "\x22\x11\x00\x0c" V4), 13 },
	{ BYTES(SIGN "\x21\x41\x00\x0c" V4), 14 },
	{ BYTES(SIGN "\x21\x13\x00\x0c" V4), 14 },
	{ BYTES(SIGN "\x21\x1f\x00\x0c" V4), 14 },
	{ BYTES(SIGN "\x21\x11\x00\x0b" V4), 16 },
	{ BYTES(SIGN "\x21\x12\x00\x0b" V4), 16 },
	{ BYTES(SIGN "\x21\x11\x00\x00"), 16 },
	{ BYTES(SIGN "\x21\x21\x00\x23" V6), 16 },
	{ BYTES(SIGN "\x21\x31\x00\xd7" ZERO_108 ZERO_108), 16 },
	{ BYTES(SIGN "\x21\x11\x3f\xf1" V4), 16 },
	{ BYTES(SIGN "\x20\x00\xff\xff"), 16 },
};
/* clang-format on */
enum { GOOD = sizeof(good) / sizeof(good[0]), BAD = sizeof(bad) / sizeof(bad[0]) };

/* In memory of just that size, so that a sanitizer sees whoever reads on. */
static enum sniff_answer
sniff(const char *bytes, size_t size, struct sniffed_proxy *header)
{
	char *copy = malloc(size == 0 ? 1 : size);

	memcpy(copy, bytes, size);
	enum sniff_answer answer = sniff_proxy(copy, size, header);
	free(copy);
	return answer;
}

static void
check_end(const struct flow_end *end, const char *want)
{
	char ip[INET6_ADDRSTRLEN], text[80];

	flow_ip_format(end, ip);
	snprintf(text, sizeof(text), strchr(ip, ':') == NULL ? "%s:%u" : "[%s]:%u", ip, end->port);
	ck_assert_str_eq(text, want);
}

START_TEST(a_good_header_is_read_whatever_comes_behind_it)
{
	char bytes[512] = { 0 };
	struct sniffed_proxy header;

	memcpy(bytes, good[_i].bytes, good[_i].length);
	for (size_t size = good[_i].length; size < good[_i].length + 3; size++) {
		ck_assert_int_eq(sniff(bytes, size, &header), SNIFF_COMPLETE);
		ck_assert_uint_eq(header.length, good[_i].length);
		ck_assert_int_eq(header.version, good[_i].version);
		if (good[_i].source == NULL) {
			ck_assert_int_eq(header.flow.protocol, FLOW_NONE);
		} else if (strcmp(good[_i].source, "unix") == 0) {
			ck_assert_int_eq(header.flow.protocol, FLOW_UNIX);
		} else {
			ck_assert_int_eq(header.flow.protocol, FLOW_TCP);
			check_end(&header.flow.source, good[_i].source);
			check_end(&header.flow.destination, good[_i].destination);
		}
	}
}
END_TEST

START_TEST(a_part_of_a_header_is_neither_whole_nor_bad)
{
	struct sniffed_proxy header = { .version = 7 };

	for (size_t size = 0; size < good[_i].length; size++)
		ck_assert_msg(sniff(good[_i].bytes, size, &header) == SNIFF_INCOMPLETE, "%zu bytes", size);
	ck_assert_msg(header.version == 7, "a part was reported");
}
END_TEST

START_TEST(what_cannot_become_a_header_is_bad_as_soon_as_that_is_certain)
{
	struct sniffed_proxy header;

	for (size_t size = 0; size <= bad[_i].length; size++) {
		enum sniff_answer want = size < bad[_i].certain ? SNIFF_INCOMPLETE : SNIFF_BAD;

		ck_assert_msg(sniff(bad[_i].bytes, size, &header) == want, "%zu bytes", size);
	}
	ck_assert_uint_le(bad[_i].certain, bad[_i].length);
}
END_TEST

START_TEST(the_longest_header_is_read_to_its_last_byte)
{
	static char bytes[SNIFF_PROXY_MAX] = SIGN "\x21\x11\x3f\xf0" V4;
	struct sniffed_proxy header;

	ck_assert_int_eq(sniff(bytes, sizeof(bytes) - 1, &header), SNIFF_INCOMPLETE);
	ck_assert_int_eq(sniff(bytes, sizeof(bytes), &header), SNIFF_COMPLETE);
	ck_assert_uint_eq(header.length, sizeof(bytes));
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("sniff/sniff_proxy");
	TCase *tcase = tcase_create("headers");

	tcase_add_loop_test(tcase, a_good_header_is_read_whatever_comes_behind_it, 0, GOOD);
	tcase_add_loop_test(tcase, a_part_of_a_header_is_neither_whole_nor_bad, 0, GOOD);
	tcase_add_loop_test(tcase, what_cannot_become_a_header_is_bad_as_soon_as_that_is_certain, 0, BAD);
	tcase_add_test(tcase, the_longest_header_is_read_to_its_last_byte);
	suite_add_tcase(suite, tcase);
	return suite_main(suite);
}
