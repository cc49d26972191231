/* SPDX-License-Identifier: MIT */
#ifndef SUPPORT_DESCRIPTORS_H
#define SUPPORT_DESCRIPTORS_H

#include <stddef.h>

/* For main(): all the descriptors that this process may have, which its children inherit.  Where
 * those are fewer than `needed` it says so and exits with 77: the program is skipped. */
void descriptors_need(size_t needed);

#endif
