/* SPDX-License-Identifier: Apache-2.0 */
/* Stands in for hyp/arch/barrier.h: each is reported by name ("dsb ish", "wfi"), see fake_cpu.h. */
#ifndef DM_ARCH_BARRIER_H
#define DM_ARCH_BARRIER_H

void fake_barrier(const char *what);

#define isb()       fake_barrier("isb")
#define dsb(opt)    fake_barrier("dsb " #opt)
#define dmb(opt)    fake_barrier("dmb " #opt)
#define sev()       fake_barrier("sev")
#define wfe()       fake_barrier("wfe")
#define wfi()       fake_barrier("wfi")
#define cpu_relax() fake_barrier("yield")

#endif
