/* SPDX-License-Identifier: MIT */
/*
 * While nothing moves, /conns and `ss -tanp` tell the same of every socket that the
 * daemon has: 5-tuple, kernel state, cookie.  ss asks the kernel by netlink, and the
 * daemon its own sockets, so neither can copy from the other.
 */
#include "support/proxy_process.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "support/peers.h"
#include "support/proxy_facts.h"
#include "support/suite.h"
#include "support/wait_until.h"

enum { EACH = 5, SOCKETS_MAX = 256, LINE_SIZE = 256, LINE_SIZE_LONG = 2048, SKIP = 77 };

/* One socket as a line: "CLOSE-WAIT 127.0.0.1:8080 127.0.0.1:40000 sk:1a2b". */
struct sockets {
	int count;
	char lines[SOCKETS_MAX][LINE_SIZE];
};

static int
compare(const void *a, const void *b)
{
	return strcmp(a, b);
}

static void
add(struct sockets *sockets, const char *state, const char *local, const char *remote, const char *cookie)
{
	ck_assert_int_lt(sockets->count, SOCKETS_MAX);
	snprintf(sockets->lines[sockets->count++], LINE_SIZE, "%s %s %s sk:%s", state, local, remote, cookie);
	qsort(sockets->lines, (size_t)sockets->count, LINE_SIZE, compare);
}

/* "[::ffff:127.0.0.1]:80" is an IPv4 address on an IPv6 socket. */
static void
unmap(char *address)
{
	char *closing = strchr(address, ']');

	if (strncmp(address, "[::ffff:", 8) != 0 || closing == NULL)
		return;
	memmove(closing, closing + 1, strlen(closing));
	memmove(address, address + 8, strlen(address + 8) + 1);
}

static void
ask_ss(const struct proxy *proxy, struct sockets *sockets)
{
	char line[1024], owner[32], state[32], local[128], remote[128], cookie[32];
	FILE *ss = popen("ss -Htanpe", "r");

	ck_assert_ptr_ne(ss, NULL);
	snprintf(owner, sizeof(owner), ",pid=%d,", (int)proxy->pid);
	while (fgets(line, sizeof(line), ss) != NULL) {
		const char *sk = strstr(line, " sk:");

		if (strstr(line, owner) == NULL || strncmp(line, "LISTEN", 6) == 0)
			continue;
		ck_assert_int_eq(sscanf(line, "%31s %*s %*s %127s %127s", state, local, remote), 3);
		ck_assert_ptr_ne(sk, NULL);
		ck_assert_int_eq(sscanf(sk, " sk:%31s", cookie), 1);
		unmap(local);
		unmap(remote);
		if (strcmp(local, proxy->admin_text) == 0)
			continue; /* our own last question */
		add(sockets, strcmp(state, "ESTAB") == 0 ? "ESTABLISHED" : state, local, remote, cookie);
	}
	ck_assert_int_eq(pclose(ss), 0);
}

static void
write_end(char text[128], const json_t *tuple, const char *ip, const char *port)
{
	const char *address = path_text(tuple, ip);

	ck_assert_ptr_ne(address, NULL);
	snprintf(text, 128, strchr(address, ':') != NULL ? "[%s]:%d" : "%s:%d", address, (int)path_number(tuple, port));
}

/* RFC 9293's words, as ss writes them. */
static void
add_leg(struct sockets *sockets, const json_t *leg, bool accepted)
{
	char state[32], source[128], destination[128];
	json_t *tuple = path(leg, "tuple");
	size_t i = 0;

	for (const char *word = path_text(leg, "tcp_state"); word[i] != '\0' && i + 1 < sizeof(state); i++)
		state[i] = word[i] == '_' ? '-' : (char)toupper(word[i]);
	state[i] = '\0';
	write_end(source, tuple, "source_ip", "source_port");
	write_end(destination, tuple, "destination_ip", "destination_port");
	add(sockets, state, accepted ? destination : source, accepted ? source : destination,
	    path_text(leg, "socket_cookie"));
}

static void
ask_conns(const struct proxy *proxy, struct sockets *sockets)
{
	json_t *conns = path(http_get_json(proxy, "/conns?view=full"), "conns"), *conn;
	size_t i;

	json_array_foreach(conns, i, conn) {
		add_leg(sockets, path(conn, "legs.client"), true);
		add_leg(sockets, path(conn, "legs.upstream"), false);
	}
}

