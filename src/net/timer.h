/* SPDX-License-Identifier: MIT */
#ifndef NET_TIMER_H
#define NET_TIMER_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/queue.h>

/*
 * Deadlines by the ten thousand: arming and cancelling cost the same however
 * many there are.  A hashed wheel of four levels with ticks of one millisecond;
 * a timer never fires early, and at most a tick late plus the loop's delay.
 */
struct timers;

/* The owner embeds it. */
struct timer;
typedef void timer_fn(struct timer *timer);
struct timer {
	TAILQ_ENTRY(timer) link;
	timer_fn *fire;
	int64_t at;    /* clock_now; 0: not armed */
	uint16_t slot; /* the list it is on, while armed */
};

/* NULL: no memory. */
struct timers *timers_new(int64_t now);
void timers_free(struct timers *timers);

/* Arms or moves it; `fire` stays what the owner set. */
void timer_arm(struct timers *timers, struct timer *timer, int64_t at);
void timer_cancel(struct timers *timers, struct timer *timer);

/* Fires what is due; each is disarmed before it fires. */
void timers_run(struct timers *timers, int64_t now);

/* Milliseconds until there may be something for timers_run to do; -1: nothing is armed. */
int timers_wait_ms(const struct timers *timers, int64_t now);

#endif
