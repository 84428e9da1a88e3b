/* SPDX-License-Identifier: Apache-2.0 */
/* Grant tables: what an entry allows, who is told that it is in use, and what a guest that lies gets. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>
#include "core/p2m.h"
#include "fake_cpu.h"
#include "lib/err.h"
#include "mm/page.h"
#include "virt/grant.h"
#include "virt/guest_atomic.h"
#include "virt/hypercall/xen_domain.h"

#define NR   3
#define GFNS 32
#define GFN(n) ((uint64_t)(n) << PAGE_SHIFT)

/* A stand-in for core/p2m.c: a few gfns per domain. Frames 0 to 15 are RAM. */
enum type { NONE, RAM, GRANT, XEN };
static struct slot {
	enum type type;
	bool readonly;
	uint8_t *page;
} map[NR][GFNS];
static uint8_t ram[NR][16][PAGE_SIZE] __attribute__((aligned(4096)));
static unsigned int frames_held;
static int p2m_error; /* of the next change */

static struct domain dom[NR];
static bool dying[NR];
static unsigned int refs;
static unsigned int crashed[NR];

static struct slot *slot(struct domain *d, uint64_t gfn)
{
	return gfn < GFNS ? &map[d->id][gfn] : NULL;
}

static int failing(void)
{
	int err = p2m_error;

	p2m_error = 0;
	return err;
}

int p2m_map_grant(struct domain *d, uint64_t gfn, struct domain *owner, uint64_t owner_gfn, bool readonly)
{
	struct slot *to = slot(d, gfn), *from = slot(owner, owner_gfn);
	int err = failing();

	assert_int_equal(fake_locks_held, 0);
	if (err)
		return err;
	if (!to || !from || from->type != RAM || to->type == GRANT)
		return -EINVAL;
	*to = (struct slot){ GRANT, readonly, from->page };
	return 0;
}

int p2m_unmap_grant(struct domain *d, uint64_t gfn)
{
	struct slot *s = slot(d, gfn);
	int err = failing();

	assert_int_equal(fake_locks_held, 0);
	if (err)
		return err;
	if (s->type != GRANT)
		return s->type == NONE ? -ENOENT : -EINVAL;
	*s = (struct slot){ .type = NONE };
	return 0;
}

int p2m_map_xen_page(struct domain *d, uint64_t gfn, void *page, bool readonly)
{
	struct slot *s = slot(d, gfn);

	if (!s)
		return -EINVAL;
	*s = (struct slot){ XEN, readonly, page };
	return 0;
}

void p2m_free_xen_page(void *page)
{
	page_free(page, 0);
}

int p2m_get_own_frame(struct domain *d, uint64_t gfn, bool write, paddr_t *frame)
{
	struct slot *s = slot(d, gfn);

	if (!s || s->type != RAM || (write && s->readonly))
		return -EINVAL;
	*frame = ptr_pa(s->page);
	frames_held++;
	return 0;
}

void p2m_put_frame(paddr_t frame)
{
	frames_held--;
}

int stage2_lookup(struct stage2 *s2, ipa_t ipa, struct stage2_entry *out)
{
	out->pa = pa_make(0x123450000 + ipa.raw);
	return 0;
}

struct domain *domain_get(uint16_t id)
{
	if (id >= NR || dying[id])
		return NULL;
	refs++;
	return &dom[id];
}

void domain_put(struct domain *d)
{
	refs--;
}

void domain_shutdown(struct domain *d, enum domain_shutdown_reason reason)
{
	assert_int_equal(fake_locks_held, 0);
	crashed[d->id]++;
}

/* What the guest does just before an entry is exchanged. */
static void (*meddle)(uint64_t *p);
static bool stubborn;

bool guest_cas64(uint64_t *p, uint64_t *old, uint64_t new)
{
	if (meddle)
		meddle(p);
	if (stubborn)
		return false;
	return __atomic_compare_exchange_n(p, old, new, false, __ATOMIC_SEQ_CST, __ATOMIC_SEQ_CST);
}

