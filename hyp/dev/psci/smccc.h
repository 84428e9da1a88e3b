/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The two conduits of an SMCCC call (DEN0028, section 2). Arguments and result are in x0 to x3 and x0.
 * SMCCC 1.0 lets the callee change x4 to x17, later versions preserve them: to the compiler these
 * are ordinary functions, which may change x0 to x17 (AAPCS64 6.1.1), so both are fine.
 */
#ifndef DM_DEV_PSCI_SMCCC_H
#define DM_DEV_PSCI_SMCCC_H

#include "lib/types.h"

uint64_t smccc_smc(uint64_t fid, uint64_t a1, uint64_t a2, uint64_t a3);
uint64_t smccc_hvc(uint64_t fid, uint64_t a1, uint64_t a2, uint64_t a3);

/* For functions with several results: x0 to x2. Two arguments; x3 is 0. By SMC. */
struct smccc_results {
	uint64_t x[3];
};
void smccc_smc_results(uint64_t fid, uint64_t a1, uint64_t a2, struct smccc_results *r);

#endif
