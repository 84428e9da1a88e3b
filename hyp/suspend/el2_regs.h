/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The one list of EL2's registers that stay as they are while Dormouse runs, as X(name). CONTROL: written back after a
 * sleep. REGIME: the bring-up makes them, and nothing runs if they are far off; compared, so that a bring-up that drifts
 * from boot's is found out. A register goes into one of the two, and with that it is kept, compared and dumped.
 *
 * Not here: VTTBR_EL2, VMPIDR_EL2 and CNTVOFF_EL2 are loaded with each vCPU; the EL2 timer and the GIC's registers have
 * rows of their own.
 */
#ifndef DM_SUSPEND_EL2_REGS_H
#define DM_SUSPEND_EL2_REGS_H

#define EL2_CONTROL(X) \
	X(hcr_el2)     \
	X(cptr_el2)    \
	X(mdcr_el2)    \
	X(cnthctl_el2) \
	X(hstr_el2)    \
	X(vtcr_el2)    \
	X(vpidr_el2)

#define EL2_REGIME(X) \
	X(sctlr_el2)  \
	X(tcr_el2)    \
	X(mair_el2)   \
	X(ttbr0_el2)  \
	X(vbar_el2)   \
	X(tpidr_el2)

#endif
