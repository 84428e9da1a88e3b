/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Ticket spinlock. EL2 always runs with interrupts masked, so there are no irq-saving variants.
 * Fair: the first to ask is the first to get it. Not recursive. The order of locks is in
 * docs/locking.md. Here and not in a file of its own: a lock that is free costs fewer instructions than a call.
 */
#ifndef DM_ARCH_SPINLOCK_H
#define DM_ARCH_SPINLOCK_H

#include "lib/types.h"

struct spinlock {
	uint16_t next;	/* the ticket that the next to ask gets */
	uint16_t owner; /* the ticket being served */
};

#define SPINLOCK_INIT { .next = 0, .owner = 0 }

/* Until that ticket is served. */
void spin_wait(struct spinlock *l, uint16_t ticket);

static inline void spin_lock(struct spinlock *l)
{
	uint16_t ticket = __atomic_fetch_add(&l->next, 1, __ATOMIC_RELAXED);

	/* The acquire load pairs with the release store in spin_unlock(). */
	if (unlikely(__atomic_load_n(&l->owner, __ATOMIC_ACQUIRE) != ticket))
		spin_wait(l, ticket);
}

static inline bool spin_trylock(struct spinlock *l)
{
	uint16_t owner = __atomic_load_n(&l->owner, __ATOMIC_RELAXED);
	uint16_t expected = owner;

	return __atomic_compare_exchange_n(&l->next, &expected, (uint16_t)(owner + 1), false,
					   __ATOMIC_ACQUIRE, __ATOMIC_RELAXED);
}

static inline void spin_unlock(struct spinlock *l)
{
	__atomic_store_n(&l->owner, (uint16_t)(l->owner + 1), __ATOMIC_RELEASE);
}

#endif
