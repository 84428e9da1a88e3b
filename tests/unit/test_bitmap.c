/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>
#include "lib/bitmap.h"

static void each_bit_is_found(void **state)
{
	uint64_t map[BITMAP_WORDS(150)];

	for (unsigned int bit = 0; bit < 150; bit++) {
		memset(map, 0, sizeof(map));
		bitmap_set(map, bit);
		assert_true(bitmap_test(map, bit));
		for (unsigned int from = 0; from <= 150; from++)
			assert_int_equal(bitmap_next(map, 150, from), from <= bit ? bit : 150);
		bitmap_clear(map, bit);
		assert_int_equal(bitmap_next(map, 150, 0), 150);
	}
}

static void walk(void **state)
{
	static const unsigned int bits[] = { 0, 1, 63, 64, 65, 127, 128, 149 };
	uint64_t map[BITMAP_WORDS(150)] = { 0 };
	unsigned int bit, n = 0;

	for (unsigned int i = 0; i < ARRAY_SIZE(bits); i++)
		bitmap_assign(map, bits[i], true);
	bitmap_for_each(bit, map, 150) assert_int_equal(bit, bits[n++]);
	assert_int_equal(n, ARRAY_SIZE(bits));
}

static void beyond_the_end(void **state)
{
	uint64_t map[1] = { BIT(40) };

	assert_int_equal(bitmap_next(map, 40, 0), 40);
	assert_int_equal(bitmap_next(map, 41, 0), 40);
	assert_int_equal(bitmap_next(map, 0, 0), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_bit_is_found),
		cmocka_unit_test(walk),
		cmocka_unit_test(beyond_the_end),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
