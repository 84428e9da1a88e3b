/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Stands in for hyp/mm/page.c: pages from an arena at a fixed address, so that a run is the same
 * each time. A page is handed out once in an execution and poisoned for AddressSanitizer while it
 * is free, as is the one behind each block: use after free, use beyond the end and freeing twice
 * are found. The allocator itself has tests of its own (tests/unit/test_page.c).
 */
#include "fuzz.h"

#include <sanitizer/asan_interface.h>
#include <stdlib.h>
#include <sys/mman.h>

#include "mm/page.h"

#define ARENA       ((uint8_t *)FUZZ_ARENA)
#define SMALL_ORDER 4
#define SMALL_PAGES 4096
#define BIG_ORDER   10
#define NR_BIG      8
#define PAGES       FUZZ_PAGES
_Static_assert(PAGES == SMALL_PAGES + (NR_BIG << BIG_ORDER), "two kinds of blocks");

/* Put back with the rest of the state. */
unsigned int fuzz_pages_out;
int fuzz_page_budget = -1;
static unsigned int next = 1; /* of the small ones: all from here on are free */
static unsigned int next_big;
static uint64_t taken[PAGES / 64];
static bool forbidden;

/* The saved pages, from malloc(): 0 to nr_saved - 1. */
struct saved {
	unsigned int nr;
	uint64_t taken[SMALL_PAGES / 64];
	uint8_t pages[];
};
static struct saved *saved; /* the same in each execution */

static uint8_t *page(unsigned int n)
{
	return ARENA + (size_t)n * PAGE_SIZE;
}

static bool is_taken(unsigned int n)
{
	return taken[n / 64] & BIT(n % 64);
}

bool fuzz_page_is_taken(const void *p)
{
	uint64_t at = (uint64_t)((const uint8_t *)p - ARENA) / PAGE_SIZE;

	return (const uint8_t *)p >= ARENA && at < PAGES && is_taken((unsigned int)at);
}

static void arena_open(void)
{
	static bool open;
	void *at;

	if (open)
		return;
	at = mmap(ARENA, (size_t)PAGES * PAGE_SIZE, PROT_READ | PROT_WRITE,
	          MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED_NOREPLACE | MAP_NORESERVE, -1, 0);
	if (at != ARENA)
		fuzz_die("no memory for the arena");
	ASAN_POISON_MEMORY_REGION(ARENA, (size_t)PAGES * PAGE_SIZE);
	open = true;
}

static bool place(unsigned int order, unsigned int *first)
{
	if (order > SMALL_ORDER) {
		*first = SMALL_PAGES + (next_big << BIG_ORDER);
		return order <= BIG_ORDER && next_big++ < NR_BIG;
	}
	*first = (unsigned int)ALIGN_UP(next, BIT(order));
	if (*first + BIT(order) >= SMALL_PAGES)
		return false;
	next = *first + (unsigned int)BIT(order) + 1;
	return true;
}

void *page_alloc(unsigned int order)
{
	size_t size = (size_t)PAGE_SIZE << order;
	unsigned int first;

	if (forbidden)
		fuzz_die("page_alloc() while forbidden");
	arena_open();
	if (!fuzz_page_budget || order > BIG_ORDER || !place(order, &first))
		return NULL;
	fuzz_page_budget -= fuzz_page_budget > 0;
	for (unsigned int i = first; i < first + BIT(order); i++)
		taken[i / 64] |= BIT(i % 64);
	fuzz_pages_out += (unsigned int)BIT(order);
	ASAN_UNPOISON_MEMORY_REGION(page(first), size);
	if (order <= SMALL_ORDER)
		memset(page(first), 0, size);
	else
		(void)madvise(page(first), size,
		              MADV_DONTNEED); /* zeroes, and few are ever looked at */
	return page(first);
}

void page_free(void *block, unsigned int order)
{
	unsigned int first = (unsigned int)(((uint8_t *)block - ARENA) / (ptrdiff_t)PAGE_SIZE);

	if (forbidden)
		fuzz_die("page_free() while forbidden");
	if ((uint8_t *)block < ARENA || first + BIT(order) > PAGES ||
	    !IS_ALIGNED((uintptr_t)block, PAGE_SIZE << order))
		fuzz_die("page_free(%p, %u) of no page", block, order);
	for (unsigned int i = first; i < first + BIT(order); i++) {
		if (!is_taken(i))
			fuzz_die("page_free(%p, %u): page %u is free", block, order, i - first);
		taken[i / 64] &= ~BIT(i % 64);
	}
	fuzz_pages_out -= (unsigned int)BIT(order);
	ASAN_POISON_MEMORY_REGION(block, (size_t)PAGE_SIZE << order);
}

unsigned int page_order(uint64_t size)
{
	unsigned int order = 0;

	while ((PAGE_SIZE << order) < size)
		order++;
	return order;
}

void page_stats(struct page_stats *out)
{
	*out = (struct page_stats) { .total_pages = PAGES, .free_pages = PAGES - fuzz_pages_out };
}

void page_forbid(bool on)
{
	forbidden = on;
}

void fuzz_pages_save(void)
{
	arena_open();
	saved = malloc(sizeof(*saved) + (size_t)next * PAGE_SIZE);
	saved->nr = next;
	memcpy(saved->taken, taken, sizeof(saved->taken));
	for (unsigned int i = 0; i < next; i++)
		if (is_taken(i))
			memcpy(saved->pages + (size_t)i * PAGE_SIZE, page(i), PAGE_SIZE);
}

void fuzz_pages_restore(void)
{
	if (next > saved->nr)
		ASAN_POISON_MEMORY_REGION(page(saved->nr), (size_t)(next - saved->nr) * PAGE_SIZE);
	for (unsigned int i = 0; i < min_u64(next_big, NR_BIG); i++)
		ASAN_POISON_MEMORY_REGION(page(SMALL_PAGES + (i << BIG_ORDER)),
		                          (size_t)PAGE_SIZE << BIG_ORDER);
	for (unsigned int i = 0; i < saved->nr; i++) {
		if (!(saved->taken[i / 64] & BIT(i % 64)))
			continue;
		if (!is_taken(i))
			ASAN_UNPOISON_MEMORY_REGION(page(i), PAGE_SIZE);
		memcpy(page(i), saved->pages + (size_t)i * PAGE_SIZE, PAGE_SIZE);
	}
}
