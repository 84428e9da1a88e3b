// SPDX-License-Identifier: Apache-2.0
#include "domains.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "say.h"
#include "store.h"

#define CHUNK 16

/* Domains that Xen's own tools made have their names in Xenstore. */
static void complete_name(struct dm_domain *d)
{
	char *name;

	d->name[DM_NAME_SIZE - 1] = 0;
	if (d->name[0])
		return;
	name = store_name(d->domid);
	if (name)
		snprintf(d->name, sizeof(d->name), "%s", name);
	free(name);
}

int domains_read(struct dm_domain **out)
{
	struct dm_domain *all = NULL;
	uint64_t cursor = 0;
	int n = 0, got;

	do {
		all = xrealloc(all, (size_t)(n + CHUNK) * sizeof(all[0]));
		got = ctl_domains(&cursor, all + n, CHUNK);
		if (got < 0) {
			free(all);
			return got;
		}
		n += got;
	} while (got);
	for (int i = 0; i < n; i++)
		complete_name(&all[i]);
	*out = all;
	return n;
}

static bool is_number(const char *word, uint64_t *id)
{
	return parse_u64(word, 0xffff, id) && strspn(word, "0123456789") == strlen(word);
}

bool domain_find(const char *word, struct dm_domain *out)
{
	struct dm_domain *all;
	uint64_t id = 0;
	bool by_id = is_number(word, &id), found = false;
	int n = domains_read(&all);

	if (n < 0) {
		say_error("can't read the list of domains: %s", say_errno(n));
		return false;
	}
	for (int i = 0; i < n && !found; i++) {
		found = by_id ? all[i].domid == id : strcmp(all[i].name, word) == 0;
		/* As xl: Dom0 also by the name that Xen gives it. */
		found |= all[i].domid == 0 && strcmp(word, "Domain-0") == 0;
		if (found)
			*out = all[i];
	}
	free(all);
	if (!found)
		say_error("there is no domain \"%s\"; `%s list` shows those that there are", word,
		          program_name);
	return found;
}

int domain_get(uint16_t domid, struct dm_domain *out)
{
	struct dm_domain *all;
	int n = domains_read(&all), err = -ESRCH;

	if (n < 0)
		return n;
	for (int i = 0; i < n; i++) {
		if (all[i].domid == domid) {
			*out = all[i];
			err = 0;
		}
	}
	free(all);
	return err;
}

bool domain_name_used(const char *name)
{
	struct dm_domain *all;
	bool used = false;
	int n = domains_read(&all);

	for (int i = 0; i < n; i++)
		used |= strcmp(all[i].name, name) == 0;
	if (n >= 0)
		free(all);
	return used;
}

const char *domain_state_text(const struct dm_domain *d)
{
	static const char *const words[][2] = {
		[DM_STATE_BUILDING] = { "building", "building" },
		[DM_STATE_RUNNING] = { "running", "paused" },
		[DM_STATE_SUSPENDED] = { "suspended", "suspended, paused" },
		[DM_STATE_SHUTDOWN] = { "shut down", "shut down, paused" },
		[DM_STATE_CRASHED] = { "crashed", "crashed, paused" },
		[DM_STATE_DYING] = { "dying", "dying" },
	};

	return d->state < ARRAY_SIZE(words) ? words[d->state][d->pause_count > 0] : "?";
}

static uint64_t now_ms(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (uint64_t)t.tv_sec * 1000 + (uint64_t)t.tv_nsec / 1000000;
}

int domain_wait(uint16_t domid, bool (*done)(const struct dm_domain *d), unsigned int poll_ms,
                uint64_t timeout_ms, struct dm_domain *out)
{
	const struct timespec pause = { .tv_nsec = poll_ms * 1000000l };
	uint64_t begin = now_ms();
	int err;

	for (;;) {
		err = domain_get(domid, out);
		if (err || done(out))
			return err;
		if (timeout_ms && now_ms() - begin >= timeout_ms)
			return -ETIMEDOUT;
		nanosleep(&pause, NULL);
	}
}

int domain_failed(const struct dm_domain *d, const char *what, int err)
{
	if (err)
		say_error("domain %s (%u): %s: %s", d->name, d->domid, what, say_errno(err));
	else
		say_error("domain %s (%u): %s", d->name, d->domid, what);
	return STATUS_FAIL;
}
