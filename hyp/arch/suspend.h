/* SPDX-License-Identifier: Apache-2.0 */
/* The last step down and the first one up: EL2's own context across a loss of power. */
#ifndef DM_ARCH_SUSPEND_H
#define DM_ARCH_SUSPEND_H

#include "lib/types.h"

#define ARCH_SUSPEND_RESUMED 1

typedef int64_t arch_suspend_fn(paddr_t entry, uint64_t context);

/*
 * Calls `call` with the resume door and its parameter. If that returns (refused, or did not sleep) its
 * result (0 or negative) is returned and nothing has changed. If the power went and came back, returns
 * ARCH_SUSPEND_RESUMED with EL2 up again on this CPU: MMU, vectors, stack, per-CPU pointer; the caller
 * restores everything else (el2_config_load(), GIC, timer).
 * Boot CPU, interrupts masked, no vCPU loaded. The stack stays in use across the sleep: its RAM is kept and the
 * firmware cleans the caches before it cuts the power (DEN0022 6.8).
 */
int64_t arch_suspend_enter(arch_suspend_fn *call);

/*
 * After a resume: the MPIDR_EL1 of the CPU that the firmware woke instead of the one that had called, which that CPU then
 * started; ARCH_SUSPEND_NO_STRAY: it woke the right one. If it couldn't be started, that is a panic.
 */
#define ARCH_SUSPEND_NO_STRAY UINT64_MAX
uint64_t arch_suspend_stray(void);

/* Gives the block that the resume door is to use; filled by bringup_init(), with tpidr. Boot only. */
struct bringup;
void arch_suspend_init(struct bringup *b);

#endif
