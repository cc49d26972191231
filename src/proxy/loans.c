/* SPDX-License-Identifier: MIT */
#include "proxy/loans.h"

#include <assert.h>
#include <stdlib.h>
#include <sys/mman.h>

/* The last one returned is lent first: its pages are in the cache, and those
 * that were never needed were never touched. */
struct loans {
	char *memory;
	size_t count, free;
	char *stack[]; /* the free ones are stack[0 .. free-1] */
};

struct loans *
loans_new(size_t count)
{
	struct loans *loans = malloc(sizeof(*loans) + count * sizeof(loans->stack[0]));

	if (loans == NULL)
		return NULL;
	loans->memory = mmap(
	    NULL, count * LOAN_SIZE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	if (loans->memory == MAP_FAILED) {
		free(loans);
		return NULL;
	}
	loans->count = loans->free = count;
	for (size_t i = 0; i < count; i++)
		loans->stack[i] = loans->memory + (count - 1 - i) * LOAN_SIZE;
	return loans;
}

void
loans_free(struct loans *loans)
{
	assert(loans_lent(loans) == 0);
	munmap(loans->memory, loans->count * LOAN_SIZE);
	free(loans);
}

char *
loans_borrow(struct loans *loans)
{
	return loans->free == 0 ? NULL : loans->stack[--loans->free];
}

void
loans_return(struct loans *loans, char *loan)
{
	loans->stack[loans->free++] = loan;
}

size_t
loans_lent(const struct loans *loans)
{
	return loans->count - loans->free;
}
