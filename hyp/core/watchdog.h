/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A domain's watchdogs, as SCHEDOP_watchdog has them: two timers each; one that runs out takes its domain down, with
 * the reason DOMAIN_WATCHDOG. They stand still while the domain can't feed them: while it is paused, suspended,
 * or stopped for the machine's sleep; afterwards they go on with what was left.
 *
 * One timer of the machine serves them all. Locks: watchdog_lock, after domain.lock.
 */
#ifndef DM_CORE_WATCHDOG_H
#define DM_CORE_WATCHDOG_H

#include "core/domain.h"

/*
 * id 0: arms a free one with so many seconds and returns its number, 1 or 2. Else: 0, and that one has so many seconds
 * from now, or none at all with seconds = 0. -EINVAL: no such id, one that isn't armed, or id and seconds both 0;
 * -ENOSPC: both are armed. Any CPU, d's own or not.
 */
int watchdog_set(struct domain *d, uint32_t id, uint32_t seconds);

/* Counted; d's stand still from the first hold to the last release. May be called with domain.lock held. */
void watchdog_hold(struct domain *d);
void watchdog_release(struct domain *d);

/* The domain is down for good: all of its are off. May be called with domain.lock held. */
void watchdog_stop(struct domain *d);

#endif
