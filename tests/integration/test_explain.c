/* SPDX-License-Identifier: MIT */
/* /conns/ID/explain: the story of real connections, as people and as programs read it. */
#include <stdio.h>
#include <string.h>
#include "support/hop.h"
#include "support/http_ask.h"
#include "support/peers.h"
#include "support/proxy_facts.h"
#include "support/suite.h"
#include "support/wait_until.h"

static struct answer answer;

static void
teardown(void)
{
	http_forget(&answer);
}

static const char *
explain(const struct proxy *proxy, const char *id, const char *headers)
{
	char request[512];

	http_forget(&answer);
	snprintf(request, sizeof(request), "GET /conns/%s/explain HTTP/1.1\r\nHost: localhost\r\n%s\r\n", id, headers);
	http_ask(&proxy->admin, request, &answer);
	return answer.body;
}

static json_t *
explain_json(const struct proxy *proxy, const char *id)
{
	char target[128];

	snprintf(target, sizeof(target), "/conns/%s/explain?format=json", id);
	return http_get_json(proxy, target);
}

/* What a rule says of this leg (NULL: of none); NULL: nothing. */
static const char *
told(json_t *explanation, const char *rule, const char *leg)
{
	json_t *sentence;
	size_t i;

	json_array_foreach(path(explanation, "sentences"), i, sentence) {
		const char *its = path_text(sentence, "leg");
		bool same_leg = leg == NULL ? its == NULL : its != NULL && strcmp(its, leg) == 0;

		if (strcmp(path_text(sentence, "rule"), rule) == 0 && same_leg)
			return path_text(sentence, "text");
	}
	return NULL;
}

#define check_told(explanation, rule, leg, part) \
	do { \
		const char *text_ = told(explanation, rule, leg); \
		ck_assert_msg(text_ != NULL, "%s says nothing", rule); \
		ck_assert_msg(strstr(text_, part) != NULL, "%s: %s", rule, text_); \
	} while (0)

START_TEST(an_upstream_that_resets_instead_of_an_answer)
{
	struct hop hop = hop_open("");

	peer_say(hop.client, "question");
	peer_expect(hop.upstream, "question");
	peer_reset(&hop.upstream);
	peer_expect_reset(hop.client);
	json_t *record = hop_closed(&hop, "upstream_reset", "upstream", "rst");
	json_t *explanation = explain_json(hop.proxy, path_text(record, "id"));
	ck_assert_str_eq(path_text(explanation, "id"), path_text(record, "id"));
	check_told(explanation, "arrived", NULL, peer_local(hop.client).text);
	check_told(explanation, "connected", NULL, peer_local(hop.listener).text);
	check_told(explanation, "bytes", NULL, "8 bytes came from the client, and 0 bytes from the upstream.");
	check_told(explanation, "spoke_first", "client", "The client spoke first");
	check_told(explanation, "no_answer", NULL, "No byte came from the upstream.");
	check_told(explanation, "path", "client", "no segment had to be sent again");
	check_told(explanation, "path", "upstream", "no segment had to be sent again");
	ck_assert_str_eq(told(explanation, "ended", NULL), path_text(record, "close.detail"));
	check_told(explanation, "reset_by_us", "client", "The client was sent a RST");
	check_told(explanation, "refused_by_reset", NULL, "instead of a first answer");
	check_told(explanation, "half_done", NULL, "ask again only for what may happen twice");
	ck_assert_ptr_null(told(explanation, "clean", NULL));
	ck_assert_ptr_null(told(explanation, "open", NULL));
	hop_end(&hop);
}
END_TEST

START_TEST(an_end_in_order_has_no_hints)
{
	struct hop hop = hop_open("");
	json_t *sentence;
	size_t i;

	peer_say(hop.client, "question");
	peer_expect(hop.upstream, "question");
	peer_say(hop.upstream, "answer");
	peer_expect(hop.client, "answer");
	peer_close(&hop.client);
	peer_expect_end(hop.upstream);
	peer_close(&hop.upstream);
	json_t *explanation = explain_json(hop.proxy, path_text(hop_closed(&hop, "client_fin", "client", "fin"), "id"));
	check_told(explanation, "answer", NULL, "The upstream answered once, after ");
	check_told(explanation, "finished", "client", ", and the upstream did so ");
	check_told(explanation, "clean", NULL, "Both sides finished");
	json_array_foreach(path(explanation, "sentences"), i, sentence)
		ck_assert_msg(strcmp(path_text(sentence, "kind"), "fact") == 0, "%s", path_text(sentence, "text"));
	hop_end(&hop);
}
END_TEST

