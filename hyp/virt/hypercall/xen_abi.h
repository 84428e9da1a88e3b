/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Xen's public headers as an arm64 guest sees them, on the target and in host unit tests alike. The only
 * way to include them: they choose the guest's architecture by the compiler's own macros.
 */
#ifndef DM_VIRT_HYPERCALL_XEN_ABI_H
#define DM_VIRT_HYPERCALL_XEN_ABI_H

#include <stddef.h>
#include <stdint.h>

#define __XEN_TOOLS__ 1 /* sysctl, domctl, and the latest interface */

#ifndef __aarch64__
#pragma push_macro("__x86_64__")
#undef __x86_64__
#define __aarch64__	1
#define DM_XEN_ABI_HOST 1
#endif

/* In this order. */
#include <xen/xen.h>
#include <xen/domctl.h>
#include <xen/event_channel.h>
#include <xen/features.h>
#include <xen/grant_table.h>
#include <xen/hvm/hvm_op.h>
#include <xen/hvm/params.h>
#include <xen/memory.h>
#include <xen/physdev.h>
#include <xen/platform.h>
#include <xen/sched.h>
#include <xen/sysctl.h>
#include <xen/vcpu.h>
#include <xen/version.h>

#ifdef DM_XEN_ABI_HOST
#undef __aarch64__
#pragma pop_macro("__x86_64__")
#undef DM_XEN_ABI_HOST
#endif

#define XEN_ASSERT_SIZE(type, size)	  _Static_assert(sizeof(type) == (size), "arm64 ABI: " #type)
#define XEN_ASSERT_AT(type, field, where) \
	_Static_assert(offsetof(type, field) == (where), "arm64 ABI: " #type "." #field)

/* What would differ if another architecture's or an older interface had got in. */
XEN_ASSERT_SIZE(struct vcpu_info, 48);
XEN_ASSERT_AT(struct vcpu_info, evtchn_pending_sel, 8);
XEN_ASSERT_SIZE(struct shared_info, 1088);
XEN_ASSERT_AT(struct shared_info, evtchn_pending, 48);
XEN_ASSERT_AT(struct shared_info, evtchn_mask, 560);
XEN_ASSERT_AT(struct shared_info, wc_version, 1072);
XEN_ASSERT_AT(struct shared_info, wc_sec_hi, 1084);
XEN_ASSERT_SIZE(struct multicall_entry, 64);
XEN_ASSERT_AT(struct multicall_entry, args, 16);
XEN_ASSERT_SIZE(struct xen_memory_reservation, 32);
XEN_ASSERT_SIZE(struct xen_add_to_physmap, 24);
XEN_ASSERT_SIZE(struct xen_add_to_physmap_batch, 32);
XEN_ASSERT_SIZE(struct xen_remove_from_physmap, 16);
XEN_ASSERT_SIZE(struct xen_mem_acquire_resource, 32);
XEN_ASSERT_SIZE(struct xen_hvm_param, 16);
XEN_ASSERT_SIZE(struct vcpu_register_vcpu_info, 16);
XEN_ASSERT_SIZE(struct vcpu_runstate_info, 48);
XEN_ASSERT_SIZE(struct vcpu_guest_context, 352);
XEN_ASSERT_AT(struct vcpu_guest_context, sctlr, 320);
XEN_ASSERT_SIZE(struct xen_domctl_getdomaininfo, 120);
XEN_ASSERT_AT(struct xen_domctl_getdomaininfo, handle, 76);
XEN_ASSERT_AT(struct xen_domctl, u, 16);
XEN_ASSERT_AT(struct xen_sysctl, u, 8);
XEN_ASSERT_SIZE(struct gnttab_copy, 40);
XEN_ASSERT_SIZE(struct grant_entry_v1, 8);

#endif
