/* SPDX-License-Identifier: Apache-2.0 */
#include "core/domain.h"

#include "arch/barrier.h"
#include "arch/counter.h"
#include "core/alarm.h"
#include "core/domain_reap.h"
#include "core/sched.h"
#include "core/vcpu.h"
#include "core/watchdog.h"
#include "lib/err.h"
#include "lib/log.h"
#include "lib/panic.h"
#include "lib/string.h"
#include "mm/page.h"

#define MAX_CTL_PAUSES 255

static machine_down_fn *machine_down;
static domain_rebuild_fn *rebuild;
static unsigned int rebuilding; /* atomic: domains that reboot: they count as being up */
static domain_state_fn *state_hook;
static const struct domain_module *modules;
static unsigned int nr_modules;

void domain_set_modules(const struct domain_module *table, unsigned int count)
{
	modules = table;
	nr_modules = count;
}

void domain_set_state_hook(domain_state_fn *fn)
{
	state_hook = fn;
}

void domain_state_changed(struct domain *d)
{
	if (state_hook)
		state_hook(d);
}

/* --- coming and going ----------------------------------------------------------------------- */

static unsigned int domain_order(unsigned int nr_vcpus)
{
	return page_order(sizeof(struct domain) + nr_vcpus * sizeof(struct vcpu *));
}

static int init(struct domain *d)
{
	uint64_t pa_range = FIELD(sysreg_read(id_aa64mmfr0_el1), 3, 0);
	int err = stage2_init(&d->s2, pa_range, (uint8_t)(d->id + 1));

	for (unsigned int i = 0; i < d->nr_vcpus && !err; i++)
		err = vcpu_create(d, i);
	for (unsigned int i = 0; i < nr_modules && !err; i++)
		err = modules[i].init ? modules[i].init(d) : 0;
	return err;
}

void domain_stop_modules(struct domain *d)
{
	for (unsigned int i = 0; i < d->nr_vcpus; i++) {
		if (d->vcpus[i])
			vcpu_stop(d->vcpus[i]);
	}
	for (unsigned int i = nr_modules; i-- > 0;) {
		if (modules[i].stop)
			modules[i].stop(d);
	}
}

void domain_destroy_modules(struct domain *d)
{
	for (unsigned int i = 0; i < d->nr_vcpus; i++) {
		if (d->vcpus[i])
			vcpu_destroy(d->vcpus[i]);
	}
	for (unsigned int i = nr_modules; i-- > 0;) {
		if (modules[i].destroy)
			modules[i].destroy(d);
	}
}

void domain_free(struct domain *d)
{
	for (unsigned int i = 0; i < d->nr_vcpus; i++)
		vcpu_free(d->vcpus[i]);
	page_free(d, domain_order(d->nr_vcpus));
}

/* Nobody has seen it yet, so it goes all at once. */
static void abandon(struct domain *d)
{
	domain_stop_modules(d);
	domain_destroy_modules(d);
	while (!p2m_reap(d))
		;
	p2m_destroy(d);
	domain_give_id(d->id);
	domain_free(d);
}

static int create(const struct domain_config *c, bool paused, struct domain **out)
{
	struct domain *d;
	int id;
	int err;

	if (!c->nr_vcpus || c->nr_vcpus > MAX_VCPUS_PER_DOMAIN)
		return -EINVAL;
	id = domain_take_id(c->id);
	if (id < 0)
		return id;
	d = page_alloc(domain_order(c->nr_vcpus));
	if (!d) {
		domain_give_id((unsigned int)id);
		return -ENOMEM;
	}
	d->id = (uint16_t)id;
	str_copy(d->name, c->name, sizeof(d->name));
	d->privileged = id == DOMID_DOM0;
	d->nr_vcpus = c->nr_vcpus;
	d->vcpus = (struct vcpu **)(d + 1);
	d->weight = SCHED_USUAL_WEIGHT;
	d->max_pages = c->max_pages;
	err = init(d);
	if (!err && c->build)
		err = c->build(d, c->arg);
	if (err) {
		abandon(d);
		return err;
	}
	if (paused)
		(void)domain_ctl_pause(d);
	domain_publish(d);
	*out = d;
	return 0;
}

