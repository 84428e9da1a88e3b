/* SPDX-License-Identifier: Apache-2.0 */
/* The domctls about single vCPUs and what the scheduler gives them. */
#include "virt/hypercall/domctl.h"

#include "core/sched.h"
#include "lib/err.h"
#include "lib/string.h"
#include "virt/hypercall/control.h"
#include "virt/hypercall/guest_copy.h"

/* --- registers --------------------------------------------------------------------------- */

static void take_context(struct vcpu_context *to, const struct vcpu_guest_context *from)
{
	const struct vcpu_guest_core_regs *r = &from->user_regs;

	memcpy(to->x, &r->x0, sizeof(to->x)); /* x0 to x30 follow one another, see below */
	to->pc = r->pc64;
	to->pstate = r->cpsr;
	to->sp_el0 = r->sp_el0;
	to->sp_el1 = r->sp_el1;
	to->elr_el1 = r->elr_el1;
	to->spsr_el1 = r->spsr_el1;
	to->sctlr = from->sctlr;
	to->tcr = from->ttbcr;
	to->ttbr0 = from->ttbr0;
	to->ttbr1 = from->ttbr1;
}

XEN_ASSERT_AT(struct vcpu_guest_core_regs, x30, 30 * 8);
XEN_ASSERT_AT(struct vcpu_guest_context, user_regs.x0, 8);
XEN_ASSERT_AT(struct vcpu_guest_context, user_regs.pc64, 256);
XEN_ASSERT_AT(struct vcpu_guest_context, user_regs.spsr_el1, 272);
XEN_ASSERT_AT(struct vcpu_guest_context, user_regs.sp_el0, 296);

/* Without a context, or with one that isn't online: the vCPU goes off. */
int domctl_setvcpucontext(struct vcpu *v, struct domain *d, struct xen_domctl *op)
{
	const struct xen_domctl_vcpucontext *c = &op->u.vcpucontext;
	struct vcpu_guest_context given;
	struct vcpu_context context;
	int err;

	if (c->vcpu >= d->nr_vcpus)
		return -EINVAL;
	memset(&given, 0, sizeof(given));
	if (c->ctxt.q && guest_copy_from(v, &given, c->ctxt.q, sizeof(given)))
		return -EFAULT;
	take_context(&context, &given);
	err = domain_set_vcpu_context(d->vcpus[c->vcpu],
	                              given.flags & VGCF_online ? &context : NULL);
	return err == -EAGAIN ? DOMCTL_AGAIN : err;
}

static void give_context(struct vcpu_guest_context *to, const struct vcpu *v)
{
	struct vcpu_guest_core_regs *r = &to->user_regs;

	memset(to, 0, sizeof(*to));
	to->flags = v->power == VCPU_OFF ? 0 : VGCF_online;
	memcpy(&r->x0, v->regs.x, sizeof(v->regs.x));
	r->pc64 = v->regs.pc;
	r->cpsr = v->regs.pstate;
	r->sp_el0 = v->sysregs.sp_el0;
	r->sp_el1 = v->sysregs.sp_el1;
	r->elr_el1 = v->sysregs.elr;
	r->spsr_el1 = v->sysregs.spsr;
	to->sctlr = v->sysregs.sctlr;
	to->ttbcr = v->sysregs.tcr;
	to->ttbr0 = v->sysregs.ttbr0;
	to->ttbr1 = v->sysregs.ttbr1;
}

/* Its registers stay in the CPU that it ran on last until somebody else runs there. */
int domctl_getvcpucontext(struct vcpu *v, struct domain *d, struct xen_domctl *op)
{
	const struct xen_domctl_vcpucontext *c = &op->u.vcpucontext;
	struct vcpu_guest_context out;
	struct vcpu *of;
	int err;

	if (c->vcpu >= d->nr_vcpus || !c->ctxt.q)
		return -EINVAL;
	of = d->vcpus[c->vcpu];
	err = domain_pause_sync(d);
	if (err)
		return err;
	if (__atomic_load_n(&of->loaded, __ATOMIC_ACQUIRE)) {
		cpu_post(of->cpu, CPU_WORK_UNLOAD);
		err = DOMCTL_AGAIN;
	} else {
		give_context(&out, of);
	}
	domain_unpause(d);
	if (err)
		return err;
	return guest_copy_to(v, c->ctxt.q, &out, sizeof(out));
}

