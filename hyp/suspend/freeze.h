/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The domains stop before the machine sleeps and go on afterwards, Dom0 first. The other ones,
 * the one whose device woke the machine among them, go on when Dom0 has run again and a grace
 * time has passed, in which it brings its own devices back.
 *
 * Boot CPU only: rows of the suspend table, and a timer. No locks of its own.
 */
#ifndef DM_SUSPEND_FREEZE_H
#define DM_SUSPEND_FREEZE_H

#include "lib/types.h"
#include "suspend/suspend.h"

struct domain;

/*
 * The domains that forbid the machine's sleep now: suspend_blockers(). Any CPU. One with the policy "veto" doesn't, as long
 * as it can be asked: unless freeze_ask_over(true).
 */
bool freeze_blockers(suspend_blocker_fn *fn, void *ctx);
void freeze_ask_over(bool over);

/*
 * Pauses all domains, waits until nothing of them runs. 0; -ETIMEDOUT: one doesn't stop; -EBUSY: one has
 * got an objection since it was asked. Then those that were paused go on.
 */
int freeze_domains(void);

/*
 * The request is over: who has suspended because he was asked goes on, if he isn't stopped; those that are, because
 * Dom0 goes first, do when they are thawed.
 */
void freeze_ask_done(void);

/* Nothing of those that are stopped is in a CPU's registers any more: from now on their time stands still. */
void freeze_unloaded(void);

/* d is being destroyed: it doesn't go on. */
void freeze_forget(struct domain *d);

/* Those that are stopped go on. dom0_first: the others after the grace time, else all at once. */
void freeze_thaw(bool dom0_first);

void freeze_set_grace(uint32_t ms);
uint32_t freeze_grace_ms(void);

/* Dom0 is ready: those that wait for it go on. */
void freeze_dom0_ready(void);

/* Called for each domain that goes on. held: the ticks that its counter doesn't show. */
typedef void freeze_record_fn(const struct domain *d, bool unaware, uint64_t since, uint64_t held);
void freeze_set_record(freeze_record_fn *fn);

#endif
