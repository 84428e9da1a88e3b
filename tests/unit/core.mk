# SPDX-License-Identifier: Apache-2.0
DOMAIN_SRCS := hyp/core/sched.c hyp/core/sched_balance.c hyp/core/sched_cap.c hyp/core/vcpu.c hyp/core/vcpu_context.c hyp/core/domain.c \
	hyp/core/domain_table.c hyp/core/domain_reap.c hyp/core/domain_power.c hyp/core/watchdog.c hyp/core/p2m.c \
	hyp/core/cpu.c hyp/core/irq.c hyp/core/timer.c hyp/mm/stage2.c hyp/mm/share.c hyp/lib/bitmap.c hyp/lib/str_copy.c
unit_core_SRCS := $(DOMAIN_SRCS) tests/fake/page.c $(FAKE)
unit_sched_SRCS := $(DOMAIN_SRCS) tests/fake/page.c $(FAKE)
unit_domain_policy_SRCS := hyp/core/domain_policy.c
unit_domain_power_SRCS := $(DOMAIN_SRCS) hyp/virt/vpsci.c tests/fake/page.c $(FAKE)
unit_watchdog_SRCS := hyp/core/watchdog.c $(FAKE)
unit_p2m_SRCS := hyp/core/p2m.c hyp/mm/stage2.c hyp/mm/share.c hyp/mm/page.c hyp/lib/bitmap.c tests/unit/page_arena.c $(FAKE)
unit_domain_life_SRCS := $(DOMAIN_SRCS) hyp/mm/page.c tests/unit/page_arena.c $(FAKE)
