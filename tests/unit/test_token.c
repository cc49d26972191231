/* SPDX-License-Identifier: MIT */
/* The file with the token: what may stand in it, who may read it, what is told of it. */
#include "api/token.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include "support/suite.h"

#define T16  "abcdefghijklmnop"
#define T256 T16 T16 T16 T16 T16 T16 T16 T16 T16 T16 T16 T16 T16 T16 T16 T16

static char directory[] = "/tmp/sockproxy-test-XXXXXX", file[64];
static char bytes[512];

static void
setup(void)
{
	strcpy(directory, "/tmp/sockproxy-test-XXXXXX");
	ck_assert_ptr_nonnull(mkdtemp(directory));
	snprintf(file, sizeof(file), "%s/token", directory);
}

static void
teardown(void)
{
	unlink(file);
	rmdir(directory);
}

static bool
read_it(struct token *token)
{
	struct text why;

	*token = (struct token){ 0 };
	text_init(&why, bytes, sizeof(bytes));
	return token_read(token, file, &why);
}

static void
write_file(const char *content, size_t length, mode_t mode)
{
	FILE *stream = fopen(file, "w");

	ck_assert_ptr_nonnull(stream);
	ck_assert_uint_eq(fwrite(content, 1, length, stream), length);
	ck_assert_int_eq(fclose(stream), 0);
	ck_assert_int_eq(chmod(file, mode), 0);
}

#define BYTES(literal) literal, sizeof(literal) - 1

static const struct {
	const char *content;
	size_t length;
	const char *token; /* NULL: refused, */
	const char *says;  /* and told so */
} contents[] = {
	{ BYTES(T16), T16, NULL },
	{ BYTES(T16 "\n"), T16, NULL },
	{ BYTES(T16 "\r\n"), T16, NULL },
	{ BYTES(T256), T256, NULL },
	{ BYTES(T256 "\r\n"), T256, NULL },
	{ BYTES("!\"#$%&'()*+,-./:;<=>?@[\\]^_`{|}~\n"), "!\"#$%&'()*+,-./:;<=>?@[\\]^_`{|}~", NULL },
	{ BYTES(""), NULL, "is empty" },
	{ BYTES("\n"), NULL, "16 to 256" },
	{ BYTES("abcdefghijklmno\n"), NULL, "16 to 256" },
	{ BYTES(T256 "q\n"), NULL, "16 to 256" },
	{ BYTES(T256 T16 "\n"), NULL, "too long" },
	{ BYTES(T16 "\n\n"), NULL, "one line" },
	{ BYTES(T16 "\n" T16 "\n"), NULL, "one line" },
	{ BYTES(T16 " " T16 "\n"), NULL, "no space" },
	{ BYTES(" " T16), NULL, "no space" },
	{ BYTES(T16 "\0" T16), NULL, "visible" },
	{ BYTES(T16 "\xc3\xbc"), NULL, "visible" },
	{ BYTES(T16 "\x7f"), NULL, "visible" },
	{ BYTES(T16 "\r"), NULL, "visible" },
};

START_TEST(a_token_is_one_line)
{
	struct token token;

	write_file(contents[_i].content, contents[_i].length, 0600);
	ck_assert_int_eq(read_it(&token), contents[_i].token != NULL);
	ck_assert_int_eq(token.wanted, contents[_i].token != NULL);
	if (contents[_i].token != NULL) {
		ck_assert(token_is(&token, contents[_i].token));
		ck_assert_str_eq(bytes, "");
	} else {
		ck_assert_msg(strstr(bytes, contents[_i].says) != NULL, "%s", bytes);
		ck_assert_ptr_nonnull(strstr(bytes, file));
		ck_assert_ptr_null(strstr(bytes, "abcdef"));
	}
}
END_TEST

