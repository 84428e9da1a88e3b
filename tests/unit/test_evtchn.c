/* SPDX-License-Identifier: Apache-2.0 */
/* Event channels: the ports' life, delivery by the 2-level ABI, what dies with a domain. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>
#include "core/domain_power.h"
#include "fake_cpu.h"
#include "lib/err.h"
#include "mm/page.h"
#include "virt/evtchn.h"
#include "virt/guest_atomic.h"
#include "virt/hypercall/xen_domain.h"
#include "virt/vgic/vgic.h"

#define NR    3
#define VCPUS 2
#define PPI   31

static struct domain dom[NR];
static struct vcpu vcpus[NR][VCPUS];
static struct vcpu *vcpu_ptrs[NR][VCPUS];
static unsigned int upcalls[NR][VCPUS];
static unsigned int wakes[NR];
static uint32_t woken_by;
static unsigned int wakes_before; /* the last upcall */
static unsigned int crashed[NR];
static unsigned int refs;
static bool gone[NR];

void vgic_edge(struct domain *d, unsigned int vcpu, uint32_t vintid)
{
	assert_int_equal(vintid, PPI);
	upcalls[d->id][vcpu]++;
	wakes_before = wakes[d->id];
}

void domain_wake_event(struct domain *d, uint32_t port)
{
	wakes[d->id]++;
	woken_by = port;
}

struct domain *domain_get(uint16_t id)
{
	if (id >= NR || gone[id])
		return NULL;
	refs++;
	return &dom[id];
}

void domain_put(struct domain *d)
{
	refs--;
}

/* Its hook raises a vIRQ. */
void domain_shutdown(struct domain *d, enum domain_shutdown_reason reason)
{
	assert_int_equal(reason, DOMAIN_CRASH);
	assert_int_equal(fake_locks_held, 0);
	crashed[d->id]++;
}

/* The guest that changes a word just before it is exchanged; what it does then. */
static void (*meddle)(void);
static bool stubborn; /* no exchange ever succeeds */

bool guest_cas64(uint64_t *p, uint64_t *old, uint64_t new)
{
	if (meddle)
		meddle();
	if (stubborn)
		return false;
	return __atomic_compare_exchange_n(p, old, new, false, __ATOMIC_SEQ_CST, __ATOMIC_SEQ_CST);
}

/* As virt/guest_atomic.c, with that one. */
bool guest_change64(uint64_t *p, uint64_t clear, uint64_t set, uint64_t *old)
{
	uint64_t seen = *p;

	for (unsigned int i = 0; i < 3; i++) {
		if (guest_cas64(p, &seen, (seen & ~clear) | set)) {
			if (old)
				*old = seen;
			return true;
		}
	}
	return false;
}

static struct shared_info *shared(unsigned int i)
{
	return dom[i].xen->shared_info;
}

static bool pending(unsigned int i, uint32_t port)
{
	return shared(i)->evtchn_pending[port / 64] & BIT(port % 64);
}

static void mask(unsigned int i, uint32_t port, bool on)
{
	uint64_t *word = &shared(i)->evtchn_mask[port / 64];

	*word = on ? *word | BIT(port % 64) : *word & ~BIT(port % 64);
}

/* What Linux's handler does on that vCPU; the ports that it found. */
static unsigned int handle(unsigned int i, unsigned int vcpu, uint32_t *first)
{
	struct vcpu_info *info = xen_vcpu_info(&vcpus[i][vcpu]);
	unsigned int found = 0;
	uint64_t sel;

	info->evtchn_upcall_pending = 0;
	sel = info->evtchn_pending_sel;
	info->evtchn_pending_sel = 0;
	for (unsigned int w = 0; w < 64; w++) {
		uint64_t bits = sel & BIT(w) ? shared(i)->evtchn_pending[w] & ~shared(i)->evtchn_mask[w] : 0;

		for (; bits; bits &= bits - 1) {
			if (!found++ && first)
				*first = w * 64 + (uint32_t)__builtin_ctzll(bits);
			shared(i)->evtchn_pending[w] &= ~(bits & -bits);
		}
	}
	return found;
}

