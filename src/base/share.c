/* SPDX-License-Identifier: MIT */
#include "base/share.h"

#include <math.h>

#define Z 3.29 /* standard deviations: 99.9 % lie within */

/* The middle of the interval, and how far it goes to both sides. */
static double
middle(uint64_t part, uint64_t whole, double *reach)
{
	double n = (double)whole, share = (double)part / n, scale = 1 + Z * Z / n;

	*reach = Z * sqrt(share * (1 - share) / n + Z * Z / (4 * n * n)) / scale;
	return (share + Z * Z / (2 * n)) / scale;
}

double
share_at_least(uint64_t part, uint64_t whole)
{
	double reach;

	if (whole == 0 || part == 0)
		return 0;
	return middle(part, whole, &reach) - reach;
}

double
share_at_most(uint64_t part, uint64_t whole)
{
	double reach;

	if (whole == 0 || part == whole)
		return 1;
	double at = middle(part, whole, &reach);
	return at + reach;
}
