/* SPDX-License-Identifier: MIT */
/* /metrics over facts that the test writes itself. */
#include "support/api_scene.h"

#include <string.h>
#include "export/metrics.h"
#include "support/exposition.h"
#include "support/suite.h"
#include "track/finding.h"

#define FIRST   "listener=\"8080\",upstream=\"db:5432\""
#define HOSTILE "listener=\"unix:/run/\xef\xbf\xbd\\\"\",upstream=\"web:80\""

static struct exposition
scrape(void)
{
	api_ask("/metrics");
	ck_assert_int_eq(api.answer.status, 200);
	ck_assert_str_eq(http_header(&api.answer, "Content-Type"), "text/plain; version=0.0.4; charset=utf-8");
	return exposition_read(api.answer.body);
}

/* The scene has no listening sockets, so of their queues nothing is known; nor has a connection an age. */
static bool
may_be_absent(enum metric metric)
{
	switch (metric) {
	case METRIC_OLDEST:
	case METRIC_IDLEST:
	case METRIC_QUEUE_LENGTH:
	case METRIC_QUEUE_LIMIT:
	case METRIC_OVERFLOWS:
		return true;
	default:
		return false;
	}
}

START_TEST(every_family_is_told_with_its_kind)
{
	struct exposition it = scrape();

	for (int metric = 0; metric < METRIC_COUNT; metric++) {
		bool told = false;

		for (size_t i = 0; i < it.count; i++) {
			if (strcmp(it.samples[i].family, metric_meanings[metric].text) != 0)
				continue;
			told = true;
			ck_assert_str_eq(it.samples[i].type, metric_kind_text(metric_meanings[metric].kind));
		}
		ck_assert_msg(told != may_be_absent((enum metric)metric), "%s", metric_meanings[metric].text);
	}
	exposition_forget(&it);
}
END_TEST

/* Those of the table, and no others. */
START_TEST(each_sample_has_the_labels_of_its_family)
{
	struct exposition it = scrape();

	for (int metric = 0; metric < METRIC_COUNT; metric++) {
		for (size_t i = 0; i < it.count; i++) {
			const char *series = it.samples[i].series;
			char labels[64] = "";

			if (strcmp(it.samples[i].family, metric_meanings[metric].text) != 0)
				continue;
			for (const char *at = strchr(series, '{'); at != NULL && *at != '}';) {
				size_t length = strcspn(++at, "=");

				if (strncmp(at, "le=", 3) != 0) {
					strcat(labels, *labels == '\0' ? "" : ", ");
					strncat(labels, at, length);
				}
				for (at += length + 2; *at != '"'; at++)
					at += *at == '\\';
				at++;
			}
			ck_assert_msg(
			    strcmp(labels, metric_meanings[metric].labels) == 0, "%s has {%s}", series, labels);
		}
	}
	exposition_forget(&it);
}
END_TEST

START_TEST(every_state_reason_kind_and_result_is_there_from_the_beginning)
{
	struct exposition it = scrape();

	for (int state = 0; state < CONN_CLOSED; state++)
		ck_assert_int_eq(exposition_number(&it, "sockproxy_connections_active{" FIRST ",state=\"%s\"}",
				     conn_state_text((enum conn_state)state)),
		    0);
	for (int why = WHY_NONE + 1; why < WHY_COUNT; why++)
		ck_assert_int_eq(exposition_number(&it,
				     "sockproxy_connections_closed_total{" HOSTILE ",initiator=\"%s\",reason=\"%s\"}",
				     close_initiator_text(close_meanings[why].initiator), close_meanings[why].text),
		    0);
	for (int kind = 0; kind < KIND_COUNT; kind++)
		ck_assert_int_eq(exposition_number(&it, "sockproxy_connections_closed_kind_total{kind=\"%s\"}",
				     record_kind_text((enum record_kind)kind)),
		    0);
	for (int kind = 0; kind < FINDING_KINDS; kind++)
		ck_assert_int_eq(exposition_number(&it, "sockproxy_findings{kind=\"%s\"}",
				     finding_kind_text((enum finding_kind)kind)),
		    0);
	for (int result = ATTEMPT_CONNECTED; result < ATTEMPT_RESULTS; result++)
		ck_assert_int_eq(exposition_number(&it,
				     "sockproxy_upstream_connect_attempts_total{upstream=\"db:5432\","
				     "target=\"db:5432\",result=\"%s\"}",
				     attempt_results[result]),
		    0);
	exposition_forget(&it);
}
END_TEST

