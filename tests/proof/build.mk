# SPDX-License-Identifier: Apache-2.0
# The rigs of docs/proof.md. Each begins on a machine with nothing but make and git.

wake-sweep:
	@scripts/deps
	@$(MAKE) -s all guests
	@tests/proof/wake_sweep.py $(SWEEP_ARGS)

# TIME=2h SEED=7 SOAK_ARGS='--gic 2', or numbers instead of a time: SOAK_ARGS='--host-suspends 1000 --guest-suspends 5000'
soak:
	@scripts/deps
	@$(MAKE) -s soak-build
	@tests/proof/soak.py $(if $(TIME),--time $(TIME)) $(if $(SEED),--seed $(SEED)) $(SOAK_ARGS)

SOAK_INITRD := build/soak/initrd.cpio

$(SOAK_INITRD): $(INITRD) build/linux/soak build/release/guest/soak.bin
	$(call say,CPIO,$@)
	$(Q)scripts/mkinitrd -o $@ --add build/linux/soak:/bin/soak --add build/release/guest/soak.bin:/guests/soak.bin

soak-build: machine guests $(SOAK_INITRD)

.PHONY: wake-sweep soak soak-build