/* Connections in every state in which they can rest. */
static void
open_some(const char *to, int listener)
{
	for (int i = 0; i < EACH; i++) {
		int client = peer_connect(to), upstream = peer_accept(listener);

		peer_say(client, "question");
		peer_expect(upstream, "question");
		peer_say(upstream, "answer");
		peer_expect(client, "answer");
		if (i % 3 == 1) {
			peer_finish(client);
			peer_expect_end(upstream);
		} else if (i % 3 == 2) {
			peer_finish(upstream);
			peer_expect_end(client);
		}
	}
}

static bool
agree(const struct proxy *proxy)
{
	static struct sockets by_ss, by_conns;

	memset(&by_ss, 0, sizeof(by_ss));
	memset(&by_conns, 0, sizeof(by_conns));
	ask_ss(proxy, &by_ss);
	ask_conns(proxy, &by_conns);
	return memcmp(&by_ss, &by_conns, sizeof(by_ss)) == 0;
}

static void
explain(const struct proxy *proxy)
{
	static struct sockets by_ss, by_conns;

	ask_ss(proxy, &by_ss);
	ask_conns(proxy, &by_conns);
	for (int i = 0; i < by_ss.count; i++)
		printf("ss:     %s\n", by_ss.lines[i]);
	for (int i = 0; i < by_conns.count; i++)
		printf("/conns: %s\n", by_conns.lines[i]);
}

START_TEST(conns_agrees_with_ss_on_both_legs_of_every_connection)
{
	int filler, v4 = peer_listen("127.0.0.1:0"), v6 = peer_listen("[::1]:0");
	int full = peer_listen_full("127.0.0.1:0", &filler), waiting[EACH];
	char mapped[64];
	struct proxy *proxy = proxy_start("-l 127.0.0.1:0 -u %s -l [::1]:0 -u %s -l 127.0.0.1:0 -u %s -l 0 -u %s "
					  "--connect-timeout 60s --half-close-timeout 60s --drain-timeout 0",
	    peer_local(v4).text, peer_local(v6).text, peer_local(full).text, peer_local(v6).text);

	snprintf(mapped, sizeof(mapped), "127.0.0.1%s", strrchr(proxy_listener(proxy, 3), ':'));
	open_some(proxy_listener(proxy, 0), v4);
	open_some(proxy_listener(proxy, 1), v6);
	open_some(mapped, v6);
	for (int i = 0; i < EACH; i++)
		waiting[i] = peer_connect(proxy_listener(proxy, 2));
	wait_until(proxy_stat(proxy, "connections_by_state.connecting") == EACH);

	/* States of the last acknowledgements may still be on their way into the record. */
	int64_t begun = wait_clock_ms();
	while (!agree(proxy) && wait_clock_ms() - begun < 2000)
		wait_a_little(begun, "agreement", __FILE__, __LINE__);
	if (!agree(proxy))
		explain(proxy);
	ck_assert(agree(proxy));
	ck_assert_int_eq(proxy_active_count(proxy), 4 * EACH);
	for (int i = 0; i < EACH; i++)
		peer_close(&waiting[i]);
	proxy_stop(proxy);
}
END_TEST

/* The line that `ss -tine` has for the socket of this cookie. */
static bool
find_line(const char *cookie, char line[LINE_SIZE_LONG])
{
	char wanted[64];
	bool found = false;
	FILE *ss = popen("ss -HtineO", "r");

	ck_assert_ptr_ne(ss, NULL);
	snprintf(wanted, sizeof(wanted), " sk:%s ", cookie);
	while (!found && fgets(line, LINE_SIZE_LONG, ss) != NULL)
		found = strstr(line, wanted) != NULL;
	while (getc(ss) != EOF)
		continue;
	pclose(ss);
	return found;
}

/* What stands behind " name:", times `scale`; 0 where ss says nothing, as it does of 0. */
static json_int_t
number_in(const char *line, const char *name, double scale)
{
	char key[32];

	snprintf(key, sizeof(key), " %s:", name);
	const char *at = strstr(line, key);
	return at == NULL ? 0 : (json_int_t)(strtod(at + strlen(key), NULL) * scale + 0.5);
}

/* "retrans:now/total", and "rtt:smoothed/deviation". */
static json_int_t
second_in(const char *line, const char *name, double scale)
{
	char key[32];

	snprintf(key, sizeof(key), " %s:", name);
	const char *at = strstr(line, key);
	at = at == NULL ? NULL : strchr(at, '/');
	return at == NULL ? 0 : (json_int_t)(strtod(at + 1, NULL) * scale + 0.5);
}

