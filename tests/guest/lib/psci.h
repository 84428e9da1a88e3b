/* SPDX-License-Identifier: Apache-2.0 */
/* Calls to the firmware or the hypervisor by the conduit that the device tree names. */
#ifndef GUEST_PSCI_H
#define GUEST_PSCI_H

#include <stdbool.h>
#include <stdint.h>

#include "abi/psci.h"
#include "abi/smccc.h"

struct smccc_regs {
	uint64_t x[18];
};
/* Loads x0 to x17, calls, stores them. lib/call.S */
void smccc_hvc(struct smccc_regs *r);
void smccc_smc(struct smccc_regs *r);
void smccc_call(struct smccc_regs *r);

/* x0 of a call with three arguments; 32-bit results are sign-extended from w0. */
int64_t psci(uint32_t function, uint64_t a, uint64_t b, uint64_t c);
/* The same by the instruction named. */
int64_t psci_by(bool hvc, uint32_t function, uint64_t a, uint64_t b, uint64_t c);
bool psci_has(uint32_t function);
void psci_system_off(void) __attribute__((noreturn));

/* head.S: a call that may come back through resume_entry. 1: it did; 0: *result is x0. */
int64_t psci_suspend_call(const uint64_t args[4], bool hvc, int64_t *result);

#endif
