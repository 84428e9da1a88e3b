/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The machine's watchdog, when the firmware has one (abi/smc_wdt.h). It resets the machine unless it is told in time
 * that all is well; what it shows before is the firmware's affair. Below EL2, so it sees a hang with interrupts masked.
 *
 * Locks: none; the boot CPU alone, but for smc_wdt_report(). Without a watchdog all calls do nothing.
 */
#ifndef DM_DEV_WATCHDOG_SMC_WDT_H
#define DM_DEV_WATCHDOG_SMC_WDT_H

#include "lib/types.h"

struct smc_wdt_config {
	uint32_t function;  /* 0: the device tree has none */
	uint32_t report;    /* 0: no such function */
	bool stops_asleep;
};

/* 0, or -ENODEV: none, or it doesn't answer as the binding says. */
int smc_wdt_init(const struct smc_wdt_config *c);

/* From now on the machine is reset in so many seconds (at least; cut to what the firmware can) unless called again. */
void smc_wdt_arm(uint32_t seconds);
void smc_wdt_stop(void);

/* Does it stand still while the machine sleeps? Otherwise it must be stopped before. */
bool smc_wdt_stops_asleep(void);

/* Another CPU's registers (MPIDR's affinity fields) to the firmware's log, if it can do that. Any CPU. */
void smc_wdt_report(uint64_t mpidr);

#endif
