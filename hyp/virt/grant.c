/* SPDX-License-Identifier: Apache-2.0 */
#include "virt/grant.h"

#include "core/p2m.h"
#include "lib/err.h"
#include "lib/string.h"
#include "mm/page.h"
#include "virt/guest_atomic.h"
#include "virt/hypercall/xen_domain.h"

/* What of an entry is in use, whatever the guest writes into it meanwhile. */
struct pin {
	uint32_t gfn;	/* the owner's; as it was when the first one came */
	uint16_t domid; /* who uses it */
	uint8_t readers;
	uint8_t writers;
};
#define PINS_MAX 255

/* A mapping, by its handle: of the domain that mapped. */
struct mapping {
	uint32_t ref;	 /* free: the next free one */
	uint32_t gfn;	 /* where */
	uint32_t serial; /* of the owner's table: its domid may be another's by now */
	uint16_t domid;
	bool readonly;
	uint8_t state; /* enum mapping_state */
};

enum mapping_state {
	MAPPING_FREE,
	MAPPING_BUSY, /* on the way to one of the others */
	MAPPING_USED,
};

#define ENTRIES	   (PAGE_SIZE / sizeof(struct grant_entry_v1))
#define MAPPINGS   (PAGE_SIZE / sizeof(struct mapping))
#define NO_MAPPING 0xffffffffu
_Static_assert(sizeof(struct pin) * ENTRIES == PAGE_SIZE, "one page of pins per frame");
_Static_assert(sizeof(struct mapping) == 16, "a page of them has a power of two");

struct grant_table {
	struct spinlock lock;
	uint32_t serial; /* constant */
	/* All below: lock. */
	bool dying;
	uint32_t nr_frames;
	uint32_t max_frames;
	uint32_t free; /* mapping, or NO_MAPPING */
	uint32_t nr_pages;
	uint32_t max_pages;
	struct grant_entry_v1 *frames[GRANT_MAX_FRAMES]; /* the guest writes them at any time */
	struct pin *pins[GRANT_MAX_FRAMES];
	struct mapping *pages[GRANT_MAPS_DOM0];
};
_Static_assert(sizeof(struct grant_table) <= PAGE_SIZE, "one page each");

/* An entry as it is read and written: at once, so that flags, domain and frame belong together. */
union entry {
	struct grant_entry_v1 v1;
	uint64_t raw;
};

static uint32_t serials; /* atomic */

static struct grant_table *table_of(const struct domain *d)
{
	return d->xen->grant;
}

/* The owner's table */

static int grow_locked(struct grant_table *g)
{
	struct grant_entry_v1 *frame = page_alloc(0);
	struct pin *pins = page_alloc(0);

	if (!frame || !pins) {
		if (frame)
			page_free(frame, 0);
		if (pins)
			page_free(pins, 0);
		return -ENOMEM;
	}
	g->frames[g->nr_frames] = frame;
	g->pins[g->nr_frames] = pins;
	g->nr_frames++;
	return 0;
}

int grant_map_frame(struct domain *d, uint64_t gfn, struct domain *owner, uint32_t index)
{
	struct grant_table *g = table_of(owner);
	void *frame = NULL;
	int err = 0;

	spin_lock(&g->lock);
	if (index >= g->max_frames || g->dying)
		err = -EINVAL;
	while (!err && g->nr_frames <= index)
		err = grow_locked(g);
	if (!err)
		frame = g->frames[index];
	spin_unlock(&g->lock);
	/* The caller has the owner, so the frame stays; from here on p2m counts who maps it. */
	return err ? err : p2m_map_xen_page(d, gfn, frame, false);
}

void grant_size(struct domain *d, uint32_t *nr_frames, uint32_t *max_frames)
{
	struct grant_table *g = table_of(d);

	spin_lock(&g->lock);
	*nr_frames = g->nr_frames;
	*max_frames = g->max_frames;
	spin_unlock(&g->lock);
}

static bool entry_allows(union entry e, uint16_t who, bool write)
{
	return (e.v1.flags & GTF_type_mask) == GTF_permit_access && e.v1.domid == who &&
	       !(write && (e.v1.flags & GTF_readonly));
}

/*
 * Says in the entry that it is in use. The whole of it is exchanged at once: what was checked is what the flags were
 * set in. *e is what is there then. GNTST_okay, or why not; GNTST_eagain: the guest fights for the word.
 */
