# SPDX-License-Identifier: Apache-2.0
VGIC_TEST_SRCS := $(filter-out hyp/virt/vgic/gicv.c,$(wildcard hyp/virt/vgic/*.c)) tests/unit/vgic_harness.c hyp/lib/bitmap.c tests/fake/page.c $(FAKE)
unit_vgic_SRCS := $(VGIC_TEST_SRCS)
unit_vgic_regs_SRCS := $(VGIC_TEST_SRCS)
