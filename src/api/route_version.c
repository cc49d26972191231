/* SPDX-License-Identifier: MIT */
#include "api/router.h"

#include <ares.h>
#include <gnutls/gnutls.h>
#include "export/json.h"
#include "track/conn_id.h"

void
route_version(const struct request *request, struct reply *reply)
{
	const struct track *track = request->track;
	char boot[CONN_ID_TEXT_MAX];
	json_t *version = json_object();

	json_add_text(version, "name", PACKAGE_NAME);
	json_add_text(version, "version", PACKAGE_VERSION);
	json_add_text(version, "node", track->node);
	json_add_text(version, "boot", conn_id_format_boot(track->boot, boot));
	json_add_instant(version, "started_at", track->started_at_us);
	json_add_bool(version, "demo", track->settings->demo);
	json_t *libraries = json_add_object(version, "libraries");
	json_add_text(libraries, "libmicrohttpd", request->http_library);
	json_add_text(libraries, "gnutls", gnutls_check_version(NULL));
	json_add_text(libraries, "jansson", jansson_version_str());
	json_add_text(libraries, "c-ares", ares_version(NULL));
	reply_document(reply, version);
}