static int16_t mark(union entry *slot, uint16_t who, bool write, union entry *e)
{
	e->raw = __atomic_load_n(&slot->raw, __ATOMIC_RELAXED);
	for (unsigned int i = 0; i < GUEST_ATOMIC_TRIES; i++) {
		union entry new = *e;

		if (!entry_allows(*e, who, write))
			return GNTST_general_error;
		new.v1.flags |= GTF_reading | (write ? GTF_writing : 0);
		if (guest_cas64(&slot->raw, &e->raw, new.raw))
			return GNTST_okay;
	}
	return GNTST_eagain;
}

static int16_t pin_locked(struct grant_table *g, uint32_t ref, uint16_t who, bool write, uint32_t *gfn)
{
	struct pin *p;
	union entry e;
	bool used;

	if (g->dying)
		return GNTST_bad_domain;
	if (ref >= g->nr_frames * ENTRIES)
		return GNTST_bad_gntref;
	p = &g->pins[ref / ENTRIES][ref % ENTRIES];
	used = p->readers || p->writers;
	if (used && p->domid != who)
		return GNTST_general_error;
	if ((write ? p->writers : p->readers) == PINS_MAX)
		return GNTST_no_space;
	/* What somebody uses already in the same way is marked, and the guest is held to what it said then. */
	if (!used || (write && !p->writers)) {
		int16_t status = mark((union entry *)&g->frames[ref / ENTRIES][ref % ENTRIES], who,
				      write, &e);

		if (status != GNTST_okay)
			return status;
	}
	if (!used) {
		p->gfn = e.v1.frame;
		p->domid = who;
	}
	if (write)
		p->writers++;
	else
		p->readers++;
	*gfn = p->gfn;
	return GNTST_okay;
}

/* Entry `ref` of owner's table is in use by `who` until unpin(). *gfn is owner's. */
static int16_t pin(struct domain *owner, uint32_t ref, uint16_t who, bool write, uint32_t *gfn)
{
	struct grant_table *g = table_of(owner);
	int16_t status;

	spin_lock(&g->lock);
	status = pin_locked(g, ref, who, write, gfn);
	spin_unlock(&g->lock);
	if (status == GNTST_eagain) {
		guest_atomic_abuse(owner);
		status = GNTST_general_error;
	}
	return status;
}

/* Sequentially consistent: whoever sees the flags gone sees the page as its users left it. */
static void unpin(struct domain *owner, uint32_t ref, bool write)
{
	struct grant_table *g = table_of(owner);
	struct pin *p = &g->pins[ref / ENTRIES][ref % ENTRIES];
	union entry *slot = (union entry *)&g->frames[ref / ENTRIES][ref % ENTRIES];
	union entry clear = { .raw = 0 };
	bool good = true;

	spin_lock(&g->lock);
	if (write)
		p->writers--;
	else
		p->readers--;
	if (!p->writers)
		clear.v1.flags |= GTF_writing;
	if (!p->writers && !p->readers)
		clear.v1.flags |= GTF_reading;
	if (clear.raw && !g->dying)
		good = guest_change64(&slot->raw, clear.raw, 0, NULL);
	spin_unlock(&g->lock);
	if (!good)
		guest_atomic_abuse(owner);
}

/* Who maps */

static struct mapping *mapping_of(const struct grant_table *g, uint32_t handle)
{
	if (handle >= g->nr_pages * MAPPINGS)
		return NULL;
	return &g->pages[handle / MAPPINGS][handle % MAPPINGS];
}

static bool add_mappings_locked(struct grant_table *g)
{
	uint32_t first = g->nr_pages * MAPPINGS;
	struct mapping *m = g->nr_pages < g->max_pages ? page_alloc(0) : NULL;

	if (!m)
		return false;
	for (uint32_t i = 0; i < MAPPINGS; i++)
		m[i].ref = i + 1 < MAPPINGS ? first + i + 1 : NO_MAPPING;
	g->pages[g->nr_pages++] = m;
	g->free = first;
	return true;
}

/* NULL: none is left. BUSY, for the caller to fill in. */
static struct mapping *new_mapping(struct grant_table *g, uint32_t *handle)
{
	struct mapping *m = NULL;

	spin_lock(&g->lock);
	if (g->free != NO_MAPPING || add_mappings_locked(g)) {
		*handle = g->free;
		m = mapping_of(g, *handle);
		/* static: analyzer-null-dereference: what the free list names exists */
		g->free = m->ref;
		m->state = MAPPING_BUSY;
	}
	spin_unlock(&g->lock);
	return m;
}