START_TEST(an_upstream_where_nobody_listens)
{
	struct peer_name nowhere = peer_nowhere();
	struct proxy *proxy = proxy_start("-l 127.0.0.1:0 -u %s", nowhere.text);
	int client = peer_connect(proxy_listener(proxy, 0));

	peer_expect_reset(client);
	peer_close(&client);
	json_t *explanation = explain_json(proxy, path_text(proxy_closed(proxy, 1), "id"));
	check_told(explanation, "failed_addresses", NULL, "(ECONNREFUSED after ");
	check_told(explanation, "connect_refused", NULL, nowhere.text);
	ck_assert_ptr_null(told(explanation, "connected", NULL));
	ck_assert_ptr_null(told(explanation, "nothing_said", NULL));
	proxy_stop(proxy);
}
END_TEST

START_TEST(one_that_is_open_tells_for_whom_it_waits_now)
{
	struct hop hop = hop_open("");

	peer_say(hop.client, "question");
	peer_expect(hop.upstream, "question");
	const char *id = path_text(proxy_live(hop.proxy, "established"), "id");
	json_t *explanation = explain_json(hop.proxy, id);
	check_told(explanation, "open", NULL, "its state is established");
	check_told(explanation, "unanswered", NULL, "The client spoke last");
	peer_say(hop.upstream, "answer");
	peer_expect(hop.client, "answer");
	explanation = explain_json(hop.proxy, id);
	check_told(explanation, "answered", NULL, "the client has said nothing since");
	ck_assert_ptr_null(told(explanation, "closed", NULL));
	wait_until(told(explain_json(hop.proxy, id), "idle", NULL) != NULL);
	peer_finish(hop.upstream);
	peer_expect_end(hop.client);
	explanation = explain_json(hop.proxy, id);
	check_told(explanation, "finished", "upstream", ", and the client has not, ");
	hop_end(&hop);
}
END_TEST

START_TEST(people_get_lines_and_programs_json)
{
	struct hop hop = hop_open("");
	const char *id = path_text(proxy_live(hop.proxy, "established"), "id");
	char first[64];

	snprintf(first, sizeof(first), "Connection %s\n\n", id);
	const char *text = explain(hop.proxy, id, "");
	ck_assert_int_eq(answer.status, 200);
	ck_assert_str_eq(http_header(&answer, "Content-Type"), "text/plain; charset=utf-8");
	ck_assert_int_eq(strncmp(text, first, strlen(first)), 0);
	for (const char *line = text; *line != '\0'; line += strcspn(line, "\n") + 1)
		ck_assert_msg(strcspn(line, "\n") <= 78, "%s", line);
	ck_assert_ptr_nonnull(strstr(text, "\nNo byte of payload came from either side.\n"));

	explain(hop.proxy, id, "Accept: text/html, */*;q=0.1\r\n");
	ck_assert_str_eq(http_header(&answer, "Content-Type"), "text/plain; charset=utf-8");
	text = explain(hop.proxy, id, "Accept: application/json\r\n");
	ck_assert_str_eq(http_header(&answer, "Content-Type"), "application/json");
	ck_assert_int_eq(*text, '{');
	explain(hop.proxy, id, "Accept: text/html\r\n");
	ck_assert_int_eq(answer.status, 406);
	http_forget(&answer);
	snprintf(first, sizeof(first), "/conns/%s/explain?format=html", id);
	http_get(&hop.proxy->admin, first, &answer);
	ck_assert_int_eq(answer.status, 400);
	ck_assert_ptr_nonnull(strstr(answer.body, "Expected text or json."));
	hop_end(&hop);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("integration/explain");
	TCase *tcase = tcase_create("stories");

	tcase_set_timeout(tcase, 60);
	tcase_add_checked_fixture(tcase, NULL, teardown);
	tcase_add_test(tcase, an_upstream_that_resets_instead_of_an_answer);
	tcase_add_test(tcase, an_end_in_order_has_no_hints);
	tcase_add_test(tcase, an_upstream_where_nobody_listens);
	tcase_add_test(tcase, one_that_is_open_tells_for_whom_it_waits_now);
	tcase_add_test(tcase, people_get_lines_and_programs_json);
	suite_add_tcase(suite, tcase);
	return suite_main(suite);
}