bool guest_change64(uint64_t *p, uint64_t clear, uint64_t set, uint64_t *old)
{
	uint64_t seen = *p;

	for (unsigned int i = 0; i < 3; i++)
		if (guest_cas64(p, &seen, (seen & ~clear) | set))
			return true;
	return false;
}

/* The table of domain i: its frame `index` is at its gfn 20 + index. */
static struct grant_entry_v1 *entry(unsigned int i, uint32_t ref)
{
	uint32_t frame = ref / 512;
	struct slot *s = &map[i][20 + frame];

	if (s->type != XEN)
		assert_int_equal(grant_map_frame(&dom[i], 20 + frame, &dom[i], frame), 0);
	return (struct grant_entry_v1 *)(void *)s->page + ref % 512;
}

static void give(unsigned int i, uint32_t ref, uint16_t to, uint32_t gfn, uint16_t flags)
{
	*entry(i, ref) = (struct grant_entry_v1){
		.flags = (uint16_t)(GTF_permit_access | flags), .domid = to, .frame = gfn
	};
}

static struct gnttab_map_grant_ref do_map(unsigned int who, unsigned int owner, uint32_t ref,
					  uint64_t gfn, bool readonly)
{
	struct gnttab_map_grant_ref op = {
		.host_addr = gfn << PAGE_SHIFT,
		.flags = GNTMAP_host_map | (readonly ? GNTMAP_readonly : 0),
		.ref = ref,
		.dom = (uint16_t)owner,
		.status = 77,
	};

	grant_map(&dom[who], &op);
	return op;
}

static int16_t do_unmap(unsigned int who, uint32_t handle, uint64_t gfn)
{
	struct gnttab_unmap_grant_ref op = { .handle = handle,
					     .host_addr = gfn << PAGE_SHIFT,
					     .status = 77 };

	grant_unmap(&dom[who], &op);
	return op.status;
}

static int setup(void **state)
{
	memset(dom, 0, sizeof(dom));
	memset(map, 0, sizeof(map));
	memset(dying, 0, sizeof(dying));
	memset(crashed, 0, sizeof(crashed));
	meddle = NULL;
	stubborn = false;
	for (unsigned int i = 0; i < NR; i++) {
		dom[i].id = (uint16_t)i;
		dom[i].privileged = i == 0;
		dom[i].xen = calloc(1, sizeof(*dom[i].xen));
		if (grant_init(&dom[i]))
			return -1;
		for (unsigned int n = 0; n < 16; n++) {
			map[i][n] = (struct slot){ RAM, false, ram[i][n] };
			memset(ram[i][n], (int)(i * 16 + n), PAGE_SIZE);
		}
	}
	return 0;
}

static int teardown(void **state)
{
	for (unsigned int i = 0; i < NR; i++) {
		grant_stop(&dom[i]);
		dying[i] = true;
		grant_destroy(&dom[i]);
		free(dom[i].xen);
	}
	assert_int_equal(fake_pages_out, 0);
	assert_int_equal(fake_locks_held, 0);
	assert_int_equal(refs, 0);
	assert_int_equal(frames_held, 0);
	return 0;
}

static void table_grows(void **state)
{
	uint32_t nr, max;

	grant_size(&dom[1], &nr, &max);
	assert_int_equal(nr, 0);
	assert_int_equal(max, 64);
	assert_int_equal(grant_map_frame(&dom[1], 25, &dom[1], 2), 0);
	grant_size(&dom[1], &nr, &max);
	assert_int_equal(nr, 3);
	/* The same again is the same page; another domain may be shown it. */
	assert_int_equal(grant_map_frame(&dom[1], 26, &dom[1], 2), 0);
	assert_ptr_equal(map[1][25].page, map[1][26].page);
	assert_int_equal(grant_map_frame(&dom[0], 25, &dom[1], 2), 0);
	assert_ptr_equal(map[0][25].page, map[1][26].page);
	assert_int_equal(grant_map_frame(&dom[1], 25, &dom[1], 64), -EINVAL);
	assert_int_equal(grant_map_frame(&dom[1], 25, &dom[1], 0x80000000), -EINVAL); /* v2's status */
	assert_int_equal(grant_map_frame(&dom[1], GFNS, &dom[1], 2), -EINVAL);
	grant_set_limit(&dom[2], 0xffffffff);
	assert_int_equal(grant_map_frame(&dom[2], 25, &dom[2], 64), -EINVAL);
	grant_set_limit(&dom[2], 4);
	assert_int_equal(grant_map_frame(&dom[2], 25, &dom[2], 4), -EINVAL);
	fake_page_budget = 1;
	assert_int_equal(grant_map_frame(&dom[2], 25, &dom[2], 0), -ENOMEM);
	fake_page_budget = -1;
	grant_size(&dom[2], &nr, &max);
	assert_int_equal(nr, 0);
	assert_int_equal(max, 4);
}

