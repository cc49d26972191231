/* SPDX-License-Identifier: MIT */
#ifndef API_PRIVATE_FILE_H
#define API_PRIVATE_FILE_H

#include <stdbool.h>
#include <stddef.h>
#include "base/text.h"

/*
 * Small files, secrets among them, read whole at the start.
 *
 * A secret that others can read is none, so such a file is refused.  It may be
 * readable by its group where it is root's: that is how systemd's credentials
 * and mounted secrets come.
 */
enum private_file { FILE_PUBLIC, FILE_SECRET };

/* Its 1 to `most` bytes and a NUL, from malloc.  NULL: `why` was told, beginning with the file's name. */
char *private_file_read(const char *path, enum private_file kind, size_t most, size_t *length, struct text *why);

/* Leaves nothing of it in memory; NULL is fine. */
void private_file_forget(char *bytes, size_t length);

#endif
