/* SPDX-License-Identifier: Apache-2.0 */
#include <stdlib.h>
#include <string.h>

#include "fake_cpu.h"
#include "mm/page.h"
#include "page_arena.h"

struct taken {
	struct taken *next;
	unsigned int order;
};
static struct taken *drained;

void arena_init(uint64_t size)
{
	char *arena = aligned_alloc(size, size);

	if (!arena)
		fake_die("no memory for the arena");
	memset(arena, 0xa5, size);
	page_add_range(ptr_pa(arena), size);
}

uint64_t arena_free_pages(void)
{
	struct page_stats s;

	page_stats(&s);
	return s.free_pages;
}

void arena_drain(void)
{
	for (unsigned int order = PAGE_MAX_ORDER + 1; order-- > 0;) {
		struct taken *t;

		while ((t = page_alloc(order))) {
			*t = (struct taken){ .next = drained, .order = order };
			drained = t;
		}
	}
}

void arena_refill(void)
{
	while (drained) {
		struct taken *t = drained;

		drained = t->next;
		page_free(t, t->order);
	}
}
