/* SPDX-License-Identifier: Apache-2.0 */
/* PSCI statistics and node states (DEN0022 5.13, 5.21, 5.22). */
#include "abi/psci.h"
#include "cpu.h"
#include "psci.h"
#include "sysreg.h"

#define LEVELS 3 /* core, cluster, system */

/* Finds the counter that both STAT_* calls name; copies it out. */
static bool lookup(const struct psci_args *args, struct cpu_stat *stat)
{
	int state = psci_stat_state(args->a[1]);
	struct cpu *c;

	if (state < 0 || !psci_affinity_valid(args->a[0], args->is64))
		return false;
	c = cpu_find(args->a[0]);
	if (!c)
		return false;
	lock_take(&power_lock);
	*stat = c->stat[state];
	lock_drop(&power_lock);
	return true;
}

/* There is no error value: 0 for what doesn't exist (5.21.3). */
int64_t psci_stat_residency(const struct psci_args *args)
{
	struct cpu_stat stat;

	return lookup(args, &stat) ? (int64_t)ticks_to_us(stat.ticks) : 0;
}

int64_t psci_stat_count(const struct psci_args *args)
{
	struct cpu_stat stat;

	return lookup(args, &stat) ? (int64_t)stat.count : 0;
}

int64_t psci_node_hw_state(const struct psci_args *args)
{
	static const uint64_t masks[LEVELS] = { 0xff00ffffff, 0xff00ffff00, 0 };
	bool found = false, on = false, standby = true;
	uint64_t mask;

	if (!psci_affinity_valid(args->a[0], args->is64) || args->a[1] >= LEVELS)
		return PSCI_INVALID_PARAMETERS;
	mask = masks[args->a[1]];
	lock_take(&power_lock);
	for (unsigned int i = 0; i < cpu_count; i++) {
		if (!cpus[i].present || (cpus[i].mpidr & mask) != (args->a[0] & mask))
			continue;
		found = true;
		if (cpus[i].state == CPU_STATE_OFF)
			continue;
		on = true;
		standby &= cpus[i].standby;
	}
	lock_drop(&power_lock);
	if (!found)
		return PSCI_INVALID_PARAMETERS;
	if (!on)
		return PSCI_HW_OFF;
	return standby ? PSCI_HW_STANDBY : PSCI_HW_ON;
}
