/* SPDX-License-Identifier: Apache-2.0 */
/* The firmware's PSCI dispatch and argument checks; the functions themselves are faked. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>
#include "abi/psci.h"
#include "abi/smccc.h"
#include "firmware/cpu.h"
#include "firmware/psci.h"

static struct psci_args last;
static bool suspend_offered;

#define FAKE(name, answer)                           \
	int64_t name(const struct psci_args *args)   \
	{                                            \
		last = *args;                        \
		return answer;                       \
	}
FAKE(psci_cpu_on, 101)
FAKE(psci_cpu_off, 102)
FAKE(psci_cpu_suspend, 103)
FAKE(psci_affinity_info, 104)
FAKE(psci_system_off, 105)
FAKE(psci_system_reset, 106)
FAKE(psci_system_reset2, 107)
FAKE(psci_system_suspend, PSCI_DENIED)
FAKE(psci_stat_residency, 109)
FAKE(psci_stat_count, 110)
FAKE(psci_node_hw_state, 111)

bool psci_system_suspend_offered(void)
{
	return suspend_offered;
}

static int64_t call(uint64_t fid, uint64_t a0, uint64_t a1, uint64_t a2)
{
	uint64_t args[3] = { a0, a1, a2 };

	return (int64_t)psci_call(fid, args, true);
}

static int64_t features(uint32_t fid)
{
	return call(PSCI_FEATURES, fid, 0, 0);
}

static int setup(void **state)
{
	suspend_offered = true;
	memset(&last, 0, sizeof(last));
	return 0;
}

static void answers(void **state)
{
	assert_int_equal(call(PSCI_VERSION, 0, 0, 0), 0x10001);
	assert_int_equal(call(SMCCC_VERSION, 0, 0, 0), 0x10002);
	assert_int_equal(call(PSCI_MIGRATE_INFO_TYPE, 0, 0, 0), PSCI_TOS_NOT_NEEDED);
	assert_int_equal(call(PSCI_CPU_ON64, 0, 0, 0), 101);
	assert_int_equal(call(PSCI_SYSTEM_SUSPEND, 0, 0, 0), PSCI_DENIED);
	assert_int_equal(call(SMCCC_ARCH_FEATURES, SMCCC_VERSION, 0, 0), 0);
	assert_int_equal(call(SMCCC_ARCH_FEATURES, SMCCC_ARCH_FEATURES, 0, 0), 0);
	assert_int_equal(call(SMCCC_ARCH_FEATURES, PSCI_VERSION, 0, 0), -1);
	assert_int_equal(call(SMCCC_ARCH_FEATURES, SMCCC_ARCH_WORKAROUND_1, 0, 0), -1);
}

static void unknown(void **state)
{
	static const uint32_t fids[] = {
		PSCI_MIGRATE, PSCI_MIGRATE_INFO_UP_CPU, PSCI_CPU_FREEZE, PSCI_CPU_DEFAULT_SUSPEND,
		PSCI_SET_SUSPEND_MODE, PSCI_MEM_PROTECT, 0, 1, 0xffffffff, SMCCC_TRNG_VERSION,
		/* No 64-bit versions of these. */
		PSCI_VERSION | SMCCC_64, PSCI_CPU_OFF | SMCCC_64, PSCI_SYSTEM_OFF | SMCCC_64,
		PSCI_SYSTEM_RESET | SMCCC_64, PSCI_FEATURES | SMCCC_64,
		PSCI_MIGRATE_INFO_TYPE | SMCCC_64, SMCCC_VERSION | SMCCC_64,
	};

	for (size_t i = 0; i < sizeof(fids) / sizeof(fids[0]); i++) {
		assert_int_equal(call(fids[i], 0, 0, 0), -1);
		assert_int_equal(features(fids[i]), -1);
	}
}

/* FEATURES says exactly what a call would not answer NOT_SUPPORTED to. */
static void features_agree(void **state)
{
	for (uint32_t n = 0; n < 0x40; n++) {
		for (uint32_t bit = 0; bit <= SMCCC_64; bit += SMCCC_64) {
			uint32_t fid = PSCI_VERSION | bit | n;
			bool there = call(fid, PSCI_VERSION, 0, 0) != PSCI_NOT_SUPPORTED;

			assert_int_equal(features(fid), there ? 0 : PSCI_NOT_SUPPORTED);
		}
	}
	assert_int_equal(features(SMCCC_VERSION), 0);
	assert_int_equal(features(SMCCC_ARCH_FEATURES), -1);
}

