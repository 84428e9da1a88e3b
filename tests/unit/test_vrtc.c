/* SPDX-License-Identifier: Apache-2.0 */
/* The virtual PL031's registers, its line and when it has an alarm in the queue. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>
#include <cmocka.h>
#include "core/alarm.h"
#include "fake_cpu.h"
#include "lib/err.h"
#include "mm/page.h"
#include "virt/vgic/vgic.h"
#include "virt/vmmio.h"
#include "virt/vrtc.h"

#define BASE   0x09010000
#define VINTID 34

#define DR   0x00
#define MR   0x04
#define LR   0x08
#define CR   0x0c
#define IMSC 0x10
#define RIS  0x14
#define MIS  0x18
#define ICR  0x1c

static struct domain dom;
static struct vmmio_region region;
static int register_result;
static uint32_t clock_now;
static struct alarm *queued; /* the one alarm that there is, if it is set */
static bool line;

int vmmio_register(struct domain *d, const struct vmmio_region *r)
{
	assert_ptr_equal(d, &dom);
	region = *r;
	return register_result;
}

void vgic_line(struct domain *d, unsigned int vcpu, uint32_t vintid, bool high)
{
	assert_ptr_equal(d, &dom);
	assert_int_equal(vcpu, 0);
	assert_int_equal(vintid, VINTID);
	line = high;
}

uint32_t alarm_now(void)
{
	return clock_now;
}

void alarm_setup(struct alarm *a, struct domain *owner, alarm_fn *fn)
{
	assert_ptr_equal(owner, &dom);
	a->fn = fn;
}

void alarm_set(struct alarm *a, uint32_t when)
{
	a->when = when;
	queued = a;
}

void alarm_cancel(struct alarm *a)
{
	queued = NULL;
}

static void seconds(unsigned int n)
{
	while (n--) {
		clock_now++;
		if (queued && queued->when == clock_now) {
			struct alarm *a = queued;

			queued = NULL;
			a->fn(a);
		}
	}
}

static uint32_t rd(uint32_t offset)
{
	uint64_t v = 0xdead;

	assert_true(region.ops->read(NULL, region.ctx,
	                             (struct vmmio_access) { .offset = offset, .size = 4 }, &v));
	assert_int_equal(v >> 32, 0);
	assert_int_equal(fake_locks_held, 0);
	return (uint32_t)v;
}

static void wr(uint32_t offset, uint32_t v)
{
	assert_true(region.ops->write(NULL, region.ctx,
	                              (struct vmmio_access) { .offset = offset, .size = 4 }, v));
	assert_int_equal(fake_locks_held, 0);
}

static int setup(void **state)
{
	clock_now = 1000;
	queued = NULL;
	line = false;
	register_result = 0;
	fake_page_budget = -1;
	return vrtc_create(&dom, ipa_make(BASE), VINTID);
}

static int teardown(void **state)
{
	page_free(dom.vrtc, 0);
	dom.vrtc = NULL;
	return fake_pages_out != 0;
}

static void test_create(void **state)
{
	struct vrtc *r = dom.vrtc;

	assert_int_equal(region.base.raw, BASE);
	assert_int_equal(region.size, 0x1000);
	fake_page_budget = 0;
	assert_int_equal(vrtc_create(&dom, ipa_make(BASE), VINTID), -ENOMEM);
	fake_page_budget = -1;
	register_result = -EEXIST;
	assert_int_equal(vrtc_create(&dom, ipa_make(BASE), VINTID), -EEXIST);
	assert_ptr_equal(dom.vrtc, r);
}

/* What a driver matches the device by. */
static void test_ids(void **state)
{
	uint32_t pid = 0, cid = 0;

	for (unsigned int i = 0; i < 4; i++) {
		pid |= rd(0xfe0 + 4 * i) << 8 * i;
		cid |= rd(0xff0 + 4 * i) << 8 * i;
	}
	assert_int_equal(pid, 0x00041031);
	assert_int_equal(cid, 0xb105f00d);
}

static void test_reset_values(void **state)
{
	assert_int_equal(rd(DR), 1000);
	assert_int_equal(rd(MR), 0);
	assert_int_equal(rd(LR), 0);
	assert_int_equal(rd(CR), 1);
	assert_int_equal(rd(IMSC), 0);
	assert_int_equal(rd(RIS), 0);
	assert_int_equal(rd(MIS), 0);
	assert_int_equal(rd(ICR), 0); /* write-only */
	assert_null(queued);
}

