/* SPDX-License-Identifier: Apache-2.0 */
/* XEN_DOMCTL_*, as libxl calls it (in the order of `xl create`), and as a hostile caller does. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>
#include "control_fake.h"
#include "lib/err.h"

static struct xen_domctl op;

static int setup(void **state)
{
	control_fake_reset();
	memset(&op, 0, sizeof(op));
	return 0;
}

static int64_t call(uint32_t cmd, unsigned int domain)
{
	op.cmd = cmd;
	op.interface_version = XEN_DOMCTL_INTERFACE_VERSION;
	op.domain = (domid_t)domain;
	return control_call(hypercall_domctl, &op, sizeof(op));
}

static const uint32_t known[] = {
	XEN_DOMCTL_createdomain,      XEN_DOMCTL_destroydomain,
	XEN_DOMCTL_pausedomain,	      XEN_DOMCTL_unpausedomain,
	XEN_DOMCTL_getdomaininfo,     XEN_DOMCTL_setvcpuaffinity,
	XEN_DOMCTL_max_mem,	      XEN_DOMCTL_setvcpucontext,
	XEN_DOMCTL_getvcpucontext,    XEN_DOMCTL_getvcpuinfo,
	XEN_DOMCTL_max_vcpus,	      XEN_DOMCTL_scheduler_op,
	XEN_DOMCTL_setdomainhandle,   XEN_DOMCTL_getvcpuaffinity,
	XEN_DOMCTL_resumedomain,      XEN_DOMCTL_set_address_size,
	XEN_DOMCTL_get_address_size,  XEN_DOMCTL_setnodeaffinity,
	XEN_DOMCTL_getnodeaffinity,   XEN_DOMCTL_cacheflush,
	XEN_DOMCTL_get_paging_mempool_size, XEN_DOMCTL_set_paging_mempool_size,
};

static bool is_known(uint32_t cmd)
{
	for (unsigned int i = 0; i < ARRAY_SIZE(known); i++)
		if (known[i] == cmd)
			return true;
	return false;
}

static void refusals(void **state)
{
	const uint64_t nowhere[HYPERCALL_ARGS] = { 0x1000 };

	assert_int_equal(hypercall_domctl(fake_caller, nowhere), -EFAULT);
	for (uint32_t cmd = 0; cmd < 100; cmd++)
		if (!is_known(cmd))
			assert_int_equal(call(cmd, 1), -ENOSYS);
	assert_int_equal(call(XEN_DOMCTL_gdbsx_guestmemio, 1), -ENOSYS);
	assert_int_equal(call(XEN_DOMCTL_pausedomain + 256, 1), -ENOSYS);
	op.interface_version = 0x14;
	op.cmd = XEN_DOMCTL_pausedomain;
	op.domain = 1;
	assert_int_equal(control_call(hypercall_domctl, &op, sizeof(op)), -EACCES);
	assert_int_equal(fake_domains[1].control_pauses, 0);
}

static void unknown_domains(void **state)
{
	static const unsigned int ids[] = { 2, 6, DOMID_SELF, DOMID_IO, DOMID_INVALID, 0xffff };

	for (unsigned int i = 0; i < ARRAY_SIZE(known); i++) {
		if (known[i] == XEN_DOMCTL_createdomain || known[i] == XEN_DOMCTL_getdomaininfo)
			continue;
		for (unsigned int n = 0; n < ARRAY_SIZE(ids); n++)
			assert_int_equal(call(known[i], ids[n]), -ESRCH);
	}
	/* One that is on its way out isn't ruled any more. */
	fake_domains[1].dying = true;
	assert_int_equal(call(XEN_DOMCTL_pausedomain, 1), -ESRCH);
}

static void not_oneself(void **state)
{
	assert_int_equal(call(XEN_DOMCTL_pausedomain, 0), -EINVAL);
	assert_int_equal(call(XEN_DOMCTL_destroydomain, 0), -EINVAL);
	assert_int_equal(call(XEN_DOMCTL_resumedomain, 0), -EINVAL);
	assert_int_equal(call(XEN_DOMCTL_setvcpucontext, 0), -EINVAL);
	assert_int_equal(call(XEN_DOMCTL_getvcpucontext, 0), -EINVAL);
	assert_int_equal(call(XEN_DOMCTL_unpausedomain, 0), -EINVAL);
	op.u.max_vcpus.max = 2;
	assert_int_equal(call(XEN_DOMCTL_max_vcpus, 0), -EINVAL);
	assert_int_equal(fake_domains[0].control_pauses, 0);
	assert_int_equal(fake.destroyed, 0);
}

