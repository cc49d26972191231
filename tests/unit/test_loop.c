/* SPDX-License-Identifier: MIT */
#include "net/loop.h"

#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>
#include "base/clock.h"
#include "base/text.h"
#include "support/suite.h"

enum { PATIENCE_MS = 10000, BELLS = 300 };

/* A descriptor that a test makes readable; it notes its letter when told so. */
struct bell {
	struct loop_watch watch;
	int fd, told;
	uint32_t events;
	char letter;
};

struct job {
	struct loop_task task;
	char letter;
};

static struct loop *loop;
static struct bell bells[BELLS];
static struct job jobs[3];
static struct timer timer;
static char story[64];
static struct text text;

static void
on_bell(struct loop_watch *watch, uint32_t events)
{
	struct bell *bell = (struct bell *)watch;
	eventfd_t unused;

	bell->told++;
	bell->events = events;
	eventfd_read(bell->fd, &unused);
	text_add_char(&text, bell->letter);
}

static void
bell_hang(struct bell *bell, char letter)
{
	bell->letter = letter;
	bell->fd = eventfd(0, EFD_NONBLOCK);
	ck_assert_int_eq(loop_watch(loop, &bell->watch, bell->fd, EPOLLIN, on_bell), 0);
}

static void
bell_ring(struct bell *bell)
{
	eventfd_write(bell->fd, 1);
}

static void
on_job(struct loop_task *task)
{
	text_add_char(&text, ((struct job *)task)->letter);
}

static void
on_timer(struct timer *fired)
{
	(void)fired;
	text_add_char(&text, 't');
}

static void
on_turn_end(void *argument)
{
	text_add(&text, argument);
}

static void
setup(void)
{
	loop = loop_new();
	ck_assert_ptr_nonnull(loop);
	text_init(&text, story, sizeof(story));
	timer = (struct timer){ .fire = on_timer };
	for (int i = 0; i < BELLS; i++)
		bells[i] = (struct bell){ .watch.fd = -1, .fd = -1 };
	for (int i = 0; i < 3; i++)
		jobs[i] = (struct job){ .task.run = on_job, .letter = (char)('1' + i) };
}

static void
teardown(void)
{
	for (int i = 0; i < BELLS && bells[i].fd != -1; i++) {
		loop_unwatch(loop, &bells[i].watch);
		close(bells[i].fd);
	}
	loop_free(loop);
}

START_TEST(a_turn_goes_from_timers_to_descriptors_to_tasks)
{
	bell_hang(&bells[0], 'a');
	bell_ring(&bells[0]);
	timer_arm(loop_timers(loop), &timer, 1);
	loop_ready(loop, &jobs[0].task);
	loop_after_turn(loop, on_turn_end, ".");
	loop_turn(loop, PATIENCE_MS);
	ck_assert_str_eq(story, "ta1.");
	loop_turn(loop, 0);
	ck_assert_str_eq(story, "ta1..");
	ck_assert_uint_eq(loop_turns(loop), 2);
}
END_TEST

START_TEST(exactly_the_events_asked_for_are_told)
{
	bell_hang(&bells[0], 'a');
	ck_assert_int_eq(loop_rewatch(loop, &bells[0].watch, EPOLLOUT), 0);
	bell_ring(&bells[0]);
	loop_turn(loop, PATIENCE_MS);
	ck_assert_uint_eq(bells[0].events, EPOLLOUT);
	loop_turn(loop, PATIENCE_MS); /* level triggered, as nobody said EPOLLET */
	ck_assert_str_eq(story, "aa");
	ck_assert_int_eq(loop_rewatch(loop, &bells[0].watch, EPOLLOUT | EPOLLET), 0);
	loop_turn(loop, PATIENCE_MS);
	loop_turn(loop, 0);
	ck_assert_str_eq(story, "aaa");
}
END_TEST

