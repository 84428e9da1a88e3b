/* SPDX-License-Identifier: Apache-2.0 */
/* Calls: Xen's hypercalls, PSCI, SMCCC. */
#include "abi/domu.h"
#include "fuzz.h"
#include "gic.h"
#include "libc.h"
#include "psci.h"
#include "sysreg.h"
#include "timer.h"

#include <xen/xen.h>
#include <xen/memory.h>
#include <xen/sched.h>
#include <xen/vcpu.h>

#define HVC_SMCCC 0xd4000002
#define HVC_XEN	  (0xd4000002 | 0xea1 << 5)
#define SMC_SMCCC 0xd4000003

static const uint16_t numbers[] = {
	__HYPERVISOR_memory_op,	 __HYPERVISOR_memory_op,	 __HYPERVISOR_multicall,
	__HYPERVISOR_xen_version, __HYPERVISOR_console_io,	 __HYPERVISOR_grant_table_op,
	__HYPERVISOR_grant_table_op, __HYPERVISOR_vcpu_op,	 __HYPERVISOR_sched_op,
	__HYPERVISOR_event_channel_op, __HYPERVISOR_event_channel_op, __HYPERVISOR_hvm_op,
	__HYPERVISOR_sysctl,	 __HYPERVISOR_domctl,		 __HYPERVISOR_platform_op,
	__HYPERVISOR_physdev_op, 48,
};

struct call {
	uint64_t nr;
	uint64_t a[5];
};

/* What ends this domain, or has it ended. */
static bool is_deadly(const struct call *c)
{
	return c->nr == __HYPERVISOR_sched_op &&
	       ((uint32_t)c->a[0] == SCHEDOP_shutdown || (uint32_t)c->a[0] == SCHEDOP_shutdown_code ||
		(uint32_t)c->a[0] == SCHEDOP_remote_shutdown || (uint32_t)c->a[0] == SCHEDOP_watchdog);
}

/* The first vCPU mustn't wait for what doesn't come, nor be sent to sleep. */
static bool waits(const struct call *c)
{
	uint32_t cmd = (uint32_t)c->a[0];

	return (c->nr == __HYPERVISOR_sched_op && (cmd == SCHEDOP_block || cmd == SCHEDOP_poll)) ||
	       (c->nr == __HYPERVISOR_vcpu_op && cmd == VCPUOP_down);
}

static struct call random_call(struct fuzzer *f)
{
	struct call c;

	do {
		c.nr = fuzz_below(f, 20) ? numbers[fuzz_below(f, ARRAY_SIZE(numbers))] : fuzz_value(f);
		c.a[0] = fuzz_below(f, 8) ? fuzz_below(f, 34) : fuzz_value(f);
		c.a[1] = fuzz_below(f, 4) ? (uintptr_t)f->scratch + 8 * fuzz_below(f, 16) : fuzz_value(f);
		for (unsigned int i = 2; i < ARRAY_SIZE(c.a); i++)
			c.a[i] = fuzz_value(f);
		/* Grants have the count behind the pointer: of structures that are written, too. */
		if (c.nr == __HYPERVISOR_grant_table_op && !f->deadly)
			c.a[2] = fuzz_below(f, 64);
	} while ((is_deadly(&c) && !f->deadly) || (waits(&c) && !f->cpu));
	return c;
}

/* All of a multicall's are as harmless as a single one. */
static void fill_multicall(struct fuzzer *f, struct call *c)
{
	multicall_entry_t *e = (void *)f->scratch;
	unsigned int n = 1 + fuzz_below(f, 8);

	for (unsigned int i = 0; i < n; i++) {
		struct call inner = random_call(f);

		e[i].op = inner.nr == __HYPERVISOR_multicall && fuzz_below(f, 4) ? __HYPERVISOR_xen_version : inner.nr;
		memcpy(e[i].args, inner.a, sizeof(inner.a));
	}
	c->a[0] = (uintptr_t)e;
	c->a[1] = fuzz_below(f, 8) ? n : fuzz_below(f, 64);
}

