/* SPDX-License-Identifier: MIT */
/*
 * The command line.
 *
 * One table says how each option is written, what takes its argument, where
 * that goes, what it may be and what it is when nobody says.  Defaults stand
 * there as a user would write them and pass the same checks; -h shows them.
 */
#include "config/options.h"

#include <assert.h>
#include <getopt.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include "base/clock.h"
#include "config/endpoint.h"
#include "config/option_take.h"

#define AT(member)   offsetof(struct settings, member)
#define TIME_LEAST   NS_PER_MS
#define TIME_MOST    (1000 * 86400 * NS_PER_S)
#define BYTES_LEAST  (INT64_C(16) << 10) /* one loan */
#define BYTES_MOST   (INT64_C(1) << 40)
#define CONNS_MOST   ((1 << 24) - 1)
#define HISTORY_MOST (1 << 24)
#define RATE_MOST    1000000

/* clang-format off */
static const struct option_row rows[] = {
	{ "-l", "--listen",             "ADDR",       take_listen,    0, 0, 0, NULL,
	  "take clients at PORT, IP:PORT, unix:PATH or fd:N" },
	{ "-u", "--upstream",           "ADDR[,...]", take_upstream,  0, 0, 0, NULL,
	  "send them to HOST:PORT or unix:PATH, in turn" },
	{ "-a", "--admin",              "ADDR",       take_admin,     0, 0, 0, "127.0.0.1:9100",
	  "answer HTTP there" },
	{ NULL, "--admin-write",        NULL,         take_flag,      AT(admin_write), 0, 0, NULL,
	  "let HTTP end connections and drain" },
	{ NULL, "--admin-token-file",   "FILE",       take_file,      AT(admin_token_file), 0, 0, NULL,
	  "ask for the bearer token that stands there" },
	{ NULL, "--admin-cert",         "FILE",       take_file,      AT(admin_cert), 0, 0, NULL,
	  "HTTPS: a certificate, with its chain, as PEM" },
	{ NULL, "--admin-key",          "FILE",       take_file,      AT(admin_key), 0, 0, NULL,
	  "and its private key" },
	{ NULL, "--admin-host",         "HOST[,...]", take_hosts,     AT(admin_hosts), 0, 0, NULL,
	  "names that HTTP may be asked for, too" },
	{ NULL, "--admin-mode",         "MODE",       take_mode,      AT(admin_mode), 0, 0, "600",
	  "of the file, where -a is a Unix socket" },
	{ NULL, "--admin-rate",         "N",          take_count,     AT(admin_rate), 0, RATE_MOST, "1000",
	  "requests a second of an address" },
	{ "-n", "--max-conns",          "N",          take_max_conns, 0, 1, CONNS_MOST, "auto",
	  "connections at once" },
	{ NULL, "--allow",              "NET[,...]",  take_networks,  AT(allow), 0, 0, NULL,
	  "refuse clients from anywhere else" },
	{ NULL, "--deny",               "NET[,...]",  take_networks,  AT(deny), 0, 0, NULL,
	  "refuse clients from there, allowed or not" },
	{ NULL, "--max-per-source",     "N",          take_count,     AT(max_per_source), 0, CONNS_MOST, "0",
	  "connections at once of a client address" },
	{ NULL, "--max-per-listener",   "N",          take_count,     AT(max_per_listener), 0, CONNS_MOST, "0",
	  "connections at once of a listener" },
	{ NULL, "--rate-per-source",    "N",          take_count,     AT(rate_per_source), 0, RATE_MOST, "0",
	  "new ones a second of a client address" },
	{ NULL, "--rate-per-listener",  "N",          take_count,     AT(rate_per_listener), 0, RATE_MOST, "0",
	  "new ones a second of a listener" },
	{ NULL, "--workers",            "N",          take_workers,   0, 1, WORKERS_MAX, "auto",
	  "threads that carry them" },
	{ NULL, "--pin-workers",        NULL,         take_flag,      AT(pin_workers), 0, 0, NULL,
	  "each to one CPU" },
	{ NULL, "--history",            "N",          take_count,     AT(history), 1, HISTORY_MOST, "16384",
	  "closed ones remembered per worker" },
	{ NULL, "--buffer-memory",      "SIZE",       take_size,      AT(buffer_memory), BYTES_LEAST, BYTES_MOST, "64M",
	  "for slow readers, per worker" },
	{ NULL, "--datapath",           "HOW",        take_datapath,  AT(datapath), 0, 0, "auto",
	  "carry bytes by copy, splice, or auto"  },
	{ NULL, "--connect-timeout",    "TIME",       take_timeout,   AT(connect_timeout_ns), TIME_LEAST, TIME_MOST, "5s",
	  "for each upstream address tried" },
	{ NULL, "--idle-timeout",       "TIME",       take_or_off,    AT(idle_timeout_ns), TIME_LEAST, TIME_MOST, "0",
	  "without a byte either way" },
	{ NULL, "--half-close-timeout", "TIME",       take_timeout,   AT(half_close_timeout_ns), TIME_LEAST, TIME_MOST, "60s",
	  "from one side's end to the other's" },
	{ NULL, "--stall-timeout",      "TIME",       take_or_off,    AT(stall_timeout_ns), TIME_LEAST, TIME_MOST, "0",
	  "for a side that takes nothing" },
	{ NULL, "--flush-timeout",      "TIME",       take_timeout,   AT(flush_timeout_ns), TIME_LEAST, TIME_MOST, "30s",
	  "for the last bytes to be acknowledged" },
	{ NULL, "--max-duration",       "TIME",       take_or_off,    AT(max_duration_ns), TIME_LEAST, TIME_MOST, "0",
	  "for a whole connection" },
	{ NULL, "--drain-timeout",      "TIME",       take_or_off,    AT(drain_timeout_ns), TIME_LEAST, TIME_MOST, "30s",
	  "for connections to end before a stop" },
	{ NULL, "--keepalive",          "TIME[,...]", take_keepalive, 0, 0, 0, "60s,10s,6",
	  "idle, interval, probes" },
	{ NULL, "--user-timeout",       "TIME",       take_or_off,    AT(user_timeout_ns), NS_PER_S, TIME_MOST, "120s",
	  "for a side that answers nothing" },
	{ NULL, "--congestion",         "NAME",       take_congestion, AT(congestion), 0, 0, "auto",
	  "of our sockets: keep, or an algorithm" },
	{ NULL, "--source",             "IP[,...]",   take_sources,   0, 0, 0, NULL,
	  "connect to upstreams from there, in turn" },
	{ NULL, "--proxy-in",           NULL,         take_flag,      AT(proxy_in), 0, 0, NULL,
	  "clients begin with a PROXY header" },
	{ NULL, "--proxy-in-timeout",   "TIME",       take_timeout,   AT(proxy_in_timeout_ns), TIME_LEAST, TIME_MOST, "5s",
	  "for that header to come" },
	{ NULL, "--proxy-out",          "v1|v2",      take_proxy_out, AT(proxy_out), 0, 0, NULL,
	  "tell upstreams who the client is (PROXY)" },
	{ NULL, "--resolver",           "ADDR[,...]", take_resolver,  0, 0, 0, NULL,
	  "ask these DNS servers" },
	{ NULL, "--log-level",          "LEVEL",      take_log_level, AT(log_level), 0, 0, "info",
	  "error, warning, notice, info or debug" },
	{ NULL, "--log-conns",          "FORM",       take_log_conns, AT(log_conns), 0, 0, "text",
	  "closed ones as text, json, or off" },
	{ NULL, "--log-filter",         "FILTER",     take_filter,    AT(log_filter), 0, 0, NULL,
	  "of closed ones only those that match" },
	{ NULL, "--log-probes",         NULL,         take_flag,      AT(log_probes), 0, 0, NULL,
	  "those that came and went without a byte, too" },
	{ NULL, "--demo",               NULL,         take_flag,      AT(demo), 0, 0, NULL,
	  "bring an upstream and some clients along" },
	{ "-V", "--version",            NULL,         NULL,           0, 0, 0, NULL,
	  "show the version" },
	{ "-h", "--help",               NULL,         NULL,           0, 0, 0, NULL,
	  "show this; sockproxy(8) has more" },
};
/* clang-format on */
enum { ROWS = sizeof(rows) / sizeof(rows[0]), LONG_FIRST = 256 };

