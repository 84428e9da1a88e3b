/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Read-modify-write of words that a guest may write at the same time.
 *
 * A guest that writes the line without pause can make an exclusive store fail for ever, so the number of tries
 * is limited. It is so large that no guest reaches it by accident; one that does has its domain ended by the
 * caller (guest_atomic_abuse()).
 *
 * All are sequentially consistent: what the calling CPU, and the guest on it, wrote before is visible to who sees the new value,
 * and a later sequentially consistent load isn't done before.
 */
#ifndef DM_VIRT_GUEST_ATOMIC_H
#define DM_VIRT_GUEST_ATOMIC_H

#include "core/domain.h"
#include "lib/types.h"

#define GUEST_ATOMIC_TRIES 100000

/* One try. False: *old is what was there now, which may be what was expected (the store failed). */
bool guest_cas64(uint64_t *p, uint64_t *old, uint64_t new);

/* *p = (*p & ~clear) | set. False after too many tries. *old, unless NULL, gets what was there. */
bool guest_change64(uint64_t *p, uint64_t clear, uint64_t set, uint64_t *old);

/* d fights with the hypervisor over a word of its memory: that is its end. Locks: those of domain_shutdown(). */
static inline void guest_atomic_abuse(struct domain *d)
{
	domain_shutdown(d, DOMAIN_CRASH);
}

#endif