/* As libxl fills it in for type="pvh". */
static void ask(void)
{
	memset(&op, 0, sizeof(op));
	op.u.createdomain = (struct xen_domctl_createdomain){
		.ssidref = 12,
		.handle = { 1, 2, 3, 4 },
		.flags = XEN_DOMCTL_CDF_hvm | XEN_DOMCTL_CDF_hap,
		.max_vcpus = 2,
		.max_evtchn_port = 1023,
		.max_grant_frames = -1,
		.max_maptrack_frames = -1,
		.grant_opts = 1,
	};
}

static void create(void **state)
{
	ask();
	assert_int_equal(call(XEN_DOMCTL_createdomain, 0xffff), 0);
	assert_int_equal(op.domain, 6);
	assert_int_equal(op.u.createdomain.arch.gic_version, XEN_DOMCTL_CONFIG_GIC_V3);
	assert_int_equal(op.u.createdomain.arch.clock_frequency, 0);
	assert_int_equal(fake.config.id, DOMID_ANY);
	assert_int_equal(fake.config.nr_vcpus, 2);
	assert_int_equal(fake.config.max_pages, 0); /* until max_mem */
	assert_string_equal(fake_domains[6].name, "dom6");
	assert_int_equal(fake_domains[6].handle[3], 4);
	assert_int_equal(fake_domains[6].control_pauses, 1);
	assert_int_equal(fake.spis, 0);
	assert_int_equal(fake.max_port, 1023);
	assert_int_equal(fake.grant_frames, UINT32_MAX);
	ask();
	fake.gic_version = 2;
	op.u.createdomain.arch.nr_spis = 40;
	op.u.createdomain.arch.gic_version = XEN_DOMCTL_CONFIG_GIC_V2;
	assert_int_equal(call(XEN_DOMCTL_createdomain, 3), 0);
	assert_int_equal(op.domain, 3);
	assert_int_equal(op.u.createdomain.arch.gic_version, XEN_DOMCTL_CONFIG_GIC_V2);
	assert_int_equal(fake.config.id, 3);
	assert_int_equal(fake.spis, 40);
	ask();
	assert_int_equal(call(XEN_DOMCTL_createdomain, 0), 0); /* 0 means: any */
	assert_int_equal(fake.config.id, DOMID_ANY);
}

static int64_t create_with(void (*change)(struct xen_domctl_createdomain *c))
{
	int64_t result;

	ask();
	change(&op.u.createdomain);
	fake.config.nr_vcpus = 12345;
	result = call(XEN_DOMCTL_createdomain, 0xffff);
	if (result)
		assert_int_equal(fake.config.nr_vcpus, 12345); /* refused before anything was made */
	return result;
}

#define WITH(name, what)                                                \
	static void name(struct xen_domctl_createdomain *c)             \
	{                                                               \
		what;                                                   \
	}
WITH(pv, c->flags = 0)
WITH(no_hap, c->flags = XEN_DOMCTL_CDF_hvm)
WITH(with_iommu, c->flags |= XEN_DOMCTL_CDF_iommu)
WITH(with_vpmu, c->flags |= XEN_DOMCTL_CDF_vpmu)
WITH(unknown_flag, c->flags |= 1U << 31)
WITH(iommu_opts, c->iommu_opts = 1)
WITH(no_vcpus, c->max_vcpus = 0)
WITH(many_vcpus, c->max_vcpus = MAX_VCPUS_PER_DOMAIN + 1)
WITH(endless_vcpus, c->max_vcpus = UINT32_MAX)
WITH(other_gic, c->arch.gic_version = XEN_DOMCTL_CONFIG_GIC_V2)
WITH(no_such_gic, c->arch.gic_version = 200)
WITH(tee, c->arch.tee_type = XEN_DOMCTL_CONFIG_TEE_OPTEE)
WITH(many_spis, c->arch.nr_spis = 961)
WITH(grant_v2, c->grant_opts = 2)
WITH(grant_v0, c->grant_opts = 0)
WITH(trace, c->vmtrace_size = 4096)
WITH(other_pool, c->cpupool_id = 1)
WITH(many_frames, c->max_grant_frames = 65)
WITH(negative_frames, c->max_grant_frames = -2)

