/* SPDX-License-Identifier: MIT */
/*
 * Every byte where it belongs, at speed: random streams both ways through many
 * connections, whose readers are slow or stall, and which end in every manner at
 * random moments; each record beside what both its sides did.
 *
 *     bytes [--bytes 300M] [--seconds N] [--rate SIZE] [--seed N] [--at-once N] [--largest 16M] [--lanes 2]
 *           [--datapath MODE] [--beside ARGUMENTS]
 *
 * Without a datapath each that the daemon knows is tried, with its share of the
 * bytes.  A seed repeats what is done, but not when the kernels do it.
 *
 * Where there is other load beside it the daemon gets these arguments, too.  Then
 * "ready PID ADMIN LISTENER…" is told, and a line of input awaited before it all
 * begins, and again before the daemon is stopped.
 */
#include <getopt.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "base/clock.h"
#include "base/quantity.h"
#include "stress/lane.h"
#include "support/descriptors.h"
#include "support/peers.h"
#include "support/proxy_facts.h"
#include "support/suite.h"
#include "support/wait_until.h"

enum { LANES_MAX = 8, HELP_MAX = 16384, MODES = 3, LOOSE_MOST = 5 };

static const char *const modes[MODES] = { "auto", "copy", "splice" };

static uint64_t bytes = UINT64_C(300) << 20, rate, seed, largest = UINT64_C(16) << 20;
static long seconds;
static int at_once = 32, lanes_count = 2;
static const char *datapath, *beside;
static unsigned long played;

/* Of a daemon that has but one datapath, no option tells. */
static bool
knows_datapaths(void)
{
	char command[512], help[HELP_MAX];
	const char *program = getenv("SOCKPROXY");

	snprintf(command, sizeof(command), "%s -h", program != NULL ? program : "./sockproxy");
	FILE *said = popen(command, "r");
	ck_assert_ptr_nonnull(said);
	size_t length = fread(help, 1, sizeof(help) - 1, said);
	help[length] = '\0';
	pclose(said);
	return strstr(help, "--datapath") != NULL;
}

static struct proxy *
start(struct lane lanes[], const char *mode)
{
	char pairs[1024] = "", option[64] = "";

	for (int i = 0; i < lanes_count; i++) {
		size_t length = strlen(pairs);

		lanes[i].listener = peer_listen_with("127.0.0.1:0", at_once, 0);
		snprintf(pairs + length, sizeof(pairs) - length, " -l 127.0.0.1:0 -u %s",
		    peer_local(lanes[i].listener).text);
	}
	if (mode != NULL)
		snprintf(option, sizeof(option), " --datapath %s", mode);
	/* Slow is no reason to end here. */
	return proxy_start("--workers 2 --log-conns off --flush-timeout 10m --half-close-timeout 10m%s%s %s", option,
	    pairs, beside != NULL ? beside : "");
}

static void
await_line(void)
{
	char line[16];

	ck_assert_ptr_nonnull(fgets(line, sizeof(line), stdin));
}

static void
tell_ready(const struct proxy *proxy)
{
	printf("ready %d %s", (int)proxy->pid, proxy->admin_text);
	for (int i = lanes_count; i < proxy->count; i++)
		printf(" %s", proxy_listener(proxy, i));
	printf("\n");
	fflush(stdout);
	await_line();
}

static void
report(const struct proxy *proxy, const struct verdict *all, const char *mode, int64_t took_ns)
{
	uint64_t moved = all->bytes[0] + all->bytes[1];
	uint64_t spliced = mode == NULL ? 0 : (uint64_t)proxy_stat(proxy, "totals.spliced_bytes");

	printf("%s: %lu connections, %.3f GB (%.3f by splice) in %.1f s, %lu urgent bytes, %lu bytes undelivered "
	       "behind resets "
	       "(of %lu to the byte, of %lu not quite), %lu ends in one turn; no mismatch\n",
	    mode == NULL ? "copy" : mode, all->connections, (double)moved / 1e9, (double)spliced / 1e9,
	    (double)took_ns / NS_PER_S, all->urgent, all->undelivered, all->tight, all->loose, all->undecided);
	for (int i = 0; i < ENDINGS; i++)
		printf("    %6lu %s\n", all->endings[i], ending_text((enum ending)i));
	fflush(stdout);
}

/* The daemon's own sums, and nothing left behind. */
static void
settle(const struct proxy *proxy, const struct verdict *all, int descriptors)
{
	wait_until(proxy_stat(proxy, "connections_active") == 0);
	ck_assert_int_eq(proxy_stat(proxy, "totals.loans_lent"), 0);
	wait_until(descriptors_count(proxy->pid) <= descriptors);
	if (beside != NULL)
		return;
	ck_assert_int_eq(proxy_stat(proxy, "totals.connections_closed"), (json_int_t)all->connections);
	ck_assert_int_eq(proxy_stat(proxy, "totals.client_bytes_received"), (json_int_t)all->bytes[LEG_CLIENT]);
	ck_assert_int_eq(proxy_stat(proxy, "totals.upstream_bytes_received"), (json_int_t)all->bytes[LEG_UPSTREAM]);
}

