/* SPDX-License-Identifier: Apache-2.0 */
#include "mm/share.h"

#include "arch/spinlock.h"
#include "lib/bitmap.h"
#include "lib/err.h"
#include "lib/panic.h"
#include "mm/page.h"

#define REGION_ORDER 9 /* 2 MiB */
#define REGION_PAGES 512
#define BUCKETS	     512

/* A region with at least one shared frame, in its bucket's chain. */
struct region {
	struct region *next; /* in the chain, or of the free ones */
	uint64_t number;     /* pa >> 21 */
	unsigned int shared; /* frames with a count that isn't 0 */
	uint16_t count[REGION_PAGES];
	uint64_t orphan[REGION_PAGES / 64];
};

/* Regions are cut from pages, and a page goes back when none of its is in use. */
#define SLAB_REGIONS 3
struct slab {
	struct slab *next, *prev;
	unsigned int used; /* bits */
	struct region regions[SLAB_REGIONS];
};
_Static_assert(sizeof(struct slab) <= PAGE_SIZE, "a slab is a page");

static struct {
	struct spinlock lock;
	struct region *buckets[BUCKETS]; /* lock */
	struct slab *slabs;		 /* lock; all of them, those with room first */
} shares;

static struct region **find(uint64_t number)
{
	struct region **at = &shares.buckets[number % BUCKETS];

	while (*at && (*at)->number != number)
		at = &(*at)->next;
	return at;
}

static void unlink_slab(struct slab *s)
{
	*(s->prev ? &s->prev->next : &shares.slabs) = s->next;
	if (s->next)
		s->next->prev = s->prev;
}

static void push_slab(struct slab *s)
{
	s->prev = NULL;
	s->next = shares.slabs;
	if (s->next)
		s->next->prev = s;
	shares.slabs = s;
}

static bool full(const struct slab *s)
{
	return s->used == BIT(SLAB_REGIONS) - 1;
}

/* A full one goes behind those with room: out of the list it is found by its regions alone. */
static struct region *new_region(uint64_t number)
{
	struct slab *s = shares.slabs;
	struct region *r;
	unsigned int i;

	if (!s) {
		s = page_alloc(0);
		if (!s)
			return NULL;
		push_slab(s);
	}
	i = (unsigned int)__builtin_ctz(~s->used);
	s->used |= 1U << i;
	if (full(s))
		unlink_slab(s);
	r = &s->regions[i];
	*r = (struct region){ .number = number };
	return r;
}

static void free_region(struct region *r)
{
	struct slab *s = (struct slab *)ALIGN_DOWN((uintptr_t)r, PAGE_SIZE);

	if (full(s))
		push_slab(s);
	s->used &= ~(1U << (r - s->regions));
	if (!s->used) {
		unlink_slab(s);
		page_free(s, 0);
	}
}

static uint64_t number_of(paddr_t pa)
{
	return pa.raw >> (PAGE_SHIFT + REGION_ORDER);
}

static unsigned int index_of(paddr_t pa)
{
	return (pa.raw >> PAGE_SHIFT) % REGION_PAGES;
}

static int get_locked(paddr_t pa)
{
	struct region **at = find(number_of(pa));
	struct region *r = *at;
	unsigned int i = index_of(pa);

	if (!r) {
		r = new_region(number_of(pa));
		if (!r)
			return -ENOMEM;
		*at = r;
	}
	if (r->count[i] == UINT16_MAX)
		return -ENOSPC;
	r->shared += r->count[i]++ == 0;
	return 0;
}

int share_get(paddr_t pa)
{
	int err;

	spin_lock(&shares.lock);
	err = get_locked(pa);
	spin_unlock(&shares.lock);
	return err;
}

/* True: the frame is to be freed. */
static bool put_locked(paddr_t pa)
{
	struct region **at = find(number_of(pa));
	struct region *r = *at;
	unsigned int i = index_of(pa);
	bool orphan;

	ASSERT(r && r->count[i]);
	if (--r->count[i])
		return false;
	orphan = bitmap_test(r->orphan, i);
	bitmap_clear(r->orphan, i);
	if (--r->shared == 0) {
		*at = r->next;
		free_region(r);
	}
	return orphan;
}

void share_put(paddr_t pa)
{
	bool orphan;

	spin_lock(&shares.lock);
	orphan = put_locked(pa);
	spin_unlock(&shares.lock);
	if (orphan)
		page_free(pa_ptr(pa_make(ALIGN_DOWN(pa.raw, PAGE_SIZE))), 0);
}

bool share_orphan(paddr_t pa)
{
	struct region *r;
	bool shared;

	spin_lock(&shares.lock);
	r = *find(number_of(pa));
	shared = r && r->count[index_of(pa)];
	if (shared)
		bitmap_set(r->orphan, index_of(pa));
	spin_unlock(&shares.lock);
	return shared;
}

bool share_any(paddr_t pa, unsigned int order)
{
	uint64_t count = BIT(order);
	bool any = false;

	spin_lock(&shares.lock);
	for (uint64_t i = 0; i < count && !any;) {
		struct region *r = *find(number_of(pa));

		if (order >= REGION_ORDER) {
			any = r;
			i += REGION_PAGES;
			pa.raw += PAGE_SIZE << REGION_ORDER;
		} else {
			any = r && r->count[index_of(pa)];
			i++;
			pa.raw += PAGE_SIZE;
		}
	}
	spin_unlock(&shares.lock);
	return any;
}
