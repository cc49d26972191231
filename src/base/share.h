/* SPDX-License-Identifier: MIT */
#ifndef BASE_SHARE_H
#define BASE_SHARE_H

#include <stdint.h>

/*
 * What share of all there will be, judged by what was seen: `part` of `whole`, from 0 to 1.  Both bounds hold but for one
 * time in two thousand (Wilson's interval), so that few samples prove little: 3 of 3 is 0.22 at least, 100 of 100 is 0.90.
 * Of no samples anything may be: 0 and 1.
 */
double share_at_least(uint64_t part, uint64_t whole);
double share_at_most(uint64_t part, uint64_t whole);

#endif
