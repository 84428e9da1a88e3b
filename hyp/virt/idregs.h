/* SPDX-License-Identifier: Apache-2.0 */
/*
 * ID registers as a guest sees them: the allow-list of CPU features. A field that isn't in the list
 * reads as 0, one that is reads at most as the list says. So what a future CPU brings stays hidden
 * until somebody has made sure that Dormouse switches or traps its state.
 */
#ifndef DM_VIRT_IDREGS_H
#define DM_VIRT_IDREGS_H

#include "lib/types.h"

#define IDREG_CRMS 8
#define IDREG_OP2S 8

/* Once, on the boot CPU, behind gic_init(): takes all of them down, so that a read costs no more than a load. */
void idregs_init(void);

/* op0 3, op1 0, CRn 0, CRm crm (1 to 7), op2 (0 to 7): the space that HCR_EL2.TID3 traps. */
extern uint64_t idreg_values[IDREG_CRMS][IDREG_OP2S]; /* constant behind idregs_init() */
static inline uint64_t idreg_read(unsigned int crm, unsigned int op2)
{
	return idreg_values[crm][op2];
}

/*
 * The rule alone: each 4-bit field of host, at most that of cap; a field of 0xf stays where
 * `absent` has 0xf ("not there" is -1 in those, Arm ARM D17.1.3).
 */
uint64_t idreg_limit(uint64_t host, uint64_t cap, uint64_t absent);

#endif
