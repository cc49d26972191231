/* SPDX-License-Identifier: MIT */
#ifndef SUPPORT_PEERS_H
#define SUPPORT_PEERS_H

#include <pthread.h>
#include <stddef.h>

/*
 * Both kinds of other side that sockproxy can have, in a test's own hands: a
 * client connects, an upstream listens and accepts.  Addresses are written
 * "127.0.0.1:0", "[::1]:0" or "unix:/path".
 *
 * Every call asserts that it worked, and waits no longer than PATIENCE_MS.
 */

enum { PEER_NAME_MAX = 128 };
struct peer_name {
	char text[PEER_NAME_MAX];
};

/* An upstream.  backlog 0 lets the kernel complete one connection that is not accepted. */
int peer_listen(const char *address);
int peer_listen_with(const char *address, int backlog, int receive_buffer);
int peer_accept(int listener);

/* A client.  The second is for whoever wants to see connect fail: -errno then.
 * A receive_buffer other than 0 makes a peer that keeps little, and whose other side keeps little for it. */
int peer_connect(const char *address);
int peer_try_connect(const char *address, int receive_buffer);
/* … from an address of its own, "127.0.0.2:0". */
int peer_try_connect_from(const char *source, const char *address);

/* What getsockname and getpeername say. */
struct peer_name peer_local(int fd);
struct peer_name peer_remote(int fd);

/* A free address nobody listens on, for now. */
struct peer_name peer_nowhere(void);

/* An upstream that answers no SYN: its queue is full.  *filler keeps it so. */
int peer_listen_full(const char *address, int *filler);

void peer_send(int fd, const void *bytes, size_t size);
void peer_say(int fd, const char *text);
void peer_expect(int fd, const char *text);

/* Half-close; close; and close by a RST. */
void peer_finish(int fd);
void peer_close(int *fd);
void peer_reset(int *fd);

/* A recognisable stream of `size` bytes that begins at place `from`. */
void peer_send_pattern(int fd, size_t from, size_t size);

/* Sends whatever until a RST ends it, however much the system takes before. */
void peer_send_to_reset(int fd);
void peer_expect_pattern(int fd, size_t from, size_t size);

/* Sends the pattern until no more is taken for a while; how much that was. */
size_t peer_fill(int fd);

/* The same where the other side may cut the connection meanwhile. */
void peer_fill_or_be_cut(int fd);

/* Reads what comes until the end; how much that was.  The end must be a FIN, or a RST. */
size_t peer_read_to_end(int fd);
size_t peer_read_to_reset(int fd);
void peer_expect_end(int fd);
void peer_expect_reset(int fd);

/* Waits until the socket has failed, without reading; the errno.  EPIPE: a RST behind a FIN. */
int peer_await_error(int fd);

/* Works on this socket in a thread beside the test.  A failure in it ends the test too. */
pthread_t peer_begin(void (*work)(int fd), int fd);
void peer_join(pthread_t thread);

#endif