static void mapping(void **state)
{
	struct gnttab_map_grant_ref op;

	give(1, 8, 0, 3, 0);
	op = do_map(0, 1, 8, 17, false);
	assert_int_equal(op.status, GNTST_okay);
	assert_int_equal(op.dev_bus_addr, 0x123450000 + GFN(17));
	assert_int_equal(map[0][17].type, GRANT);
	assert_false(map[0][17].readonly);
	assert_ptr_equal(map[0][17].page, ram[1][3]);
	assert_int_equal(entry(1, 8)->flags, GTF_permit_access | GTF_reading | GTF_writing);
	/* Wrong handles, wrong place, then right, then twice. */
	assert_int_equal(do_unmap(0, op.handle + 1, 17), GNTST_bad_handle);
	assert_int_equal(do_unmap(0, 0xffffffff, 17), GNTST_bad_handle);
	assert_int_equal(do_unmap(2, op.handle, 17), GNTST_bad_handle);
	assert_int_equal(do_unmap(0, op.handle, 18), GNTST_general_error);
	assert_int_equal(map[0][17].type, GRANT);
	assert_int_equal(do_unmap(0, op.handle, 17), GNTST_okay);
	assert_int_equal(map[0][17].type, NONE);
	assert_int_equal(entry(1, 8)->flags, GTF_permit_access);
	assert_int_equal(do_unmap(0, op.handle, 17), GNTST_bad_handle);
	/* A DomU isn't told where memory really is. */
	give(1, 9, 2, 3, 0);
	op = do_map(2, 1, 9, 17, false);
	assert_int_equal(op.status, GNTST_okay);
	assert_int_equal(op.dev_bus_addr, GFN(17));
}

static void read_only(void **state)
{
	struct gnttab_map_grant_ref op;

	give(1, 8, 0, 3, GTF_readonly);
	assert_int_equal(do_map(0, 1, 8, 17, false).status, GNTST_general_error);
	assert_int_equal(entry(1, 8)->flags, GTF_permit_access | GTF_readonly);
	op = do_map(0, 1, 8, 17, true);
	assert_int_equal(op.status, GNTST_okay);
	assert_true(map[0][17].readonly);
	assert_int_equal(entry(1, 8)->flags, GTF_permit_access | GTF_readonly | GTF_reading);
	/* In use for reading: a writer is still asked about. */
	assert_int_equal(do_map(0, 1, 8, 18, false).status, GNTST_general_error);
	assert_int_equal(do_unmap(0, op.handle, 17), GNTST_okay);
	assert_int_equal(entry(1, 8)->flags, GTF_permit_access | GTF_readonly);
}