struct domain *domain_create(uint16_t id, const char *name, unsigned int nr_vcpus)
{
	const struct domain_config c = {
		.id = id,
		.name = name,
		.nr_vcpus = nr_vcpus,
		.max_pages = UINT64_MAX,
	};
	struct domain *d;

	return create(&c, false, &d) ? NULL : d;
}

int domain_new(const struct domain_config *c, struct domain **out)
{
	return create(c, true, out);
}

/* --- running -------------------------------------------------------------------------------- */

static void unblock_all(struct domain *d, enum vcpu_block why)
{
	for (unsigned int i = 0; i < d->nr_vcpus; i++)
		vcpu_unblock(d->vcpus[i], why);
}

void domain_start(struct domain *d, uint64_t entry, uint64_t arg)
{
	int err;

	spin_lock(&d->lock);
	d->state = DOMAIN_RUNNING;
	/* What it was built with is what it may have, until somebody says otherwise. */
	if (d->max_pages == UINT64_MAX)
		d->max_pages = d->tot_pages;
	spin_unlock(&d->lock);
	err = vcpu_power_on(d->vcpus[0], entry, arg);
	if (err) /* the control domain was faster: domain_set_vcpu_context() */
		log_warn("%s: started by the control domain", d->name);
	unblock_all(d, VCPU_BLOCK_DOWN);
}

static void block_all(struct domain *d, enum vcpu_block why)
{
	for (unsigned int i = 0; i < d->nr_vcpus; i++)
		vcpu_block(d->vcpus[i], why);
}

static void pause_locked(struct domain *d)
{
	if (d->pause_count++ == 0) {
		block_all(d, VCPU_BLOCK_PAUSE);
		watchdog_hold(d);
	}
}

static void unpause_locked(struct domain *d)
{
	ASSERT(d->pause_count);
	if (--d->pause_count == 0) {
		watchdog_release(d);
		unblock_all(d, VCPU_BLOCK_PAUSE);
	}
}

void domain_pause_nosync(struct domain *d)
{
	spin_lock(&d->lock);
	pause_locked(d);
	spin_unlock(&d->lock);
}

void domain_unpause(struct domain *d)
{
	spin_lock(&d->lock);
	unpause_locked(d);
	spin_unlock(&d->lock);
}

static bool any_running(const struct domain *d)
{
	for (unsigned int i = 0; i < d->nr_vcpus; i++) {
		if (__atomic_load_n(&d->vcpus[i]->running, __ATOMIC_ACQUIRE))
			return true;
	}
	return false;
}

static int wait_stopped(const struct domain *d)
{
	uint64_t limit = counter_now() + counter_from_ms(CPU_ANSWER_MS);

	while (any_running(d)) {
		if (counter_now() > limit)
			return -ETIMEDOUT;
		cpu_relax();
	}
	return 0;
}

int domain_pause_sync(struct domain *d)
{
	int err;

	domain_pause_nosync(d);
	err = wait_stopped(d);
	if (err)
		domain_unpause(d);
	return err;
}

int domain_ctl_pause(struct domain *d)
{
	bool room;
	int err;

	spin_lock(&d->lock);
	room = d->control_pauses < MAX_CTL_PAUSES;
	if (room) {
		d->control_pauses++;
		pause_locked(d);
	}
	spin_unlock(&d->lock);
	if (!room)
		return -EINVAL;
	err = wait_stopped(d);
	if (err)
		(void)domain_ctl_unpause(d);
	return err;
}

int domain_ctl_unpause(struct domain *d)
{
	bool paused;

	spin_lock(&d->lock);
	paused = d->control_pauses;
	if (paused) {
		d->control_pauses--;
		unpause_locked(d);
	}
	spin_unlock(&d->lock);
	return paused ? 0 : -EINVAL;
}

void domain_set_machine_down(machine_down_fn *fn)
{
	machine_down = fn;
}

void domain_set_rebuild(domain_rebuild_fn *fn)
{
	rebuild = fn;
}

