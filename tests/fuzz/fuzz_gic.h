/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The machine's interrupt controller for fuzz_machine.c: interrupts with enable, pending, active
 * and a wire; list registers that a guest's acknowledge and end of interrupt work on. Each CPU's
 * own are those of fake_cpu.
 */
#ifndef FUZZ_GIC_H
#define FUZZ_GIC_H

#include "dev/gic/gic.h"

#define FUZZ_GIC_CPUS 2
#define FUZZ_GIC_SPIS 96 /* first INTID beyond */

/* version: 2 or 3. Sets gic and gic_limits. */
void fuzz_gic_init(unsigned int version, unsigned int nr_lrs);
/* The wire of a level interrupt, on the running CPU if it is private; an edge latches. */
void fuzz_gic_wire(uint32_t intid, bool high);
/* Has this CPU an interrupt to take? */
bool fuzz_gic_pending(void);
/* The guest on this CPU: acknowledges the most urgent, GIC_SPURIOUS if none; ends it. */
uint32_t fuzz_gic_guest_ack(void);
bool fuzz_gic_guest_end(void);
/* Facts about this CPU's list registers. */
void fuzz_gic_check(void);

/* Sets the wires as the devices have them now; called before each look. May be NULL. */
extern void (*fuzz_gic_sample)(void);

/* From the input: what the next suspend() answers, and what pending_wake() does. */
extern int fuzz_gic_suspend_result;
extern uint32_t fuzz_gic_wake;

#endif
