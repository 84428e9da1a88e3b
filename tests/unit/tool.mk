# SPDX-License-Identifier: Apache-2.0
# dormouse, the tool: all of it but its hypercalls, which tests/fake/tool_ctl.c stands in for.
TOOL_UNIT_SRCS   := $(filter-out %/main.c %/ctl.c %/ctl_xen.c %/store.c,$(wildcard tools/dormouse/*.c)) \
        tests/fake/tool_ctl.c tests/unit/tool_capture.c
TOOL_UNIT_CFLAGS := -D_GNU_SOURCE -Itools/dormouse

unit_tool_config_SRCS    := tools/dormouse/config.c tools/dormouse/spec.c tools/dormouse/say.c
unit_tool_config_CFLAGS  := $(TOOL_UNIT_CFLAGS)
unit_tool_text_SRCS      := $(TOOL_UNIT_SRCS)
unit_tool_text_CFLAGS    := $(TOOL_UNIT_CFLAGS)
unit_tool_build_SRCS     := $(TOOL_UNIT_SRCS)
unit_tool_build_CFLAGS   := $(TOOL_UNIT_CFLAGS)
unit_tool_verbs_SRCS     := $(TOOL_UNIT_SRCS)
unit_tool_verbs_CFLAGS   := $(TOOL_UNIT_CFLAGS)
unit_tool_journal_SRCS   := $(TOOL_UNIT_SRCS) hyp/suspend/journal.c hyp/lib/print.c hyp/lib/str_copy.c $(FAKE)
unit_tool_journal_CFLAGS := $(TOOL_UNIT_CFLAGS)
unit_tool_sleep_SRCS     := $(TOOL_UNIT_SRCS)
unit_tool_sleep_CFLAGS   := $(TOOL_UNIT_CFLAGS)
unit_tool_console_SRCS   := $(TOOL_UNIT_SRCS)
unit_tool_console_CFLAGS := $(TOOL_UNIT_CFLAGS)
unit_tool_create_SRCS    := $(TOOL_UNIT_SRCS)
unit_tool_create_CFLAGS  := $(TOOL_UNIT_CFLAGS) -Wl,--wrap=clock_gettime
