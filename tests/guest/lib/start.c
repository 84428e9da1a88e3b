/* SPDX-License-Identifier: Apache-2.0 */
/* From the doors to the tests. */
#include "cpu.h"
#include "gic.h"
#include "platform.h"
#include "psci.h"
#include "sysreg.h"
#include "tap.h"

/* What the other one of two domains does, in the guests that have one. */
__attribute__((weak)) void peer_run(void);
/* What a guest does that resets the machine first, and has its tests look at the traces. */
__attribute__((weak)) void before_tests(void);

union cpu_slot cpus[MAX_CPUS] __attribute__((aligned(4096)));
uint64_t cpu_mpidrs[MAX_CPUS] __attribute__((aligned(64)));
uint64_t page_table[512] __attribute__((aligned(4096)));

/* Block descriptors, Arm ARM D5.3: 1 GiB each, the address is its own translation. */
#define BLOCK_NORMAL (1ul | 3ul << 8 | 1ul << 10)             /* inner shareable, AF */
#define BLOCK_DEVICE (1ul | 1ul << 2 | 1ul << 10 | 3ul << 53) /* AF, never executed */
#define GIB          (1ul << 30)

/* With MMU and caches off. QEMU's virt has devices below 1 GiB and above 255 GiB. */
void mmu_fill_table(void)
{
	for (unsigned long i = 0; i < 512; i++)
		page_table[i] = i * GIB | (i == 0 || i > 255 ? BLOCK_DEVICE : BLOCK_NORMAL);
	for (uintptr_t p = (uintptr_t)page_table; p < (uintptr_t)&page_table[512]; p += 16)
		__asm__ volatile("dc civac, %0" ::"r"(p) : "memory");
	dsb();
}

void cache_clean(const void *p, uint64_t size)
{
	for (uintptr_t a = (uintptr_t)p & ~15ul; a < (uintptr_t)p + size; a += 16)
		__asm__ volatile("dc civac, %0" ::"r"(a) : "memory");
	dsb();
}

void boot_main(struct cpu *c, uint64_t dtb)
{
	console_init(platform_uart((const void *)dtb));
	platform_init((const void *)dtb);
	c->online = true;
	/* A peer that begins at the same time would get into the middle of a line of the other's, which is read. */
	if (!plat.peer)
		print("# GICv%u, %u CPUs, PSCI by %s%s\n", plat.gic_version, plat.nr_cpus,
		      plat.psci_hvc ? "HVC" : "SMC", plat.dormouse ? ", under Dormouse" : "");
	gic_init();
	gic_init_cpu();
	if (plat.peer && peer_run)
		peer_run();
	if (before_tests)
		before_tests();
	tap_run();
	psci_system_off();
}
