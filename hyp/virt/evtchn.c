/* SPDX-License-Identifier: Apache-2.0 */
#include "virt/evtchn.h"

#include "core/domain_power.h"
#include "lib/err.h"
#include "mm/page.h"
#include "virt/guest_atomic.h"
#include "virt/hypercall/xen_domain.h"
#include "virt/vgic/vgic.h"

enum port_state {
	PORT_FREE,
	PORT_UNBOUND,	  /* waits for remote_dom */
	PORT_INTERDOMAIN, /* its other end is peer's remote_port */
	PORT_VIRQ,	  /* number */
	PORT_IPI,
};

struct evtchn {
	struct evtchn_domain *peer;
	uint16_t remote_dom;
	union {
		uint16_t remote_port;
		uint16_t virq;
	};
	uint8_t state;
	uint8_t vcpu; /* who is told; read without the lock by a peer that sends */
};

#define PORTS_PER_PAGE (PAGE_SIZE / sizeof(struct evtchn))
_Static_assert(sizeof(struct evtchn) == 16, "a page of them has a power of two");
_Static_assert(MAX_VCPUS_PER_DOMAIN <= 256, "evtchn.vcpu");
_Static_assert(EVTCHN_PORTS == 64 * 64, "what evtchn_pending_sel can tell of");

/*
 * Two domains' tables are locked at once only by those who hold evtchn_topology, so it doesn't matter in which order;
 * and nobody asks for that one while holding a table.
 *
 * Who holds the table of one end of a channel may reach the other end, too: its domain can't get rid of the channel
 * without this table's lock (unbind_peer()).
 */
static struct spinlock evtchn_topology;

struct evtchn_domain {
	struct spinlock lock;
	struct domain *domain; /* constant */
	/* All below: lock. */
	uint16_t limit; /* ports are below */
	uint16_t low;	/* no free one is below */
	uint16_t end;	/* none in use is from here on */
	bool dying;
	struct evtchn *pages[EVTCHN_PORTS / PORTS_PER_PAGE]; /* NULL: all free */
};
_Static_assert(sizeof(struct evtchn_domain) <= PAGE_SIZE, "one page each");

static struct evtchn_domain *table_of(const struct domain *d)
{
	return d->xen->evtchn;
}

static void lock_two(struct evtchn_domain *a, struct evtchn_domain *b)
{
	spin_lock(&a->lock);
	if (b != a)
		spin_lock(&b->lock);
}

static void unlock_two(struct evtchn_domain *a, struct evtchn_domain *b)
{
	if (b != a)
		spin_unlock(&b->lock);
	spin_unlock(&a->lock);
}

/* NULL: no such port, or it was never used. */
static struct evtchn *port_of(const struct evtchn_domain *e, uint32_t port)
{
	struct evtchn *page;

	if (port == 0 || port >= e->limit)
		return NULL;
	page = e->pages[port / PORTS_PER_PAGE];
	return page ? &page[port % PORTS_PER_PAGE] : NULL;
}

/* The state of a port in use, PORT_FREE for all others. */
static enum port_state state_of(const struct evtchn *p)
{
	return p ? (enum port_state)p->state : PORT_FREE;
}

/* e->lock is held. The lowest free port, still free: 0, -ENOSPC, -ENOMEM. */
static int find_free(struct evtchn_domain *e, uint32_t *port)
{
	struct evtchn **page;

	while (e->low < e->limit && state_of(port_of(e, e->low)) != PORT_FREE)
		e->low++;
	if (e->low >= e->limit || e->dying)
		return -ENOSPC;
	page = &e->pages[e->low / PORTS_PER_PAGE];
	if (!*page)
		*page = page_alloc(0);
	if (!*page)
		return -ENOMEM;
	*port = e->low;
	return 0;
}

/* e->lock is held. The port, from find_free(), is in use now. */
static void take(struct evtchn_domain *e, uint32_t port, const struct evtchn *as)
{
	*port_of(e, port) = *as;
	if (port >= e->end)
		e->end = (uint16_t)(port + 1);
}

