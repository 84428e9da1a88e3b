/* SPDX-License-Identifier: Apache-2.0 */
/* Decoding of aborted loads and stores, and which emulation gets them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>
#include "fake_cpu.h"
#include "lib/err.h"
#include "mm/page.h"
#include "virt/vmmio.h"

#define ISV          BIT(24)
#define SAS(n)       ((uint64_t)(n) << 22)
#define SSE          BIT(21)
#define SRT(n)       ((uint64_t)(n) << 16)
#define SF           BIT(15)
#define FNV          BIT(10)
#define CM           BIT(8)
#define S1PTW        BIT(7)
#define WNR          BIT(6)
#define TRANSLATION3 7
#define LOAD         (ISV | TRANSLATION3)

static void decode(void **state)
{
	struct vmmio_insn i;

	assert_true(vmmio_decode(LOAD | SAS(2) | SRT(5), &i));
	assert_int_equal(i.size, 4);
	assert_int_equal(i.reg, 5);
	assert_false(i.write || i.sign || i.wide);
	assert_true(vmmio_decode(LOAD | SAS(3) | SRT(31) | SF | WNR, &i));
	assert_int_equal(i.size, 8);
	assert_int_equal(i.reg, 31);
	assert_true(i.write && i.wide);
	assert_true(vmmio_decode(LOAD | SAS(0) | SSE | SRT(1), &i));
	assert_int_equal(i.size, 1);
	assert_true(i.sign);
	for (unsigned int level = 0; level < 4; level++)
		assert_true(vmmio_decode(ISV | (4 + level), &i));
}

static void not_to_emulate(void **state)
{
	struct vmmio_insn i;

	assert_false(vmmio_decode(LOAD & ~ISV, &i));
	assert_false(vmmio_decode(LOAD | FNV, &i));
	assert_false(vmmio_decode(LOAD | CM, &i));
	assert_false(vmmio_decode(LOAD | S1PTW, &i));
	/* Every other fault status: permission, access flag, external, alignment, ... */
	for (unsigned int dfsc = 0; dfsc < 64; dfsc++)
		assert_int_equal(vmmio_decode(ISV | dfsc, &i), dfsc >= 4 && dfsc <= 7);
}

static uint64_t extend(unsigned int size, bool sign, bool wide, uint64_t raw)
{
	return vmmio_extend(&(struct vmmio_insn) { .size = size, .sign = sign, .wide = wide }, raw);
}

static void extension(void **state)
{
	assert_int_equal(extend(1, false, false, 0xffffff80), 0x80);
	assert_int_equal(extend(1, true, false, 0x80), 0xffffff80);
	assert_int_equal(extend(1, true, true, 0x80), 0xffffffffffffff80);
	assert_int_equal(extend(1, true, true, 0x7f), 0x7f);
	assert_int_equal(extend(2, true, false, 0x8000), 0xffff8000);
	assert_int_equal(extend(2, true, true, 0x8000), 0xffffffffffff8000);
	assert_int_equal(extend(4, true, true, 0x80000000), 0xffffffff80000000);
	assert_int_equal(extend(4, false, false, 0xdeadbeef80000000), 0x80000000);
	assert_int_equal(extend(8, false, true, 0x8000000000000001), 0x8000000000000001);
}

/* ---- regions ---- */

static struct domain d;
static struct vcpu v = { .domain = &d };
static struct {
	void *ctx;
	struct vmmio_access a;
	uint64_t value;
	unsigned int calls;
} last;

static bool read(struct vcpu *who, void *ctx, struct vmmio_access a, uint64_t *value)
{
	assert_ptr_equal(who, &v);
	last.ctx = ctx;
	last.a = a;
	last.calls++;
	*value = 0x1122334455667788;
	return a.offset != 0x10;
}

static bool write(struct vcpu *who, void *ctx, struct vmmio_access a, uint64_t value)
{
	assert_ptr_equal(who, &v);
	last.ctx = ctx;
	last.a = a;
	last.value = value;
	last.calls++;
	return a.offset != 0x10;
}

static const struct vmmio_ops ops = { .read = read, .write = write };