/* getopt answers a letter, or for a long name LONG_FIRST and its row. */
static void
describe(struct option longs[ROWS + 1], char letters[2 + 2 * ROWS + 1])
{
	char *end = letters;

	*end++ = '+'; /* stop at what is no option, */
	*end++ = ':'; /* and tell a missing argument from an unknown option */
	for (int i = 0; i < ROWS; i++) {
		longs[i] = (struct option){
			.name = rows[i].name + 2,
			.has_arg = rows[i].argument != NULL ? required_argument : no_argument,
			.val = LONG_FIRST + i,
		};
		if (rows[i].letter == NULL)
			continue;
		*end++ = rows[i].letter[1];
		if (rows[i].argument != NULL)
			*end++ = ':';
	}
	longs[ROWS] = (struct option){ 0 };
	*end = '\0';
}

static bool
find_row(struct command *command, int answer)
{
	for (int i = 0; i < ROWS; i++) {
		bool by_letter = rows[i].letter != NULL && answer == rows[i].letter[1];

		if (by_letter || answer == LONG_FIRST + i) {
			command->row = &rows[i];
			command->as = by_letter ? rows[i].letter : rows[i].name;
			return true;
		}
	}
	return false;
}

/* The error holds the option's name while its argument is read, and nothing afterwards. */
static bool
take(struct command *command, const char *value)
{
	struct text *error = command->error;

	command->value = value;
	text_addf(error, "%s: ", command->as);
	if (!command->row->take(command))
		return false;
	text_init(error, error->bytes, error->size);
	return true;
}

