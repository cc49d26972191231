/* SPDX-License-Identifier: MIT */
#include "config/options.h"

#include <sched.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include "base/clock.h"
#include "base/cpus.h"
#include "support/suite.h"

enum { WORDS_MAX = 4 * PAIRS_MAX + 8 };

static struct settings settings; /* too large for a stack */
static char error_bytes[OPTIONS_ERROR_MAX];

/* Words are what stands between single spaces; "_" is an empty word. */
static enum options_answer
parse(const char *line)
{
	static char copy[8192];
	char *words[WORDS_MAX] = { "sockproxy" }, *rest = copy;
	int count = 1;
	struct text error;

	snprintf(copy, sizeof(copy), "%s", line);
	while (rest != NULL && *rest != '\0') {
		char *word = strsep(&rest, " ");

		ck_assert_int_lt(count, WORDS_MAX - 1);
		words[count++] = strcmp(word, "_") == 0 ? "" : word;
	}
	memset(&settings, 0x5a, sizeof(settings)); /* what is not set shows */
	text_init(&error, error_bytes, sizeof(error_bytes));
	enum options_answer answer = options_parse(&settings, count, words, &error);
	ck_assert(!error.truncated);
	ck_assert((answer == OPTIONS_WRONG) == (error.length > 0));
	return answer;
}

static void
parse_good(const char *line)
{
	enum options_answer answer = parse(line);

	ck_assert_msg(answer == OPTIONS_RUN, "%s: %s", line, error_bytes);
}

#define PAIR "-l 8080 -u db.example:5432 "

/* What one option makes of one member, as a number. */
#define VALUE(member) offsetof(struct settings, member), sizeof(settings.member)

