/* SPDX-License-Identifier: MIT */
/*
 * Every reason why a connection can end, forced by real peers, on both legs
 * where it applies: what the other side sees, and the whole close part of the
 * record.  A reason that no row brings about fails every_reason_has_a_row.
 */
#include "support/provoke.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>
#include "support/descriptors.h"
#include "support/netns.h"
#include "support/peers.h"
#include "support/proxy_facts.h"
#include "support/suite.h"
#include "support/wait_until.h"
#include "track/close_reason.h"

static struct hop hop;
static json_t *logged; /* a record that came from the log */
static char directory[64];

static void
setup(void)
{
	hop = (struct hop){ .listener = -1, .client = -1, .upstream = -1 };
	strcpy(directory, "/tmp/sockproxy-reasons-XXXXXX");
	ck_assert_ptr_nonnull(mkdtemp(directory));
}

static void
teardown(void)
{
	char path[128];

	json_decref(logged);
	logged = NULL;
	if (hop.client != -1)
		peer_close(&hop.client);
	if (hop.upstream != -1)
		peer_close(&hop.upstream);
	if (hop.listener != -1)
		peer_close(&hop.listener);
	if (hop.proxy != NULL && !proxy_is_gone(hop.proxy))
		proxy_stop(hop.proxy);
	for (int i = 0; i < 2; i++) {
		snprintf(path, sizeof(path), "%s/%s", directory, i == 0 ? "listener" : "upstream");
		unlink(path);
	}
	rmdir(directory);
}

/* What a leg received and sent: F a FIN, R a RST. */
static const char *
marks_of(const json_t *record, enum leg_name leg, char marks[8])
{
	static const struct {
		const char *field, *mark;
	} all[] = { { "fin_received_us", "F<" }, { "rst_received_us", "R<" }, { "fin_sent_us", "F>" },
		{ "rst_sent_us", "R>" } };
	const json_t *it = path(path(record, "legs"), leg_text(leg));

	marks[0] = '\0';
	for (size_t i = 0; i < 4; i++) {
		if (!json_is_null(path(it, all[i].field)))
			strcat(marks, all[i].mark);
	}
	return marks;
}

/* Ends that one side brings about: `side` acts, and all words are of it and of the other. */
enum { ANY_LOSS = -2, SOME_LOSS = -3 };