static void refused(void **state)
{
	struct gnttab_map_grant_ref op = { .ref = 8, .dom = 1, .host_addr = GFN(17) };

	give(1, 8, 0, 3, 0);
	give(1, 9, 0, 3, 0);
	entry(1, 9)->flags = GTF_invalid;
	give(1, 10, 0, 3, 0);
	entry(1, 10)->flags = GTF_accept_transfer;
	give(1, 11, 0, 31, 0);
	give(1, 12, 0, 0xffffffff, 0);
	give(1, 13, 0, 20, 0); /* its own grant table */
	assert_int_equal(do_map(2, 1, 8, 17, false).status, GNTST_general_error);
	assert_int_equal(do_map(0, 1, 9, 17, false).status, GNTST_general_error);
	assert_int_equal(do_map(0, 1, 10, 17, false).status, GNTST_general_error);
	assert_int_equal(do_map(0, 1, 11, 17, false).status, GNTST_bad_page);
	assert_int_equal(do_map(0, 1, 12, 17, false).status, GNTST_bad_page);
	assert_int_equal(do_map(0, 1, 13, 17, false).status, GNTST_bad_page);
	assert_int_equal(do_map(0, 1, 512, 17, false).status, GNTST_bad_gntref);
	assert_int_equal(do_map(0, 1, 0xffffffff, 17, false).status, GNTST_bad_gntref);
	assert_int_equal(do_map(0, 2, 8, 17, false).status, GNTST_bad_gntref);
	assert_int_equal(do_map(0, 9, 8, 17, false).status, GNTST_bad_domain);
	assert_int_equal(do_map(0, DOMID_SELF, 8, 17, false).status, GNTST_bad_domain);
	assert_int_equal(do_map(0, 1, 8, GFNS, false).status, GNTST_bad_page);
	assert_int_equal(do_map(0, 1, 8, BIT(33), false).status, GNTST_bad_virt_addr);
	grant_map(&dom[0], &op);
	assert_int_equal(op.status, GNTST_bad_gntref);
	op.flags = GNTMAP_device_map | GNTMAP_host_map;
	grant_map(&dom[0], &op);
	assert_int_equal(op.status, GNTST_general_error);
	op.flags = GNTMAP_host_map;
	op.host_addr += 8;
	grant_map(&dom[0], &op);
	assert_int_equal(op.status, GNTST_bad_virt_addr);
	p2m_error = -ENOMEM;
	assert_int_equal(do_map(0, 1, 8, 17, false).status, GNTST_general_error);
	/* Nothing is left in use of what failed behind the check. */
	for (uint32_t ref = 8; ref <= 13; ref++)
		assert_int_equal(entry(1, ref)->flags & (GTF_reading | GTF_writing), 0);
	assert_int_equal(entry(1, 8)->flags, GTF_permit_access);
}

/* The entry is in use until the last one lets go. */
static void shared_entry(void **state)
{
	struct gnttab_map_grant_ref a, b, c;

	give(1, 8, 0, 3, 0);
	a = do_map(0, 1, 8, 17, true);
	b = do_map(0, 1, 8, 18, false);
	/* The guest takes it back, and gives something else: what is in use stays what it was. */
	give(1, 8, 0, 5, 0);
	c = do_map(0, 1, 8, 19, true);
	assert_int_equal(c.status, GNTST_okay);
	assert_ptr_equal(map[0][19].page, ram[1][3]);
	entry(1, 8)->domid = 2;
	assert_int_equal(do_map(2, 1, 8, 19, true).status, GNTST_general_error);
	entry(1, 8)->flags |= GTF_reading | GTF_writing;
	assert_int_equal(do_unmap(0, b.handle, 18), GNTST_okay);
	assert_int_equal(entry(1, 8)->flags, GTF_permit_access | GTF_reading);
	assert_int_equal(do_unmap(0, a.handle, 17), GNTST_okay);
	assert_int_equal(entry(1, 8)->flags, GTF_permit_access | GTF_reading);
	assert_int_equal(do_unmap(0, c.handle, 19), GNTST_okay);
	assert_int_equal(entry(1, 8)->flags, GTF_permit_access);
	assert_int_equal(do_map(2, 1, 8, 19, true).status, GNTST_okay);
	assert_ptr_equal(map[2][19].page, ram[1][5]);
}

/* The counts are bytes. */
static void many_users(void **state)
{
	struct gnttab_copy op = { .source = { .u.ref = 8, .domid = 1 },
				  .dest = { .u.gmfn = 1, .domid = DOMID_SELF },
				  .len = 1,
				  .flags = GNTCOPY_source_gref };

	give(1, 8, 0, 3, 0);
	for (unsigned int i = 0; i < 255; i++) {
		map[0][17].type = NONE; /* the same place, as far as p2m is concerned */
		assert_int_equal(do_map(0, 1, 8, 17, true).status, GNTST_okay);
	}
	assert_int_equal(do_map(0, 1, 8, 18, true).status, GNTST_no_space);
	grant_copy(&dom[0], &op);
	assert_int_equal(op.status, GNTST_no_space);
	for (uint32_t handle = 0; handle < 255; handle++) {
		assert_int_equal(entry(1, 8)->flags, GTF_permit_access | GTF_reading);
		assert_int_equal(do_unmap(0, handle, 17), GNTST_okay);
	}
	assert_int_equal(entry(1, 8)->flags, GTF_permit_access);
}