/* clang-format off */
static const struct {
	const char *line;
	size_t place, size;
	int64_t want;
} values[] = {
	{ PAIR, VALUE(pair_count), 1 },
	{ PAIR, VALUE(max_conns), 0 },
	{ PAIR "-n 9000", VALUE(max_conns), 9000 },
	{ PAIR "-n9000", VALUE(max_conns), 9000 },
	{ PAIR "--max-conns=16777215", VALUE(max_conns), 16777215 },
	{ PAIR "-n 5 -n auto", VALUE(max_conns), 0 },
	{ PAIR "--workers 1", VALUE(workers), 1 },
	{ PAIR "--workers 128", VALUE(workers), 128 },
	{ PAIR, VALUE(pin_workers), false },
	{ PAIR "--pin-workers", VALUE(pin_workers), true },
	{ PAIR, VALUE(history), 16384 },
	{ PAIR "--history 1", VALUE(history), 1 },
	{ PAIR "--history 16777216", VALUE(history), 16777216 },
	{ PAIR, VALUE(buffer_memory), 64 << 20 },
	{ PAIR "--buffer-memory 16k", VALUE(buffer_memory), 16 << 10 },
	{ PAIR "--buffer-memory 16384", VALUE(buffer_memory), 16 << 10 },
	{ PAIR "--buffer-memory 1T", VALUE(buffer_memory), INT64_C(1) << 40 },
	{ PAIR, VALUE(connect_timeout_ns), 5 * NS_PER_S },
	{ PAIR "--connect-timeout 1ms", VALUE(connect_timeout_ns), NS_PER_MS },
	{ PAIR "--connect-timeout 1000d", VALUE(connect_timeout_ns), 86400000 * NS_PER_S },
	{ PAIR, VALUE(idle_timeout_ns), 0 },
	{ PAIR "--idle-timeout 2h", VALUE(idle_timeout_ns), 7200 * NS_PER_S },
	{ PAIR "--idle-timeout 2h --idle-timeout 0", VALUE(idle_timeout_ns), 0 },
	{ PAIR, VALUE(half_close_timeout_ns), 60 * NS_PER_S },
	{ PAIR "--half-close-timeout 1s", VALUE(half_close_timeout_ns), NS_PER_S },
	{ PAIR, VALUE(stall_timeout_ns), 0 },
	{ PAIR "--stall-timeout 90s", VALUE(stall_timeout_ns), 90 * NS_PER_S },
	{ PAIR, VALUE(flush_timeout_ns), 30 * NS_PER_S },
	{ PAIR "--flush-timeout 250ms", VALUE(flush_timeout_ns), 250 * NS_PER_MS },
	{ PAIR, VALUE(max_duration_ns), 0 },
	{ PAIR "--max-duration 1d", VALUE(max_duration_ns), 86400 * NS_PER_S },
	{ PAIR, VALUE(drain_timeout_ns), 30 * NS_PER_S },
	{ PAIR "--drain-timeout 0", VALUE(drain_timeout_ns), 0 },
	{ PAIR, VALUE(user_timeout_ns), 120 * NS_PER_S },
	{ PAIR "--user-timeout 0", VALUE(user_timeout_ns), 0 },
	{ PAIR "--user-timeout 10s", VALUE(user_timeout_ns), 10 * NS_PER_S },
	{ PAIR, VALUE(keepalive.idle_ns), 60 * NS_PER_S },
	{ PAIR, VALUE(keepalive.interval_ns), 10 * NS_PER_S },
	{ PAIR, VALUE(keepalive.count), 6 },
	{ PAIR "--keepalive 0", VALUE(keepalive.idle_ns), 0 },
	{ PAIR "--keepalive 1m", VALUE(keepalive.interval_ns), 10 * NS_PER_S },
	{ PAIR "--keepalive 32767s,1s,127", VALUE(keepalive.idle_ns), 32767 * NS_PER_S },
	{ PAIR "--keepalive 32767s,1s,127", VALUE(keepalive.interval_ns), NS_PER_S },
	{ PAIR "--keepalive 32767s,1s,127", VALUE(keepalive.count), 127 },
	{ PAIR "--keepalive 5s,1s,1 --keepalive 7s", VALUE(keepalive.count), 6 },
	{ PAIR "--keepalive 5000ms", VALUE(keepalive.idle_ns), 5 * NS_PER_S },
	{ PAIR, VALUE(allow.count), 0 },
	{ PAIR "--allow 10.0.0.0/8,192.0.2.7,2001:db8::/32", VALUE(allow.count), 3 },
	{ PAIR "--allow ::1,::2 --allow ::3", VALUE(allow.count), 1 },
	{ PAIR "--allow ::1,::2", VALUE(deny.count), 0 },
	{ PAIR "--deny 10.0.0.0/8", VALUE(deny.count), 1 },
	{ PAIR, VALUE(max_per_source), 0 },
	{ PAIR "--max-per-source 16777215", VALUE(max_per_source), 16777215 },
	{ PAIR, VALUE(max_per_listener), 0 },
	{ PAIR "--max-per-listener 1", VALUE(max_per_listener), 1 },
	{ PAIR "--max-per-listener 1 --max-per-listener 0", VALUE(max_per_listener), 0 },
	{ PAIR, VALUE(rate_per_source), 0 },
	{ PAIR "--rate-per-source 1000000", VALUE(rate_per_source), 1000000 },
	{ PAIR, VALUE(rate_per_listener), 0 },
	{ PAIR "--rate-per-listener 50", VALUE(rate_per_listener), 50 },
	{ PAIR, VALUE(source_count), 0 },
	{ PAIR "--source 192.0.2.1,2001:db8::1", VALUE(source_count), 2 },
	{ PAIR "--source ::1,::2 --source ::3", VALUE(source_count), 1 },
	{ PAIR, VALUE(proxy_in), false },
	{ PAIR "--proxy-in", VALUE(proxy_in), true },
	{ PAIR "--proxy-in-timeout 1s", VALUE(proxy_in), false },
	{ PAIR, VALUE(proxy_in_timeout_ns), 5 * NS_PER_S },
	{ PAIR "--proxy-in --proxy-in-timeout 1ms", VALUE(proxy_in_timeout_ns), NS_PER_MS },
	{ PAIR, VALUE(datapath), WISH_AUTO },
	{ PAIR "--datapath copy", VALUE(datapath), WISH_COPY },
	{ PAIR "--datapath splice", VALUE(datapath), WISH_SPLICE },
	{ PAIR, VALUE(proxy_out), PROXY_OUT_NONE },
	{ PAIR "--proxy-out v1", VALUE(proxy_out), PROXY_OUT_V1 },
	{ PAIR "--proxy-out v2", VALUE(proxy_out), PROXY_OUT_V2 },
	{ PAIR, VALUE(log_level), LEVEL_INFO },
	{ PAIR "--log-level error", VALUE(log_level), LEVEL_ERROR },
	{ PAIR "--log-level debug", VALUE(log_level), LEVEL_DEBUG },
	{ PAIR, VALUE(log_conns), LOG_CONNS_TEXT },
	{ PAIR "--log-conns json", VALUE(log_conns), LOG_CONNS_JSON },
	{ PAIR "--log-conns off", VALUE(log_conns), LOG_CONNS_OFF },
	{ PAIR, VALUE(admin_write), false },
	{ PAIR "--admin-write", VALUE(admin_write), true },
	{ PAIR, VALUE(admin_mode), 0600 },
	{ PAIR "-a unix:x --admin-mode 660", VALUE(admin_mode), 0660 },
	{ PAIR "-a unix:x --admin-mode 0666", VALUE(admin_mode), 0666 },
	{ PAIR, VALUE(admin_rate), 1000 },
	{ PAIR "--admin-rate 0", VALUE(admin_rate), 0 },
	{ PAIR, VALUE(admin_hosts.count), 0 },
	{ PAIR "--admin-host a.example,192.0.2.7,::1", VALUE(admin_hosts.count), 3 },
	{ PAIR "--admin-host a,b --admin-host c", VALUE(admin_hosts.count), 1 },
	{ PAIR, VALUE(log_probes), false },
	{ PAIR "--log-probes", VALUE(log_probes), true },
	{ PAIR, VALUE(log_filter[0]), '\0' },
	{ PAIR "--log-filter x", VALUE(log_filter[0]), 'x' },
	{ PAIR, VALUE(demo), false },
	{ "--demo", VALUE(demo), true },
	{ "--demo", VALUE(pair_count), 1 },
	{ "--demo", VALUE(listeners[0].any), false },
	{ "--demo", VALUE(listeners[0].fd), -1 },
	{ "--demo", VALUE(upstreams[0].target_count), 1 },
	{ "--demo", VALUE(upstreams[0].targets[0].addr.length), 0 },
	{ PAIR, VALUE(listeners[0].any), true },
	{ PAIR, VALUE(listeners[0].fd), -1 },
	{ "-l [::]:8080 -u a:1", VALUE(listeners[0].any), false },
	{ "-l unix:/run/a -u a:1", VALUE(listeners[0].any), false },
	{ "-l fd:3 -u a:1", VALUE(listeners[0].fd), 3 },
	{ "-l fd:3 -u a:1", VALUE(listeners[0].any), false },
	{ "-l fd:3 -u a:1", VALUE(listeners[0].addr.length), 0 },
	{ PAIR, VALUE(upstreams[0].target_count), 1 },
	{ PAIR, VALUE(upstreams[0].targets[0].port), 5432 },
	{ PAIR, VALUE(upstreams[0].targets[0].addr.length), 0 },
	{ "-l 1 -u 192.0.2.1:80", VALUE(upstreams[0].targets[0].port), 80 },
	{ "-l 1 -u a:1,b:2,192.0.2.1:3,[::1]:4,unix:/run/e", VALUE(upstreams[0].target_count), 5 },
	{ "-l 127.0.0.1:0 -l 127.0.0.1:0 -u a:1 -u b:2", VALUE(pair_count), 2 }, /* two free ports */
	{ "-l 127.0.0.1:80 -l 127.0.0.2:80 -l [::1]:80 -u a:1 -u b:2 -u c:3", VALUE(pair_count), 3 },
	{ "-l fd:3 -l fd:4 -l unix:a -l unix:b -u a:1 -u b:2 -u c:3 -u d:4", VALUE(pair_count), 4 },
	{ "-u a:1 -u b:2 -l 81 -l 82", VALUE(upstreams[1].targets[0].port), 2 },
	{ "-l 9100 -u a:1 -a unix:/run/admin", VALUE(pair_count), 1 },
};

