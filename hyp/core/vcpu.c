/* SPDX-License-Identifier: Apache-2.0 */
#include "core/vcpu.h"

#include "arch/barrier.h"
#include "arch/sysreg.h"
#include "arch/tlb.h"
#include "core/domain_power.h"
#include "core/sched.h"
#include "core/smp.h"
#include "lib/err.h"
#include "lib/panic.h"
#include "lib/string.h"
#include "mm/page.h"

static const struct vcpu_module *const *modules;
static unsigned int nr_modules;

void vcpu_set_modules(const struct vcpu_module *const *table, unsigned int count)
{
	modules = table;
	nr_modules = count;
}

bool vcpu_runnable_locked(const struct vcpu *v)
{
	return v->power != VCPU_OFF && !v->blocked;
}

/* CPUs in turn, those that came up. */
static struct cpu *home_cpu(unsigned int id)
{
	unsigned int n = 0;

	for_each_cpu(i)
		n += cpus[i]->online;
	/* static: clang-analyzer-core.DivideZero, zerodiv: the boot CPU, which runs this first, is online */
	id %= n;
	for_each_cpu(i) {
		if (cpus[i]->online && id-- == 0)
			return cpus[i];
	}
	return this_cpu();
}

int vcpu_create(struct domain *d, unsigned int id)
{
	struct vcpu *v = page_alloc(page_order(sizeof(*v)));

	if (!v)
		return -ENOMEM;
	v->domain = d;
	v->id = id;
	v->cpu = home_cpu(d->id + id); /* small domains side by side, too */
	v->affinity = ~0ULL;
	v->blocked = BIT(VCPU_BLOCK_DOWN);
	list_init(&v->run_link);
	d->vcpus[id] = v;
	for (unsigned int i = 0; i < nr_modules; i++) {
		int err = modules[i]->init ? modules[i]->init(v) : 0;

		if (err)
			return err;
	}
	return 0;
}

void vcpu_stop(struct vcpu *v)
{
	for (unsigned int i = nr_modules; i-- > 0;) {
		if (modules[i]->stop)
			modules[i]->stop(v);
	}
}

void vcpu_destroy(struct vcpu *v)
{
	for (unsigned int i = nr_modules; i-- > 0;) {
		if (modules[i]->destroy)
			modules[i]->destroy(v);
	}
}

void vcpu_free(struct vcpu *v)
{
	if (v)
		page_free(v, page_order(sizeof(*v)));
}

void vcpu_reset(struct vcpu *v, uint64_t entry, uint64_t context_id)
{
	if (this_cpu()->loaded == v)
		vcpu_unload();
	ASSERT(!v->loaded);
	guest_regs_reset(&v->regs, entry, context_id);
	memset(&v->fp, 0, sizeof(v->fp));
	guest_sysregs_reset(&v->sysregs);
	for (unsigned int i = 0; i < nr_modules; i++) {
		if (modules[i]->reset)
			modules[i]->reset(v);
	}
}

/* The affinity that the guest sees: 16 vCPUs to a cluster, as GICv3's SGIs want it (IHI 0069 12.2.x, TargetList). */
static uint64_t vcpu_vmpidr(const struct vcpu *v)
{
	return BIT(31) | (v->id & 0xf) | (uint64_t)(v->id >> 4) << 8;
}

/*
 * Power-on takes effect on the vCPU's own CPU, so that its registers are never changed while they may be
 * loaded somewhere (DEN0022 5.6: ON_PENDING until then).
 */
static void finish_power_on(struct vcpu *v)
{
	uint64_t entry;
	uint64_t context_id;

	spin_lock(&v->lock);
	if (v->power != VCPU_ON_PENDING) {
		spin_unlock(&v->lock);
		return;
	}
	entry = v->entry;
	context_id = v->context_id;
	spin_unlock(&v->lock);
	vcpu_reset(v, entry, context_id);
	spin_lock(&v->lock);
	v->power = VCPU_ON;
	spin_unlock(&v->lock);
	domain_woken(v);
}

/*
 * ASIDs are each vCPU's own, and with the MMU off there is none: what this CPU's TLB has of another vCPU with the same VMID
 * isn't v's.
 */
static void forget_last_vcpu(struct vcpu *v)
{
	uint8_t *last = &v->domain->last_vcpu[this_cpu()->arch.id];

	if (*last && *last != v->id + 1) {
		isb(); /* the VMID is what the next looks at */
		tlb_flush_stage1_here();
	}
	*last = (uint8_t)(v->id + 1);
}

