/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The control interface for real: as Dom0 this guest makes a tiny domain (tiny.S) by the calls that the tool and libxl
 * make, talks to it, puts it to sleep, and ends it. Hostile calls come between.
 */
#include "control_race.h"
#include "tiny.h"

#define RUNS	  5 /* domains made and destroyed in the last test */

/* --- tests ------------------------------------------------------------------------------- */

static void machine(void)
{
	memset(&sysctl, 0, sizeof(sysctl));
	check_eq(do_sysctl(XEN_SYSCTL_physinfo), 0);
	check_eq(sysctl.u.physinfo.capabilities, 0x109);
	check(sysctl.u.physinfo.nr_cpus >= 1);
	check(sysctl.u.physinfo.free_pages < sysctl.u.physinfo.total_pages);
	check(sysctl.u.physinfo.free_pages > 0);
	check_eq(do_sysctl(XEN_SYSCTL_sched_id), 0);
	check_eq(sysctl.u.sched_id.sched_id, XEN_SCHEDULER_CREDIT2);
	memset(&op, 0, sizeof(op));
	check_eq(do_op(DM_OP_INFO), 0);
	check_eq(op.u.info.ticks_per_second, sysreg_read(cntfrq_el0));
	check(op.u.info.flags & DM_INFO_HOST_SUSPEND);
}

static void log(void)
{
	static char text[64];

	memset(&sysctl, 0, sizeof(sysctl));
	set_xen_guest_handle(sysctl.u.readconsole.buffer, text);
	sysctl.u.readconsole.count = sizeof(text);
	check_eq(do_sysctl(XEN_SYSCTL_readconsole), 0);
	check_eq(sysctl.u.readconsole.count, sizeof(text));
	check(!memcmp(text, "(dormouse)", 10) || sysctl.u.readconsole.index > sizeof(text));
}

static void wrong_calls(void)
{
	memset(&sysctl, 0, sizeof(sysctl));
	check_eq(do_sysctl(99), -ENOSYS);
	sysctl.cmd = XEN_SYSCTL_physinfo;
	sysctl.interface_version = 0x14;
	check_eq(hypercall(__HYPERVISOR_sysctl, (uintptr_t)&sysctl, 0), -EACCES);
	check_eq(hypercall(__HYPERVISOR_sysctl, NOWHERE, 0), -EFAULT);
	check_eq(hypercall(__HYPERVISOR_domctl, NOWHERE, 0), -EFAULT);
	check_eq(hypercall(DM_HYPERCALL, NOWHERE, 0), -EFAULT);
	check_eq(hypercall(__HYPERVISOR_xsm_op, (uintptr_t)&sysctl, 0), -ENOSYS);
	memset(&domctl, 0, sizeof(domctl));
	check_eq(do_domctl(99, 0), -ENOSYS);
	check_eq(do_domctl(XEN_DOMCTL_pausedomain, 0), -EINVAL);
	check_eq(do_domctl(XEN_DOMCTL_destroydomain, 0), -EINVAL);
	check_eq(do_domctl(XEN_DOMCTL_destroydomain, 63), -ESRCH);
	check_eq(do_domctl(XEN_DOMCTL_unpausedomain, DOMID_SELF), -ESRCH);
	check_eq(do_domctl(XEN_DOMCTL_createdomain, 0xffff), -EINVAL);
	memset(&op, 0, sizeof(op));
	check_eq(do_op(DM_NR_OPS), -ENOSYS);
	op.u.domid = 40;
	check_eq(do_op(DM_OP_RESUME), -ESRCH);
	op.u.domid = 0;
	check_eq(do_op(DM_OP_DEVICES), -EOPNOTSUPP);
	op.u.list = (struct dm_op_list){ .max = 1, .buffer = NOWHERE };
	check_eq(do_op(DM_OP_DOMAINS), -EFAULT);
	check_eq(op.u.list.count, 0);
}