/* What becomes text; the empty text where a name stands alone. */
static const struct {
	const char *line;
	size_t place;
	const char *want;
} texts[] = {
#define TEXT(member) offsetof(struct settings, member)
	{ PAIR, TEXT(listeners[0].name), "8080" },
	{ PAIR, TEXT(upstreams[0].name), "db.example:5432" },
	{ PAIR, TEXT(upstreams[0].targets[0].name), "db.example:5432" },
	{ PAIR, TEXT(upstreams[0].targets[0].host), "db.example" },
	{ PAIR, TEXT(admin_text), "127.0.0.1:9100" },
	{ PAIR "-a 9100 --admin-token-file /run/t", TEXT(admin_text), "9100" },
	{ PAIR, TEXT(admin_token_file), "" },
	{ PAIR "--admin-token-file /run/t", TEXT(admin_token_file), "/run/t" },
	{ PAIR "--admin-cert c.pem --admin-key k.pem", TEXT(admin_cert), "c.pem" },
	{ PAIR "--admin-cert c.pem --admin-key k.pem", TEXT(admin_key), "k.pem" },
	{ PAIR "--admin-host a.example,2001:db8::1", TEXT(admin_hosts.hosts[1]), "2001:db8::1" },
	{ PAIR, TEXT(resolver), "" },
	{ PAIR, TEXT(congestion), "auto" },
	{ PAIR "--congestion keep --congestion a234567890bcdef", TEXT(congestion), "a234567890bcdef" },
	{ "-l 1 -u a:1,[::1]:4", TEXT(upstreams[0].name), "a:1,[::1]:4" },
	{ "-l 1 -u a:1,[::1]:4", TEXT(upstreams[0].targets[1].name), "[::1]:4" },
	{ "-l 1 -u a:1,[::1]:4", TEXT(upstreams[0].targets[1].host), "" },
	{ "-l 1 -u 192.0.2.1:80", TEXT(upstreams[0].targets[0].host), "" },
	{ "-l 1 -u unix:/run/x:1", TEXT(upstreams[0].targets[0].host), "" },
	{ "-l 1 -u my_host-1.example.:1", TEXT(upstreams[0].targets[0].host), "my_host-1.example." },
	{ "-l 1 -u 3com.example:1", TEXT(upstreams[0].targets[0].host), "3com.example" },
	{ "-l 1 -u a:00080", TEXT(upstreams[0].targets[0].name), "a:00080" },
	{ "-l 1 -u a:1 -l 2 -u b:2", TEXT(upstreams[1].name), "b:2" },
	{ "-l 1 -l 2 -u a:1 -u b:2", TEXT(listeners[1].name), "2" },
	{ "--listen=1 --upstream=a:1", TEXT(listeners[0].name), "1" },
	{ "-l1 -ua:1", TEXT(upstreams[0].name), "a:1" },
	{ PAIR "-a [::1]:0", TEXT(admin_text), "[::1]:0" },
	{ PAIR "-a 127.9.9.9:1", TEXT(admin_text), "127.9.9.9:1" },
	{ PAIR "--resolver 192.0.2.1,192.0.2.2:5353,::1,[::2]:53,[::3]", TEXT(resolver),
	  "192.0.2.1,192.0.2.2:5353,::1,[::2]:53,::3" },
	{ "--demo", TEXT(listeners[0].name), "127.0.0.1:8080" },
	{ "--demo -l 0", TEXT(listeners[0].name), "0" },
	{ "--demo", TEXT(upstreams[0].name), "demo" },
	{ "--demo", TEXT(upstreams[0].targets[0].name), "demo" },
	{ "--demo", TEXT(upstreams[0].targets[0].host), "" },
};

static const struct {
	const char *line;
	size_t place;
	const char *want;
} addresses[] = {
	{ PAIR, TEXT(listeners[0].addr), "[::]:8080" },
	{ PAIR, TEXT(admin), "127.0.0.1:9100" },
	{ "-l [::1]:8080 -u a:1", TEXT(listeners[0].addr), "[::1]:8080" },
	{ "-l unix:/run/a -u a:1", TEXT(listeners[0].addr), "unix:/run/a" },
	{ "-l 1 -u a:1,192.0.2.1:80", TEXT(upstreams[0].targets[1].addr), "192.0.2.1:80" },
	{ "-l 1 -u a:1,[2001:db8::1]:80", TEXT(upstreams[0].targets[1].addr), "[2001:db8::1]:80" },
	{ "-l 1 -u unix:/run/x", TEXT(upstreams[0].targets[0].addr), "unix:/run/x" },
	{ PAIR "-a unix:/run/admin", TEXT(admin), "unix:/run/admin" },
	{ PAIR "--source 192.0.2.1,::1", TEXT(sources[0]), "192.0.2.1:0" },
	{ PAIR "--source 192.0.2.1,::1", TEXT(sources[1]), "[::1]:0" },
	{ "--demo", TEXT(listeners[0].addr), "127.0.0.1:8080" },
};

#define A50     "aaaaaaaaaabbbbbbbbbbccccccccccddddddddddeeeeeeeeee"
#define A62     A50 "ffffffffffgg"
#define FORMS   "must be PORT, IP:PORT, [IPv6]:PORT or unix:/path"
#define OPEN    "other hosts could ask there: give a token with --admin-token-file, or take 127.0.0.1 or unix:PATH"
#define MODE    "must be an octal mode that lets the owner read and write, as 600 or 660"
#define NO_PORT "the port is missing: must be HOST:PORT, IP:PORT, [IPv6]:PORT or unix:/path"
#define TIME    "must be a time with its unit, as 500ms, 5s, 2m, 1h or 1d"

