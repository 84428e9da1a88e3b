/* SPDX-License-Identifier: Apache-2.0 */
#include "mm/stage2.h"

#include "arch/barrier.h"
#include "arch/tlb.h"
#include "lib/err.h"
#include "lib/string.h"
#include "mm/page.h"
#include "mm/pte.h"

#define S2_MAX_IPA_BITS 40
#define S2_START_LEVEL	1

/* Bits of an IPA by ID_AA64MMFR0_EL1.PARange (Arm ARM D19.2.64). */
static const uint8_t pa_range_bits[] = { 32, 36, 40, 42, 44, 48, 52 };

#define S2_READABLE (PTE_S2_NORMAL_WB | PTE_SH_INNER | PTE_S2_READ)
#define S2_RAM	    (S2_READABLE | PTE_S2_WRITE)
#define TYPE(t)	    PTE_S2_TYPE(STAGE2_##t)

static const uint64_t type_attrs[] = {
	[STAGE2_RAM] = TYPE(RAM) | S2_RAM,
	[STAGE2_RAM_RO] = TYPE(RAM_RO) | S2_READABLE,
	[STAGE2_DEVICE] = TYPE(DEVICE) | PTE_S2_DEVICE_NGNRE | PTE_S2_READ | PTE_S2_WRITE | PTE_S2_XN,
	[STAGE2_FIXED] = TYPE(FIXED) | S2_RAM,
	[STAGE2_FOREIGN] = TYPE(FOREIGN) | S2_RAM | PTE_S2_XN,
	[STAGE2_FOREIGN_RO] = TYPE(FOREIGN_RO) | S2_READABLE | PTE_S2_XN,
	[STAGE2_GRANT] = TYPE(GRANT) | S2_RAM | PTE_S2_XN,
	[STAGE2_GRANT_RO] = TYPE(GRANT_RO) | S2_READABLE | PTE_S2_XN,
	[STAGE2_XEN] = TYPE(XEN) | S2_RAM | PTE_S2_XN,
	[STAGE2_XEN_RO] = TYPE(XEN_RO) | S2_READABLE | PTE_S2_XN,
};
#define S2_ATTR_MASK (S2_RAM | PTE_S2_XN | PTE_S2_TYPE_MASK)

unsigned int stage2_ipa_bits(unsigned int pa_range)
{
	unsigned int bits = pa_range < ARRAY_SIZE(pa_range_bits) ? pa_range_bits[pa_range] : 32;

	return bits < S2_MAX_IPA_BITS ? bits : S2_MAX_IPA_BITS;
}

uint64_t stage2_vtcr(unsigned int pa_range)
{
	/*
	 * VTCR_EL2 (D19.2.162): RES1 bit 31; PS at most 48 bits; TG0 = 4 KiB; inner shareable write-back walks;
	 * SL0 = 1: start at level 1; T0SZ.
	 */
	uint64_t ps = pa_range < 5 ? pa_range : 5;

	return BIT(31) | ps << 16 | 3ULL << 12 | 1ULL << 10 | 1ULL << 8 | 1ULL << 6 |
	       (64 - stage2_ipa_bits(pa_range));
}

/* The root is one level 1 table up to 39 bits, two side by side for 40 (D8.2.2, concatenation). */
static unsigned int root_order(const struct stage2 *s2)
{
	return s2->ipa_bits > 39 ? 1 : 0;
}

static uint64_t *root_entry(struct stage2 *s2, uint64_t ipa)
{
	return &s2->root[ipa >> pte_shift(S2_START_LEVEL)];
}

int stage2_init(struct stage2 *s2, unsigned int pa_range, uint8_t vmid)
{
	memset(s2, 0, sizeof(*s2));
	s2->ipa_bits = stage2_ipa_bits(pa_range);
	s2->root = page_alloc(root_order(s2));
	if (!s2->root)
		return -ENOMEM;
	s2->table_pages = BIT(root_order(s2));
	s2->vttbr = ptr_pa(s2->root).raw | (uint64_t)vmid << 48;
	return 0;
}

static void free_table(uint64_t *table, unsigned int level)
{
	for (unsigned int i = 0; i < PTE_ENTRIES; i++) {
		if (pte_is_table(table[i], level))
			free_table(pa_ptr(pte_pa(table[i])), level + 1);
	}
	page_free(table, 0);
}

void stage2_destroy(struct stage2 *s2)
{
	unsigned int entries = PTE_ENTRIES << root_order(s2);

	if (!s2->root)
		return;
	tlb_flush_guest(s2->vttbr);
	for (unsigned int i = 0; i < entries; i++) {
		if (pte_is_table(s2->root[i], S2_START_LEVEL))
			free_table(pa_ptr(pte_pa(s2->root[i])), S2_START_LEVEL + 1);
	}
	page_free(s2->root, root_order(s2));
	s2->root = NULL;
}

static int check_range(const struct stage2 *s2, uint64_t ipa, uint64_t size)
{
	if (!IS_ALIGNED(ipa | size, PAGE_SIZE))
		return -EINVAL;
	if (ipa + size < ipa || ipa + size > BIT(s2->ipa_bits))
		return -ERANGE;
	return 0;
}

