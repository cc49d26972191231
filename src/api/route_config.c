/* SPDX-License-Identifier: MIT */
/* GET /config: what each option is set to.  It names files and opens none, so it has no secret to give away. */
#include "api/router.h"
#include "config/options.h"
#include "export/json.h"

static void
hear(void *to, const struct option_told *told)
{
	json_t *document = to;

	switch (told->kind) {
	case OPTION_NOTHING:
	case OPTION_TEXT:
		json_add_text(document, told->name, told->text);
		break;
	case OPTION_TRUTH:
		json_add_bool(document, told->name, told->number != 0);
		break;
	case OPTION_COUNT:
		json_add_count(document, told->name, told->number);
		break;
	case OPTION_LIST:
		json_add_array(document, told->name);
		break;
	case OPTION_ITEM:
		json_array_append_new(json_object_get(document, told->name), json_text(told->text));
		break;
	}
}

void
route_config(const struct request *request, struct reply *reply)
{
	json_t *document = json_object();

	options_tell(request->track->settings, hear, document);
	reply_document(reply, document);
}
