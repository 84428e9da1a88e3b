# SPDX-License-Identifier: Apache-2.0
# What reads device trees is tested with QEMU's own, made here: GIC version, CPUs, MiB.
DTB_DIR := build/unit/dtb
DTBS    := $(foreach g,2 3,$(foreach c,1 4 8,$(foreach m,512 1024 8192,$(DTB_DIR)/g$(g)-c$(c)-m$(m).dtb))) \
           $(DTB_DIR)/g3-c16-m2048.dtb
QEMU_FOR_DTB := qemu-system-aarch64

dtb_words = $(subst -, ,$(patsubst $(DTB_DIR)/%.dtb,%,$@))

$(DTBS):
	@mkdir -p $(@D)
	timeout 60 $(QEMU_FOR_DTB) -cpu cortex-a57 -nic none -display none -machine \
		virt,secure=on,virtualization=on,acpi=off,gic-version=$(patsubst g%,%,$(word 1,$(dtb_words))),dumpdtb=$@.new \
		-smp $(patsubst c%,%,$(word 2,$(dtb_words))) -m $(patsubst m%,%,$(word 3,$(dtb_words))) \
		>$@.log 2>&1 || { cat $@.log; exit 1; }
	@mv $@.new $@

build/unit/test_hostdt build/unit/test_dom0dt build/unit/test_layout build/unit/test_dom0 \
build/unit/test_domnode build/unit/test_domu build/unit/test_passthrough: | $(DTBS)

boot_dt_srcs := hyp/boot/domumap.c hyp/boot/ranges.c hyp/boot/dt.c hyp/boot/hostdt.c hyp/boot/chosen.c \
                hyp/boot/domnode.c hyp/core/domain_policy.c tests/unit/boot_dt.c tests/fake/log.c
boot_cflags  := -DDTB_DIR='"$(DTB_DIR)"'

unit_hostdt_SRCS   := $(boot_dt_srcs)
unit_hostdt_CFLAGS := $(boot_cflags)
unit_layout_SRCS   := $(boot_dt_srcs) hyp/boot/layout.c
unit_layout_CFLAGS := $(boot_cflags)
unit_dom0dt_SRCS   := $(boot_dt_srcs) hyp/boot/passthrough.c hyp/boot/layout.c hyp/boot/dom0dt.c hyp/boot/dom0dev.c \
                      hyp/boards/quirks.c hyp/lib/print.c
unit_dom0dt_CFLAGS := $(boot_cflags)
unit_image_SRCS    := hyp/boot/image.c tests/fake/log.c
unit_cmdline_SRCS  := hyp/boot/cmdline.c tests/fake/log.c hyp/lib/str_copy.c
unit_dom0_SRCS     := $(boot_dt_srcs) hyp/boot/passthrough.c hyp/boot/layout.c hyp/boot/dom0dt.c hyp/boot/dom0dev.c \
                      hyp/boot/dom0.c hyp/boot/guest.c hyp/boot/domains.c hyp/boot/boot.c hyp/boot/image.c hyp/boards/quirks.c \
                      hyp/lib/print.c hyp/lib/bitmap.c tests/fake/cpu.c tests/fake/sysreg.c
unit_dom0_CFLAGS   := $(boot_cflags)
unit_domnode_SRCS   := $(boot_dt_srcs)
unit_domnode_CFLAGS := $(boot_cflags)
unit_domu_SRCS      := hyp/virt/vgic/gicv.c $(boot_dt_srcs) hyp/boot/passthrough.c hyp/boot/layout.c hyp/boards/quirks.c hyp/boot/domu.c hyp/boot/domudt.c hyp/boot/guest.c \
                       hyp/boot/image.c hyp/lib/print.c tests/fake/cpu.c tests/fake/sysreg.c \
                       tests/fake/page.c
unit_domu_CFLAGS    := $(boot_cflags)
unit_passthrough_SRCS   := $(unit_dom0dt_SRCS)
unit_passthrough_CFLAGS := $(boot_cflags)
