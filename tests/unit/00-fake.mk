# SPDX-License-Identifier: Apache-2.0
# The stand-ins that nearly every unit test wants; page.c only where pages are allocated.
FAKE := tests/fake/mmio.c tests/fake/sysreg.c tests/fake/cpu.c tests/fake/log.c
