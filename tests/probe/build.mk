# SPDX-License-Identifier: Apache-2.0
# make PROBE=1: Dormouse with a checker in it (build/probe), for docs/proof.md's "State by destruction". It stands between
# Dormouse's own functions by the linker's --wrap; no source of theirs knows of it, and no other build has any of it.
ifdef PROBE

probe_C    := $(sort $(wildcard tests/probe/*.c))
probe_WRAP := cmdline_parse gic_init console_init console_suspend console_resume pl031_init pl031_suspend pl031_resume \
	sched_unload_all wake_collect timer_resume el2_suspend el2_resume arch_suspend_enter

hyp_OBJ     += $(probe_C:%.c=$(B)/%.o)
HYP_LDFLAGS += $(probe_WRAP:%=--wrap=%)

$(B)/dormouse-linked.elf: $(probe_C:%.c=$(B)/%.o)

$(B)/tests/probe/%.o: tests/probe/%.c $(HYP_O)/offsets.h Makefile tests/probe/build.mk | $(LIBFDT) $(XEN_DEP)
	@mkdir -p $(@D)
	$(call say,CC,$@)
	$(Q)$(CC) $(HYP_CFLAGS) $(HYP_CPPFLAGS) -Itests/probe -MMD -MP -c $< -o $@

-include $(probe_C:%.c=$(B)/%.d)

endif
