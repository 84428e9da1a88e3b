/* SPDX-License-Identifier: Apache-2.0 */
#include "core/cpu.h"

#include "core/smp.h"

struct cpu *cpus[MAX_CPUS];
unsigned int nr_cpus;

void cpu_post(struct cpu *c, enum cpu_work what)
{
	/* Release: pairs with the acquire in the CPU's loop. */
	__atomic_fetch_or(&c->work, (uint32_t)BIT(what), __ATOMIC_RELEASE);
	if (c != this_cpu())
		smp_kick(c);
}