START_TEST(each_pair_has_what_its_workers_counted)
{
	for (int worker = 0; worker < API_WORKERS; worker++) {
		struct pair_counts *counts = &pairs_of_worker(api.track.pairs, worker)[1];

		totals_add(&counts->received[LEG_UPSTREAM], 1000);
		totals_add(&counts->undelivered[LEG_CLIENT], 5);
		totals_add(&counts->closed_by[WHY_CLIENT_FIN], 3);
		totals_add(&counts->closed_by_nobody[WHY_CLIENT_FIN], 1);
		histogram_add(&counts->histograms[PAIR_DURATIONS], 2000000);
	}
	struct exposition it = scrape();
	ck_assert_int_eq(exposition_number(&it, "sockproxy_received_bytes_total{" HOSTILE ",leg=\"upstream\"}"), 3000);
	ck_assert_int_eq(exposition_number(&it, "sockproxy_received_bytes_total{" FIRST ",leg=\"upstream\"}"), 0);
	ck_assert_int_eq(exposition_number(&it, "sockproxy_undelivered_bytes_total{" HOSTILE ",leg=\"client\"}"), 15);
	ck_assert_int_eq(exposition_number(&it, "sockproxy_connections_closed_total{" HOSTILE
						",initiator=\"client\",reason=\"client_fin\"}"),
	    6);
	ck_assert_int_eq(exposition_number(&it, "sockproxy_connections_closed_total{" HOSTILE
						",initiator=\"unknown\",reason=\"client_fin\"}"),
	    3);
	ck_assert_int_eq(
	    exposition_number(&it, "sockproxy_connection_duration_seconds_bucket{" HOSTILE ",le=\"1\"}"), 0);
	ck_assert_int_eq(
	    exposition_number(&it, "sockproxy_connection_duration_seconds_bucket{" HOSTILE ",le=\"5\"}"), 3);
	ck_assert_int_eq(exposition_number(&it, "sockproxy_connection_duration_seconds_sum{" HOSTILE "}"), 6);
	exposition_forget(&it);
}
END_TEST

START_TEST(what_is_open_is_counted_with_its_age)
{
	for (uint16_t i = 0; i < 5; i++)
		api_open(i % API_WORKERS, i);
	struct exposition it = scrape();
	ck_assert_int_eq(exposition_number(&it, "sockproxy_connections_active{" FIRST ",state=\"established\"}"), 5);
	ck_assert_int_eq(exposition_number(&it, "sockproxy_connections_idle{" FIRST ",threshold=\"10\"}"), 0);
	ck_assert_ptr_nonnull(exposition_value(&it, "sockproxy_connection_oldest_age_seconds{" FIRST "}"));
	ck_assert_ptr_null(exposition_value(&it, "sockproxy_connection_oldest_age_seconds{" HOSTILE "}"));
	exposition_forget(&it);
}
END_TEST

