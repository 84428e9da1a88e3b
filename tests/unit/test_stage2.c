/* SPDX-License-Identifier: Apache-2.0 */
/* Stage 2 tables: what a walker would find in them, and the order in which they change. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "fake_cpu.h"
#include "lib/err.h"
#include "mm/page.h"
#include "mm/pte.h"
#include "mm/stage2.h"

#define PA_40_BITS 2

static unsigned int flushes(void)
{
	return fake_maintenance.tlb_guest + fake_maintenance.tlb_ipa;
}

static struct stage2 s2;

static int setup(void **state)
{
	(void)state;
	fake_maintenance = (struct fake_maintenance){ 0 };
	return stage2_init(&s2, PA_40_BITS, 7);
}

static int teardown(void **state)
{
	(void)state;
	fake_page_budget = -1;
	stage2_destroy(&s2);
	assert_int_equal(fake_pages_out, 0);
	assert_int_equal(fake_locks_held, 0);
	return 0;
}

/* An independent walk, by the architecture's rules alone. Returns the leaf, or 0. */
static uint64_t walk(uint64_t ipa, unsigned int *level)
{
	uint64_t entry = s2.root[ipa >> 30];

	for (*level = 1; (entry & 1) && (entry & 2) && *level < 3; ++*level) {
		const uint64_t *table = (const uint64_t *)(uintptr_t)(entry & 0xfffffffff000ULL);

		entry = table[(ipa >> (39 - 9 * (*level + 1))) & 511];
	}
	if (!(entry & 1) || (*level == 3 && !(entry & 2)))
		return 0;
	return entry;
}

static void assert_maps(uint64_t ipa, uint64_t pa, unsigned int want_level)
{
	unsigned int level;
	uint64_t leaf = walk(ipa, &level);

	assert_true(leaf != 0);
	assert_int_equal(level, want_level);
	assert_int_equal((leaf & 0xfffffffff000ULL) + (ipa & ((1ULL << (39 - 9 * level)) - 1)), pa);
	assert_true(leaf & (1ULL << 10)); /* AF: an access flag fault would never be handled */
}

static void test_vtcr(void **state)
{
	(void)state;
	/* T0SZ, SL0 = 1, TG0 = 4 KiB, PS, RES1: as D19.2.162 lays them out. */
	assert_int_equal(stage2_vtcr(2), 0x80023558);
	assert_int_equal(stage2_vtcr(0) & 0x3f, 32);
	assert_int_equal(stage2_vtcr(1) & 0x3f, 28);
	assert_int_equal(stage2_vtcr(5) & 0x3f, 24);
	assert_int_equal(stage2_vtcr(5) >> 16 & 7, 5);
	assert_int_equal(stage2_vtcr(6) >> 16 & 7, 5);
	assert_int_equal(stage2_ipa_bits(0), 32);
	assert_int_equal(stage2_ipa_bits(6), 40);
	assert_int_equal(stage2_ipa_bits(15), 32);
}

static void test_largest_blocks(void **state)
{
	(void)state;
	assert_int_equal(stage2_map(&s2, ipa_make(0x40000000), pa_make(0x40000000),
				    GIB + 2 * MIB + PAGE_SIZE, STAGE2_RAM), 0);
	assert_maps(0x40000000, 0x40000000, 1);
	assert_maps(0x7fffffff, 0x7fffffff, 1);
	assert_maps(0x80000000, 0x80000000, 2);
	assert_maps(0x80200000, 0x80200000, 3);
	assert_int_equal(walk(0x80201000, &(unsigned int){ 0 }), 0);
	assert_int_equal(flushes(), 0); /* nothing was live before */
}

static void test_unaligned_pa_uses_small_leaves(void **state)
{
	(void)state;
	assert_int_equal(stage2_map(&s2, ipa_make(0x200000), pa_make(0x40001000), 2 * MIB, STAGE2_RAM), 0);
	assert_maps(0x200000, 0x40001000, 3);
	assert_maps(0x3ff000, 0x40200000, 3);
}

static void test_second_concatenated_table(void **state)
{
	uint64_t top = (1ULL << 40) - PAGE_SIZE;

	(void)state;
	assert_int_equal(stage2_map(&s2, ipa_make(top), pa_make(0x1000), PAGE_SIZE, STAGE2_DEVICE), 0);
	assert_maps(top, 0x1000, 3);
}

static void test_attributes(void **state)
{
	static const struct {
		enum stage2_type type;
		uint64_t want; /* XN, SH, S2AP, MemAttr */
	} cases[] = {
		{ STAGE2_RAM, 0x3fcULL },
		{ STAGE2_RAM_RO, 0x37cULL },
		{ STAGE2_DEVICE, 1ULL << 54 | 0x0c4ULL },
	};
	unsigned int level;

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct stage2_entry e;

		assert_int_equal(stage2_map(&s2, ipa_make(0x1000), pa_make(0x5000), PAGE_SIZE, cases[i].type), 0);
		assert_int_equal(walk(0x1000, &level) & (1ULL << 54 | 0x3fcULL), cases[i].want);
		assert_int_equal(stage2_lookup(&s2, ipa_make(0x1008), &e), 0);
		assert_int_equal(e.type, cases[i].type);
		assert_int_equal(e.pa.raw, 0x5008);
		assert_int_equal(e.contiguous, PAGE_SIZE - 8);
	}
}

