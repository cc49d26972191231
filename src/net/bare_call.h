/* SPDX-License-Identifier: MIT */
#ifndef NET_BARE_CALL_H
#define NET_BARE_CALL_H

#include <stddef.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/types.h>
#include <unistd.h>

/*
 * The calls that each transaction makes, without the C library around them.
 *
 * They are points of cancellation, so in a program with threads glibc puts two
 * locked operations around each: 50 ns of the 200 that a call costs.  Nobody
 * here cancels a thread.  A sanitizer knows the library's calls alone.
 */
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define BARE_CALLS 0
#elif defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer) || __has_feature(memory_sanitizer)
#define BARE_CALLS 0
#endif
#endif
#ifndef BARE_CALLS
#define BARE_CALLS 1
#endif

static inline ssize_t
bare_recv(int fd, void *bytes, size_t size, int flags)
{
	return BARE_CALLS ? syscall(SYS_recvfrom, fd, bytes, size, flags, NULL, NULL) : recv(fd, bytes, size, flags);
}

static inline ssize_t
bare_send(int fd, const void *bytes, size_t size, int flags)
{
	return BARE_CALLS ? syscall(SYS_sendto, fd, bytes, size, flags, NULL, 0) : send(fd, bytes, size, flags);
}

static inline int
bare_epoll_wait(int epoll_fd, struct epoll_event *events, int most, int timeout_ms)
{
	return BARE_CALLS ? (int)syscall(SYS_epoll_pwait, epoll_fd, events, most, timeout_ms, NULL, 0)
			  : epoll_wait(epoll_fd, events, most, timeout_ms);
}

#endif
