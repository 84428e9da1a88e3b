# SPDX-License-Identifier: Apache-2.0
# What each target is linked from, besides its own file and fuzz_*.c.

fuzz_cflags_tools := -D_GNU_SOURCE -Itools/dormouse
fuzz_cflags_tests := -D_GNU_SOURCE -Itools/dormouse

FUZZ_LOG  := hyp/lib/log.c hyp/lib/print.c hyp/lib/str_copy.c
FUZZ_FAKE := tests/fake/mmio.c tests/fake/sysreg.c tests/fake/cpu.c $(FUZZ_LOG)

fuzz_cmdline_SRCS := hyp/boot/cmdline.c hyp/suspend/faults.c hyp/suspend/journal.c tests/fake/sysreg.c tests/fake/cpu.c $(FUZZ_LOG)
fuzz_config_SRCS  := tools/dormouse/config.c tools/dormouse/spec.c tools/dormouse/say.c $(FUZZ_LOG)
fuzz_journal_SRCS := $(filter-out %/main.c %/ctl.c %/ctl_xen.c %/store.c,$(wildcard tools/dormouse/*.c)) \
	tests/fake/tool_ctl.c tests/unit/tool_capture.c tests/fuzz/fuzz_cmocka.c hyp/suspend/journal.c $(FUZZ_FAKE)
fuzz_sysregs_SRCS := hyp/virt/sysregs.c hyp/virt/idregs.c hyp/virt/vtimer.c $(FUZZ_FAKE)

# The machine of fuzz_machine.c.
FUZZ_MACHINE := tests/fuzz/fuzz_machine.c tests/fuzz/fuzz_gic.c tests/fake/mmio.c tests/fake/sysreg.c tests/fake/cpu.c $(FUZZ_LOG) \
	$(filter-out hyp/core/smp.c,$(wildcard hyp/core/*.c)) $(wildcard hyp/suspend/*.c) \
	$(wildcard hyp/virt/*.c hyp/virt/vgic/*.c hyp/virt/hypercall/*.c) hyp/mm/stage2.c hyp/mm/share.c \
	hyp/dev/rtc/pl031.c hyp/dev/watchdog/smc_wdt.c hyp/boot/guest.c hyp/lib/bitmap.c

fuzz_psci_SRCS := $(FUZZ_MACHINE)
fuzz_hypercalls_SRCS := $(FUZZ_MACHINE)

FUZZ_VGIC := tests/fuzz/fuzz_vgic.c tests/fuzz/fuzz_cmocka.c tests/unit/vgic_harness.c hyp/lib/bitmap.c tests/fake/mmio.c tests/fake/sysreg.c tests/fake/cpu.c \
	$(filter-out hyp/virt/vgic/gicv.c,$(wildcard hyp/virt/vgic/*.c)) $(FUZZ_LOG)
fuzz_vgic_v2_SRCS := $(FUZZ_VGIC)
fuzz_vgic_v3_SRCS := $(FUZZ_VGIC)

FUZZ_BOOT := tests/fuzz/fuzz_dt.c tests/fake/cpu.c $(FUZZ_LOG) $(addprefix hyp/boot/,domumap.c ranges.c dt.c hostdt.c chosen.c domnode.c \
	passthrough.c layout.c dom0dt.c dom0dev.c domudt.c) hyp/boards/quirks.c hyp/core/domain_policy.c hyp/lib/bitmap.c
fuzz_hostdt_SRCS  := $(FUZZ_BOOT)
fuzz_partial_SRCS := $(FUZZ_BOOT)
fuzz_devices_SRCS := $(FUZZ_MACHINE)
