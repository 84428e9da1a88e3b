/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One CPU makes domains, lets them run and sleep, and ends them; all others call whatever there is to call about them, at
 * random. Nothing may get stuck, and nothing be lost.
 */
#include "control_race.h"

#include "smp.h"
#include "tiny.h"

#define ROUNDS 20

/* The calls of tiny.h with a struct of the CPU's own. */
static int64_t domctl_by(struct xen_domctl *d, uint32_t cmd, unsigned int domid)
{
	d->cmd = cmd;
	d->interface_version = XEN_DOMCTL_INTERFACE_VERSION;
	d->domain = (domid_t)domid;
	return hypercall(__HYPERVISOR_domctl, (uintptr_t)d, 0);
}

static int64_t op_by(struct dm_op *o, uint32_t nr)
{
	o->version = DM_OP_VERSION;
	o->op = nr;
	return hypercall(DM_HYPERCALL, (uintptr_t)o, 0);
}

static volatile unsigned int target; /* the domain that is ready; 0: none */
static volatile bool over;

static uint32_t dice(uint64_t *seed)
{
	*seed ^= *seed << 13;
	*seed ^= *seed >> 7;
	*seed ^= *seed << 17;
	return (uint32_t)(*seed >> 16);
}

#define FIRST_NONE 64 /* no domain has such a number */

static void pause(unsigned int domid, uint64_t *seed)
{
	struct xen_domctl d;

	if (domctl_by(&d, XEN_DOMCTL_pausedomain, domid))
		return;
	delay_us(dice(seed) % 100);
	(void)domctl_by(&d, XEN_DOMCTL_unpausedomain, domid);
}

static void resume(unsigned int domid, uint64_t *seed)
{
	struct xen_domctl d;
	struct dm_op o;

	o.u.domid = (uint16_t)domid;
	if (dice(seed) % 2)
		(void)op_by(&o, DM_OP_RESUME);
	else
		(void)domctl_by(&d, XEN_DOMCTL_resumedomain, domid);
}

static void registers(unsigned int domid, uint64_t *seed)
{
	struct vcpu_guest_context c;
	struct xen_domctl d;

	memset(&d, 0, sizeof(d));
	d.u.vcpucontext.vcpu = dice(seed) % 2;
	set_xen_guest_handle(d.u.vcpucontext.ctxt, &c);
	(void)domctl_by(&d, XEN_DOMCTL_getvcpucontext, domid);
	d.u.vcpucontext.vcpu = 1;
	set_xen_guest_handle(d.u.vcpucontext.ctxt, (vcpu_guest_context_t *)NULL);
	(void)domctl_by(&d, XEN_DOMCTL_setvcpucontext, domid);
}

static void share(unsigned int domid, uint64_t *seed)
{
	struct xen_domctl d;
	uint64_t map = dice(seed) | 1;

	memset(&d, 0, sizeof(d));
	d.u.vcpuaffinity.flags = XEN_VCPUAFFINITY_HARD;
	d.u.vcpuaffinity.cpumap_hard.nr_bits = 64;
	set_xen_guest_handle(d.u.vcpuaffinity.cpumap_hard.bitmap, (uint8_t *)&map);
	(void)domctl_by(&d, XEN_DOMCTL_setvcpuaffinity, domid);
	memset(&d, 0, sizeof(d));
	d.u.scheduler_op.sched_id = XEN_SCHEDULER_CREDIT2;
	d.u.scheduler_op.u.credit2.weight = (uint16_t)(1 + dice(seed) % 1000);
	d.u.scheduler_op.u.credit2.cap = (uint16_t)(dice(seed) % 100);
	(void)domctl_by(&d, XEN_DOMCTL_scheduler_op, domid);
}

static void watch(unsigned int domid, uint64_t *seed)
{
	char text[32];
	struct xen_domctl d;
	struct dm_domain all[4];
	struct dm_op o;

	(void)domctl_by(&d, XEN_DOMCTL_getdomaininfo, domid);
	memset(&o, 0, sizeof(o));
	o.u.list.max = 4;
	o.u.list.buffer = (uintptr_t)all;
	(void)op_by(&o, DM_OP_DOMAINS);
	memset(&o, 0, sizeof(o));
	o.u.console.domid = (uint16_t)domid;
	o.u.console.buffer = (uintptr_t)text;
	o.u.console.size = dice(seed) % sizeof(text);
	(void)op_by(&o, dice(seed) % 2 ? DM_OP_CONSOLE_READ : DM_OP_CONSOLE_WRITE);
}

