/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The physical PL031 real-time clock (DDI 0224). Dormouse owns it; virt/vrtc gives each domain its
 * own. Only the boot sets it up; the alarm queue in core/alarm.h is its only user. Locks: none; the
 * alarm queue's lock covers it.
 */
#ifndef DM_DEV_RTC_PL031_H
#define DM_DEV_RTC_PL031_H

#include "lib/types.h"

/* 0, or -ENODEV if the peripheral id isn't a PL031's. */
int pl031_init(paddr_t base);
bool pl031_present(void);
uint32_t pl031_seconds(void);
/* Interrupt when the counter equals `seconds`; the caller looks after a time already past. */
void pl031_arm(uint32_t seconds);
void pl031_disarm(void);
/* The interrupt status is latched; clear it. */
void pl031_ack(void);
bool pl031_raised(void);
int pl031_suspend(void);
int pl031_resume(void);

#endif
