/* SPDX-License-Identifier: Apache-2.0 */
/* Who else uses a frame: counts, orphans, and that the registry itself takes memory only while it has something to keep. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "fake_cpu.h"
#include "lib/err.h"
#include "mm/page.h"
#include "mm/share.h"
#include "page_arena.h"

#define ARENA (16 * MIB)

static uint64_t before;

static int setup(void **state)
{
	(void)state;
	before = arena_free_pages();
	assert_int_equal(before, ARENA / PAGE_SIZE);
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	assert_int_equal(arena_free_pages(), before);
	assert_int_equal(fake_locks_held, 0);
	return 0;
}

static void test_count(void **state)
{
	void *page = page_alloc(0);
	paddr_t pa = ptr_pa(page);

	(void)state;
	assert_false(share_any(pa, 0));
	assert_false(share_orphan(pa));
	assert_int_equal(share_get(pa), 0);
	assert_int_equal(share_get(pa), 0);
	assert_true(share_any(pa, 0));
	share_put(pa);
	assert_true(share_any(pa, 0));
	share_put(pa);
	assert_false(share_any(pa, 0));
	assert_int_equal(arena_free_pages(), before - 1); /* it was never given up */
	page_free(page, 0);
}

static void test_orphan_goes_with_the_last_user(void **state)
{
	void *page = page_alloc(0);
	paddr_t pa = ptr_pa(page);

	(void)state;
	assert_int_equal(share_get(pa), 0);
	assert_int_equal(share_get(pa), 0);
	assert_true(share_orphan(pa));
	share_put(pa);
	assert_true(arena_free_pages() < before);
	share_put(pa_make(pa.raw + 8)); /* any address in it */
	assert_int_equal(arena_free_pages(), before);
	/* The frame's next life begins without a past. */
	page = page_alloc(0);
	assert_int_equal(share_get(ptr_pa(page)), 0);
	share_put(ptr_pa(page));
	assert_int_equal(arena_free_pages(), before - 1);
	page_free(page, 0);
}

static void test_any(void **state)
{
	char *block = page_alloc(10);

	(void)state;
	assert_false(share_any(ptr_pa(block), 10));
	assert_int_equal(share_get(ptr_pa(block + 777 * PAGE_SIZE)), 0);
	assert_true(share_any(ptr_pa(block), 10));
	assert_false(share_any(ptr_pa(block), 9));
	assert_true(share_any(ptr_pa(block + 512 * PAGE_SIZE), 9));
	assert_true(share_any(ptr_pa(block + 776 * PAGE_SIZE), 1));
	assert_false(share_any(ptr_pa(block + 778 * PAGE_SIZE), 1));
	share_put(ptr_pa(block + 777 * PAGE_SIZE));
	assert_false(share_any(ptr_pa(block), 10));
	page_free(block, 10);
}

static void test_limits(void **state)
{
	char *block = page_alloc(9);

	(void)state;
	for (unsigned int i = 0; i < 65535; i++)
		assert_int_equal(share_get(ptr_pa(block)), 0);
	assert_int_equal(share_get(ptr_pa(block)), -ENOSPC);
	for (unsigned int i = 0; i < 65535; i++)
		share_put(ptr_pa(block));
	assert_false(share_any(ptr_pa(block), 9));
	arena_drain();
	assert_int_equal(share_get(ptr_pa(block)), -ENOMEM);
	arena_refill();
	page_free(block, 9);
}

/* A whole region shared takes no more than one frame of it does: the registry's own is small and bounded. */
static void test_memory(void **state)
{
	(void)state;
	for (uint64_t i = 0; i < 512 * 64; i++)
		assert_int_equal(share_get(pa_make(GIB + i * PAGE_SIZE)), 0);
	assert_int_equal(before - arena_free_pages(), 22); /* 64 regions, three a page */
	for (uint64_t i = 0; i < 512 * 64; i++)
		share_put(pa_make(GIB + i * PAGE_SIZE));
}

/* 16 frames in each of 256 regions, of which every second lies in one chain. */
static paddr_t frame(unsigned int f)
{
	uint64_t region = f / 16;

	return pa_make((region % 2 ? region : region * 512) * 2 * MIB + f % 16 * PAGE_SIZE);
}

static void test_random(void **state)
{
	enum { FRAMES = 4096 };
	static unsigned int model[FRAMES];

	(void)state;
	srand(3);
	for (unsigned int i = 0; i < 200000; i++) {
		unsigned int f = (unsigned int)rand() % FRAMES;
		paddr_t pa = frame(f);

		assert_int_equal(share_any(pa, 0), model[f] != 0);
		if (model[f] && rand() % 2) {
			share_put(pa);
			model[f]--;
		} else if (model[f] < 5) {
			assert_int_equal(share_get(pa), 0);
			model[f]++;
		}
	}
	for (unsigned int f = 0; f < FRAMES; f++) {
		paddr_t pa = frame(f);

		while (model[f]--)
			share_put(pa);
	}
}

int main(void)
{
#define T(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
	const struct CMUnitTest tests[] = {
		T(test_count),	T(test_orphan_goes_with_the_last_user),
		T(test_any),	T(test_limits),
		T(test_memory), T(test_random),
	};

	arena_init(ARENA);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
