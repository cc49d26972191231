/* SPDX-License-Identifier: MIT */
/* What `sockproxy top` asks a daemon, and what it does with an answer that comes too late. */
#include "client/live_fetch.h"

#include <locale.h>
#include <stdio.h>
#include <string.h>
#include "base/clock.h"
#include "client/live_keys.h"
#include "support/fake_admin.h"
#include "support/suite.h"

#define JSON(body) "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nConnection: close\r\n\r\n" body
#define IS_VERSION \
	{ \
		JSON("{\"version\":\"1.2.3\"}"), 0 \
	}
#define STATS \
	{ \
		JSON("{\"started_at\":\"then\",\"uptime_us\":1000000}"), 0 \
	}
#define LIST(id) \
	{ \
		JSON("{\"conns\":[{\"id\":\"" id "\",\"state\":\"established\"}],\"matched\":1}"), 0 \
	}
#define ORDERED \
	{ \
		JSON("{\"matched\":1,\"posted\":1}"), 0 \
	}

static struct client client;
static struct live live;
static struct live_fetch *fetch;
static struct fake_admin *fake;

static void
begin(const struct fake_answer *answers, int count)
{
	ck_assert_ptr_nonnull(setlocale(LC_ALL, "C.UTF-8"));
	fake = fake_admin_start("127.0.0.1:0", answers, count);
	memset(&client, 0, sizeof(client));
	snprintf(client.setting.url.base, sizeof(client.setting.url.base), "http://%s", fake_admin_address(fake));
	client.setting.timeout_ms = 20000;
	client.options.interval_ns = 3600 * NS_PER_S;
	client.http = http_client_new(&client.setting);
	ck_assert_ptr_nonnull(client.http);
	live_init(&live, &client);
	live.width = 80;
	live.height = 24;
	fetch = live_fetch_new(&live);
	ck_assert_int_eq(live_fetch_glance(fetch), EXIT_FINE);
}

static void
end(void)
{
	live_fetch_free(fetch);
	live_fini(&live);
	http_client_free(client.http);
	fake_admin_stop(fake);
}

/* As cmd_top.c does. */
static void
press(enum press_kind kind, wchar_t character)
{
	switch (live_key(&live, (struct press){ kind, character })) {
	case LIVE_RESTART:
		live_fetch_restart(fetch);
		break;
	case LIVE_FORGET:
		live_fetch_forget(fetch);
		break;
	default:
		break;
	}
}

/* The next question begins, and nobody waits for its answer … */
static void
ask_next(void)
{
	live_fetch_wait(fetch, NULL, 0, live_clock_ms());
}

/* … until that, and all that follow, have been there. */
static void
come_to_rest(void)
{
	while (live.asked_ms != 0 || live.kill_is_due || live.wants_glance)
		live_fetch_wait(fetch, NULL, 0, live_clock_ms() + 100);
}

static void
expect_asked(int number, const char *begins)
{
	const char *request = fake_admin_asked(fake, number);

	ck_assert_msg(strncmp(request, begins, strlen(begins)) == 0, "not \"%s\": %s", begins, request);
}

/* The first one is answered too slowly. */
START_TEST(an_order_behind_another_one_is_given_too)
{
	static const struct fake_answer answers[] = { IS_VERSION, STATS, LIST("first"),
		{ "HTTP/1.1 202 Accepted\r\nContent-Length: 30\r\n\r\n{", 1 }, ORDERED, STATS, LIST("second") };

	begin(answers, 7);
	client.setting.timeout_ms = 2000;
	press(PRESS_CHARACTER, L'k');
	press(PRESS_CHARACTER, L'y');
	ask_next();
	strcpy(live.kill.id, "second");
	live.mode = LIVE_CONFIRM;
	press(PRESS_CHARACTER, L'y');
	come_to_rest();
	expect_asked(3, "DELETE /conns/first ");
	expect_asked(4, "DELETE /conns/second ");
	expect_asked(6, "GET /conns?");
	ck_assert_str_eq(live.notice, "1 matched, 1 ordered to end");
	end();
}
END_TEST

START_TEST(the_list_of_a_filter_that_was_given_up_is_not_shown)
{
	static const struct fake_answer answers[] = { IS_VERSION, STATS, LIST("first"), STATS, LIST("odd") };

	begin(answers, 5);
	press(PRESS_CHARACTER, L' ');
	press(PRESS_CHARACTER, L'/');
	press(PRESS_CHARACTER, L'x');
	press(PRESS_ENTER, L'\0');
	ck_assert(live.is_tried);
	while (live.asked_ms == 0 || live.model.before == NULL) /* its list is asked for next */
		live_fetch_wait(fetch, NULL, 0, live_clock_ms() + 100);
	press(PRESS_ESCAPE, L'\0');
	come_to_rest();
	live_fetch_wait(fetch, NULL, 0, live_clock_ms() + 200);
	ck_assert_str_eq(json_string_value(json_object_get(live_selected(&live), "id")), "first");
	ck_assert_str_eq(live.filter, "");
	end();
}
END_TEST

/* How large the screen is shows later. */
START_TEST(the_first_list_is_a_short_one)
{
	static const struct fake_answer answers[] = { IS_VERSION, STATS, LIST("first"), STATS, LIST("first") };

	begin(answers, 5);
	live.height = 0;
	ck_assert_int_eq(live_fetch_glance(fetch), EXIT_FINE);
	expect_asked(4, "GET /conns?");
	ck_assert_ptr_nonnull(strstr(fake_admin_asked(fake, 4), "&limit=200&"));
	end();
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("integration/live_fetch");
	TCase *tcase = tcase_create("all");

	tcase_set_timeout(tcase, 60);
	tcase_add_test(tcase, an_order_behind_another_one_is_given_too);
	tcase_add_test(tcase, the_list_of_a_filter_that_was_given_up_is_not_shown);
	tcase_add_test(tcase, the_first_list_is_a_short_one);
	suite_add_tcase(suite, tcase);
	return suite_main(suite);
}
