/* SPDX-License-Identifier: Apache-2.0 */
/* Each conversion, against the build host's snprintf where that has it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>
#include "lib/print.h"

#define SAME(...)                                                              \
	do {                                                                   \
		char ours_[200], theirs_[200];                                 \
		size_t len_ = print_format(ours_, sizeof(ours_), __VA_ARGS__); \
		int want_ = snprintf(theirs_, sizeof(theirs_), __VA_ARGS__);   \
		assert_string_equal(ours_, theirs_);                           \
		assert_int_equal(len_, want_);                                 \
	} while (0)

static void numbers(void **state)
{
	SAME("%d %i %u %x", -1, 42, 42u, 0xbeefu);
	SAME("%d %d", INT32_MIN, INT32_MAX);
	SAME("%ld %ld %lu", INT64_MIN, INT64_MAX, UINT64_MAX);
	SAME("%lld %llu %llx %zu", -5ll, 5ull, 0x123456789abcdefull, (size_t)77);
	SAME("%5d|%-5d|%05d|%-5x|%5x", -42, -42, -42, 0xau, 0xau);
	SAME("%016lx %#lx %#x %#010x", 0xabcUL, 0x10UL, 0xffu, 0x5u);
	SAME("%*d|%*u", 7, 3, 1, 12345u);
	SAME("%d%%", 0);
}

static void texts(void **state)
{
	SAME("%s|%6s|%-6s|%.2s|%.*s|%c|%3c", "text", "ab", "ab", "abcdef", 3, "abcdef", 'x', 'y');
	SAME("%s", "");
	SAME("%.0s|", "gone");
	SAME("plain");
}

static void precision_bounds_the_read(void **state)
{
	const char raw[3] = { 'a', 'b', 'c' }; /* no terminating zero: the sanitizer watches */
	char buf[8];

	assert_int_equal(print_format(buf, sizeof(buf), "%.3s", raw), 3);
	assert_string_equal(buf, "abc");
}

static void pointers(void **state)
{
	char buf[40];

	print_format(buf, sizeof(buf), "%p %p", (void *)0x1234, NULL);
	assert_string_equal(buf, "0x1234 0x0");
}

static void null_text(void **state)
{
	const char *volatile none = NULL;
	char buf[40];

	print_format(buf, sizeof(buf), "%s", none);
	assert_string_equal(buf, "(null)");
}

#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat"
#pragma GCC diagnostic ignored "-Wformat-extra-args"
static void unknown_stays(void **state)
{
	char buf[40];

	print_format(buf, sizeof(buf), "%q %5y");
	assert_string_equal(buf, "%q %5y");
	print_format(buf, sizeof(buf), "end %");
	assert_string_equal(buf, "end %");
}
#pragma GCC diagnostic pop

static void cut(void **state)
{
	char buf[6] = "zzzzz";

	assert_int_equal(print_format(buf, 0, "abc"), 3);
	assert_string_equal(buf, "zzzzz");
	assert_int_equal(print_format(buf, 1, "abc"), 3);
	assert_string_equal(buf, "");
	assert_int_equal(print_format(buf, sizeof(buf), "%d", 1234567), 7);
	assert_string_equal(buf, "12345");
	assert_int_equal(print_format(buf, sizeof(buf), "abcde"), 5);
	assert_string_equal(buf, "abcde");
	assert_int_equal(print_format(NULL, 0, "%s", "measured"), 8);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(numbers),
		cmocka_unit_test(texts),
		cmocka_unit_test(precision_bounds_the_read),
		cmocka_unit_test(pointers),
		cmocka_unit_test(null_text),
		cmocka_unit_test(unknown_stays),
		cmocka_unit_test(cut),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
