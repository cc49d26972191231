/* SPDX-License-Identifier: MIT */
#include "export/prometheus.h"

#include <stdio.h>
#include <string.h>
#include "support/suite.h"

static char bytes[16384];
static struct text text;

static void
setup(void)
{
	text_init(&text, bytes, sizeof(bytes));
}

START_TEST(a_sample_is_name_labels_and_value)
{
	prometheus_begin(&text, METRIC_WORKERS);
	prometheus_count(&text, 4);
	prometheus_begin(&text, METRIC_SENT);
	prometheus_label(&text, "leg", "client");
	prometheus_count(&text, UINT64_MAX);
	prometheus_begin(&text, METRIC_ACTIVE);
	prometheus_label(&text, "listener", "8080");
	prometheus_label(&text, "state", "");
	prometheus_count(&text, 0);
	ck_assert_str_eq(bytes, "sockproxy_workers 4\n"
				"sockproxy_sent_bytes_total{leg=\"client\"} 18446744073709551615\n"
				"sockproxy_connections_active{listener=\"8080\",state=\"\"} 0\n");
}
END_TEST

static const struct {
	const char *value, *want;
} names[] = {
	{ "127.0.0.1:8080", "127.0.0.1:8080" },
	{ "a\"b", "a\\\"b" },
	{ "\"", "\\\"" },
	{ "a\\", "a\\\\" },
	{ "line\nline", "line\\nline" },
	{ "{},=#", "{},=#" },
	{ "caf\xc3\xa9", "caf\xc3\xa9" },
	{ "\xff", "\xef\xbf\xbd" },
	{ "x\xc3", "x\xef\xbf\xbd" },
	{ "\xed\xa0\x80y", "\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbdy" },
};

START_TEST(whatever_a_name_is_the_line_stays_one)
{
	char want[128];

	prometheus_begin(&text, METRIC_QUEUE_LENGTH);
	prometheus_label(&text, "listener", names[_i].value);
	prometheus_label(&text, "more", "x");
	prometheus_count(&text, 1);
	snprintf(want, sizeof(want), "sockproxy_listen_queue_length{listener=\"%s\",more=\"x\"} 1\n", names[_i].want);
	ck_assert_str_eq(bytes, want);
}
END_TEST

START_TEST(microseconds_are_told_as_seconds_without_loss)
{
	static const struct {
		uint64_t us;
		const char *want;
	} times[] = {
		{ 0, "0" },
		{ 1, "0.000001" },
		{ 10, "0.00001" },
		{ 250, "0.00025" },
		{ 1000000, "1" },
		{ 1500000, "1.5" },
		{ 1790000000123456, "1790000000.123456" },
	};

	for (size_t i = 0; i < sizeof(times) / sizeof(times[0]); i++) {
		setup();
		prometheus_begin(&text, METRIC_PROCESS_CPU);
		prometheus_seconds(&text, times[i].us);
		ck_assert_msg(strncmp(bytes, "process_cpu_seconds_total ", 26) == 0, "%s", bytes);
		bytes[strlen(bytes) - 1] = '\0';
		ck_assert_str_eq(bytes + 26, times[i].want);
	}
}
END_TEST

/* The number behind the line that begins so. */
static uint64_t
value_of(const char *line)
{
	const char *at = strstr(bytes, line);
	unsigned long long value;

	ck_assert_msg(at != NULL, "no %s in %s", line, bytes);
	ck_assert_int_eq(sscanf(at + strlen(line), " %llu", &value), 1);
	return value;
}

