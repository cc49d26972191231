/* SPDX-License-Identifier: MIT */
#ifndef CLIENT_RECORD_SHEET_H
#define CLIENT_RECORD_SHEET_H

#include <jansson.h>
#include <stdio.h>
#include "client/terminal.h"

/* One record, as /conns/ID has it, as people read it: who, both legs side by side, each attempt and step, and the end.
 * Whoever has no memory for it is told so, and the program ends. */
void record_sheet_print(const json_t *record, FILE *file, const struct terminal *terminal);

#endif