static void life(void)
{
	unsigned int domid = build();

	console_cursor = 0;
	need(domid);
	check_eq(info(domid)->flags & (XEN_DOMINF_paused | XEN_DOMINF_dying), XEN_DOMINF_paused);
	check_eq(info(domid)->tot_pages, RAM_PAGES);
	check_eq(state_of(domid)->pause_count, 1);
	check(!memcmp(listed.name, "tiny", 5));
	check_eq(listed.flags, DM_DOMAIN_CONSOLE | DM_DOMAIN_RTC | DM_DOMAIN_KEYS);
	check_eq(counted(), 0);
	check(stands_still());
	check_eq(do_domctl(XEN_DOMCTL_unpausedomain, domid), 0);
	check(says(domid, "hi"));
	check(counts());
	check(info(domid)->cpu_time > 0);
	look();
	check_eq(counter[__HYPERVISOR_sysctl], -EPERM);
	check_eq(counter[__HYPERVISOR_domctl], -EPERM);
	check_eq(counter[DM_HYPERCALL], -EPERM);
	check_eq(info(domid)->nr_online_vcpus, 1);
	check_eq(info(domid)->max_vcpu_id, 1);

	check_eq(do_domctl(XEN_DOMCTL_pausedomain, domid), 0);
	check(stands_still());
	check_eq(do_domctl(XEN_DOMCTL_pausedomain, domid), 0);
	check_eq(do_domctl(XEN_DOMCTL_unpausedomain, domid), 0);
	check(stands_still());
	check_eq(do_domctl(XEN_DOMCTL_unpausedomain, domid), 0);
	check(counts());
	check_eq(do_domctl(XEN_DOMCTL_unpausedomain, domid), -EINVAL);
	check(counts());
	memset(&op, 0, sizeof(op));
	op.u.devices.domid = (uint16_t)domid;
	op.u.devices.add = DM_DEVICE_UART;
	check_eq(do_op(DM_OP_DEVICES), -EBUSY);
	destroy(domid);
}

static void registers(void)
{
	static struct vcpu_guest_context c;
	unsigned int domid = build();

	need(domid);
	check_eq(do_domctl(XEN_DOMCTL_unpausedomain, domid), 0);
	check(counts());
	memset(&domctl, 0, sizeof(domctl));
	set_xen_guest_handle(domctl.u.vcpucontext.ctxt, &c);
	check_eq(do_domctl(XEN_DOMCTL_getvcpucontext, domid), 0);
	check_eq(c.flags, VGCF_online);
	check(c.user_regs.pc64 >= DOMU_RAM && c.user_regs.pc64 < DOMU_RAM + PAGE);
	check_eq(c.user_regs.x20, LAST_PAGE * PAGE);
	check(counts());
	/* Not while it runs. */
	check_eq(do_domctl(XEN_DOMCTL_setvcpucontext, domid), -EBUSY);
	domctl.u.vcpucontext.vcpu = 1;
	check_eq(do_domctl(XEN_DOMCTL_getvcpucontext, domid), 0);
	check_eq(c.flags, 0);
	domctl.u.vcpucontext.vcpu = 2;
	check_eq(do_domctl(XEN_DOMCTL_getvcpucontext, domid), -EINVAL);
	destroy(domid);
}

static void resume(unsigned int domid)
{
	memset(&op, 0, sizeof(op));
	op.u.domid = (uint16_t)domid;
	check_eq(do_op(DM_OP_RESUME), 0);
	check(says(domid, "r"));
	check(counts());
}

static void sleeping(void)
{
	unsigned int domid = build();

	console_cursor = 0;
	need(domid);
	check_eq(do_domctl(XEN_DOMCTL_unpausedomain, domid), 0);
	check(says(domid, "hi"));
	memset(&op, 0, sizeof(op));
	op.u.domid = (uint16_t)domid;
	check_eq(do_op(DM_OP_RESUME), -EINVAL); /* it is awake */
	tell(1);
	need(check(comes_to(domid, DM_STATE_SUSPENDED)));
	check(stands_still());
	/* It can wake by itself, so it is blocked for Xen's tools. */
	check_eq(info(domid)->flags & (XEN_DOMINF_shutdown | XEN_DOMINF_blocked | XEN_DOMINF_running),
		 XEN_DOMINF_blocked);
	resume(domid);
	check_eq(state_of(domid)->suspends, 1);
	check_eq(listed.last_wake, DM_WAKE_COMMAND);
	check_eq(info(domid)->flags & XEN_DOMINF_shutdown, 0);

	/* Only a command may wake it: that is what they know. */
	memset(&op, 0, sizeof(op));
	op.u.wakeup.domid = (uint16_t)domid;
	op.u.wakeup.change = DM_WAKE_ALL & ~DM_WAKE_COMMAND;
	check_eq(do_op(DM_OP_WAKEUP), 0);
	check_eq(op.u.wakeup.sources, DM_WAKE_COMMAND);
	tell(1);
	need(check(comes_to(domid, DM_STATE_SUSPENDED)));
	check(info(domid)->flags & XEN_DOMINF_shutdown);
	check_eq(info(domid)->flags >> XEN_DOMINF_shutdownshift & 0xff, SHUTDOWN_suspend);
	check_eq(do_domctl(XEN_DOMCTL_resumedomain, domid), 0);
	check(says(domid, "r"));
	check(counts());
	check_eq(state_of(domid)->suspends, 2);
	check_eq(do_domctl(XEN_DOMCTL_resumedomain, domid), 0); /* nothing to do */
	/* Paused and suspended are two things. */
	tell(1);
	need(check(comes_to(domid, DM_STATE_SUSPENDED)));
	check_eq(do_domctl(XEN_DOMCTL_pausedomain, domid), 0);
	check_eq(do_domctl(XEN_DOMCTL_resumedomain, domid), 0);
	check(stands_still());
	check_eq(do_domctl(XEN_DOMCTL_unpausedomain, domid), 0);
	check(says(domid, "r"));
	destroy(domid);
}

