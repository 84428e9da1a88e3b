/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Spinlock. Interrupts are always masked at EL3, so it needs no more. Lock order: power_lock
 * (cpu.h), then the log's.
 */
#ifndef FW_LOCK_H
#define FW_LOCK_H

#include <stdint.h>

struct lock {
	uint32_t held;
};

static inline void lock_take(struct lock *l)
{
	/* The acquire pairs with lock_drop()'s release. */
	while (__atomic_exchange_n(&l->held, 1, __ATOMIC_ACQUIRE))
		__asm__ volatile("yield");
}

static inline void lock_drop(struct lock *l)
{
	__atomic_store_n(&l->held, 0, __ATOMIC_RELEASE);
}

#endif /* FW_LOCK_H */
