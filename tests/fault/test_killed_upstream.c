/* SPDX-License-Identifier: MIT */
/* An upstream whose process is killed in the middle: what its kernel makes of that is what the client gets. */
#include "support/hop.h"

#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>
#include "support/peers.h"
#include "support/proxy_facts.h"
#include "support/suite.h"
#include "support/wait_until.h"

enum { SENT = 1 << 20 };

/* The upstream's socket goes over to a process of its own, which sends and then just lives. */
static pid_t
upstream_process(struct hop *hop)
{
	pid_t pid = fork();

	ck_assert_int_ne(pid, -1);
	if (pid == 0) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		close(hop->client);
		peer_send_pattern(hop->upstream, 0, SENT);
		for (;;)
			pause();
	}
	peer_close(&hop->upstream);
	return pid;
}

static void
end_by_kill(pid_t pid)
{
	ck_assert_int_eq(kill(pid, SIGKILL), 0);
	ck_assert_int_eq(waitpid(pid, NULL, 0), pid);
}

/* A question that it never read: its kernel sends RST. */
START_TEST(an_upstream_killed_with_a_question_unread_resets_the_client_after_its_data)
{
	struct hop hop = hop_open("");
	pid_t pid = upstream_process(&hop);

	peer_say(hop.client, "question");
	wait_until(proxy_stat(hop.proxy, "totals.upstream_bytes_sent") == 8);
	wait_until(proxy_stat(hop.proxy, "totals.upstream_bytes_received") == SENT);
	end_by_kill(pid);
	peer_expect_pattern(hop.client, 0, SENT);
	peer_expect_reset(hop.client);
	json_t *record = hop_closed(&hop, "upstream_reset", "upstream", "rst");
	ck_assert_int_eq(path_number(record, "close.undelivered_bytes.to_client"), 0);
	hop_end(&hop);
}
END_TEST

/* Nothing unread: its kernel sends FIN, as if it had meant to end. */
START_TEST(an_upstream_killed_with_nothing_unread_has_finished)
{
	struct hop hop = hop_open("");
	pid_t pid = upstream_process(&hop);

	wait_until(proxy_stat(hop.proxy, "totals.upstream_bytes_received") == SENT);
	end_by_kill(pid);
	peer_expect_pattern(hop.client, 0, SENT);
	peer_expect_end(hop.client);
	peer_close(&hop.client);
	json_t *record = hop_closed(&hop, "upstream_fin", "upstream", "fin");
	ck_assert(json_is_true(path(record, "close.clean")));
	hop_end(&hop);
}
END_TEST

/* It is killed while the client uploads, and the upload has not been read. */
START_TEST(an_upload_to_a_killed_upstream_ends_in_a_reset_and_counts_what_was_lost)
{
	struct hop hop = hop_open("");
	pid_t pid = upstream_process(&hop);
	size_t sent = peer_fill(hop.client);

	end_by_kill(pid);
	peer_expect_pattern(hop.client, 0, SENT);
	peer_expect_reset(hop.client);
	json_t *record = hop_closed(&hop, "upstream_reset", "upstream", "rst");
	ck_assert_int_gt(path_number(record, "close.undelivered_bytes.to_upstream"), 0);
	ck_assert_int_lt(path_number(record, "close.undelivered_bytes.to_upstream"), (json_int_t)sent);
	hop_end(&hop);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("fault/killed upstream");
	TCase *tcase = tcase_create("killed upstream");

	tcase_set_timeout(tcase, 40);
	tcase_add_test(tcase, an_upstream_killed_with_a_question_unread_resets_the_client_after_its_data);
	tcase_add_test(tcase, an_upstream_killed_with_nothing_unread_has_finished);
	tcase_add_test(tcase, an_upload_to_a_killed_upstream_ends_in_a_reset_and_counts_what_was_lost);
	suite_add_tcase(suite, tcase);
	return suite_main(suite);
}
