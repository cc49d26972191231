/* SPDX-License-Identifier: MIT */
#include "track/conn_id.h"

#include <string.h>

/* Five bits a letter, without those that people misread for digits. */
static const char alphabet[] = "0123456789abcdefghjkmnpqrstvwxyz";

enum { BOOT_LETTERS = 8, ID_LETTERS = 13 };

uint64_t
conn_id_make(int worker, uint32_t slot, uint32_t generation)
{
	return (uint64_t)worker << 56 | (uint64_t)slot << 32 | generation;
}

int
conn_id_worker(uint64_t id)
{
	return (int)(id >> 56);
}

uint32_t
conn_id_slot(uint64_t id)
{
	return id >> 32 & (CONN_ID_SLOTS_MAX - 1);
}

uint32_t
conn_id_generation(uint64_t id)
{
	return (uint32_t)id;
}

static char *
put(char *at, uint64_t number, int letters)
{
	for (int i = letters - 1; i >= 0; i--, number >>= 5)
		at[i] = alphabet[number & 31];
	at[letters] = '\0';
	return at + letters;
}

static bool
get(const char *at, uint64_t *number, int letters)
{
	*number = 0;
	for (int i = 0; i < letters; i++) {
		const char *letter = at[i] == '\0' ? NULL : strchr(alphabet, at[i]);

		if (letter == NULL)
			return false;
		*number = *number << 5 | (uint64_t)(letter - alphabet);
	}
	return true;
}

const char *
conn_id_format(uint64_t boot, uint64_t id, char text[CONN_ID_TEXT_MAX])
{
	put(put(text, boot, BOOT_LETTERS), id, ID_LETTERS);
	return text;
}

bool
conn_id_parse(const char *text, uint64_t *boot, uint64_t *id)
{
	/* 13 letters are 65 bits: the first may only say 0 or 1 … 15, or two texts would mean one id */
	return strlen(text) == BOOT_LETTERS + ID_LETTERS && get(text, boot, BOOT_LETTERS) &&
	       strchr(alphabet, text[BOOT_LETTERS]) < alphabet + 16 && get(text + BOOT_LETTERS, id, ID_LETTERS);
}

const char *
conn_id_format_boot(uint64_t boot, char text[CONN_ID_TEXT_MAX])
{
	put(text, boot, BOOT_LETTERS);
	return text;
}