static int setup(void **state)
{
	memset(dom, 0, sizeof(dom));
	memset(upcalls, 0, sizeof(upcalls));
	memset(wakes, 0, sizeof(wakes));
	memset(crashed, 0, sizeof(crashed));
	memset(gone, 0, sizeof(gone));
	refs = 0;
	meddle = NULL;
	stubborn = false;
	for (unsigned int i = 0; i < NR; i++) {
		struct domain *d = &dom[i];

		d->id = (uint16_t)i;
		d->privileged = i == 0;
		d->nr_vcpus = VCPUS;
		d->vcpus = vcpu_ptrs[i];
		d->xen_ppi = PPI;
		d->xen = calloc(1, sizeof(*d->xen) + VCPUS * sizeof(struct xen_vcpu));
		d->xen->shared_info = aligned_alloc(PAGE_SIZE, PAGE_SIZE);
		memset(d->xen->shared_info, 0, PAGE_SIZE);
		for (unsigned int n = 0; n < VCPUS; n++) {
			struct xen_vcpu *x = &d->xen->vcpus[n];

			x->info = n ? &x->unregistered : &d->xen->shared_info->vcpu_info[0];
			vcpus[i][n] = (struct vcpu){ .domain = d, .id = n };
			vcpu_ptrs[i][n] = &vcpus[i][n];
		}
		if (evtchn_init(d))
			return -1;
	}
	return 0;
}

static int teardown(void **state)
{
	for (unsigned int i = 0; i < NR; i++) {
		evtchn_stop(&dom[i]);
		evtchn_destroy(&dom[i]);
		free(dom[i].xen->shared_info);
		free(dom[i].xen);
	}
	assert_int_equal(fake_pages_out, 0);
	assert_int_equal(fake_locks_held, 0);
	assert_int_equal(refs, 0);
	return 0;
}

static struct evtchn_status status(unsigned int i, uint32_t port)
{
	struct evtchn_status s = { 0 };

	assert_int_equal(evtchn_status(&dom[i], port, &s), 0);
	return s;
}

/* A channel between a's port, which is returned, and *b_port of b. */
static uint32_t channel(unsigned int a, unsigned int b, uint32_t *b_port)
{
	uint32_t port;

	assert_int_equal(evtchn_alloc_unbound(&dom[a], (uint16_t)b, &port), 0);
	assert_int_equal(evtchn_bind_interdomain(&dom[b], &dom[a], port, b_port), 0);
	return port;
}

static void allocating(void **state)
{
	uint32_t port;

	/* xl takes the first for the store, the second for the console. */
	for (uint32_t want = 1; want <= 3; want++) {
		assert_int_equal(evtchn_alloc_unbound(&dom[1], 0, &port), 0);
		assert_int_equal(port, want);
	}
	assert_int_equal(status(1, 2).status, EVTCHNSTAT_unbound);
	assert_int_equal(status(1, 2).u.unbound.dom, 0);
	assert_int_equal(status(1, 4).status, EVTCHNSTAT_closed);
	assert_int_equal(status(1, 4000).status, EVTCHNSTAT_closed);
	/* The lowest that is free. */
	assert_int_equal(evtchn_close(&dom[1], 2), 0);
	assert_int_equal(evtchn_alloc_unbound(&dom[1], 0, &port), 0);
	assert_int_equal(port, 2);
}