void fuzz_hypercall(struct fuzzer *f)
{
	register uint64_t x0 __asm__("x0");
	register uint64_t x1 __asm__("x1");
	register uint64_t x2 __asm__("x2");
	register uint64_t x3 __asm__("x3");
	register uint64_t x4 __asm__("x4");
	register uint64_t x16 __asm__("x16");
	struct call c;

	fuzz_fill_scratch(f);
	c = random_call(f);
	if (c.nr == __HYPERVISOR_multicall)
		fill_multicall(f, &c);
	x0 = c.a[0];
	x1 = c.a[1];
	x2 = c.a[2];
	/* static: analyzer-use-of-uninitialized-value: random_call() fills all of it */
	x3 = c.a[3];
	/* static: analyzer-use-of-uninitialized-value: random_call() fills all of it */
	x4 = c.a[4];
	x16 = c.nr;
	__asm__ volatile("hvc #0xea1"
			 : "+r"(x0), "+r"(x1), "+r"(x2), "+r"(x3), "+r"(x4), "+r"(x16)::"memory");
}

static const uint32_t functions[] = {
	PSCI_VERSION,	     PSCI_CPU_SUSPEND,	  PSCI_CPU_ON,		 PSCI_AFFINITY_INFO,
	PSCI_FEATURES,	     PSCI_MIGRATE_INFO_TYPE, PSCI_NODE_HW_STATE, PSCI_STAT_RESIDENCY,
	PSCI_STAT_COUNT,     SMCCC_VERSION,	  SMCCC_ARCH_FEATURES,	 SMCCC_ARCH_WORKAROUND_1,
	SMCCC_ARCH_WORKAROUND_3, PSCI_SYSTEM_SUSPEND, PSCI_CPU_OFF, PSCI_SYSTEM_RESET2, PSCI_SYSTEM_OFF, PSCI_SYSTEM_RESET,
};
#define NR_HARMLESS 14

/* A random number may be one of the deadly ones, too. */
static bool is_deadly_function(uint32_t fid)
{
	for (unsigned int i = NR_HARMLESS; i < ARRAY_SIZE(functions); i++)
		if ((fid & ~(uint32_t)SMCCC_64) == functions[i])
			return true;
	return false;
}

void fuzz_smccc(struct fuzzer *f)
{
	struct smccc_regs r;
	uint32_t fid;

	do {
		fid = fuzz_below(f, 8) ? functions[fuzz_below(f, ARRAY_SIZE(functions))] : (uint32_t)fuzz_random(f);
		fid |= fuzz_below(f, 2) ? SMCCC_64 : 0;
	} while (is_deadly_function(fid) && !f->deadly);
	for (unsigned int i = 0; i < ARRAY_SIZE(r.x); i++)
		r.x[i] = fuzz_value(f);
	r.x[0] = fid | (fuzz_below(f, 4) ? 0 : fuzz_random(f) << 32);
	/* What powers down comes back at an entry point: that is fuzz_suspend()'s. */
	if ((fid & ~(uint32_t)SMCCC_64) == PSCI_CPU_SUSPEND)
		r.x[1] = f->cpu ? r.x[1] & ~0x10000ul : ~0ul;
	else if (fuzz_below(f, 2))
		r.x[1] = fuzz_below(f, 8);
	if (fuzz_below(f, 2) && (fid & ~(uint32_t)SMCCC_64) == PSCI_CPU_ON)
		r.x[2] = (uintptr_t)secondary_entry;
	(fuzz_below(f, 2) ? smccc_hvc : smccc_smc)(&r);
}

/* A sleep that one wakes from: of this vCPU, or of the domain if it is the only one. */
void fuzz_suspend(struct fuzzer *f)
{
	uint64_t args[4] = { PSCI_CPU_SUSPEND | SMCCC_64, 0x10000, (uintptr_t)resume_entry, f->cpu };
	int64_t result;

	if (plat.nr_cpus == 1 && plat.rtc) {
		args[0] = PSCI_SYSTEM_SUSPEND | SMCCC_64;
		args[1] = args[2];
		args[2] = f->cpu;
		exc_arm();
		write32(plat.rtc + 4, read32(plat.rtc) + 1); /* RTCMR */
		write32(plat.rtc + 0x10, 1);		     /* RTCIMSC */
		gic_enable(plat.rtc_intid);
		exc_disarm();
	} else if (!f->cpu) {
		return;
	}
	cache_clean(this_cpu(), sizeof(union cpu_slot));
	psci_suspend_call(args, fuzz_below(f, 2), &result);
	irq_disable();
}
