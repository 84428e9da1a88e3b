/* SPDX-License-Identifier: Apache-2.0 */
/* The virtual PL061: its registers by the manual (DDI 0190), its keys, and their timer. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include "abi/domu.h"
#include "core/timer.h"
#include "fake_cpu.h"
#include "lib/err.h"
#include "virt/vgic/vgic.h"
#include "virt/vgpio.h"
#include "virt/vmmio.h"

#define BASE   0x22020000
#define VINTID 34

#define DATA(mask) ((uint32_t)(mask) << 2)
#define DIR   0x400
#define IS    0x404
#define IBE   0x408
#define IEV   0x40c
#define IE    0x410
#define RIS   0x414
#define MIS   0x418
#define IC    0x41c
#define AFSEL 0x420

#define SLEEP BIT(DOMU_GPIO_SLEEP)
#define POWER BIT(DOMU_GPIO_POWER)
#define MS    1000000UL

static struct domain dom[2];
static struct vmmio_region region[2];
static bool line[2];
static int register_result;
static struct timer *armed;

int vmmio_register(struct domain *d, const struct vmmio_region *r)
{
	region[d - dom] = *r;
	return register_result;
}

void vgic_line(struct domain *d, unsigned int vcpu, uint32_t vintid, bool high)
{
	assert_int_equal(vcpu, 0);
	assert_int_equal(vintid, VINTID);
	line[d - dom] = high;
}

void timer_set(struct timer *t, uint64_t deadline)
{
	t->deadline = deadline;
	armed = t;
}

void timer_cancel(struct timer *t)
{
	armed = NULL;
}

static void pass(uint64_t ms)
{
	uint64_t end = fake_counter + ms * MS;

	while (armed && armed->deadline <= end) {
		struct timer *t = armed;

		fake_counter = t->deadline;
		armed = NULL;
		t->fn(t);
	}
	fake_counter = end;
	assert_int_equal(fake_locks_held, 0);
}

static uint32_t rd(uint32_t offset)
{
	uint64_t v = 0xdead;

	assert_true(region[0].ops->read(NULL, region[0].ctx,
	                                (struct vmmio_access) { .offset = offset, .size = 4 }, &v));
	assert_int_equal(fake_locks_held, 0);
	return (uint32_t)v;
}

static void wr(uint32_t offset, uint32_t v)
{
	assert_true(region[0].ops->write(NULL, region[0].ctx,
	                                 (struct vmmio_access) { .offset = offset, .size = 1 }, v));
	assert_int_equal(fake_locks_held, 0);
}

static int setup(void **state)
{
	fake_cpu_reset();
	fake_counter_step = 0;
	fake_counter = 5 * MS;
	register_result = 0;
	fake_page_budget = -1;
	for (unsigned int i = 0; i < 2; i++) {
		dom[i] = (struct domain) { .id = (uint16_t)(i + 1) };
		line[i] = false;
		assert_int_equal(vgpio_create(&dom[i], ipa_make(BASE), VINTID), 0);
	}
	return 0;
}

static int teardown(void **state)
{
	for (unsigned int i = 0; i < 2; i++) {
		vgpio_destroy(&dom[i]);
	}
	assert_int_equal(fake_pages_out, 0);
	return 0;
}

static void test_reset_values(void **state)
{
	static const uint8_t ids[] = { 0x61, 0x10, 0x04, 0x00, 0x0d, 0xf0, 0x05, 0xb1 };

	for (uint32_t offset = 0; offset < 0xfe0; offset += 4)
		assert_int_equal(rd(offset), 0);
	for (uint32_t i = 0; i < 8; i++)
		assert_int_equal(rd(0xfe0 + 4 * i), ids[i]);
	assert_false(line[0]);
}

/* 3.3.1: the address says which lines are read and written. */
static void test_data(void **state)
{
	wr(DIR, 0x0f);
	wr(DATA(0xff), 0xa5);
	assert_int_equal(rd(DATA(0xff)), 0x05); /* inputs aren't written */
	wr(DATA(0x01), 0xfe);
	assert_int_equal(rd(DATA(0xff)), 0x04);
	assert_int_equal(rd(DATA(0x03)), 0x00);
	wr(DIR, 0xff);
	assert_int_equal(rd(DATA(0xff)), 0x04); /* nor kept for later */
	wr(DIR, 0);
	assert_int_equal(rd(DATA(0xff)), 0);
	assert_int_equal(vgpio_press(&dom[0], DM_KEY_SLEEP), 0);
	assert_int_equal(rd(DATA(0xff)), SLEEP);
	assert_int_equal(rd(DATA(0xff & ~SLEEP)), 0);
	wr(DATA(0xff), 0); /* a key isn't undone by a write */
	assert_int_equal(rd(DATA(SLEEP)), SLEEP);
	wr(DIR, SLEEP);
	assert_int_equal(rd(DATA(SLEEP)), 0);
}

