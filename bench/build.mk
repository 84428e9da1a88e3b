# SPDX-License-Identifier: Apache-2.0
# The guest that measures: $(B)/bench/bench.bin, made with the bare guests' library.

bench_SRCS := $(wildcard bench/guest/*.[cS])
bench_OBJ  := $(bench_SRCS:bench/guest/%=$(B)/bench/%.o)
bench_LIB  := $(patsubst tests/guest/lib/%,$(B)/guest/lib/%.o,$(wildcard tests/guest/lib/*.[cS]))

$(B)/bench/%.c.o: bench/guest/%.c bench/build.mk Makefile | $(LIBFDT) $(XEN_DEP)
	@mkdir -p $(@D)
	$(call say,CC,$@)
	$(Q)$(CC) $(GUEST_CFLAGS) -Ibench/guest -MMD -MP -c $< -o $@

$(B)/bench/%.S.o: bench/guest/%.S bench/build.mk Makefile
	@mkdir -p $(@D)
	$(call say,CC,$@)
	$(Q)$(CC) $(TARGET_ASFLAGS) -Ibench/guest -MMD -MP -c $< -o $@

$(B)/bench/bench.elf: $(bench_OBJ) $(bench_LIB) tests/guest/lib/guest.ld $(LIBFDT)
	$(call say,LD,$@)
	$(Q)$(LD) $(GUEST_LDFLAGS) -o $@ $(filter %.o,$^) $(LIBFDT)

$(B)/bench/bench.bin: $(B)/bench/bench.elf
	$(call say,OBJCOPY,$@)
	$(Q)$(OBJCOPY) -O binary $< $@

bench-guest: $(B)/bench/bench.bin

-include $(wildcard $(B)/bench/*.d)

# make bench-check: against the budget. make bench: all tables there are, in build/bench.
bench-check:
	@scripts/deps
	@bench/run

bench: bench-check
	@bench/suspend

.PHONY: bench-guest bench-check bench

include bench/suspend-guest/build.mk
