// SPDX-License-Identifier: Apache-2.0
/* pause, unpause, suspend, resume, shutdown, reboot, destroy. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "domains.h"
#include "say.h"
#include "store.h"
#include "verbs.h"

#define POLL_MS          50
#define THAW_POLL_MS     10
#define THAW_WAIT_MS     500
#define SUSPEND_WAIT_MS  60000
#define SHUTDOWN_WAIT_MS 300000

int verb_pause(const struct args *a)
{
	struct dm_domain d;
	int err;

	if (!domain_find(a->words[0], &d))
		return STATUS_FAIL;
	if (d.domid == 0)
		return domain_failed(&d, "Dom0 runs this tool and can't pause itself", 0);
	err = ctl_pause(d.domid);
	return err ? domain_failed(&d, "can't pause it", err) : STATUS_OK;
}

int verb_unpause(const struct args *a)
{
	struct dm_domain d;
	int err;

	if (!domain_find(a->words[0], &d))
		return STATUS_FAIL;
	err = ctl_unpause(d.domid);
	if (err == -EINVAL)
		return domain_failed(&d, "can't unpause it: it is not paused", 0);
	return err ? domain_failed(&d, "can't unpause it", err) : STATUS_OK;
}

/* --- suspend and resume ------------------------------------------------------------------ */

static bool is_suspended_or_gone(const struct dm_domain *d)
{
	return d->state != DM_STATE_RUNNING && d->state != DM_STATE_BUILDING;
}

static bool is_not_paused(const struct dm_domain *d)
{
	return !d->pause_count;
}

/* Right after the machine's sleep the others are still frozen, for Dom0 may not be ready: who types a command is. */
static void until_thawed(struct dm_domain *d)
{
	if (d->pause_count && ctl_dom0_ready() == 0)
		(void)domain_wait(d->domid, is_not_paused, THAW_POLL_MS, THAW_WAIT_MS, d);
}

/* A message that fits what a key met. */
static int key_failed(const struct dm_domain *d, const char *what, int err)
{
	if (err == -EOPNOTSUPP && d->domid == 0)
		return domain_failed(d, "Dom0 has no such key; use its own commands, or `sleep`",
		                     0);
	if (err == -EOPNOTSUPP)
		return domain_failed(d, "it has no sleep and power keys to press", 0);
	if (err == -EBUSY) {
		char *why = xformat("%s: it is %s", what, domain_state_text(d));

		domain_failed(d, why, 0);
		free(why);
		return STATUS_FAIL;
	}
	return domain_failed(d, what, err);
}

static bool wait_option(const struct args *a, uint64_t preset, uint64_t *ms)
{
	*ms = preset;
	if (!a->opt['t'] || parse_duration(a->opt['t'], ms))
		return true;
	say_error("\"%s\" is no time; write 30s, 500ms or 5m", a->opt['t']);
	return false;
}

int verb_suspend(const struct args *a)
{
	struct dm_domain d;
	uint64_t ms;
	int err;

	if (!wait_option(a, SUSPEND_WAIT_MS, &ms))
		return STATUS_USAGE;
	if (!domain_find(a->words[0], &d))
		return STATUS_FAIL;
	if (d.state == DM_STATE_SUSPENDED)
		return domain_failed(&d, "it is suspended already", 0);
	until_thawed(&d);
	if (d.pause_count)
		return domain_failed(&d,
		                     "it is paused and can't hear its sleep key; unpause it "
		                     "first",
		                     0);
	err = ctl_key(d.domid, DM_KEY_SLEEP);
	if (err)
		return key_failed(&d, "can't ask it to suspend", err);
	if (!a->opt['w'])
		return STATUS_OK;
	err = domain_wait(d.domid, is_suspended_or_gone, POLL_MS, ms, &d);
	if (err == -ETIMEDOUT)
		return domain_failed(&d,
		                     "it has not suspended itself in time; does it listen to its "
		                     "sleep key (logind, or acpid)?",
		                     0);
	if (err)
		return domain_failed(&d, "can't see whether it suspended", err);
	if (d.state == DM_STATE_SUSPENDED)
		return STATUS_OK;
	return domain_failed(&d, "it went down instead of suspending", 0);
}

