# SPDX-License-Identifier: Apache-2.0
# Programs for the Linux guests of the system tests: static arm64.

build/linux/soak: tests/proof/soak_page.h

build/linux/%: tests/linux/%.c
	@mkdir -p $(@D)
	$(call say,CC,$@)
	$(Q)aarch64-linux-gnu-gcc -std=gnu11 -D_GNU_SOURCE -O2 -static -Wl,--gc-sections $(WARN) -o $@ $<