/* A run by copy that splices, or the other way round, would prove nothing. */
static void
expect_datapath(const struct proxy *proxy, const char *mode)
{
	json_int_t spliced = mode == NULL ? 0 : proxy_stat(proxy, "totals.spliced_bytes");

	if (mode == NULL || strcmp(mode, "copy") == 0)
		ck_assert_int_eq(spliced, 0);
	else
		ck_assert_int_gt(spliced, 0);
}

static void
run(const char *mode, uint64_t share)
{
	static struct lane lanes[LANES_MAX];
	_Atomic int64_t left = (int64_t)share;
	pthread_t threads[LANES_MAX];
	struct verdict all = { 0 };

	memset(lanes, 0, sizeof(lanes));
	struct proxy *proxy = start(lanes, mode);
	int descriptors = descriptors_count(proxy->pid);
	if (beside != NULL)
		tell_ready(proxy);
	int64_t begun_ns = clock_now();
	for (int i = 0; i < lanes_count; i++) {
		lanes[i].seed = chance_mix(seed + (uint64_t)i);
		lanes[i].number = i;
		lanes[i].at_once = (at_once + lanes_count - 1) / lanes_count;
		lanes[i].bytes_most = largest;
		lanes[i].until_ns = seconds == 0 ? 0 : begun_ns + seconds * NS_PER_S;
		lanes[i].rate = rate;
		lanes[i].begun_ns = begun_ns;
		lanes[i].bytes = share;
		lanes[i].left = &left;
		lanes[i].proxy = proxy;
		ck_assert_int_eq(pthread_create(&threads[i], NULL, lane_run, &lanes[i]), 0);
	}
	for (int i = 0; i < lanes_count; i++) {
		pthread_join(threads[i], NULL);
		verdict_add(&all, &lanes[i].verdict);
		close(lanes[i].listener);
	}
	played += all.connections;
	report(proxy, &all, mode, clock_now() - begun_ns);
	if (beside != NULL)
		await_line();
	settle(proxy, &all, descriptors);
	expect_datapath(proxy, mode);
	ck_assert_msg(all.loose <= all.tight + LOOSE_MOST, "what is told as undelivered is mostly wrong");
	proxy_stop(proxy);
}

/* As a fixture, for Check counts the microseconds of a test itself in an int, and 36 minutes would be too many for it. */
static void
play(void)
{
	printf("seed %lu\n", seed);
	fflush(stdout);
	if (datapath != NULL || !knows_datapaths()) {
		run(datapath, bytes);
		return;
	}
	for (int i = 0; i < MODES; i++)
		run(modes[i], bytes / MODES);
}

START_TEST(every_byte_arrives_in_its_place_and_every_record_says_what_became_of_it)
{
	ck_assert_uint_gt(played, 0);
}
END_TEST

static uint64_t
size_of(const char *text)
{
	uint64_t size;

	if (!quantity_parse_size(&size, text)) {
		fprintf(stderr, "%s: not a size\n", text);
		exit(2);
	}
	return size;
}

static void
read_options(int argc, char **argv)
{
	static const struct option options[] = {
		{ "bytes", required_argument, NULL, 'b' },
		{ "seconds", required_argument, NULL, 't' },
		{ "rate", required_argument, NULL, 'r' },
		{ "beside", required_argument, NULL, 'a' },
		{ "seed", required_argument, NULL, 's' },
		{ "at-once", required_argument, NULL, 'c' },
		{ "largest", required_argument, NULL, 'm' },
		{ "lanes", required_argument, NULL, 'l' },
		{ "datapath", required_argument, NULL, 'd' },
		{ NULL, 0, NULL, 0 },
	};
	int letter;

	while ((letter = getopt_long(argc, argv, "", options, NULL)) != -1) {
		switch (letter) {
		case 'b':
			bytes = size_of(optarg);
			break;
		case 't':
			seconds = atol(optarg);
			break;
		case 'r':
			rate = size_of(optarg);
			break;
		case 'a':
			beside = optarg;
			break;
		case 's':
			seed = strtoull(optarg, NULL, 10);
			break;
		case 'c':
			at_once = atoi(optarg);
			break;
		case 'm':
			largest = size_of(optarg);
			break;
		case 'l':
			lanes_count = atoi(optarg);
			break;
		case 'd':
			datapath = optarg;
			break;
		default:
			exit(2);
		}
	}
	if (at_once < 1 || at_once > LANE_PLAYS_MAX || lanes_count < 1 || lanes_count > LANES_MAX || largest == 0) {
		fprintf(stderr, "%s: out of bounds\n", argv[0]);
		exit(2);
	}
}

int
main(int argc, char **argv)
{
	Suite *suite = suite_create("stress/bytes");
	TCase *tcase = tcase_create("bytes");

	seed = (uint64_t)clock_wall_us();
	read_options(argc, argv);
	tcase_set_timeout(tcase, 0); /* each wait has its own */
	tcase_add_checked_fixture(tcase, play, NULL);
	tcase_add_test(tcase, every_byte_arrives_in_its_place_and_every_record_says_what_became_of_it);
	suite_add_tcase(suite, tcase);
	return suite_main(suite);
}
