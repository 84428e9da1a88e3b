# SPDX-License-Identifier: Apache-2.0
# Event channels and grant tables.
unit_evtchn_SRCS := hyp/virt/evtchn.c tests/fake/page.c $(FAKE)
unit_grant_SRCS := hyp/virt/grant.c tests/fake/page.c $(FAKE)
unit_hc_event_SRCS := hyp/virt/hypercall/event_channel.c hyp/virt/hypercall/dispatch.c hyp/virt/evtchn.c \
	hyp/virt/guest_atomic.c tests/fake/guest_copy.c tests/fake/page.c $(FAKE)
unit_hc_grant_SRCS := hyp/virt/hypercall/grant_table.c hyp/virt/hypercall/dispatch.c \
	tests/fake/guest_copy.c $(FAKE)
unit_evtchn_race_SRCS := hyp/virt/evtchn.c hyp/virt/guest_atomic.c
unit_evtchn_race_LIBS := -lpthread