static void limits(void **state)
{
	struct evtchn_status s;
	unsigned int before = fake_pages_out;
	uint32_t port;

	evtchn_set_limit(&dom[1], 1023);
	for (uint32_t want = 1; want <= 1023; want++) {
		assert_int_equal(evtchn_alloc_unbound(&dom[1], 0, &port), 0);
		assert_int_equal(port, want);
	}
	assert_int_equal(fake_pages_out - before, 4);
	assert_int_equal(evtchn_alloc_unbound(&dom[1], 0, &port), -ENOSPC);
	assert_int_equal(evtchn_bind_ipi(&dom[1], 0, &port), -ENOSPC);
	assert_int_equal(evtchn_status(&dom[1], 1024, &s), -EINVAL);
	/* All of the ABI's, and not one more, whatever is asked for. */
	evtchn_set_limit(&dom[2], 0xffffffff);
	for (uint32_t want = 1; want < EVTCHN_PORTS; want++)
		assert_int_equal(evtchn_alloc_unbound(&dom[2], 0, &port), 0);
	assert_int_equal(port, EVTCHN_PORTS - 1);
	assert_int_equal(evtchn_alloc_unbound(&dom[2], 0, &port), -ENOSPC);
	/* No memory for another page of them: nothing has changed. */
	for (port = 1; port < 512; port++)
		assert_int_equal(evtchn_alloc_unbound(&dom[0], 0, &port), 0);
	fake_page_budget = 0;
	assert_int_equal(evtchn_alloc_unbound(&dom[0], 0, &port), -ENOMEM);
	fake_page_budget = -1;
	assert_int_equal(evtchn_alloc_unbound(&dom[0], 0, &port), 0);
	assert_int_equal(port, 512);
}

/* No port number leads out of the table. */
static void wild_ports(void **state)
{
	static const uint32_t bad[] = { 0, EVTCHN_PORTS, EVTCHN_PORTS + 1, 0x10001, 0x80000000, 0xffffffff };
	struct evtchn_status s;
	uint32_t port;

	assert_int_equal(evtchn_alloc_unbound(&dom[1], 0, &port), 0);
	for (unsigned int i = 0; i < ARRAY_SIZE(bad); i++) {
		assert_int_equal(evtchn_close(&dom[1], bad[i]), -EINVAL);
		assert_int_equal(evtchn_send(&dom[1], bad[i]), -EINVAL);
		assert_int_equal(evtchn_unmask(&dom[1], bad[i]), -EINVAL);
		assert_int_equal(evtchn_status(&dom[1], bad[i], &s), -EINVAL);
		assert_int_equal(evtchn_bind_vcpu(&dom[1], bad[i], 0), -EINVAL);
		assert_int_equal(evtchn_bind_interdomain(&dom[0], &dom[1], bad[i], &port), -EINVAL);
	}
	/* Free ones: the table has a page for the first, none for the second. */
	for (port = 2; port < 4096; port += 2000) {
		assert_int_equal(evtchn_close(&dom[1], port), -EINVAL);
		assert_int_equal(evtchn_send(&dom[1], port), -EINVAL);
		assert_int_equal(evtchn_bind_vcpu(&dom[1], port, 0), -EINVAL);
		assert_int_equal(evtchn_unmask(&dom[1], port), 0);
	}
	assert_int_equal(evtchn_bind_vcpu(&dom[1], 1, VCPUS), -ENOENT);
	assert_int_equal(evtchn_bind_vcpu(&dom[1], 1, 0xffffffff), -ENOENT);
	assert_int_equal(evtchn_bind_virq(&dom[1], NR_VIRQS, 0, &port), -EINVAL);
	assert_int_equal(evtchn_bind_virq(&dom[1], 0xffffffff, 0, &port), -EINVAL);
	assert_int_equal(evtchn_bind_virq(&dom[1], VIRQ_CONSOLE, 1, &port), -EINVAL);
	assert_int_equal(evtchn_bind_virq(&dom[1], VIRQ_TIMER, VCPUS, &port), -ENOENT);
	assert_int_equal(evtchn_bind_ipi(&dom[1], VCPUS, &port), -ENOENT);
}

