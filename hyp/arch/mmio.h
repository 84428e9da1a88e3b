/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Device register access, one load or store of that size each, in program order to the same device
 * (Device-nGnRE, Arm ARM B2.7.2). Ordering against Normal memory is the caller's business.
 * The load and store instructions are spelt out: the compiler must not merge, split or pick a
 * write-back form, which a trapping hypervisor below us couldn't decode (ISS.ISV = 0).
 */
#ifndef DM_ARCH_MMIO_H
#define DM_ARCH_MMIO_H

#include "lib/types.h"

#define MMIO_ACCESSORS(bits, reg, sfx)                                                       \
	static inline uint##bits##_t mmio_read##bits(uintptr_t addr)                         \
	{                                                                                    \
		uint##bits##_t v;                                                            \
		__asm__ volatile("ldr" sfx " %" reg "0, [%1]" : "=r"(v) : "r"(addr) : "memory"); \
		return v;                                                                    \
	}                                                                                    \
	static inline void mmio_write##bits(uintptr_t addr, uint##bits##_t v)                \
	{                                                                                    \
		__asm__ volatile("str" sfx " %" reg "0, [%1]" ::"r"(v), "r"(addr) : "memory"); \
	}

MMIO_ACCESSORS(8, "w", "b")
MMIO_ACCESSORS(16, "w", "h")
MMIO_ACCESSORS(32, "w", "")
MMIO_ACCESSORS(64, "x", "")

#undef MMIO_ACCESSORS

#endif
