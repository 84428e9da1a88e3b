/* SPDX-License-Identifier: Apache-2.0 */
/* PSCI argument checks; pure. */
#include "abi/psci.h"
#include "cpu.h"
#include "psci.h"

/* The states there are; StateID is not used and must be 0 (original format, DEN0022 5.4.2). */
static const struct {
	uint32_t power_state;
	enum stat_state state;
} states[] = {
	{ 0x00000000, STAT_STANDBY },
	{ PSCI_POWER_STATE_POWERDOWN, STAT_CORE_OFF },
	{ PSCI_POWER_STATE_POWERDOWN | 1 << PSCI_POWER_STATE_LEVEL_SHIFT, STAT_CLUSTER_OFF },
	{ PSCI_POWER_STATE_POWERDOWN | 2 << PSCI_POWER_STATE_LEVEL_SHIFT, STAT_SYSTEM_OFF },
};

bool psci_affinity_valid(uint64_t affinity, bool is64)
{
	return !(affinity & ~(is64 ? PSCI_AFFINITY_MASK64 : (uint64_t)PSCI_AFFINITY_MASK32));
}

int psci_stat_state(uint64_t power_state)
{
	for (unsigned int i = 0; i < sizeof(states) / sizeof(states[0]); i++) {
		if (states[i].power_state == (uint32_t)power_state)
			return (int)states[i].state;
	}
	return -1;
}

int psci_power_state(uint64_t power_state)
{
	int state = psci_stat_state(power_state);

	/* The whole system goes down through SYSTEM_SUSPEND only. */
	return state == STAT_SYSTEM_OFF ? -1 : state;
}

bool psci_entry_valid(uint64_t entry, const struct ram_bank *banks, unsigned int count)
{
	if (entry & 3)
		return false;
	for (unsigned int i = 0; i < count; i++) {
		if (entry >= banks[i].base && entry - banks[i].base < banks[i].size)
			return true;
	}
	return false;
}
