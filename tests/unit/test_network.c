/* SPDX-License-Identifier: MIT */
#include "base/network.h"

#include "base/addr.h"
#include "base/flow.h"
#include "support/suite.h"

#define FORMS "must be an IP address or a network, as 10.0.0.0/8 or 2001:db8::/32"
#define V4    "the prefix must be 0 to 32"
#define V6    "the prefix must be 0 to 128"
#define SET   "bits are set beyond the prefix: "

/* clang-format off */
static const struct {
	const char *text;
	const char *want;     /* NULL: must be rejected … */
	const char *expected; /* … by these words */
} cases[] = {
	{ "10.0.0.0/8",            "10.0.0.0/8",     NULL },
	{ "0.0.0.0/0",             "0.0.0.0/0",      NULL },
	{ "128.0.0.0/1",           "128.0.0.0/1",    NULL },
	{ "192.0.2.4/30",          "192.0.2.4/30",   NULL },
	{ "192.0.2.7/32",          "192.0.2.7",      NULL },
	{ "192.0.2.7",             "192.0.2.7",      NULL },
	{ "192.0.2.0/024",         "192.0.2.0/24",   NULL },
	{ "2001:db8::/32",         "2001:db8::/32",  NULL },
	{ "2001:DB8:0::/33",       "2001:db8::/33",  NULL },
	{ "2001:db8::1/128",       "2001:db8::1",    NULL },
	{ "::1",                   "::1",            NULL },
	{ "::/0",                  "::/0",           NULL },
	{ "::/96",                 "::/96",          NULL },
	{ "::ffff:10.0.0.0/104",   "10.0.0.0/8",     NULL },
	{ "::ffff:0:0/96",         "0.0.0.0/0",      NULL },
	{ "::ffff:192.0.2.7",      "192.0.2.7",      NULL },
	{ "",                      NULL, FORMS },
	{ "/8",                    NULL, FORMS },
	{ "10/8",                  NULL, FORMS },
	{ "10.0.0.0.0/8",          NULL, FORMS },
	{ "10.0.0.0:80",           NULL, FORMS },
	{ " 10.0.0.0/8",           NULL, FORMS },
	{ "[::1]",                 NULL, FORMS },
	{ "fe80::1%lo",            NULL, FORMS },
	{ "localhost",             NULL, FORMS },
	{ "0000:0000:0000:0000:0000:ffff:255.255.255.2555/8", NULL, FORMS },
	{ "10.0.0.0/33",           NULL, V4 },
	{ "10.0.0.0/",             NULL, V4 },
	{ "10.0.0.0/8/8",          NULL, V4 },
	{ "10.0.0.0/-1",           NULL, V4 },
	{ "10.0.0.0/ 8",           NULL, V4 },
	{ "10.0.0.0/255.0.0.0",    NULL, V4 },
	{ "10.0.0.0/18446744073709551624", NULL, V4 },
	{ "2001:db8::/129",        NULL, V6 },
	{ "::ffff:10.0.0.0/129",   NULL, V6 },
	{ "10.1.2.3/8",            NULL, SET "10.0.0.0/8 was meant, or 10.1.2.3 alone" },
	{ "10.0.0.1/31",           NULL, SET "10.0.0.0/31 was meant, or 10.0.0.1 alone" },
	{ "0.0.0.1/0",             NULL, SET "0.0.0.0/0 was meant, or 0.0.0.1 alone" },
	{ "2001:db8::1/64",        NULL, SET "2001:db8::/64 was meant, or 2001:db8::1 alone" },
	{ "::ffff:10.0.0.1/127",   NULL, SET "10.0.0.0/31 was meant, or ::ffff:10.0.0.1 alone" },
	{ "::ffff:10.0.0.0/8",     NULL, SET "::/8 was meant, or ::ffff:10.0.0.0 alone" },
};
/* clang-format on */

START_TEST(parses_what_it_formats_and_says_what_it_expected)
{
	struct network network;
	struct text expected;
	char bytes[256], text[NETWORK_TEXT_MAX];

	text_init(&expected, bytes, sizeof(bytes));
	bool parsed = network_parse(&network, cases[_i].text, &expected);

	ck_assert_msg(parsed == (cases[_i].want != NULL), "%s: %s", cases[_i].text, bytes);
	if (parsed)
		ck_assert_str_eq(network_format(&network, text, sizeof(text)), cases[_i].want);
	ck_assert_str_eq(bytes, parsed ? "" : cases[_i].expected);
}
END_TEST