/* Holes read as zero and ignore writes; read-only registers keep what they are. */
static void test_every_offset(void **state)
{
	for (uint32_t offset = 0x20; offset < 0x1000; offset += 4) {
		uint32_t was = rd(offset);

		if (offset < 0xfe0)
			assert_int_equal(was, 0);
		wr(offset, 0xffffffff);
		assert_int_equal(rd(offset), was);
	}
	wr(DR, 5);
	wr(RIS, 1);
	wr(MIS, 1);
	wr(CR, 0); /* can't be turned off */
	test_reset_values(state);
}

static void test_access_sizes(void **state)
{
	static const unsigned int sizes[] = { 1, 2, 8 };

	for (size_t i = 0; i < ARRAY_SIZE(sizes); i++) {
		struct vmmio_access a = { .offset = MR, .size = sizes[i] };
		uint64_t v;

		assert_false(region.ops->read(NULL, region.ctx, a, &v));
		assert_false(region.ops->write(NULL, region.ctx, a, 1));
	}
	assert_int_equal(rd(MR), 0);
}

static void test_own_date(void **state)
{
	wr(LR, 5000000);
	assert_int_equal(rd(LR), 5000000);
	assert_int_equal(rd(DR), 5000000);
	seconds(7);
	assert_int_equal(rd(DR), 5000007);
	/* The alarm is asked for in the machine's seconds. */
	wr(MR, 5000010);
	wr(IMSC, 1);
	assert_int_equal(queued->when, 1010);
	/* Set back, the alarm moves with it. */
	wr(LR, 4999910);
	assert_int_equal(queued->when, 1107);
	/* Set forward beyond the match: it has come. */
	assert_false(line);
	wr(LR, 6000000);
	assert_true(line);
}

static void test_alarm(void **state)
{
	wr(MR, 1010);
	assert_null(queued); /* not wanted, so it wakes nobody */
	wr(IMSC, 1);
	assert_non_null(queued);
	seconds(9);
	assert_false(line);
	assert_int_equal(rd(RIS), 0);
	seconds(1);
	assert_true(line);
	assert_int_equal(rd(RIS), 1);
	assert_int_equal(rd(MIS), 1);
	assert_null(queued);
	wr(IMSC, 0);
	assert_false(line);
	assert_int_equal(rd(RIS), 1);
	assert_int_equal(rd(MIS), 0);
	wr(IMSC, 1);
	assert_true(line);
	wr(ICR, 0);
	assert_true(line);
	wr(ICR, 1);
	assert_false(line);
	assert_int_equal(rd(RIS), 0);
	seconds(100);
	assert_false(line);
}

/* Nobody wanted it, but the status is there for who looks, and for who unmasks it later. */
static void test_masked_match(void **state)
{
	wr(MR, 1010);
	seconds(9);
	assert_int_equal(rd(RIS), 0);
	seconds(1);
	assert_int_equal(rd(RIS), 1);
	assert_int_equal(rd(MIS), 0);
	wr(ICR, 1);
	wr(MR, 1020);
	seconds(50);
	assert_false(line);
	wr(IMSC, 1);
	assert_true(line);
}

/* Linux writes the match, then unmasks; the second may have turned. */
static void test_match_now_or_past(void **state)
{
	wr(IMSC, 1);
	wr(MR, 1000);
	assert_true(line);
	wr(ICR, 1);
	wr(MR, 999);
	assert_true(line);
	/* A new match doesn't take the status of the old one away. */
	wr(MR, 2000);
	assert_true(line);
	wr(ICR, 1);
	assert_false(line);
	assert_int_equal(queued->when, 2000);
}

static void test_masking_takes_the_alarm_back(void **state)
{
	wr(MR, 1010);
	wr(IMSC, 1);
	assert_non_null(queued);
	wr(IMSC, 0xfffffffe);
	assert_null(queued);
	assert_int_equal(rd(IMSC), 0);
}

static void test_wrap(void **state)
{
	clock_now = 0xfffffff0;
	wr(MR, 3);
	wr(IMSC, 1);
	assert_false(line);
	seconds(0x12);
	assert_false(line);
	seconds(1);
	assert_true(line);
	assert_int_equal(rd(DR), 3);
}

int main(void)
{
#define TEST(fn) cmocka_unit_test_setup_teardown(fn, setup, teardown)
	const struct CMUnitTest tests[] = {
		TEST(test_create),
		TEST(test_ids),
		TEST(test_reset_values),
		TEST(test_every_offset),
		TEST(test_access_sizes),
		TEST(test_own_date),
		TEST(test_alarm),
		TEST(test_masked_match),
		TEST(test_match_now_or_past),
		TEST(test_masking_takes_the_alarm_back),
		TEST(test_wrap),
	};

	return cmocka_run_group_tests_name("vrtc", tests, NULL, NULL);
}