static void upcall(struct vcpu *v)
{
	struct vcpu_info *info = xen_vcpu_info(v);

	/*
	 * The guest clears the byte first and takes pending_sel then, we write pending_sel first and look at the
	 * byte then, all of it sequentially consistent: one of us sees the other. Two that raise at the same time
	 * raise the same interrupt twice, which is once.
	 */
	if (__atomic_load_n(&info->evtchn_upcall_pending, __ATOMIC_SEQ_CST))
		return;
	__atomic_store_n(&info->evtchn_upcall_pending, 1, __ATOMIC_SEQ_CST);
	vgic_edge(v->domain, v->id, v->domain->xen_ppi);
}

/* False: the guest fights for the word (guest_atomic.h). */
static bool notify(struct vcpu *v, uint32_t port)
{
	uint64_t *sel = &xen_vcpu_info(v)->evtchn_pending_sel;
	uint64_t old;

	if (!guest_change64(sel, 0, BIT(port / 64), &old))
		return false;
	if (!(old & BIT(port / 64)))
		upcall(v);
	return true;
}

/*
 * What happened at the port is told to its domain. The lock of e's or of the other end's table is held. False: as
 * notify().
 *
 * The guest clears a mask first and looks at the pending bit then, we set the pending bit and look at the
 * mask: as above.
 */
static bool set_pending(struct evtchn_domain *e, uint32_t port)
{
	struct domain *d = e->domain;
	struct shared_info *s = d->xen->shared_info;
	const struct evtchn *p = port_of(e, port);
	uint64_t bit = BIT(port % 64);
	bool good = true;
	uint64_t old;

	if (!guest_change64(&s->evtchn_pending[port / 64], 0, bit, &old))
		return false;
	if (old & bit)
		return true;
	domain_wake_event(d, port); /* before the upcall does it: this says which port it was */
	if (!(__atomic_load_n(&s->evtchn_mask[port / 64], __ATOMIC_SEQ_CST) & bit))
		good = notify(d->vcpus[__atomic_load_n(&p->vcpu, __ATOMIC_RELAXED)], port);
	return good;
}

/* What is to be done about one that fights, with no lock held. It may be gone by now. */
static void punish(bool good, uint16_t domid)
{
	struct domain *d = good ? NULL : domain_get(domid);

	if (!d)
		return;
	guest_atomic_abuse(d);
	domain_put(d);
}

int evtchn_alloc_unbound(struct domain *d, uint16_t remote_dom, uint32_t *port)
{
	struct evtchn_domain *e = table_of(d);
	int err;

	spin_lock(&e->lock);
	err = find_free(e, port);
	if (!err)
		take(e, *port, &(struct evtchn){ .state = PORT_UNBOUND, .remote_dom = remote_dom });
	spin_unlock(&e->lock);
	return err;
}

/* Both tables and the topology are locked. */
static int bind_locked(struct evtchn_domain *e, struct evtchn_domain *r, uint32_t remote_port,
		       uint32_t *port, bool *good)
{
	struct evtchn *p = port_of(r, remote_port);
	int err;

	if (state_of(p) != PORT_UNBOUND || p->remote_dom != e->domain->id || r->dying)
		return -EINVAL;
	err = find_free(e, port);
	if (err)
		return err;
	take(e, *port, &(struct evtchn){ .state = PORT_INTERDOMAIN,
					 .peer = r,
					 .remote_dom = r->domain->id,
					 .remote_port = (uint16_t)remote_port });
	p->peer = e;
	p->remote_port = (uint16_t)*port;
	p->state = PORT_INTERDOMAIN;
	/* What was sent while nobody was bound went nowhere. */
	*good = set_pending(e, *port);
	return 0;
}

int evtchn_bind_interdomain(struct domain *d, struct domain *remote, uint32_t remote_port,
			    uint32_t *port)
{
	struct evtchn_domain *e = table_of(d), *r = table_of(remote);
	bool good = true;
	int err;

	spin_lock(&evtchn_topology);
	lock_two(e, r);
	err = bind_locked(e, r, remote_port, port, &good);
	unlock_two(e, r);
	spin_unlock(&evtchn_topology);
	punish(good, d->id);
	return err;
}

