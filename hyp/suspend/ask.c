/* SPDX-License-Identifier: Apache-2.0 */
#include "suspend/ask.h"

#include "arch/counter.h"
#include "core/domain_power.h"
#include "lib/log.h"

static struct {
	struct domain *domain; /* until ask_forget(); NULL: it wasn't asked */
	uint64_t until;        /* counter by when it must have suspended */
} asked[MAX_DOMAINS];

static bool open; /* a request is being served, from ask_all() to ask_close() */

static bool runs(const struct domain *d)
{
	return __atomic_load_n(&d->state, __ATOMIC_ACQUIRE) == DOMAIN_RUNNING && !d->dying;
}

void ask_forget(unsigned int id)
{
	asked[id].domain = NULL;
}

static bool ask(struct domain *d, uint32_t cycle)
{
	uint32_t ms = domain_veto_ms(d);

	if (d->host_suspend != HOST_SUSPEND_VETO || domain_suspend_request(d))
		return false;
	log_info("suspend: cycle %u, %s is asked to suspend, within %u ms", cycle, d->name, ms);
	asked[d->id].domain = d;
	asked[d->id].until = counter_now() + counter_from_ms(ms);
	return true;
}

unsigned int ask_all(uint32_t cycle)
{
	unsigned int n = 0;

	open = true;
	for (uint16_t id = 0; id < MAX_DOMAINS; id++) {
		struct domain *d = domains[id] ? domain_by_id(id) : NULL;

		if (d && !d->dying && ask(d, cycle))
			n++;
	}
	return n;
}

bool ask_waits(void)
{
	for (unsigned int i = 0; i < MAX_DOMAINS; i++)
		if (asked[i].domain && runs(asked[i].domain) && counter_now() < asked[i].until)
			return true;
	return false;
}

void ask_close(void)
{
	open = false;
}

void ask_done(unsigned int id)
{
	/* It waited for its turn after the last sleep, and the next is being asked for already: it need not be asked again. */
	if (open)
		return;
	if (asked[id].domain)
		(void)domain_wake(asked[id].domain, DOMAIN_WAKE_HOST, true);
	ask_forget(id);
}
