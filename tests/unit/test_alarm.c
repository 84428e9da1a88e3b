/* SPDX-License-Identifier: Apache-2.0 */
/* The alarm queue on a register model of the PL031: order, wrap-around, what is past, sleep. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>
#include <cmocka.h>
#include "arch/counter.h"
#include "core/alarm.h"
#include "core/domain.h"
#include "core/irq.h"
#include "dev/gic/gic.h"
#include "dev/rtc/pl031.h"
#include "fake_cpu.h"
#include "fake_mmio.h"
#include "lib/err.h"

#define BASE  0x09010000
#define INTID 34

/* DDI 0224: the status latches when the counter comes to the match, masked or not. */
static struct {
	uint32_t now, match, imsc, ris, cr;
	uint32_t id;
	/* The next so many reads of the counter move it on. */
	unsigned int ticking;
} rtc;
static bool pending; /* in the GIC, by hand */
static bool wake, enabled;
static irq_handler_fn *handler;

static void tick(void)
{
	rtc.now++;
	if (rtc.now == rtc.match)
		rtc.ris = 1;
}

static uint64_t rtc_read(void *ctx, uint64_t offset, unsigned int size)
{
	uint32_t v;

	assert_int_equal(size, 4);
	switch (offset) {
	case 0x00:
		v = rtc.now;
		if (rtc.ticking) {
			rtc.ticking--;
			tick();
		}
		return v;
	case 0x0c:
		return rtc.cr;
	case 0x18:
		return rtc.ris & rtc.imsc;
	case 0xfe0:
	case 0xfe4:
	case 0xfe8:
	case 0xfec:
		return (rtc.id >> (offset - 0xfe0) * 2) & 0xff;
	}
	fail_msg("read of 0x%x", (unsigned int)offset);
	return 0;
}

static void rtc_write(void *ctx, uint64_t offset, unsigned int size, uint64_t v)
{
	assert_int_equal(size, 4);
	switch (offset) {
	case 0x04:
		rtc.match = (uint32_t)v;
		return;
	case 0x0c:
		rtc.cr |= v & 1;
		return;
	case 0x10:
		rtc.imsc = v & 1;
		return;
	case 0x1c:
		rtc.ris &= ~v;
		return;
	}
	fail_msg("write of 0x%x", (unsigned int)offset);
}

int irq_request(uint32_t intid, const char *name, irq_handler_fn *fn, void *ctx)
{
	assert_int_equal(intid, INTID);
	assert_string_equal(name, "rtc");
	handler = fn;
	return 0;
}

void irq_enable(uint32_t intid)
{
	assert_int_equal(intid, INTID);
	enabled = true;
}

void irq_set_wake(uint32_t intid, bool on)
{
	assert_int_equal(intid, INTID);
	wake = on;
}

static void set_pending(uint32_t intid, bool on)
{
	assert_int_equal(intid, INTID);
	pending = on;
}

static const struct gic_ops ops = { .set_pending = set_pending };
const struct gic_ops *gic = &ops;

/* Takes the interrupt if it is there. */
static void interrupt(void)
{
	if (!enabled || !(pending || (rtc.ris & rtc.imsc)))
		return;
	pending = false;
	handler(INTID, NULL);
	assert_int_equal(rtc.ris & rtc.imsc, 0); /* a level: quiet when the handler is back */
}

static void seconds(unsigned int n)
{
	while (n--) {
		tick();
		interrupt();
	}
}

#define N 5
static struct alarm alarm[N];
static char fired[64];
static uint32_t fired_at[N];
static uint32_t again; /* the function sets its alarm for so many seconds later */

static void fire(struct alarm *a)
{
	char word[2] = { (char)('0' + (a - alarm)), 0 };

	assert_int_equal(fake_locks_held, 0);
	assert_false(a->armed);
	strcat(fired, word);
	fired_at[a - alarm] = rtc.now;
	if (again)
		alarm_set(a, rtc.now + again);
}

static struct domain owners[N];

static int setup(void **state)
{
	fake_mmio_reset();
	fake_mmio_map(BASE, 0x1000, rtc_read, rtc_write, NULL);
	memset(&rtc, 0, sizeof(rtc));
	rtc.now = 1000;
	rtc.id = 0x00141031;
	rtc.match = 77;
	rtc.imsc = rtc.ris = 1; /* somebody's alarm from before us */
	pending = false;
	fired[0] = '\0';
	again = 0;
	for (unsigned int i = 0; i < N; i++) {
		alarm_cancel(&alarm[i]);
		alarm_setup(&alarm[i], &owners[i], fire);
	}
	assert_int_equal(pl031_init(pa_make(BASE)), 0);
	assert_int_equal(alarm_init(INTID), 0);
	assert_int_equal(rtc.cr, 1);
	assert_int_equal(rtc.imsc | rtc.ris, 0);
	return 0;
}

