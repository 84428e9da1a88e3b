# SPDX-License-Identifier: Apache-2.0
#
# What runs on the build host: packages, the test machine's initramfs, tests, the demo.

INITRD := build/initrd/dom0.cpio

deps:
	scripts/deps

$(DEPS)/%/stamp:
	scripts/fetch $*

fetch: $(foreach d,libfdt xen kernel busybox,$(DEPS)/$d/stamp)

$(INITRD): scripts/mkinitrd $(wildcard scripts/initrd/*) build/tool/dormouse $(DEPS)/kernel/stamp $(DEPS)/busybox/stamp
	scripts/mkinitrd -o $@

# Everything that a machine is made of.
machine: all fetch $(INITRD)

# What `make run` has for domains, as an archive on a disk: Dom0 unpacks it into /guests.
RUN_DISK := build/guests.tar

$(RUN_DISK): $(DEPS)/kernel/stamp $(INITRD) $(wildcard scripts/guests/*.cfg)
	$(call say,TAR,$@)
	$(Q)tar -cf $@ --transform 's,.*/,,;s,^dom0.cpio$$,initrd,' $(DEPS)/kernel/Image $(INITRD) \
		$(wildcard scripts/guests/*.cfg)

# Dom0 leaves memory for domains; RUN_ARGS may say otherwise, as the last one counts.
run: machine $(RUN_DISK)
	@scripts/welcome
	@scripts/run --mem 2G --disk $(RUN_DISK) --hyp-append 'dom0_mem=1G $(HYP_APPEND)' \
		--append 'dormouse.guests=vda $(APPEND)' $(RUN_ARGS)

# These begin on a machine with nothing but make and git: what is missing is installed first, before
# any rule can want it.
demo:
	@scripts/deps
	@scripts/demo

check:
	@scripts/deps
	@scripts/check

check-long:
	@scripts/deps
	@scripts/check --long

# The rigs of docs/proof.md, each whole.
fault-matrix:
	@scripts/deps
	@$(MAKE) -s machine guests
	@tests/proof/fault_matrix.py $(ARGS)

destruction:
	@scripts/deps
	@$(MAKE) -s all guests
	@$(MAKE) -s PROBE=1 all
	@tests/proof/destruction.py --self-test
	@tests/proof/destruction.py $(ARGS)

fuzz-guest:
	@scripts/deps
	@$(MAKE) -s machine guests
	@tests/proof/fuzz_guest.py --time $(or $(TIME),1h) --seed $(or $(SEED),1) $(ARGS)

# Keeps build/deps, which came over the network; distclean takes that too.
distclean: clean
	rm -rf build

.PHONY: deps fetch machine run demo check check-long destruction fault-matrix fuzz-guest distclean
