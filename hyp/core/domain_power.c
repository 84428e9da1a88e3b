/* SPDX-License-Identifier: Apache-2.0 */
#include "core/domain_power.h"

#include "core/irq.h"
#include "core/watchdog.h"
#include "lib/err.h"
#include "lib/log.h"

/*
 * No wake-up is lost. The one who suspends and the one who raises an interrupt both write first and
 * look second, and the domain's vgic.lock stands between:
 *
 *   suspend:  state = SUSPENDED;  vgic.lock { is anything pending? }  then domain_wake()
 *   raise:    vgic.lock { pending = true }  is the state SUSPENDED?   then domain_wake()
 *
 * If the raise has the lock first, the look under the lock finds its interrupt. Otherwise the state
 * was written before the lock was released to the raise, which then sees it. If both see each
 * other, the second domain_wake() finds the domain running and does nothing.
 *
 * The vCPU may still be on its way out of its trap when it is woken, on another CPU or on its own:
 * then it isn't queued (vcpu.running) but its run loop puts it back, for it is runnable; it cannot slip
 * back into the guest instead, because its power is VCPU_ON_PENDING before it is unblocked (vcpu_restart(),
 * with the trap dispatcher's look at both). Reset state and entry point are applied by the run loop of
 * its CPU (vcpu_load()), when nothing of it is loaded anywhere: as with CPU_ON.
 *
 * Pausing sets and clears another reason not to run, under the same domain.lock, and touches neither
 * state nor power: whatever the order, the vCPU runs when the last reason has gone.
 */
static const struct domain_power_ops *ops;

void domain_power_set_ops(const struct domain_power_ops *o)
{
	ops = o;
}

bool domain_wake_pending(struct domain *d, uint32_t *vintid)
{
	return ops && ops->pending(d, vintid);
}

int domain_suspend(struct vcpu *v, uint64_t entry, uint64_t context_id)
{
	struct domain *d = v->domain;
	bool running;

	spin_lock(&d->lock);
	running = d->state == DOMAIN_RUNNING;
	if (running) {
		spin_lock(&v->lock);
		v->entry = entry;
		v->context_id = context_id;
		spin_unlock(&v->lock);
		vcpu_block(v, VCPU_BLOCK_SUSPEND);
		watchdog_hold(d);
		d->suspended = v;
		/* Release: pairs with domain_is_suspended(). */
		__atomic_store_n(&d->state, DOMAIN_SUSPENDED, __ATOMIC_RELEASE);
	}
	spin_unlock(&d->lock);
	if (!running)
		return -EBUSY;
	log_debug("%s: suspended", d->name);
	return 0;
}

bool domain_wake(struct domain *d, uint32_t vintid, bool slept)
{
	struct vcpu *v = NULL;

	spin_lock(&d->lock);
	if (d->state == DOMAIN_SUSPENDED) {
		v = d->suspended;
		d->suspended = NULL;
		d->wake_vintid = vintid;
		d->wake_slept = slept;
		d->nr_wakes++;
		watchdog_release(d);
		/* Before the state, so that domain_sleeps() doesn't say no in between. */
		__atomic_store_n(&d->waking, true, __ATOMIC_RELEASE);
		__atomic_store_n(&d->state, DOMAIN_RUNNING, __ATOMIC_RELEASE);
		vcpu_restart(v, VCPU_BLOCK_SUSPEND);
	}
	spin_unlock(&d->lock);
	return v;
}

static const char *source_name(struct domain *d, uint32_t vintid)
{
	const char *name = domain_irq_name(d, vintid);

	if (!*name)
		name = irq_name_of(d, vintid);
	return *name ? name : "unknown";
}

/* Not in domain_wake(): whoever raises an interrupt may hold locks that the log mustn't be called with. */
void domain_woken(struct vcpu *v)
{
	struct domain *d = v->domain;
	uint32_t vintid;
	bool waking, slept;

	if (!__atomic_load_n(&d->waking, __ATOMIC_RELAXED))
		return;
	spin_lock(&d->lock);
	waking = d->waking;
	vintid = d->wake_vintid;
	slept = d->wake_slept;
	__atomic_store_n(&d->waking, false, __ATOMIC_RELEASE);
	spin_unlock(&d->lock);
	if (!waking)
		return;
	if (vintid == DOMAIN_WAKE_COMMAND)
		log_info("%s: resumed, by command", d->name);
	else if (vintid == DOMAIN_WAKE_HOST)
		log_info("%s: resumed, with the machine", d->name);
	else if (vintid & DOMAIN_WAKE_EVENT)
		log_info("%s: resumed, %s event channel %u", d->name,
		         slept ? "woken by" : "did not sleep:", vintid & ~DOMAIN_WAKE_EVENT);
	else
		log_info("%s: resumed, %s interrupt %u (%s)", d->name,
		         slept ? "woken by" : "did not sleep:", vintid, source_name(d, vintid));
}

