/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Event channels from several CPUs at once: each thread is a domain that binds, sends and closes at random, and one of
 * them dies and comes back all the time. Locks are real here; that none of it deadlocks or touches freed memory is
 * half of the test, the other half that both ends of each channel agree when all is quiet.
 */
#include <pthread.h>
#include <sched.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <cmocka.h>
#include "arch/spinlock.h"
#include "core/domain_power.h"
#include "lib/err.h"
#include "mm/page.h"
#include "virt/evtchn.h"
#include "virt/hypercall/xen_domain.h"
#include "virt/vgic/vgic.h"

#define NR     3
#define MORTAL 2 /* the one that dies */
#define PORTS  40
#define ROUNDS 20000

static struct domain dom[NR];
static struct vcpu vcpus[NR];
static struct vcpu *vcpu_ptrs[NR];
static unsigned int refs[NR];
static bool dying[NR];
static unsigned int lives, bound, sent, upcalls;

/* Another thread's turn, now and then: most of all where it hurts, with a lock held, also on a machine with one CPU. */
static void turn(void)
{
	static __thread unsigned int seed;

	if (rand_r(&seed) % 4 == 0)
		sched_yield();
}

void spin_lock(struct spinlock *l)
{
	uint16_t mine;

	turn();
	mine = __atomic_fetch_add(&l->next, 1, __ATOMIC_RELAXED);
	while (__atomic_load_n(&l->owner, __ATOMIC_ACQUIRE) != mine)
		sched_yield();
	turn();
}

void spin_unlock(struct spinlock *l)
{
	__atomic_store_n(&l->owner, (uint16_t)(l->owner + 1), __ATOMIC_RELEASE);
}

void *page_alloc(unsigned int order)
{
	return calloc(1, PAGE_SIZE << order);
}

void page_free(void *block, unsigned int order)
{
	free(block);
}

void vgic_edge(struct domain *d, unsigned int vcpu, uint32_t vintid)
{
	__atomic_add_fetch(&upcalls, 1, __ATOMIC_RELAXED);
}

void domain_wake_event(struct domain *d, uint32_t port)
{
	assert_non_null(d->xen->evtchn);
}

/* As the domain table's: whoever has a reference keeps it from being destroyed, not from dying. */
struct domain *domain_get(uint16_t id)
{
	__atomic_add_fetch(&refs[id], 1, __ATOMIC_SEQ_CST);
	if (!__atomic_load_n(&dying[id], __ATOMIC_SEQ_CST))
		return &dom[id];
	__atomic_sub_fetch(&refs[id], 1, __ATOMIC_SEQ_CST);
	return NULL;
}

void domain_put(struct domain *d)
{
	__atomic_sub_fetch(&refs[d->id], 1, __ATOMIC_SEQ_CST);
}

void domain_shutdown(struct domain *d, enum domain_shutdown_reason reason)
{
	abort();
}

static void die_and_come_back(struct domain *d)
{
	__atomic_store_n(&dying[d->id], true, __ATOMIC_SEQ_CST);
	evtchn_stop(d);
	while (__atomic_load_n(&refs[d->id], __ATOMIC_SEQ_CST))
		sched_yield();
	evtchn_destroy(d);
	if (evtchn_init(d))
		abort();
	__atomic_store_n(&dying[d->id], false, __ATOMIC_SEQ_CST);
	lives++;
}

static void bind_somebody(struct domain *d, unsigned int *seed)
{
	struct domain *remote = domain_get((uint16_t)(rand_r(seed) % NR));
	uint32_t port;

	if (!remote)
		return;
	if (!evtchn_bind_interdomain(d, remote, 1 + (uint32_t)rand_r(seed) % PORTS, &port))
		__atomic_add_fetch(&bound, 1, __ATOMIC_RELAXED);
	domain_put(remote);
}