static int add(uint64_t base, uint64_t size, void *ctx)
{
	return vmmio_register(
	        &d, &(struct vmmio_region) {
	                    .base = ipa_make(base), .size = size, .ops = &ops, .ctx = ctx });
}

static int teardown(void **state)
{
	if (d.vmmio)
		page_free(d.vmmio, page_order(sizeof(*d.vmmio)));
	d.vmmio = NULL;
	fake_page_budget = -1;
	memset(&last, 0, sizeof(last));
	return 0;
}

static void registering(void **state)
{
	fake_page_budget = 0;
	assert_int_equal(add(0x9000000, 0x1000, NULL), -ENOMEM);
	fake_page_budget = -1;
	assert_int_equal(add(0x9000000, 0x1000, NULL), 0);
	assert_int_equal(add(0x9000000, 0x1000, NULL), -EEXIST);
	assert_int_equal(add(0x8fff000, 0x1001, NULL), -EEXIST);
	assert_int_equal(add(0x9000fff, 1, NULL), -EEXIST);
	assert_int_equal(add(0x8000000, 0x2000000, NULL), -EEXIST);
	assert_int_equal(add(0x8fff000, 0x1000, NULL), 0);
	assert_int_equal(add(0x9001000, 0x1000, NULL), 0);
	for (unsigned int i = 3; i < VMMIO_MAX_REGIONS; i++)
		assert_int_equal(add((uint64_t)(VMMIO_MAX_REGIONS - i) << 12, 0x1000, NULL), 0);
	assert_int_equal(add(0x20000000, 0x1000, NULL), -ENOSPC);
	for (unsigned int i = 1; i < d.vmmio->count; i++)
		assert_true(d.vmmio->regions[i - 1].base.raw < d.vmmio->regions[i].base.raw);
}

static void finding(void **state)
{
	int one, two;
	uint64_t value = 0;

	assert_false(vmmio_read(&v, ipa_make(0x1000), 4, &value)); /* no table at all */
	assert_int_equal(add(0x3000, 0x1000, &two), 0);
	assert_int_equal(add(0x1000, 0x1000, &one), 0);

	assert_true(vmmio_read(&v, ipa_make(0x1ffc), 4, &value));
	assert_ptr_equal(last.ctx, &one);
	assert_int_equal(last.a.offset, 0xffc);
	assert_int_equal(last.a.size, 4);
	assert_true(vmmio_write(&v, ipa_make(0x3000), 2, 0xaabbccdd));
	assert_ptr_equal(last.ctx, &two);
	assert_int_equal(last.value, 0xccdd); /* only what was stored */
	assert_true(vmmio_write(&v, ipa_make(0x3008), 8, ~0ULL));
	assert_int_equal(last.value, ~0ULL);
	assert_false(vmmio_write(&v, ipa_make(0x3010), 4, 0)); /* refused */
	assert_false(vmmio_read(&v, ipa_make(0x3010), 4, &value));

	last.calls = 0;
	assert_false(vmmio_read(&v, ipa_make(0xffc), 4, &value));
	assert_false(vmmio_read(&v, ipa_make(0x2000), 4, &value));
	assert_false(vmmio_read(&v, ipa_make(0x4000), 1, &value));
	assert_false(vmmio_read(&v, ipa_make(~0ULL), 1, &value));
	assert_false(vmmio_read(&v, ipa_make(0x1002), 4, &value)); /* not aligned */
	assert_false(vmmio_write(&v, ipa_make(0x1ffc), 8, 0));
	assert_int_equal(last.calls, 0);
}

static void over_the_end(void **state)
{
	uint64_t value;

	assert_int_equal(add(0x1000, 0xffc, NULL), 0);
	assert_false(vmmio_read(&v, ipa_make(0x1ff8), 8, &value));
	assert_true(vmmio_read(&v, ipa_make(0x1ff8), 4, &value));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(decode),
		cmocka_unit_test(not_to_emulate),
		cmocka_unit_test(extension),
		cmocka_unit_test_teardown(registering, teardown),
		cmocka_unit_test_teardown(finding, teardown),
		cmocka_unit_test_teardown(over_the_end, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