int domain_resume(struct domain *d)
{
	if (!domain_is_suspended(d))
		return domain_resume_shutdown(d);
	if (!domain_source_on(d, WAKE_COMMAND))
		return -EPERM;
	return domain_wake(d, DOMAIN_WAKE_COMMAND, true) ? 0 : -EINVAL;
}

/* The caller wrote "pending" first, and domain_wake() asks under the lock: as with interrupts. */
void domain_wake_event(struct domain *d, uint32_t port)
{
	if (domain_is_suspended(d) && domain_source_on(d, WAKE_EVENT))
		domain_wake(d, DOMAIN_WAKE_EVENT | port, true);
}

/*
 * Switched on first, looked second: what is raised in between sees it on, what was raised before is found. The
 * look goes through vgic.lock, as that of domain_suspend()'s caller does.
 */
int domain_wake_set(struct domain *d, uint32_t mask)
{
	uint32_t vintid;

	if (mask & ~(uint32_t)WAKE_ALL)
		return -EINVAL;
	__atomic_store_n(&d->wake_off, WAKE_ALL & ~mask, __ATOMIC_SEQ_CST);
	if (domain_is_suspended(d) && domain_wake_pending(d, &vintid))
		domain_wake(d, vintid, true);
	return 0;
}

uint32_t domain_wake_get(const struct domain *d)
{
	return WAKE_ALL & ~__atomic_load_n(&d->wake_off, __ATOMIC_RELAXED);
}

void domain_wake_last(struct domain *d, struct domain_wake_info *out)
{
	uint32_t what;

	spin_lock(&d->lock);
	what = d->wake_vintid;
	out->slept = d->wake_slept;
	out->count = d->nr_wakes;
	spin_unlock(&d->lock);

	out->source = 0;
	out->number = 0xffffffff;
	out->name = "";
	if (!out->count || what == DOMAIN_WAKE_HOST)
		return;
	if (what == DOMAIN_WAKE_COMMAND) {
		out->source = WAKE_COMMAND;
	} else if (what & DOMAIN_WAKE_EVENT) {
		out->source = WAKE_EVENT;
		out->number = what & ~DOMAIN_WAKE_EVENT;
	} else {
		out->source = domain_irq_source(d, what);
		out->number = what;
		out->name = source_name(d, what);
	}
}

static enum domain_state state_of(const struct domain *d)
{
	return __atomic_load_n(&d->state, __ATOMIC_ACQUIRE);
}

int domain_press(struct domain *d, enum dm_key key)
{
	if (!ops || !d->vgpio)
		return -EOPNOTSUPP;
	if (state_of(d) != DOMAIN_RUNNING && state_of(d) != DOMAIN_SUSPENDED)
		return -EBUSY;
	return ops->press(d, key);
}

int domain_suspend_request(struct domain *d)
{
	if (state_of(d) != DOMAIN_RUNNING)
		return d->vgpio ? -EBUSY : -EOPNOTSUPP;
	return domain_press(d, DM_KEY_SLEEP);
}

int domain_set_host_suspend(struct domain *d, enum host_suspend_policy policy)
{
	if (d->privileged)
		return -EOPNOTSUPP;
	if ((unsigned int)policy >= NR_HOST_SUSPEND_POLICIES)
		return -EINVAL;
	__atomic_store_n(&d->host_suspend, policy, __ATOMIC_RELAXED);
	return 0;
}

int domain_set_time_policy(struct domain *d, enum time_policy policy)
{
	if (d->privileged)
		return -EOPNOTSUPP;
	if ((unsigned int)policy >= NR_TIME_POLICIES)
		return -EINVAL;
	__atomic_store_n(&d->time_policy, policy, __ATOMIC_RELAXED);
	return 0;
}

int domain_set_veto_ms(struct domain *d, uint32_t ms)
{
	if (d->privileged)
		return -EOPNOTSUPP;
	if (!ms || ms > DOMAIN_VETO_MS_MAX)
		return -EINVAL;
	__atomic_store_n(&d->veto_timeout_ms, ms, __ATOMIC_RELAXED);
	return 0;
}

uint32_t domain_veto_ms(const struct domain *d)
{
	uint32_t ms = __atomic_load_n(&d->veto_timeout_ms, __ATOMIC_RELAXED);

	return ms ? ms : DOMAIN_VETO_MS_USUAL;
}