static const struct {
	const char *line, *error;
} wrongs[] = {
	{ "", "-l and -u are missing, as in: sockproxy -l 8080 -u 192.0.2.10:80 (or try --demo)" },
	{ "-l 8080", "-l: \"8080\": an upstream is missing: one -u for each -l" },
	{ "-l 1 -u a:1 --listen 2", "--listen: \"2\": an upstream is missing: one -u for each -l" },
	{ "-u a:1", "-u: \"a:1\": a listener is missing: one -l for each -u" },
	{ "-u a:1 -l 1 --upstream b:2", "--upstream: \"b:2\": a listener is missing: one -l for each -u" },
	{ PAIR "extra", "\"extra\": belongs to no option" },
	{ PAIR "-- -n", "\"-n\": belongs to no option" },
	{ PAIR "-", "\"-\": belongs to no option" },
	{ PAIR "-x", "\"-x\": no such option; -h lists them" },
	{ PAIR "-c file", "\"-c\": no such option; -h lists them" },
	{ PAIR "--bogus=1", "\"--bogus=1\": no such option; -h lists them" },
	{ PAIR "--m 1", "\"--m\": more than one option begins so; -h lists them" },
	{ PAIR "--b\ng", "\"--b?g\": no such option; -h lists them" },
	{ PAIR "--demo=1", "--demo: takes no argument" },
	{ PAIR "--log-filter=", "--log-filter: \"\": must be a filter of 1 to 4096 bytes" },
	{ PAIR "--log-probes=no", "--log-probes: takes no argument" },
	{ "-l", "-l: an argument is missing: ADDR" },
	{ PAIR "--history", "--history: an argument is missing: N" },

	{ "--listen 127.0.0.1:99999", "--listen: \"127.0.0.1:99999\": the port must be 0 to 65535" },
	{ "-l _", "-l: \"\": " FORMS },
	{ "-l localhost:80", "-l: \"localhost:80\": " FORMS },
	{ "-l ::1:80", "-l: \"::1:80\": an IPv6 address stands in brackets, as in [::1]:80" },
	{ "-l unix:" A50 A50 "12345678", "-l: \"unix:" A50 "aaaaaaaaaabbbbbbbbbbccccc...\": the path must be 1 to 107 bytes long" },
	{ "-l " A62 "aaaaaaaaaabbbbbbb\xc3\xbczz", "-l: \"" A62 "aaaaaaaaaabbbbbbb...\": " FORMS }, /* no half a character */
	{ "-l unix:", "-l: \"unix:\": the path must be 1 to 107 bytes long" },
	{ "-l fd:2", "-l: \"fd:2\": must be fd:N, an open descriptor from 3 on" },
	{ "-l fd:x", "-l: \"fd:x\": must be fd:N, an open descriptor from 3 on" },
	{ "-l fd:2147483648", "-l: \"fd:2147483648\": must be fd:N, an open descriptor from 3 on" },
	{ "-l 127.0.0.1:80 -l 127.0.0.1:080", "-l: \"127.0.0.1:080\": already taken by \"127.0.0.1:80\"" },
	{ "-l 80 -l 127.0.0.1:80", "-l: \"127.0.0.1:80\": already taken by \"80\"" },
	{ "-l [::1]:80 --listen 80", "--listen: \"80\": already taken by \"[::1]:80\"" },
	{ "-l fd:3 -l fd:3", "-l: \"fd:3\": already taken by \"fd:3\"" },
	{ "-l unix:a -l unix:a", "-l: \"unix:a\": already taken by \"unix:a\"" },

	{ "-l 1 -u 8080", "-u: \"8080\": the host is missing, as in 127.0.0.1:80" },
	{ "-l 1 -u :8080", "-u: \":8080\": the host is missing, as in 127.0.0.1:80" },
	{ "-l 1 -u db", "-u: \"db\": " NO_PORT },
	{ "-l 1 -u [::1]", "-u: \"[::1]\": " NO_PORT },
	{ "-l 1 -u _", "-u: \"\": an address is missing" },
	{ "-l 1 -u a:1,", "-u: \"a:1,\": an address is missing" },
	{ "-l 1 -u a:1,,b:2", "-u: \"a:1,,b:2\": an address is missing" },
	{ "-l 1 -u a:0", "-u: \"a:0\": the port must be 1 to 65535" },
	{ "-l 1 -u [::1]:0", "-u: \"[::1]:0\": the port must be 1 to 65535" },
	{ "-l 1 -u a:b", "-u: \"a:b\": the port must be 1 to 65535" },
	{ "-l 1 -u a:+1", "-u: \"a:+1\": the port must be 1 to 65535" },
	{ "-l 1 -u a:1,b:65536", "-u: \"b:65536\": the port must be 1 to 65535" },
	{ "-l 1 -u ::1:80", "-u: \"::1:80\": an IPv6 address stands in brackets, as in [::1]:80" },
	{ "-l 1 -u [::g]:80", "-u: \"[::g]:80\": " FORMS },
	{ "-l 1 -u 1.2.3.400:80", "-u: \"1.2.3.400:80\": an IPv4 address is four numbers up to 255" },
	{ "-l 1 -u 127.1:80", "-u: \"127.1:80\": an IPv4 address is four numbers up to 255" },
	{ "-l 1 -u a.7:80", "-u: \"a.7:80\": an IPv4 address is four numbers up to 255" },
	{ "-l 1 -u http://a:80", "-u: \"http://a:80\": a host name has only letters, digits, hyphens and dots" },
	{ "-l 1 -u a/b:80", "-u: \"a/b:80\": a host name has only letters, digits, hyphens and dots" },
	{ "-l 1 -u b\xc3\xbc.example:80", "-u: \"b\xc3\xbc.example:80\": a host name has only letters, digits, hyphens and dots" },
	{ "-l 1 -u a..b:80", "-u: \"a..b:80\": between its dots a host name has 1 to 63 characters" },
	{ "-l 1 -u " A62 "hh:80", "-u: \"" A62 "hh:80\": between its dots a host name has 1 to 63 characters" },
	{ "-l 1 -u -a:80", "-u: \"-a:80\": a hyphen stands inside a host name, not at its ends" },
	{ "-l 1 -u " A62 "." A62 "." A62 "." A62 ".bbb:80",
	  "-u: \"" A62 ".aaaaaaaaaabbbbbbb...\": a host name has at most 253 characters" },
	{ "-l 1 -u " A62 "." A62 "." A62 "." A62 "." A62 ":80",
	  "-u: \"" A62 ".aaaaaaaaaabbbbbbb...\": a host name has at most 253 characters" },
	{ "-l 1 -u unix:", "-u: \"unix:\": the path must be 1 to 107 bytes long" },
	{ "-l 1 -u a:1,b:1,c:1,d:1,e:1,f:1,g:1,h:1,i:1,j:1,k:1,l:1,m:1,n:1,o:1,p:1,q:1",
	  "-u: \"a:1,b:1,c:1,d:1,e:1,f:1,g:1,h:1,i:1,j:1,k:1,l:1,m:1,n:1,o:1,p:1,q:1\": more than 16 addresses" },
	{ "-l 1 -u a:1,b:0" A50 A50 A50 A50 A50 A50 A50 A50 A50 A50 A50,
	  "-u: \"a:1,b:0" A50 "aaaaaaaaaabbbbbbbbbbccc...\": longer than 511 bytes" },

	{ PAIR "-a 0.0.0.0:9100", "--admin: \"0.0.0.0:9100\": " OPEN },
	{ PAIR "-a 9100", "--admin: \"9100\": " OPEN },
	{ PAIR "--admin [2001:db8::1]:9100", "--admin: \"[2001:db8::1]:9100\": " OPEN },
	{ PAIR "-a 0.0.0.0:9100 --admin-cert c --admin-key k", "--admin: \"0.0.0.0:9100\": " OPEN },
	{ PAIR "--admin-token-file _", "--admin-token-file: \"\": must be the name of a file, of 1 to 1023 bytes" },
	{ PAIR "--admin-cert c", "--admin-cert: \"c\": its key is missing: --admin-key" },
	{ PAIR "--admin-key k", "--admin-key: \"k\": its certificate is missing: --admin-cert" },
	{ PAIR "-a unix:x --admin-cert c --admin-key k", "--admin-cert: \"c\": a Unix socket needs no TLS" },
	{ PAIR "--admin-mode 660", "--admin-mode: only with a Unix socket: -a unix:PATH" },
	{ PAIR "-a unix:x --admin-mode 060", "--admin-mode: \"060\": " MODE },
	{ PAIR "-a unix:x --admin-mode 400", "--admin-mode: \"400\": " MODE },
	{ PAIR "-a unix:x --admin-mode 680", "--admin-mode: \"680\": " MODE },
	{ PAIR "-a unix:x --admin-mode 1600", "--admin-mode: \"1600\": " MODE },
	{ PAIR "-a unix:x --admin-mode 00660", "--admin-mode: \"00660\": " MODE },
	{ PAIR "-a unix:x --admin-mode rw", "--admin-mode: \"rw\": " MODE },
	{ PAIR "-a unix:x --admin-mode _", "--admin-mode: \"\": " MODE },
	{ PAIR "--admin-host a,", "--admin-host: \"a,\": an address is missing" },
	{ PAIR "--admin-host https://a", "--admin-host: \"https://a\": a host name has only letters, digits, hyphens and dots" },
	{ PAIR "--admin-host a:9100", "--admin-host: \"a:9100\": a host name has only letters, digits, hyphens and dots" },
	{ PAIR "--admin-host a,a,a,a,a,a,a,a,a,a,a,a,a,a,a,a,a",
	  "--admin-host: \"a,a,a,a,a,a,a,a,a,a,a,a,a,a,a,a,a\": more than 16 hosts" },
	{ PAIR "--admin-rate 1000001", "--admin-rate: \"1000001\": must be 0 to 1000000" },
	{ PAIR "--admin localhost:9100", "--admin: \"localhost:9100\": " FORMS },
	{ "-l 9100 -u a:1", "--admin: \"127.0.0.1:9100\": a listener takes this address" },
	{ "-l unix:x -u a:1 -a unix:x", "--admin: \"unix:x\": a listener takes this address" },

	{ PAIR "-n 0", "-n: \"0\": must be 1 to 16777215, or auto" },
	{ PAIR "-n 16777216", "-n: \"16777216\": must be 1 to 16777215, or auto" },
	{ PAIR "-n -1", "-n: \"-1\": must be 1 to 16777215, or auto" },
	{ PAIR "--allow _", "--allow: \"\": an address is missing" },
	{ PAIR "--allow ::1,", "--allow: \"::1,\": an address is missing" },
	{ PAIR "--allow 10.0.0.0/8,db.example", "--allow: \"db.example\": must be an IP address or a network, as 10.0.0.0/8 or 2001:db8::/32" },
	{ PAIR "--deny 10.0.0.0/33", "--deny: \"10.0.0.0/33\": the prefix must be 0 to 32" },
	{ PAIR "--deny 10.1.2.3/8", "--deny: \"10.1.2.3/8\": bits are set beyond the prefix: 10.0.0.0/8 was meant, or 10.1.2.3 alone" },
	{ PAIR "--max-per-source 16777216", "--max-per-source: \"16777216\": must be 0 to 16777215" },
	{ PAIR "--max-per-source -1", "--max-per-source: \"-1\": must be 0 to 16777215" },
	{ PAIR "--max-per-listener auto", "--max-per-listener: \"auto\": must be 0 to 16777215" },
	{ PAIR "--rate-per-source 1000001", "--rate-per-source: \"1000001\": must be 0 to 1000000" },
	{ PAIR "--rate-per-listener 5/s", "--rate-per-listener: \"5/s\": must be 0 to 1000000" },
	{ PAIR "--max-per 5", "\"--max-per\": more than one option begins so; -h lists them" },
	{ PAIR "--workers 129", "--workers: \"129\": must be 1 to 128, or auto" },
	{ PAIR "--workers 4294967297", "--workers: \"4294967297\": must be 1 to 128, or auto" },
	{ PAIR "--history 0", "--history: \"0\": must be 1 to 16777216" },
	{ PAIR "--history 16777217", "--history: \"16777217\": must be 1 to 16777216" },
	{ PAIR "--history 1k", "--history: \"1k\": must be 1 to 16777216" },
	{ PAIR "--buffer-memory 16383", "--buffer-memory: \"16383\": must be 16k to 1T" },
	{ PAIR "--buffer-memory 2T", "--buffer-memory: \"2T\": must be 16k to 1T" },
	{ PAIR "--buffer-memory 64MB", "--buffer-memory: \"64MB\": must be a size, as 65536, 64k, 64M or 1G" },
	{ PAIR "--connect-timeout 0", "--connect-timeout: \"0\": must be 1ms to 1000d" },
	{ PAIR "--half-close-timeout 0", "--half-close-timeout: \"0\": must be 1ms to 1000d" },
	{ PAIR "--flush-timeout 0s", "--flush-timeout: \"0s\": must be 1ms to 1000d" },
	{ PAIR "--idle-timeout 1001d", "--idle-timeout: \"1001d\": must be 0, or 1ms to 1000d" },
	{ PAIR "--user-timeout 999ms", "--user-timeout: \"999ms\": must be 0, or 1s to 1000d" },
	{ PAIR "--idle-timeout 5", "--idle-timeout: \"5\": " TIME },
	{ PAIR "--idle-timeout _", "--idle-timeout: \"\": " TIME },
	{ PAIR "--idle-timeout 999999999999d", "--idle-timeout: \"999999999999d\": " TIME },
	{ PAIR "--keepalive _", "--keepalive: \"\": IDLE must be 0 to 32767s, in whole seconds" },
	{ PAIR "--keepalive 1500ms", "--keepalive: \"1500ms\": IDLE must be 0 to 32767s, in whole seconds" },
	{ PAIR "--keepalive 32768s", "--keepalive: \"32768s\": IDLE must be 0 to 32767s, in whole seconds" },
	{ PAIR "--keepalive 1s,0,1", "--keepalive: \"1s,0,1\": INTERVAL must be 1s to 32767s, in whole seconds" },
	{ PAIR "--keepalive 1s,1s,0", "--keepalive: \"1s,1s,0\": COUNT must be 1 to 127" },
	{ PAIR "--keepalive 1s,1s,128", "--keepalive: \"1s,1s,128\": COUNT must be 1 to 127" },
	{ PAIR "--keepalive 1s,1s", "--keepalive: \"1s,1s\": must be IDLE or IDLE,INTERVAL,COUNT, as 60s,10s,6" },
	{ PAIR "--keepalive 1s,", "--keepalive: \"1s,\": must be IDLE or IDLE,INTERVAL,COUNT, as 60s,10s,6" },
	{ PAIR "--keepalive ,1s,1", "--keepalive: \",1s,1\": must be IDLE or IDLE,INTERVAL,COUNT, as 60s,10s,6" },
	{ PAIR "--keepalive 1s,1s,1,1", "--keepalive: \"1s,1s,1,1\": must be IDLE or IDLE,INTERVAL,COUNT, as 60s,10s,6" },
	{ PAIR "--source 192.0.2.1:80", "--source: \"192.0.2.1:80\": must be an IP address without a port" },
	{ PAIR "--source ::1,eth0", "--source: \"eth0\": must be an IP address without a port" },
	{ PAIR "--source ::1,", "--source: \"::1,\": an address is missing" },
	{ PAIR "--source ::1,::1,::1,::1,::1,::1,::1,::1,::1,::1,::1,::1,::1,::1,::1,::1,::1",
	  "--source: \"::1,::1,::1,::1,::1,::1,::1,::1,::1,::1,::1,::1,::1,::1,::1,::1,::1\": more than 16 addresses" },
	{ PAIR "--proxy-in=v1", "--proxy-in: takes no argument" },
	{ PAIR "--proxy-in-timeout 0", "--proxy-in-timeout: \"0\": must be 1ms to 1000d" },
	{ PAIR "--datapath zero", "--datapath: \"zero\": must be auto, copy or splice" },
	{ PAIR "--congestion _", "--congestion: \"\": must be auto, keep, or an algorithm's name of 1 to 15 bytes" },
	{ PAIR "--congestion a234567890bcdefg",
	  "--congestion: \"a234567890bcdefg\": must be auto, keep, or an algorithm's name of 1 to 15 bytes" },
	{ PAIR "--proxy-out v3", "--proxy-out: \"v3\": must be v1 or v2" },
	{ PAIR "--resolver dns.example", "--resolver: \"dns.example\": must be IP, IP:PORT or [IPv6]:PORT" },
	{ PAIR "--resolver 53", "--resolver: \"53\": must be IP, IP:PORT or [IPv6]:PORT" },
	{ PAIR "--resolver ::1,192.0.2.1:0", "--resolver: \"192.0.2.1:0\": must be IP, IP:PORT or [IPv6]:PORT" },
	{ PAIR "--resolver [192.0.2.1]", "--resolver: \"[192.0.2.1]\": must be IP, IP:PORT or [IPv6]:PORT" },
	{ PAIR "--resolver []", "--resolver: \"[]\": must be IP, IP:PORT or [IPv6]:PORT" },
	{ PAIR "--resolver [", "--resolver: \"[\": must be IP, IP:PORT or [IPv6]:PORT" },
	{ PAIR "--resolver unix:/run/dns", "--resolver: \"unix:/run/dns\": must be IP, IP:PORT or [IPv6]:PORT" },
	{ PAIR "--log-level loud", "--log-level: \"loud\": must be error, warning, notice, info or debug" },
	{ PAIR "--log-conns yes", "--log-conns: \"yes\": must be text, json or off" },
	{ "--demo -u a:1", "-u: not with --demo, which brings its own upstream" },
	{ "-l 1 -u a:1 --demo", "-u: not with --demo, which brings its own upstream" },
	{ "--demo -l 1 --listen 2", "--listen: \"2\": --demo has one listener only" },
	{ "--demo --proxy-in", "--proxy-in: not with --demo, whose clients send no PROXY header" },
};
/* clang-format on */