static void power(unsigned int domid, uint64_t *seed)
{
	struct dm_op o;

	memset(&o, 0, sizeof(o));
	o.u.key.domid = (uint16_t)domid;
	o.u.key.key = (uint16_t)(dice(seed) % DM_NR_KEYS);
	(void)op_by(&o, DM_OP_KEY);
	memset(&o, 0, sizeof(o));
	o.u.wakeup.domid = (uint16_t)domid;
	o.u.wakeup.change = dice(seed) & (DM_WAKE_ALL & ~DM_WAKE_COMMAND);
	o.u.wakeup.sources = dice(seed);
	(void)op_by(&o, DM_OP_WAKEUP);
	memset(&o, 0, sizeof(o));
	o.u.policy.domid = (uint16_t)domid;
	o.u.policy.set = dice(seed) & 7;
	o.u.policy.time = dice(seed) % 2;
	o.u.policy.veto_ms = 1 + dice(seed) % 1000;
	(void)op_by(&o, DM_OP_POLICY);
}

/* Numbers from nowhere, for all there is; not for Dom0, and nothing that would make or end a domain. */
static void nonsense(unsigned int domid, uint64_t *seed)
{
	struct xen_domctl d;
	struct dm_op o;
	uint32_t cmd = 5 + dice(seed) % 90;

	for (size_t i = 0; i < sizeof(d.u) / 4; i++)
		((uint32_t *)&d.u)[i] = dice(seed);
	(void)domctl_by(&d, cmd, domid);
	for (size_t i = 0; i < sizeof(o.u) / 4; i++)
		((uint32_t *)&o.u)[i] = dice(seed);
	o.u.domid = (uint16_t)domid;
	cmd = dice(seed) % DM_NR_OPS;
	if (cmd != DM_OP_TEST && cmd != DM_OP_DEVICES && cmd != DM_OP_NAME)
		(void)op_by(&o, cmd);
	(void)hypercall(__HYPERVISOR_domctl, NOWHERE + dice(seed), 0);
}

static void end(unsigned int domid, uint64_t *seed)
{
	struct xen_domctl d;

	if (domid == target && dice(seed) % 16 == 0)
		(void)domctl_by(&d, XEN_DOMCTL_destroydomain, domid);
}

static void interfere(void *arg)
{
	static void (*const what[])(unsigned int domid, uint64_t *seed) = {
		pause, resume, registers, share, watch, power, nonsense, end,
	};
	uint64_t seed = count_virt() ^ (uintptr_t)arg << 32;
	unsigned int calls = 0;

	while (!over) {
		unsigned int n = dice(&seed) % ARRAY_SIZE(what);
		unsigned int domid = target;

		/* One that isn't ready is only looked at, and stopped for a moment. */
		if (!domid || dice(&seed) % 8 == 0)
			domid = what[n] == pause || what[n] == watch ? 1 + dice(&seed) % 63 :
								      FIRST_NONE + dice(&seed) % 99;
		what[n](domid, &seed);
		calls++;
	}
	this_cpu()->scratch[0] = calls;
}

static void one_life(uint64_t *seed)
{
	unsigned int domid = build();
	int64_t result;

	need(domid);
	target = domid;
	(void)do_domctl(XEN_DOMCTL_unpausedomain, domid);
	for (unsigned int i = dice(seed) % 4; i; i--) {
		delay_us(dice(seed) % 3000);
		tell(1);
		delay_us(dice(seed) % 1000);
		resume(domid, seed);
	}
	target = 0;
	result = do_domctl(XEN_DOMCTL_destroydomain, domid);
	checkf(result == 0 || result == -ESRCH, "destroydomain: %ld", result);
	hide();
}

static bool alone(void)
{
	memset(&op, 0, sizeof(op));
	op.u.list.cursor = 1;
	op.u.list.max = 1;
	op.u.list.buffer = (uintptr_t)&listed;
	return check_eq(do_op(DM_OP_DOMAINS), 0) && op.u.list.count == 0;
}

void others_at_it(void)
{
	uint64_t before, seed = count_virt() | 1;

	skip_if(plat.nr_cpus < 2, "needs others");
	before = free_pages();
	need(smp_start_all());
	over = false;
	for (unsigned int n = 1; n < plat.nr_cpus; n++)
		smp_run(n, interfere, (void *)(uintptr_t)n);
	for (unsigned int i = 0; i < ROUNDS; i++)
		one_life(&seed);
	over = true;
	for (unsigned int n = 1; n < plat.nr_cpus; n++) {
		check(smp_join(n));
		check(cpu_nr(n)->scratch[0] > 0);
	}
	check(smp_stop_all());
	check(wait_for(alone(), WAIT_MS));
	check(wait_for(free_pages() == before, WAIT_MS));
	check_eq(free_pages(), before);
}
