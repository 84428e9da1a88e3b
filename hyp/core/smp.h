/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The other CPUs: brought up by PSCI CPU_ON at boot and after a host suspend, by the same way.
 * All functions run on the boot CPU unless they say otherwise.
 */
#ifndef DM_CORE_SMP_H
#define DM_CORE_SMP_H

#include "core/cpu.h"

/* The SGI that makes a CPU look at its work. */
#define SMP_SGI_KICK 0
/* Panic: stop for good. */
#define SMP_SGI_STOP 1

/* The affinity fields of MPIDR_EL1: how CPUs are named in the device tree and by PSCI. */
#define MPIDR_AFFINITY (MASK(39, 32) | MASK(23, 0))

/* The boot CPU's struct, before anything is set up: what TPIDR_EL2 needs from the first C code on. */
struct cpu *smp_boot_cpu(void);

/* The SGIs' handlers. Boot, after irq_init(). 0 or irq_request()'s. */
int smp_setup_ipi(void);

/*
 * Prepares cpus[0 .. count-1] for the given MPIDRs; the calling CPU's must be among them and becomes
 * number 0. Allocates stacks with guard pages. root_table: EL2's. 0, -ENOMEM, -ENODEV (we aren't listed).
 */
int smp_init(const uint64_t *mpidrs, unsigned int count, paddr_t root_table);

/* What every CPU does once EL2 is up on it: guest controls, GIC, timers. 0 or -errno. Any CPU. */
int smp_init_this_cpu(void);

/*
 * CPU_ON for every CPU that isn't online, waiting (1 s each) until it is. 0, or -EIO if one or more didn't come:
 * logged by number and reason; its vCPUs and interrupts move to the boot CPU. Rows of the suspend table.
 */
int smp_start_secondaries(void);

/* All others go to CPU_OFF: 0, -ETIMEDOUT if AFFINITY_INFO doesn't say so within 1 s. */
int smp_stop_secondaries(void);

/* Work of a CPU that is to go off. Returns only if the firmware refuses. That CPU. */
void smp_die(struct cpu *c);

/* Makes an online CPU leave its guest or its WFI. Any CPU. */
void smp_kick(struct cpu *c);

/* Panic: the others stop where they are. Any CPU. */
void smp_stop_for_panic(void);

#endif