START_TEST(an_option_sets_its_value)
{
	int64_t value = 0;

	parse_good(values[_i].line);
	memcpy(&value, (char *)&settings + values[_i].place, values[_i].size);
	if (values[_i].size == sizeof(int32_t))
		value = (int32_t)value;
	ck_assert_msg(value == values[_i].want, "%s: %lld", values[_i].line, (long long)value);
}
END_TEST

START_TEST(names_stay_as_they_were_written)
{
	parse_good(texts[_i].line);
	ck_assert_str_eq((char *)&settings + texts[_i].place, texts[_i].want);
}
END_TEST

START_TEST(addresses_are_parsed)
{
	char text[ADDR_TEXT_MAX];
	const struct addr *addr = (const struct addr *)((char *)&settings + addresses[_i].place);

	parse_good(addresses[_i].line);
	ck_assert_str_eq(addr_format(addr, text, sizeof(text)), addresses[_i].want);
}
END_TEST

START_TEST(a_mistake_gets_one_clear_line)
{
	ck_assert_int_eq(parse(wrongs[_i].line), OPTIONS_WRONG);
	ck_assert_str_eq(error_bytes, wrongs[_i].error);
}
END_TEST

START_TEST(a_pair_too_many_is_refused)
{
	char line[8192] = "";

	for (int i = 1; i <= PAIRS_MAX; i++)
		snprintf(line + strlen(line), sizeof(line) - strlen(line), "-l %d -u a:%d ", i, i);
	parse_good(line);
	ck_assert_int_eq(settings.pair_count, PAIRS_MAX);
	ck_assert_str_eq(settings.upstreams[PAIRS_MAX - 1].name, "a:64");

	size_t length = strlen(line);
	strcat(line, "-l 65 -u a:65");
	ck_assert_int_eq(parse(line), OPTIONS_WRONG);
	ck_assert_str_eq(error_bytes, "-l: \"65\": more than 64 listeners");
	strcpy(line + length, "-u a:65");
	ck_assert_int_eq(parse(line), OPTIONS_WRONG);
	ck_assert_str_eq(error_bytes, "-u: \"a:65\": more than 64 upstreams");
}
END_TEST

