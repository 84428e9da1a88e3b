/* SPDX-License-Identifier: Apache-2.0 */
#include "mm/page.h"

#include "arch/spinlock.h"
#include "lib/list.h"
#include "lib/panic.h"
#include "lib/string.h"

/*
 * Buddy allocator without a page array: a free block's head lies in the block itself. What is in a block that isn't free
 * is its owner's, so a buddy is never looked into before it is known to be free: it is looked for by its address in a table of
 * free blocks. A guest may have all its memory in single pages that don't join; the chains are short even then.
 */
struct free_block {
	struct list link;  /* of its order */
	struct list chain; /* of its bucket */
	uint64_t magic;
};

#define BUCKETS 2048 /* 11 bits of the hash */

#define FREE_MAGIC 0x656572662d6d6400ULL

static struct {
	struct spinlock lock;
	struct list free[PAGE_MAX_ORDER + 1]; /* lock */
	struct list buckets[BUCKETS];	      /* lock */
	struct page_stats stats;	      /* lock */
	bool ready;			      /* boot */
	bool forbidden;			      /* boot CPU, with no other running */
} pages;

static uint64_t block_size(unsigned int order)
{
	return PAGE_SIZE << order;
}

static void prepare(void)
{
	if (pages.ready)
		return;
	for (unsigned int i = 0; i <= PAGE_MAX_ORDER; i++)
		list_init(&pages.free[i]);
	for (unsigned int i = 0; i < BUCKETS; i++)
		list_init(&pages.buckets[i]);
	pages.ready = true;
}

static struct list *bucket(uintptr_t addr)
{
	return &pages.buckets[((addr >> PAGE_SHIFT) * 0x9e3779b97f4a7c15ULL) >> 53];
}

static void insert_free(void *block, unsigned int order)
{
	struct free_block *b = block;

	b->magic = FREE_MAGIC + order;
	list_insert_before(pages.free[order].next, &b->link);
	list_insert_before(bucket((uintptr_t)b), &b->chain);
}

static void remove_free(struct free_block *b)
{
	list_remove(&b->link);
	list_remove(&b->chain);
	b->magic = 0;
}

static struct free_block *find_free(uintptr_t addr, unsigned int order)
{
	struct free_block *pos;

	list_for_each(pos, bucket(addr), chain) {
		if ((uintptr_t)pos == addr)
			return pos->magic == FREE_MAGIC + order ? pos : NULL;
	}
	return NULL;
}

/* Puts a block back, joined with its buddy as long as that is free too. */
static void merge_free(uintptr_t addr, unsigned int order)
{
	while (order < PAGE_MAX_ORDER) {
		struct free_block *buddy = find_free(addr ^ block_size(order), order);

		if (!buddy)
			break;
		remove_free(buddy);
		addr &= ~block_size(order);
		order++;
	}
	insert_free((void *)addr, order);
}

void page_add_range(paddr_t base, uint64_t size)
{
	uint64_t addr = ALIGN_UP(base.raw, PAGE_SIZE);
	uint64_t end = ALIGN_DOWN(base.raw + size, PAGE_SIZE);

	prepare();
	spin_lock(&pages.lock);
	while (addr < end) {
		unsigned int order = 0;

		while (order < PAGE_MAX_ORDER && IS_ALIGNED(addr, block_size(order + 1)) &&
		       addr + block_size(order + 1) <= end)
			order++;
		merge_free(addr, order);
		pages.stats.total_pages += BIT(order);
		pages.stats.free_pages += BIT(order);
		addr += block_size(order);
	}
	spin_unlock(&pages.lock);
}

static void *take_locked(unsigned int order)
{
	unsigned int have = order;
	struct free_block *b;

	while (have <= PAGE_MAX_ORDER && list_empty(&pages.free[have]))
		have++;
	if (have > PAGE_MAX_ORDER)
		return NULL;
	b = list_entry(pages.free[have].next, struct free_block, link);
	ASSERT(b->magic == FREE_MAGIC + have);
	remove_free(b);
	while (have > order) {
		have--;
		insert_free((char *)b + block_size(have), have);
	}
	pages.stats.free_pages -= BIT(order);
	return b;
}

void *page_alloc(unsigned int order)
{
	void *block;

	ASSERT(!pages.forbidden);
	if (order > PAGE_MAX_ORDER || !pages.ready)
		return NULL;
	spin_lock(&pages.lock);
	block = take_locked(order);
	spin_unlock(&pages.lock);
	if (block)
		memset(block, 0, block_size(order));
	return block;
}

void page_free(void *block, unsigned int order)
{
	if (!block)
		return;
	ASSERT(!pages.forbidden);
	ASSERT(order <= PAGE_MAX_ORDER && IS_ALIGNED((uintptr_t)block, block_size(order)));
	spin_lock(&pages.lock);
	merge_free((uintptr_t)block, order);
	pages.stats.free_pages += BIT(order);
	spin_unlock(&pages.lock);
}

unsigned int page_order(uint64_t size)
{
	unsigned int order = 0;

	while (block_size(order) < size)
		order++;
	return order;
}

void page_stats(struct page_stats *out)
{
	spin_lock(&pages.lock);
	*out = pages.stats;
	spin_unlock(&pages.lock);
}

void page_forbid(bool forbidden)
{
	pages.forbidden = forbidden;
}