static void suspend_absent(void **state)
{
	suspend_offered = false;
	assert_int_equal(features(PSCI_SYSTEM_SUSPEND), -1);
	assert_int_equal(features(PSCI_SYSTEM_SUSPEND64), -1);
	assert_int_equal(call(PSCI_SYSTEM_SUSPEND64, 0, 0, 0), -1);
	assert_int_equal(last.fid, 0);
}

static void widths(void **state)
{
	uint64_t args[3] = { 1, 2, 3 };

	call(PSCI_CPU_ON, 0xdead00000001, 0xdead40000000, ~0ULL);
	assert_false(last.is64);
	assert_int_equal(last.a[0], 1);
	assert_int_equal(last.a[1], 0x40000000);
	assert_int_equal(last.a[2], 0xffffffff);
	call(PSCI_CPU_ON64, 0xdead00000001, 0xdead40000000, ~0ULL);
	assert_true(last.is64);
	assert_int_equal(last.a[0], 0xdead00000001);
	assert_true(last.a[2] == ~0ULL);
	/* The upper half of x0 is not part of the function id. */
	assert_int_equal(call(0xffffffff00000000ULL | PSCI_VERSION, 0, 0, 0), 0x10001);
	/* A caller in AArch32 has no 64-bit functions. */
	assert_int_equal((int64_t)psci_call(PSCI_CPU_ON64, args, false), -1);
	assert_int_equal(psci_call(PSCI_CPU_ON, args, false), 101);
}

static void affinities(void **state)
{
	assert_true(psci_affinity_valid(0xffffff, false));
	assert_false(psci_affinity_valid(0x80000000, false));
	assert_false(psci_affinity_valid(0x1000000, true));
	assert_true(psci_affinity_valid(0xff00000000, true));
	assert_false(psci_affinity_valid(0xff00000000, false));
	assert_false(psci_affinity_valid(0x10000000000, true));
}

static void power_states(void **state)
{
	assert_int_equal(psci_power_state(0), STAT_STANDBY);
	assert_int_equal(psci_power_state(0x00010000), STAT_CORE_OFF);
	assert_int_equal(psci_power_state(0x01010000), STAT_CLUSTER_OFF);
	assert_int_equal(psci_power_state(0x02010000), -1);
	assert_int_equal(psci_stat_state(0x02010000), STAT_SYSTEM_OFF);
	for (unsigned int bit = 0; bit < 32; bit++) {
		if (bit == 16)
			continue;
		assert_int_equal(psci_power_state(1U << bit), -1);
		if (bit != 24)
			assert_int_equal(psci_power_state(0x10000 | 1U << bit), -1);
	}
}

static void entries(void **state)
{
	static const struct ram_bank banks[] = { { 0x40000000, 0x1000 }, { 0x80000000, 0x1000 } };

	assert_true(psci_entry_valid(0x40000000, banks, 2));
	assert_true(psci_entry_valid(0x80000ffc, banks, 2));
	assert_false(psci_entry_valid(0x80000ffe, banks, 2));
	assert_false(psci_entry_valid(0x80000ffd, banks, 2));
	assert_false(psci_entry_valid(0x80001000, banks, 2));
	assert_false(psci_entry_valid(0x3ffffffc, banks, 2));
	assert_false(psci_entry_valid(0, banks, 2));
	assert_false(psci_entry_valid(0x0e000000, banks, 2));
	assert_false(psci_entry_valid(~3ULL, banks, 2));
	assert_false(psci_entry_valid(0x40000000, banks, 0));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(answers, setup),	cmocka_unit_test_setup(unknown, setup),
		cmocka_unit_test_setup(features_agree, setup),
		cmocka_unit_test_setup(suspend_absent, setup), cmocka_unit_test_setup(widths, setup),
		cmocka_unit_test(affinities),		cmocka_unit_test(power_states),
		cmocka_unit_test(entries),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
