/* SPDX-License-Identifier: MIT */
#include "api/router.h"

#include <string.h>
#include "export/schema.h"

const struct parameter route_schema_parameters[] = {
	{ "view", "{\"enum\":[\"short\",\"full\",\"single\"]}", "of which view; single if not said" },
	{ 0 },
};

static bool
take_view(enum field_view *view, const char *value, struct reply *reply)
{
	const char *names[FIELD_VIEWS + 1] = { NULL };

	*view = VIEW_SINGLE;
	if (value == NULL)
		return true;
	for (int i = 0; i < FIELD_VIEWS; i++) {
		*view = (enum field_view)i;
		names[i] = field_view_texts[i];
		if (strcmp(value, names[i]) == 0)
			return true;
	}
	reply_bad_word(reply, "view", value, "short, full or single", names);
	return false;
}

void
route_schema(const struct request *request, struct reply *reply)
{
	enum field_view view;

	if (take_view(&view, query_value(&request->query, "view"), reply))
		reply_document(reply, schema_record(view));
}
