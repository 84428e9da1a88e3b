# SPDX-License-Identifier: Apache-2.0
# Xen's ABI.
hypercall_srcs := hyp/virt/hypercall/dispatch.c hyp/virt/hypercall/xen_domain.c \
	tests/fake/guest_copy.c tests/fake/page.c $(FAKE)
unit_guest_copy_SRCS := hyp/virt/hypercall/guest_copy.c hyp/mm/stage2.c tests/fake/page.c $(FAKE)
unit_multicall_SRCS := hyp/virt/hypercall/multicall.c $(hypercall_srcs)
unit_memory_op_SRCS := hyp/virt/hypercall/memory.c $(hypercall_srcs)
unit_xen_ops_SRCS := $(addprefix hyp/virt/hypercall/,version.c hvm.c vcpu.c sched.c console_io.c platform.c) \
	hyp/lib/str_copy.c $(hypercall_srcs)
