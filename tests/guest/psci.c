/* SPDX-License-Identifier: Apache-2.0 */
/* PSCI 1.1 (DEN0022) and SMCCC (DEN0028) as a guest sees them: identifiers, registers, answers. */
#include "psci.h"

#include "platform.h"
#include "psci_tests.h"
#include "tap.h"

#define NOWHERE   0x00ffffff /* an affinity that no machine of ours has */
#define BAD_ENTRY 1

static void version(void)
{
	check_eq(psci(PSCI_VERSION, 0, 0, 0), PSCI_VERSION_1_1);
}

static void smccc_version(void)
{
	skip_if(plat.qemu_psci, "QEMU's PSCI has no SMCCC_VERSION");
	check_eq(psci(PSCI_FEATURES, SMCCC_VERSION, 0, 0), 0);
	check(psci(SMCCC_VERSION, 0, 0, 0) >= SMCCC_VERSION_1_1);
	check(psci(SMCCC_VERSION, 0, 0, 0) <= 0x1ffff);
}

static void smccc_arch_features(void)
{
	static const uint32_t workarounds[] = { SMCCC_ARCH_WORKAROUND_1, SMCCC_ARCH_WORKAROUND_2,
		                                SMCCC_ARCH_WORKAROUND_3 };

	skip_if(plat.qemu_psci, "QEMU's PSCI has no SMCCC_ARCH_FEATURES");
	check_eq(psci(SMCCC_ARCH_FEATURES, SMCCC_VERSION, 0, 0), 0);
	check_eq(psci(SMCCC_ARCH_FEATURES, SMCCC_ARCH_FEATURES, 0, 0), 0);
	check_eq(psci(SMCCC_ARCH_FEATURES, 0x80001234, 0, 0), SMCCC_NOT_SUPPORTED);
	check_eq(psci(SMCCC_ARCH_FEATURES, 0, 0, 0), SMCCC_NOT_SUPPORTED);
	for (unsigned int i = 0; i < ARRAY_SIZE(workarounds); i++)
		if (psci(SMCCC_ARCH_FEATURES, workarounds[i], 0, 0) == SMCCC_SUCCESS)
			checkf(psci(workarounds[i], 0, 0, 0) != SMCCC_NOT_SUPPORTED,
			       "0x%x is offered and missing", workarounds[i]);
}

/* What PSCI 1.1 demands, and what Dormouse and its firmware promise beyond. */
static void features_mandatory(void)
{
	static const uint32_t mandatory[] = {
		PSCI_VERSION,    PSCI_CPU_SUSPEND,  PSCI_CPU_SUSPEND64, PSCI_CPU_OFF,
		PSCI_CPU_ON,     PSCI_CPU_ON64,     PSCI_AFFINITY_INFO, PSCI_AFFINITY_INFO64,
		PSCI_SYSTEM_OFF, PSCI_SYSTEM_RESET, PSCI_FEATURES,
	};
	static const uint32_t promised[] = {
		PSCI_MIGRATE_INFO_TYPE, PSCI_SYSTEM_SUSPEND,   PSCI_SYSTEM_SUSPEND64,
		PSCI_SYSTEM_RESET2,     PSCI_SYSTEM_RESET2_64,
	};

	for (unsigned int i = 0; i < ARRAY_SIZE(mandatory); i++)
		checkf(psci(PSCI_FEATURES, mandatory[i], 0, 0) == 0, "FEATURES(0x%x) is %ld",
		       mandatory[i], psci(PSCI_FEATURES, mandatory[i], 0, 0));
	for (unsigned int i = 0; !plat.qemu_psci && i < ARRAY_SIZE(promised); i++)
		checkf(psci(PSCI_FEATURES, promised[i], 0, 0) == 0, "FEATURES(0x%x) is %ld",
		       promised[i], psci(PSCI_FEATURES, promised[i], 0, 0));
}

/* Calls that do nothing, by their arguments: the call is NOT_SUPPORTED when FEATURES says so. */
static const struct call {
	uint32_t function;
	uint64_t arg[3];
} harmless[] = {
	{ PSCI_VERSION, { 0 } },
	{ PSCI_CPU_SUSPEND, { 0xfffeffff } },
	{ PSCI_CPU_SUSPEND64, { 0xfffeffff } },
	{ PSCI_CPU_ON, { NOWHERE, BAD_ENTRY } },
	{ PSCI_CPU_ON64, { NOWHERE, BAD_ENTRY } },
	{ PSCI_AFFINITY_INFO, { NOWHERE } },
	{ PSCI_AFFINITY_INFO64, { NOWHERE } },
	{ PSCI_MIGRATE, { NOWHERE } },
	{ PSCI_MIGRATE64, { NOWHERE } },
	{ PSCI_MIGRATE_INFO_TYPE, { 0 } },
	{ PSCI_MIGRATE_INFO_UP_CPU, { 0 } },
	{ PSCI_MIGRATE_INFO_UP_CPU64, { 0 } },
	{ PSCI_FEATURES, { PSCI_VERSION } },
	{ PSCI_NODE_HW_STATE, { NOWHERE } },
	{ PSCI_NODE_HW_STATE64, { NOWHERE } },
	{ PSCI_SYSTEM_SUSPEND, { BAD_ENTRY } },
	{ PSCI_SYSTEM_SUSPEND64, { BAD_ENTRY } },
	{ PSCI_SET_SUSPEND_MODE, { 7 } },
	{ PSCI_STAT_RESIDENCY, { NOWHERE } },
	{ PSCI_STAT_RESIDENCY64, { NOWHERE } },
	{ PSCI_STAT_COUNT, { NOWHERE } },
	{ PSCI_STAT_COUNT64, { NOWHERE } },
	{ PSCI_SYSTEM_RESET2, { 0x7fffffff } },
	{ PSCI_SYSTEM_RESET2_64, { 0x7fffffff } },
};