static void interdomain(void **state)
{
	uint32_t here, there;

	assert_int_equal(evtchn_alloc_unbound(&dom[1], 0, &there), 0);
	assert_int_equal(evtchn_send(&dom[1], there), 0); /* to nobody yet */
	/* Only who it is for. */
	assert_int_equal(evtchn_bind_interdomain(&dom[2], &dom[1], there, &here), -EINVAL);
	assert_int_equal(evtchn_bind_interdomain(&dom[0], &dom[1], there, &here), 0);
	assert_int_equal(evtchn_bind_interdomain(&dom[0], &dom[1], there, &here), -EINVAL);
	assert_int_equal(status(0, here).status, EVTCHNSTAT_interdomain);
	assert_int_equal(status(0, here).u.interdomain.dom, 1);
	assert_int_equal(status(0, here).u.interdomain.port, there);
	assert_int_equal(status(1, there).status, EVTCHNSTAT_interdomain);
	assert_int_equal(status(1, there).u.interdomain.dom, 0);
	assert_int_equal(status(1, there).u.interdomain.port, here);
	/* The new port is pending once. */
	assert_true(pending(0, here));
	assert_int_equal(upcalls[0][0], 1);
	assert_int_equal(handle(0, 0, NULL), 1);

	assert_int_equal(evtchn_send(&dom[0], here), 0);
	assert_true(pending(1, there));
	assert_false(pending(0, here));
	assert_int_equal(upcalls[1][0], 1);
	assert_int_equal(evtchn_send(&dom[1], there), 0);
	assert_true(pending(0, here));
	assert_int_equal(upcalls[0][0], 2);
}

static void to_itself(void **state)
{
	uint32_t a, b, ipi;

	a = channel(1, 1, &b);
	assert_int_not_equal(a, b);
	handle(1, 0, NULL);
	assert_int_equal(evtchn_send(&dom[1], b), 0);
	assert_true(pending(1, a));
	assert_int_equal(evtchn_close(&dom[1], a), 0);
	assert_int_equal(status(1, b).status, EVTCHNSTAT_unbound);
	assert_int_equal(status(1, b).u.unbound.dom, 1);

	assert_int_equal(evtchn_bind_ipi(&dom[1], 1, &ipi), 0);
	assert_int_equal(status(1, ipi).status, EVTCHNSTAT_ipi);
	assert_int_equal(status(1, ipi).vcpu, 1);
	assert_int_equal(evtchn_bind_vcpu(&dom[1], ipi, 0), -EINVAL);
	assert_int_equal(evtchn_send(&dom[1], ipi), 0);
	assert_int_equal(upcalls[1][1], 1);
}

static void virqs(void **state)
{
	uint32_t port, other;

	assert_int_equal(evtchn_raise_virq(&dom[0], EVTCHN_VIRQ_DOM_EXC), -ENOENT);
	assert_int_equal(evtchn_bind_virq(&dom[0], EVTCHN_VIRQ_DOM_EXC, 0, &port), 0);
	assert_int_equal(evtchn_bind_virq(&dom[0], EVTCHN_VIRQ_DOM_EXC, 0, &other), -EEXIST);
	assert_int_equal(status(0, port).status, EVTCHNSTAT_virq);
	assert_int_equal(status(0, port).u.virq, VIRQ_DOM_EXC);
	assert_int_equal(evtchn_raise_virq(&dom[0], EVTCHN_VIRQ_CONSOLE), -ENOENT);
	assert_int_equal(evtchn_raise_virq(&dom[0], EVTCHN_VIRQ_DOM_EXC), 0);
	assert_true(pending(0, port));
	assert_int_equal(evtchn_send(&dom[0], port), -EINVAL);
	/* A global one may move, those of a vCPU may not. */
	assert_int_equal(evtchn_bind_vcpu(&dom[0], port, 1), 0);
	handle(0, 0, NULL);
	assert_int_equal(evtchn_raise_virq(&dom[0], EVTCHN_VIRQ_DOM_EXC), 0);
	assert_int_equal(upcalls[0][1], 1);
	assert_int_equal(evtchn_bind_virq(&dom[0], VIRQ_TIMER, 0, &port), 0);
	assert_int_equal(evtchn_bind_virq(&dom[0], VIRQ_TIMER, 1, &other), 0);
	assert_int_equal(evtchn_bind_virq(&dom[0], VIRQ_TIMER, 1, &other), -EEXIST);
	assert_int_equal(evtchn_bind_vcpu(&dom[0], port, 1), -EINVAL);
	/* Closed, it can be bound again. */
	assert_int_equal(evtchn_close(&dom[0], other), 0);
	assert_int_equal(evtchn_bind_virq(&dom[0], VIRQ_TIMER, 1, &other), 0);
	assert_int_equal(evtchn_raise_virq(&(struct domain){ .id = 9 }, VIRQ_CONSOLE), -ENOENT);
}

