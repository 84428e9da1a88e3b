/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>
#include "boot/image.h"
#include "fake_cpu.h"
#include "lib/err.h"

struct header {
	uint32_t code[2];
	uint64_t text_offset, image_size, flags, reserved[3];
	uint32_t magic, pe;
};

/* What Debian's 6.1 has: text_offset 0, flags 0xa. */
static struct header debian(void)
{
	return (struct header) { .image_size = 34 * MIB, .flags = 0xa, .magic = 0x644d5241 };
}

/* In a buffer of exactly that size, so that reads beyond its end are seen. */
static int parse(const void *data, size_t size, uint64_t claimed, struct image_info *out)
{
	void *copy = malloc(size ? size : 1);
	int err;

	memcpy(copy, data, size);
	fake_last_log[0] = '\0';
	err = image_parse("kernel", copy, claimed, out);
	free(copy);
	return err;
}

static void test_good(void **state)
{
	struct header h = debian();
	struct image_info i;

	assert_int_equal(parse(&h, sizeof(h), 33 * MIB, &i), 0);
	assert_int_equal(i.text_offset, 0);
	assert_int_equal(i.image_size, 34 * MIB);
	h.text_offset = 0x80000;
	assert_int_equal(parse(&h, sizeof(h), 35 * MIB, &i), 0);
	assert_int_equal(i.text_offset, 0x80000);
	assert_int_equal(i.image_size, 35 * MIB); /* the file may be longer than it says */
	h.image_size = 0;                         /* before Linux 3.17 */
	h.text_offset = 0x1234;
	assert_int_equal(parse(&h, sizeof(h), MIB, &i), 0);
	assert_int_equal(i.text_offset, 0x80000);
}

static const struct {
	const char *data;
	size_t size;
	const char *says;
} bad[] = {
	{ "", 0, "less than its header" },
	{ "MZ", 2, "less than its header" },
	{ "\x1f\x8b 345678901234567890123456789012345678901234567890123456789012345", 66,
	  "gunzip" },
	{ "\x7f"
	  "ELF5678901234567890123456789012345678901234567890123456789012345",
	  66, "vmlinux" },
	{ "\xfd"
	  "7zXZ 78901234567890123456789012345678901234567890123456789012345",
	  66, "xz -d" },
	{ "a text file, long enough to be a header, but nothing of that sort..", 66,
	  "not an arm64 Image (no magic at 0x38)" },
};

static void test_no_kernel(void **state)
{
	struct image_info i;

	for (size_t n = 0; n < ARRAY_SIZE(bad); n++) {
		assert_int_equal(parse(bad[n].data, bad[n].size, bad[n].size, &i), -EINVAL);
		if (!strstr(fake_last_log, bad[n].says))
			fail_msg("\"%s\" does not say \"%s\"", fake_last_log, bad[n].says);
		assert_non_null(strstr(fake_last_log, "module kernel at "));
	}
}

static void test_broken_header(void **state)
{
	struct header h = debian();
	struct image_info i;

	h.flags |= 1;
	assert_int_equal(parse(&h, sizeof(h), MIB, &i), -EINVAL);
	assert_non_null(strstr(fake_last_log, "big-endian"));
	h = debian();
	h.text_offset = 2 * MIB;
	assert_int_equal(parse(&h, sizeof(h), MIB, &i), -EINVAL);
	assert_non_null(strstr(fake_last_log, "header is broken"));
	h = debian();
	h.text_offset = 0x10;
	assert_int_equal(parse(&h, sizeof(h), MIB, &i), -EINVAL);
	h = debian();
	h.image_size = ~0ULL;
	assert_int_equal(parse(&h, sizeof(h), MIB, &i), -EINVAL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_good),
		cmocka_unit_test(test_no_kernel),
		cmocka_unit_test(test_broken_header),
	};

	return cmocka_run_group_tests_name("image", tests, NULL, NULL);
}
