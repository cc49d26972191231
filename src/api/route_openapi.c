/* SPDX-License-Identifier: MIT */
#include "api/router.h"

#include "api/openapi.h"

void
route_openapi(const struct request *request, struct reply *reply)
{
	(void)request;
	reply_document(reply, openapi_document());
}
