/* SPDX-License-Identifier: Apache-2.0 */
#include "lib/err.h"
#include "lib/string.h"
#include "virt/hypercall/guest_copy.h"
#include "virt/hypercall/hypercall.h"
#include "virt/hypercall/xen_abi.h"

#define AT_ONCE 32

/* One entry: 0, -EFAULT, or HYPERCALL_AGAIN if it isn't done. */
static int64_t do_entry(struct vcpu *v, uint64_t va)
{
	struct multicall_entry e;
	uint64_t a[HYPERCALL_ARGS];
	int64_t result;

	if (guest_copy_from(v, &e, va, sizeof(e)))
		return -EFAULT;
	memcpy(a, e.args, sizeof(a));
	/* One within another would let a guest nest them as deep as the stack isn't. */
	result = e.op == __HYPERVISOR_multicall ? -EINVAL : hypercall_call(v, e.op, a);
	if (result != HYPERCALL_AGAIN) {
		e.result = (xen_ulong_t)result;
		return guest_copy_to(v, va + offsetof(struct multicall_entry, result), &e.result,
				     sizeof(e.result));
	}
	hypercall_again_args(v, a);
	if (guest_copy_to(v, va + offsetof(struct multicall_entry, args), a, sizeof(a)))
		return -EFAULT;
	return HYPERCALL_AGAIN;
}

/* a[0]: entries, a[1]: how many. What is done is taken off the front, so that the rest can be another call. */
int64_t hypercall_multicall(struct vcpu *v, const uint64_t a[HYPERCALL_ARGS])
{
	uint64_t va = a[0];
	uint64_t nr = (uint32_t)a[1];

	for (unsigned int i = 0; i < nr; i++) {
		int64_t err = i < AT_ONCE ? do_entry(v, va) : HYPERCALL_AGAIN;

		if (err == HYPERCALL_AGAIN) {
			hypercall_again_with(v, 1, nr - i);
			return hypercall_again_with(v, 0, va);
		}
		if (err)
			return err;
		va += sizeof(struct multicall_entry);
	}
	return 0;
}
