/* SPDX-License-Identifier: Apache-2.0 */
/* See psci.h. */
#include "dev/psci/psci.h"

#include "abi/psci.h"
#include "abi/smccc.h"
#include "arch/barrier.h"
#include "dev/psci/smccc.h"
#include "lib/err.h"
#include "lib/log.h"

#define PSCI_VERSION_0_2 0x00000002
#define PSCI_VERSION_1_0 0x00010000

typedef uint64_t smccc_fn(uint64_t fid, uint64_t a1, uint64_t a2, uint64_t a3);

static smccc_fn *const conduits[] = {
	[false] = smccc_hvc,
	[true] = smccc_smc,
};

/* Set by psci_init(). Until then SMC: a machine that fails before it still wants to power off. */
static smccc_fn *conduit = smccc_smc;

struct psci_firmware psci_firmware;

int64_t psci_call(uint32_t fid, uint64_t a1, uint64_t a2, uint64_t a3)
{
	uint64_t r = conduit(fid, a1, a2, a3);

	/* A 32-bit function's result is w0; the upper half of x0 is undefined (DEN0028 3.1). */
	return fid & SMCCC_64 ? (int64_t)r : (int64_t)(int32_t)r;
}

/* FEATURES came with PSCI 1.0 (DEN0022 5.16); what a 0.2 firmware has is fixed. */
static bool has(uint32_t fid)
{
	return psci_call(PSCI_FEATURES, fid, 0, 0) >= 0;
}

int psci_init(bool smc)
{
	int64_t version;

	conduit = conduits[smc];
	psci_firmware = (struct psci_firmware) { 0 };

	/* Before 0.2 there is no VERSION: the unknown call answers -1. */
	version = psci_call(PSCI_VERSION, 0, 0, 0);
	if (version < PSCI_VERSION_0_2)
		return -ENODEV;
	psci_firmware.version = (uint32_t)version;
	if (version < PSCI_VERSION_1_0) {
		psci_firmware.cpu_suspend = true;
		return 0;
	}
	psci_firmware.cpu_suspend = has(PSCI_CPU_SUSPEND64);
	psci_firmware.system_suspend = has(PSCI_SYSTEM_SUSPEND64);
	psci_firmware.system_reset2 = has(PSCI_SYSTEM_RESET2_64);
	return 0;
}

int64_t psci_cpu_on(uint64_t mpidr, paddr_t entry, uint64_t context)
{
	return psci_call(PSCI_CPU_ON64, mpidr & PSCI_AFFINITY_MASK64, entry.raw, context);
}

int64_t psci_cpu_off(void)
{
	return psci_call(PSCI_CPU_OFF, 0, 0, 0);
}

int64_t psci_affinity_info(uint64_t mpidr)
{
	/* Lowest affinity level 0: this very CPU (DEN0022 5.7.2). */
	return psci_call(PSCI_AFFINITY_INFO64, mpidr & PSCI_AFFINITY_MASK64, 0, 0);
}

int64_t psci_cpu_suspend_standby(void)
{
	/* power_state 0 is standby of this CPU alone, in the original and the extended format
	 * (5.4.2). */
	return psci_call(PSCI_CPU_SUSPEND64, 0, 0, 0);
}

int64_t psci_system_suspend(paddr_t entry, uint64_t context)
{
	return psci_call(PSCI_SYSTEM_SUSPEND64, entry.raw, context, 0);
}

static __noreturn void end_machine(uint32_t fid, const char *name)
{
	int64_t r = psci_call(fid, 0, 0, 0);

	log_err("psci: %s returned %lld", name, (long long)r);
	for (;;)
		wfi();
}

void psci_system_off(void)
{
	end_machine(PSCI_SYSTEM_OFF, "SYSTEM_OFF");
}

void psci_system_reset(void)
{
	end_machine(PSCI_SYSTEM_RESET, "SYSTEM_RESET");
}

/* Reset type 0 is the architectural warm reset (5.18): RAM is kept, which SYSTEM_RESET doesn't promise. */
void psci_system_reset_warm(void)
{
	if (psci_firmware.system_reset2)
		(void)psci_call(PSCI_SYSTEM_RESET2_64, PSCI_RESET2_WARM, 0, 0);
	psci_system_reset();
}