static void test_unmap_splits(void **state)
{
	struct stage2_entry e;

	(void)state;
	assert_int_equal(stage2_map(&s2, ipa_make(0x40000000), pa_make(0x40000000), GIB, STAGE2_RAM), 0);
	assert_int_equal(stage2_unmap(&s2, ipa_make(0x40201000), PAGE_SIZE), 0);
	assert_true(flushes() > 0);
	assert_int_equal(fake_maintenance.last_vttbr >> 48, 7);
	assert_maps(0x40200000, 0x40200000, 3);
	assert_int_equal(stage2_lookup(&s2, ipa_make(0x40201000), &e), -ENOENT);
	assert_maps(0x40202000, 0x40202000, 3);
	assert_maps(0x40000000, 0x40000000, 2);
	assert_maps(0x7fe00000, 0x7fe00000, 2);
	/* The whole again, as one block: the tables below go back. */
	assert_int_equal(stage2_map(&s2, ipa_make(0x40000000), pa_make(0x40000000), GIB, STAGE2_RAM), 0);
	assert_maps(0x40201000, 0x40201000, 1);
	assert_int_equal(fake_pages_out, 1); /* the root's two pages are one block */
}

static void test_unmap_holes(void **state)
{
	(void)state;
	assert_int_equal(stage2_unmap(&s2, ipa_make(0), 1ULL << 40), 0);
	assert_int_equal(fake_pages_out, 1);
	assert_int_equal(stage2_map(&s2, ipa_make(0x1000), pa_make(0x1000), PAGE_SIZE, STAGE2_RAM), 0);
	assert_int_equal(stage2_unmap(&s2, ipa_make(0), 4 * MIB), 0);
	assert_int_equal(walk(0x1000, &(unsigned int){ 0 }), 0);
}

static void test_refusals(void **state)
{
	(void)state;
	assert_int_equal(stage2_map(&s2, ipa_make(0x800), pa_make(0), PAGE_SIZE, STAGE2_RAM), -EINVAL);
	assert_int_equal(stage2_map(&s2, ipa_make(0), pa_make(0x800), PAGE_SIZE, STAGE2_RAM), -EINVAL);
	assert_int_equal(stage2_map(&s2, ipa_make(0), pa_make(0), 0x800, STAGE2_RAM), -EINVAL);
	assert_int_equal(stage2_map(&s2, ipa_make(1ULL << 40), pa_make(0), PAGE_SIZE, STAGE2_RAM), -ERANGE);
	assert_int_equal(stage2_map(&s2, ipa_make((1ULL << 40) - PAGE_SIZE), pa_make(0), 2 * PAGE_SIZE,
				    STAGE2_RAM), -ERANGE);
	assert_int_equal(stage2_map(&s2, ipa_make(~0xfffULL), pa_make(0), 2 * PAGE_SIZE, STAGE2_RAM), -ERANGE);
	assert_int_equal(stage2_lookup(&s2, ipa_make(~0ULL), &(struct stage2_entry){ 0 }), -ENOENT);
}

static void test_no_memory(void **state)
{
	(void)state;
	fake_page_budget = 1; /* one table: a page needs two */
	assert_int_equal(stage2_map(&s2, ipa_make(0x1000), pa_make(0x1000), PAGE_SIZE, STAGE2_RAM), -ENOMEM);
	fake_page_budget = -1;
	assert_int_equal(stage2_map(&s2, ipa_make(0x1000), pa_make(0x1000), PAGE_SIZE, STAGE2_RAM), 0);
	assert_maps(0x1000, 0x1000, 3);
}

/* Against a plain array of pages: any sequence of maps and unmaps leaves the same picture. */
static void test_random_against_model(void **state)
{
	enum { PAGES = 2048 };
	static uint64_t model[PAGES]; /* pa | 1, or 0 */
	const uint64_t base = 0x3fc00000; /* straddles a GiB border */

	(void)state;
	srand(1);
	for (unsigned int round = 0; round < 400; round++) {
		uint64_t first = (uint64_t)rand() % PAGES;
		uint64_t count = 1 + (uint64_t)rand() % (PAGES - first);
		uint64_t pa = rand() % 2 ? base + first * PAGE_SIZE : (uint64_t)(rand() % 4096) << 12;
		bool map = rand() % 3;

		if (rand() % 2 && count > 512) { /* block-aligned more often than chance would have it */
			first &= ~511ULL;
			count &= ~511ULL;
			pa &= ~(2 * MIB - 1);
		}
		if (map)
			assert_int_equal(stage2_map(&s2, ipa_make(base + first * PAGE_SIZE), pa_make(pa),
						    count * PAGE_SIZE, STAGE2_RAM), 0);
		else
			assert_int_equal(stage2_unmap(&s2, ipa_make(base + first * PAGE_SIZE),
						      count * PAGE_SIZE), 0);
		for (uint64_t i = 0; i < count; i++)
			model[first + i] = map ? (pa + i * PAGE_SIZE) | 1 : 0;
	}
	for (uint64_t i = 0; i < PAGES; i++) {
		struct stage2_entry e;
		int err = stage2_lookup(&s2, ipa_make(base + i * PAGE_SIZE), &e);

		assert_int_equal(err, model[i] ? 0 : -ENOENT);
		if (!err)
			assert_int_equal(e.pa.raw | 1, model[i]);
	}
}

int main(void)
{
#define T(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
	const struct CMUnitTest tests[] = {
		T(test_vtcr),
		T(test_largest_blocks),
		T(test_unaligned_pa_uses_small_leaves),
		T(test_second_concatenated_table),
		T(test_attributes),
		T(test_unmap_splits),
		T(test_unmap_holes),
		T(test_refusals),
		T(test_no_memory),
		T(test_random_against_model),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
