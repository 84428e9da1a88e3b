/* SPDX-License-Identifier: Apache-2.0 */
#include "suspend/freeze.h"

#include "arch/counter.h"
#include "core/domain.h"
#include "core/timer.h"
#include "lib/err.h"
#include "lib/log.h"
#include "suspend/ask.h"

#define RETRY_MS   10    /* between looks whether Dom0 has run */
#define GIVE_UP_MS 10000 /* after the grace time: a Dom0 that doesn't run must not stop the others */

static struct frozen {
	bool stopped;
	bool unaware;   /* it ran when it was stopped */
	bool slept;     /* its registers stayed in memory till the end: its counter may be changed */
	uint64_t since; /* counter when it was stopped */
	uint64_t out;   /* counter when its registers were in memory; 0: not yet */
	uint64_t due;   /* counter when it may go on; 0: not known yet */
} frozen[MAX_DOMAINS];

static uint32_t grace_ms; /* constant after boot */
static bool ask_over;     /* atomic */
static uint64_t dom0_thawed;
static freeze_record_fn *record;

static void grace_over(struct timer *t);
static struct timer timer = { .fn = grace_over };

void freeze_set_grace(uint32_t ms)
{
	grace_ms = ms;
}

uint32_t freeze_grace_ms(void)
{
	return grace_ms;
}

void freeze_ask_over(bool over)
{
	__atomic_store_n(&ask_over, over, __ATOMIC_RELAXED);
}

void freeze_set_record(freeze_record_fn *fn)
{
	record = fn;
}

static enum domain_state state_of(const struct domain *d)
{
	return __atomic_load_n(&d->state, __ATOMIC_ACQUIRE);
}

/* Why d forbids the machine's sleep now, or NULL. */
static const char *objection(const struct domain *d)
{
	if (__atomic_load_n(&d->dying, __ATOMIC_RELAXED))
		return NULL;
	if (state_of(d) == DOMAIN_BUILDING)
		return "it is being built";
	if (state_of(d) != DOMAIN_RUNNING || d->privileged)
		return NULL;
	if (d->host_suspend == HOST_SUSPEND_REQUIRE)
		return "it has not suspended, which its policy \"require\" wants";
	if (d->host_suspend != HOST_SUSPEND_VETO)
		return NULL;
	if (!d->vgpio)
		return "its policy is \"veto\", but it has no sleep key to be asked by";
	if (__atomic_load_n(&ask_over, __ATOMIC_RELAXED))
		return "it was asked to suspend and has not, which its policy \"veto\" wants";
	return NULL;
}

bool freeze_blockers(suspend_blocker_fn *fn, void *ctx)
{
	for (unsigned int i = 0; i < MAX_DOMAINS; i++) {
		/* Most places of the table are free. */
		const struct domain *d = domains[i] ? domain_by_id((uint16_t)i) : NULL;
		const char *reason = d ? objection(d) : NULL;

		if (reason && !fn(ctx, &(struct suspend_blocker){
					.domid = (uint16_t)i, .name = d->name, .reason = reason }))
			return false;
	}
	return true;
}

/*
 * Its counter goes on from where it was when the last of its registers went into memory: until then a timer of its may have
 * fired, whose time must not be yet to come afterwards. Its vCPUs take the new offset with them when they are loaded
 * (virt/vtimer.c).
 */
static uint64_t hold_counter(struct domain *d, const struct frozen *f)
{
	uint64_t held;

	if (!f->unaware || !f->slept || !f->out || d->time_policy != TIME_FROZEN)
		return 0;
	held = counter_now() - f->out;
	spin_lock(&d->lock);
	__atomic_store_n(&d->cntvoff, d->cntvoff + held, __ATOMIC_RELAXED);
	spin_unlock(&d->lock);
	return held;
}

static void thaw(unsigned int i)
{
	struct frozen *f = &frozen[i];
	struct domain *d = domains[i];
	uint64_t held = hold_counter(d, f);

	f->stopped = false;
	if (record)
		record(d, f->unaware, f->since, held);
	if (d->privileged)
		dom0_thawed = counter_now();
	domain_unpause(d);
	ask_done(d->id);
}