static void delivery(void **state)
{
	struct vcpu_info *info = xen_vcpu_info(&vcpus[1][0]);
	uint32_t here, there, first;

	there = channel(1, 0, &here);
	/* Twice before it is handled: one upcall. */
	assert_int_equal(evtchn_send(&dom[0], here), 0);
	assert_int_equal(evtchn_send(&dom[0], here), 0);
	assert_int_equal(upcalls[1][0], 1);
	assert_int_equal(wakes[1], 1);
	assert_int_equal(woken_by, there);
	assert_int_equal(wakes_before, 1); /* so that it is the port that woke it, not the interrupt */
	assert_int_equal(info->evtchn_upcall_pending, 1);
	assert_int_equal(info->evtchn_pending_sel, BIT(there / 64));
	assert_int_equal(handle(1, 0, &first), 1);
	assert_int_equal(first, there);
	/* The handler has begun (the byte is clear), and another event comes: it isn't lost. */
	assert_int_equal(evtchn_send(&dom[0], here), 0);
	info->evtchn_upcall_pending = 0;
	mask(1, there, true);
	info->evtchn_pending_sel = 0;
	shared(1)->evtchn_pending[0] = 0;
	mask(1, there, false);
	assert_int_equal(evtchn_send(&dom[0], here), 0);
	assert_int_equal(upcalls[1][0], 3);
	assert_int_equal(handle(1, 0, NULL), 1);
	/* The word is selected, but the upcall byte was cleared by hand: as on Xen, nothing is said again. */
	assert_int_equal(upcalls[1][1], 0);
}

static void masking(void **state)
{
	uint32_t here, there;

	there = channel(1, 0, &here);
	mask(1, there, true);
	assert_int_equal(evtchn_send(&dom[0], here), 0);
	assert_true(pending(1, there));
	assert_int_equal(upcalls[1][0], 0);
	assert_int_equal(xen_vcpu_info(&vcpus[1][0])->evtchn_pending_sel, 0);
	assert_int_equal(wakes[1], 1); /* whatever the mask says */
	assert_int_equal(evtchn_unmask(&dom[1], there), 0);
	assert_int_equal(shared(1)->evtchn_mask[0], 0);
	assert_int_equal(upcalls[1][0], 1);
	/* Not masked, and nothing pending: nothing to say. */
	handle(1, 0, NULL);
	assert_int_equal(evtchn_unmask(&dom[1], there), 0);
	mask(1, there, true);
	assert_int_equal(evtchn_unmask(&dom[1], there), 0);
	assert_int_equal(upcalls[1][0], 1);
	/* To the vCPU that it is bound to by then. */
	mask(1, there, true);
	assert_int_equal(evtchn_send(&dom[0], here), 0);
	assert_int_equal(evtchn_bind_vcpu(&dom[1], there, 1), 0);
	assert_int_equal(evtchn_unmask(&dom[1], there), 0);
	assert_int_equal(upcalls[1][0], 1);
	assert_int_equal(upcalls[1][1], 1);
	assert_int_equal(handle(1, 1, NULL), 1);
}

static void upper_words(void **state)
{
	uint32_t port = 0, first = 0;

	while (port < EVTCHN_PORTS - 1)
		assert_int_equal(evtchn_bind_ipi(&dom[1], 0, &port), 0);
	assert_int_equal(evtchn_send(&dom[1], port), 0);
	assert_int_equal(xen_vcpu_info(&vcpus[1][0])->evtchn_pending_sel, BIT(63));
	assert_int_equal(handle(1, 0, &first), 1);
	assert_int_equal(first, port);
	/* The bits behind the last word are the mask's. */
	assert_int_equal(shared(1)->evtchn_mask[0], 0);
}