static void create_refused(void **state)
{
	static void (*const wrong[])(struct xen_domctl_createdomain *c) = {
		pv, no_hap, with_iommu, with_vpmu, unknown_flag, iommu_opts, no_vcpus, many_vcpus,
		endless_vcpus, other_gic, no_such_gic, tee, many_spis, grant_v2, grant_v0, trace,
		many_frames, negative_frames,
	};

	for (unsigned int i = 0; i < ARRAY_SIZE(wrong); i++)
		assert_int_equal(create_with(wrong[i]), -EINVAL);
	assert_int_equal(create_with(other_pool), -ENOENT);
	ask();
	fake.new_err = -EEXIST;
	assert_int_equal(call(XEN_DOMCTL_createdomain, 5), -EEXIST);
}

static void create_half_made(void **state)
{
	const uint64_t args[HYPERCALL_ARGS] = { fake_guest_va(&op) };

	ask();
	fake.devices_err = -ENOMEM;
	assert_int_equal(call(XEN_DOMCTL_createdomain, 0xffff), -ENOMEM);
	assert_int_equal(fake_domains[6].nr_vcpus, 0);
	/* A struct that can't be written: its answer would get lost, and the domain with it. */
	control_fake_reset();
	ask();
	op.cmd = XEN_DOMCTL_createdomain;
	op.interface_version = XEN_DOMCTL_INTERFACE_VERSION;
	fake_guest_give(&op, sizeof(op), false);
	assert_int_equal(hypercall_domctl(fake_caller, args), -EFAULT);
	assert_int_equal(fake_domains[6].nr_vcpus, 0);
}

static void destroy(void **state)
{
	assert_int_equal(call(XEN_DOMCTL_destroydomain, 1), 0);
	assert_int_equal(fake.destroyed, 1);
	assert_int_equal(fake.waited, 1);
	/* Again, by somebody else: it waits for the same end. */
	fake.destroy_err = -EBUSY;
	assert_int_equal(call(XEN_DOMCTL_destroydomain, 1), 0);
	assert_int_equal(fake.waited, 2);
}

static void pausing(void **state)
{
	assert_int_equal(call(XEN_DOMCTL_unpausedomain, 1), -EINVAL);
	assert_int_equal(call(XEN_DOMCTL_pausedomain, 1), 0);
	assert_int_equal(call(XEN_DOMCTL_pausedomain, 1), 0);
	assert_int_equal(fake_domains[1].control_pauses, 2);
	assert_int_equal(call(XEN_DOMCTL_unpausedomain, 1), 0);
	assert_int_equal(call(XEN_DOMCTL_unpausedomain, 1), 0);
	assert_int_equal(call(XEN_DOMCTL_unpausedomain, 1), -EINVAL);
	fake.pause_err = -ETIMEDOUT;
	assert_int_equal(call(XEN_DOMCTL_pausedomain, 1), -ETIMEDOUT);
}

static void resume(void **state)
{
	assert_int_equal(call(XEN_DOMCTL_resumedomain, 1), 0); /* nothing to do */
	assert_int_equal(fake.resumed + fake.resumed_shutdown, 0);
	fake_domains[1].state = DOMAIN_SUSPENDED;
	assert_int_equal(call(XEN_DOMCTL_resumedomain, 1), 0);
	assert_int_equal(fake.resumed, 1);
	fake.resume_err = -EINVAL; /* it woke by itself in between */
	assert_int_equal(call(XEN_DOMCTL_resumedomain, 1), 0);
	fake.resume_err = -EPERM;
	assert_int_equal(call(XEN_DOMCTL_resumedomain, 1), -EPERM);
	fake_domains[1].state = DOMAIN_SHUTDOWN;
	assert_int_equal(call(XEN_DOMCTL_resumedomain, 1), 0);
	assert_int_equal(fake.resumed_shutdown, 1);
	fake.resume_shutdown_err = -EINVAL;
	assert_int_equal(call(XEN_DOMCTL_resumedomain, 1), -EINVAL);
}

