/* SPDX-License-Identifier: MIT */
#include "api/assets.h"
#include "api/router.h"
#include "export/json.h"

static void
answer_index(struct reply *reply)
{
	json_t *index = json_object();

	json_add_text(index, "name", PACKAGE_NAME);
	json_add_text(index, "version", PACKAGE_VERSION);
	json_t *paths = json_add_array(index, "paths");
	for (int i = 0; i < route_count; i++) {
		json_t *path = json_object();

		json_add_text(path, "path", routes[i].path);
		json_add_text(path, "methods", routes[i].methods);
		json_t *parameters = json_add_array(path, "parameters");
		for (const struct parameter *it = routes[i].parameters; it->name != NULL; it++)
			json_array_append_new(parameters, json_text(it->name));
		json_add_text(path, "help", routes[i].help);
		json_array_append_new(paths, path);
	}
	reply_document(reply, index);
}

/* The same path is a page for browsers and an index for programs. */
void
route_index(const struct request *request, struct reply *reply)
{
	struct asset page = asset_page();

	if (asset_page_is_liked(request->accept))
		asset_reply(&page, reply);
	else
		answer_index(reply);
}
