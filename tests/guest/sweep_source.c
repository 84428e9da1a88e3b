/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The PL031's alarm at a known tick. QEMU's model raises it a whole number of seconds after RTCMR is
 * written, whatever the phase of its counter is. The guest's write traps, and Dormouse's own write of the
 * real register follows as many instructions later each time: that distance is measured first.
 *
 * It is then made so that the real write comes just after the counter's turn of second n, for second n + 1:
 * Dormouse, which compares seconds, and the model agree about when the alarm is due.
 */
#include "sweep.h"

#include "gic.h"
#include "platform.h"
#include "print.h"
#include "smp.h"
#include "tap.h"
#include "timer.h"

#define RTC_DR   0x00
#define RTC_MR   0x04
#define RTC_CR   0x0c
#define RTC_IMSC 0x10
#define RTC_ICR  0x1c

#define SECOND	     1000000000ul /* ticks: -icount's machine has CNTFRQ = 1 GHz */
#define AFTER_TURN   32           /* ticks from the second's turn to the real write */
#define MEASUREMENTS 4

volatile uint32_t taken;
static struct source rtc_level, rtc_edge;
static int64_t write_delay; /* from the guest's write to the real one */

void sleep_until(uint64_t when)
{
	sysreg_write(cntv_cval_el0, when);
	sysreg_write(cntv_ctl_el0, CTL_ENABLE);
	while ((int64_t)(count_phys() - when) < 0) {
		wfi();
		irq_enable();
		irq_disable();
	}
	sysreg_write(cntv_ctl_el0, 0);
}

void rtc_quiet(void)
{
	write32(plat.rtc + RTC_IMSC, 0);
	write32(plat.rtc + RTC_ICR, 1);
}

/* Lets the real write come `after` ticks behind the next turn of a second; when the alarm will be raised. */
static uint64_t rtc_arm_at(int64_t after)
{
	uint64_t turn = (count_phys() / SECOND + 1) * SECOND;
	uint32_t now;

	if (turn - count_phys() < 2 * AHEAD)
		turn += SECOND;
	rtc_quiet();
	write32(plat.rtc + RTC_IMSC, 1);
	sleep_until(turn - AHEAD);
	now = read32(plat.rtc + RTC_DR);
	if (!spin_until(turn + (uint64_t)(after - write_delay)))
		return 0;
	write32(plat.rtc + RTC_MR, now + 2);
	return turn + SECOND + (uint64_t)after;
}

static uint64_t rtc_arm(void)
{
	return rtc_arm_at(AFTER_TURN);
}

/* With write_delay = 0: by how much the interrupt comes later than it says. */
static int64_t measure(void)
{
	uint32_t before = taken;
	volatile uint32_t *flag = &taken;
	uint64_t due = rtc_arm_at(AHEAD / 2), came;

	if (!due)
		return 0;
	sleep_until(due - AHEAD);
	taken = 0;
	irq_enable();
	came = watch(flag, due + SECOND);
	irq_disable();
	taken += before;
	return came ? (int64_t)(came - due) : 0;
}

static bool rtc_prepare(void)
{
	int64_t first = 0;

	if (!plat.rtc || sysreg_read(cntfrq_el0) != SECOND)
		return false;
	write32(plat.rtc + RTC_CR, 1);
	write_delay = 0;
	for (unsigned int i = 0; i < MEASUREMENTS; i++) {
		int64_t delay = measure();

		print("delay %ld\n", delay);
		if (delay <= 0 || delay > AHEAD)
			return false;
		first = i ? first : delay;
	}
	write_delay = first;
	return true;
}

static bool rtc_prepare_edge(void)
{
	gic_set_edge(plat.rtc_intid, true);
	return rtc_prepare();
}

static struct source rtc_level = {
	.name = "level", .prepare = rtc_prepare, .arm = rtc_arm, .quiet = rtc_quiet
};
static struct source rtc_edge = {
	.name = "edge", .prepare = rtc_prepare_edge, .arm = rtc_arm, .quiet = rtc_quiet
};

/* --- the key ------------------------------------------------------------------------------- */

#define GPIO_IS   0x404
#define GPIO_IBE  0x408
#define GPIO_IEV  0x40c
#define GPIO_IE   0x410
#define GPIO_IC   0x41c

#define KEY_LINE 8u         /* the power key's */
#define KEY_HELD 100ul      /* milliseconds that QEMU holds it, as its clock of milliseconds has it */
#define MS	 1000000ul

static volatile bool pressed;

static void key_bit(unsigned int reg, bool on)
{
	uint32_t v = read32(plat.gpio + reg);

	write32(plat.gpio + reg, on ? v | KEY_LINE : v & ~KEY_LINE);
}

static void key_quiet(void)
{
	pressed = true;
	write32(plat.gpio + GPIO_IC, KEY_LINE);
}

static bool key_prepare(void)
{
	if (!plat.gpio)
		return false;
	gic_set_edge(plat.gpio_intid, true);
	key_bit(GPIO_IS, false);
	key_bit(GPIO_IEV, false);
	return true;
}

/* The rig presses it when it is told to; the release is the edge that counts. An alarm ends a sleep without one. */
static uint64_t key_arm(void)
{
	uint32_t before = taken;
	uint64_t due;

	pressed = false;
	key_bit(GPIO_IBE, true);
	key_quiet();
	pressed = false;
	key_bit(GPIO_IE, true);
	print("press\n");
	while (!pressed) {
		wfi();
		irq_enable();
		irq_disable();
	}
	due = (count_phys() / MS + KEY_HELD) * MS;
	key_bit(GPIO_IBE, false);
	taken = before;
	rtc_quiet();
	write32(plat.rtc + RTC_IMSC, 1);
	write32(plat.rtc + RTC_MR, read32(plat.rtc + RTC_DR) + 2);
	return due;
}

static struct source key = {
	.name = "key", .prepare = key_prepare, .arm = key_arm, .quiet = key_quiet
};

struct source *source_find(int64_t number)
{
	struct source *const all[] = { [LEVEL] = &rtc_level, [EDGE] = &rtc_edge, [KEY] = &key };

	if (number < 0 || number >= (int64_t)ARRAY_SIZE(all))
		return 0;
	rtc_level.intid = rtc_edge.intid = plat.rtc_intid;
	key.intid = plat.gpio_intid;
	return all[number];
}
