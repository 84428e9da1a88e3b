/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The memory of domains: who has which frame, that nothing is lost and nothing freed too early. Pages are counted exactly.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "core/domain.h"
#include "fake_cpu.h"
#include "lib/err.h"
#include "mm/page.h"
#include "mm/share.h"
#include "page_arena.h"

#define ARENA	(32 * MIB)
#define PA_40	2
#define GFN	0x40000 /* 1 GiB */
#define HOLE	0x80000
#define BANK	0x48000 /* of the domain with RAM of its own: gfn == frame */
#define NR_BANK 1024

static struct domain a, b; /* a: RAM from the allocator; b: its own */
static uint64_t before;

static void make(struct domain *d, uint16_t id)
{
	memset(d, 0, sizeof(*d));
	d->id = id;
	d->max_pages = 8192;
	assert_int_equal(stage2_init(&d->s2, PA_40, (uint8_t)(id + 1)), 0);
	/* So that the tables stay, and what is counted is frames. */
	assert_int_equal(stage2_map(&d->s2, ipa_make((HOLE + 511ULL) << 12), pa_make(0), PAGE_SIZE, STAGE2_DEVICE), 0);
}

static int setup(void **state)
{
	(void)state;
	before = arena_free_pages();
	make(&a, 1);
	make(&b, 2);
	assert_int_equal(p2m_add_fixed(&b, BANK, pa_make((uint64_t)BANK << 12), NR_BANK * PAGE_SIZE), 0);
	fake_maintenance = (struct fake_maintenance){ 0 };
	return 0;
}

static void end(struct domain *d)
{
	unsigned int calls = 0;

	while (!p2m_reap(d))
		assert_true(++calls < 1000);
	assert_int_equal(d->tot_pages, 0);
	p2m_destroy(d);
}

static int teardown(void **state)
{
	(void)state;
	end(&a);
	end(&b);
	assert_int_equal(arena_free_pages(), before);
	assert_int_equal(fake_locks_held, 0);
	return 0;
}

static struct stage2_entry at(struct domain *d, uint64_t gfn)
{
	struct stage2_entry e;

	assert_int_equal(stage2_lookup(&d->s2, ipa_make(gfn << 12), &e), 0);
	return e;
}

static bool mapped(struct domain *d, uint64_t gfn)
{
	struct stage2_entry e;

	return stage2_lookup(&d->s2, ipa_make(gfn << 12), &e) == 0;
}

static unsigned int populate(struct domain *d, uint64_t gfn, unsigned int order)
{
	unsigned int calls = 1;

	for (int err; (err = p2m_populate(d, gfn, order)); calls++)
		assert_int_equal(err, -EAGAIN);
	return calls;
}

static bool is_zero(const struct stage2_entry *e, uint64_t size)
{
	const uint64_t *p = pa_ptr(e->pa);

	for (uint64_t i = 0; i < size / 8; i++)
		if (p[i])
			return false;
	return true;
}

/* Mappings strewn over the address space cost a table each; a guest can't eat the heap by them. */
static void test_strewn_mappings(void **state)
{
	void *page = page_alloc(0);
	unsigned int n = 0;
	int err = 0;

	(void)state;
	while (n < 100000 && (err = p2m_map_xen_page(&a, (uint64_t)n << 9, page, false)) == 0)
		n++;
	assert_int_equal(err, -ENOMEM);
	assert_in_range(n, 200, 300);
	assert_int_equal(p2m_populate(&a, (uint64_t)n << 9, 0), -ENOMEM);
	while (n-- > 0)
		assert_int_equal(p2m_remove(&a, (uint64_t)n << 9), 0);
	p2m_free_xen_page(page);
}