/* At the time when the next one may go on. */
static void arm(void)
{
	uint64_t next = 0;

	for (unsigned int i = 0; i < MAX_DOMAINS; i++)
		if (frozen[i].stopped && (!next || frozen[i].due < next))
			next = frozen[i].due;
	if (next)
		timer_set(&timer, next);
}

/* Any of its vCPUs had a CPU since it was let go on. */
static bool dom0_has_run(void)
{
	const struct domain *d = domains[DOMID_DOM0];

	for (unsigned int i = 0; d && i < d->nr_vcpus; i++)
		if (__atomic_load_n(&d->vcpus[i]->run_since, __ATOMIC_RELAXED) >= dom0_thawed)
			return true;
	return !d;
}

static void grace_over(struct timer *t)
{
	uint64_t now = counter_now();

	if (!dom0_has_run()) {
		if (now - dom0_thawed < counter_from_ms(grace_ms + GIVE_UP_MS)) {
			timer_set(t, now + counter_from_ms(RETRY_MS));
			return;
		}
		log_warn("resume: Dom0 does not run, the other domains go on without it");
	}
	for (unsigned int i = 0; i < MAX_DOMAINS; i++)
		if (frozen[i].stopped && frozen[i].due <= now)
			thaw(i);
	arm();
}

void freeze_dom0_ready(void)
{
	if (frozen[DOMID_DOM0].stopped)
		return;
	for (unsigned int i = 0; i < MAX_DOMAINS; i++)
		if (frozen[i].stopped)
			thaw(i);
	arm();
}

/*
 * Who waits for its turn still from the last time keeps its date: a Dom0 that sleeps again and again
 * can't put it off for ever.
 */
void freeze_thaw(bool dom0_first)
{
	/* Dom0 has the lowest number, so it has gone on when the others' date is made. */
	for (unsigned int i = 0; i < MAX_DOMAINS; i++) {
		struct frozen *f = &frozen[i];

		if (!f->stopped)
			continue;
		if (dom0_first)
			f->slept = true;
		if (!dom0_first || domains[i]->privileged)
			thaw(i);
		else if (!f->due)
			f->due = dom0_thawed + counter_from_ms(grace_ms);
	}
	arm();
}

static int stop(unsigned int i)
{
	struct domain *d = domains[i];
	int error = domain_pause_sync(d);

	if (error) {
		log_err("suspend: %s does not stop: %d", d->name, error);
		return error;
	}
	/* It runs nothing, so it can't suspend any more; it may be woken. */
	frozen[i] = (struct frozen) {
		.stopped = true,
		.unaware = !d->privileged && state_of(d) == DOMAIN_RUNNING,
		.since = counter_now(),
	};
	return 0;
}

static bool is_down(const struct domain *d)
{
	return state_of(d) == DOMAIN_SHUTDOWN || state_of(d) == DOMAIN_CRASHED;
}

/*
 * One that is down, or that is being destroyed, goes nowhere; but what it did last may not be over yet on its CPU, and
 * nothing may allocate from the next row on.
 */
static int settle(struct domain *d)
{
	int error = domain_pause_sync(d);

	if (!error)
		domain_unpause(d);
	return error;
}

void freeze_unloaded(void)
{
	for (unsigned int i = 0; i < MAX_DOMAINS; i++)
		if (frozen[i].stopped && !frozen[i].out)
			frozen[i].out = counter_now();
}

void freeze_ask_done(void)
{
	ask_close();
	for (unsigned int i = 0; i < MAX_DOMAINS; i++)
		if (!frozen[i].stopped)
			ask_done(i);
}

void freeze_forget(struct domain *d)
{
	frozen[d->id].stopped = false;
	ask_forget(d->id);
}

int freeze_domains(void)
{
	int error = 0;

	timer_cancel(&timer);
	for (unsigned int i = 0; i < MAX_DOMAINS && !error; i++)
		if (domains[i] && !frozen[i].stopped)
			error = is_down(domains[i]) || domains[i]->dying ? settle(domains[i]) :
			                                                   stop(i);
	/* Woken since the phase check, perhaps. */
	for (unsigned int i = 0; i < MAX_DOMAINS && !error; i++) {
		const char *why = frozen[i].stopped ? objection(domains[i]) : NULL;

		if (why) {
			log_warn("suspend blocked by %s: %s", domains[i]->name, why);
			error = -EBUSY;
		}
	}
	if (error)
		freeze_thaw(false);
	return error;
}
