/* SPDX-License-Identifier: Apache-2.0 */
/* Barriers (Arm ARM DDI 0487, B2.3). Every use says which access it orders against which. */
#ifndef DM_ARCH_BARRIER_H
#define DM_ARCH_BARRIER_H

#define isb()	 __asm__ volatile("isb" ::: "memory")
#define dsb(opt) __asm__ volatile("dsb " #opt ::: "memory")
#define dmb(opt) __asm__ volatile("dmb " #opt ::: "memory")
#define sev()	 __asm__ volatile("sev" ::: "memory")
#define wfe()	 __asm__ volatile("wfe" ::: "memory")
#define wfi()	 __asm__ volatile("wfi" ::: "memory")

/* In a loop that waits for another CPU: lets the other hardware thread (or emulated CPU) run. */
#define cpu_relax() __asm__ volatile("yield" ::: "memory")

#endif