static void test_populate(void **state)
{
	struct stage2_entry e;

	(void)state;
	assert_int_equal(p2m_populate(&a, GFN, 0), 0);
	e = at(&a, GFN);
	assert_int_equal(e.type, STAGE2_RAM);
	assert_int_equal(e.contiguous, PAGE_SIZE);
	assert_true(is_zero(&e, PAGE_SIZE));
	/* It went out of the caches, all of it. */
	assert_int_equal(fake_maintenance.dcache, 1);
	assert_ptr_equal(fake_maintenance.last_clean, pa_ptr(e.pa));
	assert_int_equal(fake_maintenance.last_clean_size, PAGE_SIZE);
	assert_int_equal(populate(&a, GFN + 512, 9), 1);
	assert_int_equal(at(&a, GFN + 512).contiguous, 2 * MIB);
	assert_int_equal(a.tot_pages, 513);
	assert_int_equal(p2m_populate(&a, GFN, 0), -EEXIST);
	assert_int_equal(p2m_populate(&a, GFN, 9), -EEXIST);
	assert_int_equal(a.tot_pages, 513);
}

static void test_large_in_slices(void **state)
{
	(void)state;
	/* 2 MiB a call is what is zeroed at once. */
	assert_int_equal(populate(&a, GFN, 11), 4);
	assert_int_equal(fake_maintenance.last_clean_size, 2 * MIB);
	assert_int_equal(a.tot_pages, 2048);
	for (unsigned int i = 0; i < 2048; i++)
		assert_true(mapped(&a, GFN + i));
}

static void test_large_is_all_or_nothing(void **state)
{
	uint64_t free;

	(void)state;
	assert_int_equal(p2m_populate(&a, GFN + 1024 + 5, 0), 0); /* in the third slice */
	free = arena_free_pages();
	assert_int_equal(p2m_populate(&a, GFN, 11), -EAGAIN);
	assert_int_equal(p2m_populate(&a, GFN, 11), -EAGAIN);
	assert_int_equal(p2m_populate(&a, GFN, 11), -EEXIST);
	assert_int_equal(a.tot_pages, 1);
	assert_false(mapped(&a, GFN));
	assert_int_equal(arena_free_pages(), free);
	/* A larger one than there is memory for. */
	a.max_pages = UINT64_MAX;
	for (int err = -EAGAIN; err == -EAGAIN;) {
		err = p2m_populate(&a, HOLE + 0x4000, 14);
		assert_true(err == -EAGAIN || err == -ENOMEM);
	}
	assert_int_equal(a.tot_pages, 1);
	assert_int_equal(arena_free_pages(), free);
}

/* Somebody else's in between: what was done of the first is taken back, and it starts anew. */
static void test_large_interrupted(void **state)
{
	(void)state;
	assert_int_equal(p2m_populate(&a, GFN, 11), -EAGAIN);
	assert_int_equal(p2m_populate(&a, GFN, 11), -EAGAIN);
	assert_int_equal(p2m_populate(&a, HOLE, 0), 0);
	assert_int_equal(a.tot_pages, 1);
	assert_int_equal(populate(&a, GFN, 11), 4);
	assert_int_equal(a.tot_pages, 2049);
	/* One that was begun and is never gone on with, parts of it released and mapped by others. */
	assert_int_equal(p2m_populate(&a, HOLE + 2048, 11), -EAGAIN);
	assert_int_equal(p2m_release(&a, HOLE + 2048 + 7), 0);
	assert_int_equal(p2m_map_foreign(&b, HOLE, &a, HOLE + 2048 + 9, false), 0);
	assert_int_equal(p2m_populate(&a, HOLE + 1, 0), 0);
	assert_int_equal(a.tot_pages, 2050);
	assert_false(mapped(&a, HOLE + 2048 + 8));
	assert_true(mapped(&b, HOLE));
}

static void test_limit(void **state)
{
	(void)state;
	a.max_pages = 513;
	assert_int_equal(p2m_populate(&a, GFN, 10), -E2BIG);
	assert_int_equal(p2m_populate(&a, GFN, 9), 0);
	assert_int_equal(p2m_populate(&a, GFN + 512, 1), -E2BIG);
	assert_int_equal(p2m_populate(&a, GFN + 512, 0), 0);
	assert_int_equal(p2m_populate(&a, GFN + 513, 0), -E2BIG);
	assert_int_equal(p2m_release(&a, GFN + 3), 0);
	assert_int_equal(p2m_populate(&a, GFN + 513, 0), 0);
	a.max_pages = 0; /* below what it has: none more */
	assert_int_equal(p2m_release(&a, GFN + 4), 0);
	assert_int_equal(p2m_populate(&a, GFN + 4, 0), -E2BIG);
}

