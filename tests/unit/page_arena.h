/* SPDX-License-Identifier: Apache-2.0 */
/* The real page allocator (hyp/mm/page.c) on a piece of the host's memory, for tests that count pages. */
#ifndef PAGE_ARENA_H
#define PAGE_ARENA_H

#include "lib/types.h"

/* Once in a program: so much memory, of which nothing is zero. */
void arena_init(uint64_t size);
uint64_t arena_free_pages(void);
/* Nothing can be allocated any more, until arena_refill(). */
void arena_drain(void);
void arena_refill(void);

#endif
