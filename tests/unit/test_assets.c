/* SPDX-License-Identifier: MIT */
/* The page in the program is the page in the tree. */
#include "api/assets.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "api/router.h"
#include "support/suite.h"

enum { FILE_MAX = 1 << 20 };

static const char *const files[] = {
#define ASSET(symbol, file, type) file,
#include "api/assets.def"
};

static const char *
name_of(const char *file)
{
	const char *slash = strrchr(file, '/');

	return slash == NULL ? file : slash + 1;
}

START_TEST(each_file_is_there_byte_by_byte)
{
	static char bytes[FILE_MAX];
	const char *source = getenv("srcdir");
	char path[4096];
	struct asset asset;

	snprintf(path, sizeof(path), "%s/dashboards/web/%s", source == NULL ? "." : source, files[_i]);
	FILE *file = fopen(path, "rb");
	ck_assert_msg(file != NULL, "%s", path);
	size_t length = fread(bytes, 1, sizeof(bytes), file);
	fclose(file);
	ck_assert(asset_find(name_of(files[_i]), &asset));
	ck_assert_uint_gt(asset.length, 0);
	ck_assert_uint_eq(asset.length, length);
	ck_assert_int_eq(memcmp(asset.bytes, bytes, length), 0);
}
END_TEST

START_TEST(nothing_else_is_there)
{
	static const char *const names[] = { "", "nothing.js", "app", "app.js.", "../app.js", "vendor/uPlot.min.css" };
	struct asset asset;

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		ck_assert_msg(!asset_find(names[i], &asset), "%s", names[i]);
}
END_TEST

static const struct {
	const char *accept;
	bool page;
} likes[] = {
	{ "text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,image/webp,*/*;q=0.8", true },
	{ "text/html", true },
	{ "*/*", false }, /* curl */
	{ "application/json", false },
	{ "application/json, text/html", false },
	{ "text/html;q=0.9, application/json;q=0.8", true },
	{ "image/png", false },
	{ NULL, false },
};

START_TEST(browsers_get_the_page_and_programs_the_index)
{
	ck_assert_int_eq(asset_page_is_liked(likes[_i].accept), likes[_i].page);

	struct request request = { .accept = likes[_i].accept };
	struct reply reply = { 0 };
	route_index(&request, &reply);
	ck_assert_int_eq(reply.status, 200);
	ck_assert_str_eq(reply.type, likes[_i].page ? "text/html; charset=utf-8" : "application/json");
	ck_assert_int_eq(reply.lasting != NULL && strncmp(reply.lasting, "<!DOCTYPE html>", 15) == 0, likes[_i].page);
	reply_fini(&reply);
}
END_TEST

/* With one of these the policy would have holes. */
START_TEST(a_page_may_load_nothing_from_elsewhere_and_nothing_inline)
{
	struct asset page = asset_page();
	struct reply reply = { 0 };

	asset_reply(&page, &reply);
	ck_assert_ptr_nonnull(reply.policy);
	ck_assert_ptr_nonnull(strstr(reply.policy, "default-src 'none'"));
	/* What default-src does not speak for. */
	ck_assert_ptr_nonnull(strstr(reply.policy, "frame-ancestors 'none'"));
	ck_assert_ptr_nonnull(strstr(reply.policy, "base-uri 'none'"));
	ck_assert_ptr_nonnull(strstr(reply.policy, "form-action 'none'"));
	ck_assert_ptr_null(strstr(reply.policy, "unsafe"));
	ck_assert_ptr_null(strstr(reply.policy, "http"));
	ck_assert_ptr_null(strchr(reply.policy, '*'));
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("api/assets");
	TCase *tcase = tcase_create("assets");

	tcase_add_loop_test(tcase, each_file_is_there_byte_by_byte, 0, sizeof(files) / sizeof(files[0]));
	tcase_add_test(tcase, nothing_else_is_there);
	tcase_add_loop_test(tcase, browsers_get_the_page_and_programs_the_index, 0, sizeof(likes) / sizeof(likes[0]));
	tcase_add_test(tcase, a_page_may_load_nothing_from_elsewhere_and_nothing_inline);
	suite_add_tcase(suite, tcase);
	return suite_main(suite);
}