int verb_resume(const struct args *a)
{
	struct dm_domain d;
	int err;

	if (!domain_find(a->words[0], &d))
		return STATUS_FAIL;
	err = ctl_resume(d.domid);
	if (err == -EINVAL)
		return domain_failed(&d, "can't resume it: it is not suspended", 0);
	if (err == -EPERM)
		return domain_failed(&d,
		                     "the command may not wake it: `wakeup enable DOMAIN command` "
		                     "allows that",
		                     0);
	if (err)
		return domain_failed(&d, "can't resume it", err);
	if (d.pause_count)
		say_warning("domain %s is paused, too; it goes on when it is unpaused", d.name);
	return STATUS_OK;
}

/* --- shutdown and reboot ----------------------------------------------------------------- */

static bool is_down(const struct dm_domain *d)
{
	return d->state == DM_STATE_SHUTDOWN || d->state == DM_STATE_CRASHED ||
	       d->state == DM_STATE_DYING;
}

static int press(struct dm_domain *d, enum dm_key key)
{
	int err;

	/* Whoever is asked to go has to be awake for it. */
	if (d->state == DM_STATE_SUSPENDED) {
		err = ctl_resume(d->domid);
		if (err && err != -EINVAL)
			return domain_failed(d, "can't wake it to ask it", err);
	}
	until_thawed(d);
	if (d->pause_count)
		return domain_failed(d, "it is paused and can't hear its keys; unpause it first",
		                     0);
	err = ctl_key(d->domid, key);
	if (err == -EOPNOTSUPP && d->domid)
		err = store_ask(d->domid, key == DM_KEY_POWER ? "poweroff" : "reboot");
	if (err)
		return key_failed(d,
		                  key == DM_KEY_POWER ? "can't ask it to shut down"
		                                      : "can't ask it to reboot",
		                  err);
	return STATUS_OK;
}

/* Waits until it is gone, or down for good. */
static int wait_down(const struct dm_domain *d, uint64_t ms)
{
	struct dm_domain now = *d;
	int err = domain_wait(d->domid, is_down, POLL_MS, ms, &now);

	if (err == -ESRCH || err == 0)
		return STATUS_OK;
	if (err == -ETIMEDOUT)
		return domain_failed(d,
		                     "it has not gone down in time; does it listen to its power "
		                     "key? `destroy` ends it without asking",
		                     0);
	return domain_failed(d, "can't see whether it went down", err);
}

static int ask_all(const struct args *a, enum dm_key key, uint64_t ms)
{
	struct dm_domain *all;
	int n = domains_read(&all), status = STATUS_OK;

	if (n < 0) {
		say_error("can't read the list of domains: %s", say_errno(n));
		return STATUS_FAIL;
	}
	for (int i = 0; i < n; i++) {
		if (all[i].domid != 0 && !is_down(&all[i]) && press(&all[i], key))
			status = STATUS_FAIL;
	}
	for (int i = 0; i < n && a->opt['w']; i++) {
		if (all[i].domid != 0 && wait_down(&all[i], ms))
			status = STATUS_FAIL;
	}
	free(all);
	return status;
}

static int ask(const struct args *a, enum dm_key key)
{
	struct dm_domain d;
	uint64_t ms;
	int status;

	if (!wait_option(a, SHUTDOWN_WAIT_MS, &ms))
		return STATUS_USAGE;
	if (!a->opt['a'] && a->nr_words == 0) {
		say_error("which domain? (or -a for all of them)");
		return STATUS_USAGE;
	}
	if (a->opt['a'] && a->nr_words) {
		say_error("either -a or a domain, not both");
		return STATUS_USAGE;
	}
	if (a->opt['a'])
		return ask_all(a, key, ms);
	if (!domain_find(a->words[0], &d))
		return STATUS_FAIL;
	if (is_down(&d))
		return domain_failed(&d, "it is down already", 0);
	status = press(&d, key);
	if (status || !a->opt['w'])
		return status;
	return wait_down(&d, ms);
}

int verb_shutdown(const struct args *a)
{
	return ask(a, DM_KEY_POWER);
}

int verb_reboot(const struct args *a)
{
	return ask(a, DM_KEY_RESTART);
}

int verb_destroy(const struct args *a)
{
	struct dm_domain d;
	int err;

	if (!domain_find(a->words[0], &d))
		return STATUS_FAIL;
	if (d.domid == 0)
		return domain_failed(&d, "Dom0 can't be destroyed; `poweroff` ends the machine", 0);
	/* Paused first, so that nothing of it runs while it goes. */
	ctl_pause(d.domid);
	err = ctl_destroy(d.domid);
	if (err == 0) {
		store_forget(d.domid);
		return STATUS_OK;
	}
	ctl_unpause(d.domid);
	return domain_failed(&d, "can't destroy it", err);
}
