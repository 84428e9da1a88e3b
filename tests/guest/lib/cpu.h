/* SPDX-License-Identifier: Apache-2.0 */
/* The CPUs, and what each does at its doors. */
#ifndef GUEST_CPU_H
#define GUEST_CPU_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "offsets.h"

struct frame {
	uint64_t x[31];
	uint64_t elr;
	uint64_t spsr;
	uint64_t pad;
};

#define IRQ_LOG_SIZE 512
#define NR_COUNTED   512

struct cpu {
	uint64_t resume_sp;
	/* The state at the last door (lib/head.S). */
	uint64_t entry_x0;
	uint64_t entry_el; /* CurrentEL: level in bits 3:2 */
	uint64_t entry_daif;
	uint64_t entry_spsel;
	uint64_t entry_sctlr;
	uint64_t entry_count; /* CNTPCT_EL0, three instructions in */

	unsigned int id;
	uint64_t mpidr; /* affinity fields only */
	uintptr_t gicr; /* GICv3: RD_base of this CPU */

	/* The expected exception: lib/exc.c. */
	volatile bool armed;
	volatile bool taken;
	volatile uint64_t esr, far, elr;

	/* Interrupts taken: counts by INTID, and the order. */
	volatile uint32_t irq_count[NR_COUNTED];
	volatile uint32_t irq_log[IRQ_LOG_SIZE];
	volatile uint32_t irq_logged;
	volatile uint32_t spurious;
	void (*irq_hook)(uint32_t intid); /* after acknowledge, before end of interrupt */
	volatile bool manual_eoi;         /* the hook or the test ends the interrupt itself */

	/* smp.h: what a started CPU runs. */
	void (*volatile work)(void *arg);
	void *volatile work_arg;
	volatile bool busy;
	volatile bool online;
	volatile uint64_t scratch[8]; /* the test's */
};
_Static_assert(offsetof(struct cpu, resume_sp) == CPU_RESUME_SP, "offsets.h");
_Static_assert(offsetof(struct cpu, entry_x0) == CPU_ENTRY_X0, "offsets.h");
_Static_assert(offsetof(struct cpu, entry_el) == CPU_ENTRY_EL, "offsets.h");
_Static_assert(offsetof(struct cpu, entry_daif) == CPU_ENTRY_DAIF, "offsets.h");
_Static_assert(offsetof(struct cpu, entry_spsel) == CPU_ENTRY_SPSEL, "offsets.h");
_Static_assert(offsetof(struct cpu, entry_sctlr) == CPU_ENTRY_SCTLR, "offsets.h");
_Static_assert(offsetof(struct cpu, entry_count) == CPU_ENTRY_COUNT, "offsets.h");
_Static_assert(sizeof(struct frame) == FRAME_SIZE, "offsets.h");
_Static_assert(sizeof(struct cpu) < CPU_SIZE / 2, "room for the stack");

union cpu_slot {
	struct cpu cpu;
	uint8_t stack[CPU_SIZE];
};
extern union cpu_slot cpus[MAX_CPUS];
extern uint64_t cpu_mpidrs[MAX_CPUS];

static inline struct cpu *this_cpu(void)
{
	struct cpu *c;

	__asm__ volatile("mrs %0, tpidr_el1" : "=r"(c));
	return c;
}

static inline struct cpu *cpu_nr(unsigned int n)
{
	return &cpus[n].cpu;
}

/* Entry points for PSCI, as addresses (the map is the identity). */
void secondary_entry(void);
void resume_entry(void);
void boot_main(struct cpu *c, uint64_t dtb);
void secondary_main(struct cpu *c);
void mmu_fill_table(void);
extern uint64_t page_table[512]; /* a GiB each, the identity: level 1 of TTBR0 */
/* Writes a range back to memory, for readers with caches off. */
void cache_clean(const void *p, uint64_t size);

#endif
