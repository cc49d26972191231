/* SPDX-License-Identifier: MIT */
#include "client/admin_url.h"

#include <string.h>
#include "support/suite.h"

static const struct {
	const char *text;
	const char *base; /* NULL: must be refused */
	const char *unix_path;
} cases[] = {
	{ "http://127.0.0.1:9100", "http://127.0.0.1:9100", "" },
	{ "http://127.0.0.1:9100/", "http://127.0.0.1:9100", "" },
	{ "https://proxy.example", "https://proxy.example", "" },
	{ "https://proxy.example/behind/this//", "https://proxy.example/behind/this", "" },
	{ "http://[2001:db8::1]:9100", "http://[2001:db8::1]:9100", "" },
	{ "127.0.0.1:9100", "http://127.0.0.1:9100", "" },
	{ "[::1]:9100", "http://[::1]:9100", "" },
	{ "localhost:9100", "http://localhost:9100", "" },
	{ "unix:/run/sockproxy/admin", "http://localhost", "/run/sockproxy/admin" },
	{ "unix:admin with a blank", "http://localhost", "admin with a blank" },
	{ "", NULL, "" },
	{ "9100", NULL, "" },
	{ "localhost", NULL, "" },
	{ "unix:", NULL, "" },
	{ "http://", NULL, "" },
	{ "http:///conns", NULL, "" },
	{ "http://:9100", NULL, "" },
	{ ":9100", NULL, "" },
	{ "ftp://proxy.example", NULL, "" },
	{ "file:///etc/passwd", NULL, "" },
	{ "://x", NULL, "" },
	{ "http://me:secret@proxy.example", NULL, "" },
	{ "http://proxy.example?filter=a", NULL, "" },
	{ "http://proxy.example#a", NULL, "" },
	{ "http://proxy.example/a b", NULL, "" },
	{ "http://proxy.example/\nX-Reason:", NULL, "" },
	{ "http://pr\xc3\xb6xy.example", NULL, "" },
};

START_TEST(an_address_is_what_people_write)
{
	struct admin_url url;
	char bytes[512];
	struct text error;

	text_init(&error, bytes, sizeof(bytes));
	bool parsed = admin_url_parse(&url, cases[_i].text, &error);
	ck_assert_msg(parsed == (cases[_i].base != NULL), "%s: %s", cases[_i].text, bytes);
	ck_assert_int_eq(parsed, error.length == 0);
	if (!parsed)
		return;
	ck_assert_str_eq(url.base, cases[_i].base);
	ck_assert_str_eq(url.unix_path, cases[_i].unix_path);
	ck_assert_str_eq(url.shown, cases[_i].text);
}
END_TEST

START_TEST(a_password_is_not_repeated)
{
	struct admin_url url;
	char bytes[512];
	struct text error;

	text_init(&error, bytes, sizeof(bytes));
	ck_assert(!admin_url_parse(&url, "http://me:secret@proxy.example", &error));
	ck_assert_ptr_null(strstr(bytes, "secret"));
	ck_assert_ptr_nonnull(strstr(bytes, "--token-file"));
}
END_TEST

START_TEST(what_is_too_long_is_refused)
{
	char text[ADMIN_URL_MAX + 8], bytes[512];
	struct admin_url url;
	struct text error;

	text_init(&error, bytes, sizeof(bytes));
	memset(text, 'a', sizeof(text));
	memcpy(text, "http://", 7);
	text[sizeof(text) - 1] = '\0';
	ck_assert(!admin_url_parse(&url, text, &error));
	memcpy(text, "unix:/a", 7);
	text[ADMIN_PATH_MAX + 5] = '\0';
	ck_assert(!admin_url_parse(&url, text, &error));
	text[ADMIN_PATH_MAX + 4] = '\0';
	ck_assert(admin_url_parse(&url, text, &error));
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("admin_url");
	TCase *tcase = tcase_create("parse");

	tcase_add_loop_test(tcase, an_address_is_what_people_write, 0, sizeof(cases) / sizeof(cases[0]));
	tcase_add_test(tcase, a_password_is_not_repeated);
	tcase_add_test(tcase, what_is_too_long_is_refused);
	suite_add_tcase(suite, tcase);
	return suite_main(suite);
}
