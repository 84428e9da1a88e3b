/* SPDX-License-Identifier: Apache-2.0 */
/* EL3's own identity map. */
#ifndef FW_MMU_H
#define FW_MMU_H

#include <stdint.h>

/* Builds the tables; CPU 0, after each reset, MMU off. The first GiB of RAM is in the map. */
void mmu_build(void);

/* Turns this CPU's MMU and caches on with the tables that CPU 0 built. */
void mmu_enable(void);

/* Adds [base, base + size), in whole GiB, as non-secure RAM or as device memory. */
void mmu_add_ram(uint64_t base, uint64_t size);
void mmu_add_device(uint64_t base, uint64_t size);

/* Cleans [start, end) to the point of coherency: what is read after the next reset, MMU off. */
void cache_clean(const void *start, const void *end);

#endif /* FW_MMU_H */
