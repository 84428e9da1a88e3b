/* SPDX-License-Identifier: Apache-2.0 */
/* What a kernel asks of Xen when it comes up, and what becomes of its memory. */
#include "hypercall_tests.h"

#include "exc.h"
#include "gic.h"
#include "libc.h"
#include "platform.h"
#include "smp.h"
#include "tap.h"
#include "timer.h"

#define PATTERN 0x5eedf00dcafe1234

static uint64_t load(const void *p)
{
	return *(const volatile uint64_t *)p;
}

static struct exc try_load(const void *p)
{
	return TRY("ldr xzr, [%0]" ::"r"(p) : "memory");
}

void own_version(void)
{
	struct xen_feature_info f = { 0 };
	static char text[1024];

	check_eq(hypercall(__HYPERVISOR_xen_version, XENVER_version, 0, 0), 0x40011);
	check_eq(hypercall_on(__HYPERVISOR_xen_version, XENVER_get_features, &f), 0);
	check_eq(f.submap, 0x26805);
	check_eq(hypercall_on(__HYPERVISOR_xen_version, XENVER_capabilities, text), 0);
	check(!memcmp(text, "xen-3.0-aarch64 ", 17));
	check_eq(hypercall(__HYPERVISOR_xen_version, XENVER_pagesize, 0, 0), 4096);
}

void own_parameters(void)
{
	struct xen_hvm_param p = { .domid = DOMID_SELF, .index = HVM_PARAM_STORE_EVTCHN, .value = 7 };

	check_eq(hypercall_on(__HYPERVISOR_hvm_op, HVMOP_get_param, &p), 0);
	check_eq(p.value, 0);
	check_eq(hypercall_on(__HYPERVISOR_hvm_op, HVMOP_set_param, &p), -EPERM);
	p.index = HVM_NR_PARAMS;
	check_eq(hypercall_on(__HYPERVISOR_hvm_op, HVMOP_get_param, &p), -EINVAL);
	p.index = UINT32_MAX;
	check_eq(hypercall_on(__HYPERVISOR_hvm_op, HVMOP_get_param, &p), -EINVAL);
}

/* ---- memory ---- */

static int64_t reserve(uint64_t op, const void *page)
{
	static uint64_t gfn;
	static struct xen_memory_reservation r;

	gfn = gfn_of(page);
	r = (struct xen_memory_reservation) { .nr_extents = 1, .domid = DOMID_SELF };
	r.extent_start.q = (uintptr_t)&gfn;
	return hypercall_on(__HYPERVISOR_memory_op, op, &r);
}

static int64_t remove(const void *page)
{
	struct xen_remove_from_physmap r = { .domid = DOMID_SELF, .gpfn = gfn_of(page) };

	return hypercall_on(__HYPERVISOR_memory_op, XENMEM_remove_from_physmap, &r);
}

static int64_t map(unsigned int space, uint64_t idx, uint64_t gfn)
{
	struct xen_add_to_physmap a = {
		.domid = DOMID_SELF, .space = space, .idx = idx, .gpfn = gfn,
	};

	return hypercall_on(__HYPERVISOR_memory_op, XENMEM_add_to_physmap, &a);
}

/* Mapped 1:1, it gets the same frame back: devices know it by that address. What is in it shows that it is. */
void gives_memory_up(void)
{
	uint64_t *page = (uint64_t *)pages[1];
	domid_t self = DOMID_SELF;
	int64_t had = hypercall_on(__HYPERVISOR_memory_op, XENMEM_current_reservation, &self);

	check(had > 0);
	*page = PATTERN;
	cache_clean(page, 8);
	check_eq(reserve(XENMEM_decrease_reservation, page), 1);
	check_eq(hypercall_on(__HYPERVISOR_memory_op, XENMEM_current_reservation, &self), had - 1);
	check(exc_is_abort(try_load(page), (uintptr_t)page));
	check_eq(hypercall_on(__HYPERVISOR_xen_version, XENVER_get_features, page), -EFAULT);
	check_eq(reserve(XENMEM_decrease_reservation, page), 0);
	check_eq(reserve(XENMEM_populate_physmap, page), 1);
	check_eq(load(page), PATTERN);
	check_eq(reserve(XENMEM_populate_physmap, page), 0); /* it is there */
	/* Where it has no RAM of its own it gets none. */
	check_eq(reserve(XENMEM_populate_physmap, (void *)plat.xen_grants), 0);
	check_eq(reserve(XENMEM_populate_physmap, (void *)plat.gicd), 0);
	check_eq(reserve(XENMEM_populate_physmap, (void *)(1ul << 45)), 0);
	check_eq(hypercall_on(__HYPERVISOR_memory_op, XENMEM_current_reservation, &self), had);
}