/* --- what the tools see ------------------------------------------------------------------ */

#define INFO (op.u.getdomaininfo)

static uint32_t flags(void)
{
	assert_int_equal(call(XEN_DOMCTL_getdomaininfo, 1), 0);
	assert_int_equal(INFO.domain, 1);
	assert_int_equal(INFO.flags & (XEN_DOMINF_hvm_guest | XEN_DOMINF_hap),
			 XEN_DOMINF_hvm_guest | XEN_DOMINF_hap);
	return INFO.flags & ~(XEN_DOMINF_hvm_guest | XEN_DOMINF_hap);
}

#define NO_REASON (0xffU << 16)

static void info(void **state)
{
	fake.info[0] = (struct sched_info){ .online = true, .running = true, .cpu_time_ns = 7 };
	fake.info[1] = (struct sched_info){ .online = true, .blocked = true, .cpu_time_ns = 5 };
	fake_domains[1].handle[15] = 9;
	memset(&op.u, 0xff, sizeof(op.u));
	assert_int_equal(flags(), XEN_DOMINF_running | NO_REASON);
	assert_int_equal(INFO.cpu_time, 12);
	assert_int_equal(INFO.nr_online_vcpus, 2);
	assert_int_equal(INFO.max_vcpu_id, 1);
	assert_int_equal(INFO.tot_pages, 1001);
	assert_int_equal(INFO.max_pages, 2001);
	assert_int_equal(INFO.handle[15], 9);
	assert_int_equal(INFO.cpupool, 0);
	assert_int_equal(INFO.gpaddr_bits, 40);
	assert_int_equal(INFO.shr_pages, 0);
}

static void next_higher_domain(void **state)
{
	assert_int_equal(call(XEN_DOMCTL_getdomaininfo, 2), 0);
	assert_int_equal(op.domain, 5);
	assert_int_equal(INFO.domain, 5);
	assert_int_equal(call(XEN_DOMCTL_getdomaininfo, 6), -ESRCH);
	assert_int_equal(call(XEN_DOMCTL_getdomaininfo, 0xffff), -ESRCH);
	/* A dying one is seen until it is gone. */
	fake_domains[5].dying = true;
	assert_int_equal(call(XEN_DOMCTL_getdomaininfo, 5), 0);
	assert_true(INFO.flags & XEN_DOMINF_dying);
}

static void state_letters(void **state)
{
	struct domain *d = &fake_domains[1];

	fake.info[0] = (struct sched_info){ .online = true };
	assert_int_equal(flags(), NO_REASON); /* ready, but somebody else has the CPU: no letter */
	fake.info[0].blocked = true;
	assert_int_equal(flags(), XEN_DOMINF_blocked | NO_REASON);
	fake.info[1].online = true;
	assert_int_equal(flags(), NO_REASON);
	fake.info[1] = fake.info[0];
	d->control_pauses = 1;
	d->pause_count = 2;
	assert_int_equal(flags(), XEN_DOMINF_blocked | XEN_DOMINF_paused | NO_REASON);
	d->control_pauses = 0; /* a pause of Dormouse's own is nothing that `xl unpause` could end */
	assert_int_equal(flags(), XEN_DOMINF_blocked | NO_REASON);

	d->state = DOMAIN_SHUTDOWN;
	d->shutdown_reason = DOMAIN_REBOOT;
	assert_int_equal(flags(), XEN_DOMINF_blocked | XEN_DOMINF_shutdown | 1U << 16);
	d->shutdown_reason = DOMAIN_SUSPEND;
	assert_int_equal(flags(), XEN_DOMINF_blocked | XEN_DOMINF_shutdown | 2U << 16);
	d->state = DOMAIN_CRASHED;
	d->shutdown_reason = DOMAIN_CRASH;
	assert_int_equal(flags(), XEN_DOMINF_blocked | XEN_DOMINF_shutdown | 3U << 16);
	d->state = DOMAIN_RUNNING;
	fake.info[0].online = fake.info[1].online = false;
	assert_int_equal(flags(), XEN_DOMINF_blocked | NO_REASON);
}

