/* SPDX-License-Identifier: Apache-2.0 */
/* The firmware's checks on Images, and the places it gives them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>
#include "firmware/image.h"

#define MIB (1ULL << 20)

static unsigned char head[IMAGE_HEAD];
static struct image image;

static void put(size_t offset, uint64_t val, size_t bytes)
{
	for (; bytes--; val >>= 8)
		head[offset++] = (unsigned char)val;
}

/* An Image of 1 MiB in the file, 3 MiB in memory, with a PE section table. */
static int setup(void **state)
{
	memset(head, 0, sizeof(head));
	put(0, 0x5a4d, 2);
	put(16, 3 * MIB, 8);
	put(24, 0xa, 8);
	put(56, 0x644d5241, 4);
	put(60, 0x40, 4);
	put(0x40, 0x00004550, 4);
	put(0x46, 2, 2);      /* sections */
	put(0x54, 0xa0, 2);   /* optional header */
	put(0x40 + 24 + 0xa0 + 16, 0x80000, 4);
	put(0x40 + 24 + 0xa0 + 20, 0x1000, 4);
	put(0x40 + 24 + 0xa0 + 40 + 16, 0x7f000, 4);
	put(0x40 + 24 + 0xa0 + 40 + 20, 0x81000, 4);
	return 0;
}

static void good(void **state)
{
	assert_null(image_check(head, MIB, &image));
	assert_int_equal(image.size, 3 * MIB);
	assert_int_equal(image.text_offset, 0);
	/* A file longer than it says it needs (a signature behind): all of it is loaded. */
	assert_null(image_check(head, 4 * MIB, &image));
	assert_int_equal(image.size, 4 * MIB);
	put(8, 0x80000, 8);
	assert_null(image_check(head, MIB, &image));
	assert_int_equal(image.text_offset, 0x80000);
}

static void bad(void **state)
{
	assert_non_null(image_check(head, 63, &image));
	assert_non_null(image_check(head, 0, &image));
	assert_string_equal(image_check(head, MIB - 1, &image), "a truncated Image");
	put(16, 0, 8);
	assert_non_null(image_check(head, MIB, &image));
	put(16, ~0ULL, 8);
	assert_non_null(image_check(head, MIB, &image));
	put(16, 3 * MIB, 8);
	put(24, 1, 8);
	assert_non_null(image_check(head, MIB, &image));
	put(24, 0, 8);
	put(8, 2 * MIB, 8);
	assert_non_null(image_check(head, MIB, &image));
	put(8, 0, 8);
	put(56, 0, 4);
	assert_string_equal(image_check(head, MIB, &image), "not an arm64 Image");
}

/* Whatever the PE pointers say, nothing past the buffer is read (the sanitizer looks on). */
static void wild_pe(void **state)
{
	static const uint32_t wild[] = { 0, 1, 0xfff, 0xff0, 0xfe8, 0x1000, 0xffffffff, 0x7fffffff };

	for (size_t i = 0; i < sizeof(wild) / sizeof(wild[0]); i++) {
		put(60, wild[i], 4);
		image_check(head, MIB, &image);
		image_check(head, 64, &image);
	}
	put(60, 0x40, 4);
	put(0x46, 0xffff, 2);
	assert_null(image_check(head, MIB, &image));
	put(0x46, 2, 2);
	put(0x54, 0xffff, 2);
	assert_null(image_check(head, MIB, &image));
}

static const struct ram_bank banks[] = { { 0x40000000, 64 * MIB }, { 0x80100000, 16 * MIB } };

static void places(void **state)
{
	struct places p = { .banks = banks, .bank_count = 2 };

	assert_true(place_reserve(&p, 0x40000000, MIB));
	assert_int_equal(place_find(&p, 33 * MIB), 0x40200000);
	assert_int_equal(place_find(&p, 1), 0x42400000);
	assert_int_equal(place_find(&p, 2 * MIB), 0x42600000);
	/* Exactly the rest of the first bank, then the second, from its first boundary. */
	assert_int_equal(place_find(&p, 24 * MIB), 0x42800000);
	assert_int_equal(place_find(&p, 15 * MIB), 0x80200000);
	assert_int_equal(place_find(&p, 1), 0);
}

static void too_big(void **state)
{
	struct places p = { .banks = banks, .bank_count = 2 };

	assert_int_equal(place_find(&p, 64 * MIB + 1), 0);
	assert_int_equal(place_find(&p, ~0ULL), 0);
	assert_int_equal(place_find(&p, 64 * MIB), 0x40000000);
	for (int i = 1; i < MAX_RESERVED; i++)
		assert_true(place_reserve(&p, 0, 0));
	assert_false(place_reserve(&p, 0, 0));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(good, setup), cmocka_unit_test_setup(bad, setup),
		cmocka_unit_test_setup(wild_pe, setup), cmocka_unit_test(places),
		cmocka_unit_test(too_big),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