static void test_registers(void **state)
{
	static const uint32_t plain[] = { DIR, IS, IBE, IEV, IE, AFSEL };

	for (size_t i = 0; i < ARRAY_SIZE(plain); i++) {
		wr(plain[i], 0x5a);
		assert_int_equal(rd(plain[i]), 0x5a);
		wr(plain[i], 0);
	}
	wr(RIS, 0xff);
	wr(MIS, 0xff);
	wr(0xfe0, 0xff);
	wr(0x500, 0xff);
	assert_int_equal(rd(IC), 0);
	assert_int_equal(rd(0xfe0), 0x61);
}

static void test_odd_accesses(void **state)
{
	struct vmmio_access a = { .offset = DIR + 1, .size = 1 };
	uint64_t v = 0xdead;

	assert_true(region[0].ops->write(NULL, region[0].ctx, a, 0xff));
	assert_true(region[0].ops->read(NULL, region[0].ctx, a, &v));
	assert_int_equal(v, 0);
	assert_int_equal(rd(DIR), 0);
	a = (struct vmmio_access) { .offset = DIR, .size = 2 };
	assert_true(region[0].ops->write(NULL, region[0].ctx, a, 0xff12));
	assert_int_equal(rd(DIR), 0x12);
	a = (struct vmmio_access) { .offset = DIR, .size = 8 };
	assert_false(region[0].ops->write(NULL, region[0].ctx, a, 0));
	assert_false(region[0].ops->read(NULL, region[0].ctx, a, &v));
}

static void test_rising_edge(void **state)
{
	wr(IEV, SLEEP);
	wr(IE, SLEEP);
	assert_false(line[0]);
	vgpio_press(&dom[0], DM_KEY_SLEEP);
	assert_true(line[0]);
	assert_false(line[1]);
	assert_int_equal(rd(RIS), SLEEP);
	assert_int_equal(rd(MIS), SLEEP);
	wr(IE, 0);
	assert_false(line[0]);
	assert_int_equal(rd(RIS), SLEEP);
	assert_int_equal(rd(MIS), 0);
	wr(IE, SLEEP);
	wr(IC, POWER);
	assert_true(line[0]);
	wr(IC, SLEEP);
	assert_false(line[0]);
	pass(10000); /* let go: not the edge that was wanted */
	assert_int_equal(rd(DATA(0xff)), 0);
	assert_false(line[0]);
}

static void test_falling_and_both_edges(void **state)
{
	wr(IE, 0xff);
	vgpio_press(&dom[0], DM_KEY_POWER);
	assert_false(line[0]);
	pass(10000);
	assert_int_equal(rd(MIS), POWER);
	wr(IC, 0xff);
	wr(IBE, POWER);
	vgpio_press(&dom[0], DM_KEY_POWER);
	assert_int_equal(rd(MIS), POWER);
	wr(IC, 0xff);
	assert_false(line[0]);
	pass(10000);
	assert_true(line[0]);
}

