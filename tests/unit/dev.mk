# SPDX-License-Identifier: Apache-2.0
# Drivers of physical devices.
gic_SRCS := hyp/dev/gic/gic.c hyp/dev/gic/gic_line.c hyp/dev/gic/gic_v2.c hyp/dev/gic/gic_v3.c \
	hyp/dev/gic/gic_v3_cpu.c tests/fake/gic_lines_model.c tests/fake/snapshot.c tests/fake/page.c

unit_gic_v2_SRCS := $(gic_SRCS) tests/fake/gic_v2_model.c $(FAKE)
unit_gic_v3_SRCS := $(gic_SRCS) tests/fake/gic_v3_model.c tests/fake/gic_v3_regs_model.c $(FAKE)
unit_pl011_SRCS := hyp/dev/uart/uart.c hyp/dev/uart/pl011.c $(FAKE)
unit_smc_wdt_SRCS := hyp/dev/watchdog/smc_wdt.c $(FAKE)
unit_psci_SRCS := hyp/dev/psci/psci.c $(FAKE)
