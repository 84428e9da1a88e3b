# SPDX-License-Identifier: Apache-2.0
#
# Host unit tests: each tests/unit/test_THING.c is one cmocka program, under ASan and UBSan.
# The sources under test are named beside it, in tests/unit/THING.mk or below:
#     unit_THING_SRCS   := hyp/lib/THING.c tests/fake/OTHER.c
#     unit_THING_CFLAGS := what it needs besides (optional)
#     unit_THING_LIBS   := libraries besides cmocka and fdt (optional)

UNIT_CFLAGS := -std=gnu11 -O1 -g -fno-omit-frame-pointer -fsanitize=address,undefined \
        -fno-sanitize-recover=all $(WARN) -Wno-unused-parameter -DUNIT_TEST=1 \
        -Itests/fake -Itests/unit -Ihyp -Iinclude -I. -isystem $(XEN_INC)

-include $(filter-out tests/unit/build.mk,$(sort $(wildcard tests/unit/*.mk)))

UNIT_TESTS := $(patsubst tests/unit/test_%.c,%,$(wildcard tests/unit/test_*.c))
UNIT_BINS  := $(UNIT_TESTS:%=build/unit/test_%)

build/unit/test_%: tests/unit/test_%.c $$(unit_$$*_SRCS) | build/unit/.dir $(XEN_DEP)
	$(call say,HOSTCC,$@)
	$(Q)$(HOSTCC) $(UNIT_CFLAGS) $(unit_$*_CFLAGS) -MMD -MP -MF $@.d -o $@ \
		$(filter %.c %.S,$^) -lcmocka -lfdt $(unit_$*_LIBS)

build/unit/.dir:
	@mkdir -p $(@D)
	@touch $@

-include $(wildcard build/unit/*.d)

unit-build: $(UNIT_BINS)

# What the tests need besides themselves.
unit-data: $(DTBS) $(XEN_DEP)

unit: unit-build
	@scripts/check --only unit

.PHONY: unit unit-build unit-data
