/* SPDX-License-Identifier: Apache-2.0 */
#include "boot/domains.h"

#include "arch/counter.h"
#include "boot/dom0.h"
#include "boot/domu.h"
#include "core/console.h"
#include "core/domain.h"
#include "lib/err.h"
#include "lib/log.h"
#include "mm/page.h"

_Static_assert(HOST_MAX_DOMAINS < MAX_DOMAINS, "each has an id, Dom0's is 0");

/* Too large for an 8 KiB stack; the boot CPU alone runs this, once. */
static struct ranges at_once, later;
static struct guest guests[1 + HOST_MAX_DOMAINS];
/* These stay, for boot_rebuild(). */
static struct passthrough passed;
static struct domu_in domu_in;

static void add_pages(const struct ranges *rs)
{
	for (unsigned int i = 0; i < rs->count; i++)
		page_add_range(pa_make(rs->r[i].base), rs->r[i].size);
}

/* The page allocator writes into what it is given: no page of it may still be read. */
static int split_spare(const struct host_info *h, const struct boot_plan *p)
{
	int err;

	at_once = p->spare;
	err = layout_remove_sources(h, &at_once);
	later = p->spare;
	if (err == 0)
		err = ranges_remove_all(&later, &at_once);
	if (err)
		log_err("memory: more than %u separate pieces; fewer modules are needed",
		        RANGES_MAX);
	return err;
}

/* Whoever comes first and has a console can be typed to. */
static void give_focus(unsigned int count)
{
	for (unsigned int i = 0; i < count; i++) {
		if (guests[i].domain->vuart) {
			console_focus(guests[i].domain);
			return;
		}
	}
}

int boot_domains(const struct host_info *h, const struct boot_plan *p)
{
	unsigned int count = 0;
	int err = split_spare(h, p);

	domu_in = (struct domu_in) { .host = h, .plan = p, .passed = &passed };
	if (err == 0)
		err = passthrough_read(h, p, &passed);
	if (err == 0 && hostdt_module(h, HOST_MODULE_KERNEL))
		err = dom0_build(h, p, &passed, &guests[count++]);
	if (err)
		return err;
	add_pages(&at_once);
	for (unsigned int i = 0; i < h->nr_domains && err == 0; i++)
		err = domu_build(&domu_in, i, &guests[count++]);
	if (err)
		return err;
	add_pages(&later);
	give_focus(count);
	/* Not before: a domain on another CPU runs from here on. */
	for (unsigned int i = 0; i < count; i++)
		domain_start(guests[i].domain, guests[i].entry, guests[i].dtb);
	return 0;
}

/* A piece takes some milliseconds at most. */
#define REBUILD_SLICE (8 * MIB)
/* What others had mapped of it they should have given up by then. */
#define SHARED_MS     10000

int boot_rebuild(unsigned int number)
{
	static struct domu_job job; /* the one under way: in is NULL if there is none */
	static uint64_t limit;
	static bool held;
	struct domain *d;
	int err;

	if (!job.in) {
		limit = counter_now() + counter_from_ms(SHARED_MS);
		err = domu_begin(&job, &domu_in, number - 1, REBUILD_SLICE);
		/* Kept, whoever may destroy it meanwhile. */
		held = job.guest.domain && domain_get(job.guest.domain->id);
		if (err == 0 && !held)
			err = -ESRCH;
	} else if (job.guest.domain->dying) {
		err = -ESRCH;
	} else {
		err = 0;
	}
	if (err == 0)
		err = domu_step(&job);
	if (err == -EBUSY && counter_now() < limit)
		err = -EAGAIN;
	if (err == -EAGAIN)
		return err;
	d = job.guest.domain;
	if (err == -EBUSY)
		log_err("%s: it isn't made anew: another domain has its memory mapped", d->name);
	job.in = NULL;
	if (!d)
		return err;
	if (err == 0) {
		if (d->vuart)
			console_come_back(d);
		domain_start(d, job.guest.entry, job.guest.dtb);
	} else {
		(void)domain_destroy(d);
	}
	if (held)
		domain_put(d);
	return err;
}
