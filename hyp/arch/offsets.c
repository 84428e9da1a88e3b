/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Offsets for assembly, so that none is written by hand. Compiled to assembly only; the build turns
 * each "->NAME value" into a #define.
 */
#include "arch/bringup.h"
#include "arch/guest.h"
#include "arch/percpu.h"

#define OFFSET(name, type, member) \
	__asm__ volatile("\n.ascii \"->" #name " %0\"" ::"i"(offsetof(type, member)))

void offsets(void);

void offsets(void)
{
	OFFSET(CPU_MPIDR, struct arch_cpu, mpidr);
	OFFSET(REGS_PC, struct guest_regs, pc);
	OFFSET(REGS_PSTATE, struct guest_regs, pstate);
	OFFSET(REGS_HOST_SP, struct guest_regs, host_sp);
	OFFSET(HANDLERS_IRQ, struct guest_handlers, irq);
	OFFSET(HANDLERS_SERROR, struct guest_handlers, serror);
	OFFSET(BRINGUP_MAIR, struct bringup, mair);
	OFFSET(BRINGUP_TTBR0, struct bringup, ttbr0);
	OFFSET(BRINGUP_VBAR, struct bringup, vbar);
	OFFSET(BRINGUP_SP, struct bringup, sp);
	OFFSET(BRINGUP_ENTRY, struct bringup, entry);
}
