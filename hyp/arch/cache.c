/* SPDX-License-Identifier: Apache-2.0 */
#include "arch/cache.h"

#include "arch/barrier.h"
#include "arch/sysreg.h"

/* CTR_EL0: log2 of the smallest line in words, data in 19:16, instruction in 3:0. */
static uintptr_t line_size(unsigned int lo)
{
	return (uintptr_t)4 << ((sysreg_read(ctr_el0) >> lo) & 0xf);
}

#define FOR_EACH_LINE(p, size, line, op)                                              \
	do {                                                                          \
		uintptr_t end_ = (uintptr_t)(p) + (size);                             \
		for (uintptr_t a_ = (uintptr_t)(p) & ~((line)-1); a_ < end_; a_ += (line)) \
			__asm__ volatile(op ", %0" ::"r"(a_) : "memory");             \
	} while (0)

void dcache_clean(const volatile void *p, size_t size)
{
	uintptr_t line = line_size(16);

	FOR_EACH_LINE(p, size, line, "dc cvac");
	dsb(sy); /* complete at the point of coherency before the caller lets somebody read it uncached */
}

void dcache_clean_invalidate(const volatile void *p, size_t size)
{
	uintptr_t line = line_size(16);

	FOR_EACH_LINE(p, size, line, "dc civac");
	dsb(sy);
}

bool dcache_flush_pa(paddr_t pa, size_t size)
{
	uint64_t saved = sysreg_read(par_el1); /* the guest's own */
	bool mapped;

	__asm__ volatile("at s1e2r, %0" ::"r"(pa.raw) : "memory");
	isb(); /* the result is in PAR_EL1 only behind it */
	mapped = !(sysreg_read(par_el1) & BIT(0)); /* F (Arm ARM D17.2.107) */
	sysreg_write(par_el1, saved);
	if (mapped)
		dcache_clean_invalidate(pa_ptr(pa), size);
	return mapped;
}

void icache_sync(const void *p, size_t size)
{
	uintptr_t line = line_size(16);

	FOR_EACH_LINE(p, size, line, "dc cvau");
	dsb(ish); /* cleaned before the instruction caches drop their copies */
	__asm__ volatile("ic ialluis" ::: "memory");
	dsb(ish);
	isb();
}