static const struct {
	const char *line;
	size_t place;
	const char *want;
} networks[] = {
	{ PAIR "--allow 192.0.2.7,10.0.0.0/8", TEXT(allow.networks[0]), "192.0.2.7" },
	{ PAIR "--allow 192.0.2.7,10.0.0.0/8", TEXT(allow.networks[1]), "10.0.0.0/8" },
	{ PAIR "--deny ::ffff:10.0.0.0/104", TEXT(deny.networks[0]), "10.0.0.0/8" },
	{ PAIR "--deny ::1 --deny 2001:db8::/32", TEXT(deny.networks[0]), "2001:db8::/32" },
};

START_TEST(networks_are_parsed)
{
	char text[NETWORK_TEXT_MAX];
	const struct network *network = (const struct network *)((char *)&settings + networks[_i].place);

	parse_good(networks[_i].line);
	ck_assert_str_eq(network_format(network, text, sizeof(text)), networks[_i].want);
}
END_TEST

/* "name=value", a list as "name=[a][b]", … each behind a blank. */
static void
hear(void *to, const struct option_told *told)
{
	struct text *text = to;

	if (told->kind == OPTION_ITEM) {
		text_addf(text, "[%s]", told->text);
		return;
	}
	text_addf(text, " %s=", told->name);
	if (told->kind == OPTION_TEXT)
		text_add(text, told->text);
	else if (told->kind == OPTION_TRUTH)
		text_add(text, told->number != 0 ? "true" : "false");
	else if (told->kind == OPTION_COUNT)
		text_add_u64(text, told->number);
	else if (told->kind == OPTION_NOTHING)
		text_add(text, "null");
}