static void handles_run_out(void **state)
{
	unsigned int most = GRANT_MAPS_DOMU * 256, got = 0;
	uint32_t first = 0;

	give(1, 0, 2, 3, 0);
	for (unsigned int i = 0; i <= most; i++) {
		struct gnttab_map_grant_ref op;

		if (i % 200 == 0)
			give(1, 1 + i / 200, 2, 3, 0);
		map[2][17].type = NONE;
		op = do_map(2, 1, 1 + i / 200, 17, true);
		if (i == 0)
			first = op.handle;
		if (op.status != GNTST_okay) {
			assert_int_equal(op.status, GNTST_no_device_space);
			break;
		}
		got++;
	}
	assert_int_equal(got, most);
	/* A handle that is given back is good for another mapping. */
	assert_int_equal(do_unmap(2, first, 17), GNTST_okay);
	assert_int_equal(do_map(2, 1, 0, 17, true).status, GNTST_okay);
	fake_page_budget = 0;
	give(1, 0, 0, 3, 0);
	entry(1, 0)->domid = 0;
	assert_int_equal(do_map(0, 1, 0, 17, true).status, GNTST_no_device_space);
	fake_page_budget = -1;
}

static void meddle_frame(uint64_t *p)
{
	union {
		struct grant_entry_v1 v1;
		uint64_t raw;
	} e = { .raw = *p };

	meddle = NULL;
	e.v1.frame = 7;
	*p = e.raw;
}

static void meddle_domid(uint64_t *p)
{
	meddle = NULL;
	((struct grant_entry_v1 *)(void *)p)->domid = 2;
}

static void meddle_revoke(uint64_t *p)
{
	meddle = NULL;
	((struct grant_entry_v1 *)(void *)p)->flags = GTF_invalid;
}

static void meddle_readonly(uint64_t *p)
{
	meddle = NULL;
	((struct grant_entry_v1 *)(void *)p)->flags |= GTF_readonly;
}

/* The guest changes the entry between the look and the exchange: what counts is what was exchanged. */
static void racing_guest(void **state)
{
	struct gnttab_map_grant_ref op;

	give(1, 8, 0, 3, 0);
	meddle = meddle_frame;
	op = do_map(0, 1, 8, 17, false);
	assert_int_equal(op.status, GNTST_okay);
	assert_ptr_equal(map[0][17].page, ram[1][7]);
	assert_int_equal(do_unmap(0, op.handle, 17), GNTST_okay);

	meddle = meddle_domid;
	assert_int_equal(do_map(0, 1, 8, 17, false).status, GNTST_general_error);
	assert_int_equal(entry(1, 8)->flags, GTF_permit_access);
	give(1, 8, 0, 3, 0);
	meddle = meddle_revoke;
	assert_int_equal(do_map(0, 1, 8, 17, false).status, GNTST_general_error);
	assert_int_equal(entry(1, 8)->flags, GTF_invalid);
	give(1, 8, 0, 3, 0);
	meddle = meddle_readonly;
	assert_int_equal(do_map(0, 1, 8, 17, false).status, GNTST_general_error);
	assert_int_equal(map[0][17].type, NONE);
	assert_int_equal(crashed[1], 0);
}

static void fighting_guest(void **state)
{
	struct gnttab_map_grant_ref op;

	give(1, 8, 0, 3, 0);
	stubborn = true;
	assert_int_equal(do_map(0, 1, 8, 17, false).status, GNTST_general_error);
	assert_int_equal(crashed[1], 1);
	assert_int_equal(crashed[0], 0);
	stubborn = false;
	op = do_map(0, 1, 8, 17, false);
	stubborn = true;
	assert_int_equal(do_unmap(0, op.handle, 17), GNTST_okay);
	assert_int_equal(crashed[1], 2);
}

