/* SPDX-License-Identifier: Apache-2.0 */
#include "core/show.h"

#include "arch/counter.h"
#include "core/domain.h"
#include "lib/log.h"

static const char *const states[] = {
	[DOMAIN_BUILDING] = "building", [DOMAIN_RUNNING] = "running",
	[DOMAIN_SUSPENDED] = "suspended", [DOMAIN_SHUTDOWN] = "shut down",
	[DOMAIN_CRASHED] = "crashed",
};

static const char *const powers[] = {
	[VCPU_OFF] = "off",
	[VCPU_ON_PENDING] = "on pending",
	[VCPU_ON] = "on",
};

static const char *doing(const struct vcpu *v)
{
	if (v->power == VCPU_OFF)
		return "";
	if (v->waits)
		return ", waits for an interrupt";
	if (v->running)
		return ", running";
	if (!(v->blocked & ~BIT(VCPU_BLOCK_CAP)))
		return ", waits for its CPU";
	if (v->blocked & ~BIT(VCPU_BLOCK_WFI))
		return ", stopped";
	return ", waits for an interrupt";
}

/* Without locks: it must also work when one of them is what hangs. */
static void show_vcpu(const struct vcpu *v)
{
	log_info("  vCPU %u: %s%s, CPU %u, pc 0x%lx, blocked 0x%x, %lu ms run", v->id,
		 powers[v->power], doing(v), v->cpu->arch.id, v->regs.pc, v->blocked,
		 counter_to_ns(v->cpu_time) / 1000000);
}

void show_domains(void)
{
	for (unsigned int i = 0; i < MAX_DOMAINS; i++) {
		const struct domain *d = __atomic_load_n(&domains[i], __ATOMIC_ACQUIRE);

		if (!d)
			continue;
		log_info("%u %s: %s%s, paused %u times, %lu KiB of RAM, %lu KiB of tables", i,
			 d->name, d->dying ? "dying, " : "", states[d->state], d->pause_count,
			 d->tot_pages * 4, d->s2.table_pages * 4);
		for (unsigned int n = 0; n < d->nr_vcpus; n++)
			show_vcpu(d->vcpus[n]);
	}
}
