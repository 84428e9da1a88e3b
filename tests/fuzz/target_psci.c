/* SPDX-License-Identifier: Apache-2.0 */
/*
 * PSCI and SMCCC from two domains of two vCPUs each, by HVC and SMC: sequences of calls, among them
 * the guest's own suspend and Dom0's, which is the machine's. What the calls promise is checked
 * against the state afterwards.
 */
#include "abi/psci.h"
#include "abi/smccc.h"
#include "core/domain_power.h"
#include "fuzz_gic.h"
#include "fuzz_machine.h"
#include "suspend/suspend.h"

void fuzz_setup(void)
{
	machine_boot(3);
}

static const uint32_t fids[] = {
	SMCCC_VERSION,
	SMCCC_ARCH_FEATURES,
	SMCCC_ARCH_WORKAROUND_1,
	SMCCC_ARCH_WORKAROUND_3,
	PSCI_VERSION,
	PSCI_CPU_SUSPEND,
	PSCI_CPU_OFF,
	PSCI_CPU_ON,
	PSCI_AFFINITY_INFO,
	PSCI_SYSTEM_OFF,
	PSCI_SYSTEM_RESET,
	PSCI_FEATURES,
	PSCI_MIGRATE_INFO_TYPE,
	PSCI_NODE_HW_STATE,
	PSCI_SYSTEM_SUSPEND,
	PSCI_STAT_RESIDENCY,
	PSCI_STAT_COUNT,
	PSCI_SYSTEM_RESET2,
	SMCCC_ARCH_WORKAROUND_2,
};

static uint32_t fid(struct input *in)
{
	unsigned int which = in_below(in, ARRAY_SIZE(fids) + 1);

	if (which == ARRAY_SIZE(fids))
		return in_u32(in);
	/* Those that end it all are rare. */
	if ((fids[which] == PSCI_SYSTEM_OFF || fids[which] == PSCI_SYSTEM_RESET) &&
	    !in_once_in(in, 16))
		which = 7;
	return fids[which] | (in_u8(in) & 1 ? SMCCC_64 : 0);
}

static uint64_t argument(struct input *in)
{
	switch (in_below(in, 8)) {
	case 0:
	case 1:
		return in_below(in, 4); /* a vCPU, a level */
	case 2:
	case 3:
		return MACHINE_RAM + (in_u16(in) & ~3u); /* an entry point */
	case 4:
		return BIT(30) >> in_below(in, 32) << in_below(in, 3); /* a power state */
	case 5:
		return fids[in_below(in, ARRAY_SIZE(fids))];
	default:
		return in_number(in);
	}
}

static enum vcpu_power power_before[2];

/* What is said is so. */
static void check_call(struct vcpu *v, uint32_t called, const uint64_t a[4])
{
	const struct domain *d = v->domain;
	uint64_t x0 = v->regs.x[0];

	if ((called & ~SMCCC_64) == PSCI_CPU_ON && x0 == 0)
		FUZZ_CHECK(a[1] < d->nr_vcpus && d->vcpus[a[1]]->power == VCPU_ON_PENDING &&
		           d->vcpus[a[1]]->entry == (called & SMCCC_64 ? a[2] : (uint32_t)a[2]));
	if (called == PSCI_CPU_OFF)
		FUZZ_CHECK(v->power == VCPU_OFF || d->state != DOMAIN_RUNNING);
	if ((called & ~SMCCC_64) == PSCI_SYSTEM_SUSPEND && x0 == (uint64_t)PSCI_DENIED &&
	    !d->privileged)
		FUZZ_CHECK(power_before[!v->id] != VCPU_OFF || d->state != DOMAIN_RUNNING);
}

static bool call(struct vcpu *v, struct input *in)
{
	uint32_t called = fid(in);
	uint64_t a[4];
	bool on;

	v->regs.x[0] = a[0] = called;
	for (unsigned int i = 1; i < 4; i++)
		v->regs.x[i] = a[i] = argument(in);
	for (unsigned int i = 0; i < 2; i++)
		power_before[i] = v->domain->vcpus[i]->power;
	if (in_u8(in) & 1)
		on = machine_trap(v, 0x17UL << 26 | BIT(25)); /* SMC #0 */
	else
		on = machine_hvc(v, 0);
	check_call(v, called, a);
	return on;
}

/* Dom0 has a say in how the other one sleeps, and when the machine may. */
static bool command(struct vcpu *v, struct input *in)
{
	struct domain *d = v->domain->privileged ? domain_get(1) : NULL;

	if (!d)
		return true;
	switch (in_below(in, 6)) {
	case 0:
		(void)domain_resume(d);
		break;
	case 1:
		(void)domain_press(d, in_below(in, DM_NR_KEYS));
		break;
	case 2:
		(void)domain_set_host_suspend(d, in_below(in, DM_NR_HOST_SUSPENDS));
		break;
	case 3:
		(void)domain_wake_set(d, in_u8(in) & DM_WAKE_ALL);
		break;
	case 4:
		(void)domain_set_time_policy(d, in_below(in, DM_NR_TIMES));
		break;
	default:
		suspend_dom0_ready();
		break;
	}
	domain_put(d);
	return true;
}

static bool guest(struct vcpu *v, struct input *in)
{
	switch (in_below(in, 10)) {
	case 8:
		return command(v, in);
	case 0: /* WFI or WFE */
		return machine_trap(v, 0x01UL << 26 | BIT(25) | in_below(in, 4));
	case 1: /* its timer, so that it wakes */
		v->regs.x[1] = in_u8(in) & 1;
		return machine_trap(v, 0x18UL << 26 | BIT(25) | 3 << 20 | 1 << 17 | 3 << 14 |
		                               14 << 10 | 1 << 5 | 2 << 1);
	case 2:
		(void)fuzz_gic_guest_ack();
		(void)fuzz_gic_guest_end();
		return true;
	default:
		return call(v, in);
	}
}

void fuzz_one(struct input *in)
{
	machine_run(in, guest);
}