/*
 * Break before make (D8.14.1): a live entry may not change to another live one in one step. The
 * entry is made invalid, the TLBs are cleared of it on all CPUs, then the new one is written.
 */
static void replace_entry(struct stage2 *s2, uint64_t *entry, uint64_t ipa, uint64_t new)
{
	if (pte_valid(*entry)) {
		*entry = 0;
		dsb(ishst); /* the walkers see the invalid entry before the invalidation below */
		if (pte_is_table(new, 2) || new == 0)
			tlb_flush_guest(s2->vttbr);
		else
			tlb_flush_ipa(s2->vttbr, ipa_make(ipa));
	}
	dsb(ishst); /* a table's contents are visible before the entry that leads to it */
	*entry = new;
}

/* Turns a block into a table of the next level's leaves that map the same. */
static uint64_t *split_block(struct stage2 *s2, uint64_t *entry, unsigned int level, uint64_t ipa)
{
	uint64_t old = *entry;
	uint64_t *table = page_alloc(0);

	if (!table)
		return NULL;
	s2->table_pages++;
	if (pte_valid(old)) {
		for (unsigned int i = 0; i < PTE_ENTRIES; i++)
			table[i] = pte_make_leaf(pa_make(pte_pa(old).raw + i * pte_size(level + 1)),
						 level + 1, old & S2_ATTR_MASK);
	}
	replace_entry(s2, entry, ALIGN_DOWN(ipa, pte_size(level)), pte_make_table(ptr_pa(table)));
	return table;
}

static void drop_subtree(struct stage2 *s2, uint64_t *table, unsigned int level)
{
	for (unsigned int i = 0; i < PTE_ENTRIES; i++) {
		if (pte_is_table(table[i], level))
			drop_subtree(s2, pa_ptr(pte_pa(table[i])), level + 1);
	}
	page_free(table, 0);
	s2->table_pages--;
}

/* Writes one leaf, or none (pte 0), for the largest piece of [ipa, end); returns its size, 0 without memory. */
static uint64_t set_one(struct stage2 *s2, uint64_t ipa, uint64_t end, paddr_t pa, const uint64_t *attrs)
{
	uint64_t *entry = root_entry(s2, ipa);

	for (unsigned int level = S2_START_LEVEL;; level++) {
		uint64_t align_pa = attrs ? pa.raw : ipa;
		uint64_t *table;

		if (!attrs && !pte_valid(*entry)) /* nothing here to unmap */
			return min_u64(end, ALIGN_DOWN(ipa, pte_size(level)) + pte_size(level)) - ipa;
		if (pte_block_fits(ipa, align_pa, end - ipa, level)) {
			uint64_t old = *entry;

			replace_entry(s2, entry, ipa, attrs ? pte_make_leaf(pa, level, *attrs) : 0);
			if (pte_is_table(old, level)) {
				tlb_flush_guest(s2->vttbr); /* no walk is still in the tables to be freed */
				drop_subtree(s2, pa_ptr(pte_pa(old)), level + 1);
			}
			return pte_size(level);
		}
		table = pte_is_table(*entry, level) ? pa_ptr(pte_pa(*entry)) :
						      split_block(s2, entry, level, ipa);
		if (!table)
			return 0;
		entry = &table[pte_index(ipa, level + 1)];
	}
}

static int set_range(struct stage2 *s2, uint64_t ipa, paddr_t pa, uint64_t size, const uint64_t *attrs)
{
	uint64_t end = ipa + size;
	int err = check_range(s2, ipa, size);

	if (err)
		return err;
	if (attrs && !IS_ALIGNED(pa.raw, PAGE_SIZE))
		return -EINVAL;
	spin_lock(&s2->lock);
	while (ipa < end) {
		uint64_t done = set_one(s2, ipa, end, pa, attrs);

		if (!done) {
			err = -ENOMEM;
			break;
		}
		ipa += done;
		pa.raw += done;
	}
	dsb(ish); /* the walkers of all CPUs see the new entries before the caller goes on */
	spin_unlock(&s2->lock);
	return err;
}

int stage2_map(struct stage2 *s2, ipa_t ipa, paddr_t pa, uint64_t size, enum stage2_type type)
{
	return set_range(s2, ipa.raw, pa, size, &type_attrs[type]);
}

static void drop_if_empty(struct stage2 *s2, uint64_t *entry, unsigned int level, uint64_t ipa)
{
	uint64_t *table = pa_ptr(pte_pa(*entry));

	if (!pte_is_table(*entry, level))
		return;
	for (unsigned int i = 0; i < PTE_ENTRIES; i++)
		if (pte_valid(table[i]))
			return;
	replace_entry(s2, entry, ipa, 0);
	page_free(table, 0);
	s2->table_pages--;
}

/*
 * Tables on the way to ipa that lead nowhere any more go: otherwise a guest that maps and unmaps a page in each 2 MiB would
 * have us keep a table for each.
 */
