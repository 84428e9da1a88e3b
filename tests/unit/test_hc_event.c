/* SPDX-License-Identifier: Apache-2.0 */
/* event_channel_op as a guest calls it: structures, rights, errors. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>
#include "core/domain_power.h"
#include "fake_cpu.h"
#include "fake_guest.h"
#include "lib/err.h"
#include "mm/page.h"
#include "virt/evtchn.h"
#include "virt/hypercall/hypercall.h"
#include "virt/hypercall/xen_domain.h"
#include "virt/vgic/vgic.h"

#define NR 3

static struct domain dom[NR];
static struct vcpu vcpus[NR];
static struct vcpu *vcpu_ptrs[NR];
static unsigned int refs;

const struct hypercall_row hypercall_table[] = {
	[__HYPERVISOR_event_channel_op] = { .fn = hypercall_event_channel_op },
};
const unsigned int hypercall_rows = ARRAY_SIZE(hypercall_table);

void vgic_edge(struct domain *d, unsigned int vcpu, uint32_t vintid)
{
}

void domain_wake_event(struct domain *d, uint32_t port)
{
}

struct domain *domain_get(uint16_t id)
{
	if (id >= NR)
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
	fail();
}

static int setup(void **state)
{
	fake_guest_reset();
	for (unsigned int i = 0; i < NR; i++) {
		struct domain *d = &dom[i];

		vcpu_ptrs[i] = &vcpus[i];
		*d = (struct domain){ .id = (uint16_t)i,
				      .privileged = i == 0,
				      .nr_vcpus = 1,
				      .vcpus = &vcpu_ptrs[i],
				      .xen = calloc(1, sizeof(*d->xen) + sizeof(struct xen_vcpu)) };
		d->xen->shared_info = aligned_alloc(PAGE_SIZE, PAGE_SIZE);
		memset(d->xen->shared_info, 0, PAGE_SIZE);
		d->xen->vcpus[0].info = &d->xen->shared_info->vcpu_info[0];
		vcpus[i] = (struct vcpu){ .domain = d };
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
	return 0;
}

/* Domain `who` calls with a structure in its memory; again as long as it is asked to. */
static int64_t call_at(unsigned int who, uint32_t op, uint64_t va)
{
	struct vcpu *v = &vcpus[who];

	do {
		v->regs.pc = 0x1004;
		v->regs.x[0] = (0xabcdULL << 32) | op; /* its upper half is nothing to go by */
		v->regs.x[1] = va;
		v->regs.x[16] = __HYPERVISOR_event_channel_op;
		hypercall_trap(&v->regs);
		assert_int_equal(refs, 0);
	} while (v->regs.pc == 0x1000);
	return (int64_t)v->regs.x[0];
}

#define call(who, op, arg)                                            \
	({                                                            \
		fake_guest_reset();                                   \
		fake_guest_give(arg, sizeof(*(arg)), true);           \
		call_at(who, op, fake_guest_va(arg));                 \
	})

static void one_channel(void **state)
{
	struct evtchn_alloc_unbound alloc = { .dom = 1, .remote_dom = DOMID_SELF };
	struct evtchn_bind_interdomain bind = { .remote_dom = 0 };
	struct evtchn_status st = { .dom = DOMID_SELF };
	struct evtchn_send send;
	struct evtchn_unmask unmask;
	struct evtchn_bind_vcpu move;
	struct evtchn_close close;

	/* xl, in Dom0, on behalf of the DomU; then the other way round. */
	assert_int_equal(call(0, EVTCHNOP_alloc_unbound, &alloc), 0);
	assert_int_equal(alloc.port, 1);
	bind.remote_dom = 1;
	bind.remote_port = 1;
	assert_int_equal(call(0, EVTCHNOP_bind_interdomain, &bind), 0);
	assert_int_equal(bind.local_port, 1);
	st.port = 1;
	assert_int_equal(call(0, EVTCHNOP_status, &st), 0);
	assert_int_equal(st.status, EVTCHNSTAT_interdomain);
	assert_int_equal(st.u.interdomain.dom, 1);
	st.dom = 1;
	assert_int_equal(call(0, EVTCHNOP_status, &st), 0);
	assert_int_equal(st.u.interdomain.dom, 0);
	send.port = 1;
	assert_int_equal(call(0, EVTCHNOP_send, &send), 0);
	assert_int_equal(dom[1].xen->shared_info->evtchn_pending[0], 2);
	unmask.port = 1;
	assert_int_equal(call(1, EVTCHNOP_unmask, &unmask), 0);
	move = (struct evtchn_bind_vcpu){ .port = 1, .vcpu = 0 };
	assert_int_equal(call(1, EVTCHNOP_bind_vcpu, &move), 0);
	close.port = 1;
	assert_int_equal(call(1, EVTCHNOP_close, &close), 0);
	assert_int_equal(call(1, EVTCHNOP_close, &close), -EINVAL);
}

