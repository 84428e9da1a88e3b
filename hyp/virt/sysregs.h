/* SPDX-License-Identifier: Apache-2.0 */
/*
 * System registers that trap to EL2: one sorted table, denied by default (UNDEFINED to the guest).
 */
#ifndef DM_VIRT_SYSREGS_H
#define DM_VIRT_SYSREGS_H

#include "core/domain.h"
#include "lib/types.h"

/*
 * A register's name as a number: the 16 bits of the instruction's op0, op1, CRn, CRm, op2, in that
 * order.
 */
#define SYSREG_KEY(op0, op1, crn, crm, op2) \
	((uint32_t)((op0) << 14 | (op1) << 11 | (crn) << 7 | (crm) << 3 | (op2)))

/* The trap of exception class 0x18 (Arm ARM D17.2.37, "trapped MSR, MRS or System instruction"). */
bool sysreg_trap(struct guest_regs *r, uint64_t esr);

/* The table, for its self-check: rows cover first to last, don't overlap and rise. */
struct sysreg_row {
	uint16_t first; /* SYSREG_KEY */
	uint16_t last;
	bool gicv3; /* UNDEFINED without a GICv3 */
	/* NULL: UNDEFINED. */
	uint64_t (*read)(struct vcpu *v, uint32_t key);
	void (*write)(struct vcpu *v, uint32_t key, uint64_t value);
};
extern const struct sysreg_row sysreg_rows[];
extern const unsigned int nr_sysreg_rows;

#endif
