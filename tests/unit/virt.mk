# SPDX-License-Identifier: Apache-2.0
# lib/, the console, and what a guest traps into.
unit_print_SRCS   := hyp/lib/print.c
unit_bitmap_SRCS  := hyp/lib/bitmap.c
unit_log_SRCS     := hyp/lib/log.c hyp/lib/print.c hyp/lib/str_copy.c
unit_panic_SRCS   := hyp/lib/panic.c hyp/lib/log.c hyp/lib/print.c hyp/lib/str_copy.c
unit_console_SRCS := hyp/core/console.c hyp/lib/log.c hyp/lib/print.c hyp/lib/str_copy.c tests/fake/sysreg.c tests/fake/cpu.c
unit_sysregs_SRCS := hyp/virt/sysregs.c hyp/virt/idregs.c $(FAKE)
unit_trap_SRCS    := hyp/virt/trap.c hyp/virt/trapctl.c hyp/virt/vmmio.c tests/fake/page.c $(FAKE)
unit_vmmio_SRCS   := hyp/virt/vmmio.c tests/fake/page.c $(FAKE)
unit_vtimer_SRCS  := hyp/virt/vtimer.c tests/fake/page.c $(FAKE)
unit_vuart_SRCS   := hyp/virt/vuart.c hyp/virt/vmmio.c tests/fake/page.c $(FAKE)
unit_vgpio_SRCS   := hyp/virt/vgpio.c tests/fake/page.c $(FAKE)
