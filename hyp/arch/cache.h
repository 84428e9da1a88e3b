/* SPDX-License-Identifier: Apache-2.0 */
/* Cache maintenance by virtual address (Arm ARM D7.5.9). Addresses and sizes in bytes, any alignment. */
#ifndef DM_ARCH_CACHE_H
#define DM_ARCH_CACHE_H

#include "lib/types.h"

/* To the point of coherency: what is cleaned is seen by observers with their caches off. */
void dcache_clean(const volatile void *p, size_t size);
void dcache_clean_invalidate(const volatile void *p, size_t size);
/* The same, within a page that may be anything. False, and nothing is done, if EL2 doesn't have it. */
bool dcache_flush_pa(paddr_t pa, size_t size);

/* After writing instructions: data cleaned to the point of unification, all instruction caches invalid. */
void icache_sync(const void *p, size_t size);

#endif