static void test_levels(void **state)
{
	wr(IS, 0xff);
	wr(IEV, SLEEP | POWER);
	wr(IE, SLEEP);
	assert_false(line[0]);
	vgpio_press(&dom[0], DM_KEY_SLEEP);
	assert_true(line[0]);
	wr(IC, 0xff);
	assert_true(line[0]); /* the level is still there */
	pass(10000);
	assert_false(line[0]);
	assert_int_equal(rd(RIS), (uint8_t)~(SLEEP | POWER)); /* low, and wanted low */
	wr(IEV, POWER);
	assert_true(line[0]);
}

/* A driver that makes an input of its output sees the line as it is. */
static void test_direction_makes_an_edge(void **state)
{
	wr(IEV, SLEEP);
	wr(DIR, SLEEP);
	vgpio_press(&dom[0], DM_KEY_SLEEP);
	assert_int_equal(rd(RIS), 0);
	wr(DIR, 0);
	assert_int_equal(rd(RIS), SLEEP);
}

static void test_keys(void **state)
{
	wr(IBE, 0xff);
	wr(IE, 0xff);
	assert_int_equal(vgpio_press(&dom[0], DM_KEY_SLEEP), 0);
	pass(50);
	assert_int_equal(vgpio_press(&dom[0], DM_KEY_POWER), 0);
	assert_int_equal(vgpio_press(&dom[1], DM_KEY_RESTART), 0);
	pass(4999); /* they are not looked at */
	assert_int_equal(rd(MIS), SLEEP | POWER);
	wr(IC, 0xff);
	assert_int_equal(rd(DATA(0xff)), SLEEP | POWER); /* now they are, at the last moment */
	pass(9);
	assert_int_equal(rd(DATA(0xff)), SLEEP | POWER);
	assert_false(line[0]);
	pass(1);
	assert_true(line[0]);
	assert_int_equal(rd(DATA(0xff)), 0);
	assert_null(armed);
	/* Looking at other lines isn't seeing it, high or low. */
	assert_int_equal(vgpio_press(&dom[0], DM_KEY_SLEEP), 0);
	rd(DATA(POWER));
	wr(DIR, 1);
	wr(DATA(1), 1);
	assert_int_equal(rd(DATA(1)), 1);
	pass(4999);
	assert_int_equal(rd(DATA(POWER)), 0);
	assert_non_null(armed);
	pass(1);
	assert_null(armed);
	assert_int_equal(vgpio_press(&dom[0], DM_NR_KEYS), -EOPNOTSUPP);
	assert_int_equal(vgpio_press(&(struct domain) { .id = 9 }, DM_KEY_SLEEP), -EOPNOTSUPP);
}

/* Gone while its key is down: the timer finds the other one's only. */
static void test_destroyed_while_down(void **state)
{
	vgpio_press(&dom[0], DM_KEY_SLEEP);
	pass(10);
	vgpio_press(&dom[1], DM_KEY_SLEEP);
	vgpio_destroy(&dom[0]);
	assert_null(dom[0].vgpio);
	pass(10000);
	assert_null(armed);
}

static void test_no_memory(void **state)
{
	struct domain d = { .id = 3 };

	fake_page_budget = 0;
	assert_int_equal(vgpio_create(&d, ipa_make(BASE), VINTID), -ENOMEM);
	assert_null(d.vgpio);
	vgpio_destroy(&d);
}

int main(void)
{
#define TEST(fn) cmocka_unit_test_setup_teardown(fn, setup, teardown)
	const struct CMUnitTest tests[] = {
		TEST(test_reset_values),
		TEST(test_data),
		TEST(test_registers),
		TEST(test_odd_accesses),
		TEST(test_rising_edge),
		TEST(test_falling_and_both_edges),
		TEST(test_levels),
		TEST(test_direction_makes_an_edge),
		TEST(test_keys),
		TEST(test_destroyed_while_down),
		TEST(test_no_memory),
	};

	return cmocka_run_group_tests_name("vgpio", tests, NULL, NULL);
}