static const struct end {
	const char *story;
	provoke_fn *provoke;
	const char *options;
	const char *reasons[LEG_COUNT];
	const char *initiator; /* "side", "other", "proxy", or NULL: nobody is named */
	const char *how;
	const char *leg;           /* "side", "other" or NULL */
	const char *order;         /* "side", "other", "same_turn" or NULL */
	const char *mine, *others; /* marks */
	const char *error;
	json_int_t lost; /* undelivered to side */
	json_int_t lost_other;
	bool clean;
	bool unix_too; /* the same on two Unix legs, but that there no RST is sent */
} ends[] = {
	{ "it finishes, and so does the other", provoke_fin, "", { "client_fin", "upstream_fin" }, "side", "fin", NULL,
	    "side", "F<F>", "F<F>", NULL, 0, 0, true, true },
	{ "it finishes, and still gets its answer", provoke_half_close, "", { "client_fin", "upstream_fin" }, "side",
	    "fin", NULL, "side", "F<F>", "F<F>", NULL, 0, 0, true, true },
	{ "it resets", provoke_reset, "", { "client_reset", "upstream_reset" }, "side", "rst", NULL, "side", "R<", "R>",
	    "ECONNRESET", 0, 0, false, false },
	{ "it resets right behind its last words", provoke_bytes_then_reset, "", { "client_reset", "upstream_reset" },
	    "side", "rst", NULL, "side", "R<", "R>", "ECONNRESET", 0, 0, false, false },
	{ "it closes with bytes unread", provoke_unread, "", { "client_reset", "upstream_reset" }, "side", "rst", NULL,
	    "side", "R<", "R>", "ECONNRESET", ANY_LOSS, 0, false, true },
	{ "it finishes, then resets", provoke_fin_then_reset, "", { "client_abandoned", "upstream_abandoned" }, "side",
	    "rst", NULL, "side", "F<R<", "F>R>", "EPIPE", 0, 0, false, false },
	{ "it closes, and then the answer comes", provoke_too_late, "", { "client_abandoned", "upstream_abandoned" },
	    "side", "rst", NULL, "side", "F<R<", "F>R>", "EPIPE", 8, 0, false, false },
	{ "its process is killed", provoke_killed, "", { "client_fin", "upstream_fin" }, "side", "fin", NULL, "side",
	    "F<F>", "F<F>", NULL, 0, 0, true, true },
	{ "its process is killed with bytes unread", provoke_killed_unread, "", { "client_reset", "upstream_reset" },
	    "side", "rst", NULL, "side", "R<", "R>", "ECONNRESET", ANY_LOSS, 0, false, true },
	{ "nothing is said any more", provoke_silence, "--idle-timeout 100ms", { "idle_timeout", "idle_timeout" },
	    "proxy", "timeout", NULL, NULL, "R>", "R>", NULL, 0, 0, false, true },
	{ "it finishes, and the other never does", provoke_fin_and_silence, "--half-close-timeout 100ms",
	    { "half_close_timeout", "half_close_timeout" }, "proxy", "timeout", "other", "side", "F<R>", "F>R>", NULL,
	    0, 0, false, true },
	{ "the other takes nothing", provoke_stall, "--stall-timeout 700ms", { "stall_timeout", "stall_timeout" },
	    "proxy", "timeout", "other", NULL, "R>", "R>", NULL, 0, SOME_LOSS, false, true },
	{ "a life is too long", provoke_silence, "--max-duration 200ms", { "max_duration", "max_duration" }, "proxy",
	    "timeout", NULL, NULL, "R>", "R>", NULL, 0, 0, false, true },
	{ "both finish, and nobody saw who was first", provoke_both_fin, "", { NULL, NULL }, NULL, "fin", NULL,
	    "same_turn", "F<F>", "F<F>", NULL, 0, 0, true, true },
	{ "both reset, and nobody saw who was first", provoke_both_reset, "", { NULL, NULL }, NULL, "rst", NULL,
	    "same_turn", "R<", "R<", "ECONNRESET", 0, 0, false, false },
};

enum { ENDS = sizeof(ends) / sizeof(ends[0]) };

/* IPv4 on both legs, IPv6 on both, one of each, or Unix. */
static const char *const addresses[][LEG_COUNT] = {
	{ "127.0.0.1:0", "127.0.0.1:0" },
	{ "[::1]:0", "[::1]:0" },
	{ "[::1]:0", "127.0.0.1:0" },
};
enum { TRANSPORTS = sizeof(addresses) / sizeof(addresses[0]) };

/* "side" and "other" as the words of the record. */
static const char *
word(const char *relative, enum leg_name side, const char *suffix, char text[32])
{
	if (relative == NULL)
		return NULL;
	bool names_leg = strcmp(relative, "side") == 0 || strcmp(relative, "other") == 0;
	enum leg_name leg = strcmp(relative, "other") == 0 ? leg_other(side) : side;
	snprintf(text, 32, "%s%s", names_leg ? leg_text(leg) : relative, names_leg ? suffix : "");
	return text;
}

static void
check_loss(const struct end *end, const json_t *record, const char *to, json_int_t want)
{
	json_int_t lost = path_number(path(path(record, "close"), "undelivered_bytes"), to);

	if (want == SOME_LOSS)
		ck_assert_msg(lost > 0, "%s: %s lost nothing", end->story, to);
	else if (want != ANY_LOSS)
		ck_assert_msg(lost == want, "%s: %s lost %lld", end->story, to, (long long)lost);
}

static void
check_marks(const struct end *end, const json_t *record, enum leg_name leg, const char *want, bool is_unix)
{
	char marks[8], wanted[8];
	char *sent;

	strcpy(wanted, want);
	if (is_unix && (sent = strstr(wanted, "R>")) != NULL) /* a Unix socket carries none */
		memmove(sent, sent + 2, strlen(sent + 2) + 1);
	ck_assert_msg(strcmp(marks_of(record, leg, marks), wanted) == 0, "%s: the %s leg has %s and not %s", end->story,
	    leg_text(leg), marks, wanted);
}