START_TEST(a_histogram_counts_what_is_no_larger_than_each_bound)
{
	static struct histogram histogram;
	static struct histogram_sum sum;

	histogram_add(&histogram, 100);
	histogram_add(&histogram, 101);
	histogram_add(&histogram, 1000000);
	histogram_add(&histogram, 1000001);
	histogram_add(&histogram, 3600000000);
	histogram_sum_add(&sum, &histogram);
	prometheus_histogram(&text, METRIC_TURN_DURATION, "{listener=\"l\"", &sum);
	ck_assert_uint_eq(value_of("_bucket{listener=\"l\",le=\"0.0001\"}"), 1);
	ck_assert_uint_eq(value_of("_bucket{listener=\"l\",le=\"0.00025\"}"), 2);
	ck_assert_uint_eq(value_of("_bucket{listener=\"l\",le=\"0.5\"}"), 2);
	ck_assert_uint_eq(value_of("_bucket{listener=\"l\",le=\"1\"}"), 3);
	ck_assert_uint_eq(value_of("_bucket{listener=\"l\",le=\"2.5\"}"), 4);
	ck_assert_uint_eq(value_of("_bucket{listener=\"l\",le=\"60\"}"), 4);
	ck_assert_uint_eq(value_of("_bucket{listener=\"l\",le=\"+Inf\"}"), 5);
	ck_assert_uint_eq(value_of("_count{listener=\"l\"}"), 5);
	ck_assert_ptr_nonnull(strstr(bytes, "_sum{listener=\"l\"} 3602.000202\n"));
}
END_TEST

START_TEST(a_histogram_without_labels_has_only_its_bounds)
{
	struct histogram_sum sum = { .count = 0 };

	prometheus_histogram(&text, METRIC_CONNECT_DURATION, "", &sum);
	ck_assert_uint_eq(value_of("sockproxy_upstream_connect_duration_seconds_bucket{le=\"+Inf\"}"), 0);
	ck_assert_uint_eq(value_of("sockproxy_upstream_connect_duration_seconds_sum"), 0);
	ck_assert_uint_eq(value_of("sockproxy_upstream_connect_duration_seconds_count"), 0);
}
END_TEST

static bool
ends_in(const char *name, const char *end)
{
	size_t length = strlen(name), tail = strlen(end);

	return length > tail && strcmp(name + length - tail, end) == 0;
}

/* What promtool would find, and Prometheus takes without a word. */
START_TEST(each_family_is_named_as_prometheus_names_its_kind)
{
	const struct metric_meaning *meaning = &metric_meanings[_i];
	const uint64_t *bounds = metric_bounds((enum metric)_i);

	ck_assert_uint_eq(strspn(meaning->text, "abcdefghijklmnopqrstuvwxyz_"), strlen(meaning->text));
	ck_assert_int_eq(ends_in(meaning->text, "_total"), meaning->kind == METRIC_IS_COUNTER);
	ck_assert_int_eq(bounds != NULL, meaning->kind == METRIC_IS_HISTOGRAM);
	ck_assert_ptr_null(strpbrk(meaning->meaning, "\n\\"));
	for (int other = 0; other < _i; other++)
		ck_assert_str_ne(metric_meanings[other].text, meaning->text);
	for (; bounds != NULL && *bounds != 0; bounds++) {
		ck_assert_uint_eq(histogram_bounds[histogram_bucket(*bounds)], *bounds);
		ck_assert(bounds[1] == 0 || bounds[1] > bounds[0]);
	}
}
END_TEST

START_TEST(a_head_tells_meaning_and_kind)
{
	prometheus_head(&text, METRIC_WORKERS);
	ck_assert_str_eq(bytes, "# HELP sockproxy_workers Threads that carry connections.\n"
				"# TYPE sockproxy_workers gauge\n");
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("export/prometheus");
	TCase *tcase = tcase_create("lines");

	tcase_add_checked_fixture(tcase, setup, NULL);
	tcase_add_test(tcase, a_sample_is_name_labels_and_value);
	tcase_add_loop_test(tcase, whatever_a_name_is_the_line_stays_one, 0, sizeof(names) / sizeof(names[0]));
	tcase_add_test(tcase, microseconds_are_told_as_seconds_without_loss);
	tcase_add_test(tcase, a_histogram_counts_what_is_no_larger_than_each_bound);
	tcase_add_test(tcase, a_histogram_without_labels_has_only_its_bounds);
	tcase_add_loop_test(tcase, each_family_is_named_as_prometheus_names_its_kind, 0, METRIC_COUNT);
	tcase_add_test(tcase, a_head_tells_meaning_and_kind);
	suite_add_tcase(suite, tcase);
	return suite_main(suite);
}