static bool
take_defaults(struct command *command)
{
	bool taken = true;

	for (int i = 0; i < ROWS && taken; i++) {
		command->row = &rows[i];
		command->as = rows[i].name;
		if (rows[i].standard != NULL)
			taken = take(command, rows[i].standard);
	}
	return taken;
}

static enum options_answer
wrong(struct command *command, const char *as, const char *value, const char *what)
{
	if (as != NULL)
		text_addf(command->error, "%s: ", as);
	if (value != NULL) {
		text_add_quoted(command->error, value);
		text_add(command->error, ": ");
	}
	text_add(command->error, what);
	return OPTIONS_WRONG;
}

/* getopt takes a long name's beginning for the name where only one begins so. */
static bool
is_ambiguous(const char *name, size_t length)
{
	int count = 0;

	for (int i = 0; i < ROWS; i++)
		count += strncmp(rows[i].name, name, length) == 0;
	return count > 1;
}

static enum options_answer
unknown(struct command *command, char **argv)
{
	const char letter[] = { '-', (char)optopt, '\0' };

	if (find_row(command, optopt))
		return wrong(command, command->as, NULL, "takes no argument");
	if (optopt != 0)
		return wrong(command, NULL, letter, "no such option; -h lists them");
	const char *name = argv[optind - 1];
	if (is_ambiguous(name, strcspn(name, "=")))
		return wrong(command, NULL, name, "more than one option begins so; -h lists them");
	return wrong(command, NULL, name, "no such option; -h lists them");
}

static enum options_answer
check_pairs(struct command *command)
{
	const struct settings *settings = command->settings;
	int l = command->listeners, u = command->upstreams;

	if (l == 0 && u == 0)
		return wrong(command, NULL, NULL,
		    "-l and -u are missing, as in: sockproxy -l 8080 -u 192.0.2.10:80 (or try --demo)");
	if (l > u)
		return wrong(command, command->listener_as[u], settings->listeners[u].name,
		    "an upstream is missing: one -u for each -l");
	if (u > l)
		return wrong(command, command->upstream_as[l], settings->upstreams[l].name,
		    "a listener is missing: one -l for each -u");
	return OPTIONS_RUN;
}

static enum options_answer
set_demo(struct command *command)
{
	struct settings *settings = command->settings;
	struct upstream_setting *upstream = &settings->upstreams[0];

	if (command->upstreams > 0)
		return wrong(command, command->upstream_as[0], NULL, "not with --demo, which brings its own upstream");
	if (command->listeners > 1)
		return wrong(
		    command, command->listener_as[1], settings->listeners[1].name, "--demo has one listener only");
	if (settings->proxy_in)
		return wrong(command, "--proxy-in", NULL, "not with --demo, whose clients send no PROXY header");
	if (command->listeners == 0)
		endpoint_parse_listen(&settings->listeners[0], "127.0.0.1:8080", command->error);
	strcpy(upstream->name, "demo");
	strcpy(upstream->targets[0].name, "demo");
	upstream->target_count = 1;
	command->listeners = 1;
	return OPTIONS_RUN;
}

/* Who may ask must be clear before anybody can. */
static enum options_answer
check_door(struct command *command)
{
	const struct settings *settings = command->settings;
	bool local = addr_is_unix(&settings->admin), certificate = settings->admin_cert[0] != '\0',
	     key = settings->admin_key[0] != '\0';

	if (!local && !addr_is_loopback(&settings->admin) && settings->admin_token_file[0] == '\0')
		return wrong(command, "--admin", settings->admin_text,
		    "other hosts could ask there: give a token with --admin-token-file, or take 127.0.0.1 or "
		    "unix:PATH");
	if (certificate && !key)
		return wrong(command, "--admin-cert", settings->admin_cert, "its key is missing: --admin-key");
	if (key && !certificate)
		return wrong(command, "--admin-key", settings->admin_key, "its certificate is missing: --admin-cert");
	if (certificate && local)
		return wrong(command, "--admin-cert", settings->admin_cert, "a Unix socket needs no TLS");
	if (settings->admin_mode != 0600 && !local)
		return wrong(command, "--admin-mode", NULL, "only with a Unix socket: -a unix:PATH");
	return OPTIONS_RUN;
}