static void closing(void **state)
{
	uint32_t here, there, again;

	there = channel(1, 0, &here);
	assert_int_equal(evtchn_send(&dom[0], here), 0);
	assert_int_equal(evtchn_close(&dom[1], there), 0);
	assert_false(pending(1, there)); /* for who gets it next */
	assert_int_equal(evtchn_close(&dom[1], there), -EINVAL);
	assert_int_equal(status(1, there).status, EVTCHNSTAT_closed);
	/* The other end waits again, and what is sent goes nowhere. */
	assert_int_equal(status(0, here).status, EVTCHNSTAT_unbound);
	assert_int_equal(status(0, here).u.unbound.dom, 1);
	assert_int_equal(evtchn_send(&dom[0], here), 0);
	assert_false(pending(1, there));
	assert_int_equal(evtchn_bind_interdomain(&dom[2], &dom[0], here, &again), -EINVAL);
	assert_int_equal(evtchn_bind_interdomain(&dom[1], &dom[0], here, &again), 0);
}

static void resetting(void **state)
{
	uint32_t here, there, port;

	there = channel(1, 0, &here);
	for (unsigned int i = 0; i < 10; i++)
		assert_int_equal(evtchn_bind_ipi(&dom[1], 0, &port), 0);
	assert_true(evtchn_reset(&dom[1], 5));
	assert_int_equal(status(1, there).status, EVTCHNSTAT_interdomain);
	while (evtchn_reset(&dom[1], 5))
		;
	assert_int_equal(status(1, there).status, EVTCHNSTAT_closed);
	assert_int_equal(status(0, here).status, EVTCHNSTAT_unbound);
	assert_false(evtchn_reset(&dom[1], 1));
	assert_int_equal(evtchn_bind_ipi(&dom[1], 0, &port), 0);
	assert_int_equal(port, 1);
}

/* The peers' ports are unbound, nobody gets at the table any more, and nothing of it is left. */
static void a_domain_goes(void **state)
{
	unsigned int before = fake_pages_out;
	uint32_t zero, two, one_zero, one_two, port;

	one_zero = channel(1, 0, &zero);
	one_two = channel(2, 1, &port);
	two = one_two;
	assert_int_equal(evtchn_alloc_unbound(&dom[1], 0, &port), 0);
	evtchn_stop(&dom[1]);
	assert_int_equal(status(0, zero).status, EVTCHNSTAT_unbound);
	assert_int_equal(status(0, zero).u.unbound.dom, 1);
	assert_int_equal(status(2, two).status, EVTCHNSTAT_unbound);
	/* Who still has it in hand finds nothing. */
	assert_int_equal(evtchn_bind_interdomain(&dom[0], &dom[1], port, &zero), -EINVAL);
	assert_int_equal(evtchn_alloc_unbound(&dom[1], 0, &port), -ENOSPC);
	assert_int_equal(evtchn_bind_ipi(&dom[1], 0, &port), -ENOSPC);
	assert_int_equal(evtchn_raise_virq(&dom[1], VIRQ_CONSOLE), -ENOENT);
	evtchn_destroy(&dom[1]);
	assert_int_equal(evtchn_raise_virq(&dom[1], VIRQ_CONSOLE), -ENOENT);
	assert_int_equal(evtchn_send(&dom[2], two), 0);
	assert_int_equal(evtchn_close(&dom[2], two), 0);
	/* Ends of channels of the same domain are closed one after the other. */
	(void)channel(2, 2, &port);
	evtchn_stop(&dom[2]);
	evtchn_destroy(&dom[2]);
	assert_true(fake_pages_out <= before);
	(void)one_zero;
}

/* vcpu_info is somewhere else now: nothing that was pending is forgotten. */
static void vcpu_info_moves(void **state)
{
	static struct vcpu_info elsewhere;
	uint32_t here, there;

	there = channel(1, 0, &here);
	assert_int_equal(evtchn_bind_vcpu(&dom[1], there, 1), 0);
	assert_int_equal(evtchn_send(&dom[0], here), 0);
	memset(&elsewhere, 0, sizeof(elsewhere));
	dom[1].xen->vcpus[1].info = &elsewhere;
	evtchn_vcpu_info_moved(&vcpus[1][1]);
	assert_int_equal(upcalls[1][1], 2);
	assert_int_equal(handle(1, 1, NULL), 1);
	assert_int_equal(elsewhere.evtchn_upcall_pending, 0);
	assert_int_equal(evtchn_send(&dom[0], here), 0);
	assert_int_equal(elsewhere.evtchn_upcall_pending, 1);
}

