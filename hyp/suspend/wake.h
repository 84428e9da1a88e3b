/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What may wake the machine, and what did. Boot CPU only, while it walks the table; no locks.
 */
#ifndef DM_SUSPEND_WAKE_H
#define DM_SUSPEND_WAKE_H

#include "abi/dormouse.h"
#include "lib/types.h"

struct domain;

struct wake_reason {
	uint32_t intid; /* DM_JOURNAL_NO_WAKE: not known */
	char device[DM_JOURNAL_DEVICE_SIZE];
	char owner[DM_JOURNAL_OWNER_SIZE];
};

/* Takes stock of the interrupts that may wake; the same until the next call. For gic->suspend(). */
const uint64_t *wake_collect(void);

/* Nothing is known to have woken the machine. */
void wake_forget(void);

/*
 * Looks for a pending wake-up, in the hardware and then in the domains' virtual GICs. True: found,
 * and noted. Between gic->suspend() and gic->resume().
 */
bool wake_look(void);

const struct wake_reason *wake_last(void);

/* It was that interrupt of the domain's virtual GIC, or DOMAIN_WAKE_EVENT with an event channel. */
void wake_note_virtual(const struct domain *owner, uint32_t vintid);

#endif
