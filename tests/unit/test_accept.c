/* SPDX-License-Identifier: MIT */
#include "api/accept.h"

#include <stdlib.h>
#include <string.h>
#include "support/suite.h"

static const char *const types[] = { "application/json", "application/x-ndjson", "text/plain", NULL };

enum { JSON, NDJSON, PLAIN, NOTHING = -1 };

static const struct {
	const char *header;
	int want;
} cases[] = {
	{ NULL, JSON },
	{ "*/*", JSON },
	{ "application/json", JSON },
	{ "application/x-ndjson", NDJSON },
	{ "APPLICATION/X-NDJSON", NDJSON },
	{ "text/plain", PLAIN },
	{ "text/plain; charset=utf-8", PLAIN },
	{ "text/*", PLAIN },
	{ "application/*", JSON },
	/* The first of ours where it does not mind, whatever order it says them in. */
	{ "text/plain, application/x-ndjson, application/json", JSON },
	{ "text/plain, application/x-ndjson", NDJSON },
	{ "application/json;q=0.5, text/plain", PLAIN },
	{ "application/json;q=0.5, text/plain;q=0.25", JSON },
	{ "application/json ; Q=0.001 , text/plain;q=0.002", PLAIN },
	{ "application/json;q=0.5,text/plain;q=0.500", JSON },
	{ "application/json;q=1.000;x=y", JSON },
	/* A range that says more counts, and not the one that comes first. */
	{ "*/*, application/json;q=0", NDJSON },
	{ "application/json;q=0, */*", NDJSON },
	{ "application/*;q=0.1, */*;q=0.2", PLAIN },
	{ "application/*;q=0, text/*;q=0.1", PLAIN },
	{ "*/*;q=0.1, text/*;q=0.2, text/plain;q=0.05", JSON },
	/* What a browser says. */
	{ "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8", JSON },
	/* Nothing that we have. */
	{ "text/html", NOTHING },
	{ "image/*", NOTHING },
	{ "application/json;q=0", NOTHING },
	{ "application/json;q=0.000", NOTHING },
	{ "*/*;q=0", NOTHING },
	{ "application/jsonx, application/jso", NOTHING },
	/* A comma in quotes divides nothing. */
	{ "application/json;x=\"a, text/plain, \\\" b\";q=0, text/plain;q=0.1", PLAIN },
	/* What makes no sense is passed over, and alone it is no header. */
	{ "text/plain;q=2, application/x-ndjson;q=0.1", NDJSON },
	{ "text/plain;q=1.001, application/x-ndjson;q=0.1", NDJSON },
	{ "text/plain;q=0.1234, application/x-ndjson;q=0.1", NDJSON },
	{ "text/plain;q=, application/x-ndjson;q=0.1", NDJSON },
	{ "text/plain;q, application/x-ndjson;q=0.1", NDJSON },
	{ "text/plain;q=.5, application/x-ndjson;q=0.1", NDJSON },
	{ "text/plain;x=\"never closed, application/x-ndjson", JSON },
	{ "text plain, application/x-ndjson", NDJSON },
	{ "text/, /plain, text, ;q=1, application/x-ndjson", NDJSON },
	{ "*/plain, application/x-ndjson", NDJSON },
	{ ",,, application/x-ndjson ,,", NDJSON },
	{ "", JSON },
	{ ",", JSON },
	{ "json", JSON },
	{ "text/plain;q=5", JSON },
};

START_TEST(the_best_of_ours_is_chosen)
{
	/* With nothing behind its end that could be read. */
	char *header = cases[_i].header == NULL ? NULL : strdup(cases[_i].header);

	ck_assert_msg(accept_choose(header, types) == cases[_i].want, "%s", header);
	free(header);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("api/accept");
	TCase *tcase = tcase_create("accept");

	tcase_add_loop_test(tcase, the_best_of_ours_is_chosen, 0, sizeof(cases) / sizeof(cases[0]));
	suite_add_tcase(suite, tcase);
	return suite_main(suite);
}
