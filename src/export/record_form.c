/* SPDX-License-Identifier: MIT */
#include "export/record_form.h"

#include <assert.h>
#include <pthread.h>
#include <string.h>
#include "base/text.h"

enum { DEPTH_MAX = 8 };

static struct record_form forms[FIELD_VIEWS]; /* written once, before the first use */
static pthread_once_t prepared = PTHREAD_ONCE_INIT;

/* Where the preparation stands: the objects that are open, outermost first. */
struct draft {
	struct record_form *form;
	struct text literals;
	size_t from; /* the literal under way begins here */
	int depth;
	struct {
		size_t path_length; /* how much of the field's path names this object, its dot included */
		int piece;          /* its PIECE_OBJECT; -1: it is never null as a whole */
	} open[DEPTH_MAX];
	bool first; /* nothing stands in the innermost object so far */
};

static int
end_piece(struct draft *draft, enum piece_kind kind, int which)
{
	struct record_form *form = draft->form;

	assert(form->count < PIECES_MAX);
	form->pieces[form->count] = (struct piece){
		.kind = kind,
		.which = which,
		.literal = form->literals + draft->from,
		.length = draft->literals.length - draft->from,
	};
	draft->from = draft->literals.length;
	return form->count++;
}

static int
object_of(const char *path, size_t length)
{
	for (int object = 0; object < FIELD_OBJECTS; object++) {
		if (strlen(field_object_paths[object]) == length &&
		    strncmp(path, field_object_paths[object], length) == 0)
			return object;
	}
	return FIELD_OBJECTS;
}

static void
add_key(struct draft *draft, const char *key, size_t length)
{
	text_add(&draft->literals, draft->first ? "\"" : ",\"");
	text_add_bytes(&draft->literals, key, length);
	text_add(&draft->literals, "\":");
	draft->first = false;
}

static void
open_object(struct draft *draft, const char *path, size_t from, size_t length)
{
	int object = object_of(path, length), piece = -1;

	add_key(draft, path + from, length - from);
	if (object != FIELD_OBJECTS)
		piece = end_piece(draft, PIECE_OBJECT, object);
	text_add(&draft->literals, "{");
	assert(draft->depth < DEPTH_MAX);
	draft->open[draft->depth].path_length = length + 1;
	draft->open[draft->depth++].piece = piece;
	draft->first = true;
}

static void
close_object(struct draft *draft)
{
	int piece = draft->open[--draft->depth].piece;

	text_add(&draft->literals, "}");
	if (piece != -1)
		draft->form->pieces[piece].null = end_piece(draft, PIECE_TEXT, 0) + 1;
	draft->first = false;
}

static size_t
open_length(const struct draft *draft)
{
	return draft->depth == 0 ? 0 : draft->open[draft->depth - 1].path_length;
}

void
record_form_init(struct record_form *form, const struct field_set *fields)
{
	struct draft draft = { .form = form, .first = true };
	const char *before = "";

	form->count = 0;
	text_init(&draft.literals, form->literals, sizeof(form->literals));
	text_add(&draft.literals, "{");
	for (int field = 0; field < FIELD_COUNT; field++) {
		const char *path = field_meanings[field].path, *dot;

		if (!fields->has[field])
			continue;
		while (strncmp(path, before, open_length(&draft)) != 0)
			close_object(&draft);
		while ((dot = strchr(path + open_length(&draft), '.')) != NULL)
			open_object(&draft, path, open_length(&draft), (size_t)(dot - path));
		add_key(&draft, path + open_length(&draft), strlen(path + open_length(&draft)));
		end_piece(&draft, PIECE_FIELD, field);
		before = path;
	}
	while (draft.depth > 0)
		close_object(&draft);
	text_add(&draft.literals, "}");
	end_piece(&draft, PIECE_TEXT, 0);
	assert(!draft.literals.truncated);
}

static void
prepare_all(void)
{
	for (int view = VIEW_SHORT; view < FIELD_VIEWS; view++) {
		struct field_set fields;

		field_set_of_view(&fields, (enum field_view)view);
		record_form_init(&forms[view], &fields);
	}
}

const struct record_form *
record_form_of_view(enum field_view view)
{
	pthread_once(&prepared, prepare_all);
	return &forms[view];
}
