# SPDX-License-Identifier: Apache-2.0
# The guest that bench/suspend puts in the place of Dom0 and of the domains: $(B)/bench/suspend.bin.

suspend_bench_OBJ := $(B)/bench/suspend-guest/main.o

$(B)/bench/suspend-guest/%.o: bench/suspend-guest/%.c bench/suspend-guest/build.mk Makefile | $(LIBFDT) $(XEN_DEP)
	@mkdir -p $(@D)
	$(call say,CC,$@)
	$(Q)$(CC) $(GUEST_CFLAGS) -MMD -MP -c $< -o $@

$(B)/bench/suspend.elf: $(suspend_bench_OBJ) $(bench_LIB) tests/guest/lib/guest.ld $(LIBFDT)
	$(call say,LD,$@)
	$(Q)$(LD) $(GUEST_LDFLAGS) -o $@ $(filter %.o,$^) $(LIBFDT)

$(B)/bench/suspend.bin: $(B)/bench/suspend.elf
	$(call say,OBJCOPY,$@)
	$(Q)$(OBJCOPY) -O binary $< $@

bench-guest: $(B)/bench/suspend.bin

-include $(wildcard $(B)/bench/suspend-guest/*.d)
