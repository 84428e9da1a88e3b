/* SPDX-License-Identifier: Apache-2.0 */
/* PSCI calls on the whole machine (DEN0022 5.9, 5.10, 5.16, 5.19). */
#include "abi/psci.h"
#include "boot.h"
#include "cpu.h"
#include "log.h"
#include "options.h"
#include "power.h"
#include "psci.h"

/* Calls of SYSTEM_SUSPEND; those with an entry or CPUs that are refused don't count. Under power_lock. */
static unsigned int suspend_calls;

int64_t psci_system_off(const struct psci_args *args)
{
	(void)args;
	log_line("SYSTEM_OFF from cpu %u", cpu_self());
	machine_off();
}

int64_t psci_system_reset(const struct psci_args *args)
{
	(void)args;
	log_line("SYSTEM_RESET from cpu %u", cpu_self());
	machine_reset();
}

int64_t psci_system_reset2(const struct psci_args *args)
{
	/* A warm reset is the only type; the cookie is for vendor types. RAM is kept anyway. */
	if ((uint32_t)args->a[0] & PSCI_RESET2_VENDOR)
		return PSCI_NOT_SUPPORTED;
	if ((uint32_t)args->a[0] != PSCI_RESET2_WARM)
		return PSCI_INVALID_PARAMETERS;
	log_line("SYSTEM_RESET2 (warm) from cpu %u", cpu_self());
	machine_reset();
}

bool psci_system_suspend_offered(void)
{
	return options.suspend.value[0] != TURN_ABSENT;
}

static bool others_on(unsigned int self)
{
	for (unsigned int i = 0; i < cpu_count; i++) {
		if (i != self && cpus[i].state != CPU_STATE_OFF)
			return true;
	}
	return false;
}

int64_t psci_system_suspend(const struct psci_args *args)
{
	int ret = PSCI_SUCCESS, turn;

	if (!psci_entry_valid(args->a[0], ram, ram_count))
		return PSCI_INVALID_ADDRESS;
	lock_take(&power_lock);
	if (others_on(cpu_self())) {
		ret = PSCI_DENIED;
	} else if (options.suspend_hang) {
		cpu_hang();
	} else {
		turn = options_turn(&options.suspend, suspend_calls++);
		if (turn == TURN_OK) {
			power_suspend_locked(args->a[0], args->a[1]);
		} else {
			ret = turn == TURN_EARLY ? PSCI_SUCCESS : turn;
			log_line("suspend from cpu %u: answering %d without sleeping, as told", cpu_self(), ret);
		}
	}
	lock_drop(&power_lock);
	return ret;
}
