/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A domain that must not notice what becomes of the machine (tests/proof/fault_matrix.py). It keeps patterns in its memory, general,
 * FP and system registers, and looks at them over and over; what it finds is in the last page of its RAM. With peer=1 it
 * suspends itself instead, looks each time something has woken it, and suspends again.
 */
#include "gic.h"
#include "libc.h"
#include "psci.h"
#include "smp.h"
#include "timer.h"
#include "../proof/witness_page.h"

uint64_t survive_spin(uint64_t seed, uint64_t argument);
void fp_fill(uint64_t seed);
uint64_t fp_differs(uint64_t seed);

#define TICK_US	     5000
#define PATTERN_SIZE (512 << 10)
#define CONTEXT	     0x3177000000000000ul

static volatile uint64_t pattern[PATTERN_SIZE / 8];
static volatile struct witness_page *page;

void peer_run(void); /* lib/start.c */

static uint64_t word(uint64_t i, uint64_t round)
{
	uint64_t x = (i + 1) * 0x9e3779b97f4a7c15ul ^ round * 0xbf58476d1ce4e5b9ul;

	return x ^ x >> 29;
}

static void write_memory(uint64_t round)
{
	for (uint64_t i = 0; i < ARRAY_SIZE(pattern); i++)
		pattern[i] = word(i, round);
}

static void complain(const char *what, uint64_t value)
{
	page->errors++;
	print("witness: %s 0x%lx\n", what, value);
}

/* Compares what the round before wrote, and writes the next one's. */
static void look_at_memory(uint64_t round)
{
	for (uint64_t i = 0; i < ARRAY_SIZE(pattern); i++) {
		if (pattern[i] != word(i, round))
			complain("memory differs, word", i);
		pattern[i] = word(i, round + 1);
	}
}

static void tick(uint32_t intid)
{
	if (intid != plat.timer_virt)
		return;
	page->ticks++;
	sysreg_write(cntv_cval_el0, count_virt() + ticks_us(TICK_US));
	isb();
}

static void start_ticking(void)
{
	this_cpu()->irq_hook = tick;
	gic_enable(plat.timer_virt);
	sysreg_write(cntv_cval_el0, count_virt() + ticks_us(TICK_US));
	sysreg_write(cntv_ctl_el0, CTL_ENABLE);
	isb();
	irq_enable();
}

static void open_page(void)
{
	page = (volatile struct witness_page *)(plat.ram_base + plat.ram_size - 4096);
	memset((void *)(uintptr_t)page, 0, sizeof(*page));
	write_memory(0);
	dsb();
	page->magic = WITNESS_MAGIC;
}

static void set_registers(uint64_t round)
{
	sysreg_write(tpidr_el0, word(1, round));
	sysreg_write(tpidrro_el0, word(2, round));
	sysreg_write(far_el1, word(3, round));
	sysreg_write(par_el1, word(4, round) & 0xffffffff000);
	fp_fill(word(5, round));
	isb();
}

static void look_at_registers(uint64_t round)
{
	uint64_t differ = fp_differs(word(5, round));

	if (differ)
		complain("FP registers differ, mask", differ);
	if (sysreg_read(tpidr_el0) != word(1, round) || sysreg_read(tpidrro_el0) != word(2, round))
		complain("thread pointers differ", sysreg_read(tpidr_el0));
	if (sysreg_read(far_el1) != word(3, round))
		complain("FAR_EL1 differs", sysreg_read(far_el1));
	if (sysreg_read(par_el1) != (word(4, round) & 0xffffffff000))
		complain("PAR_EL1 differs", sysreg_read(par_el1));
}

/* Never ends. It waits for a tick between rounds, so that the others get on. */
static void compute(void)
{
	open_page();
	start_ticking();
	for (uint64_t round = 0;; round++) {
		uint64_t differ;

		set_registers(round);
		differ = survive_spin(word(0, round), 0);
		if (differ)
			complain("general registers differ, mask", differ);
		look_at_registers(round);
		look_at_memory(round);
		page->rounds++;
		wfi();
	}
}

static void check_entry(const struct cpu *c, uint64_t context)
{
	if (c->entry_x0 != context)
		complain("context id", c->entry_x0);
	if (c->entry_el != 1 << 2)
		complain("CurrentEL", c->entry_el);
	if (c->entry_daif != 0x3c0)
		complain("DAIF", c->entry_daif);
}

/* Nothing but a command is to wake it: its GIC has nothing enabled. */
void peer_run(void)
{
	open_page();
	irq_disable();
	for (uint64_t round = 0;; round++) {
		const uint64_t args[4] = { PSCI_SYSTEM_SUSPEND64, (uintptr_t)resume_entry,
			                   CONTEXT + round };
		int64_t result;

		page->sleeps++;
		dsb();
		if (psci_suspend_call(args, plat.psci_hvc, &result))
			check_entry(this_cpu(), CONTEXT + round);
		else
			complain("SYSTEM_SUSPEND", (uint64_t)result);
		look_at_memory(round);
		page->rounds++;
		page->wakes++;
	}
}

GUEST_TESTS({ "witness", compute }, );
