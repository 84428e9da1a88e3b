/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A domain that suspends itself, and what wakes it.
 *
 *   RUNNING --domain_suspend()--> SUSPENDED --domain_wake()--> RUNNING, its vCPU at the entry point
 *
 * The pause count is independent of it: a domain that is woken while paused is RUNNING, and runs once
 * it is unpaused.
 *
 * Locks: domain.lock, taken inside; see docs/locking.md.
 */
#ifndef DM_CORE_DOMAIN_POWER_H
#define DM_CORE_DOMAIN_POWER_H

#include "core/domain.h"

/* What woke a domain: its interrupt of that number, or one of these. */
#define DOMAIN_WAKE_COMMAND 0xffffffffu /* domain_resume() */
#define DOMAIN_WAKE_HOST    0xfffffffeu /* the machine asked it to sleep and is done, or has changed its mind */
#define DOMAIN_WAKE_EVENT   0x80000000u /* | number of the event channel */

/*
 * SYSTEM_SUSPEND of v, whose trap is being handled; arguments validated, the domain's other vCPUs off. 0: the domain is
 * SUSPENDED, v blocked, and it will start at entry (reset state) with x0 = context_id. -EBUSY: it isn't running any
 * more. The caller then looks for an interrupt that is pending already and tells domain_wake() of it.
 */
int domain_suspend(struct vcpu *v, uint64_t entry, uint64_t context_id);

/*
 * Wakes d if it is suspended; true: it was. vintid: why, or DOMAIN_WAKE_COMMAND. slept: false if the reason was there
 * when it suspended. Any CPU; the caller holds no domain.lock and nothing below it.
 */
bool domain_wake(struct domain *d, uint32_t vintid, bool slept);

/*
 * Is there anybody to wake? Without the lock: who asks after having published a wake-up under vgic.lock gets the right
 * answer, see domain_suspend().
 */
static inline bool domain_is_suspended(const struct domain *d)
{
	return __atomic_load_n(&d->state, __ATOMIC_ACQUIRE) == DOMAIN_SUSPENDED;
}

/* Suspended, or woken but not yet gone on: what is pending for it counts as its wake-up. */
static inline bool domain_sleeps(const struct domain *d)
{
	return domain_is_suspended(d) || __atomic_load_n(&d->waking, __ATOMIC_ACQUIRE);
}

/* v of a woken domain is about to run at its entry point: says so in the log. On its own CPU. */
void domain_woken(struct vcpu *v);

/*
 * By command, also after its SCHEDOP_shutdown(suspend). 0; -EINVAL: it isn't suspended; -EPERM: WAKE_COMMAND is switched off for it. Any CPU, locks as
 * domain_wake().
 */
int domain_resume(struct domain *d);

/* Event channel `port` became pending, whatever its mask: wakes d if it is suspended and WAKE_EVENT is on. */
void domain_wake_event(struct domain *d, uint32_t port);

/*
 * The sources that wake d and the machine for its sake, bits of enum wake_source; all, unless told. What was
 * pending while its source was off wakes it when that is switched on. 0, -EINVAL (unknown bits).
 */
int domain_wake_set(struct domain *d, uint32_t mask);
uint32_t domain_wake_get(const struct domain *d);

/* What woke d last. */
struct domain_wake_info {
	uint32_t source;  /* enum wake_source; 0: never yet, or the machine did */
	uint32_t number;  /* of the interrupt or event channel; 0xffffffff: neither */
	const char *name; /* of the interrupt's device; "" if there is none */
	bool slept;	  /* false: it was pending when d called */
	uint32_t count;	  /* how often d has suspended itself and was woken */
};
void domain_wake_last(struct domain *d, struct domain_wake_info *out);

/*
 * Presses and releases a key of the domain's. It is up to the guest what it makes of it; a suspended one is woken
 * by it. 0; -EOPNOTSUPP: it has no such key; -EBUSY: it neither runs nor is suspended. Any CPU, locks as domain_wake().
 */
int domain_press(struct domain *d, enum dm_key key);
/* The sleep key of a running domain: asks it to suspend itself. 0, -EOPNOTSUPP; -EBUSY: it isn't running. */
int domain_suspend_request(struct domain *d);

/* 0, or -EINVAL: no such policy; -EOPNOTSUPP: Dom0, whose own sleep it is. */
int domain_set_host_suspend(struct domain *d, enum host_suspend_policy policy);
int domain_set_time_policy(struct domain *d, enum time_policy policy);
/* How long `veto` waits for it, 1 to DOMAIN_VETO_MS_MAX. */
#define DOMAIN_VETO_MS_USUAL 10000
#define DOMAIN_VETO_MS_MAX   600000
int domain_set_veto_ms(struct domain *d, uint32_t ms);
uint32_t domain_veto_ms(const struct domain *d);

/* What virt does for this; handed down by main.c. */
struct domain_power_ops {
	int (*press)(struct domain *d, enum dm_key key); /* -EOPNOTSUPP: it has no such key */
	bool (*pending)(struct domain *d, uint32_t *vintid); /* of the sources that are on; which */
};
void domain_power_set_ops(const struct domain_power_ops *ops);
/* Is there anything pending that would wake d if it were suspended? */
bool domain_wake_pending(struct domain *d, uint32_t *vintid);

/* While the domain is being built: what the log calls that interrupt (a constant string), and what it counts as. */
static inline void domain_name_irq(struct domain *d, uint32_t vintid, const char *name,
				   enum wake_source source)
{
	for (unsigned int i = 0; i < DOMAIN_IRQ_NAMES; i++) {
		if (d->irq_names[i].name)
			continue;
		d->irq_names[i] =
			(struct domain_irq_name){ .vintid = vintid, .source = source, .name = name };
		return;
	}
}

/* What that interrupt counts as: a device's, unless it was named. */
static inline enum wake_source domain_irq_source(const struct domain *d, uint32_t vintid)
{
	if (vintid == d->xen_ppi)
		return WAKE_EVENT;
	for (unsigned int i = 0; i < DOMAIN_IRQ_NAMES; i++) {
		if (d->irq_names[i].name && d->irq_names[i].vintid == vintid)
			return d->irq_names[i].source;
	}
	return WAKE_DEVICE;
}

static inline bool domain_source_on(const struct domain *d, enum wake_source source)
{
	return !(__atomic_load_n(&d->wake_off, __ATOMIC_RELAXED) & source);
}

/* May that interrupt wake it? Under vgic.lock, see domain_wake_set(). */
static inline bool domain_irq_may_wake(const struct domain *d, uint32_t vintid)
{
	return likely(!__atomic_load_n(&d->wake_off, __ATOMIC_RELAXED)) ||
	       domain_source_on(d, domain_irq_source(d, vintid));
}

/* "" if unknown. */
static inline const char *domain_irq_name(const struct domain *d, uint32_t vintid)
{
	for (unsigned int i = 0; i < DOMAIN_IRQ_NAMES; i++) {
		if (d->irq_names[i].name && d->irq_names[i].vintid == vintid)
			return d->irq_names[i].name;
	}
	return "";
}

#endif