/* The HTTP interface listens too. */
static enum options_answer
check_admin(struct command *command)
{
	const struct settings *settings = command->settings;
	struct listen_setting admin = { .addr = settings->admin, .fd = -1 };

	for (int i = 0; i < settings->pair_count; i++) {
		if (endpoint_clash(&admin, &settings->listeners[i]))
			return wrong(command, "--admin", settings->admin_text, "a listener takes this address");
	}
	return check_door(command);
}

static enum options_answer
check(struct command *command)
{
	enum options_answer answer = command->settings->demo ? set_demo(command) : check_pairs(command);

	if (answer != OPTIONS_RUN)
		return answer;
	command->settings->pair_count = command->listeners;
	return check_admin(command);
}

enum options_answer
options_parse(struct settings *settings, int argc, char **argv, struct text *error)
{
	struct command command = { .settings = settings, .error = error };
	struct option longs[ROWS + 1];
	char letters[2 + 2 * ROWS + 1];
	int answer;

	memset(settings, 0, sizeof(*settings));
	if (!take_defaults(&command))
		return OPTIONS_WRONG;
	describe(longs, letters);
	optind = 0; /* glibc: begin anew */
	opterr = 0;
	while ((answer = getopt_long(argc, argv, letters, longs, NULL)) != -1) {
		if (answer == '?')
			return unknown(&command, argv);
		find_row(&command, answer == ':' ? optopt : answer);
		if (answer == ':') {
			wrong(&command, command.as, NULL, "an argument is missing: ");
			text_add(error, command.row->argument);
			return OPTIONS_WRONG;
		}
		if (command.row->take == NULL)
			return command.row->letter[1] == 'h' ? OPTIONS_HELP : OPTIONS_VERSION;
		if (!take(&command, optarg))
			return OPTIONS_WRONG;
	}
	if (optind < argc)
		return wrong(&command, NULL, argv[optind], "belongs to no option");
	return check(&command);
}

void
options_tell(const struct settings *settings, option_hear_fn *hear, void *to)
{
	for (int i = 0; i < ROWS; i++) {
		tell_fn *tell = rows[i].take == NULL ? NULL : option_teller(rows[i].take);
		struct telling it = {
			.settings = settings,
			.place = (const char *)settings + rows[i].place,
			.name = rows[i].name + strlen("--"),
			.hear = hear,
			.to = to,
		};

		assert(tell != NULL || rows[i].take == NULL);
		if (tell != NULL)
			tell(&it);
	}
}

bool
options_describe(int number, struct option_meaning *option)
{
	if (number < 0 || number >= ROWS)
		return false;
	*option = (struct option_meaning){
		.letter = rows[number].letter,
		.name = rows[number].name,
		.argument = rows[number].argument,
		.meaning = rows[number].meaning,
	};
	return true;
}

enum { MEANING_COLUMN = 32 };

void
options_help(struct text *text)
{
	text_add(text, "Usage: sockproxy -l ADDR -u ADDR[,...] [-l ADDR -u ADDR[,...]]... [OPTION]...\n"
		       "       sockproxy --demo [OPTION]...\n"
		       "Forwards TCP connections and keeps a record of each: curl localhost:9100/conns\n\n");
	for (int i = 0; i < ROWS; i++) {
		size_t begin = text->length;

		text_addf(text, "  %s%s %s", rows[i].letter == NULL ? "  " : rows[i].letter,
		    rows[i].letter == NULL ? " " : ",", rows[i].name);
		if (rows[i].argument != NULL)
			text_addf(text, " %s", rows[i].argument);
		text_addf(text, "%*s", (int)(begin + MEANING_COLUMN - text->length), "");
		text_add(text, rows[i].meaning);
		if (rows[i].standard != NULL)
			text_addf(text, " [%s]", rows[i].standard);
		text_add_char(text, '\n');
	}
	text_add(text, "\nA TIME is 500ms, 5s, 2m, 1h, or 0 for none; a SIZE is 65536, 64k, 64M or 1G;\n"
		       "a NET is 10.0.0.0/8, 192.0.2.7 or 2001:db8::/32.\n");
}
