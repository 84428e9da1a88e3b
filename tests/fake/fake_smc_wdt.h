/* SPDX-License-Identifier: Apache-2.0 */
/* A watchdog that notes what it is told. */
#ifndef FAKE_SMC_WDT_H
#define FAKE_SMC_WDT_H

#include "lib/types.h"

extern struct fake_smc_wdt {
	bool stops_asleep;
	bool running;
	uint32_t seconds;   /* of the last call */
	unsigned int armed; /* calls */
	uint64_t armed_at;  /* fake_counter at the last one */
} fake_smc_wdt;

#endif