START_TEST(only_the_very_token_will_do)
{
	struct token token;
	char wrong[sizeof(T16)];

	write_file(BYTES(T16 "\n"), 0600);
	ck_assert(read_it(&token));
	ck_assert(token_is(&token, T16));
	ck_assert(!token_is(&token, ""));
	ck_assert(!token_is(&token, T16 "q"));
	ck_assert(!token_is(&token, T16 "\n"));
	for (size_t i = 0; i < strlen(T16); i++) {
		strcpy(wrong, T16);
		wrong[i] ^= 1;
		ck_assert(!token_is(&token, wrong));
	}
}
END_TEST

START_TEST(what_is_kept_is_not_the_token)
{
	struct token token;

	write_file(BYTES(T16 "\n"), 0600);
	ck_assert(read_it(&token));
	ck_assert_ptr_null(memmem(&token, sizeof(token), T16, 4));
}
END_TEST

static const struct {
	uid_t owner;
	mode_t mode;
	bool good;
} modes[] = {
	{ 0, 0600, true },
	{ 0, 0400, true },
	{ 0, 0440, true }, /* as systemd hands out its credentials */
	{ 0, 0640, true },
	{ 0, 0660, false },
	{ 0, 0644, false },
	{ 0, 0604, false },
	{ 0, 0601, false },
	{ 65534, 0600, true }, /* ours, once we are no longer root */
	{ 65534, 0640, false },
	{ 65534, 0604, false },
	{ 65533, 0600, false },
};

START_TEST(a_secret_that_others_can_read_is_refused)
{
	struct token token;

	if (geteuid() != 0)
		return; /* only root can give files away; the next test goes for everybody */
	write_file(BYTES(T16 "\n"), modes[_i].mode);
	ck_assert_int_eq(chmod(directory, 0755), 0);
	ck_assert_int_eq(chown(file, modes[_i].owner, 65534), 0);
	if (modes[_i].owner != 0)
		ck_assert_int_eq(seteuid(65534), 0);
	bool read = read_it(&token);
	ck_assert_int_eq(seteuid(0), 0);
	ck_assert_msg(read == modes[_i].good, "%o of %u: %s", modes[_i].mode, modes[_i].owner, bytes);
}
END_TEST

START_TEST(a_file_for_all_is_no_secret)
{
	struct token token;

	write_file(BYTES(T16 "\n"), 0644);
	ck_assert(!read_it(&token));
	ck_assert_ptr_nonnull(strstr(bytes, "can be read by others"));
	ck_assert_ptr_nonnull(strstr(bytes, "chmod 600"));
}
END_TEST

START_TEST(what_is_no_file_is_named)
{
	struct token token;

	ck_assert(!read_it(&token));
	ck_assert_ptr_nonnull(strstr(bytes, "No such file"));
	ck_assert_int_eq(mkdir(file, 0700), 0);
	ck_assert(!read_it(&token));
	ck_assert_ptr_nonnull(strstr(bytes, "no regular file"));
	ck_assert_int_eq(rmdir(file), 0);
	ck_assert_int_eq(mkfifo(file, 0600), 0); /* nobody will ever write to it */
	ck_assert(!read_it(&token));
	ck_assert_ptr_nonnull(strstr(bytes, "no regular file"));
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("token");
	TCase *tcase = tcase_create("file");

	tcase_add_checked_fixture(tcase, setup, teardown);
	tcase_add_loop_test(tcase, a_token_is_one_line, 0, sizeof(contents) / sizeof(contents[0]));
	tcase_add_test(tcase, only_the_very_token_will_do);
	tcase_add_test(tcase, what_is_kept_is_not_the_token);
	tcase_add_loop_test(tcase, a_secret_that_others_can_read_is_refused, 0, sizeof(modes) / sizeof(modes[0]));
	tcase_add_test(tcase, a_file_for_all_is_no_secret);
	tcase_add_test(tcase, what_is_no_file_is_named);
	suite_add_tcase(suite, tcase);
	return suite_main(suite);
}
