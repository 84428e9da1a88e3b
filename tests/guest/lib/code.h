/* SPDX-License-Identifier: Apache-2.0 */
/* Instructions written at run time, one CPU at a time. Words are from the Arm ARM, C6.2. */
#ifndef GUEST_CODE_H
#define GUEST_CODE_H

#include "exc.h"

#define SYS(op0, op1, crn, crm, op2) \
	((uint32_t)(op0) << 19 | (op1) << 16 | (crn) << 12 | (crm) << 8 | (op2) << 5)

/* Puts the words and a RET there; returns the code's start, to be called with the registers set. */
uint64_t (*code_put(const uint32_t *words, unsigned int count))(uint64_t x0, uint64_t x1);
uint64_t code_address(void);

/* One instruction that may trap, with x0 = 0. */
struct exc code_try(uint32_t word);
/* MRS or SYSL; MSR or SYS. */
struct exc sys_read(uint32_t encoding, uint64_t *value);
struct exc sys_write(uint32_t encoding, uint64_t value);

#endif