static void test_without_rtc(void **state)
{
	fake_mmio_reset();
	fake_mmio_map(BASE, 0x1000, rtc_read, rtc_write, NULL);
	rtc.id = 0x00041011; /* a PL011 */
	assert_int_equal(pl031_init(pa_make(BASE)), -ENODEV);
	assert_false(pl031_present());
	assert_int_equal(alarm_init(INTID), 0);
	assert_int_equal(alarm_intid(), 0);
	assert_false(alarm_raised());
	fake_counter = 5 * counter_hz();
	assert_int_equal(alarm_now(), 5);
	alarm_setup(&alarm[0], NULL, fire);
	alarm_set(&alarm[0], 6);
	assert_true(alarm[0].armed);
	assert_int_equal(alarm_suspend(), 0);
	assert_int_equal(alarm_resume(), 0);
	alarm_cancel(&alarm[0]);
	assert_string_equal(fired, "");
}

static void test_order(void **state)
{
	assert_null(alarm_next_owner());
	alarm_set(&alarm[0], 1030);
	assert_true(wake);
	alarm_set(&alarm[1], 1010);
	alarm_set(&alarm[2], 1020);
	alarm_set(&alarm[3], 1010); /* the same second: first come, first served */
	assert_int_equal(rtc.match, 1010);
	assert_ptr_equal(alarm_next_owner(), &owners[1]);
	seconds(9);
	assert_string_equal(fired, "");
	seconds(1);
	assert_string_equal(fired, "13");
	assert_int_equal(rtc.match, 1020);
	alarm_set(&alarm[0], 1015); /* sooner than it was */
	assert_int_equal(rtc.match, 1015);
	alarm_cancel(&alarm[0]);
	alarm_cancel(&alarm[0]);
	assert_int_equal(rtc.match, 1020);
	seconds(30);
	assert_string_equal(fired, "132");
	assert_false(wake);
	assert_int_equal(rtc.imsc, 0);
}

/* A domain that is down waits for nothing, and the others' alarms stay. */
static void test_cancel_all(void **state)
{
	for (unsigned int i = 0; i < 4; i++) {
		alarm[i].owner = &owners[i / 2];
		alarm_set(&alarm[i], 1010 + i);
	}
	alarm_cancel_all(&owners[0]);
	alarm_cancel_all(&owners[3]);
	assert_false(alarm[0].armed || alarm[1].armed);
	assert_int_equal(rtc.match, 1012);
	assert_ptr_equal(alarm_next_owner(), &owners[1]);
	alarm_cancel_all(&owners[1]);
	assert_false(wake);
	seconds(30);
	assert_string_equal(fired, "");
}

static void test_past_fires_at_once(void **state)
{
	alarm_set(&alarm[0], 1000);
	assert_string_equal(fired, ""); /* not from within */
	interrupt();
	assert_string_equal(fired, "0");
	alarm_set(&alarm[1], 1);
	alarm_set(&alarm[2], 999);
	assert_ptr_equal(alarm_next_owner(), &owners[1]);
	interrupt();
	assert_string_equal(fired, "012");
	assert_false(pending);
}

/* The second turns between the look at the clock and the comparator's being set, or just after. */
static void test_turning_second(void **state)
{
	for (unsigned int ticks = 0; ticks < 6; ticks++) {
		setup(state);
		rtc.ticking = ticks;
		alarm_set(&alarm[0], 1001);
		rtc.ticking = 0;
		interrupt();
		if (rtc.now < 1001)
			seconds(1);
		assert_string_equal(fired, "0");
	}
}

static void test_wrap(void **state)
{
	rtc.now = 0xfffffff0;
	alarm_set(&alarm[0], 5);
	alarm_set(&alarm[1], 0xfffffffe);
	alarm_set(&alarm[2], 0);
	assert_int_equal(rtc.match, 0xfffffffe);
	seconds(0x0e);
	assert_string_equal(fired, "1");
	seconds(2);
	assert_string_equal(fired, "12");
	seconds(5);
	assert_string_equal(fired, "120");
	assert_int_equal(fired_at[0], 5);
	/* The nearer way round: half the clock ahead is the future, more is the past. */
	alarm_set(&alarm[3], 5 + 0x7fffffffu);
	interrupt();
	assert_string_equal(fired, "120");
	alarm_set(&alarm[4], 5 + 0x80000001u);
	interrupt();
	assert_string_equal(fired, "1204");
}

static void test_sets_itself_again(void **state)
{
	again = 2;
	alarm_set(&alarm[0], 1001);
	seconds(7);
	assert_string_equal(fired, "0000");
	again = 0;
	seconds(2);
	assert_string_equal(fired, "00000");
	assert_false(wake);
}

