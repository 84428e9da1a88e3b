/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One physical RTC, many alarms: the queue of all domains' alarms (design, "Domains and power").
 * The earliest is always armed in the hardware, whether the machine sleeps or not; it is the same
 * path. Time is RTC seconds (32 bits, modulo 2^32).
 *
 * "Past" and "future" are the nearer way round the clock: up to 2^31 seconds ahead is the future.
 *
 * Locks: alarm_lock, then irq.h's; an alarm's function is called without it.
 */
#ifndef DM_CORE_ALARM_H
#define DM_CORE_ALARM_H

#include "lib/list.h"
#include "lib/types.h"

struct domain;
struct alarm;
typedef void alarm_fn(struct alarm *a);

struct alarm {
	struct list link;
	uint32_t when;        /* alarm_lock; physical RTC seconds */
	alarm_fn *fn;         /* constant; any CPU, interrupt context, not from alarm_set() */
	struct domain *owner; /* constant */
	bool armed;           /* alarm_lock */
};

/*
 * intid: the RTC's interrupt. 0, or irq_request()'s error. Without an RTC (not called, or no PL031)
 * alarms never fire and alarm_now() is seconds since boot.
 */
int alarm_init(uint32_t intid);
uint32_t alarm_now(void);
void alarm_setup(struct alarm *a, struct domain *owner, alarm_fn *fn);
/* (Re)arms for the moment the clock equals `when`; a moment that is now or past fires at once. */
void alarm_set(struct alarm *a, uint32_t when);
/* Idempotent. Afterwards the function isn't started (it may be running on another CPU). */
void alarm_cancel(struct alarm *a);
/* All of that domain, which is down for good: nobody waits for them. */
void alarm_cancel_all(const struct domain *owner);
/* Of those that may wake the machine: whose alarm is next or (after a wake-up by the RTC) due; NULL if none. For the journal. */
struct domain *alarm_next_owner(void);

/* The RTC's interrupt, 0 without; and does the RTC assert it now? */
uint32_t alarm_intid(void);
bool alarm_raised(void);

/* Rows of the suspend table. 0. */
int alarm_suspend(void);
int alarm_resume(void);

#endif
