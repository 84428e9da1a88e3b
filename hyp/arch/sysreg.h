/* SPDX-License-Identifier: Apache-2.0 */
/*
 * System register access by name. A register that the assembler may not know is given as
 * S<op0>_<op1>_C<n>_C<m>_<op2> behind a #define with its architectural name.
 */
#ifndef DM_ARCH_SYSREG_H
#define DM_ARCH_SYSREG_H

#include "lib/types.h"

#define DM_STR_(x) #x
#define DM_STR(x)  DM_STR_(x)

#define sysreg_read(reg)                                                   \
	({                                                                 \
		uint64_t r_;                                               \
		__asm__ volatile("mrs %0, " DM_STR(reg) : "=r"(r_)::"memory"); \
		r_;                                                        \
	})

#define sysreg_write(reg, val)                                                          \
	do {                                                                            \
		uint64_t v_ = (val);                                                    \
		__asm__ volatile("msr " DM_STR(reg) ", %x0" ::"rZ"(v_) : "memory"); \
	} while (0)

#endif
