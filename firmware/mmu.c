/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Identity map for EL3: flash read-only and executable, secure RAM and non-secure RAM
 * execute-never, devices nGnRnE. It exists so that exclusives (locks) and unaligned accesses
 * (libfdt) are architecturally legal, and so that a stray write finds nothing to hit.
 * 39-bit addresses, 4 KiB granule: one level 1 table of 1 GiB blocks (Arm ARM D8.2), one level 2
 * table of 2 MiB blocks for the first GiB.
 */
#include "mmu.h"
#include "platform.h"
#include "sysreg.h"

#define GIB	     (1ULL << 30)
#define BLOCK2M	     (2ULL << 20)
#define ENTRIES	     512

#define DESC_BLOCK   0x1ULL
#define DESC_TABLE   0x3ULL
#define ATTR_DEVICE  (0ULL << 2)
#define ATTR_NORMAL  (1ULL << 2)
#define DESC_NS	     (1ULL << 5)
#define DESC_AP1     (1ULL << 6) /* RES1 in a single-level regime */
#define DESC_RO	     (1ULL << 7)
#define DESC_ISH     (3ULL << 8)
#define DESC_AF	     (1ULL << 10)
#define DESC_XN	     (1ULL << 54)

#define BLOCK_CODE   (DESC_BLOCK | ATTR_NORMAL | DESC_AP1 | DESC_RO | DESC_ISH | DESC_AF)
#define BLOCK_SECRAM (DESC_BLOCK | ATTR_NORMAL | DESC_AP1 | DESC_ISH | DESC_AF | DESC_XN)
#define BLOCK_RAM    (BLOCK_SECRAM | DESC_NS)
#define BLOCK_DEVICE (DESC_BLOCK | ATTR_DEVICE | DESC_AP1 | DESC_AF | DESC_XN)

#define MAIR_EL3_VALUE 0xff00ULL /* 0: Device-nGnRnE, 1: Normal write-back */
/* T0SZ 25, inner shareable, write-back walks, RES1 bits 31 and 23; PS is added at run time. */
#define TCR_EL3_VALUE	 0x80803519ULL
#define SCTLR_EL3_VALUE	 (0x30c50830ULL | 1 << 0 /* M */ | 1 << 2 /* C */ | 1 << 3 /* SA */ | \
			  1 << 12 /* I */ | 1 << 19 /* WXN */)

static uint64_t l1[ENTRIES] __attribute__((aligned(4096), section(".bss.noinit")));
static uint64_t l2[ENTRIES] __attribute__((aligned(4096), section(".bss.noinit")));

static void map_low(uint64_t base, uint64_t size, uint64_t attr)
{
	for (uint64_t a = base & ~(BLOCK2M - 1); a < base + size; a += BLOCK2M)
		l2[a / BLOCK2M] = a | attr;
}

void mmu_build(void)
{
	for (unsigned int i = 0; i < ENTRIES; i++)
		l1[i] = l2[i] = 0;
	map_low(FLASH_BASE, BLOCK2M, BLOCK_CODE);
	map_low(GICD_BASE, UART_BASE - GICD_BASE, BLOCK_DEVICE);
	map_low(UART_BASE, SEC_GPIO_BASE + 0x1000 - UART_BASE, BLOCK_DEVICE);
	map_low(SECRAM_BASE, SECRAM_SIZE, BLOCK_SECRAM);
	l1[0] = (uint64_t)l2 | DESC_TABLE;
	l1[RAM_BASE / GIB] = RAM_BASE | BLOCK_RAM;
}

static void add(uint64_t base, uint64_t size, uint64_t attr)
{
	for (uint64_t i = base / GIB; i < ENTRIES && i * GIB < base + size; i++) {
		if (!l1[i])
			l1[i] = i * GIB | attr;
	}
	/* Invalid to valid: no TLB maintenance needed, only ordering with the walker. */
	dsb_sy();
	isb();
}

void mmu_add_ram(uint64_t base, uint64_t size)
{
	add(base, size, BLOCK_RAM);
}

void mmu_add_device(uint64_t base, uint64_t size)
{
	add(base, size, BLOCK_DEVICE);
}

void mmu_enable(void)
{
	uint64_t ps = read_sysreg(id_aa64mmfr0_el1) & 0xf;

	if (ps > 5)
		ps = 5; /* 48 bits; more means another descriptor format */
	write_sysreg(mair_el3, MAIR_EL3_VALUE);
	write_sysreg(tcr_el3, TCR_EL3_VALUE | ps << 16);
	write_sysreg(ttbr0_el3, (uint64_t)l1);
	__asm__ volatile("tlbi alle3\n\tic iallu\n\tdsb sy\n\tisb" : : : "memory");
	write_sysreg(sctlr_el3, SCTLR_EL3_VALUE);
	isb();
}

void cache_clean(const void *start, const void *end)
{
	uint64_t line = 4UL << ((read_sysreg(ctr_el0) >> 16) & 0xf);

	for (uint64_t a = (uint64_t)start & ~(line - 1); a < (uint64_t)end; a += line)
		__asm__ volatile("dc cvac, %0" : : "r"(a) : "memory");
	dsb_sy();
}
