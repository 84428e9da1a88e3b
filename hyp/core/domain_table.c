/* SPDX-License-Identifier: Apache-2.0 */
#include "arch/spinlock.h"
#include "core/domain.h"
#include "core/domain_reap.h"
#include "lib/err.h"

_Static_assert(MAX_DOMAINS <= 64, "ids are bits of a word, and VMIDs have 8 bits");

struct domain *domains[MAX_DOMAINS];

static struct {
	struct spinlock lock; /* a leaf */
	uint64_t reserved; /* lock; of domains that aren't in the table yet */
	unsigned int last; /* lock */
} ids;

/* Acquire: pairs with domain_publish(). */
static struct domain *entry(uint16_t id)
{
	return __atomic_load_n(&domains[id], __ATOMIC_ACQUIRE);
}

struct domain *domain_by_id(uint16_t id)
{
	struct domain *d = id < MAX_DOMAINS ? entry(id) : NULL;

	return d && !__atomic_load_n(&d->dying, __ATOMIC_ACQUIRE) ? d : NULL;
}

static void take(struct domain *d)
{
	__atomic_fetch_add(&d->refs, 1, __ATOMIC_ACQUIRE);
}

struct domain *domain_get(uint16_t id)
{
	struct domain *d = domain_by_id(id);

	if (d)
		take(d);
	return d;
}

struct domain *domain_get_next(uint16_t id)
{
	for (; id < MAX_DOMAINS; id++) {
		struct domain *d = entry(id);

		if (d) {
			take(d);
			return d;
		}
	}
	return NULL;
}

void domain_put(struct domain *d)
{
	/* Read first: the count may be what keeps it. Release: our last use is over when the reaper sees 0. */
	bool dying = __atomic_load_n(&d->dying, __ATOMIC_RELAXED);

	if (__atomic_sub_fetch(&d->refs, 1, __ATOMIC_RELEASE) == 0 && dying)
		cpu_post(cpus[0], CPU_WORK_REAP);
}

static bool is_free(unsigned int id)
{
	return !(ids.reserved & BIT(id)) && !__atomic_load_n(&domains[id], __ATOMIC_RELAXED);
}

/* A number that was in use a moment ago may still be in somebody's mind: the others come first. */
static int take_free_locked(void)
{
	for (unsigned int i = 1; i < MAX_DOMAINS; i++) {
		unsigned int id = 1 + (ids.last + i - 1) % (MAX_DOMAINS - 1);

		if (is_free(id)) {
			ids.last = id;
			return (int)id;
		}
	}
	return -ENOSPC;
}

int domain_take_id(uint16_t wanted)
{
	int id = wanted;

	if (wanted != DOMID_ANY && wanted >= MAX_DOMAINS)
		return -EINVAL;
	spin_lock(&ids.lock);
	if (wanted == DOMID_ANY)
		id = take_free_locked();
	else if (!is_free(wanted))
		id = -EEXIST;
	if (id >= 0)
		ids.reserved |= BIT(id);
	spin_unlock(&ids.lock);
	return id;
}

void domain_give_id(unsigned int id)
{
	spin_lock(&ids.lock);
	ids.reserved &= ~BIT(id);
	spin_unlock(&ids.lock);
}

void domain_publish(struct domain *d)
{
	/* Release: who finds it there finds it complete. */
	__atomic_store_n(&domains[d->id], d, __ATOMIC_RELEASE);
	domain_give_id(d->id);
}

void domain_unpublish(struct domain *d)
{
	__atomic_store_n(&domains[d->id], NULL, __ATOMIC_RELEASE);
}