/* clang-format off */
static const struct {
	const char *line, *told;
} tellings[] = {
	{ PAIR, " listen=[8080]" },
	{ PAIR "-l unix:/a -u b:1,c:2", " listen=[8080][unix:/a] upstream=[db.example:5432][b:1,c:2] admin=127.0.0.1:9100" },
	{ "--demo", " listen=[127.0.0.1:8080] upstream=[demo] " },
	{ PAIR, " admin-write=false admin-token-file=null admin-cert=null admin-key=null admin-host= admin-mode=600 admin-rate=1000 " },
	{ PAIR "-a 9100 --admin-token-file /t", " admin=9100 admin-write=false admin-token-file=/t " },
	{ PAIR "--admin-cert c --admin-key k", " admin-cert=c admin-key=k " },
	{ PAIR "--admin-host a,192.0.2.7", " admin-host=[a][192.0.2.7] " },
	{ PAIR "-a unix:x --admin-mode 0660", " admin-mode=660 " },
	{ PAIR "--admin-write", " admin-write=true " },
	{ PAIR, " max-conns=auto allow= deny= max-per-source=0 " },
	{ PAIR "-n 7", " max-conns=7 " },
	{ PAIR "--allow 10.0.0.0/8,::1", " allow=[10.0.0.0/8][::1] deny= " },
	{ PAIR "--workers 3", " workers=3 pin-workers=false history=16384 buffer-memory=64M datapath=auto connect-timeout=5s idle-timeout=0 " },
	{ PAIR "--idle-timeout 90s", " idle-timeout=90s " },
	{ PAIR "--keepalive 5s", " keepalive=5s,10s,6 user-timeout=2m congestion=auto source= proxy-in=false proxy-in-timeout=5s proxy-out=null " },
	{ PAIR "--source ::1,192.0.2.1 --proxy-in --proxy-out v2", " source=[::1][192.0.2.1] proxy-in=true proxy-in-timeout=5s proxy-out=v2 " },
	{ PAIR, " resolver=null log-level=info log-conns=text " },
	{ PAIR "--resolver ::1 --log-level debug --log-conns off", " resolver=::1 log-level=debug log-conns=off " },
	{ PAIR, " demo=false" },
};
/* clang-format on */

