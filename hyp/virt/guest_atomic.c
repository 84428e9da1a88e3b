/* SPDX-License-Identifier: Apache-2.0 */
#include "virt/guest_atomic.h"

bool guest_cas64(uint64_t *p, uint64_t *old, uint64_t new)
{
	return __atomic_compare_exchange_n(p, old, new, true, __ATOMIC_SEQ_CST, __ATOMIC_RELAXED);
}

bool guest_change64(uint64_t *p, uint64_t clear, uint64_t set, uint64_t *old)
{
	uint64_t seen = __atomic_load_n(p, __ATOMIC_RELAXED);

	for (unsigned int i = 0; i < GUEST_ATOMIC_TRIES; i++) {
		if (guest_cas64(p, &seen, (seen & ~clear) | set)) {
			if (old)
				*old = seen;
			return true;
		}
	}
	return false;
}
