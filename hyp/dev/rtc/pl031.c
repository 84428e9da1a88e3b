/* SPDX-License-Identifier: Apache-2.0 */
#include "dev/rtc/pl031.h"

#include "arch/mmio.h"
#include "lib/err.h"

/* Registers, DDI 0224 table 3-1. */
#define RTCDR        0x00 /* the counter, seconds */
#define RTCMR        0x04 /* match */
#define RTCCR        0x0c /* bit 0: runs */
#define RTCIMSC      0x10 /* bit 0: interrupt wanted */
#define RTCMIS       0x18
#define RTCICR       0x1c
#define RTCPERIPHID0 0xfe0

#define RTC_BIT 1u /* the only bit of CR, IMSC, RIS, MIS and ICR */

/* RTCPeriphID0-3, one byte each: part number 0x031, designer Arm; the revision is left out (3.3.9).
 */
#define PERIPH_ID      0x00041031u
#define PERIPH_ID_MASK 0x000fffffu

static struct {
	uintptr_t base; /* 0: none */
	uint32_t match;
	bool armed;
} rtc;

static uint32_t rd(uint32_t offset)
{
	return mmio_read32(rtc.base + offset);
}

static void wr(uint32_t offset, uint32_t v)
{
	mmio_write32(rtc.base + offset, v);
}

static void start(void)
{
	if (!(rd(RTCCR) & RTC_BIT))
		wr(RTCCR, RTC_BIT);
}

int pl031_init(paddr_t base)
{
	uint32_t id = 0;

	rtc.base = base.raw;
	for (unsigned int i = 0; i < 4; i++)
		id |= (rd(RTCPERIPHID0 + 4 * i) & 0xff) << (8 * i);
	if ((id & PERIPH_ID_MASK) != PERIPH_ID) {
		rtc.base = 0;
		return -ENODEV;
	}
	start();
	pl031_disarm();
	return 0;
}

bool pl031_present(void)
{
	return rtc.base;
}

uint32_t pl031_seconds(void)
{
	return rd(RTCDR);
}

void pl031_arm(uint32_t seconds)
{
	/* Off meanwhile, and what an earlier match has latched cleared: it isn't this one's. */
	wr(RTCIMSC, 0);
	wr(RTCMR, seconds);
	wr(RTCICR, RTC_BIT);
	wr(RTCIMSC, RTC_BIT);
	rtc.match = seconds;
	rtc.armed = true;
}

void pl031_disarm(void)
{
	wr(RTCIMSC, 0);
	wr(RTCICR, RTC_BIT);
	rtc.armed = false;
}

void pl031_ack(void)
{
	wr(RTCICR, RTC_BIT);
}

bool pl031_raised(void)
{
	return rd(RTCMIS) & RTC_BIT;
}

/* The clock is in the always-on domain and is to wake the machine: it goes on as it is. */
int pl031_suspend(void)
{
	return 0;
}

/*
 * The match register is kept or lost, as the machine likes; the latched status must not be cleared,
 * it may be what woke us. RTCIMSC is written even if it holds the value already: QEMU drives the
 * line into the interrupt controller only when something is written, and the controller has
 * forgotten the line's level across the reset. For the real device it is the same value once more.
 */
int pl031_resume(void)
{
	start();
	wr(RTCMR, rtc.match);
	wr(RTCIMSC, rtc.armed ? RTC_BIT : 0);
	return 0;
}
