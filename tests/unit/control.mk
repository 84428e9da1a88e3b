# SPDX-License-Identifier: Apache-2.0
# The control interface: sysctl, domctl, Dormouse's own call, and the devices of a domain made by it.
control_srcs := tests/unit/control_fake.c hyp/virt/hypercall/control.c hyp/lib/str_copy.c tests/fake/guest_copy.c $(FAKE)
unit_sysctl_SRCS := hyp/virt/hypercall/sysctl.c $(control_srcs)
unit_domctl_SRCS := hyp/virt/hypercall/domctl.c hyp/virt/hypercall/domctl_vcpu.c hyp/lib/print.c $(control_srcs)
unit_dm_op_SRCS  := hyp/virt/hypercall/dormouse.c $(control_srcs)
unit_devices_SRCS := hyp/virt/vgic/gicv.c hyp/virt/devices.c $(FAKE)
