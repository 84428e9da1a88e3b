/* SPDX-License-Identifier: Apache-2.0 */
/* System registers, barriers and MMIO accessors for EL3. */
#ifndef FW_SYSREG_H
#define FW_SYSREG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* @reg: a name the assembler knows, or a macro for s<op0>_<op1>_c<n>_c<m>_<op2>. */
#define read_sysreg(reg)  READ_SYSREG(reg)
#define READ_SYSREG(reg)                                        \
	({                                                      \
		uint64_t val_;                                  \
		__asm__ volatile("mrs %0, " #reg : "=r"(val_)); \
		val_;                                           \
	})
#define write_sysreg(reg, val)	WRITE_SYSREG(reg, val)
#define WRITE_SYSREG(reg, val)	__asm__ volatile("msr " #reg ", %0" : : "r"((uint64_t)(val)))

#define isb()	__asm__ volatile("isb" : : : "memory")
#define dsb_sy() __asm__ volatile("dsb sy" : : : "memory")
#define wfi()	__asm__ volatile("dsb sy\n\twfi" : : : "memory")

/* Field of an ID register: 4 bits at @shift. */
static inline unsigned int id_field(uint64_t reg, unsigned int shift)
{
	return (reg >> shift) & 0xf;
}

/*
 * Device accesses: one instruction of the stated width each, so that the compiler can't merge,
 * split or use an addressing form whose syndrome an emulator can't decode.
 */
static inline uint32_t read32(uint64_t addr)
{
	uint32_t val;

	__asm__ volatile("ldr %w0, [%1]" : "=r"(val) : "r"(addr) : "memory");
	return val;
}

static inline void write32(uint64_t addr, uint32_t val)
{
	__asm__ volatile("str %w0, [%1]" : : "r"(val), "r"(addr) : "memory");
}

static inline uint64_t read64(uint64_t addr)
{
	uint64_t val;

	__asm__ volatile("ldr %0, [%1]" : "=r"(val) : "r"(addr) : "memory");
	return val;
}

static inline void write64(uint64_t addr, uint64_t val)
{
	__asm__ volatile("str %0, [%1]" : : "r"(val), "r"(addr) : "memory");
}

/* The system counter: runs on through resets. */
static inline uint64_t ticks(void)
{
	isb();
	return read_sysreg(cntpct_el0);
}

uint64_t ticks_to_us(uint64_t t);

/*
 * Bounded wait: true as soon as (read32(addr) & mask) == want, false after about @us
 * microseconds.
 */
bool wait32(uint64_t addr, uint32_t mask, uint32_t want, unsigned int us);

#endif /* FW_SYSREG_H */
