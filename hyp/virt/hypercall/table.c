/* SPDX-License-Identifier: Apache-2.0 */
#include "abi/dormouse.h"
#include "virt/hypercall/hypercall.h"
#include "virt/hypercall/xen_abi.h"

/* By number. What isn't here is -ENOSYS. */
const struct hypercall_row hypercall_table[] = {
	[__HYPERVISOR_platform_op] = { .privileged_only = true, .fn = hypercall_platform_op },
	[__HYPERVISOR_memory_op] = { .fn = hypercall_memory_op },
	[__HYPERVISOR_multicall] = { .fn = hypercall_multicall },
	[__HYPERVISOR_xen_version] = { .fn = hypercall_xen_version },
	[__HYPERVISOR_console_io] = { .privileged_only = true, .fn = hypercall_console_io },
	[__HYPERVISOR_grant_table_op] = { .fn = hypercall_grant_table_op },
	[__HYPERVISOR_vcpu_op] = { .fn = hypercall_vcpu_op },
	[__HYPERVISOR_sched_op] = { .fn = hypercall_sched_op },
	[__HYPERVISOR_event_channel_op] = { .fn = hypercall_event_channel_op },
	[__HYPERVISOR_hvm_op] = { .fn = hypercall_hvm_op },
	[__HYPERVISOR_sysctl] = { .privileged_only = true, .fn = hypercall_sysctl },
	[__HYPERVISOR_domctl] = { .privileged_only = true, .fn = hypercall_domctl },
	[DM_HYPERCALL] = { .privileged_only = true, .fn = hypercall_dormouse_op },
};
const unsigned int hypercall_rows = ARRAY_SIZE(hypercall_table);
