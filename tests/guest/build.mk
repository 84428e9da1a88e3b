# SPDX-License-Identifier: Apache-2.0
# Bare guests: one program each, $(B)/guest/NAME.bin, an arm64 Image. tests/guest/run.py runs them.

guest_control_SRCS := control.c control_race.c tiny.c tiny.S
guest_destroy_SRCS := destroy.c destroy_devices.c destroy_hold.c destroy_report.c destroy_walk.c destroy_regs.S state.S
guest_evtchn_SRCS  := evtchn.c evtchn_peer.c evtchn_tests.c
guest_races_SRCS   := races.c tiny.c tiny.S
guest_fuzz_SRCS    := fuzz.c fuzz_asm.S fuzz_call.c fuzz_insn.c
guest_fuzz_watch_SRCS := fuzz_watch.c
guest_gic_SRCS     := gic.c gic_irq.c gic_smp.c
guest_hypercall_SRCS := hypercall.c hypercall_xen.c
guest_memory_SRCS  := memory.c
guest_psci_SRCS    := psci.c psci_cpu.c
guest_soak_SRCS    := soak.c evtchn.c
guest_suspend_SRCS := suspend.c
guest_sweep_SRCS   := sweep.c sweep_journal.c sweep_source.c sweep_spin.S
guest_sysreg_SRCS  := sysreg.c sysreg_mmio.c sysreg_state.c state.S
guest_sched_SRCS   := sched.c state.S
guest_share_SRCS   := share.c
guest_timer_SRCS   := timer.c
guest_witness_SRCS := witness.c state.S
guest_watchdog_SRCS := watchdog.c
GUESTS := $(patsubst guest_%_SRCS,%,$(filter guest_%_SRCS,$(.VARIABLES)))

guest_dir  := tests/guest
guest_LIB  := $(sort $(notdir $(wildcard $(guest_dir)/lib/*.[cS])))
GUEST_CFLAGS := $(TARGET_CFLAGS) -fvisibility=hidden -I$(guest_dir)/lib -Iinclude -Ihyp -I$(LIBFDT_INC) -isystem $(XEN_INC)
GUEST_LDFLAGS := -pie --no-dynamic-linker -z text -z noexecstack -z max-page-size=4096 -z norelro \
        $(if $(LLVM),,--no-warn-rwx-segments) -T $(guest_dir)/lib/guest.ld

guest_objs = $(addprefix $(B)/guest/,$(addsuffix .o,$(guest_$(1)_SRCS) $(addprefix lib/,$(guest_LIB))))

$(B)/guest/%.c.o: $(guest_dir)/%.c $(guest_dir)/build.mk Makefile | $(LIBFDT) $(XEN_DEP)
	@mkdir -p $(@D)
	$(call say,CC,$@)
	$(Q)$(CC) $(GUEST_CFLAGS) -MMD -MP -c $< -o $@

$(B)/guest/%.S.o: $(guest_dir)/%.S $(guest_dir)/build.mk Makefile
	@mkdir -p $(@D)
	$(call say,CC,$@)
	$(Q)$(CC) $(TARGET_ASFLAGS) -I$(guest_dir) -I$(guest_dir)/lib -Iinclude -Ihyp -MMD -MP -c $< -o $@

$(B)/guest/%.elf: $$(call guest_objs,$$*) $(guest_dir)/lib/guest.ld $(LIBFDT)
	$(call say,LD,$@)
	$(Q)$(LD) $(GUEST_LDFLAGS) -o $@ $(filter %.o,$^) $(LIBFDT)

$(B)/guest/%.bin: $(B)/guest/%.elf
	$(call say,OBJCOPY,$@)
	$(Q)$(OBJCOPY) -O binary $< $@

guests: $(GUESTS:%=$(B)/guest/%.bin)

-include $(wildcard $(B)/guest/*.d $(B)/guest/lib/*.d)

.PHONY: guests
.SECONDARY: $(foreach g,$(GUESTS),$(B)/guest/$(g).elf $(call guest_objs,$(g)))