/* Those that belong to each vCPU; the others are the domain's and vCPU 0 gets them first. */
static bool virq_is_per_vcpu(uint32_t virq)
{
	return virq == VIRQ_TIMER || virq == VIRQ_DEBUG || virq == VIRQ_XENOPROF ||
	       virq == VIRQ_XENPMU;
}

/* e->lock is held. 0: not bound. */
static uint32_t find_virq(const struct evtchn_domain *e, uint32_t virq, uint32_t vcpu)
{
	for (uint32_t port = 1; port < e->end; port++) {
		const struct evtchn *p = port_of(e, port);

		if (state_of(p) == PORT_VIRQ && p->virq == virq &&
		    (!virq_is_per_vcpu(virq) || p->vcpu == vcpu))
			return port;
	}
	return 0;
}

static int bind_own(struct domain *d, const struct evtchn *as, uint32_t *port)
{
	struct evtchn_domain *e = table_of(d);
	int err;

	spin_lock(&e->lock);
	if (as->state == PORT_VIRQ && find_virq(e, as->virq, as->vcpu))
		err = -EEXIST;
	else
		err = find_free(e, port);
	if (!err)
		take(e, *port, as);
	spin_unlock(&e->lock);
	return err;
}

int evtchn_bind_virq(struct domain *d, uint32_t virq, uint32_t vcpu, uint32_t *port)
{
	if (virq >= NR_VIRQS || (vcpu && !virq_is_per_vcpu(virq)))
		return -EINVAL;
	if (vcpu >= d->nr_vcpus)
		return -ENOENT;
	return bind_own(d,
			&(struct evtchn){ .state = PORT_VIRQ,
					  .virq = (uint16_t)virq,
					  .vcpu = (uint8_t)vcpu },
			port);
}

int evtchn_bind_ipi(struct domain *d, uint32_t vcpu, uint32_t *port)
{
	if (vcpu >= d->nr_vcpus)
		return -ENOENT;
	return bind_own(d, &(struct evtchn){ .state = PORT_IPI, .vcpu = (uint8_t)vcpu }, port);
}

/* The other end waits for e's domain again. The topology and e are locked; the other end's table may be e. */
static void unbind_peer(struct evtchn_domain *e, const struct evtchn *p)
{
	struct evtchn_domain *r = p->peer;
	struct evtchn *q;

	if (r != e)
		spin_lock(&r->lock);
	q = port_of(r, p->remote_port);
	q->state = PORT_UNBOUND;
	q->remote_dom = e->domain->id;
	q->peer = NULL;
	if (r != e)
		spin_unlock(&r->lock);
}

int evtchn_close(struct domain *d, uint32_t port)
{
	struct evtchn_domain *e = table_of(d);
	struct evtchn *p;
	bool good = true;
	int err = -EINVAL;

	spin_lock(&evtchn_topology);
	spin_lock(&e->lock);
	p = port_of(e, port);
	if (state_of(p) != PORT_FREE) {
		if (p->state == PORT_INTERDOMAIN)
			unbind_peer(e, p);
		*p = (struct evtchn){ .state = PORT_FREE };
		if (port < e->low)
			e->low = (uint16_t)port;
		/* Nothing is left for who gets the port next. */
		good = guest_change64(&d->xen->shared_info->evtchn_pending[port / 64],
				      BIT(port % 64), 0, NULL);
		err = 0;
	}
	spin_unlock(&e->lock);
	spin_unlock(&evtchn_topology);
	punish(good, d->id);
	return err;
}