/* -l 127.0.0.1:0 twice, and each to the same upstream: a series must not come twice, nor be lost. */
START_TEST(pairs_with_the_same_names_are_one_series)
{
	strcpy(api.settings.listeners[1].name, "8080");
	strcpy(api.settings.upstreams[1].name, "db:5432");
	strcpy(api.settings.upstreams[1].targets[0].name, "db:5432");
	for (int pair = 0; pair < 2; pair++) {
		struct pair_counts *counts = &pairs_of_worker(api.track.pairs, 0)[pair];

		totals_add(&counts->sent[LEG_CLIENT], 20);
		totals_add(&counts->attempts[0][ATTEMPT_REFUSED], 2);
		histogram_add(&counts->histograms[PAIR_CONNECTS], 1000);
	}
	struct exposition it = scrape();
	ck_assert_int_eq(exposition_number(&it, "sockproxy_sent_bytes_total{" FIRST ",leg=\"client\"}"), 40);
	ck_assert_int_eq(exposition_number(&it, "sockproxy_upstream_connect_attempts_total{upstream=\"db:5432\","
						"target=\"db:5432\",result=\"refused\"}"),
	    4);
	ck_assert_int_eq(
	    exposition_number(&it, "sockproxy_upstream_connect_duration_seconds_count{upstream=\"db:5432\"}"), 2);
	exposition_forget(&it);

	json_t *upstreams = json_object_get(api_get("/upstreams"), "upstreams");
	ck_assert_uint_eq(json_array_size(upstreams), 1);
	json_t *targets = json_object_get(json_array_get(upstreams, 0), "targets");
	ck_assert_uint_eq(json_array_size(targets), 1);
	ck_assert_int_eq(api_number(json_object_get(json_array_get(targets, 0), "connect_attempts"), "refused"), 4);
}
END_TEST

/* The walk over that many takes more than a turn. */
START_TEST(thousands_are_counted_and_the_answer_is_whole)
{
	for (int i = 0; i < API_CONNS_MAX; i++)
		api_open(i % API_WORKERS, 1);
	for (int round = 0; round < 3; round++) {
		struct exposition it = scrape();

		ck_assert_int_eq(
		    exposition_number(&it, "sockproxy_connections_active{" FIRST ",state=\"established\"}"),
		    API_CONNS_MAX);
		ck_assert_int_gt(exposition_number(&it, "process_threads"), 0);
		exposition_forget(&it);
	}
}
END_TEST

/* As long as -l and -u let them be, and each byte to be escaped. */
START_TEST(the_longest_and_worst_names_are_told_in_full)
{
	char want[3 * NAME_TEXT_MAX];
	size_t length = 0;

	for (int pair = 0; pair < 2; pair++) {
		memset(api.settings.listeners[pair].name, '"', NAME_TEXT_MAX - 1);
		memset(api.settings.upstreams[pair].name, '\xff', NAME_TEXT_MAX - 1);
		api.settings.upstreams[pair].name[NAME_TEXT_MAX - 2 - pair] = 'x';
	}
	for (int i = 0; i < NAME_TEXT_MAX - 1; i++) {
		want[length++] = '\\';
		want[length++] = '"';
	}
	want[length] = '\0';
	struct exposition it = scrape();
	size_t whole = 0;
	for (size_t i = 0; i < it.count; i++) {
		const char *listener = strstr(it.samples[i].series, "{listener=\"");

		if (listener == NULL)
			continue;
		ck_assert_int_eq(strncmp(listener + strlen("{listener=\""), want, length), 0);
		whole++;
	}
	ck_assert_uint_gt(whole, 200);
	exposition_forget(&it);
}
END_TEST

START_TEST(it_takes_no_parameters)
{
	api_ask("/metrics?name=x");
	api_check_problem("unknown_parameter", "name");
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("integration/api_metrics");
	TCase *tcase = tcase_create("metrics");

	tcase_set_timeout(tcase, 30);
	tcase_add_checked_fixture(tcase, api_setup, api_teardown);
	tcase_add_test(tcase, every_family_is_told_with_its_kind);
	tcase_add_test(tcase, each_sample_has_the_labels_of_its_family);
	tcase_add_test(tcase, every_state_reason_kind_and_result_is_there_from_the_beginning);
	tcase_add_test(tcase, each_pair_has_what_its_workers_counted);
	tcase_add_test(tcase, what_is_open_is_counted_with_its_age);
	tcase_add_test(tcase, pairs_with_the_same_names_are_one_series);
	tcase_add_test(tcase, thousands_are_counted_and_the_answer_is_whole);
	tcase_add_test(tcase, the_longest_and_worst_names_are_told_in_full);
	tcase_add_test(tcase, it_takes_no_parameters);
	suite_add_tcase(suite, tcase);
	return suite_main(suite);
}
