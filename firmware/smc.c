/* SPDX-License-Identifier: Apache-2.0 */
/* Exceptions that reach EL3. */
#include "gic.h"
#include "log.h"
#include "power.h"
#include "psci.h"
#include "smc.h"
#include "sysreg.h"
#include "watchdog.h"

#define EC_SHIFT     26
#define EC_SMC32     0x13
#define EC_SMC64     0x17
#define ESR_IL	     (1ULL << 25)
#define SPSR_AARCH32 (1ULL << 4)
#define SPSR_EL(s)   ((s) >> 2 & 3)
#define SPSR_SPX     1ULL
#define PSTATE_DAIF  (0xfULL << 6)
#define HCR_TGE	     (1ULL << 27)

/*
 * An instruction of the normal world trapped here though nothing was meant to: it is told that
 * the instruction is UNDEFINED, which is what a machine without the feature would say. (AArch32
 * callers get no such courtesy: they can't reach anything that traps.)
 */
static void inject_undefined(struct frame *frame)
{
	unsigned int el = SPSR_EL(frame->spsr), target = 1;
	uint64_t offset;

	if (el == 2 || (el == 0 && read_sysreg(hcr_el2) & HCR_TGE))
		target = 2;
	if (el != target)
		offset = 0x400;
	else
		offset = frame->spsr & SPSR_SPX ? 0x200 : 0;
	if (target == 2) {
		write_sysreg(elr_el2, frame->elr);
		write_sysreg(spsr_el2, frame->spsr);
		write_sysreg(esr_el2, ESR_IL);
		frame->elr = read_sysreg(vbar_el2) + offset;
	} else {
		write_sysreg(elr_el1, frame->elr);
		write_sysreg(spsr_el1, frame->spsr);
		write_sysreg(esr_el1, ESR_IL);
		frame->elr = read_sysreg(vbar_el1) + offset;
	}
	frame->spsr = PSTATE_DAIF | target << 2 | SPSR_SPX;
}

void el3_sync(struct frame *frame)
{
	unsigned int ec = (unsigned int)(read_sysreg(esr_el3) >> EC_SHIFT) & 0x3f;

	if (ec == EC_SMC64 || ec == EC_SMC32) {
		if (!watchdog_call(frame))
			frame->x[0] = psci_call(frame->x[0], &frame->x[1], ec == EC_SMC64);
	} else if (!(frame->spsr & SPSR_AARCH32)) {
		inject_undefined(frame);
	} else {
		el3_unexpected(frame);
	}
}

/* The SGI that starts a parked CPU can find it running already: it is of no use any more. */
void el3_fiq(struct frame *frame)
{
	int intid = gic->take();

	if (intid == FW_TIMER)
		watchdog_tick(frame);
	else if (intid == FW_SGI)
		report_answer(frame);
	else
		power_interrupted(frame);
}

void el3_unexpected(struct frame *frame)
{
	for (unsigned int i = 0; i < 30; i += 3)
		log_line("x%02u %016lx %016lx %016lx", i, (unsigned long)frame->x[i],
			 (unsigned long)frame->x[i + 1], (unsigned long)frame->x[i + 2]);
	fatal("unexpected exception on CPU %u: ESR %lx ELR %lx FAR %lx SPSR %lx LR %lx",
	      (unsigned int)read_sysreg(tpidr_el3), (unsigned long)read_sysreg(esr_el3),
	      (unsigned long)frame->elr, (unsigned long)read_sysreg(far_el3),
	      (unsigned long)frame->spsr, (unsigned long)frame->x[30]);
}