static void ends(void)
{
	static const struct {
		uint64_t todo;
		uint8_t state, reason;
	} all[] = {
		{ 2, DM_STATE_SHUTDOWN, SHUTDOWN_poweroff },
		{ 3, DM_STATE_SHUTDOWN, SHUTDOWN_reboot },
		{ 4, DM_STATE_CRASHED, SHUTDOWN_crash },
	};

	for (unsigned int i = 0; i < ARRAY_SIZE(all); i++) {
		unsigned int domid = build();

		need(domid);
		check_eq(do_domctl(XEN_DOMCTL_unpausedomain, domid), 0);
		check(counts());
		tell(all[i].todo);
		check(comes_to(domid, all[i].state));
		check_eq(state_of(domid)->shutdown_reason, all[i].reason);
		check(info(domid)->flags & XEN_DOMINF_shutdown);
		check_eq(info(domid)->flags >> XEN_DOMINF_shutdownshift & 0xff, all[i].reason);
		check_eq(do_domctl(XEN_DOMCTL_resumedomain, domid), -EINVAL);
		destroy(domid);
	}
}

static void scheduling(void)
{
	unsigned int domid = build();
	static uint64_t map;

	need(domid);
	memset(&domctl, 0, sizeof(domctl));
	domctl.u.scheduler_op.sched_id = XEN_SCHEDULER_CREDIT2;
	domctl.u.scheduler_op.u.credit2.weight = 512;
	domctl.u.scheduler_op.u.credit2.cap = 50;
	check_eq(do_domctl(XEN_DOMCTL_scheduler_op, domid), 0);
	check_eq(state_of(domid)->weight, 512);
	check_eq(listed.cap, 50);
	memset(&domctl, 0, sizeof(domctl));
	map = 1;
	domctl.u.vcpuaffinity.flags = XEN_VCPUAFFINITY_HARD;
	domctl.u.vcpuaffinity.cpumap_hard.nr_bits = 64;
	set_xen_guest_handle(domctl.u.vcpuaffinity.cpumap_hard.bitmap, (uint8_t *)&map);
	check_eq(do_domctl(XEN_DOMCTL_setvcpuaffinity, domid), 0);
	check_eq(map, 1);
	check_eq(do_domctl(XEN_DOMCTL_unpausedomain, domid), 0);
	check(counts());
	memset(&domctl, 0, sizeof(domctl));
	check_eq(do_domctl(XEN_DOMCTL_getvcpuinfo, domid), 0);
	check_eq(domctl.u.getvcpuinfo.cpu, 0);
	check_eq(domctl.u.getvcpuinfo.online, 1);
	destroy(domid);
}

/* All that a domain had comes back, again and again, also when it is in the middle of something. */
static void memory_comes_back(void)
{
	uint64_t before = free_pages();

	for (unsigned int i = 0; i < RUNS; i++) {
		unsigned int domid = build();

		need(domid);
		if (i)
			check_eq(do_domctl(XEN_DOMCTL_unpausedomain, domid), 0);
		if (i > 1)
			check(counts());
		if (i > 2)
			tell(1);
		if (i > 3)
			check(comes_to(domid, DM_STATE_SUSPENDED));
		destroy(domid);
	}
	/* The last one's structures go when nobody can be looking at them any more. */
	for (uint64_t end = deadline_ms(WAIT_MS); free_pages() != before && !passed(end);)
		;
	check_eq(free_pages(), before);
}

GUEST_TESTS({ "the machine", machine }, { "the log", log }, { "wrong calls", wrong_calls },
	    { "a domain's life", life }, { "its registers", registers },
	    { "its sleep", sleeping }, { "its ends", ends },
	    { "its share of the CPUs", scheduling }, { "its memory comes back", memory_comes_back },
	    { "others rule it at the same time", others_at_it });