static void prune(struct stage2 *s2, uint64_t ipa)
{
	uint64_t *first = root_entry(s2, ipa);

	if (!pte_is_table(*first, S2_START_LEVEL))
		return;
	drop_if_empty(s2, (uint64_t *)pa_ptr(pte_pa(*first)) + pte_index(ipa, S2_START_LEVEL + 1),
		      S2_START_LEVEL + 1, ipa);
	drop_if_empty(s2, first, S2_START_LEVEL, ipa);
}

int stage2_unmap(struct stage2 *s2, ipa_t ipa, uint64_t size)
{
	int err = set_range(s2, ipa.raw, pa_make(0), size, NULL);

	if (err || !size)
		return err;
	spin_lock(&s2->lock);
	prune(s2, ipa.raw);
	prune(s2, ipa.raw + size - 1);
	spin_unlock(&s2->lock);
	return 0;
}

static enum stage2_type attrs_type(uint64_t pte)
{
	return (enum stage2_type)FIELD(pte, 58, 55);
}

static int lookup_locked(struct stage2 *s2, ipa_t ipa, struct stage2_entry *out)
{
	uint64_t *entry;

	if (ipa.raw >= BIT(s2->ipa_bits))
		return -ENOENT;
	entry = root_entry(s2, ipa.raw);
	for (unsigned int level = S2_START_LEVEL; pte_valid(*entry); level++) {
		if (!pte_is_table(*entry, level)) {
			uint64_t offset = ipa.raw & (pte_size(level) - 1);

			out->pa = pa_make(pte_pa(*entry).raw + offset);
			out->type = attrs_type(*entry);
			out->contiguous = pte_size(level) - offset;
			return 0;
		}
		entry = (uint64_t *)pa_ptr(pte_pa(*entry)) + pte_index(ipa.raw, level + 1);
	}
	return -ENOENT;
}

int stage2_lookup(struct stage2 *s2, ipa_t ipa, struct stage2_entry *out)
{
	int err;

	spin_lock(&s2->lock);
	err = lookup_locked(s2, ipa, out);
	spin_unlock(&s2->lock);
	return err;
}

int stage2_copy(struct stage2 *s2, ipa_t ipa, void *buffer, size_t size, bool write)
{
	struct stage2_entry e;
	int err;

	spin_lock(&s2->lock);
	err = lookup_locked(s2, ipa, &e);
	if (!err && (e.type == STAGE2_DEVICE || (write && stage2_is_read_only(e.type))))
		err = -EACCES;
	if (!err && size > e.contiguous)
		err = -EINVAL;
	if (!err) {
		if (write)
			memcpy(pa_ptr(e.pa), buffer, size);
		else
			memcpy(buffer, pa_ptr(e.pa), size);
	}
	spin_unlock(&s2->lock);
	return err;
}

/* A level's answer to "what is mapped from ipa on": nothing up to the end of this entry, or go down, or here. */
uint64_t stage2_next(struct stage2 *s2, uint64_t ipa, uint64_t end)
{
	spin_lock(&s2->lock);
	end = min_u64(end, BIT(s2->ipa_bits));
	while (ipa < end) {
		uint64_t *entry = root_entry(s2, ipa);
		unsigned int level = S2_START_LEVEL;

		for (; pte_is_table(*entry, level); level++)
			entry = (uint64_t *)pa_ptr(pte_pa(*entry)) + pte_index(ipa, level + 1);
		if (pte_valid(*entry))
			break;
		ipa = ALIGN_DOWN(ipa, pte_size(level)) + pte_size(level);
	}
	spin_unlock(&s2->lock);
	return min_u64(ipa, end);
}

struct reaping {
	struct stage2 *s2;
	unsigned int budget;
	stage2_leaf_fn *fn;
	void *ctx;
};

/* What has been taken out is invalid, so that the next call passes over it. Depth: two. */
static bool reap_table(struct reaping *r, uint64_t *table, unsigned int entries, unsigned int level)
{
	for (unsigned int i = 0; i < entries; i++) {
		uint64_t entry = table[i];

		if (!pte_valid(entry))
			continue;
		if (!r->budget)
			return false;
		if (pte_is_table(entry, level)) {
			if (!reap_table(r, pa_ptr(pte_pa(entry)), PTE_ENTRIES, level + 1))
				return false;
			page_free(pa_ptr(pte_pa(entry)), 0);
			r->s2->table_pages--;
		} else {
			r->fn(r->ctx, pte_pa(entry), pte_size(level), attrs_type(entry));
		}
		table[i] = 0;
		r->budget -= r->budget > 0;
	}
	return true;
}

bool stage2_reap(struct stage2 *s2, unsigned int budget, stage2_leaf_fn *fn, void *ctx)
{
	struct reaping r = { .s2 = s2, .budget = budget, .fn = fn, .ctx = ctx };
	bool done = true;

	spin_lock(&s2->lock);
	if (s2->root)
		done = reap_table(&r, s2->root, PTE_ENTRIES << root_order(s2), S2_START_LEVEL);
	spin_unlock(&s2->lock);
	return done;
}
