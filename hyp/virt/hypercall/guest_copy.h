/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Copies between the hypervisor and the memory of the guest whose trap is being handled, by the virtual
 * addresses that hypercalls are given: EL1's, or EL0's of the process that made the kernel call.
 *
 * Each page is translated by the calling vCPU's stage 1 with EL1's rights and then by its domain's
 * stage 2; it must be RAM, and for a write both stages must allow writing, so a hypercall gives a
 * guest no access that it hasn't by itself. The page stays mapped in stage 2 during the copy. The
 * guest's other vCPUs may change its stage 1 or the data at any time: a copy may be torn, and two
 * copies of the same address may differ. So arguments are copied once. -EFAULT says that some page
 * isn't accessible; what came before it has been copied.
 */
#ifndef DM_VIRT_HYPERCALL_GUEST_COPY_H
#define DM_VIRT_HYPERCALL_GUEST_COPY_H

#include "core/domain.h"
#include "lib/types.h"

/* v is loaded on the calling CPU. 0 or -EFAULT. Locks: stage2.lock, for a page at a time. */
int guest_copy_from(struct vcpu *v, void *to, uint64_t va, size_t size) __must_check;
int guest_copy_to(struct vcpu *v, uint64_t va, const void *from, size_t size) __must_check;

/* Element i of the array at va. Like Xen's copy_*_guest_offset; no overflow reaches other memory. */
static inline __must_check int guest_copy_from_at(struct vcpu *v, void *to, uint64_t va, uint64_t i,
						  size_t size)
{
	return guest_copy_from(v, to, va + i * size, size);
}

static inline __must_check int guest_copy_to_at(struct vcpu *v, uint64_t va, uint64_t i,
						const void *from, size_t size)
{
	return guest_copy_to(v, va + i * size, from, size);
}

#endif