void vcpu_load(struct vcpu *v)
{
	struct cpu *c = this_cpu();

	finish_power_on(v);
	if (c->loaded == v)
		return;
	if (c->loaded)
		vcpu_unload();
	sysreg_write(vttbr_el2, v->domain->s2.vttbr);
	forget_last_vcpu(v);
	sysreg_write(vmpidr_el2, vcpu_vmpidr(v));
	guest_sysregs_load(&v->sysregs);
	guest_fp_load(&v->fp);
	for (unsigned int i = 0; i < nr_modules; i++) {
		if (modules[i]->load)
			modules[i]->load(v);
	}
	v->loaded = true;
	c->loaded = v;
	isb(); /* EL1 state is complete before the tail of this entry reads any of it at EL2 */
}

void vcpu_unload(void)
{
	struct cpu *c = this_cpu();
	struct vcpu *v = c->loaded;

	if (!v)
		return;
	for (unsigned int i = nr_modules; i-- > 0;) {
		if (modules[i]->save)
			modules[i]->save(v);
	}
	guest_sysregs_save(&v->sysregs);
	guest_fp_save(&v->fp);
	/*
	 * No guest's stage 2 stays behind: a speculative walk of EL1's regime must not use a VMID whose
	 * tables may be freed.
	 */
	sysreg_write(vttbr_el2, 0);
	isb();
	__atomic_store_n(&v->loaded, false, __ATOMIC_RELEASE); /* pairs with who moves it (core/sched_balance.c) */
	__atomic_store_n(&c->loaded, NULL, __ATOMIC_RELEASE); /* pairs with sched_unload_all() */
}

void vcpu_enter_guest(struct vcpu *v)
{
	for (unsigned int i = 0; i < nr_modules; i++) {
		if (modules[i]->enter)
			modules[i]->enter(v);
	}
	/*
	 * What this CPU has asked of itself since its loop looked comes with no interrupt; what another asks comes
	 * with one, which is taken as soon as the guest runs.
	 */
	if (!__atomic_load_n(&this_cpu()->work, __ATOMIC_RELAXED))
		guest_run(&v->regs);
}

struct vcpu *vcpu_current(void)
{
	return this_cpu()->loaded;
}

void vcpu_block(struct vcpu *v, enum vcpu_block why)
{
	spin_lock(&v->lock);
	v->blocked |= BIT(why);
	sched_dequeue_locked(v);
	if (v->running && v->cpu != this_cpu())
		cpu_post(v->cpu, CPU_WORK_RESCHED); /* out of the guest; put() sees that it is blocked */
	spin_unlock(&v->lock);
}

void vcpu_unblock(struct vcpu *v, enum vcpu_block why)
{
	spin_lock(&v->lock);
	if (v->blocked & BIT(why)) {
		v->blocked &= ~BIT(why);
		if (vcpu_runnable_locked(v))
			sched_enqueue_locked(v);
	}
	spin_unlock(&v->lock);
}

void vcpu_kick(struct vcpu *v)
{
	spin_lock(&v->lock);
	if (v->blocked & BIT(VCPU_BLOCK_WFI)) {
		v->blocked &= ~BIT(VCPU_BLOCK_WFI);
		v->wakeups++;
		if (vcpu_runnable_locked(v))
			sched_enqueue_locked(v);
	} else if (v->running && v->cpu != this_cpu()) {
		smp_kick(v->cpu); /* out of the guest, or of its wait: what is new is seen before it goes on */
	}
	spin_unlock(&v->lock);
}

int vcpu_power_on(struct vcpu *v, uint64_t entry, uint64_t context_id)
{
	int err = 0;

	spin_lock(&v->lock);
	if (v->power == VCPU_ON) {
		err = -EEXIST;
	} else if (v->power == VCPU_ON_PENDING) {
		err = -EBUSY;
	} else {
		v->entry = entry;
		v->context_id = context_id;
		v->power = VCPU_ON_PENDING;
		v->blocked &= ~BIT(VCPU_BLOCK_WFI);
		if (vcpu_runnable_locked(v))
			sched_enqueue_locked(v);
	}
	spin_unlock(&v->lock);
	return err;
}

void vcpu_restart(struct vcpu *v, enum vcpu_block why)
{
	spin_lock(&v->lock);
	v->power = VCPU_ON_PENDING;
	/* Release: who sees it unblocked sees that it has to leave its old life first (virt/trap.c, go_on()). */
	__atomic_store_n(&v->blocked, v->blocked & ~(uint32_t)BIT(why), __ATOMIC_RELEASE);
	if (vcpu_runnable_locked(v))
		sched_enqueue_locked(v);
	spin_unlock(&v->lock);
}

void vcpu_power_off(struct vcpu *v)
{
	/* First, so that nothing of a vCPU that is seen off is still in some CPU's registers. */
	if (this_cpu()->loaded == v)
		vcpu_unload();
	spin_lock(&v->lock);
	v->power = VCPU_OFF;
	spin_unlock(&v->lock);
}

void vcpu_yield(struct vcpu *v)
{
	if (sched_others_wait(v))
		cpu_post(v->cpu, CPU_WORK_RESCHED);
}
