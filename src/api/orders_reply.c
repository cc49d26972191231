/* SPDX-License-Identifier: MIT */
#include "api/orders_reply.h"

#include "export/json.h"

void
orders_reply(struct reply *reply, json_t *document, struct orders *orders, const struct admin_order *order)
{
	bool posted = order != NULL && orders_post(orders, order);

	json_add_count(document, "posted", posted ? 1 : 0);
	json_add_text(document, "detail",
	    posted          ? NULL
	    : order == NULL ? "A dry run: nothing was ordered."
			    : "Too many orders wait already, or nobody takes them yet: try again.");
	reply_document(reply, document);
	if (reply->status == 200)
		reply->status = 202;
}
