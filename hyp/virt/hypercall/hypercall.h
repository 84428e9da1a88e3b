/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Xen's hypercalls (HVC #0xEA1): x16 is the number, x0 to x4 are the arguments, x0 the result, a value or
 * -errno (lib/err.h). docs/hypercalls.md says what is there and how to add one.
 *
 * A handler is called on the calling vCPU's CPU with no lock held and runs to its end: it copies its
 * arguments once (guest_copy.h), validates all of them, then commits. What may take long does a
 * bounded part and asks to be called again.
 */
#ifndef DM_VIRT_HYPERCALL_H
#define DM_VIRT_HYPERCALL_H

#include "core/domain.h"
#include "lib/types.h"

#define HYPERCALL_ARGS 5

typedef int64_t hypercall_fn(struct vcpu *v, const uint64_t a[HYPERCALL_ARGS]);

struct hypercall_row {
	bool privileged_only; /* -EPERM for a DomU */
	hypercall_fn *fn;     /* NULL: -ENOSYS */
};
/* table.c; by number, __HYPERVISOR_*. */
extern const struct hypercall_row hypercall_table[];
extern const unsigned int hypercall_rows;

/* The trap of HVC #0xEA1: does what it asks for. What a guest_sync_fn returns. */
bool hypercall_trap(struct guest_regs *r);

/* As if v had called nr; -ENOSYS if there is no such row. May return HYPERCALL_AGAIN. */
int64_t hypercall_call(struct vcpu *v, uint64_t nr, const uint64_t a[HYPERCALL_ARGS]);

/*
 * `return hypercall_again(v)`: the guest executes its HVC again, after pending interrupts and whoever else
 * waits for the CPU. For calls that find in the guest's memory or in the hypervisor's state where
 * they were. `return hypercall_again_with(v, n, value)` replaces argument n (x0 to x4, or a multicall
 * entry's) for the next time; call it for several.
 */
#define HYPERCALL_AGAIN INT64_MIN
int64_t hypercall_again(struct vcpu *v);
int64_t hypercall_again_with(struct vcpu *v, unsigned int n, uint64_t value);
/* The second half, for who called hypercall_call() and got HYPERCALL_AGAIN: arguments for the next time. */
void hypercall_again_args(struct vcpu *v, uint64_t a[HYPERCALL_ARGS]);

/* One per family, in its own file. */
hypercall_fn hypercall_console_io;
hypercall_fn hypercall_domctl;
hypercall_fn hypercall_dormouse_op;
hypercall_fn hypercall_event_channel_op;
hypercall_fn hypercall_grant_table_op;
hypercall_fn hypercall_hvm_op;
hypercall_fn hypercall_memory_op;
hypercall_fn hypercall_multicall;
hypercall_fn hypercall_platform_op;
hypercall_fn hypercall_sched_op;
hypercall_fn hypercall_sysctl;
hypercall_fn hypercall_vcpu_op;
hypercall_fn hypercall_xen_version;

#endif