START_TEST(what_was_set_is_told)
{
	static char bytes[8192];
	struct text text;

	parse_good(tellings[_i].line);
	text_init(&text, bytes, sizeof(bytes));
	options_tell(&settings, hear, &text);
	ck_assert(!text.truncated);
	ck_assert_msg(strstr(bytes, tellings[_i].told) != NULL, "%s: %s", tellings[_i].line, bytes);
}
END_TEST

/* No line of -h but -V and -h is left out. */
START_TEST(every_option_is_told)
{
	static char bytes[8192], help_bytes[OPTIONS_HELP_MAX];
	struct text text, help;
	int count = 0;

	parse_good(PAIR);
	text_init(&text, bytes, sizeof(bytes));
	options_tell(&settings, hear, &text);
	text_init(&help, help_bytes, sizeof(help_bytes));
	options_help(&help);
	for (char *rest = help_bytes, *line; (line = strsep(&rest, "\n")) != NULL;) {
		char *name = strncmp(line, "  ", 2) == 0 ? strstr(line, " --") : NULL, want[64];

		if (name == NULL)
			continue;
		snprintf(want, sizeof(want), " %.*s=", (int)strcspn(name + 3, " "), name + 3);
		if (strcmp(want, " help=") == 0 || strcmp(want, " version=") == 0)
			continue;
		ck_assert_msg(strstr(bytes, want) != NULL, "%s is not told", want);
		count++;
	}
	ck_assert_int_gt(count, 30);
}
END_TEST

START_TEST(a_network_too_many_is_refused)
{
	char line[8192] = PAIR "--deny 10.0.0.1";

	for (int i = 2; i <= NETWORKS_MAX; i++)
		snprintf(line + strlen(line), sizeof(line) - strlen(line), ",10.0.0.%d", i);
	parse_good(line);
	ck_assert_int_eq(settings.deny.count, NETWORKS_MAX);
	strcat(line, ",10.0.0.65");
	ck_assert_int_eq(parse(line), OPTIONS_WRONG);
	ck_assert_ptr_nonnull(strstr(error_bytes, "\": more than 64 networks"));
}
END_TEST

START_TEST(workers_are_as_many_as_the_cpus_of_this_process)
{
	cpu_set_t all, one;
	int first = 0;

	ck_assert_int_eq(sched_getaffinity(0, sizeof(all), &all), 0);
	parse_good(PAIR);
	ck_assert_int_eq(settings.workers, cpus_count());

	while (!CPU_ISSET(first, &all))
		first++;
	CPU_ZERO(&one);
	CPU_SET(first, &one);
	ck_assert_int_eq(sched_setaffinity(0, sizeof(one), &one), 0);
	parse_good(PAIR "--workers 7 --workers auto");
	ck_assert_int_eq(settings.workers, 1);
	ck_assert_int_eq(sched_setaffinity(0, sizeof(all), &all), 0);
}
END_TEST

START_TEST(help_and_version_answer_where_they_stand)
{
	ck_assert_int_eq(parse("-h"), OPTIONS_HELP);
	ck_assert_int_eq(parse("--help --bogus"), OPTIONS_HELP);
	ck_assert_int_eq(parse("--bogus --help"), OPTIONS_WRONG);
	ck_assert_int_eq(parse("-V"), OPTIONS_VERSION);
	ck_assert_int_eq(parse("-Vh"), OPTIONS_VERSION);
	ck_assert_int_eq(parse("--version"), OPTIONS_VERSION);
	ck_assert_int_eq(parse(PAIR "-Vx"), OPTIONS_VERSION);
	parse_good(PAIR); /* nothing of the bundle is left over */
}
END_TEST

START_TEST(help_fits_a_terminal)
{
	char bytes[OPTIONS_HELP_MAX];
	struct text help;

	text_init(&help, bytes, sizeof(bytes));
	options_help(&help);
	ck_assert(!help.truncated);
	ck_assert_ptr_nonnull(strstr(bytes, "\n      --idle-timeout TIME       without a byte either way [0]\n"));
	for (char *rest = bytes, *line; (line = strsep(&rest, "\n")) != NULL;)
		ck_assert_msg(strlen(line) <= 80, "%s", line);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("config/options");
	TCase *tcase = tcase_create("command line");

	tcase_add_loop_test(tcase, an_option_sets_its_value, 0, sizeof(values) / sizeof(values[0]));
	tcase_add_loop_test(tcase, names_stay_as_they_were_written, 0, sizeof(texts) / sizeof(texts[0]));
	tcase_add_loop_test(tcase, addresses_are_parsed, 0, sizeof(addresses) / sizeof(addresses[0]));
	tcase_add_loop_test(tcase, a_mistake_gets_one_clear_line, 0, sizeof(wrongs) / sizeof(wrongs[0]));
	tcase_add_test(tcase, a_pair_too_many_is_refused);
	tcase_add_loop_test(tcase, networks_are_parsed, 0, sizeof(networks) / sizeof(networks[0]));
	tcase_add_loop_test(tcase, what_was_set_is_told, 0, sizeof(tellings) / sizeof(tellings[0]));
	tcase_add_test(tcase, every_option_is_told);
	tcase_add_test(tcase, a_network_too_many_is_refused);
	tcase_add_test(tcase, workers_are_as_many_as_the_cpus_of_this_process);
	tcase_add_test(tcase, help_and_version_answer_where_they_stand);
	tcase_add_test(tcase, help_fits_a_terminal);
	suite_add_tcase(suite, tcase);
	return suite_main(suite);
}