static void test_refusals(void **state)
{
	(void)state;
	assert_int_equal(p2m_populate(&a, GFN + 1, 1), -EINVAL);
	assert_int_equal(p2m_populate(&a, 0, PAGE_MAX_ORDER + 1), -EINVAL);
	assert_int_equal(p2m_populate(&a, 1ULL << 28, 0), -EINVAL);
	assert_int_equal(p2m_populate(&a, 1ULL << 52, 0), -EINVAL);
	assert_int_equal(p2m_populate(&a, ~0ULL, 0), -EINVAL);
	assert_int_equal(p2m_populate(&a, (1ULL << 28) - 1, 0), 0);
	assert_int_equal(p2m_release(&a, GFN), -EINVAL);
	assert_int_equal(p2m_release(&a, 1ULL << 52), -EINVAL);
	assert_int_equal(p2m_remove(&a, GFN), -ENOENT);
	assert_int_equal(p2m_unmap_foreign(&a, GFN), -ENOENT);
	assert_int_equal(p2m_unmap_grant(&a, ~0ULL), -ENOENT);
	assert_int_equal(p2m_map_foreign(&a, GFN, &b, HOLE, false), -EINVAL);
	assert_int_equal(p2m_map_foreign(&a, 1ULL << 52, &b, BANK, false), -EINVAL);
	assert_int_equal(p2m_map_foreign(&a, GFN, &b, ~0ULL, false), -EINVAL);
	/* A device is nobody's RAM, and isn't removed. */
	assert_int_equal(stage2_map(&a.s2, ipa_make(0x9000000), pa_make(0x9000000), PAGE_SIZE, STAGE2_DEVICE), 0);
	assert_int_equal(p2m_map_foreign(&b, HOLE, &a, 0x9000, false), -EINVAL);
	assert_int_equal(p2m_remove(&a, 0x9000), -EINVAL);
	assert_int_equal(p2m_map_foreign(&a, 0x9000, &b, BANK, false), -EINVAL);
	assert_int_equal(p2m_release(&a, 0x9000), -EINVAL);
	assert_false(share_any(pa_make((uint64_t)BANK << 12), 0));
	a.dying = true;
	assert_int_equal(p2m_populate(&a, GFN, 0), -ESRCH);
	assert_int_equal(p2m_map_foreign(&a, GFN, &b, BANK, false), -ESRCH);
	assert_int_equal(p2m_map_foreign(&b, HOLE, &a, GFN, false), -ESRCH);
	assert_false(share_any(pa_make((uint64_t)BANK << 12), 0));
}

static void test_release_splits(void **state)
{
	uint64_t free;
	paddr_t pa;

	(void)state;
	assert_int_equal(p2m_populate(&a, GFN, 9), 0);
	free = arena_free_pages();
	pa = at(&a, GFN + 5).pa;
	assert_int_equal(p2m_release(&a, GFN + 5), 0);
	assert_int_equal(arena_free_pages(), free); /* one frame back, one taken for the table */
	assert_true(fake_maintenance.tlb_guest + fake_maintenance.tlb_ipa > 0);
	assert_false(mapped(&a, GFN + 5));
	assert_int_equal(at(&a, GFN + 6).pa.raw, pa.raw + PAGE_SIZE);
	assert_int_equal(p2m_release(&a, GFN + 5), -EINVAL);
	assert_int_equal(a.tot_pages, 511);
	assert_int_equal(p2m_release(&a, GFN + 6), 0);
	assert_int_equal(arena_free_pages(), free + 1);
	assert_int_equal(p2m_populate(&a, GFN + 5, 0), 0);
	assert_int_equal(a.tot_pages, 511);
}