static void
check_end(const struct end *end, enum leg_name side, const json_t *record, bool is_unix)
{
	char text[32];
	const char *initiator = word(end->initiator, side, "", text);

	ck_assert_msg(end->reasons[side] == NULL || strcmp(path_text(record, "close.reason"), end->reasons[side]) == 0,
	    "%s: %s", end->story, path_text(record, "close.reason"));
	ck_assert_pstr_eq(path_text(record, "close.initiator"), initiator);
	ck_assert_str_eq(path_text(record, "close.how"), end->how);
	ck_assert_pstr_eq(path_text(record, "close.leg"), word(end->leg, side, "", text));
	ck_assert_pstr_eq(path_text(record, "close.order"), word(end->order, side, "_first", text));
	if (!is_unix)
		ck_assert_pstr_eq(path_text(record, "close.errno"), end->error);
	ck_assert_int_eq(json_is_true(path(record, "close.clean")), end->clean);
	check_marks(end, record, side, end->mine, is_unix);
	check_marks(end, record, leg_other(side), end->others, is_unix);
	check_loss(end, record, side == LEG_CLIENT ? "to_client" : "to_upstream", end->lost);
	check_loss(end, record, side == LEG_CLIENT ? "to_upstream" : "to_client", end->lost_other);
	ck_assert_int_ge(path_number(record, "close.idle_before_us"), 0);
	ck_assert_ptr_null(strpbrk(path_text(record, "close.detail"), "{}"));
}

START_TEST(an_end_is_told_as_it_was)
{
	const struct end *end = &ends[_i / TRANSPORTS / LEG_COUNT];
	const char *const *over = addresses[_i / LEG_COUNT % TRANSPORTS];
	enum leg_name side = (enum leg_name)(_i % LEG_COUNT);

	hop = hop_open_over(over[LEG_CLIENT], over[LEG_UPSTREAM], end->options);
	end->provoke(&hop, side);
	check_end(end, side, proxy_closed(hop.proxy, 1), false);
}
END_TEST

START_TEST(on_unix_legs_an_end_is_told_as_it_was)
{
	const struct end *end = &ends[_i / LEG_COUNT];
	enum leg_name side = (enum leg_name)(_i % LEG_COUNT);
	char listen[128], upstream[128];

	if (!end->unix_too)
		return;
	snprintf(listen, sizeof(listen), "unix:%s/listener", directory);
	snprintf(upstream, sizeof(upstream), "unix:%s/upstream", directory);
	hop = hop_open_over(listen, upstream, end->options);
	end->provoke(&hop, side);
	check_end(end, side, proxy_closed(hop.proxy, 1), true);
}
END_TEST

/* Ends that are made otherwise: each makes its daemon, and gives the record. */

static json_t *
play_flush_timeout(void)
{
	hop.listener = peer_listen("127.0.0.1:0");
	hop.proxy = proxy_start("-l 127.0.0.1:0 -u %s --flush-timeout 100ms", peer_local(hop.listener).text);
	hop.client = peer_try_connect(proxy_listener(hop.proxy, 0), 4096);
	hop.upstream = peer_accept(hop.listener);
	peer_send_pattern(hop.upstream, 0, 32768);
	peer_finish(hop.upstream);
	proxy_live(hop.proxy, "upstream_half_closed");
	peer_finish(hop.client);
	return proxy_closed(hop.proxy, 1);
}

static json_t *
reset_by(const char *upstream, const char *options)
{
	hop.proxy = proxy_start("-l 127.0.0.1:0 -u %s %s", upstream, options);
	hop.client = peer_connect(proxy_listener(hop.proxy, 0));
	peer_expect_reset(hop.client);
	return proxy_closed(hop.proxy, 1);
}

static json_t *
play_refused(void)
{
	return reset_by(peer_nowhere().text, "");
}

static json_t *
play_unreachable(void)
{
	return reset_by("255.255.255.255:9", "");
}

static json_t *
play_connect_timeout(void)
{
	int filler;

	hop.listener = peer_listen_full("127.0.0.1:0", &filler);
	return reset_by(peer_local(hop.listener).text, "--connect-timeout 100ms");
}

