/* SPDX-License-Identifier: Apache-2.0 */
/* What goes to the firmware, and what comes back. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>
#include "abi/psci.h"
#include "dev/psci/psci.h"
#include "dev/psci/smccc.h"
#include "fake_cpu.h"
#include "lib/err.h"

/* A firmware: answers by function, and the last call it got. */
static struct {
	bool smc;
	unsigned int calls;
	uint64_t arg[4];
	uint64_t version;     /* whole x0: garbage above bit 31 is allowed */
	uint64_t features[4]; /* CPU_SUSPEND, SYSTEM_SUSPEND, SYSTEM_RESET2, other */
	uint64_t result;      /* of everything else */
} fw;

static uint64_t call(bool smc, uint64_t fid, uint64_t a1, uint64_t a2, uint64_t a3)
{
	fw.smc = smc;
	fw.calls++;
	fw.arg[0] = fid;
	fw.arg[1] = a1;
	fw.arg[2] = a2;
	fw.arg[3] = a3;
	if (fid == PSCI_VERSION)
		return fw.version;
	if (fid != PSCI_FEATURES)
		return fw.result;
	switch (a1) {
	case PSCI_CPU_SUSPEND64:
		return fw.features[0];
	case PSCI_SYSTEM_SUSPEND64:
		return fw.features[1];
	case PSCI_SYSTEM_RESET2_64:
		return fw.features[2];
	}
	return fw.features[3];
}

uint64_t smccc_smc(uint64_t fid, uint64_t a1, uint64_t a2, uint64_t a3)
{
	return call(true, fid, a1, a2, a3);
}

uint64_t smccc_hvc(uint64_t fid, uint64_t a1, uint64_t a2, uint64_t a3)
{
	return call(false, fid, a1, a2, a3);
}

static int setup(void **state)
{
	(void)state;
	fake_cpu_reset();
	memset(&fw, 0, sizeof(fw));
	fw.version = PSCI_VERSION_1_1;
	return 0;
}

static void assert_call(uint64_t fid, uint64_t a1, uint64_t a2, uint64_t a3)
{
	assert_int_equal(fw.arg[0], fid);
	assert_int_equal(fw.arg[1], a1);
	assert_int_equal(fw.arg[2], a2);
	assert_int_equal(fw.arg[3], a3);
}

static void test_version(void **state)
{
	static const struct {
		uint64_t x0;
		int err;
		uint32_t version;
	} cases[] = {
		{ 0x00010001, 0, 0x00010001 },
		{ 0xdeadbeef00010000, 0, 0x00010000 }, /* a 32-bit result is w0 */
		{ 0x00000002, 0, 0x00000002 },
		{ 0x00000001, -ENODEV, 0 },
		{ 0x00000000, -ENODEV, 0 },
		{ 0xffffffffffffffff, -ENODEV, 0 }, /* NOT_SUPPORTED */
		{ 0x00000000ffffffff, -ENODEV, 0 },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		fw.version = cases[i].x0;
		assert_int_equal(psci_init(i & 1), cases[i].err);
		assert_int_equal(fw.smc, i & 1);
		assert_int_equal(psci_firmware.version, cases[i].version);
	}
}

static void test_features(void **state)
{
	static const uint64_t no[] = { 0xffffffffffffffff, 0x00000000ffffffff };

	(void)state;
	/* Each on its own, refused in both widths. */
	for (unsigned int i = 0; i < 3; i++) {
		for (unsigned int k = 0; k < 3; k++)
			fw.features[k] = k == i ? 0 : no[k % 2];
		assert_int_equal(psci_init(true), 0);
		assert_int_equal(psci_firmware.cpu_suspend, i == 0);
		assert_int_equal(psci_firmware.system_suspend, i == 1);
		assert_int_equal(psci_firmware.system_reset2, i == 2);
	}
	/* CPU_SUSPEND answers flags. */
	fw.features[0] = 2;
	assert_int_equal(psci_init(true), 0);
	assert_true(psci_firmware.cpu_suspend);

	/* 0.2 has no FEATURES to ask. */
	fw.version = 2;
	fw.calls = 0;
	assert_int_equal(psci_init(true), 0);
	assert_int_equal(fw.calls, 1);
	assert_true(psci_firmware.cpu_suspend);
	assert_false(psci_firmware.system_suspend || psci_firmware.system_reset2);
}

static void test_calls(void **state)
{
	(void)state;
	assert_int_equal(psci_init(true), 0);
	fw.result = (uint64_t)PSCI_ALREADY_ON;
	assert_int_equal(psci_cpu_on(0x80000103ull, pa_make(0x140001000), 0x123456789a),
	                 PSCI_ALREADY_ON);
	/* RES1 and other bits of an MPIDR are no affinity. */
	assert_call(PSCI_CPU_ON64, 0x103, 0x140001000, 0x123456789a);
	fw.result = PSCI_AFFINITY_ON_PENDING;
	assert_int_equal(psci_affinity_info(0x01c0000002), PSCI_AFFINITY_ON_PENDING);
	assert_call(PSCI_AFFINITY_INFO64, 0x0100000002, 0, 0);
	fw.result = 0x00000000fffffffd; /* DENIED, as a 32-bit call may give it */
	assert_int_equal(psci_cpu_off(), PSCI_DENIED);
	assert_call(PSCI_CPU_OFF, 0, 0, 0);
	fw.result = 0;
	assert_int_equal(psci_cpu_suspend_standby(), 0);
	assert_call(PSCI_CPU_SUSPEND64, 0, 0, 0);
	fw.result = (uint64_t)PSCI_INVALID_ADDRESS;
	assert_int_equal(psci_system_suspend(pa_make(0x180000000), 77), PSCI_INVALID_ADDRESS);
	assert_call(PSCI_SYSTEM_SUSPEND64, 0x180000000, 77, 0);
	fw.result = 0x123456789;
	assert_int_equal(psci_call(0xc2000001, 1, 2, 3), 0x123456789);
	assert_call(0xc2000001, 1, 2, 3);
	assert_int_equal(psci_call(0x82000001, 1, 2, 3), 0x23456789);
}

static jmp_buf waiting;

static void to_wfi(const char *what)
{
	assert_string_equal(what, "wfi");
	longjmp(waiting, 1);
}

/* A firmware that doesn't switch the machine off: said, and the CPU stops. */
static void test_end(void **state)
{
	(void)state;
	assert_int_equal(psci_init(false), 0);
	fw.result = (uint64_t)PSCI_NOT_SUPPORTED;
	fake_barrier_watch(to_wfi);
	fake_logs = 0;
	if (!setjmp(waiting))
		psci_system_off();
	assert_call(PSCI_SYSTEM_OFF, 0, 0, 0);
	assert_int_equal(fake_logs, 1);
	if (!setjmp(waiting))
		psci_system_reset();
	assert_call(PSCI_SYSTEM_RESET, 0, 0, 0);
	assert_int_equal(fake_logs, 2);
	assert_false(fw.smc);
}

#define T(name) cmocka_unit_test_setup(name, setup)

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(test_version),
		T(test_features),
		T(test_calls),
		T(test_end),
	};

	return cmocka_run_group_tests_name("psci", tests, NULL, NULL);
}