/* xl's daemon takes leave of a domain that has shut down to suspend: only one that can't wake by itself has. */
static void suspended_is_blocked(void **state)
{
	struct domain *d = &fake_domains[1];

	d->state = DOMAIN_SUSPENDED;
	d->shutdown_reason = DOMAIN_SUSPEND;
	fake.info[0] = (struct sched_info){ .online = true, .running = true };
	assert_int_equal(flags(), XEN_DOMINF_blocked | NO_REASON);
	fake.wake_sources = WAKE_EVENT;
	assert_int_equal(flags(), XEN_DOMINF_blocked | NO_REASON);
	fake.wake_sources = WAKE_COMMAND;
	assert_int_equal(flags(), XEN_DOMINF_blocked | XEN_DOMINF_shutdown | 2U << 16);
	d->control_pauses = 1;
	assert_int_equal(flags(), XEN_DOMINF_blocked | XEN_DOMINF_paused | XEN_DOMINF_shutdown |
					  2U << 16);
}

/* --- limits ------------------------------------------------------------------------------ */

static void small_ones(void **state)
{
	op.u.max_vcpus.max = 2;
	assert_int_equal(call(XEN_DOMCTL_max_vcpus, 1), 0);
	op.u.max_vcpus.max = 3;
	assert_int_equal(call(XEN_DOMCTL_max_vcpus, 1), -EINVAL);
	op.u.max_mem.max_memkb = 262144 + 1024;
	assert_int_equal(call(XEN_DOMCTL_max_mem, 1), 0);
	assert_int_equal(fake_domains[1].max_pages, 65792);
	op.u.max_mem.max_memkb = UINT64_MAX;
	assert_int_equal(call(XEN_DOMCTL_max_mem, 1), 0);
	assert_int_equal(fake_domains[1].max_pages, UINT32_MAX);
	op.u.address_size.size = 64;
	assert_int_equal(call(XEN_DOMCTL_set_address_size, 1), 0);
	op.u.address_size.size = 32;
	assert_int_equal(call(XEN_DOMCTL_set_address_size, 1), -EINVAL);
	assert_int_equal(call(XEN_DOMCTL_get_address_size, 1), 0);
	assert_int_equal(op.u.address_size.size, 64);
	op.u.paging_mempool.size = 5 << 20;
	assert_int_equal(call(XEN_DOMCTL_set_paging_mempool_size, 1), 0);
	op.u.paging_mempool.size = 100;
	assert_int_equal(call(XEN_DOMCTL_set_paging_mempool_size, 1), -EINVAL);
	fake_domains[1].s2.table_pages = 3;
	assert_int_equal(call(XEN_DOMCTL_get_paging_mempool_size, 1), 0);
	assert_int_equal(op.u.paging_mempool.size, 3 * 4096);
	memset(op.u.setdomainhandle.handle, 7, 16);
	assert_int_equal(call(XEN_DOMCTL_setdomainhandle, 1), 0);
	assert_int_equal(fake_domains[1].handle[15], 7);
}

static void node_affinity(void **state)
{
	static uint8_t map[8] = { 3 };

	fake_guest_give(map, sizeof(map), true);
	op.u.nodeaffinity.nodemap.bitmap.q = fake_guest_va(map);
	op.u.nodeaffinity.nodemap.nr_bits = 64;
	assert_int_equal(call(XEN_DOMCTL_setnodeaffinity, 1), 0);
	map[0] = 2; /* there is only node 0 */
	assert_int_equal(call(XEN_DOMCTL_setnodeaffinity, 1), -EINVAL);
	assert_int_equal(call(XEN_DOMCTL_getnodeaffinity, 1), 0);
	assert_int_equal(map[0], 1);
	op.u.nodeaffinity.nodemap.bitmap.q = 0x1000;
	assert_int_equal(call(XEN_DOMCTL_setnodeaffinity, 1), -EFAULT);
	assert_int_equal(call(XEN_DOMCTL_getnodeaffinity, 1), -EFAULT);
}

static int64_t flush(uint64_t from, uint64_t count)
{
	op.u.cacheflush.start_pfn = from;
	op.u.cacheflush.nr_pfns = count;
	return call(XEN_DOMCTL_cacheflush, 1);
}