static json_t *
play_dns(void)
{
	char options[PEER_NAME_MAX + 16];

	snprintf(options, sizeof(options), "--resolver %s", peer_nowhere().text);
	return reset_by("no-such-host.invalid:80", options);
}

static json_t *
play_abort_connecting(void)
{
	int filler;

	hop.listener = peer_listen_full("127.0.0.1:0", &filler);
	hop.proxy = proxy_start("-l 127.0.0.1:0 -u %s", peer_local(hop.listener).text);
	hop.client = peer_connect(proxy_listener(hop.proxy, 0));
	proxy_live(hop.proxy, "connecting");
	peer_reset(&hop.client);
	return proxy_closed(hop.proxy, 1);
}

static json_t *
play_header_invalid(void)
{
	hop.proxy = proxy_start("-l 127.0.0.1:0 -u %s --proxy-in", peer_nowhere().text);
	hop.client = peer_connect(proxy_listener(hop.proxy, 0));
	peer_say(hop.client, "GET / HTTP/1.0\r\n\r\n");
	peer_expect_reset(hop.client);
	return proxy_closed(hop.proxy, 1);
}

static json_t *
play_header_timeout(void)
{
	return reset_by(peer_nowhere().text, "--proxy-in --proxy-in-timeout 100ms");
}

static json_t *
play_denied_by_list(void)
{
	return reset_by(peer_nowhere().text, "--deny 127.0.0.0/8");
}

/* The second client is one too many. */
static json_t *
denied_beside_another(const char *option)
{
	hop = hop_open(option);
	int client = peer_connect(proxy_listener(hop.proxy, 0));
	peer_expect_reset(client);
	peer_close(&client);
	return proxy_closed(hop.proxy, 1);
}

static json_t *
play_denied_by_limit(void)
{
	return denied_beside_another("--max-per-listener 1");
}

static json_t *
play_denied_by_rate(void)
{
	return denied_beside_another("--rate-per-source 1");
}

static json_t *
play_kill(void)
{
	char target[128];
	json_t *answer;

	hop = hop_open("--admin-write");
	snprintf(target, sizeof(target), "/conns/%s", path_text(proxy_live(hop.proxy, "established"), "id"));
	ck_assert_int_eq(http_order(hop.proxy, "DELETE", target, "X-Reason: INC-4711\r\n", &answer), 202);
	peer_expect_reset(hop.client);
	peer_expect_reset(hop.upstream);
	return proxy_closed(hop.proxy, 1);
}

static json_t *
play_drain(void)
{
	json_t *answer;

	hop = hop_open("--admin-write");
	ck_assert_int_eq(http_order(hop.proxy, "POST", "/drain?timeout=50ms", "", &answer), 202);
	peer_expect_reset(hop.client);
	peer_expect_reset(hop.upstream);
	return proxy_closed(hop.proxy, 1);
}

/* Nobody can ask it over HTTP any more: its last words are in the log. */
static json_t *
play_shutdown(void)
{
	hop = hop_open("--drain-timeout 50ms --log-conns json");
	proxy_signal(hop.proxy, SIGTERM);
	peer_expect_reset(hop.client);
	peer_expect_reset(hop.upstream);
	proxy_exit_status(hop.proxy);
	const char *line = strstr(proxy_stderr(hop.proxy), "\n{");
	ck_assert_ptr_nonnull(line);
	logged = json_loads(line + 1, JSON_DISABLE_EOF_CHECK, NULL);
	ck_assert_ptr_nonnull(logged);
	proxy_end(hop.proxy);
	return logged;
}

static json_t *
play_no_descriptors(void)
{
	hop.listener = peer_listen("127.0.0.1:0");
	hop.proxy = proxy_start("-l 127.0.0.1:0 -u %s --workers 1", peer_local(hop.listener).text);
	descriptors_leave(hop.proxy->pid, 1);
	hop.client = peer_connect(proxy_listener(hop.proxy, 0));
	peer_expect_reset(hop.client);
	descriptors_leave(hop.proxy->pid, -1);
	return proxy_closed(hop.proxy, 1);
}

