/* SPDX-License-Identifier: MIT */
#ifndef API_ORDERS_REPLY_H
#define API_ORDERS_REPLY_H

#include "api/reply.h"
#include "track/orders.h"

/* Posts the order (NULL: a dry run) and answers 202 with this document, which it takes, and in it whether
 * the order is on its way.  What comes of it, records and GET /drain tell. */
void orders_reply(struct reply *reply, json_t *document, struct orders *orders, const struct admin_order *order);

#endif
