/* SPDX-License-Identifier: Apache-2.0 */
#include "lib/err.h"
#include "lib/log.h"
#include "lib/string.h"
#include "virt/hypercall/hypercall.h"
#include "virt/hypercall/xen_domain.h"
#include "virt/trap_exit.h"

#define REG_NR 16 /* x16 */

int64_t hypercall_call(struct vcpu *v, uint64_t nr, const uint64_t a[HYPERCALL_ARGS])
{
	const struct hypercall_row *row = nr < hypercall_rows ? &hypercall_table[nr] : NULL;

	if (!row || !row->fn)
		return -ENOSYS;
	if (row->privileged_only && !v->domain->privileged)
		return -EPERM;
	return row->fn(v, a);
}

int64_t hypercall_again(struct vcpu *v)
{
	(void)v;
	return HYPERCALL_AGAIN;
}

int64_t hypercall_again_with(struct vcpu *v, unsigned int n, uint64_t value)
{
	xen_vcpu(v)->again_mask |= BIT(n);
	xen_vcpu(v)->again[n] = value;
	return HYPERCALL_AGAIN;
}

void hypercall_again_args(struct vcpu *v, uint64_t a[HYPERCALL_ARGS])
{
	struct xen_vcpu *x = xen_vcpu(v);

	for (unsigned int i = 0; i < HYPERCALL_ARGS; i++) {
		if (x->again_mask & BIT(i))
			a[i] = x->again[i];
	}
	x->again_mask = 0;
}

static __noinline void do_again(struct vcpu *v)
{
	hypercall_again_args(v, v->regs.x);
	v->regs.pc -= 4; /* back to the HVC: what is pending for the guest, or for this CPU, comes first */
}

bool hypercall_trap(struct guest_regs *r)
{
	struct vcpu *v = trap_vcpu(r);
	/* The registers are the call's own copy: nobody else changes them while the vCPU is in here. */
	int64_t result = hypercall_call(v, r->x[REG_NR], r->x);

	if (likely(result != HYPERCALL_AGAIN))
		r->x[0] = (uint64_t)result;
	else
		do_again(v);
	return trap_go_on(v);
}
