/* SPDX-License-Identifier: Apache-2.0 */
#include "arch/tlb.h"

#include "arch/barrier.h"
#include "arch/sysreg.h"

void tlb_flush_el2(void)
{
	__asm__ volatile("tlbi alle2is" ::: "memory");
	dsb(ish);
	isb();
}

/* The by-VMID operations take the VMID from VTTBR_EL2. Returns what was there. */
static uint64_t use_vttbr(uint64_t vttbr)
{
	uint64_t old = sysreg_read(vttbr_el2);

	if (old != vttbr) {
		sysreg_write(vttbr_el2, vttbr);
		isb();
	}
	return old;
}

static void restore_vttbr(uint64_t old, uint64_t used)
{
	if (old != used) {
		sysreg_write(vttbr_el2, old);
		isb();
	}
}

void tlb_flush_guest(uint64_t vttbr)
{
	uint64_t old = use_vttbr(vttbr);

	__asm__ volatile("tlbi vmalls12e1is" ::: "memory");
	dsb(ish);
	isb();
	restore_vttbr(old, vttbr);
}

void tlb_flush_ipa(uint64_t vttbr, ipa_t ipa)
{
	uint64_t old = use_vttbr(vttbr);

	__asm__ volatile("tlbi ipas2e1is, %0" ::"r"(ipa.raw >> 12) : "memory");
	dsb(ish); /* stage 2 gone before the combined entries go (D8.13.5) */
	__asm__ volatile("tlbi vmalle1is" ::: "memory");
	dsb(ish);
	isb();
	restore_vttbr(old, vttbr);
}

void tlb_flush_stage1_here(void)
{
	__asm__ volatile("tlbi vmalle1" ::: "memory");
	dsb(nsh);
	isb();
}

void tlb_flush_all_guests(void)
{
	__asm__ volatile("tlbi alle1is" ::: "memory");
	dsb(ish);
	isb();
}