START_TEST(what_cannot_be_watched_is_said)
{
	struct loop_watch watch;

	ck_assert_int_eq(loop_watch(loop, &watch, -1, EPOLLIN, on_bell), -EBADF);
	ck_assert_int_eq(watch.fd, -1);
	loop_unwatch(loop, &watch);
}
END_TEST

/* Whichever of the two is told first forgets the other, whose event was collected with its own. */
static void
forget_the_other(struct loop_watch *watch, uint32_t events)
{
	struct bell *other = watch == &bells[0].watch ? &bells[1] : &bells[0];

	on_bell(watch, events);
	loop_unwatch(loop, &other->watch);
}

START_TEST(an_event_collected_for_a_forgotten_watch_is_not_delivered)
{
	for (int i = 0; i < 2; i++) {
		bell_hang(&bells[i], 'a');
		bells[i].watch.on_events = forget_the_other;
		bell_ring(&bells[i]);
	}
	loop_turn(loop, PATIENCE_MS);
	ck_assert_str_eq(story, "a");
	loop_turn(loop, 0);
	ck_assert_str_eq(story, "a");
}
END_TEST

/* … and gives it bell 2's descriptor to watch, which is silent. */
static void
exchange_the_other(struct loop_watch *watch, uint32_t events)
{
	struct bell *other = watch == &bells[0].watch ? &bells[1] : &bells[0];

	forget_the_other(watch, events);
	close(other->fd);
	other->fd = bells[2].fd;
	bells[2].fd = -1;
	ck_assert_int_eq(loop_watch(loop, &other->watch, other->fd, EPOLLIN, on_bell), 0);
}

START_TEST(an_event_of_the_old_descriptor_does_not_reach_the_new_one)
{
	bells[2].fd = eventfd(0, EFD_NONBLOCK);
	for (int i = 0; i < 2; i++) {
		bell_hang(&bells[i], 'a');
		bells[i].watch.on_events = exchange_the_other;
		bell_ring(&bells[i]);
	}
	loop_turn(loop, PATIENCE_MS);
	ck_assert_str_eq(story, "a");
	for (int i = 0; i < 2; i++) {
		bells[i].watch.on_events = on_bell;
		bell_ring(&bells[i]);
	}
	loop_turn(loop, PATIENCE_MS);
	ck_assert_str_eq(story, "aaa");
}
END_TEST

START_TEST(more_events_than_a_turn_takes_come_in_the_next)
{
	int told = 0;

	for (int i = 0; i < BELLS; i++) {
		bell_hang(&bells[i], 'a');
		bell_ring(&bells[i]);
	}
	loop_turn(loop, PATIENCE_MS);
	loop_turn(loop, PATIENCE_MS);
	for (int i = 0; i < BELLS; i++)
		told += bells[i].told == 1;
	ck_assert_int_eq(told, BELLS);
}
END_TEST

static void
go_on(struct loop_task *task)
{
	on_job(task);
	loop_ready(loop, task);
	loop_ready(loop, &jobs[2].task);
}

START_TEST(a_task_that_becomes_ready_in_a_turn_runs_in_the_next)
{
	jobs[0].task.run = go_on;
	loop_ready(loop, &jobs[0].task);
	loop_ready(loop, &jobs[0].task); /* twice is once */
	loop_ready(loop, &jobs[1].task);
	loop_turn(loop, -1);
	ck_assert_str_eq(story, "12");
	loop_turn(loop, -1); /* does not wait: they are ready */
	ck_assert_str_eq(story, "1213");
	loop_unready(loop, &jobs[0].task);
	loop_unready(loop, &jobs[2].task);
	loop_turn(loop, 0);
	ck_assert_str_eq(story, "1213");
}
END_TEST

static void
unready_the_next(struct loop_task *task)
{
	on_job(task);
	loop_unready(loop, &jobs[1].task);
}

