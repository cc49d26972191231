/* SPDX-License-Identifier: MIT */
#ifndef EXPORT_RECORD_JSON_H
#define EXPORT_RECORD_JSON_H

#include "base/text.h"
#include "export/record_form.h"

/*
 * One connection as JSON, compact, on one line without a newline.
 *
 * Lists of ten thousand are made of it, hence a writer of its own; it writes
 * byte for byte what jansson would.  The table of fields says what and in
 * which order: every path of the view is present, what is unknown is null.
 */
enum { RECORD_JSON_MAX = 160 * 1024 }; /* no record is longer, whatever its names are made of */

/* Any thread.  When it does not fit, the text is cut somewhere and says so. */
void record_json_write(struct text *text, struct reading *reading, enum field_view view);
void record_json_write_as(struct text *text, struct reading *reading, const struct record_form *form);

#endif