/* What can't be unmapped stays in use: its owner must not take the page back. */
static void unmap_fails(void **state)
{
	struct gnttab_map_grant_ref op;

	give(1, 8, 0, 3, 0);
	op = do_map(0, 1, 8, 17, false);
	p2m_error = -ESRCH;
	assert_int_equal(do_unmap(0, op.handle, 17), GNTST_general_error);
	assert_int_equal(entry(1, 8)->flags, GTF_permit_access | GTF_reading | GTF_writing);
	assert_int_equal(do_unmap(0, op.handle, 17), GNTST_okay);
	/* Not there any more: in use it isn't, either. */
	op = do_map(0, 1, 8, 17, false);
	map[0][17].type = NONE;
	assert_int_equal(do_unmap(0, op.handle, 17), GNTST_okay);
	assert_int_equal(entry(1, 8)->flags, GTF_permit_access);
}

static void copying(void **state)
{
	struct gnttab_copy op = { .source = { .u.ref = 8, .domid = 1, .offset = 100 },
				  .dest = { .u.gmfn = 2, .domid = DOMID_SELF, .offset = 7 },
				  .len = 50,
				  .flags = GNTCOPY_source_gref };

	give(1, 8, 0, 3, GTF_readonly);
	give(2, 9, 0, 4, 0);
	grant_copy(&dom[0], &op);
	assert_int_equal(op.status, GNTST_okay);
	assert_int_equal(ram[0][2][6], 2);
	assert_int_equal(ram[0][2][7], 16 + 3);
	assert_int_equal(ram[0][2][56], 16 + 3);
	assert_int_equal(ram[0][2][57], 2);
	assert_int_equal(entry(1, 8)->flags, GTF_permit_access | GTF_readonly);
	/* From one domain to another by a third. */
	op.dest.u.ref = 9;
	op.dest.domid = 2;
	op.flags |= GNTCOPY_dest_gref;
	grant_copy(&dom[0], &op);
	assert_int_equal(op.status, GNTST_okay);
	assert_int_equal(ram[2][4][7], 16 + 3);
	assert_int_equal(entry(2, 9)->flags, GTF_permit_access);
	/* Into one that may only be read. */
	op.dest.u.ref = 8;
	op.dest.domid = 1;
	grant_copy(&dom[0], &op);
	assert_int_equal(op.status, GNTST_general_error);
	/* Its own memory on both sides, overlapping. */
	for (unsigned int i = 0; i < 16; i++)
		ram[2][5][i] = (uint8_t)i;
	op = (struct gnttab_copy){ .source = { .u.gmfn = 5, .domid = DOMID_SELF },
				   .dest = { .u.gmfn = 5, .domid = DOMID_SELF, .offset = 1 },
				   .len = 10 };
	grant_copy(&dom[2], &op);
	assert_int_equal(op.status, GNTST_okay);
	assert_int_equal(ram[2][5][10], 9);
	/* A whole page. */
	op.len = PAGE_SIZE;
	op.dest = (struct gnttab_copy_ptr){ .u.gmfn = 6, .domid = DOMID_SELF };
	grant_copy(&dom[2], &op);
	assert_int_equal(op.status, GNTST_okay);
	assert_memory_equal(ram[2][5], ram[2][6], PAGE_SIZE);
}