/* Two ports towards one target, and both are taken; clients need none on a Unix socket. */
static json_t *
play_no_ports(void)
{
	struct netns netns = netns_open();
	int upstream, client;

	netns_run("sysctl -qw net.ipv4.ip_local_port_range='50000 50001'");
	hop.listener = peer_listen("127.0.0.1:40000");
	hop.proxy = proxy_start(
	    "-l unix:%s/listener -u 127.0.0.1:40000 -a unix:%s/admin --drain-timeout 0", directory, directory);
	for (int i = 0; i < 2; i++) {
		client = peer_connect(proxy_listener(hop.proxy, 0));
		upstream = peer_accept(hop.listener);
		peer_say(client, "in time");
		peer_expect(upstream, "in time");
	}
	hop.client = peer_connect(proxy_listener(hop.proxy, 0));
	peer_expect_end(hop.client);
	json_t *record = proxy_closed(hop.proxy, 1);
	peer_close(&client);
	peer_close(&upstream);
	netns_close(&netns);
	return record;
}

static const struct play {
	const char *reason;
	json_t *(*play)(void);
	const char *initiator, *how, *error;
	const char *client, *upstream; /* marks; NULL for a leg without a socket */
	const char *elsewhere;         /* where it is proven, if not here */
} plays[] = {
	{ "flush_timeout", play_flush_timeout, "proxy", "timeout", NULL, "F<R>", "F<F>", NULL },
	{ "upstream_refused", play_refused, "upstream", "rst", "ECONNREFUSED", "R>", "", NULL },
	{ "upstream_unreachable", play_unreachable, "upstream", "error", "ENETUNREACH", "R>", "", NULL },
	{ "upstream_connect_timeout", play_connect_timeout, "proxy", "timeout", "ETIMEDOUT", "R>", "", NULL },
	{ "upstream_dns", play_dns, "proxy", "error", NULL, "R>", NULL, NULL },
	{ "client_abort_connecting", play_abort_connecting, "client", "rst", "ECONNRESET", "R<", "", NULL },
	{ "proxy_header_invalid", play_header_invalid, "proxy", "error", NULL, "R>", NULL, NULL },
	{ "proxy_header_timeout", play_header_timeout, "proxy", "timeout", NULL, "R>", NULL, NULL },
	{ "denied_acl", play_denied_by_list, "proxy", "rst", NULL, "R>", NULL, NULL },
	{ "denied_limit", play_denied_by_limit, "proxy", "rst", NULL, "R>", NULL, NULL },
	{ "denied_rate", play_denied_by_rate, "proxy", "rst", NULL, "R>", NULL, NULL },
	{ "admin_kill", play_kill, "admin", "rst", NULL, "R>", "R>", NULL },
	{ "admin_drain", play_drain, "admin", "rst", NULL, "R>", "R>", NULL },
	{ "shutdown", play_shutdown, "admin", "rst", NULL, "R>", "R>", NULL },
	{ "resource_fds", play_no_descriptors, "proxy", "error", "EMFILE", "R>", "", NULL },
	{ "resource_ports", play_no_ports, "proxy", "error", "EADDRNOTAVAIL", "", "", NULL },
	{ "client_lost", NULL, NULL, NULL, NULL, NULL, NULL, "fault/test_lost: in network namespaces" },
	{ "upstream_lost", NULL, NULL, NULL, NULL, NULL, NULL, "fault/test_lost: in network namespaces" },
	{ "resource_memory", NULL, NULL, NULL, NULL, NULL, NULL,
	    "scenario/test_conn_connect: to have none for real would take it from others" },
	{ "upstream_none", NULL, NULL, NULL, NULL, NULL, NULL,
	    "scenario: no target leaves service before there are health checks" },
	{ "internal_error", NULL, NULL, NULL, NULL, NULL, NULL, "a fault of ours that nobody knows of" },
};

enum { PLAYS = sizeof(plays) / sizeof(plays[0]) };

