/* SPDX-License-Identifier: MIT */
#include "stress/chance.h"

#define GOLDEN 0x9e3779b97f4a7c15

uint64_t
chance_mix(uint64_t number)
{
	number = (number ^ number >> 30) * 0xbf58476d1ce4e5b9;
	number = (number ^ number >> 27) * 0x94d049bb133111eb;
	return number ^ number >> 31;
}

struct chance
chance_from(uint64_t seed, uint64_t number)
{
	return (struct chance){ chance_mix(seed * GOLDEN + chance_mix(number + 1)) };
}

uint64_t
chance_draw(struct chance *chance)
{
	return chance_mix(chance->state += GOLDEN);
}

bool
chance_happens(struct chance *chance, unsigned permille)
{
	return chance_draw(chance) % 1000 < permille;
}

uint64_t
chance_between(struct chance *chance, uint64_t least, uint64_t most)
{
	return least + chance_draw(chance) % (most - least + 1);
}

/* First how many bits it has, then the bits. */
uint64_t
chance_size(struct chance *chance, uint64_t least, uint64_t most)
{
	int fewest = 63 - __builtin_clzll(least | 1), greatest = 63 - __builtin_clzll(most | 1);
	uint64_t top = UINT64_C(1) << chance_between(chance, (uint64_t)fewest, (uint64_t)greatest);
	uint64_t size = top | (chance_draw(chance) & (top - 1));

	return size < least ? least : size > most ? most : size;
}
