/* SPDX-License-Identifier: Apache-2.0 */
/* The page allocator, on a piece of the host's memory. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "mm/page.h"

#define ARENA (8 * MIB)

static char *arena;

/* The allocator's state is the program's: one arena for all tests, whole again after each. */
static int setup(void **state)
{
	(void)state;
	if (!arena) {
		arena = aligned_alloc(ARENA, ARENA);
		memset(arena, 0xa5, ARENA);
		/* In two pieces, of which the first is not a power of two, so that they have to be joined. */
		page_add_range(ptr_pa(arena + 3 * PAGE_SIZE), ARENA - 3 * PAGE_SIZE);
		page_add_range(ptr_pa(arena + 1), 3 * PAGE_SIZE - 1); /* loses its first, broken page */
		page_add_range(ptr_pa(arena), PAGE_SIZE);
	}
	return 0;
}

static int teardown(void **state)
{
	struct page_stats s;

	(void)state;
	page_stats(&s);
	assert_int_equal(s.total_pages, ARENA / PAGE_SIZE);
	assert_int_equal(s.free_pages, s.total_pages);
	return 0;
}

static void test_joins_to_one_block(void **state)
{
	unsigned int order = page_order(ARENA);
	void *all = page_alloc(order);

	(void)state;
	assert_ptr_equal(all, arena);
	assert_null(page_alloc(0));
	page_free(all, order);
}

static void test_zeroed_and_aligned(void **state)
{
	(void)state;
	for (unsigned int order = 0; order <= 6; order++) {
		char *p = page_alloc(order);

		assert_non_null(p);
		assert_true(IS_ALIGNED((uintptr_t)p, PAGE_SIZE << order));
		for (uint64_t i = 0; i < PAGE_SIZE << order; i++)
			assert_int_equal(p[i], 0);
		memset(p, 0x5a, PAGE_SIZE << order);
		page_free(p, order);
	}
}

static void test_exhaustion(void **state)
{
	enum { MAX = ARENA / 4096 };
	static void *got[MAX + 1];
	unsigned int n = 0;

	(void)state;
	while (n <= MAX && (got[n] = page_alloc(0)))
		n++;
	assert_int_equal(n, MAX);
	assert_null(page_alloc(3));
	for (unsigned int i = 0; i < n; i += 2)
		page_free(got[i], 0);
	assert_null(page_alloc(1)); /* every other page is free: no two together */
	for (unsigned int i = 1; i < n; i += 2)
		page_free(got[i], 0);
}

/* A domain gives up its memory page by page, in whatever order: the pages join again (teardown counts on it). */
static void test_scattered_frees(void **state)
{
	enum { MAX = ARENA / 4096 };
	static void *got[MAX];

	(void)state;
	srand(5);
	for (unsigned int round = 0; round < 20; round++) {
		for (unsigned int i = 0; i < MAX; i++)
			got[i] = page_alloc(0);
		for (unsigned int i = 0; i < MAX; i++) {
			unsigned int other = i + (unsigned int)rand() % (MAX - i);
			void *p = got[other];

			got[other] = got[i];
			memset(p, 0xff, PAGE_SIZE);
			page_free(p, 0);
		}
		got[0] = page_alloc(page_order(ARENA));
		assert_ptr_equal(got[0], arena);
		page_free(got[0], page_order(ARENA));
	}
}

static void test_impossible_orders(void **state)
{
	(void)state;
	assert_null(page_alloc(PAGE_MAX_ORDER + 1));
	assert_null(page_alloc(PAGE_MAX_ORDER));
	page_free(NULL, 0);
	assert_int_equal(page_order(1), 0);
	assert_int_equal(page_order(PAGE_SIZE), 0);
	assert_int_equal(page_order(PAGE_SIZE + 1), 1);
}

static void test_random_no_overlap(void **state)
{
	enum { SLOTS = 64 };
	static struct {
		unsigned char *p;
		unsigned int order;
		unsigned char mark;
	} slot[SLOTS];

	(void)state;
	srand(2);
	for (unsigned int round = 0; round < 5000; round++) {
		unsigned int i = (unsigned int)rand() % SLOTS;

		if (slot[i].p) {
			uint64_t size = PAGE_SIZE << slot[i].order;

			assert_int_equal(slot[i].p[0], slot[i].mark);
			assert_int_equal(slot[i].p[size - 1], slot[i].mark);
			page_free(slot[i].p, slot[i].order);
			slot[i].p = NULL;
		} else {
			slot[i].order = (unsigned int)rand() % 7;
			slot[i].mark = (unsigned char)rand();
			slot[i].p = page_alloc(slot[i].order);
			if (slot[i].p)
				memset(slot[i].p, slot[i].mark, PAGE_SIZE << slot[i].order);
		}
	}
	for (unsigned int i = 0; i < SLOTS; i++)
		page_free(slot[i].p, slot[i].order);
}

int main(void)
{
#define T(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
	const struct CMUnitTest tests[] = {
		T(test_joins_to_one_block),
		T(test_zeroed_and_aligned),
		T(test_exhaustion),
		T(test_scattered_frees),
		T(test_impossible_orders),
		T(test_random_no_overlap),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