START_TEST(a_reason_of_our_own_is_told_as_it_was)
{
	const struct play *play = &plays[_i];
	char marks[8];

	if (play->elsewhere != NULL || (play->play == play_no_ports && !netns_can()))
		return;
	json_t *record = play->play();
	expect_close(record, play->reason, play->initiator, play->how);
	ck_assert_pstr_eq(path_text(record, "close.errno"), play->error);
	ck_assert(!json_is_true(path(record, "close.clean")));
	ck_assert_msg(strcmp(marks_of(record, LEG_CLIENT, marks), play->client) == 0, "client leg %s", marks);
	if (play->upstream == NULL)
		ck_assert(json_is_null(path(record, "legs.upstream")));
	else
		ck_assert_msg(
		    strcmp(marks_of(record, LEG_UPSTREAM, marks), play->upstream) == 0, "upstream leg %s", marks);
}
END_TEST

static bool
has_row(const char *reason)
{
	for (int i = 0; i < ENDS; i++) {
		for (int side = 0; side < LEG_COUNT; side++)
			if (ends[i].reasons[side] != NULL && strcmp(ends[i].reasons[side], reason) == 0)
				return true;
	}
	for (int i = 0; i < PLAYS; i++) {
		if (strcmp(plays[i].reason, reason) == 0)
			return true;
	}
	return false;
}

START_TEST(every_reason_has_a_row)
{
	for (int why = WHY_NONE + 1; why < WHY_COUNT; why++)
		ck_assert_msg(has_row(close_meanings[why].text), "%s", close_meanings[why].text);
}
END_TEST

START_TEST(urgent_bytes_do_not_break_the_stream)
{
	hop = hop_open("");
	peer_say(hop.client, "before ");
	ck_assert_int_eq(send(hop.client, "!", 1, MSG_OOB), 1);
	peer_say(hop.client, " after");
	peer_finish(hop.client);
	ck_assert_uint_ge(peer_read_to_end(hop.upstream), 13);
	proxy_live(hop.proxy, "client_half_closed");
	peer_close(&hop.upstream);
	hop_closed(&hop, "client_fin", "client", "fin");
}
END_TEST

START_TEST(each_closed_connection_is_a_line_on_stderr)
{
	hop = hop_open("");
	peer_say(hop.client, "hello");
	peer_expect(hop.upstream, "hello");
	const char *id = path_text(proxy_live(hop.proxy, "established"), "id");

	peer_reset(&hop.client);
	peer_expect_reset(hop.upstream);
	wait_until(proxy_has_said(hop.proxy, "client_reset"));
	ck_assert(proxy_has_said(hop.proxy, id));
}
END_TEST

START_TEST(the_log_has_those_alone_that_are_meant)
{
	hop = hop_open("--log-filter close.reason==client_reset&&rtt!=null");
	peer_say(hop.client, "hello");
	peer_expect(hop.upstream, "hello");
	peer_close(&hop.client);
	peer_expect_end(hop.upstream);
	peer_close(&hop.upstream);
	proxy_closed(hop.proxy, 1);
	hop_connect(&hop);
	peer_say(hop.client, "hello");
	peer_expect(hop.upstream, "hello");
	peer_reset(&hop.client);
	peer_expect_reset(hop.upstream);
	wait_until(proxy_has_said(hop.proxy, " client_reset "));
	ck_assert(!proxy_has_said(hop.proxy, "client_fin"));
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("integration/reasons");
	TCase *all = tcase_create("all"), *tcase = tcase_create("reasons");

	tcase_add_test(all, every_reason_has_a_row);
	suite_add_tcase(suite, all);
	tcase_set_timeout(tcase, 30);
	tcase_add_checked_fixture(tcase, setup, teardown);
	tcase_add_loop_test(tcase, an_end_is_told_as_it_was, 0, ENDS * TRANSPORTS * LEG_COUNT);
	tcase_add_loop_test(tcase, on_unix_legs_an_end_is_told_as_it_was, 0, ENDS * LEG_COUNT);
	tcase_add_loop_test(tcase, a_reason_of_our_own_is_told_as_it_was, 0, PLAYS);
	tcase_add_test(tcase, urgent_bytes_do_not_break_the_stream);
	tcase_add_test(tcase, each_closed_connection_is_a_line_on_stderr);
	tcase_add_test(tcase, the_log_has_those_alone_that_are_meant);
	suite_add_tcase(suite, tcase);
	return suite_main(suite);
}
