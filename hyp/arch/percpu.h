/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What assembly needs of the CPU it runs on. TPIDR_EL2 points here; it is the first member of
 * struct cpu. Offsets are generated (arch/offsets.c), never written by hand.
 */
#ifndef DM_ARCH_PERCPU_H
#define DM_ARCH_PERCPU_H

#include "arch/sysreg.h"
#include "lib/types.h"

struct arch_cpu {
	uintptr_t stack_top;	  /* constant */
	unsigned int id;	  /* constant; 0 is the boot CPU */
	uint64_t mpidr;		  /* constant; affinity fields only */
};

static inline struct arch_cpu *arch_this_cpu(void)
{
	return (struct arch_cpu *)(uintptr_t)sysreg_read(tpidr_el2);
}

#endif
