/* SPDX-License-Identifier: Apache-2.0 */
/* cmocka's assertions where a harness of the unit tests is used in a fuzzer: each failure is a
 * crash. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#include "fuzz.h"

void print_error(const char *const format, ...)
{
	va_list args;

	va_start(args, format);
	vfprintf(stderr, format, args);
	va_end(args);
}

void _fail(const char *const file, const int line)
{
	fuzz_die("%s:%d: failed", file, line);
}

void _assert_true(const LargestIntegralType result, const char *const expression,
                  const char *const file, const int line)
{
	if (!result)
		fuzz_die("%s:%d: %s does not hold", file, line, expression);
}

void _assert_int_equal(const LargestIntegralType a, const LargestIntegralType b,
                       const char *const file, const int line)
{
	if (a != b)
		fuzz_die("%s:%d: %#llx is not %#llx", file, line, (unsigned long long)a,
		         (unsigned long long)b);
}

void _assert_int_not_equal(const LargestIntegralType a, const LargestIntegralType b,
                           const char *const file, const int line)
{
	if (a == b)
		fuzz_die("%s:%d: both are %#llx", file, line, (unsigned long long)a);
}

void _assert_string_equal(const char *const a, const char *const b, const char *const file,
                          const int line)
{
	if (strcmp(a, b) != 0)
		fuzz_die("%s:%d: \"%s\" is not \"%s\"", file, line, a, b);
}