/* No frame is handed out while a TLB may still have it. */
static void test_unmapped_before_freed(void **state)
{
	unsigned int flushes;

	(void)state;
	assert_int_equal(p2m_populate(&a, HOLE, 0), 0);
	flushes = fake_maintenance.tlb_guest + fake_maintenance.tlb_ipa;
	assert_int_equal(p2m_release(&a, HOLE), 0);
	assert_int_equal(fake_maintenance.tlb_guest + fake_maintenance.tlb_ipa, flushes + 1);
	assert_int_equal(fake_maintenance.last_vttbr, a.s2.vttbr);
}

static void test_own_ram_comes_back(void **state)
{
	uint64_t free = arena_free_pages();

	(void)state;
	assert_int_equal(b.tot_pages, NR_BANK);
	assert_int_equal(at(&b, BANK + 700).type, STAGE2_FIXED);
	assert_int_equal(p2m_release(&b, BANK + 700), 0);
	assert_int_equal(p2m_release(&b, BANK + 701), 0);
	assert_int_equal(b.tot_pages, NR_BANK - 2);
	assert_false(mapped(&b, BANK + 700));
	/* In between something else may be there, as Linux's balloon does it. */
	assert_int_equal(p2m_populate(&a, GFN, 0), 0);
	assert_int_equal(p2m_map_foreign(&b, BANK + 700, &a, GFN, false), 0);
	assert_int_equal(p2m_populate(&b, BANK + 700, 0), -EEXIST);
	assert_int_equal(p2m_unmap_foreign(&b, BANK + 700), 0);
	assert_int_equal(p2m_populate(&b, BANK + 700, 1), 0);
	assert_int_equal(at(&b, BANK + 700).pa.raw, (BANK + 700ULL) << 12);
	assert_int_equal(at(&b, BANK + 701).pa.raw, (BANK + 701ULL) << 12);
	assert_int_equal(at(&b, BANK + 700).type, STAGE2_FIXED);
	assert_int_equal(b.tot_pages, NR_BANK);
	/* None elsewhere, and no more than was its own. */
	assert_int_equal(p2m_populate(&b, HOLE, 0), -EINVAL);
	assert_int_equal(p2m_populate(&b, BANK + NR_BANK, 0), -EINVAL);
	assert_int_equal(p2m_populate(&b, BANK - 1, 0), -EINVAL);
	assert_int_equal(p2m_populate(&b, BANK, 11), -EINVAL);
	assert_true(arena_free_pages() <= free); /* its frames never became the allocator's */
}

static void test_foreign(void **state)
{
	paddr_t pa;
	uint64_t free;

	(void)state;
	assert_int_equal(p2m_populate(&a, GFN, 9), 0);
	pa = at(&a, GFN + 3).pa;
	assert_int_equal(p2m_map_foreign(&b, HOLE, &a, GFN + 3, false), 0);
	assert_int_equal(at(&b, HOLE).pa.raw, pa.raw);
	assert_int_equal(at(&b, HOLE).type, STAGE2_FOREIGN);
	assert_int_equal(p2m_map_foreign(&b, HOLE + 1, &a, GFN + 3, true), 0);
	assert_int_equal(at(&b, HOLE + 1).type, STAGE2_FOREIGN_RO);
	assert_int_equal(b.tot_pages, NR_BANK);
	/* What is mapped from elsewhere can't be passed on, nor be given up as one's own. */
	assert_int_equal(p2m_map_foreign(&a, HOLE, &b, HOLE, false), -EINVAL);
	assert_int_equal(p2m_map_grant(&a, HOLE, &b, HOLE, false), -EINVAL);
	assert_int_equal(p2m_release(&b, HOLE), -EINVAL);
	assert_int_equal(p2m_unmap_grant(&b, HOLE), -EINVAL);
	/* Its owner gives it up: it stays for those who have it. */
	assert_int_equal(p2m_release(&a, GFN + 3), 0);
	free = arena_free_pages();
	memset(pa_ptr(pa), 0x5a, PAGE_SIZE);
	assert_int_equal(p2m_unmap_foreign(&b, HOLE), 0);
	assert_int_equal(arena_free_pages(), free);
	assert_int_equal(*(uint64_t *)pa_ptr(pa), 0x5a5a5a5a5a5a5a5a);
	assert_int_equal(p2m_remove(&b, HOLE + 1), 0);
	assert_int_equal(arena_free_pages(), free + 2); /* and what the registry took */
}