/* Nothing on the way down clears what has been raised: the last look must see it. */
static void test_suspend_while_raised(void **state)
{
	alarm_set(&alarm[0], 1001);
	tick();
	assert_true(alarm_raised());
	assert_int_equal(alarm_suspend(), 0);
	assert_true(alarm_raised());
	assert_int_equal(alarm_resume(), 0);
	interrupt();
	assert_string_equal(fired, "0");
}

/* Due, but known by the pending bit alone, which a reset would lose: the RTC itself says so, soon.
 */
static void test_suspend_while_due(void **state)
{
	for (unsigned int ticks = 0; ticks < 4; ticks++) {
		setup(state);
		alarm_set(&alarm[0], 990);
		assert_true(pending);
		rtc.ticking = ticks;
		assert_int_equal(alarm_suspend(), 0);
		rtc.ticking = 0;
		pending = false;
		if (!alarm_raised())
			tick();
		assert_true(alarm_raised());
		assert_ptr_equal(alarm_next_owner(), &owners[0]);
		assert_int_equal(alarm_resume(), 0);
		interrupt();
		assert_string_equal(fired, "0");
	}
}

static unsigned int imsc_writes;

static void watch(bool write, uintptr_t addr, unsigned int size, uint64_t v)
{
	imsc_writes += write && addr == BASE + 0x10;
}

/* The clock's registers are lost, or kept; awake or not, the alarm comes. */
static void test_sleep(void **state)
{
	for (unsigned int lost = 0; lost < 2; lost++) {
		for (unsigned int slept = 5; slept < 15; slept++) {
			setup(state);
			alarm_set(&alarm[0], 1010);
			assert_int_equal(alarm_suspend(), 0);
			for (unsigned int i = 0; i < slept; i++)
				tick();
			assert_int_equal(alarm_raised(), slept >= 10);
			if (lost)
				rtc.match = rtc.imsc = rtc.ris = rtc.cr = 0;
			imsc_writes = 0;
			fake_mmio_watch(watch);
			assert_int_equal(alarm_resume(), 0);
			assert_true(imsc_writes);
			interrupt();
			seconds(10);
			assert_string_equal(fired, "0");
			assert_int_equal(rtc.cr, 1);
		}
	}
}

/* One that may not wake the machine comes when something else has. */
static void test_switched_off(void **state)
{
	owners[0].wake_off = WAKE_ALARM;
	alarm_set(&alarm[0], 1005);
	alarm_set(&alarm[1], 1010);
	assert_ptr_equal(alarm_next_owner(), &owners[1]);
	assert_int_equal(alarm_suspend(), 0);
	for (unsigned int i = 0; i < 8; i++)
		tick();
	assert_false(alarm_raised());
	assert_true(wake);
	tick();
	tick();
	assert_true(alarm_raised());
	assert_ptr_equal(alarm_next_owner(), &owners[1]);
	assert_int_equal(alarm_resume(), 0);
	interrupt();
	assert_string_equal(fired, "01");

	/* Already raised when the machine goes, or pending by hand: neither is a wake-up. */
	for (unsigned int by_hand = 0; by_hand < 2; by_hand++) {
		setup(state);
		owners[0].wake_off = WAKE_ALARM;
		alarm_set(&alarm[0], by_hand ? 990 : 1001);
		tick();
		assert_true(pending || alarm_raised());
		assert_int_equal(alarm_suspend(), 0);
		assert_false(alarm_raised());
		assert_false(pending);
		assert_false(wake);
		assert_null(alarm_next_owner());
		tick();
		assert_false(alarm_raised());
		assert_int_equal(alarm_resume(), 0);
		interrupt();
		assert_string_equal(fired, "0");
		assert_false(wake);
	}
	/* One that may, due at the same time: it does. */
	setup(state);
	owners[0].wake_off = WAKE_ALARM;
	alarm_set(&alarm[0], 1001);
	alarm_set(&alarm[1], 1001);
	tick();
	assert_int_equal(alarm_suspend(), 0);
	if (!alarm_raised())
		tick();
	assert_true(alarm_raised());
	assert_ptr_equal(alarm_next_owner(), &owners[1]);
	assert_int_equal(alarm_resume(), 0);
	interrupt();
	assert_string_equal(fired, "01");
	owners[0].wake_off = 0;
}

int main(void)
{
#define TEST(fn) cmocka_unit_test_setup(fn, setup)
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_without_rtc), /* first: the queue has no RTC yet */
		TEST(test_order),
		TEST(test_cancel_all),
		TEST(test_past_fires_at_once),
		TEST(test_turning_second),
		TEST(test_wrap),
		TEST(test_sets_itself_again),
		TEST(test_suspend_while_raised),
		TEST(test_suspend_while_due),
		TEST(test_sleep),
		TEST(test_switched_off),
	};

	return cmocka_run_group_tests_name("alarm", tests, NULL, NULL);
}