static void free_mapping(struct grant_table *g, struct mapping *m, uint32_t handle)
{
	spin_lock(&g->lock);
	m->state = MAPPING_FREE;
	m->ref = g->free;
	g->free = handle;
	spin_unlock(&g->lock);
}

static void set_mapping_state(struct grant_table *g, struct mapping *m, enum mapping_state state)
{
	spin_lock(&g->lock);
	m->state = (uint8_t)state;
	spin_unlock(&g->lock);
}

/* The owner of what m maps knows that it isn't any more, if it is still there. */
static void unpin_mapping(const struct mapping *m)
{
	struct domain *owner = domain_get(m->domid);

	if (!owner)
		return;
	if (table_of(owner) && table_of(owner)->serial == m->serial)
		unpin(owner, m->ref, !m->readonly);
	domain_put(owner);
}

static int16_t check_map(const struct gnttab_map_grant_ref *op)
{
	if (!(op->flags & (GNTMAP_host_map | GNTMAP_device_map)))
		return GNTST_bad_gntref;
	if ((op->flags & ~(uint32_t)GNTMAP_readonly) != GNTMAP_host_map)
		return GNTST_general_error;
	if (!IS_ALIGNED(op->host_addr, PAGE_SIZE) || op->host_addr >> PAGE_SHIFT > UINT32_MAX)
		return GNTST_bad_virt_addr;
	return GNTST_okay;
}

/* m is BUSY. Pinned, mapped, and m says so; or nothing of it. */
static int16_t map_one(struct domain *d, struct domain *owner, struct mapping *m,
		       const struct gnttab_map_grant_ref *op)
{
	uint32_t owner_gfn;
	int16_t status;
	int err;

	m->ref = op->ref;
	m->gfn = (uint32_t)(op->host_addr >> PAGE_SHIFT);
	m->serial = table_of(owner)->serial;
	m->domid = owner->id;
	m->readonly = op->flags & GNTMAP_readonly;
	status = pin(owner, op->ref, d->id, !m->readonly, &owner_gfn);
	if (status != GNTST_okay)
		return status;
	err = p2m_map_grant(d, m->gfn, owner, owner_gfn, m->readonly);
	if (!err)
		return GNTST_okay;
	unpin(owner, op->ref, !m->readonly);
	return err == -ENOMEM ? GNTST_general_error : GNTST_bad_page;
}

/* What a device sees: Dom0's RAM is where it says it is, its grants aren't. */
static uint64_t bus_addr(struct domain *d, uint64_t host_addr)
{
	struct stage2_entry e;

	if (!d->privileged || stage2_lookup(&d->s2, ipa_make(host_addr), &e))
		return host_addr;
	return e.pa.raw;
}

void grant_map(struct domain *d, struct gnttab_map_grant_ref *op)
{
	struct grant_table *g = table_of(d);
	struct domain *owner;
	struct mapping *m;
	uint32_t handle = 0;

	op->status = check_map(op);
	if (op->status != GNTST_okay)
		return;
	owner = domain_get(op->dom);
	if (!owner || !owner->xen || !table_of(owner)) {
		op->status = GNTST_bad_domain;
		if (owner)
			domain_put(owner);
		return;
	}
	m = new_mapping(g, &handle);
	op->status = m ? map_one(d, owner, m, op) : GNTST_no_device_space;
	domain_put(owner);
	if (op->status == GNTST_okay) {
		op->handle = handle;
		op->dev_bus_addr = bus_addr(d, op->host_addr);
		set_mapping_state(g, m, MAPPING_USED);
	} else if (m) {
		free_mapping(g, m, handle);
	}
}

void grant_unmap(struct domain *d, struct gnttab_unmap_grant_ref *op)
{
	struct grant_table *g = table_of(d);
	struct mapping *m;
	int err;

	op->status = GNTST_okay;
	spin_lock(&g->lock);
	m = mapping_of(g, op->handle);
	if (!m || m->state != MAPPING_USED)
		op->status = GNTST_bad_handle;
	else if (op->host_addr != (uint64_t)m->gfn << PAGE_SHIFT)
		op->status = GNTST_general_error;
	else
		m->state = MAPPING_BUSY; /* nobody else unmaps it */
	spin_unlock(&g->lock);
	if (op->status != GNTST_okay)
		return;
	/* static: analyzer-null-dereference: okay only with a mapping */
	err = p2m_unmap_grant(d, m->gfn);
	if (err && err != -ENOENT) {
		/* It may be there still, so its owner may not take the page for its own. */
		set_mapping_state(g, m, MAPPING_USED);
		op->status = GNTST_general_error;
		return;
	}
	unpin_mapping(m);
	free_mapping(g, m, op->handle);
}

