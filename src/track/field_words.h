/* SPDX-License-Identifier: MIT */
#ifndef TRACK_FIELD_WORDS_H
#define TRACK_FIELD_WORDS_H

#include "track/fields.h"

/* All words that a field of TYPE_WORD can have, NULL behind the last, and how many they are; other fields have none. */
enum { FIELD_WORDS_MAX = 64 };
int field_words(enum field field, const char *words[FIELD_WORDS_MAX + 1]);

#endif