static void own_ports(void **state)
{
	struct evtchn_alloc_unbound alloc = { .dom = DOMID_SELF, .remote_dom = DOMID_SELF };
	struct evtchn_bind_interdomain bind = { .remote_dom = DOMID_SELF };
	struct evtchn_bind_virq virq = { .virq = VIRQ_CONSOLE };
	struct evtchn_bind_ipi ipi = { .vcpu = 0 };

	assert_int_equal(call(1, EVTCHNOP_alloc_unbound, &alloc), 0);
	bind.remote_port = alloc.port;
	assert_int_equal(call(1, EVTCHNOP_bind_interdomain, &bind), 0);
	assert_int_equal(bind.local_port, 2);
	assert_int_equal(call(1, EVTCHNOP_bind_virq, &virq), 0);
	assert_int_equal(virq.port, 3);
	assert_int_equal(call(1, EVTCHNOP_bind_virq, &virq), -EEXIST);
	assert_int_equal(call(1, EVTCHNOP_bind_ipi, &ipi), 0);
	assert_int_equal(ipi.port, 4);
	ipi.vcpu = 1;
	assert_int_equal(call(1, EVTCHNOP_bind_ipi, &ipi), -ENOENT);
}

static void rights(void **state)
{
	struct evtchn_alloc_unbound alloc = { .dom = 2, .remote_dom = 1 };
	struct evtchn_bind_interdomain bind = { .remote_dom = 9, .remote_port = 1 };
	struct evtchn_status st = { .dom = 2, .port = 1 };
	struct evtchn_reset reset = { .dom = 2 };

	assert_int_equal(call(1, EVTCHNOP_alloc_unbound, &alloc), -EPERM);
	assert_int_equal(call(1, EVTCHNOP_status, &st), -EPERM);
	assert_int_equal(call(1, EVTCHNOP_reset, &reset), -EPERM);
	/* Whether there is such a domain is none of its business either. */
	alloc.dom = st.dom = reset.dom = 9;
	assert_int_equal(call(1, EVTCHNOP_alloc_unbound, &alloc), -EPERM);
	assert_int_equal(call(1, EVTCHNOP_status, &st), -EPERM);
	assert_int_equal(call(0, EVTCHNOP_alloc_unbound, &alloc), -ESRCH);
	assert_int_equal(call(0, EVTCHNOP_status, &st), -ESRCH);
	assert_int_equal(call(0, EVTCHNOP_reset, &reset), -ESRCH);
	assert_int_equal(call(1, EVTCHNOP_bind_interdomain, &bind), -ESRCH);
	bind.remote_dom = 2;
	assert_int_equal(call(1, EVTCHNOP_bind_interdomain, &bind), -EINVAL);
	/* Its own by its own number is fine. */
	alloc.dom = 1;
	assert_int_equal(call(1, EVTCHNOP_alloc_unbound, &alloc), 0);
}

static void resets(void **state)
{
	struct evtchn_bind_ipi ipi = { .vcpu = 0 };
	struct evtchn_reset reset = { .dom = DOMID_SELF };
	struct evtchn_status st = { .dom = DOMID_SELF, .port = 200 };

	for (unsigned int i = 0; i < 200; i++)
		assert_int_equal(call(1, EVTCHNOP_bind_ipi, &ipi), 0);
	/* Too many for one go. */
	assert_int_equal(call(1, EVTCHNOP_reset, &reset), 0);
	for (st.port = 1; st.port <= 200; st.port++) {
		assert_int_equal(call(1, EVTCHNOP_status, &st), 0);
		assert_int_equal(st.status, EVTCHNSTAT_closed);
	}
}

static void no_memory_there(void **state)
{
	struct evtchn_bind_ipi ipi = { .vcpu = 0 };

	fake_guest_reset();
	for (uint32_t op = 0; op < 16; op++) {
		int64_t err = call_at(1, op, 0xffff000000001000);

		assert_true(err == -EFAULT || err == -ENOSYS);
	}
	/* It may be read, but the answer can't be written. */
	fake_guest_give(&ipi, sizeof(ipi), false);
	assert_int_equal(call_at(1, EVTCHNOP_bind_ipi, fake_guest_va(&ipi)), -EFAULT);
	assert_int_equal(call_at(1, EVTCHNOP_bind_ipi, fake_guest_va(&ipi) + 1), -EFAULT);
}

static void not_offered(void **state)
{
	static const uint32_t ops[] = { EVTCHNOP_bind_pirq,    EVTCHNOP_init_control,
					EVTCHNOP_expand_array, EVTCHNOP_set_priority,
					14, 15, 255, 0xffffffff };
	uint8_t zeroes[64] = { 0 };

	fake_guest_give(zeroes, sizeof(zeroes), true);
	for (unsigned int i = 0; i < ARRAY_SIZE(ops); i++)
		assert_int_equal(call_at(1, ops[i], fake_guest_va(zeroes)), -ENOSYS);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
#define T(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
		T(one_channel), T(own_ports), T(rights), T(resets), T(no_memory_there),
		T(not_offered),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
