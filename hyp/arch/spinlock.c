/* SPDX-License-Identifier: Apache-2.0 */
#include "arch/spinlock.h"

#include "arch/barrier.h"

void spin_wait(struct spinlock *l, uint16_t ticket)
{
	/* Acquire as in spin_lock(). */
	while (__atomic_load_n(&l->owner, __ATOMIC_ACQUIRE) != ticket)
		cpu_relax();
}