/* Asserts nothing: the sockets may have heard something between the two questions. */
static bool
leg_agrees(const json_t *leg, bool connected_by_us)
{
	static const struct {
		const char *path, *ss;
	} same[] = {
		{ "tcp.cwnd_segments", "cwnd" },
		{ "tcp.mss_send_bytes", "mss" },
		{ "tcp.pmtu_bytes", "pmtu" },
		{ "tcp.unacked_segments", "unacked" },
		{ "tcp.not_sent_bytes", "notsent" },
		{ "tcp.segments_sent", "segs_out" },
		{ "tcp.segments_received", "segs_in" },
		{ "tcp.bytes_retransmitted", "bytes_retrans" },
		{ "bytes_received", "bytes_received" },
	};
	char line[LINE_SIZE_LONG];
	long queued, unread;
	bool agrees;

	if (!find_line(path_text(leg, "socket_cookie"), line))
		return false;
	ck_assert_int_eq(sscanf(line, "%*s %ld %ld", &unread, &queued), 2);
	agrees = path_number(leg, "receive_queue_bytes") == unread && path_number(leg, "send_queue_bytes") == queued;
	for (size_t i = 0; i < sizeof(same) / sizeof(same[0]); i++)
		agrees = agrees && path_number(leg, same[i].path) == number_in(line, same[i].ss, 1);
	agrees = agrees && path_number(leg, "tcp.rtt_us") == number_in(line, "rtt", 1000);
	agrees = agrees && path_number(leg, "tcp.rtt_var_us") == second_in(line, "rtt", 1000);
	agrees = agrees && path_number(leg, "tcp.min_rtt_us") == number_in(line, "minrtt", 1000);
	agrees = agrees && path_number(leg, "tcp.retransmits_total") == second_in(line, "retrans", 1);
	/* Of what we sent, all is acknowledged; our SYN counts as one, and so does it where nothing else was sent. */
	agrees = agrees && path_number(leg, "bytes_sent") + connected_by_us == number_in(line, "bytes_acked", 1);
	agrees = agrees && strstr(line, path_text(leg, "tcp.congestion")) != NULL;
	if (!agrees) {
		char *said = json_dumps(leg, JSON_COMPACT);

		printf("ss:     %s/conns: %s\n", line, said);
		free(said);
	}
	return agrees;
}

static bool
all_agree(const struct proxy *proxy)
{
	json_t *conns = path(http_get_json(proxy, "/conns"), "conns"), *conn;
	char target[128];
	size_t i;

	json_array_foreach(conns, i, conn) {
		snprintf(target, sizeof(target), "/conns/%s", path_text(conn, "id"));
		json_t *fresh = http_get_json(proxy, target);
		if (!leg_agrees(path(fresh, "legs.client"), false) || !leg_agrees(path(fresh, "legs.upstream"), true))
			return false;
	}
	return true;
}

START_TEST(a_fresh_record_says_of_both_paths_what_ss_says)
{
	int v4 = peer_listen("127.0.0.1:0"), v6 = peer_listen("[::1]:0");
	struct proxy *proxy = proxy_start(
	    "-l 127.0.0.1:0 -u %s -l [::1]:0 -u %s --drain-timeout 0", peer_local(v4).text, peer_local(v6).text);

	for (int i = 0; i < EACH; i++) {
		int client = peer_connect(proxy_listener(proxy, i % 2)), upstream = peer_accept(i % 2 == 0 ? v4 : v6);

		for (int j = 0; j < i; j++) {
			peer_send_pattern(client, 0, 1000 * (size_t)i);
			peer_expect_pattern(upstream, 0, 1000 * (size_t)i);
			peer_send_pattern(upstream, 0, 20000 * (size_t)i);
			peer_expect_pattern(client, 0, 20000 * (size_t)i);
		}
	}
	wait_until(all_agree(proxy));
	proxy_stop(proxy);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("integration/ss agrees");
	TCase *tcase = tcase_create("ss agrees");

	if (system("ss -V >/dev/null 2>&1") != 0) {
		puts("skipped: ss is missing (Debian package iproute2)");
		return SKIP;
	}
	tcase_set_timeout(tcase, 40);
	tcase_add_test(tcase, conns_agrees_with_ss_on_both_legs_of_every_connection);
	tcase_add_test(tcase, a_fresh_record_says_of_both_paths_what_ss_says);
	suite_add_tcase(suite, tcase);
	return suite_main(suite);
}
