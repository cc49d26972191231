/* SPDX-License-Identifier: MIT */
#ifndef STRESS_CHANCE_H
#define STRESS_CHANCE_H

#include <stdbool.h>
#include <stdint.h>

/* What is drawn by lot, the same again from the same seed. */
struct chance {
	uint64_t state;
};

struct chance chance_from(uint64_t seed, uint64_t number);
uint64_t chance_draw(struct chance *chance);

bool chance_happens(struct chance *chance, unsigned permille);
uint64_t chance_between(struct chance *chance, uint64_t least, uint64_t most);

/* All orders of magnitude are alike. */
uint64_t chance_size(struct chance *chance, uint64_t least, uint64_t most);

/* One number to a number, as if by lot (splitmix64). */
uint64_t chance_mix(uint64_t number);

#endif
