/* SPDX-License-Identifier: Apache-2.0 */
#include "smp.h"

#include "gic.h"
#include "psci.h"
#include "timer.h"

/* Generous: all of the virtual CPUs may share one that emulates. */
#define START_MS 10000
#define WORK_MS  30000

static void off(void *arg)
{
	(void)arg;
	irq_disable();
	gic_exit_cpu();
	this_cpu()->online = false;
	psci(PSCI_CPU_OFF, 0, 0, 0);
	tap_bail("CPU_OFF returned on cpu %u", this_cpu()->id);
}

void secondary_main(struct cpu *c)
{
	c->busy = false;
	c->work = 0;
	c->irq_hook = 0;
	c->manual_eoi = false;
	gic_init_cpu();
	irq_enable();
	__atomic_store_n(&c->online, true, __ATOMIC_RELEASE);
	for (;;) {
		irq_disable();
		while (!c->work) {
			wfi();
			irq_enable();
			irq_disable();
		}
		irq_enable();
		c->work(c->work_arg);
		c->work = 0;
		__atomic_store_n(&c->busy, false, __ATOMIC_RELEASE);
	}
}

bool smp_start(unsigned int n)
{
	struct cpu *c = cpu_nr(n);

	if (c->online)
		return true;
	if (!checkf(psci(PSCI_CPU_ON64, c->mpidr, (uintptr_t)secondary_entry, n) == PSCI_SUCCESS,
	            "CPU_ON of CPU %u", n))
		return false;
	return checkf(wait_for(c->online, START_MS), "CPU %u did not come", n);
}

bool smp_start_all(void)
{
	bool ok = true;

	for (unsigned int n = 1; n < plat.nr_cpus; n++)
		ok = smp_start(n) && ok;
	return ok;
}

void smp_run(unsigned int n, void (*fn)(void *arg), void *arg)
{
	struct cpu *c = cpu_nr(n);

	c->busy = true;
	c->work_arg = arg;
	__atomic_store_n(&c->work, fn, __ATOMIC_RELEASE);
	gic_send_sgi(SGI_WORK, n);
}

bool smp_join(unsigned int n)
{
	return checkf(wait_for(!__atomic_load_n(&cpu_nr(n)->busy, __ATOMIC_ACQUIRE), WORK_MS),
	              "CPU %u does not come to an end", n);
}

bool smp_stop(unsigned int n)
{
	struct cpu *c = cpu_nr(n);

	if (!c->online)
		return true;
	smp_run(n, off, 0);
	return checkf(
	        wait_for(psci(PSCI_AFFINITY_INFO64, c->mpidr, 0, 0) == PSCI_AFFINITY_OFF, START_MS),
	        "CPU %u does not go off", n);
}

bool smp_stop_all(void)
{
	bool ok = true;

	for (unsigned int n = 1; n < plat.nr_cpus; n++)
		ok = smp_stop(n) && ok;
	return ok;
}