void maps_shared_info(void)
{
	struct shared_info *s = (void *)pages[2], *t = (void *)pages[3];
	domid_t self = DOMID_SELF;
	int64_t had = hypercall_on(__HYPERVISOR_memory_op, XENMEM_current_reservation, &self);

	memset(s, 0xff, 4096);
	check_eq(map(XENMAPSPACE_shared_info, 1, gfn_of(s)), -EINVAL);
	check_eq(map(XENMAPSPACE_shared_info, 0, gfn_of(s)), 0);
	check_eq(map(XENMAPSPACE_shared_info, 0, gfn_of(s)), 0); /* as after a kernel's restart */
	check_eq(s->evtchn_mask[5], 0);
	check_eq(hypercall_on(__HYPERVISOR_memory_op, XENMEM_current_reservation, &self), had - 1);
	s->evtchn_mask[63] = PATTERN;
	check_eq(map(XENMAPSPACE_shared_info, 0, gfn_of(t)), 0);
	check_eq(t->evtchn_mask[63], PATTERN);
	*(volatile uint64_t *)&s->evtchn_mask[63] = 0; /* the same page, which the compiler can't know */
	check_eq(load(&t->evtchn_mask[63]), 0);
	/* Not over a device, nor beyond all addresses. */
	check(map(XENMAPSPACE_shared_info, 0, plat.gicd >> 12) == 0); /* nothing is there for the guest */
	check_eq(remove((void *)plat.gicd), 0);
	check(map(XENMAPSPACE_shared_info, 0, 0x10000000 >> 12) < 0);
	check(map(XENMAPSPACE_shared_info, 0, 1ul << 50) < 0);
	check(map(XENMAPSPACE_shared_info, 0, UINT64_MAX) < 0);
	check_eq(remove(s), 0);
	check(exc_is_abort(try_load(s), (uintptr_t)s));
	check(remove(s) < 0);
	check_eq(reserve(XENMEM_populate_physmap, s), 1);
	*(volatile uint64_t *)s = PATTERN;
	check_eq(load(s), PATTERN);
	check(load(t) != PATTERN);
	check_eq(remove(t), 0);
	check_eq(reserve(XENMEM_populate_physmap, t), 1);
	check_eq(hypercall_on(__HYPERVISOR_memory_op, XENMEM_current_reservation, &self), had);
}

void grant_frames(void)
{
	struct grant_entry_v1 *g = (void *)pages[4];

	check_eq(map(XENMAPSPACE_grant_table, 0, gfn_of(g)), 0);
	check_eq(map(XENMAPSPACE_grant_table, 0, gfn_of(g)), 0);
	check_eq(g[0].flags, 0);
	check_eq(map(XENMAPSPACE_grant_table, 64, gfn_of(pages[5])), -EINVAL);
	check_eq(map(XENMAPSPACE_grant_table, UINT64_MAX, gfn_of(pages[5])), -EINVAL);
	check_eq(map(XENMAPSPACE_grant_table, XENMAPIDX_grant_table_status, gfn_of(pages[5])), -EINVAL);
	check_eq(remove(g), 0);
	check_eq(reserve(XENMEM_populate_physmap, g), 1);
}

/* ---- events ---- */

static int64_t register_info(uint64_t vcpu, const void *page, uint32_t offset)
{
	struct vcpu_register_vcpu_info r = { .mfn = gfn_of(page), .offset = offset };

	return hypercall(__HYPERVISOR_vcpu_op, VCPUOP_register_vcpu_info, vcpu, (uintptr_t)&r);
}

static struct vcpu_info *info(void)
{
	return (struct vcpu_info *)pages[6];
}