static void bad_copies(void **state)
{
	struct gnttab_copy good = { .source = { .u.ref = 8, .domid = 1 },
				    .dest = { .u.gmfn = 2, .domid = DOMID_SELF },
				    .len = 16,
				    .flags = GNTCOPY_source_gref };
	struct gnttab_copy op = good;

	give(1, 8, 0, 3, 0);
	op.len = PAGE_SIZE + 1;
	grant_copy(&dom[0], &op);
	assert_int_equal(op.status, GNTST_bad_copy_arg);
	op = good;
	op.source.offset = 0xfff1;
	grant_copy(&dom[0], &op);
	assert_int_equal(op.status, GNTST_bad_copy_arg);
	op = good;
	op.dest.offset = PAGE_SIZE - 15;
	grant_copy(&dom[0], &op);
	assert_int_equal(op.status, GNTST_bad_copy_arg);
	op.dest.offset = PAGE_SIZE - 16;
	grant_copy(&dom[0], &op);
	assert_int_equal(op.status, GNTST_okay);
	/* Another's memory only by what it has granted. */
	op = good;
	op.flags = 0;
	op.source.u.gmfn = 3;
	grant_copy(&dom[0], &op);
	assert_int_equal(op.status, GNTST_permission_denied);
	op = good;
	op.dest.domid = 1;
	grant_copy(&dom[0], &op);
	assert_int_equal(op.status, GNTST_permission_denied);
	assert_int_equal(entry(1, 8)->flags, GTF_permit_access);
	op = good;
	op.source.domid = 9;
	grant_copy(&dom[0], &op);
	assert_int_equal(op.status, GNTST_bad_domain);
	op = good;
	op.dest.u.gmfn = ~0ULL;
	grant_copy(&dom[0], &op);
	assert_int_equal(op.status, GNTST_bad_page);
	op = good;
	op.source.u.ref = 511;
	grant_copy(&dom[0], &op);
	assert_int_equal(op.status, GNTST_general_error);
	op.source.u.ref = 512;
	grant_copy(&dom[0], &op);
	assert_int_equal(op.status, GNTST_bad_gntref);
	/* What is lent to it may be its owner's again while the copy is under way. */
	assert_int_equal(do_map(0, 1, 8, 17, false).status, GNTST_okay);
	op = (struct gnttab_copy){ .source = { .u.gmfn = 1, .domid = DOMID_SELF },
				   .dest = { .u.gmfn = 17, .domid = DOMID_SELF },
				   .len = 1 };
	grant_copy(&dom[0], &op);
	assert_int_equal(op.status, GNTST_bad_page);
	assert_int_equal(ram[1][3][0], 16 + 3);
}

/* Whoever mapped goes: what it used is free again. */
static void the_user_goes(void **state)
{
	give(1, 8, 2, 3, 0);
	assert_int_equal(do_map(2, 1, 8, 17, false).status, GNTST_okay);
	assert_int_equal(do_map(2, 1, 8, 18, true).status, GNTST_okay);
	grant_stop(&dom[2]);
	assert_int_equal(entry(1, 8)->flags, GTF_permit_access);
	grant_stop(&dom[2]);
	assert_int_equal(entry(1, 8)->flags, GTF_permit_access);
}

/* The owner goes, and another domain gets its number: handles of the old one don't touch the new one. */
static void the_owner_goes(void **state)
{
	struct gnttab_map_grant_ref a, b;

	give(1, 8, 0, 3, 0);
	a = do_map(0, 1, 8, 17, false);
	b = do_map(0, 1, 8, 18, false);
	dying[1] = true;
	grant_stop(&dom[1]);
	assert_int_equal(do_map(0, 1, 8, 19, false).status, GNTST_bad_domain);
	assert_int_equal(do_unmap(0, a.handle, 17), GNTST_okay);
	assert_int_equal(map[0][17].type, NONE);
	grant_destroy(&dom[1]);
	map[1][20].type = NONE;
	assert_int_equal(grant_init(&dom[1]), 0);
	dying[1] = false;
	give(1, 8, 0, 4, 0);
	assert_int_equal(do_map(0, 1, 8, 19, false).status, GNTST_okay);
	assert_int_equal(do_unmap(0, b.handle, 18), GNTST_okay);
	assert_int_equal(entry(1, 8)->flags, GTF_permit_access | GTF_reading | GTF_writing);
}

static void while_it_stops(void **state)
{
	grant_map_frame(&dom[1], 20, &dom[1], 0);
	grant_stop(&dom[1]); /* somebody still has it in hand */
	assert_int_equal(do_map(0, 1, 0, 17, false).status, GNTST_bad_domain);
	assert_int_equal(grant_map_frame(&dom[1], 20, &dom[1], 0), -EINVAL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
#define T(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
		T(table_grows), T(mapping), T(read_only), T(refused), T(shared_entry),
		T(many_users), T(handles_run_out), T(racing_guest), T(fighting_guest),
		T(unmap_fails), T(copying), T(bad_copies), T(the_user_goes), T(the_owner_goes),
		T(while_it_stops),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