static void one_op(struct domain *d, unsigned int *seed)
{
	uint32_t port = 1 + (uint32_t)rand_r(seed) % PORTS;
	struct evtchn_status st;
	struct domain *other;

	switch (rand_r(seed) % 12) {
	case 0:
	case 1:
		(void)evtchn_alloc_unbound(d, (uint16_t)(rand_r(seed) % NR), &port);
		break;
	case 2:
	case 3:
	case 4:
		bind_somebody(d, seed);
		break;
	case 5:
		(void)evtchn_close(d, port);
		break;
	case 6:
		(void)evtchn_bind_virq(d, VIRQ_DOM_EXC, 0, &port);
		break;
	case 7:
		other = domain_get((uint16_t)(rand_r(seed) % NR));
		if (other) {
			(void)evtchn_raise_virq(other, VIRQ_DOM_EXC);
			(void)evtchn_status(other, port, &st);
			domain_put(other);
		}
		break;
	case 8:
		xen_vcpu_info(d->vcpus[0])->evtchn_upcall_pending = 0;
		xen_vcpu_info(d->vcpus[0])->evtchn_pending_sel = 0;
		d->xen->shared_info->evtchn_pending[0] = 0;
		break;
	case 9:
		if (rand_r(seed) % 16 == 0)
			(void)evtchn_reset(d, 64);
		break;
	default:
		if (!evtchn_send(d, port))
			__atomic_add_fetch(&sent, 1, __ATOMIC_RELAXED);
		break;
	}
}

static void *live(void *arg)
{
	struct domain *d = arg;
	unsigned int seed = d->id + 1U;

	for (unsigned int i = 0; i < ROUNDS; i++) {
		if (d->id == MORTAL && i % 64 == 63)
			die_and_come_back(d);
		one_op(d, &seed);
	}
	return NULL;
}

/* What is bound to something is what that is bound to. */
static void check_ends(void)
{
	for (unsigned int i = 0; i < NR; i++) {
		for (uint32_t port = 1; port <= PORTS + 10; port++) {
			struct evtchn_status here, there;

			assert_int_equal(evtchn_status(&dom[i], port, &here), 0);
			if (here.status != EVTCHNSTAT_interdomain)
				continue;
			assert_int_equal(evtchn_status(&dom[here.u.interdomain.dom],
						       here.u.interdomain.port, &there), 0);
			assert_int_equal(there.status, EVTCHNSTAT_interdomain);
			assert_int_equal(there.u.interdomain.dom, i);
			assert_int_equal(there.u.interdomain.port, port);
		}
	}
}

static void all_at_once(void **state)
{
	pthread_t threads[NR];

	for (unsigned int i = 0; i < NR; i++) {
		struct domain *d = &dom[i];

		vcpu_ptrs[i] = &vcpus[i];
		vcpus[i].domain = d;
		*d = (struct domain){ .id = (uint16_t)i,
				      .nr_vcpus = 1,
				      .vcpus = &vcpu_ptrs[i],
				      .xen = calloc(1, sizeof(*d->xen) + sizeof(struct xen_vcpu)) };
		d->xen->shared_info = calloc(1, PAGE_SIZE);
		d->xen->vcpus[0].info = &d->xen->shared_info->vcpu_info[0];
		assert_int_equal(evtchn_init(d), 0);
		evtchn_set_limit(d, PORTS);
	}
	alarm(60); /* a deadlock is a failure */
	for (unsigned int i = 0; i < NR; i++)
		assert_int_equal(pthread_create(&threads[i], NULL, live, &dom[i]), 0);
	for (unsigned int i = 0; i < NR; i++)
		assert_int_equal(pthread_join(threads[i], NULL), 0);
	/* It was worth it. */
	assert_true(lives > 100 && bound > 100 && sent > 1000 && upcalls > 100);
	for (unsigned int i = 0; i < NR; i++) {
		assert_int_equal(refs[i], 0);
		evtchn_set_limit(&dom[i], EVTCHN_PORTS);
	}
	check_ends();
	for (unsigned int i = 0; i < NR; i++) {
		evtchn_stop(&dom[i]);
		evtchn_destroy(&dom[i]);
		free(dom[i].xen->shared_info);
		free(dom[i].xen);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(all_at_once),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
