/* SPDX-License-Identifier: Apache-2.0 */
/* Stands in for hyp/arch/spinlock.h: a lock that is held is a deadlock, one that is free isn't given back. */
#ifndef DM_ARCH_SPINLOCK_H
#define DM_ARCH_SPINLOCK_H

#include "lib/types.h"

struct spinlock {
	uint16_t next;
	uint16_t owner;
};

#define SPINLOCK_INIT { .next = 0, .owner = 0 }

void spin_lock(struct spinlock *l);
bool spin_trylock(struct spinlock *l);
void spin_unlock(struct spinlock *l);

#endif
