/* SPDX-License-Identifier: MIT */
#ifndef BASE_NEAREST_H
#define BASE_NEAREST_H

/* Of a NULL-terminated list of names the one that `word` was probably meant to be, with at most two mistakes
 * in it: a letter is wrong, missing or too many, or two changed places.  NULL: none is close. */
const char *nearest(const char *word, const char *const *names);

#endif