void registers_vcpu_info(void)
{
	memset(pages[6], 0, 4096);
	check_eq(register_info(plat.nr_cpus, pages[6], 0), -ENOENT);
	check_eq(register_info(UINT64_MAX, pages[6], 0), -ENOENT);
	check_eq(register_info(0, pages[6], 4096), -EINVAL);
	check_eq(register_info(0, pages[6], UINT32_MAX), -EINVAL);
	check_eq(register_info(0, pages[6], 4), -EINVAL);
	check_eq(register_info(0, (void *)plat.gicd, 0), -EINVAL);
	check_eq(register_info(0, (void *)plat.xen_grants, 0), -EINVAL);
	check_eq(register_info(0, (void *)(1ul << 60), 0), -EINVAL);
	check_eq(register_info(0, pages[6], 0), 0);
	check_eq(register_info(0, pages[6], 0), 0);
	check_eq(register_info(0, pages[6], 64), -EINVAL);
	check_eq(hypercall(__HYPERVISOR_vcpu_op, VCPUOP_register_runstate_memory_area, 0, 0), 0);
	/* What has moved is looked at anew. */
	check_eq(info()->evtchn_upcall_pending, 1);
	check_eq(info()->evtchn_pending_sel, UINT64_MAX);
}

void event_to_itself(void)
{
	struct shared_info *s = (void *)pages[2];
	struct evtchn_alloc_unbound a = { .dom = DOMID_SELF, .remote_dom = DOMID_SELF };
	struct evtchn_bind_interdomain b = { .remote_dom = DOMID_SELF };
	struct evtchn_send send;
	uint32_t before;

	check_eq(map(XENMAPSPACE_shared_info, 0, gfn_of(s)), 0);
	check_eq(hypercall_on(__HYPERVISOR_event_channel_op, EVTCHNOP_alloc_unbound, &a), 0);
	b.remote_port = a.port;
	check_eq(hypercall_on(__HYPERVISOR_event_channel_op, EVTCHNOP_bind_interdomain, &b), 0);
	need(plat.xen_intid >= 16 && plat.xen_intid < 32);
	/* A clean table; then one event. */
	info()->evtchn_upcall_pending = 0;
	info()->evtchn_pending_sel = 0;
	memset((void *)s->evtchn_pending, 0, sizeof(s->evtchn_pending));
	gic_unpend(plat.xen_intid);
	gic_enable(plat.xen_intid);
	irq_enable();
	before = this_cpu()->irq_count[plat.xen_intid];
	send.port = b.local_port;
	check_eq(hypercall_on(__HYPERVISOR_event_channel_op, EVTCHNOP_send, &send), 0);
	check(wait_for(this_cpu()->irq_count[plat.xen_intid] > before, 1000));
	irq_disable();
	gic_disable(plat.xen_intid);
	check_eq(info()->evtchn_upcall_pending, 1);
	check_eq(info()->evtchn_pending_sel, 1ul << (a.port / 64));
	check_eq(s->evtchn_pending[a.port / 64], 1ul << (a.port % 64));
	/* The page stays what it is for the hypervisor, whatever the guest does with it meanwhile. */
	check_eq(reserve(XENMEM_decrease_reservation, pages[6]), 1);
	s->evtchn_pending[a.port / 64] = 0;
	check_eq(hypercall_on(__HYPERVISOR_event_channel_op, EVTCHNOP_send, &send), 0);
	check_eq(s->evtchn_pending[a.port / 64], 1ul << (a.port % 64));
	check_eq(reserve(XENMEM_populate_physmap, pages[6]), 1);
	check_eq(remove(s), 0);
	check_eq(reserve(XENMEM_populate_physmap, s), 1);
}

void clock_is_told(void)
{
	struct xen_platform_op p = { .cmd = XENPF_settime64, .interface_version = XENPF_INTERFACE_VERSION };
	struct shared_info *s = (void *)pages[2];
	uint32_t version;

	check_eq(map(XENMAPSPACE_shared_info, 0, gfn_of(s)), 0);
	version = s->wc_version;
	check(version && !(version & 1));
	p.u.settime64.secs = 0x200000000;
	check_eq(hypercall(__HYPERVISOR_platform_op, (uintptr_t)&p, 0, 0), 0);
	check_eq(s->wc_version, version + 2);
	check(s->wc_sec_hi == 1 || s->wc_sec_hi == 2);
	p.interface_version = 0;
	check(hypercall(__HYPERVISOR_platform_op, (uintptr_t)&p, 0, 0) < 0);
	check_eq(s->wc_version, version + 2);
	check_eq(remove(s), 0);
	check_eq(reserve(XENMEM_populate_physmap, s), 1);
}