START_TEST(a_task_may_be_taken_back_by_the_one_before_it)
{
	jobs[0].task.run = unready_the_next;
	for (int i = 0; i < 3; i++)
		loop_ready(loop, &jobs[i].task);
	loop_turn(loop, 0);
	ck_assert_str_eq(story, "13");
}
END_TEST

static void
make_ready(struct loop_watch *watch, uint32_t events)
{
	on_bell(watch, events);
	loop_ready(loop, &jobs[0].task);
}

START_TEST(a_descriptor_gets_its_turn_before_the_task_it_made_ready)
{
	bell_hang(&bells[0], 'a');
	bells[0].watch.on_events = make_ready;
	bell_ring(&bells[0]);
	loop_turn(loop, PATIENCE_MS);
	ck_assert_str_eq(story, "a");
	loop_turn(loop, -1);
	ck_assert_str_eq(story, "a1");
}
END_TEST

static void
stop(struct timer *fired)
{
	on_timer(fired);
	loop_stop(loop);
}

START_TEST(runs_until_it_is_stopped)
{
	int64_t at = clock_now() + 20 * NS_PER_MS;

	timer.fire = stop;
	timer_arm(loop_timers(loop), &timer, at);
	loop_run(loop);
	ck_assert_str_eq(story, "t");
	ck_assert_int_ge(loop_now(loop), at);
	ck_assert_uint_le(loop_turns(loop), 4);
}
END_TEST

START_TEST(waits_no_longer_than_it_is_told)
{
	int64_t began = clock_now();

	timer_arm(loop_timers(loop), &timer, began + 3600 * NS_PER_S);
	loop_turn(loop, 5);
	ck_assert_int_ge(loop_now(loop), began + 5 * NS_PER_MS);
	ck_assert_uint_eq(loop_turns(loop), 1);
}
END_TEST

static pthread_t main_thread;
static int signals;

static void
on_signal(int number)
{
	(void)number;
	signals++;
}

static void *
interrupt(void *unused)
{
	pthread_kill(main_thread, SIGUSR1);
	return unused;
}

START_TEST(a_signal_does_not_stop_it)
{
	struct sigaction action = { .sa_handler = on_signal };
	pthread_t thread;

	sigaction(SIGUSR1, &action, NULL);
	main_thread = pthread_self();
	signals = 0;
	pthread_create(&thread, NULL, interrupt, NULL);
	timer.fire = stop;
	timer_arm(loop_timers(loop), &timer, clock_now() + 30 * NS_PER_MS);
	loop_run(loop);
	pthread_join(thread, NULL);
	ck_assert_int_eq(signals, 1);
	ck_assert_str_eq(story, "t");
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("net/loop");
	TCase *tcase = tcase_create("turn");

	tcase_set_timeout(tcase, 30);
	tcase_add_checked_fixture(tcase, setup, teardown);
	tcase_add_test(tcase, a_turn_goes_from_timers_to_descriptors_to_tasks);
	tcase_add_test(tcase, exactly_the_events_asked_for_are_told);
	tcase_add_test(tcase, what_cannot_be_watched_is_said);
	tcase_add_test(tcase, an_event_collected_for_a_forgotten_watch_is_not_delivered);
	tcase_add_test(tcase, an_event_of_the_old_descriptor_does_not_reach_the_new_one);
	tcase_add_test(tcase, more_events_than_a_turn_takes_come_in_the_next);
	tcase_add_test(tcase, a_task_that_becomes_ready_in_a_turn_runs_in_the_next);
	tcase_add_test(tcase, a_task_may_be_taken_back_by_the_one_before_it);
	tcase_add_test(tcase, a_descriptor_gets_its_turn_before_the_task_it_made_ready);
	tcase_add_test(tcase, runs_until_it_is_stopped);
	tcase_add_test(tcase, waits_no_longer_than_it_is_told);
	tcase_add_test(tcase, a_signal_does_not_stop_it);
	suite_add_tcase(suite, tcase);
	return suite_main(suite);
}
