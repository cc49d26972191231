/* SPDX-License-Identifier: MIT */
#ifndef DAEMON_DEMO_THREAD_H
#define DAEMON_DEMO_THREAD_H

#include <pthread.h>

/* A thread of the demonstration: a small stack, and a descriptor that turns readable when it shall end. */
struct demo_thread {
	pthread_t thread;
	int stop_fd;
};

/* 0 or -errno. */
int demo_thread_start(struct demo_thread *thread, const char *name, void *(*run)(void *), void *argument);

/* Returns when it has ended. */
void demo_thread_stop(struct demo_thread *thread);

#endif
