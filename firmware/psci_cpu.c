/* SPDX-License-Identifier: Apache-2.0 */
/* PSCI calls on single CPUs (DEN0022 5.4 to 5.7). */
#include "abi/psci.h"
#include "boot.h"
#include "cpu.h"
#include "gic.h"
#include "log.h"
#include "options.h"
#include "psci.h"
#include "sysreg.h"

/* Calls about the CPUs of cpu-on-fail and cpu-off-fail; under power_lock. */
static unsigned int cpu_on_calls, cpu_off_calls;

/* What the options ask for: TURN_OK, TURN_LOST, or an error. */
static int cpu_on_turn(const struct cpu *c)
{
	return c - cpus == options.cpu_on_fail ? options_turn(&options.cpu_on, cpu_on_calls++) : TURN_OK;
}

/* TURN_OK, TURN_HANG, or an error. */
static int cpu_off_turn(const struct cpu *c)
{
	int turn = TURN_OK;

	lock_take(&power_lock);
	if (c - cpus == options.cpu_off_fail)
		turn = options_turn(&options.cpu_off, cpu_off_calls++);
	lock_drop(&power_lock);
	return turn;
}

int64_t psci_cpu_on(const struct psci_args *args)
{
	struct cpu *c;
	int ret, turn = TURN_OK;

	if (!psci_affinity_valid(args->a[0], args->is64))
		return PSCI_INVALID_PARAMETERS;
	c = cpu_find(args->a[0]);
	if (!c)
		return PSCI_INVALID_PARAMETERS;
	if (!psci_entry_valid(args->a[1], ram, ram_count))
		return PSCI_INVALID_ADDRESS;

	lock_take(&power_lock);
	if (c->state == CPU_STATE_ON)
		ret = PSCI_ALREADY_ON;
	else if (c->state == CPU_STATE_ON_PENDING)
		ret = PSCI_ON_PENDING;
	else
		ret = turn = cpu_on_turn(c);
	if (turn == TURN_LOST)
		ret = PSCI_SUCCESS;
	else if (ret == PSCI_SUCCESS)
		cpu_start_locked(c, args->a[1], args->a[2], false);
	lock_drop(&power_lock);
	log_verbose("CPU_ON cpu %u, entry %lx: %d", (unsigned int)(c - cpus),
		    (unsigned long)args->a[1], ret);
	return ret;
}

int64_t psci_cpu_off(const struct psci_args *args)
{
	struct cpu *me = &cpus[cpu_self()];
	int turn = cpu_off_turn(me);

	(void)args;
	log_verbose("CPU_OFF cpu %u: %d", cpu_self(), turn);
	if (turn < 0)
		return turn;
	/*
	 * No interrupt of the normal world may reach this CPU once others can see it off: they
	 * may start it again at once, and park_loop() would then race with its own past.
	 */
	gic->interface_reset();
	if (turn == TURN_HANG)
		cpu_hang();
	lock_take(&power_lock);
	me->state = CPU_STATE_OFF;
	lock_drop(&power_lock);
	cpu_park();
}

static void count(struct cpu *me, int state, uint64_t start)
{
	lock_take(&power_lock);
	me->stat[state].count++;
	me->stat[state].ticks += ticks() - start;
	me->standby = false;
	lock_drop(&power_lock);
}

int64_t psci_cpu_suspend(const struct psci_args *args)
{
	struct cpu *me = &cpus[cpu_self()];
	int state = psci_power_state(args->a[0]);
	uint64_t start = ticks();

	if (state < 0)
		return PSCI_INVALID_PARAMETERS;
	/* Entry point and context are ignored for standby (5.4.2). */
	if (state != STAT_STANDBY && !psci_entry_valid(args->a[1], ram, ram_count))
		return PSCI_INVALID_ADDRESS;
	lock_take(&power_lock);
	me->standby = state == STAT_STANDBY;
	lock_drop(&power_lock);
	/* Any interrupt that the caller enabled ends it; it stays pending for the caller. */
	wfi();
	count(me, state, start);
	if (state == STAT_STANDBY)
		return PSCI_SUCCESS;
	me->idling = true;
	cpu_enter(args->a[1], args->a[2]);
}

int64_t psci_affinity_info(const struct psci_args *args)
{
	static const uint64_t masks[] = { 0xff00ffffff, 0xff00ffff00, 0xff00ff0000, 0xff00000000 };
	bool found = false, on = false, pending = false;
	uint64_t mask;

	if (!psci_affinity_valid(args->a[0], args->is64) || args->a[1] >= 4)
		return PSCI_INVALID_PARAMETERS;
	/* The fields below the level are ignored (5.7.2). */
	mask = masks[args->a[1]];
	lock_take(&power_lock);
	for (unsigned int i = 0; i < cpu_count; i++) {
		if (!cpus[i].present || (cpus[i].mpidr & mask) != (args->a[0] & mask))
			continue;
		found = true;
		on |= cpus[i].state == CPU_STATE_ON;
		pending |= cpus[i].state == CPU_STATE_ON_PENDING;
	}
	lock_drop(&power_lock);
	if (!found)
		return PSCI_INVALID_PARAMETERS;
	if (on)
		return PSCI_AFFINITY_ON;
	return pending ? PSCI_AFFINITY_ON_PENDING : PSCI_AFFINITY_OFF;
}
