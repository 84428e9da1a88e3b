/* SPDX-License-Identifier: Apache-2.0 */
/*
 * How the machine is set up, as text: EL2's control registers of each CPU (suspend/el2_regs.h), the GIC's distributor, each CPU's
 * part of it. Two dumps are equal before and after a sleep, whatever became of it; the fault matrix compares them.
 *
 *   state: 2 CPUs
 *   state: shared: GICD_IPRIORITYR[8-71] 0xa0a0a0a0
 *   state: cpu 0: hcr_el2 0x80...
 *   state: cpu 0: end
 *
 * Left out is what changes by itself: what is pending, active or due, and all that is loaded with a vCPU.
 */
#ifndef DM_SUSPEND_DUMP_H
#define DM_SUSPEND_DUMP_H

/* Asks every CPU that is online to print its part; comes back at once. Any CPU. Console key 'r'. */
void dump_state(void);

/* The calling CPU's part, the boot CPU's with what all share. Work of its main loop (CPU_WORK_DUMP): unloads its vCPU. */
void dump_cpu(void);

#endif
