/* SPDX-License-Identifier: Apache-2.0 */
/* Registers, barriers, devices. */
#ifndef GUEST_SYSREG_H
#define GUEST_SYSREG_H

#include <stdint.h>

#define STR_(x) #x
#define STR(x)  STR_(x)

#define sysreg_read(reg)                                                    \
	({                                                                  \
		uint64_t v_;                                                \
		__asm__ volatile("mrs %0, " STR(reg) : "=r"(v_)::"memory"); \
		v_;                                                         \
	})
#define sysreg_write(reg, val)                                                   \
	do {                                                                     \
		uint64_t w_ = (val);                                             \
		__asm__ volatile("msr " STR(reg) ", %x0" ::"rZ"(w_) : "memory"); \
	} while (0)

#define isb()         __asm__ volatile("isb" ::: "memory")
#define dsb()         __asm__ volatile("dsb sy" ::: "memory")
/* In every loop that waits: emulated CPUs take turns, and one that just spins uses its turn up. */
#define yield()       __asm__ volatile("yield" ::: "memory")
#define wfi()         __asm__ volatile("dsb sy\n\twfi" ::: "memory")
#define irq_enable()  __asm__ volatile("msr daifclr, #2\n\tisb" ::: "memory")
#define irq_disable() __asm__ volatile("msr daifset, #2\n\tisb" ::: "memory")

/* Assembly, so that the compiler neither merges nor splits nor uses writeback addressing. */
#define DEFINE_IO(bits, type, mod, suffix)                                                       \
	static inline type read##bits(uintptr_t a)                                               \
	{                                                                                        \
		type v;                                                                          \
		__asm__ volatile("ldr" suffix " %" mod "0, [%1]" : "=r"(v) : "r"(a) : "memory"); \
		return v;                                                                        \
	}                                                                                        \
	static inline void write##bits(uintptr_t a, type v)                                      \
	{                                                                                        \
		__asm__ volatile("str" suffix " %" mod "0, [%1]" ::"r"(v), "r"(a) : "memory");   \
	}
DEFINE_IO(8, uint8_t, "w", "b")
DEFINE_IO(16, uint16_t, "w", "h")
DEFINE_IO(32, uint32_t, "w", "")
DEFINE_IO(64, uint64_t, "x", "")
#undef DEFINE_IO

#define BIT(n)        (1ul << (n))
#define ARRAY_SIZE(a) (sizeof(a) / sizeof((a)[0]))

#endif
