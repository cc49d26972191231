/* SPDX-License-Identifier: MIT */
#ifndef SUPPORT_PROVOKE_H
#define SUPPORT_PROVOKE_H

#include "support/hop.h"
#include "track/leg.h"

/*
 * One side of a hop that can end it in every way that the kernel knows.  `side`
 * acts; whatever the other side then has to see is asserted here, on its socket.
 * After each of them the connection is over, or the daemon's to end.
 */
typedef void provoke_fn(struct hop *hop, enum leg_name side);

provoke_fn provoke_fin,       /* close() with nothing unread; the other closes, too */
    provoke_half_close,       /* FIN, and the other answers before it ends */
    provoke_reset,            /* linger 0 */
    provoke_bytes_then_reset, /* … right behind what it said */
    provoke_unread,           /* close() with bytes unread, which the kernel makes a RST */
    provoke_fin_then_reset,   /* … linger 0 after a FIN that was seen */
    provoke_too_late,         /* close(), and then the answer comes */
    provoke_killed,           /* the process is killed, with nothing unread */
    provoke_killed_unread,    /* … with bytes unread */
    provoke_silence,          /* nothing more is said */
    provoke_fin_and_silence,  /* FIN, and the other never ends */
    provoke_stall,            /* the other takes nothing of what it sends */
    provoke_both_fin,         /* both end while the daemon does not look */
    provoke_both_reset;

/* The descriptor of a side. */
int *provoke_fd(struct hop *hop, enum leg_name side);

#endif
