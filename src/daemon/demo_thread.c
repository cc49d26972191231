/* SPDX-License-Identifier: MIT */
#include "daemon/demo_thread.h"

#include <errno.h>
#include <sys/eventfd.h>
#include <unistd.h>

enum { STACK_BYTES = 256 * 1024 };

int
demo_thread_start(struct demo_thread *thread, const char *name, void *(*run)(void *), void *argument)
{
	pthread_attr_t small;

	thread->stop_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	if (thread->stop_fd == -1)
		return -errno;
	pthread_attr_init(&small);
	pthread_attr_setstacksize(&small, STACK_BYTES);
	int error = pthread_create(&thread->thread, &small, run, argument);
	pthread_attr_destroy(&small);
	if (error != 0) {
		close(thread->stop_fd);
		return -error;
	}
	pthread_setname_np(thread->thread, name);
	return 0;
}

void
demo_thread_stop(struct demo_thread *thread)
{
	eventfd_write(thread->stop_fd, 1);
	pthread_join(thread->thread, NULL);
	close(thread->stop_fd);
}
