/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The firmware's PSCI (DEN0022), by SMC or HVC as the device tree says.
 * Results are PSCI's (include/abi/psci.h): 0 or a negative error. No locks: calls are the calling CPU's own.
 */
#ifndef DM_DEV_PSCI_PSCI_H
#define DM_DEV_PSCI_PSCI_H

#include "lib/types.h"

struct psci_firmware {
	uint32_t version;	/* major << 16 | minor */
	bool system_suspend;	/* PSCI_FEATURES says it is there */
	bool cpu_suspend;
	bool system_reset2;
};

/* smc: conduit. Asks version and features. 0, or -ENODEV when the version is below 0.2. */
int psci_init(bool smc);
extern struct psci_firmware psci_firmware;

/* entry is a physical address of EL2 code, entered with MMU and caches off and x0 = context. */
int64_t psci_cpu_on(uint64_t mpidr, paddr_t entry, uint64_t context);
int64_t psci_cpu_off(void); /* returns only on failure */
int64_t psci_affinity_info(uint64_t mpidr);
int64_t psci_cpu_suspend_standby(void);
/* Returns without having slept, or not at all: then the CPU comes up at entry. */
int64_t psci_system_suspend(paddr_t entry, uint64_t context);
__noreturn void psci_system_off(void);
__noreturn void psci_system_reset(void);
/* One that keeps RAM, if the firmware has it. */
__noreturn void psci_system_reset_warm(void);

/* Raw SMCCC call through the firmware's conduit, for what Dormouse forwards. */
int64_t psci_call(uint32_t fid, uint64_t a1, uint64_t a2, uint64_t a3);

#endif
