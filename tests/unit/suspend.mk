# SPDX-License-Identifier: Apache-2.0
suspend_pure_srcs := hyp/suspend/engine.c hyp/suspend/deadline.c hyp/suspend/faults.c hyp/suspend/journal.c \
                     tests/fake/smc_wdt.c \
                     hyp/lib/print.c hyp/lib/str_copy.c $(FAKE)

unit_journal_SRCS := hyp/suspend/journal.c hyp/lib/print.c hyp/lib/str_copy.c $(FAKE)
unit_lastboot_SRCS := hyp/suspend/lastboot.c hyp/suspend/journal.c hyp/lib/log.c hyp/lib/print.c hyp/lib/str_copy.c \
                      tests/fake/sysreg.c tests/fake/cpu.c
unit_engine_SRCS  := $(suspend_pure_srcs)
unit_steps_SRCS   := hyp/suspend/steps.c hyp/suspend/freeze.c hyp/suspend/ask.c hyp/suspend/wake.c hyp/suspend/el2.c hyp/suspend/suspend.c hyp/lib/bitmap.c \
                     $(suspend_pure_srcs)
unit_veto_SRCS    := hyp/suspend/freeze.c hyp/suspend/ask.c $(FAKE)
unit_alarm_SRCS   := hyp/core/alarm.c hyp/dev/rtc/pl031.c $(FAKE)
unit_vrtc_SRCS    := hyp/virt/vrtc.c tests/fake/page.c $(FAKE)
unit_vpsci_SRCS   := hyp/virt/vpsci.c $(FAKE)