static void cache_flush(void **state)
{
	unsigned int before = fake_maintenance.dcache;

	fake.frames_from = 0x40000;
	fake.frames_to = 0x40010;
	assert_int_equal(flush(0x40000, 16), 0);
	assert_int_equal(fake_maintenance.dcache - before, 16);
	assert_int_equal(flush(0x40008, 32), 0); /* holes are passed over */
	assert_int_equal(fake_maintenance.dcache - before, 24);
	/* A long one is done in pieces, the rest being left in the struct. */
	fake.frames_to = 0x41000;
	before = fake_maintenance.dcache;
	assert_int_equal(flush(0x40000, 1000), HYPERCALL_AGAIN);
	assert_in_range(fake_maintenance.dcache - before, 1, 512);
	assert_int_equal(op.u.cacheflush.start_pfn - 0x40000 + op.u.cacheflush.nr_pfns, 1000);
	while (op.u.cacheflush.nr_pfns) {
		int64_t result = flush(op.u.cacheflush.start_pfn, op.u.cacheflush.nr_pfns);

		if (result != HYPERCALL_AGAIN) {
			assert_int_equal(result, 0);
			break;
		}
	}
	assert_int_equal(fake_maintenance.dcache - before, 1000);
	assert_int_equal(flush(0, 1 << 20), HYPERCALL_AGAIN);
	assert_int_equal(flush(0, (1 << 20) + 1), -EINVAL);
	assert_int_equal(flush(UINT64_MAX, 2), -EINVAL);
	assert_int_equal(flush(0, UINT64_MAX), -EINVAL);
	assert_int_equal(flush(5, 0), 0);
}

/* --- vCPUs ------------------------------------------------------------------------------- */

static struct vcpu_guest_context context;

static int64_t set_context(unsigned int vcpu, const void *c)
{
	op.u.vcpucontext.vcpu = vcpu;
	op.u.vcpucontext.ctxt.q = fake_guest_va(c);
	return call(XEN_DOMCTL_setvcpucontext, 1);
}

static void set_vcpu_context(void **state)
{
	fake_guest_give(&context, sizeof(context), false);
	memset(&context, 0, sizeof(context));
	context.flags = VGCF_online;
	context.user_regs.x0 = 0x48000000; /* the device tree */
	context.user_regs.x30 = 30;
	context.user_regs.pc64 = 0x40080000;
	context.user_regs.cpsr = 0x1c5;
	context.user_regs.sp_el1 = 11;
	context.sctlr = 0x00c50078;
	context.ttbr1 = 12;
	assert_int_equal(set_context(0, &context), 0);
	assert_true(fake.context_given);
	assert_ptr_equal(fake.context_of, fake_domains[1].vcpus[0]);
	assert_int_equal(fake.context.x[0], 0x48000000);
	assert_int_equal(fake.context.x[30], 30);
	assert_int_equal(fake.context.pc, 0x40080000);
	assert_int_equal(fake.context.pstate, 0x1c5);
	assert_int_equal(fake.context.sp_el1, 11);
	assert_int_equal(fake.context.sctlr, 0x00c50078);
	assert_int_equal(fake.context.ttbr1, 12);
	context.flags = 0; /* not online */
	assert_int_equal(set_context(1, &context), 0);
	assert_false(fake.context_given);
	assert_int_equal(set_context(1, NULL), 0); /* xc_domain_resume, slow */
	assert_false(fake.context_given);
	fake.context_of = NULL;
	assert_int_equal(set_context(2, &context), -EINVAL);
	assert_int_equal(set_context(UINT32_MAX, NULL), -EINVAL);
	assert_int_equal(set_context(0, (const void *)0x1000), -EFAULT);
	assert_null(fake.context_of);
	fake.context_err = -EAGAIN;
	assert_int_equal(set_context(0, &context), HYPERCALL_AGAIN);
	fake.context_err = -EBUSY;
	assert_int_equal(set_context(0, &context), -EBUSY);
}