static void test_mapping_replaces(void **state)
{
	uint64_t free;

	(void)state;
	assert_int_equal(p2m_populate(&a, GFN, 0), 0);
	assert_int_equal(p2m_populate(&a, GFN + 1, 0), 0);
	free = arena_free_pages();
	assert_int_equal(p2m_map_foreign(&a, GFN, &b, BANK, false), 0);
	assert_int_equal(a.tot_pages, 1);
	assert_int_equal(arena_free_pages(), free); /* the frame back, the registry's page taken */
	assert_int_equal(p2m_map_foreign(&a, GFN, &b, BANK, false), 0); /* the same again */
	assert_int_equal(p2m_map_foreign(&a, GFN, &b, BANK + 1, false), 0);
	assert_false(share_any(pa_make((uint64_t)BANK << 12), 0));
	assert_int_equal(p2m_map_foreign(&a, GFN, &b, BANK + 1, true), 0); /* another way */
	assert_int_equal(at(&a, GFN).type, STAGE2_FOREIGN_RO);
	assert_int_equal(p2m_unmap_foreign(&a, GFN), 0);
	assert_false(share_any(pa_make((uint64_t)BANK << 12), 9));
	assert_int_equal(arena_free_pages(), free + 1);
}

static void test_grant(void **state)
{
	(void)state;
	assert_int_equal(p2m_populate(&a, GFN, 0), 0);
	assert_int_equal(p2m_map_grant(&b, HOLE, &a, GFN, false), 0);
	assert_int_equal(at(&b, HOLE).type, STAGE2_GRANT);
	/* Whoever granted it is told when it goes: by the grant table's call alone. */
	assert_int_equal(p2m_remove(&b, HOLE), -EINVAL);
	assert_int_equal(p2m_unmap_foreign(&b, HOLE), -EINVAL);
	assert_int_equal(p2m_map_foreign(&b, HOLE, &a, GFN, false), -EINVAL);
	assert_int_equal(p2m_unmap_grant(&b, HOLE), 0);
	assert_int_equal(p2m_map_grant(&b, HOLE, &a, GFN, true), 0);
	assert_int_equal(at(&b, HOLE).type, STAGE2_GRANT_RO);
	assert_int_equal(p2m_unmap_grant(&b, HOLE), 0);
	assert_false(share_any(at(&a, GFN).pa, 0));
}

static void test_xen_pages(void **state)
{
	void *page = page_alloc(0);
	uint64_t free;

	(void)state;
	assert_int_equal(p2m_map_xen_page(&a, HOLE, page, false), 0);
	assert_int_equal(p2m_map_xen_page(&a, HOLE, page, false), 0); /* Linux does it again when it resumes */
	assert_int_equal(p2m_map_xen_page(&b, HOLE, page, true), 0);
	assert_int_equal(at(&a, HOLE).type, STAGE2_XEN);
	assert_int_equal(at(&b, HOLE).type, STAGE2_XEN_RO);
	assert_int_equal(a.tot_pages, 0);
	assert_int_equal(p2m_remove(&a, HOLE), 0);
	free = arena_free_pages();
	p2m_free_xen_page(page);
	assert_int_equal(arena_free_pages(), free);
	assert_int_equal(p2m_remove(&b, HOLE), 0);
	assert_int_equal(arena_free_pages(), free + 2);
	p2m_free_xen_page(page_alloc(0));
	p2m_free_xen_page(NULL);
	assert_int_equal(arena_free_pages(), free + 2);
}