static void features_agree(void)
{
	for (unsigned int i = 0; i < ARRAY_SIZE(harmless); i++) {
		const struct call *c = &harmless[i];
		int64_t offered = psci(PSCI_FEATURES, c->function, 0, 0), answer;

		/* QEMU does not look at the address. */
		if (plat.qemu_psci && c->arg[0] == BAD_ENTRY)
			continue;
		answer = psci(c->function, c->arg[0], c->arg[1], c->arg[2]);
		if (offered < 0)
			checkf(offered == PSCI_NOT_SUPPORTED && answer == PSCI_NOT_SUPPORTED,
			       "0x%x: FEATURES %ld, the call %ld", c->function, offered, answer);
		else
			checkf(answer != PSCI_NOT_SUPPORTED, "0x%x: offered and missing",
			       c->function);
	}
}

/* Nothing behind these; among them 64-bit forms of functions that have none. */
static const uint32_t unknown[] = {
	0x84000015, 0x8400001f, 0x840000ff, 0x8400ffff, 0xc4000000, 0xc4000002, 0xc4000006,
	0xc4000008, 0xc4000009, 0xc400000a, 0xc400001f, 0xc400ffff, 0x81000000, 0x82000000,
	0xc2001234, 0x83000000, 0x85000000, 0x8600fffe, 0xc600fffe, 0xb2000000, 0xbf00ff01,
	0x80001234, 0xc0001234, 0x00000000, 0x00000001, 0x12345678, 0x7fffffff, 0xffffffff,
};

static void unknown_functions(void)
{
	for (unsigned int i = 0; i < ARRAY_SIZE(unknown); i++) {
		struct smccc_regs r = { .x = { unknown[i], 1, 2, 3 } };

		smccc_call(&r);
		checkf((int32_t)r.x[0] == SMCCC_NOT_SUPPORTED, "0x%x answers 0x%lx", unknown[i],
		       r.x[0]);
		checkf(psci(PSCI_FEATURES, unknown[i], 0, 0) == PSCI_NOT_SUPPORTED,
		       "FEATURES(0x%x) is %ld", unknown[i], psci(PSCI_FEATURES, unknown[i], 0, 0));
	}
}

/* DEN0028 2.4: of x0 only w0 counts, and of a 32-bit call's arguments the lower halves. */
static void upper_halves(void)
{
	uint64_t dirt = 0xdeadbeef00000000, me = this_cpu()->mpidr;
	struct smccc_regs r = { .x = { dirt | PSCI_VERSION } };

	skip_if(plat.qemu_psci, "QEMU's PSCI takes all of a 32-bit call's registers");
	smccc_call(&r);
	check_eq((uint32_t)r.x[0], PSCI_VERSION_1_1);
	check_eq(psci(PSCI_FEATURES, dirt | PSCI_CPU_ON, 0, 0), 0);
	check_eq(psci(PSCI_AFFINITY_INFO, dirt | me, dirt, 0), PSCI_AFFINITY_ON);
	check_eq(psci(PSCI_CPU_ON, dirt | me, dirt | (uintptr_t)secondary_entry, 0),
	         PSCI_ALREADY_ON);
	check_eq(psci(PSCI_AFFINITY_INFO64, dirt | me, 0, 0), PSCI_INVALID_PARAMETERS);
	check_eq(psci(PSCI_AFFINITY_INFO64, BIT(63) | me, 0, 0), PSCI_INVALID_PARAMETERS);
	check_eq(psci(PSCI_CPU_ON64, BIT(40) | me, (uintptr_t)secondary_entry, 0),
	         PSCI_INVALID_PARAMETERS);
}

/* Error codes: sign-extended over x0 in the 64-bit convention, over w0 in the other. */
static void result_width(void)
{
	struct smccc_regs r = { .x = { PSCI_AFFINITY_INFO64, 0x123456789 } };

	smccc_call(&r);
	check_eq(r.x[0], (uint64_t)PSCI_INVALID_PARAMETERS);
	r = (struct smccc_regs) { .x = { PSCI_AFFINITY_INFO, NOWHERE } };
	smccc_call(&r);
	check_eq((uint32_t)r.x[0], (uint32_t)PSCI_INVALID_PARAMETERS);
}

