# SPDX-License-Identifier: Apache-2.0
#
# dormouse, the control tool: a static arm64 program for Dom0. It needs Xen's libraries and headers
# (scripts/fetch xen), so `make tool` makes it, and `make machine` with it.

TOOL      := build/tool/dormouse
TOOL_SRCS := $(wildcard tools/dormouse/*.c)
TOOL_OBJS := $(TOOL_SRCS:%.c=build/tool/%.o)
XEN       := $(DEPS)/xen

TOOL_CC     := aarch64-linux-gnu-gcc
TOOL_CFLAGS := -std=gnu11 -D_GNU_SOURCE -D__XEN_TOOLS__ -O2 -g -fstack-protector-strong \
        -D_FORTIFY_SOURCE=2 -ffunction-sections -fdata-sections $(WARN) \
        -Itools/dormouse -Iinclude -isystem $(XEN)/include -isystem $(LIBFDT_INC)
TOOL_LIBS   := -L$(XEN)/lib -lxenforeignmemory -lxencall -lxenstore -lxentoolcore -lxentoollog $(LIBFDT)
TOOL_LDFLAGS := -static -Wl,--gc-sections -Wl,--fatal-warnings

tool: $(TOOL)

$(TOOL): $(TOOL_OBJS) $(LIBFDT)
	$(call say,TOOL,$@)
	$(Q)$(TOOL_CC) $(TOOL_LDFLAGS) -o $@.debug $(TOOL_OBJS) $(TOOL_LIBS)
	$(Q)$(TOOL_CC:gcc=strip) -o $@ $@.debug

build/tool/%.o: %.c | $(XEN)/stamp $(LIBFDT)
	@mkdir -p $(@D)
	$(call say,CC,$@)
	$(Q)$(TOOL_CC) $(TOOL_CFLAGS) -MMD -MP -c -o $@ $<

-include $(TOOL_OBJS:.o=.d)

# make install-tool DESTDIR=/some/root
PREFIX ?= /usr/local

install-tool: $(TOOL)
	install -D -m 755 $(TOOL) $(DESTDIR)$(PREFIX)/sbin/dormouse
	install -D -m 644 tools/dormouse/dormouse.1 $(DESTDIR)$(PREFIX)/share/man/man1/dormouse.1
	install -D -m 644 tools/dormouse/dormouse.bash-completion \
		$(DESTDIR)$(PREFIX)/share/bash-completion/completions/dormouse

.PHONY: tool install-tool