static void test_frames(void **state)
{
	paddr_t pa, other;
	uint64_t free;

	(void)state;
	assert_int_equal(p2m_populate(&a, GFN, 0), 0);
	assert_int_equal(p2m_get_frame(&a, GFN, true, &pa), 0);
	assert_int_equal(pa.raw, at(&a, GFN).pa.raw);
	assert_int_equal(p2m_release(&a, GFN), 0);
	free = arena_free_pages();
	p2m_put_frame(pa);
	assert_int_equal(arena_free_pages(), free + 2);
	assert_int_equal(p2m_get_frame(&a, GFN, false, &pa), -EINVAL);
	/* Read-only for it, so for what is done in its name, too. */
	assert_int_equal(p2m_map_foreign(&a, GFN, &b, BANK, true), 0);
	assert_int_equal(p2m_get_frame(&a, GFN, true, &other), -EINVAL);
	assert_int_equal(p2m_get_frame(&a, GFN, false, &other), 0);
	assert_int_equal(other.raw, (uint64_t)BANK << 12);
	p2m_put_frame(other);
	/* Not its own: what it could still write when the owner has it back. */
	assert_int_equal(p2m_get_own_frame(&a, GFN, false, &other), -EINVAL);
	assert_int_equal(p2m_map_grant(&a, GFN + 1, &b, BANK, false), 0);
	assert_int_equal(p2m_get_own_frame(&a, GFN + 1, true, &other), -EINVAL);
	assert_int_equal(p2m_unmap_grant(&a, GFN + 1), 0);
	assert_int_equal(p2m_get_own_frame(&b, BANK, true, &other), 0);
	p2m_put_frame(other);
	assert_int_equal(p2m_unmap_foreign(&a, GFN), 0);
}

static void test_no_memory(void **state)
{
	uint64_t free;

	(void)state;
	assert_int_equal(p2m_populate(&a, GFN, 9), 0);
	free = arena_free_pages();
	arena_drain();
	assert_int_equal(p2m_populate(&a, GFN + 512, 0), -ENOMEM);
	assert_int_equal(p2m_release(&a, GFN), -ENOMEM); /* the block can't be split */
	assert_int_equal(p2m_map_foreign(&b, HOLE, &a, GFN, false), -ENOMEM);
	arena_refill();
	assert_int_equal(a.tot_pages, 512);
	assert_int_equal(arena_free_pages(), free);
	assert_false(share_any(at(&a, GFN).pa, 9));
}

static void test_stale_fault(void **state)
{
	(void)state;
	assert_false(p2m_fault_is_stale(&a, ipa_make((uint64_t)GFN << 12)));
	assert_int_equal(p2m_populate(&a, GFN, 0), 0);
	assert_true(p2m_fault_is_stale(&a, ipa_make(((uint64_t)GFN << 12) + 8)));
	assert_false(p2m_fault_is_stale(&a, ipa_make(1ULL << 45)));
}

/* An owner that dies while others have its memory: that much stays, and goes when they let go. */
static void test_the_dead_leave_what_others_have(void **state)
{
	paddr_t pa;
	uint64_t free;
	void *block = page_alloc(11);

	(void)state;
	assert_int_equal(p2m_add_block(&a, GFN, block, 11), 0);
	assert_int_equal(a.tot_pages, 2048);
	assert_int_equal(p2m_map_foreign(&b, HOLE, &a, GFN + 600, false), 0);
	assert_int_equal(p2m_map_grant(&b, HOLE + 1, &a, GFN + 600, false), 0);
	assert_int_equal(p2m_map_grant(&b, HOLE + 2, &a, GFN + 2000, true), 0);
	pa = at(&b, HOLE).pa;
	memset(pa_ptr(pa), 0x77, PAGE_SIZE);
	a.dying = true;
	end(&a);
	free = arena_free_pages();
	/* All that b still has; whoever allocates now doesn't get these. */
	arena_drain();
	assert_int_equal(*(uint64_t *)pa_ptr(pa), 0x7777777777777777);
	arena_refill();
	assert_int_equal(p2m_unmap_foreign(&b, HOLE), 0);
	assert_int_equal(arena_free_pages(), free);
	assert_int_equal(p2m_unmap_grant(&b, HOLE + 1), 0);
	assert_int_equal(arena_free_pages(), free + 1);
	assert_int_equal(p2m_unmap_grant(&b, HOLE + 2), 0);
	assert_int_equal(arena_free_pages(), free + 3); /* the registry's page: two regions in it */
	make(&a, 1);
}