static void get_vcpu_context(void **state)
{
	struct vcpu *v = fake_domains[1].vcpus[1];

	fake_guest_give(&context, sizeof(context), true);
	op.u.vcpucontext.vcpu = 1;
	op.u.vcpucontext.ctxt.q = fake_guest_va(&context);
	v->power = VCPU_ON;
	v->regs.x[30] = 77;
	v->regs.pc = 0x1234;
	v->sysregs.ttbr0 = 5;
	v->sysregs.spsr = 6;
	assert_int_equal(call(XEN_DOMCTL_getvcpucontext, 1), 0);
	assert_int_equal(context.flags, VGCF_online);
	assert_int_equal(context.user_regs.x30, 77);
	assert_int_equal(context.user_regs.pc64, 0x1234);
	assert_int_equal(context.ttbr0, 5);
	assert_int_equal(context.user_regs.spsr_el1, 6);
	assert_int_equal(fake_domains[1].pause_count, 0);
	/* In another CPU's registers still: that one is asked to unload, and we come again. */
	v->loaded = true;
	assert_int_equal(call(XEN_DOMCTL_getvcpucontext, 1), HYPERCALL_AGAIN);
	assert_int_equal(v->cpu->work, BIT(CPU_WORK_UNLOAD));
	assert_int_equal(fake_domains[1].pause_count, 0);
	v->loaded = false;
	op.u.vcpucontext.ctxt.q = 0x1000;
	assert_int_equal(call(XEN_DOMCTL_getvcpucontext, 1), -EFAULT);
	op.u.vcpucontext.ctxt.q = 0;
	assert_int_equal(call(XEN_DOMCTL_getvcpucontext, 1), -EINVAL);
	op.u.vcpucontext.vcpu = 2;
	assert_int_equal(call(XEN_DOMCTL_getvcpucontext, 1), -EINVAL);
	op.u.vcpucontext = (struct xen_domctl_vcpucontext){ .vcpu = 1, .ctxt.q = 1 };
	fake.pause_err = -ETIMEDOUT;
	assert_int_equal(call(XEN_DOMCTL_getvcpucontext, 1), -ETIMEDOUT);
}

static void vcpu_info(void **state)
{
	fake.info[1] = (struct sched_info){
		.cpu = 2, .online = true, .running = true, .cpu_time_ns = 1234
	};
	op.u.getvcpuinfo.vcpu = 1;
	assert_int_equal(call(XEN_DOMCTL_getvcpuinfo, 1), 0);
	assert_int_equal(op.u.getvcpuinfo.online, 1);
	assert_int_equal(op.u.getvcpuinfo.running, 1);
	assert_int_equal(op.u.getvcpuinfo.blocked, 0);
	assert_int_equal(op.u.getvcpuinfo.cpu, 2);
	assert_int_equal(op.u.getvcpuinfo.cpu_time, 1234);
	op.u.getvcpuinfo.vcpu = 2;
	assert_int_equal(call(XEN_DOMCTL_getvcpuinfo, 1), -EINVAL);
}

static uint8_t hard[16], soft[16];

static int64_t affinity(bool set, unsigned int vcpu, uint32_t what)
{
	op.u.vcpuaffinity = (struct xen_domctl_vcpuaffinity){ .vcpu = vcpu, .flags = what };
	op.u.vcpuaffinity.cpumap_hard.bitmap.q = fake_guest_va(hard);
	op.u.vcpuaffinity.cpumap_hard.nr_bits = 8;
	op.u.vcpuaffinity.cpumap_soft.bitmap.q = fake_guest_va(soft);
	op.u.vcpuaffinity.cpumap_soft.nr_bits = 128;
	return call(set ? XEN_DOMCTL_setvcpuaffinity : XEN_DOMCTL_getvcpuaffinity, 1);
}

