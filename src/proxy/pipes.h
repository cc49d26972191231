/* SPDX-License-Identifier: MIT */
#ifndef PROXY_PIPES_H
#define PROXY_PIPES_H

#include <stddef.h>
#include <stdint.h>
#include "net/pipe.h"

/*
 * Pipes lent to pumps that carry much, never more than a bounded number at once.
 *
 * They are opened when they are wanted.  Those that nobody wanted for a while
 * are closed again, so an idle worker has none.  Each worker has its own: no lock.
 */
enum { PIPES_MAX = 64 }; /* of one worker, two descriptors each */

struct pipes;

struct pipes *pipes_new(size_t most); /* PIPES_MAX or fewer.  NULL: no memory */
void pipes_free(struct pipes *pipes); /* all must be back */

/* An empty one.  NULL: all are lent, or the kernel gives no more of them. */
struct pipe *pipes_borrow(struct pipes *pipes);
void pipes_return(struct pipes *pipes, struct pipe *pipe); /* what it still holds is thrown away */

/* splice itself is refused: until the next tidying there is none to be had. */
void pipes_refuse(struct pipes *pipes);

/* Now and then: closes those that nobody has wanted since the last time, and asks the kernel again if it gave none. */
void pipes_tidy(struct pipes *pipes);

size_t pipes_lent(const struct pipes *pipes);
size_t pipes_open(const struct pipes *pipes);        /* lent or not */
uint64_t pipes_shortages(const struct pipes *pipes); /* how often none was to be had */

#endif