int evtchn_send(struct domain *d, uint32_t port)
{
	struct evtchn_domain *e = table_of(d);
	uint16_t to = d->id;
	const struct evtchn *p;
	bool good = true;
	int err = 0;

	spin_lock(&e->lock);
	p = port_of(e, port);
	switch (state_of(p)) {
	case PORT_INTERDOMAIN:
		to = p->remote_dom;
		good = set_pending(p->peer, p->remote_port);
		break;
	case PORT_IPI:
		good = set_pending(e, port);
		break;
	case PORT_UNBOUND:
		break;
	default:
		err = -EINVAL;
		break;
	}
	spin_unlock(&e->lock);
	punish(good, to);
	return err;
}

static void describe(const struct evtchn *p, struct evtchn_status *out)
{
	out->vcpu = p ? p->vcpu : 0;
	switch (state_of(p)) {
	case PORT_UNBOUND:
		out->status = EVTCHNSTAT_unbound;
		out->u.unbound.dom = p->remote_dom;
		break;
	case PORT_INTERDOMAIN:
		out->status = EVTCHNSTAT_interdomain;
		out->u.interdomain.dom = p->remote_dom;
		out->u.interdomain.port = p->remote_port;
		break;
	case PORT_VIRQ:
		out->status = EVTCHNSTAT_virq;
		out->u.virq = p->virq;
		break;
	case PORT_IPI:
		out->status = EVTCHNSTAT_ipi;
		break;
	default:
		out->status = EVTCHNSTAT_closed;
		break;
	}
}

static bool is_port(const struct evtchn_domain *e, uint32_t port)
{
	return port && port < e->limit;
}

int evtchn_status(struct domain *d, uint32_t port, struct evtchn_status *out)
{
	struct evtchn_domain *e = table_of(d);
	int err = -EINVAL;

	spin_lock(&e->lock);
	if (is_port(e, port)) {
		describe(port_of(e, port), out);
		err = 0;
	}
	spin_unlock(&e->lock);
	return err;
}

static bool may_move(const struct evtchn *p)
{
	switch (state_of(p)) {
	case PORT_UNBOUND:
	case PORT_INTERDOMAIN:
		return true;
	case PORT_VIRQ:
		return !virq_is_per_vcpu(p->virq);
	default:
		return false;
	}
}

int evtchn_bind_vcpu(struct domain *d, uint32_t port, uint32_t vcpu)
{
	struct evtchn_domain *e = table_of(d);
	struct evtchn *p;
	int err = -EINVAL;

	if (vcpu >= d->nr_vcpus)
		return -ENOENT;
	spin_lock(&e->lock);
	p = port_of(e, port);
	if (may_move(p)) {
		/* Who sends at this moment may still tell the old one: the guest has the port masked meanwhile. */
		__atomic_store_n(&p->vcpu, (uint8_t)vcpu, __ATOMIC_RELAXED);
		err = 0;
	}
	spin_unlock(&e->lock);
	return err;
}

int evtchn_unmask(struct domain *d, uint32_t port)
{
	struct evtchn_domain *e = table_of(d);
	struct shared_info *s = d->xen->shared_info;
	uint64_t bit = BIT(port % 64);
	const struct evtchn *p;
	uint64_t old = 0;
	bool good = true;
	int err = -EINVAL;

	spin_lock(&e->lock);
	if (is_port(e, port)) {
		p = port_of(e, port);
		err = 0;
		good = guest_change64(&s->evtchn_mask[port / 64], bit, 0, &old);
		if ((old & bit) &&
		    (__atomic_load_n(&s->evtchn_pending[port / 64], __ATOMIC_SEQ_CST) & bit))
			good = notify(d->vcpus[p ? p->vcpu : 0], port);
	}
	spin_unlock(&e->lock);
	punish(good, d->id);
	return err;
}

bool evtchn_reset(struct domain *d, unsigned int max)
{
	struct evtchn_domain *e = table_of(d);

	/* From above, so that the look goes on where it ended. `end` shrinks by one each time. */
	while (max--) {
		uint32_t port;

		spin_lock(&e->lock);
		while (e->end > 1 && state_of(port_of(e, e->end - 1U)) == PORT_FREE)
			e->end--;
		port = e->end > 1 ? e->end - 1U : 0;
		spin_unlock(&e->lock);
		if (!port)
			return false;
		(void)evtchn_close(d, port);
	}
	return true;
}