static uint64_t pattern(unsigned int n)
{
	return 0x0101010101010101 * n + 0xabcdef;
}

static void preserves(bool hvc, uint32_t function, uint64_t arg)
{
	struct smccc_regs r;

	for (unsigned int i = 0; i < 18; i++)
		r.x[i] = pattern(i);
	r.x[0] = function;
	r.x[1] = arg;
	r.x[2] = r.x[3] = 0;
	if (hvc)
		smccc_hvc(&r);
	else
		smccc_smc(&r);
	for (unsigned int i = 4; i < 18; i++)
		checkf(r.x[i] == pattern(i), "0x%x changed x%u to 0x%lx", function, i, r.x[i]);
}

/* DEN0028 2.6: x4 to x17 survive a call (version 1.1); x18 and up our caller would miss. */
static void registers_preserved(void)
{
	static const uint32_t functions[] = { PSCI_VERSION,  PSCI_FEATURES, PSCI_AFFINITY_INFO64,
		                              PSCI_CPU_ON64, 0x840000ff,    0xc200ffff,
		                              SMCCC_VERSION };

	for (unsigned int i = 0; i < ARRAY_SIZE(functions); i++) {
		preserves(plat.psci_hvc, functions[i], this_cpu()->mpidr);
		if (plat.dormouse)
			preserves(!plat.psci_hvc, functions[i], this_cpu()->mpidr);
	}
}

static void both_conduits(void)
{
	skip_if(!plat.dormouse, "natively only one of HVC and SMC is PSCI's");
	for (int hvc = 0; hvc < 2; hvc++) {
		check_eq(psci_by(hvc, PSCI_VERSION, 0, 0, 0), PSCI_VERSION_1_1);
		check_eq(psci_by(hvc, PSCI_FEATURES, PSCI_CPU_ON64, 0, 0), 0);
		check_eq(psci_by(hvc, PSCI_AFFINITY_INFO, this_cpu()->mpidr, 0, 0),
		         PSCI_AFFINITY_ON);
		check_eq(psci_by(hvc, SMCCC_VERSION, 0, 0, 0), psci(SMCCC_VERSION, 0, 0, 0));
		for (unsigned int i = 0; i < ARRAY_SIZE(unknown); i++)
			checkf((int32_t)psci_by(hvc, unknown[i], 1, 2, 3) == SMCCC_NOT_SUPPORTED,
			       "0x%x by %s", unknown[i], hvc ? "HVC" : "SMC");
	}
}

static void migrate(void)
{
	int64_t type = psci(PSCI_MIGRATE_INFO_TYPE, 0, 0, 0);

	check(type == PSCI_TOS_NOT_NEEDED || type == PSCI_NOT_SUPPORTED);
	check(psci(PSCI_MIGRATE64, this_cpu()->mpidr, 0, 0) < 0);
}

static void reset2_errors(void)
{
	skip_if(!psci_has(PSCI_SYSTEM_RESET2), "no SYSTEM_RESET2");
	/* Reserved architectural types; DEN0022 5.1.17. */
	check_eq(psci(PSCI_SYSTEM_RESET2, 1, 0, 0), PSCI_INVALID_PARAMETERS);
	check_eq(psci(PSCI_SYSTEM_RESET2_64, 0x7fffffff, 0, 0), PSCI_INVALID_PARAMETERS);
}

GUEST_TESTS({ "version", version }, { "SMCCC version", smccc_version },
            { "SMCCC architecture features", smccc_arch_features },
            { "features: what must be there", features_mandatory },
            { "features agree with calls", features_agree },
            { "unknown functions", unknown_functions },
            { "upper halves of registers", upper_halves }, { "width of results", result_width },
            { "x4 to x17 preserved", registers_preserved }, { "HVC and SMC", both_conduits },
            { "MIGRATE", migrate }, { "SYSTEM_RESET2 errors", reset2_errors },
            { "AFFINITY_INFO", affinity_info }, { "NODE_HW_STATE", node_hw_state },
            { "CPU_ON errors", cpu_on_errors }, { "CPU_ON: state at the entry", cpu_on_state },
            { "CPU_ON by 32 bits", cpu_on_32 }, { "CPU_ON and CPU_OFF, cycles", cpu_on_off_cycles },
            { "boot CPU off and on", boot_cpu_off }, { "CPU_SUSPEND errors", cpu_suspend_errors },
            { "CPU_SUSPEND standby", cpu_suspend_standby },
            { "CPU_SUSPEND power-down", cpu_suspend_power_down },
            { "CPU_SUSPEND on the others", cpu_suspend_on_others }, { "STAT_COUNT", stat },
            { "SYSTEM_SUSPEND errors", system_suspend_errors }, );