static bool is_down(const struct domain *d)
{
	return d->state == DOMAIN_SHUTDOWN || d->state == DOMAIN_CRASHED;
}

/* Two that go down at the same time may both see that nobody is left: both want the same then. */
static bool any_up(void)
{
	if (__atomic_load_n(&rebuilding, __ATOMIC_ACQUIRE))
		return true;
	for (unsigned int i = 0; i < MAX_DOMAINS; i++) {
		struct domain *d = domain_by_id((uint16_t)i);
		bool up = false;

		if (d) {
			spin_lock(&d->lock);
			up = !is_down(d);
			spin_unlock(&d->lock);
		}
		if (up)
			return true;
	}
	return false;
}

static uint64_t to_rebuild; /* the boot CPU's alone: boot_numbers */

void domain_rebuild(unsigned int boot_number)
{
	to_rebuild |= BIT(boot_number);
}

/* A quarter of the boot CPU's time at most: a guest may reboot again and again. */
#define REBUILD_REST 3

bool domain_rebuild_some(void)
{
	static uint64_t not_before;
	uint64_t begin = counter_now();
	unsigned int number;
	int err;

	if (!to_rebuild)
		return false;
	if (begin < not_before)
		return true;
	number = (unsigned int)__builtin_ctzll(to_rebuild);
	err = rebuild(number);
	not_before = counter_now() + REBUILD_REST * (counter_now() - begin);
	if (err == -EAGAIN)
		return true;
	to_rebuild &= ~BIT(number);
	__atomic_fetch_sub(&rebuilding, 1, __ATOMIC_RELEASE);
	if (machine_down && !any_up())
		machine_down(DOMAIN_POWEROFF);
	return to_rebuild;
}

/* False: nobody makes it anew, or it is being destroyed for good. */
static bool reboot(struct domain *d)
{
	if (!d->boot_number || !rebuild)
		return false;
	/* The reaper looks at it after a grace period, so not before this handler is over. */
	__atomic_fetch_add(&rebuilding, 1, __ATOMIC_RELAXED);
	d->reap.again = true;
	if (domain_destroy(d) == 0)
		return true;
	d->reap.again = false;
	__atomic_fetch_sub(&rebuilding, 1, __ATOMIC_RELAXED);
	return false;
}

void domain_shutdown(struct domain *d, enum domain_shutdown_reason reason)
{
	static const char *const what[] = { "power off", "reboot", "suspend", "crash", "watchdog" };
	bool was_down;

	spin_lock(&d->lock);
	was_down = is_down(d);
	if (!was_down) {
		d->state = reason == DOMAIN_CRASH ? DOMAIN_CRASHED : DOMAIN_SHUTDOWN;
		d->shutdown_reason = reason;
	}
	block_all(d, VCPU_BLOCK_DOWN);
	if (!was_down && reason == DOMAIN_SUSPEND)
		watchdog_hold(d);
	spin_unlock(&d->lock);
	if (was_down)
		return;
	if (reason != DOMAIN_SUSPEND) {
		alarm_cancel_all(d);
		watchdog_stop(d);
	}
	log_info("%s: %s", d->name, what[reason]);
	domain_state_changed(d);
	if (reason == DOMAIN_REBOOT && !d->privileged && reboot(d))
		return;
	if (!machine_down)
		return;
	if (d->privileged)
		machine_down(reason);
	else if (reason != DOMAIN_SUSPEND && !any_up())
		machine_down(DOMAIN_POWEROFF);
}

int domain_resume_shutdown(struct domain *d)
{
	bool was;

	spin_lock(&d->lock);
	was = d->state == DOMAIN_SHUTDOWN && d->shutdown_reason == DOMAIN_SUSPEND;
	if (was) {
		d->state = DOMAIN_RUNNING;
		watchdog_release(d);
	}
	spin_unlock(&d->lock);
	if (!was)
		return -EINVAL;
	unblock_all(d, VCPU_BLOCK_DOWN);
	log_info("%s: resumed, by command", d->name);
	return 0;
}