int evtchn_raise_virq(struct domain *d, uint32_t virq)
{
	struct evtchn_domain *e = d->xen ? table_of(d) : NULL;
	bool good = true;
	uint32_t port;

	if (!e)
		return -ENOENT;
	spin_lock(&e->lock);
	port = find_virq(e, virq, 0);
	if (port)
		good = set_pending(e, port);
	spin_unlock(&e->lock);
	punish(good, d->id);
	return port ? 0 : -ENOENT;
}

void evtchn_vcpu_info_moved(struct vcpu *v)
{
	struct vcpu_info *info;

	/*
	 * Who read the old place before this fence has set its pending bit before, too (set_pending()), and
	 * the guest, which looks at all bits now, sees it. Who reads behind it finds the new place.
	 */
	__atomic_thread_fence(__ATOMIC_SEQ_CST);
	info = xen_vcpu_info(v);
	__atomic_store_n(&info->evtchn_pending_sel, ~(uint64_t)0, __ATOMIC_SEQ_CST);
	__atomic_store_n(&info->evtchn_upcall_pending, 1, __ATOMIC_SEQ_CST);
	vgic_edge(v->domain, v->id, v->domain->xen_ppi);
}

bool evtchn_wake_pending(struct domain *d, uint32_t *port)
{
	struct evtchn_domain *e = d->xen ? table_of(d) : NULL;
	bool found = false;

	if (!e)
		return false;
	spin_lock(&e->lock);
	for (uint32_t w = 0; !found && w * 64 < e->end; w++) {
		uint64_t bits = __atomic_load_n(&d->xen->shared_info->evtchn_pending[w],
						__ATOMIC_SEQ_CST);

		for (; !found && bits; bits &= bits - 1) {
			*port = w * 64 + (uint32_t)__builtin_ctzll(bits);
			found = state_of(port_of(e, *port)) != PORT_FREE;
		}
	}
	spin_unlock(&e->lock);
	return found;
}

int evtchn_init(struct domain *d)
{
	struct evtchn_domain *e = page_alloc(0);

	if (!e)
		return -ENOMEM;
	e->domain = d;
	e->limit = EVTCHN_PORTS;
	e->low = 1;
	e->end = 1;
	d->xen->evtchn = e;
	return 0;
}

void evtchn_set_limit(struct domain *d, uint32_t max_port)
{
	struct evtchn_domain *e = table_of(d);

	spin_lock(&e->lock);
	e->limit = (uint16_t)min_u64((uint64_t)max_port + 1, EVTCHN_PORTS);
	spin_unlock(&e->lock);
}

void evtchn_stop(struct domain *d)
{
	struct evtchn_domain *e = d->xen ? table_of(d) : NULL;

	if (!e)
		return;
	spin_lock(&e->lock);
	e->dying = true;
	spin_unlock(&e->lock);
	(void)evtchn_reset(d, EVTCHN_PORTS);
}

void evtchn_destroy(struct domain *d)
{
	struct evtchn_domain *e = d->xen ? table_of(d) : NULL;

	if (!e)
		return;
	for (unsigned int i = 0; i < ARRAY_SIZE(e->pages); i++) {
		if (e->pages[i])
			page_free(e->pages[i], 0);
	}
	d->xen->evtchn = NULL;
	page_free(e, 0);
}

/* The interrupt is latched when the byte is set; its active state, and with it the handler's promise, is gone. */
static void evtchn_vcpu_reset(struct vcpu *v)
{
	if (v->domain->xen &&
	    __atomic_load_n(&xen_vcpu_info(v)->evtchn_upcall_pending, __ATOMIC_RELAXED))
		vgic_edge(v->domain, v->id, v->domain->xen_ppi);
}

const struct vcpu_module evtchn_vcpu_module = {
	.name = "evtchn",
	.reset = evtchn_vcpu_reset,
};
