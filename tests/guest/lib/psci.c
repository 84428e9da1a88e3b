/* SPDX-License-Identifier: Apache-2.0 */
#include "psci.h"

#include "platform.h"
#include "sysreg.h"

void smccc_call(struct smccc_regs *r)
{
	if (plat.psci_hvc)
		smccc_hvc(r);
	else
		smccc_smc(r);
}

int64_t psci_by(bool hvc, uint32_t function, uint64_t a, uint64_t b, uint64_t c)
{
	struct smccc_regs r = { .x = { function, a, b, c } };

	if (hvc)
		smccc_hvc(&r);
	else
		smccc_smc(&r);
	return function & SMCCC_64 ? (int64_t)r.x[0] : (int32_t)r.x[0];
}

int64_t psci(uint32_t function, uint64_t a, uint64_t b, uint64_t c)
{
	return psci_by(plat.psci_hvc, function, a, b, c);
}

bool psci_has(uint32_t function)
{
	return psci(PSCI_FEATURES, function, 0, 0) >= 0;
}

void psci_system_off(void)
{
	dsb();
	psci(PSCI_SYSTEM_OFF, 0, 0, 0);
	for (;;)
		wfi();
}