/* The mapper dies first: what it had is its owner's alone again. */
static void test_the_dead_let_go(void **state)
{
	(void)state;
	assert_int_equal(p2m_populate(&a, GFN, 9), 0);
	for (unsigned int i = 0; i < 40; i++)
		assert_int_equal(p2m_map_foreign(&b, HOLE + i, &a, GFN + i * 3, i % 2), 0);
	assert_int_equal(p2m_map_grant(&b, HOLE + 50, &a, GFN, false), 0);
	end(&b);
	assert_false(share_any(at(&a, GFN).pa, 9));
	assert_int_equal(a.tot_pages, 512);
	make(&b, 2);
}

static void test_reap_in_slices(void **state)
{
	unsigned int calls = 1;

	(void)state;
	for (unsigned int i = 0; i < 2000; i++)
		assert_int_equal(p2m_populate(&a, GFN + i, 0), 0);
	fake_counter_step = 100000; /* each look at the clock: five times 32 pages in half a millisecond */
	while (!p2m_reap(&a))
		calls++;
	fake_counter_step = 100;
	assert_in_range(calls, 2000 / (5 * 32), 2000 / (4 * 32) + 1);
	assert_int_equal(a.tot_pages, 0);
}

/* Everything at random, with a model of who has what; in the end all is given back. */
static void test_random(void **state)
{
	enum { GFNS = 64 };
	struct domain *d[2] = { &a, &b };

	(void)state;
	srand(11);
	for (unsigned int i = 0; i < 20000; i++) {
		struct domain *x = d[rand() % 2], *y = d[rand() % 2];
		uint64_t base = x == &a ? GFN : BANK, from = y == &a ? GFN : BANK;
		uint64_t g = base + (uint64_t)(rand() % GFNS), f = from + (uint64_t)(rand() % GFNS);
		uint64_t tot = x->tot_pages, count = 0;
		int err = 0;

		switch (rand() % 8) {
		case 0:
			err = p2m_populate(x, g, 0);
			break;
		case 1:
			err = p2m_populate(x, g & ~7ULL, 3);
			break;
		case 2:
			err = p2m_release(x, g);
			break;
		case 3:
			err = p2m_map_foreign(x, g, y, f, rand() % 2);
			break;
		case 4:
			err = p2m_unmap_foreign(x, g);
			break;
		case 5:
			err = p2m_map_grant(x, g, y, f, rand() % 2);
			break;
		case 6:
			err = p2m_unmap_grant(x, g);
			break;
		default:
			err = p2m_remove(x, g);
			break;
		}
		assert_true(err <= 0 && err != -ENOMEM);
		for (uint64_t n = 0; n < GFNS; n++) {
			struct stage2_entry e;

			if (stage2_lookup(&x->s2, ipa_make((base + n) << 12), &e) == 0)
				count += stage2_is_own(e.type);
		}
		assert_int_equal(x->tot_pages, count + (x == &b ? NR_BANK - GFNS : 0));
		assert_true(err == 0 || x->tot_pages == tot || x->tot_pages == tot - 1);
	}
}

int main(void)
{
#define T(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
	const struct CMUnitTest tests[] = {
		T(test_strewn_mappings), T(test_populate),
		T(test_large_in_slices),
		T(test_large_is_all_or_nothing),
		T(test_large_interrupted),
		T(test_limit),
		T(test_refusals),
		T(test_release_splits),
		T(test_unmapped_before_freed),
		T(test_own_ram_comes_back),
		T(test_foreign),
		T(test_mapping_replaces),
		T(test_grant),
		T(test_xen_pages),
		T(test_frames),
		T(test_no_memory),
		T(test_stale_fault),
		T(test_the_dead_leave_what_others_have),
		T(test_the_dead_let_go),
		T(test_reap_in_slices),
		T(test_random),
	};

	arena_init(ARENA);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
