/* SPDX-License-Identifier: Apache-2.0 */
/* What assembly knows of C's structures; cpu.h and exc.h assert each of them. */
#ifndef GUEST_OFFSETS_H
#define GUEST_OFFSETS_H

#define MAX_CPUS 16
#define CPU_SIZE 0x8000 /* struct cpu at the bottom, its stack down from the top */

#define CPU_RESUME_SP   0
#define CPU_ENTRY_X0    8
#define CPU_ENTRY_EL    16
#define CPU_ENTRY_DAIF  24
#define CPU_ENTRY_SPSEL 32
#define CPU_ENTRY_SCTLR 40
#define CPU_ENTRY_COUNT 48

#define FRAME_SIZE 272

/* T0SZ 25 (39 bits: level 1 first), Normal WB inner-shareable walks, 4 KiB, no TTBR1. */
#define TCR_VALUE ((25 << 0) | (1 << 8) | (1 << 10) | (3 << 12) | (1 << 23))
/* RES1 of Armv8.0, and M, C, SA, I. */
#define SCTLR_VALUE (0x30d00800 | 1 | 4 | 8 | 0x1000)

#endif