int domctl_getvcpuinfo(struct vcpu *v, struct domain *d, struct xen_domctl *op)
{
	struct xen_domctl_getvcpuinfo *i = &op->u.getvcpuinfo;
	struct sched_info info;

	(void)v;
	if (i->vcpu >= d->nr_vcpus)
		return -EINVAL;
	sched_vcpu_info(d->vcpus[i->vcpu], &info);
	i->online = info.online;
	i->blocked = info.blocked;
	i->running = info.running;
	i->cpu_time = info.cpu_time_ns;
	i->cpu = info.cpu;
	return 0;
}

/* --- affinity ---------------------------------------------------------------------------- */

#define BOTH (XEN_VCPUAFFINITY_HARD | XEN_VCPUAFFINITY_SOFT)

/* Soft affinity is taken and has no effect: all CPUs are alike. The caller reads back what is in
 * force. */
int domctl_setvcpuaffinity(struct vcpu *v, struct domain *d, struct xen_domctl *op)
{
	const struct xen_domctl_vcpuaffinity *a = &op->u.vcpuaffinity;
	uint64_t online = control_online_cpus();
	uint64_t hard, soft;
	int err;

	if (a->vcpu >= d->nr_vcpus || !(a->flags & BOTH))
		return -EINVAL;
	hard = sched_affinity(d->vcpus[a->vcpu]);
	soft = ~0ULL;
	if ((a->flags & XEN_VCPUAFFINITY_HARD) && control_bitmap_get(v, &a->cpumap_hard, &hard))
		return -EFAULT;
	if ((a->flags & XEN_VCPUAFFINITY_SOFT) && control_bitmap_get(v, &a->cpumap_soft, &soft))
		return -EFAULT;
	if (!(hard & online) || !soft)
		return -EINVAL;
	if (a->flags & XEN_VCPUAFFINITY_HARD) {
		err = control_bitmap_put(v, &a->cpumap_hard, hard & online, nr_cpus);
		if (err)
			return err;
	}
	if (a->flags & XEN_VCPUAFFINITY_SOFT) {
		err = control_bitmap_put(v, &a->cpumap_soft, soft & hard & online, nr_cpus);
		if (err)
			return err;
	}
	return a->flags & XEN_VCPUAFFINITY_HARD ? sched_set_affinity(d->vcpus[a->vcpu], hard) : 0;
}

int domctl_getvcpuaffinity(struct vcpu *v, struct domain *d, struct xen_domctl *op)
{
	const struct xen_domctl_vcpuaffinity *a = &op->u.vcpuaffinity;
	int err = 0;

	if (a->vcpu >= d->nr_vcpus || !(a->flags & BOTH))
		return -EINVAL;
	if (a->flags & XEN_VCPUAFFINITY_HARD)
		err = control_bitmap_put(v, &a->cpumap_hard, sched_affinity(d->vcpus[a->vcpu]),
		                         nr_cpus);
	if (!err && (a->flags & XEN_VCPUAFFINITY_SOFT))
		err = control_bitmap_put(v, &a->cpumap_soft, ~0ULL, nr_cpus);
	return err;
}

/* --- weight and cap ---------------------------------------------------------------------- */

/* credit and credit2 have the same two numbers; weight 0 and cap 0xffff leave them as they are. */
int domctl_scheduler_op(struct vcpu *v, struct domain *d, struct xen_domctl *op)
{
	struct xen_domctl_scheduler_op *s = &op->u.scheduler_op;
	struct xen_domctl_sched_credit2 *p = &s->u.credit2;
	unsigned int weight, cap;

	(void)v;
	if (s->sched_id != XEN_SCHEDULER_CREDIT && s->sched_id != XEN_SCHEDULER_CREDIT2)
		return -EINVAL;
	sched_get_params(d, &weight, &cap);
	switch (s->cmd) {
	case XEN_DOMCTL_SCHEDOP_getinfo:
		p->weight = (uint16_t)weight;
		p->cap = (uint16_t)cap;
		return 0;
	case XEN_DOMCTL_SCHEDOP_putinfo:
		return sched_set_params(d, p->weight ? p->weight : weight,
		                        p->cap != UINT16_MAX ? p->cap : cap);
	default:
		return -EINVAL;
	}
}