/* One side of a copy */
struct side {
	struct domain *owner; /* with a reference; NULL: there is nothing to let go */
	uint32_t ref;
	bool is_ref; /* pinned */
	bool write;
	bool held; /* frame is */
	paddr_t frame;
};

static void let_go(struct side *s)
{
	if (s->held)
		p2m_put_frame(s->frame);
	if (s->is_ref)
		unpin(s->owner, s->ref, s->write);
	if (s->owner)
		domain_put(s->owner);
}

static int16_t take_side(struct domain *d, const struct gnttab_copy_ptr *p, bool is_ref, bool write,
			 struct side *s)
{
	uint64_t gfn = p->u.gmfn;
	uint32_t pinned = 0;

	*s = (struct side){ .write = write, .ref = p->u.ref };
	if (!is_ref && p->domid != DOMID_SELF)
		return GNTST_permission_denied;
	s->owner = domain_get(p->domid == DOMID_SELF ? d->id : p->domid);
	if (!s->owner || !s->owner->xen || !table_of(s->owner))
		return GNTST_bad_domain;
	if (is_ref) {
		int16_t status = pin(s->owner, s->ref, d->id, write, &pinned);

		if (status != GNTST_okay)
			return status;
		s->is_ref = true;
		gfn = pinned;
	}
	if (p2m_get_own_frame(s->owner, gfn, write, &s->frame))
		return GNTST_bad_page;
	s->held = true;
	return GNTST_okay;
}

void grant_copy(struct domain *d, struct gnttab_copy *op)
{
	struct side from, to = { .owner = NULL };

	if (op->source.offset + op->len > PAGE_SIZE || op->dest.offset + op->len > PAGE_SIZE) {
		op->status = GNTST_bad_copy_arg;
		return;
	}
	op->status = take_side(d, &op->source, op->flags & GNTCOPY_source_gref, false, &from);
	if (op->status == GNTST_okay)
		op->status = take_side(d, &op->dest, op->flags & GNTCOPY_dest_gref, true, &to);
	if (op->status == GNTST_okay)
		memmove((char *)pa_ptr(to.frame) + op->dest.offset,
			(char *)pa_ptr(from.frame) + op->source.offset, op->len);
	let_go(&to);
	let_go(&from);
}

/* Life */

int grant_init(struct domain *d)
{
	struct grant_table *g = page_alloc(0);

	if (!g)
		return -ENOMEM;
	g->serial = __atomic_add_fetch(&serials, 1, __ATOMIC_RELAXED);
	g->max_frames = GRANT_MAX_FRAMES;
	g->max_pages = d->privileged ? GRANT_MAPS_DOM0 : GRANT_MAPS_DOMU;
	g->free = NO_MAPPING;
	d->xen->grant = g;
	return 0;
}

void grant_set_limit(struct domain *d, uint32_t max_frames)
{
	struct grant_table *g = table_of(d);

	spin_lock(&g->lock);
	g->max_frames = (uint32_t)min_u64(max_u64(max_frames, 1), GRANT_MAX_FRAMES);
	spin_unlock(&g->lock);
}

void grant_stop(struct domain *d)
{
	struct grant_table *g = d->xen ? table_of(d) : NULL;

	if (!g)
		return;
	spin_lock(&g->lock);
	g->dying = true;
	spin_unlock(&g->lock);
	/* None of its vCPUs runs, so nothing is BUSY; p2m takes the mappings themselves away. */
	for (uint32_t i = 0; i < g->nr_pages * MAPPINGS; i++) {
		struct mapping *m = mapping_of(g, i);

		/* static: analyzer-null-dereference: i is below the number of mappings */
		if (m->state == MAPPING_USED)
			unpin_mapping(m);
		m->state = MAPPING_FREE;
	}
}

void grant_destroy(struct domain *d)
{
	struct grant_table *g = d->xen ? table_of(d) : NULL;

	if (!g)
		return;
	for (uint32_t i = 0; i < g->nr_frames; i++) {
		p2m_free_xen_page(g->frames[i]);
		page_free(g->pins[i], 0);
	}
	for (uint32_t i = 0; i < g->nr_pages; i++)
		page_free(g->pages[i], 0);
	d->xen->grant = NULL;
	page_free(g, 0);
}
