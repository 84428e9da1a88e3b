/* SPDX-License-Identifier: Apache-2.0 */
#include "virt/hypercall/guest_copy.h"

#include "arch/guest.h"
#include "arch/spinlock.h"
#include "lib/err.h"
#include "mm/stage2.h"

/*
 * Another CPU may just be changing the domain's stage 2, where an entry is invalid for a moment (break before make), also
 * one that stage 1's tables are behind. A fault counts if it is still there when nobody changes anything.
 */
static bool translate(struct vcpu *v, uint64_t va, bool write, ipa_t *ipa)
{
	bool ok = guest_translate(va, write, ipa);

	if (!ok) {
		spin_lock(&v->domain->s2.lock);
		ok = guest_translate(va, write, ipa);
		spin_unlock(&v->domain->s2.lock);
	}
	return ok;
}

static int copy(struct vcpu *v, uint8_t *buffer, uint64_t va, size_t size, bool write)
{
	while (size) {
		size_t part = min_u64(size, PAGE_SIZE - (va & (PAGE_SIZE - 1)));
		ipa_t ipa;

		if (!translate(v, va, write, &ipa) ||
		    stage2_copy(&v->domain->s2, ipa, buffer, part, write))
			return -EFAULT;
		va += part;
		buffer += part;
		size -= part;
	}
	return 0;
}

int guest_copy_from(struct vcpu *v, void *to, uint64_t va, size_t size)
{
	return copy(v, to, va, size, false);
}

int guest_copy_to(struct vcpu *v, uint64_t va, const void *from, size_t size)
{
	/* Only read from, with write set. */
	return copy(v, (uint8_t *)(uintptr_t)from, va, size, true);
}