static const struct {
	const char *network, *address;
	bool inside;
} places[] = {
	{ "10.0.0.0/8", "10.0.0.0", true },
	{ "10.0.0.0/8", "10.255.255.255", true },
	{ "10.0.0.0/8", "11.0.0.0", false },
	{ "10.0.0.0/8", "9.255.255.255", false },
	{ "192.0.2.4/30", "192.0.2.3", false },
	{ "192.0.2.4/30", "192.0.2.4", true },
	{ "192.0.2.4/30", "192.0.2.7", true },
	{ "192.0.2.4/30", "192.0.2.8", false },
	{ "192.0.2.7", "192.0.2.7", true },
	{ "192.0.2.7", "192.0.2.6", false },
	{ "0.0.0.0/0", "255.255.255.255", true },
	{ "0.0.0.0/0", "0.0.0.0", true },
	{ "0.0.0.0/0", "::1", false },
	{ "0.0.0.0/0", "::", false },
	{ "10.0.0.0/8", "::ffff:10.1.2.3", true }, /* as an IPv6 socket tells who came over IPv4 */
	{ "::ffff:10.0.0.0/104", "10.1.2.3", true },
	{ "::/0", "2001:db8::1", true },
	{ "::/0", "::1", true },
	{ "::/0", "10.1.2.3", false },
	{ "::/80", "10.1.2.3", false },
	{ "2001:db8::/33", "2001:db8:7fff:ffff::", true },
	{ "2001:db8::/33", "2001:db8:8000::", false },
	{ "2001:db8::1", "2001:db8::1", true },
	{ "2001:db8::1", "2001:db8::2", false },
	{ "10.0.0.0/8", "0a00::", false },
};

START_TEST(contains_what_begins_alike)
{
	struct network network;
	struct text unused;
	struct addr addr, any = { .any.sa_family = AF_INET };
	struct flow flow;
	char bytes[256];

	text_init(&unused, bytes, sizeof(bytes));
	ck_assert(network_parse(&network, places[_i].network, &unused));
	ck_assert(addr_parse_ip(&addr, places[_i].address));
	flow_set(&flow, &addr, &any);
	ck_assert_msg(network_contains(&network, flow.source.ip) == places[_i].inside, "%s, %s", places[_i].network,
	    places[_i].address);
}
END_TEST

/* Each prefix of each family, at the address that is all ones: its first bit outside is the one that counts. */
START_TEST(every_prefix_ends_at_its_bit)
{
	static const uint8_t mapped[12] = { [10] = 0xff, [11] = 0xff };

	for (int first = 0; first <= 96; first += 96) {
		for (int bits = 0; first + bits <= 128; bits++) {
			struct network network = { .prefix = (uint8_t)(first + bits) };
			uint8_t ip[16];

			for (int i = 0; i < 16; i++)
				ip[i] = first > i * 8 ? mapped[i] : 0xff;
			for (int bit = 0; bit < network.prefix; bit++)
				network.ip[bit / 8] |= (uint8_t)(ip[bit / 8] & 0x80 >> bit % 8);
			ck_assert(network_contains(&network, ip));
			for (int bit = first; bit < 128; bit++) {
				ip[bit / 8] ^= (uint8_t)(0x80 >> bit % 8);
				ck_assert_int_eq(network_contains(&network, ip), bit >= network.prefix);
				ip[bit / 8] ^= (uint8_t)(0x80 >> bit % 8);
			}
		}
	}
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("base/network");
	TCase *tcase = tcase_create("network");

	tcase_add_loop_test(
	    tcase, parses_what_it_formats_and_says_what_it_expected, 0, sizeof(cases) / sizeof(cases[0]));
	tcase_add_loop_test(tcase, contains_what_begins_alike, 0, sizeof(places) / sizeof(places[0]));
	tcase_add_test(tcase, every_prefix_ends_at_its_bit);
	suite_add_tcase(suite, tcase);
	return suite_main(suite);
}
