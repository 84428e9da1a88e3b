/* SPDX-License-Identifier: Apache-2.0 */
/* The words of a domain's policies. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include "core/domain_policy.h"
#include "lib/err.h"

static const char *const wrong[] = { "", "Freeze", "freeze ", "freez", "require,freeze", "?" };

static void test_host_suspend(void **state)
{
	enum host_suspend_policy p = NR_HOST_SUSPEND_POLICIES;

	for (size_t i = 0; i < ARRAY_SIZE(wrong); i++)
		assert_int_equal(host_suspend_policy_parse(wrong[i], &p), -EINVAL);
	assert_int_equal(p, NR_HOST_SUSPEND_POLICIES);
	assert_string_equal(host_suspend_policy_name(p), "?");
	assert_int_equal(host_suspend_policy_parse("require", &p), 0);
	assert_int_equal(p, HOST_SUSPEND_REQUIRE);
	for (unsigned int i = 0; i < NR_HOST_SUSPEND_POLICIES; i++) {
		assert_int_equal(host_suspend_policy_parse(host_suspend_policy_name(i), &p), 0);
		assert_int_equal(p, i);
	}
}

static void test_time(void **state)
{
	enum time_policy p = NR_TIME_POLICIES;

	for (size_t i = 0; i < ARRAY_SIZE(wrong); i++)
		assert_int_equal(time_policy_parse(wrong[i], &p), -EINVAL);
	assert_int_equal(p, NR_TIME_POLICIES);
	assert_string_equal(time_policy_name(p), "?");
	assert_int_equal(time_policy_parse("frozen", &p), 0);
	assert_int_equal(p, TIME_FROZEN);
	for (unsigned int i = 0; i < NR_TIME_POLICIES; i++) {
		assert_int_equal(time_policy_parse(time_policy_name(i), &p), 0);
		assert_int_equal(p, i);
	}
}

static void test_wake_sources(void **state)
{
	enum wake_source s = WAKE_ALL;
	uint32_t all = 0;

	for (size_t i = 0; i < ARRAY_SIZE(wrong); i++)
		assert_int_equal(wake_source_parse(wrong[i], &s), -EINVAL);
	assert_int_equal(s, WAKE_ALL);
	for (uint32_t bit = 1; bit <= WAKE_ALL; bit <<= 1) {
		assert_int_equal(wake_source_parse(wake_source_name(bit), &s), 0);
		assert_int_equal(s, bit);
		all |= s;
	}
	assert_int_equal(all, WAKE_ALL);
	assert_string_equal(wake_source_name(WAKE_KEY), "key");
	assert_string_equal(wake_source_name(WAKE_ALL + 1), "?");
	assert_string_equal(wake_source_name(0), "?");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_host_suspend),
		cmocka_unit_test(test_time),
		cmocka_unit_test(test_wake_sources),
	};

	return cmocka_run_group_tests_name("domain_policy", tests, NULL, NULL);
}