static void pinning(void **state)
{
	fake_guest_give(hard, sizeof(hard), true);
	fake_guest_give(soft, sizeof(soft), true);
	hard[0] = 0xfe;
	hard[1] = 0xff;
	memset(soft, 0xff, sizeof(soft));
	assert_int_equal(affinity(true, 0, XEN_VCPUAFFINITY_HARD | XEN_VCPUAFFINITY_SOFT), 0);
	assert_int_equal(fake.affinity, 0xfe);
	assert_int_equal(hard[0], 4); /* what is in force: CPUs 0 and 2 are online */
	assert_int_equal(hard[1], 0xff);
	assert_int_equal(soft[0], 4);
	assert_int_equal(soft[15], 0);
	fake.affinity = 3;
	assert_int_equal(affinity(false, 0, XEN_VCPUAFFINITY_HARD | XEN_VCPUAFFINITY_SOFT), 0);
	assert_int_equal(hard[0], 3);
	assert_int_equal(soft[0], 7);
	/* Only CPUs that aren't there, or aren't online. */
	hard[0] = 0x10;
	assert_int_equal(affinity(true, 0, XEN_VCPUAFFINITY_HARD), -EINVAL);
	hard[0] = 2;
	assert_int_equal(affinity(true, 0, XEN_VCPUAFFINITY_HARD), -EINVAL);
	memset(soft, 0, sizeof(soft));
	assert_int_equal(affinity(true, 0, XEN_VCPUAFFINITY_SOFT), -EINVAL);
	assert_int_equal(affinity(true, 0, 0), -EINVAL);
	assert_int_equal(affinity(true, 2, XEN_VCPUAFFINITY_HARD), -EINVAL);
	assert_int_equal(affinity(false, 2, XEN_VCPUAFFINITY_HARD), -EINVAL);
	assert_int_equal(affinity(false, 0, 0), -EINVAL);
	assert_int_equal(fake.affinity, 3);
	/* Nothing is set when the answer can't be given. */
	fake_guest_reset();
	fake_guest_give(&op, sizeof(op), true);
	fake_guest_give(hard, sizeof(hard), false);
	hard[0] = 1;
	assert_int_equal(affinity(true, 0, XEN_VCPUAFFINITY_HARD), -EFAULT);
	assert_int_equal(fake.affinity, 3);
}

static int64_t schedule(uint32_t id, uint32_t cmd, uint16_t weight, uint16_t cap)
{
	op.u.scheduler_op.sched_id = id;
	op.u.scheduler_op.cmd = cmd;
	op.u.scheduler_op.u.credit2.weight = weight;
	op.u.scheduler_op.u.credit2.cap = cap;
	return call(XEN_DOMCTL_scheduler_op, 1);
}

static void weight_and_cap(void **state)
{
	const uint32_t put = XEN_DOMCTL_SCHEDOP_putinfo, get = XEN_DOMCTL_SCHEDOP_getinfo;

	assert_int_equal(schedule(XEN_SCHEDULER_CREDIT2, put, 512, 50), 0);
	assert_int_equal(fake.weight, 512);
	assert_int_equal(fake.cap, 50);
	assert_int_equal(schedule(XEN_SCHEDULER_CREDIT, put, 0, 0xffff), 0); /* neither */
	assert_int_equal(fake.weight, 512);
	assert_int_equal(fake.cap, 50);
	assert_int_equal(schedule(XEN_SCHEDULER_CREDIT, put, 128, 0xffff), 0);
	assert_int_equal(schedule(XEN_SCHEDULER_CREDIT, put, 0, 0), 0);
	assert_int_equal(schedule(XEN_SCHEDULER_CREDIT2, get, 9, 9), 0);
	assert_int_equal(op.u.scheduler_op.u.credit2.weight, 128);
	assert_int_equal(op.u.scheduler_op.u.credit2.cap, 0);
	assert_int_equal(schedule(XEN_SCHEDULER_RTDS, get, 0, 0), -EINVAL);
	assert_int_equal(schedule(XEN_SCHEDULER_CREDIT2, XEN_DOMCTL_SCHEDOP_getvcpuinfo, 0, 0),
			 -EINVAL);
	fake.params_err = -EINVAL;
	assert_int_equal(schedule(XEN_SCHEDULER_CREDIT2, put, 1, 60000), -EINVAL);
}

#define T(f) cmocka_unit_test_setup(f, setup)

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(refusals), T(unknown_domains), T(not_oneself), T(create), T(create_refused),
		T(create_half_made), T(destroy), T(pausing), T(resume), T(info),
		T(next_higher_domain), T(state_letters), T(suspended_is_blocked), T(small_ones),
		T(node_affinity), T(cache_flush), T(set_vcpu_context), T(get_vcpu_context),
		T(vcpu_info), T(pinning), T(weight_and_cap),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
