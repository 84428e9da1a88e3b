# SPDX-License-Identifier: Apache-2.0
#
# Fuzzing on the host: each tests/fuzz/target_*.c is one libFuzzer program, under ASan and UBSan; docs/proof.md.
# Its sources are named in targets.mk. All objects are built with the same flags, and shared.
#     make fuzz TIME=600        all targets in turn, so many seconds in all
#     make fuzz RUNS=10000000   so many executions of each
#     make fuzz-build           only builds them

FUZZ_CC := clang
FUZZ_SANITIZE := -fsanitize=address,undefined -fno-sanitize-recover=all
# Coverage guides the fuzzer: that of what is tested, not of fakes and harness. So do comparisons where input has values
# that are hard to guess; elsewhere they'd only make it slow, by a third.
FUZZ_GUIDED := -fsanitize=fuzzer-no-link
FUZZ_CMP    := hyp/boot/% hyp/virt/hypercall/% hyp/virt/vpsci.c hyp/suspend/faults.c tools/%
fuzz_guide = $(if $(filter tests/%,$1),,$(FUZZ_GUIDED) $(if $(filter $(FUZZ_CMP),$1),,-fno-sanitize-coverage=trace-cmp))
# FUZZ_COVERAGE=1: for tests/fuzz/run.py --report, in a folder of its own.
FUZZ_DIR := build/fuzz$(if $(FUZZ_COVERAGE),-coverage)
FUZZ_CFLAGS := -std=gnu11 -O2 -g -fno-omit-frame-pointer -fno-pie $(FUZZ_SANITIZE) $(WARN) -Wno-unused-parameter \
	$(if $(FUZZ_COVERAGE),-fprofile-instr-generate -fcoverage-mapping) \
	-DUNIT_TEST=1 -Itests/fuzz -Itests/fake -Itests/unit -Ihyp -Iinclude -I. -isystem $(XEN_INC)

include tests/fuzz/targets.mk

FUZZ_TARGETS := $(patsubst tests/fuzz/target_%.c,%,$(sort $(wildcard tests/fuzz/target_*.c)))
FUZZ_BINS    := $(FUZZ_TARGETS:%=$(FUZZ_DIR)/%)

fuzz_objs = $(patsubst %.c,$(FUZZ_DIR)/obj/%.o,$(sort tests/fuzz/fuzz_main.c tests/fuzz/fuzz_pages.c \
	$(or $(fuzz_$1_MAIN),tests/fuzz/target_$1.c) $(fuzz_$1_SRCS)) tests/fuzz/fuzz_state.c)

# What a target's objects have of .data and .bss is the state that is put back before each execution (fuzz_state.c).
FUZZ_RENAME := --rename-section .data=fuzz_data --rename-section .bss=fuzz_bss

$(FUZZ_DIR)/obj/%.o: %.c tests/fuzz/build.mk | $(XEN_DEP)
	@mkdir -p $(@D)
	$(call say,FUZZCC,$<)
	$(Q)$(FUZZ_CC) $(FUZZ_CFLAGS) $(call fuzz_guide,$<) $(fuzz_cflags_$(firstword $(subst /, ,$*))) -MMD -MP -c -o $@ $<
	$(if $(filter %/fuzz_state.o,$@),,$(Q)objcopy $(FUZZ_RENAME) $@)

$(FUZZ_BINS): $(FUZZ_DIR)/%: $$(call fuzz_objs,$$*)
	$(call say,FUZZLD,$@)
	$(Q)$(FUZZ_CC) -no-pie -fsanitize=fuzzer,address,undefined $(if $(FUZZ_COVERAGE),-fprofile-instr-generate) \
		-o $@ $^ -lfdt

# Device trees to begin with are kept as their sources.
FUZZ_SEEDS := $(patsubst tests/fuzz/seeds/%.dts,$(FUZZ_DIR)/seeds/%.dtb,$(wildcard tests/fuzz/seeds/*/*.dts))

$(FUZZ_DIR)/seeds/%.dtb: tests/fuzz/seeds/%.dts
	@mkdir -p $(@D)
	$(Q)dtc -q -I dts -O dtb -o $@ $<

-include $(shell find $(FUZZ_DIR)/obj -name '*.d' 2>/dev/null)

fuzz-build: $(FUZZ_BINS) $(FUZZ_SEEDS)

fuzz:
	@scripts/deps
	@$(MAKE) fuzz-build
	@tests/fuzz/run.py $(if $(RUNS),--runs $(RUNS)) $(if $(TIME),--time $(TIME)) $(FUZZ_ARGS)

.PHONY: fuzz fuzz-build