/* A vCPU that starts anew is told of what it didn't handle before. */
static void vcpu_starts(void **state)
{
	uint32_t port;

	assert_int_equal(evtchn_bind_ipi(&dom[1], 1, &port), 0);
	evtchn_vcpu_module.reset(&vcpus[1][1]);
	assert_int_equal(upcalls[1][1], 0);
	assert_int_equal(evtchn_send(&dom[1], port), 0);
	assert_int_equal(upcalls[1][1], 1);
	evtchn_vcpu_module.reset(&vcpus[1][1]);
	assert_int_equal(upcalls[1][1], 2);
	assert_int_equal(upcalls[1][0], 0);
	evtchn_vcpu_module.reset(&(struct vcpu){ .domain = &(struct domain){ .id = 7 } });
}

static void wake_ups(void **state)
{
	uint32_t here, there, port = 0;

	assert_false(evtchn_wake_pending(&dom[1], &port));
	there = channel(1, 0, &here);
	/* A bit that the guest has set itself, for a port that is none. */
	shared(1)->evtchn_pending[0] |= 1 | BIT(there + 1);
	assert_false(evtchn_wake_pending(&dom[1], &port));
	mask(1, there, true);
	assert_int_equal(evtchn_send(&dom[0], here), 0);
	assert_true(evtchn_wake_pending(&dom[1], &port));
	assert_int_equal(port, there);
	assert_false(evtchn_wake_pending(&(struct domain){ .id = 9 }, &port));
}

/* The guest writes what it likes into its page. */
static void hostile_page(void **state)
{
	uint32_t here, there;

	there = channel(1, 0, &here);
	memset(shared(1), 0xff, PAGE_SIZE);
	assert_int_equal(evtchn_send(&dom[0], here), 0);
	assert_int_equal(evtchn_unmask(&dom[1], there), 0);
	assert_int_equal(evtchn_close(&dom[1], there), 0);
	memset(shared(1), 0, PAGE_SIZE);
	assert_int_equal(status(0, here).status, EVTCHNSTAT_unbound);
	/* It loses its own events only. */
	xen_vcpu_info(&vcpus[1][0])->evtchn_pending_sel = ~0ULL;
	there = channel(1, 0, &here);
	assert_int_equal(evtchn_send(&dom[0], here), 0);
	assert_true(pending(1, there));
	assert_int_equal(crashed[0] + crashed[1], 0);
}

/* A guest that never lets a word be exchanged is ended, whoever sent; and with no lock held (domain_shutdown() above). */
static void fighting(void **state)
{
	uint32_t here, there;

	there = channel(1, 0, &here);
	stubborn = true;
	assert_int_equal(evtchn_send(&dom[0], here), 0);
	assert_int_equal(crashed[1], 1);
	assert_int_equal(crashed[0], 0);
	assert_int_equal(evtchn_unmask(&dom[1], there), 0);
	assert_int_equal(crashed[1], 2);
	/* It may be gone by the time that it is to be ended. */
	gone[1] = true;
	assert_int_equal(evtchn_send(&dom[0], here), 0);
	assert_int_equal(crashed[1], 2);
	gone[1] = false;
	assert_int_equal(evtchn_close(&dom[1], there), 0);
	assert_int_equal(crashed[1], 3);
	assert_int_equal(status(0, here).status, EVTCHNSTAT_unbound);
}

static void set_another(void)
{
	shared(1)->evtchn_pending[0] |= BIT(40);
}

/* Other bits of the word change between the look and the exchange. */
static void meddling(void **state)
{
	uint32_t here, there;

	there = channel(1, 0, &here);
	meddle = set_another;
	assert_int_equal(evtchn_send(&dom[0], here), 0);
	assert_int_equal(shared(1)->evtchn_pending[0], BIT(40) | BIT(there));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
#define T(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
		T(allocating), T(limits), T(wild_ports), T(interdomain), T(to_itself), T(virqs),
		T(delivery), T(masking), T(upper_words), T(closing), T(resetting),
		T(a_domain_goes), T(vcpu_info_moves), T(vcpu_starts), T(wake_ups),
		T(hostile_page), T(fighting), T(meddling),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
