/* SPDX-License-Identifier: Apache-2.0 */
/* The driver of the firmware's watchdog, with firmwares of several minds. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>
#include "abi/psci.h"
#include "abi/smc_wdt.h"
#include "dev/psci/smccc.h"
#include "dev/watchdog/smc_wdt.h"
#include "lib/err.h"

#define GARBAGE 0xdeadbeef00000000ULL /* the upper halves of a 32-bit function's results mean nothing */

static struct {
	uint32_t min, max;
	int32_t init, set, enable, pet; /* answers */
	uint32_t timeout;
	bool on;
	unsigned int calls, pets, sets;
	uint64_t last_fid, last_arg;
} fw;

void smccc_smc_results(uint64_t fid, uint64_t a1, uint64_t a2, struct smccc_results *r)
{
	int32_t ret = PSCI_NOT_SUPPORTED;

	fw.calls++;
	fw.last_fid = fid;
	fw.last_arg = a1;
	r->x[1] = r->x[2] = GARBAGE;
	if (fid == SMC_WDT_ID && a1 == SMC_WDT_INIT) {
		r->x[1] |= fw.min;
		r->x[2] |= fw.max;
		ret = fw.init;
	} else if (fid == SMC_WDT_ID && a1 == SMC_WDT_SET_TIMEOUT) {
		assert_in_range(a2, fw.min, fw.max);
		ret = fw.set;
		if (!ret)
			fw.timeout = (uint32_t)a2;
		fw.sets++;
	} else if (fid == SMC_WDT_ID && a1 == SMC_WDT_ENABLE) {
		assert_in_range(a2, 0, 1);
		ret = fw.enable;
		if (!ret)
			fw.on = a2;
	} else if (fid == SMC_WDT_ID && a1 == SMC_WDT_PET) {
		assert_true(fw.on);
		ret = fw.pet;
		fw.pets++;
	}
	r->x[0] = GARBAGE | (uint32_t)ret;
}

static int setup(void **state)
{
	memset(&fw, 0, sizeof(fw));
	fw.min = 2;
	fw.max = 100;
	return 0;
}

static int begin(void)
{
	const struct smc_wdt_config c = { .function = SMC_WDT_ID, .stops_asleep = true };

	return smc_wdt_init(&c);
}

static void none_is_no_calls(void **state)
{
	const struct smc_wdt_config c = { 0 };

	assert_int_equal(smc_wdt_init(&c), -ENODEV);
	smc_wdt_arm(5);
	smc_wdt_stop();
	smc_wdt_report(1);
	assert_false(smc_wdt_stops_asleep());
	assert_int_equal(fw.calls, 0);
}

/* A tree that promises one, and a firmware without it. */
static void no_answer_is_none(void **state)
{
	fw.init = PSCI_NOT_SUPPORTED;
	assert_int_equal(begin(), -ENODEV);
	fw.init = 0;
	fw.max = 1; /* less than min */
	assert_int_equal(begin(), -ENODEV);
	fw.min = fw.max = 0;
	assert_int_equal(begin(), -ENODEV);
	fw.calls = 0;
	smc_wdt_arm(5);
	assert_int_equal(fw.calls, 0);
}

static void arms_and_pets(void **state)
{
	assert_int_equal(begin(), 0);
	assert_true(smc_wdt_stops_asleep());
	assert_false(fw.on);
	smc_wdt_arm(5);
	assert_true(fw.on);
	assert_int_equal(fw.timeout, 5);
	assert_int_equal(fw.pets, 0);
	/* The same time: it is only begun anew. */
	smc_wdt_arm(5);
	assert_int_equal(fw.pets, 1);
	assert_int_equal(fw.sets, 1);
	/* Another: set, and begun anew all the same. */
	smc_wdt_arm(7);
	assert_int_equal(fw.timeout, 7);
	assert_int_equal(fw.pets, 2);
	smc_wdt_stop();
	assert_false(fw.on);
	fw.calls = 0;
	smc_wdt_stop();
	assert_int_equal(fw.calls, 0);
	/* The machine may have slept meanwhile: all of it is told again. */
	smc_wdt_arm(7);
	assert_true(fw.on);
	assert_int_equal(fw.sets, 3);
}

static void times_are_cut_to_its_own(void **state)
{
	assert_int_equal(begin(), 0);
	smc_wdt_arm(0);
	assert_int_equal(fw.timeout, 2);
	smc_wdt_arm(1000);
	assert_int_equal(fw.timeout, 100);
}

/* What wasn't set is set the next time; what wasn't started isn't petted. */
static void refusals_are_tried_again(void **state)
{
	assert_int_equal(begin(), 0);
	fw.set = PSCI_INTERNAL_FAILURE;
	fw.enable = PSCI_INTERNAL_FAILURE;
	smc_wdt_arm(5);
	assert_false(fw.on);
	fw.set = fw.enable = 0;
	smc_wdt_arm(5);
	assert_true(fw.on);
	assert_int_equal(fw.timeout, 5);
}

static void reports_only_by_its_function(void **state)
{
	const struct smc_wdt_config c = { .function = SMC_WDT_ID, .report = SMC_WDT_REPORT_ID };

	assert_int_equal(begin(), 0);
	fw.calls = 0;
	smc_wdt_report(0x101);
	assert_int_equal(fw.calls, 0);
	assert_int_equal(smc_wdt_init(&c), 0);
	smc_wdt_report(0x101);
	assert_int_equal(fw.last_fid, SMC_WDT_REPORT_ID);
	assert_int_equal(fw.last_arg, 0x101);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(none_is_no_calls, setup),
		cmocka_unit_test_setup(no_answer_is_none, setup),
		cmocka_unit_test_setup(arms_and_pets, setup),
		cmocka_unit_test_setup(times_are_cut_to_its_own, setup),
		cmocka_unit_test_setup(refusals_are_tried_again, setup),
		cmocka_unit_test_setup(reports_only_by_its_function, setup),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
