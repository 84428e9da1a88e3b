// SPDX-License-Identifier: Apache-2.0
#include "tool_ctl.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "abi/domu.h"
#include "store.h"

struct fake_ctl fake;

void fake_reset(void)
{
	for (unsigned int i = 0; i < FAKE_DOMAINS; i++)
		free(fake.domains[i].ram);
	fake = (struct fake_ctl) {
		.big_blocks = true,
		.free_pages = 512 * 256,
		.test_phase = DM_TEST_OFF,
		.info = {
			.now_ns = 100000000000,
			.now_ticks = 6250000000,
			.ticks_per_second = 62500000,
			.flags = DM_INFO_HOST_SUSPEND,
			.nr_cpus = 2,
			.version = "1.0-fake",
		},
		.log = "",
	};
	fake_add(0, "dom0");
}

struct fake_domain *fake_find(uint16_t domid)
{
	for (unsigned int i = 0; i < fake.nr; i++) {
		if (fake.domains[i].dm.domid == domid)
			return &fake.domains[i];
	}
	return NULL;
}

struct fake_domain *fake_add(uint16_t domid, const char *name)
{
	struct fake_domain *d = &fake.domains[fake.nr++];

	*d = (struct fake_domain) {
		.dm = {
			.domid = domid,
			.state = DM_STATE_RUNNING,
			.shutdown_reason = 0xff,
			.flags = DM_DOMAIN_CONSOLE | DM_DOMAIN_RTC | DM_DOMAIN_KEYS,
			.nr_vcpus = 1,
			.nr_online = 1,
			.weight = 256,
			.wake_sources = DM_WAKE_ALL,
			.last_wake_id = UINT32_MAX,
			.tot_pages = 65536,
			.max_pages = 65792,
			.cpu_time_ns = 22440000000,
		},
		.info.running = true,
		.vcpus[0] = { .online = true, .running = true, .affinity = UINT64_MAX },
		.policy = { .domid = domid, .veto_ms = 10000 },
		.key = 0xffff,
		.output = "",
	};
	strcpy(d->dm.name, name);
	return d;
}

static bool failing(const char *call)
{
	if (!fake.fail || strcmp(call, fake.fail) != 0)
		return false;
	if (fake.fail_after == 0 && fake.err == EINTR)
		raise(SIGINT); /* somebody presses Ctrl-C meanwhile */
	if (fake.fail_after == 0)
		return fake.err != EINTR;
	fake.fail_after--;
	return false;
}

#define FIND(call, id)                         \
	struct fake_domain *d = fake_find(id); \
	if (failing(call))                     \
		return -fake.err;              \
	if (!d)                                \
	return -ESRCH

/* --- hypercall 48 ------------------------------------------------------------------------ */

int ctl_open(const char **why)
{
	*why = "no hypervisor";
	return fake.closed ? -ENOENT : 0;
}

int ctl_reopen(const char **why)
{
	return ctl_open(why);
}

int ctl_info(struct dm_op_info *out)
{
	*out = fake.info;
	return failing("info") ? -fake.err : 0;
}

static int list(uint64_t *cursor, const void *all, unsigned int nr, size_t size, void *out,
                unsigned int max)
{
	unsigned int n = 0;

	/* In small parts, as the real one may. */
	for (; *cursor < nr && n < max && n < 3; n++, ++*cursor)
		memcpy((char *)out + n * size, (const char *)all + *cursor * size, size);
	return (int)n;
}

int ctl_domains(uint64_t *cursor, struct dm_domain *out, unsigned int max)
{
	const struct timespec slow = { .tv_nsec = fake.slow_ms * 1000000l };
	struct dm_domain all[FAKE_DOMAINS];

	if (fake.slow_ms)
		nanosleep(&slow, NULL);
	for (unsigned int i = 0; i < fake.nr; i++)
		all[i] = fake.domains[i].dm;
	for (unsigned int i = 0; fake.freezing && i < fake.nr; i++)
		all[i].pause_count++;
	return failing("domains") ? -fake.err
	                          : list(cursor, all, fake.nr, sizeof(all[0]), out, max);
}

int ctl_journal(uint64_t *cursor, struct dm_journal_record *out, unsigned int max)
{
	unsigned int n = 0;

	for (unsigned int i = 0; i < fake.nr_records && n < max && n < 5; i++) {
		if (fake.records[i].sequence < *cursor)
			continue;
		out[n++] = fake.records[i];
		*cursor = fake.records[i].sequence + 1;
	}
	return failing("journal") ? -fake.err : (int)n;
}

int ctl_blockers(uint64_t *cursor, struct dm_blocker *out, unsigned int max)
{
	return failing("blockers") ? -fake.err
	                           : list(cursor, fake.blockers, fake.nr_blockers,
	                                  sizeof(fake.blockers[0]), out, max);
}

int ctl_wakeup(struct dm_op_wakeup *op)
{
	FIND("wakeup", op->domid);
	if (op->domid == 0)
		return -EOPNOTSUPP;
	d->dm.wake_sources = (d->dm.wake_sources & ~op->change) | (op->sources & op->change);
	op->sources = d->dm.wake_sources;
	return 0;
}

int ctl_policy(struct dm_op_policy *op)
{
	FIND("policy", op->domid);
	if (op->domid == 0)
		return -EOPNOTSUPP;
	if (op->set & DM_POLICY_HOST_SUSPEND)
		d->policy.host_suspend = op->host_suspend;
	if (op->set & DM_POLICY_TIME)
		d->policy.time = op->time;
	if (op->set & DM_POLICY_VETO_MS)
		d->policy.veto_ms = op->veto_ms;
	*op = d->policy;
	return 0;
}

int ctl_key(uint16_t domid, enum dm_key key)
{
	FIND("key", domid);
	if (domid == 0)
		return -EOPNOTSUPP;
	d->key = (uint16_t)key;
	if (fake.deaf)
		return 0;
	/* An obedient guest. */
	if (key == DM_KEY_SLEEP)
		d->dm.state = DM_STATE_SUSPENDED;
	else
		d->dm.state = DM_STATE_SHUTDOWN;
	return 0;
}

int ctl_resume(uint16_t domid)
{
	FIND("resume", domid);
	if (d->dm.state != DM_STATE_SUSPENDED)
		return -EINVAL;
	if (!(d->dm.wake_sources & DM_WAKE_COMMAND))
		return -EPERM;
	d->dm.state = DM_STATE_RUNNING;
	return 0;
}

int ctl_dom0_ready(void)
{
	fake.ready++;
	fake.freezing = false;
	return failing("dom0_ready") ? -fake.err : 0;
}

int ctl_faults(const char *text)
{
	if (failing("faults"))
		return -fake.err;
	memcpy(fake.faults[1], fake.faults[0], sizeof(fake.faults[0]));
	snprintf(fake.faults[0], sizeof(fake.faults[0]), "%s", text);
	return 0;
}

int ctl_test(uint32_t phase)
{
	if (failing("test"))
		return -fake.err;
	fake.test_phase = phase;
	return 0;
}

int ctl_console_read(uint16_t domid, uint64_t *cursor, void *buf, size_t size)
{
	size_t n;

	FIND("console_read", domid);
	n = strlen(d->output);
	n = *cursor < n ? n - *cursor : 0;
	n = n < size ? n : size;
	memcpy(buf, d->output + *cursor, n);
	*cursor += n;
	/* What it had to say was its last. */
	if (n == 0)
		d->dm.state = DM_STATE_SHUTDOWN;
	return (int)n;
}

int ctl_console_write(uint16_t domid, const void *buf, size_t size)
{
	FIND("console_write", domid);
	memcpy(d->input, buf, size < 63 ? size : 63);
	return (int)size;
}

int ctl_set_name(uint16_t domid, const char *name)
{
	FIND("set_name", domid);
	for (unsigned int i = 0; i < fake.nr; i++) {
		if (&fake.domains[i] != d && strcmp(fake.domains[i].dm.name, name) == 0)
			return -EEXIST;
	}
	strncpy(d->dm.name, name, DM_NAME_SIZE - 1);
	return 0;
}

int ctl_devices(struct dm_op_devices *op)
{
	FIND("devices", op->domid);
	d->devices |= op->add;
	op->gic_version = 3;
	op->gicd = (struct dm_device) { DOMU_GICD, DOMU_GICD_V3, 0 };
	op->gic_cpu = (struct dm_device) { DOMU_GICR, DOMU_GICR_SIZE, 0 };
	op->uart = (struct dm_device) { DOMU_UART, 4096, DOMU_UART_INTID };
	op->rtc = (struct dm_device) { DOMU_RTC, 4096, DOMU_RTC_INTID };
	op->keys = (struct dm_device) { DOMU_GPIO, 4096, DOMU_GPIO_INTID };
	return 0;
}

/* --- Xen's ------------------------------------------------------------------------------- */

int ctl_host(struct ctl_host *out)
{
	*out = (struct ctl_host) {
		.cpu_khz = 62500,
		.nr_cpus = 2,
		.max_cpu_id = 1,
		.nr_nodes = 1,
		.cores_per_socket = 2,
		.threads_per_core = 1,
		.total_pages = 1024 * 256,
		.free_pages = fake.free_pages,
		.hvm = true,
		.hap = true,
		.gnttab_v1 = true,
		.major = 4,
		.minor = 17,
		.page_size = 4096,
		.scheduler = 6,
		.extra = ".0-dormouse",
		.capabilities = "xen-3.0-aarch64 ",
	};
	return failing("host") ? -fake.err : 0;
}

int ctl_domaininfo(uint16_t domid, struct ctl_domaininfo *out)
{
	FIND("domaininfo", domid);
	*out = d->info;
	return 0;
}

int ctl_vcpu(uint16_t domid, unsigned int vcpu, struct ctl_vcpu *out)
{
	FIND("vcpu", domid);
	*out = d->vcpus[vcpu];
	return 0;
}

int ctl_set_affinity(uint16_t domid, unsigned int vcpu, uint64_t cpus)
{
	FIND("set_affinity", domid);
	d->vcpus[vcpu].affinity = cpus;
	return 0;
}

int ctl_sched_get(uint16_t domid, unsigned int *weight, unsigned int *cap)
{
	FIND("sched_get", domid);
	*weight = d->dm.weight;
	*cap = d->dm.cap;
	return 0;
}

int ctl_sched_set(uint16_t domid, unsigned int weight, unsigned int cap)
{
	FIND("sched_set", domid);
	d->dm.weight = weight;
	d->dm.cap = cap;
	return 0;
}

int ctl_pause(uint16_t domid)
{
	FIND("pause", domid);
	d->dm.pause_count++;
	return 0;
}

int ctl_unpause(uint16_t domid)
{
	FIND("unpause", domid);
	if (d->dm.pause_count == 0)
		return -EINVAL;
	d->dm.pause_count--;
	if (fake.fates && d->dm.state == DM_STATE_BUILDING) {
		d->dm.state = (uint8_t)fake.fates->state;
		d->dm.shutdown_reason = fake.fates++->reason;
	}
	return 0;
}

int ctl_destroy(uint16_t domid)
{
	FIND("destroy", domid);
	free(d->ram);
	*d = fake.domains[--fake.nr];
	fake.domains[fake.nr].ram = NULL;
	fake.destroyed++;
	return 0;
}

int ctl_read_log(char *buf, size_t size, uint32_t *index, bool clear)
{
	size_t n = strlen(fake.log + *index);

	n = n < size ? n : size;
	memcpy(buf, fake.log + *index, n);
	*index += (uint32_t)n;
	if (clear)
		fake.log = "";
	return failing("read_log") ? -fake.err : (int)n;
}

/* --- making a domain --------------------------------------------------------------------- */

int ctl_create(const uint8_t uuid[16], unsigned int vcpus, uint16_t *domid)
{
	struct fake_domain *d;

	if (failing("create"))
		return -fake.err;
	for (*domid = 1; fake_find(*domid); ++*domid)
		;
	d = fake_add(*domid, "");
	d->dm.state = DM_STATE_BUILDING;
	d->dm.pause_count = 1;
	d->dm.nr_vcpus = vcpus;
	d->dm.tot_pages = 0;
	memcpy(d->info.uuid, uuid, 16);
	fake.created++;
	return 0;
}

int ctl_max_vcpus(uint16_t domid, unsigned int vcpus)
{
	FIND("max_vcpus", domid);
	return vcpus == d->dm.nr_vcpus ? 0 : -EINVAL;
}

int ctl_max_memory(uint16_t domid, uint64_t kib)
{
	FIND("max_memory", domid);
	d->dm.max_pages = kib / 4;
	d->ram_pages = d->dm.max_pages;
	d->ram = calloc(d->ram_pages, CTL_PAGE);
	return 0;
}

int ctl_populate(uint16_t domid, uint64_t gfn, unsigned int n, unsigned int order)
{
	FIND("populate", domid);
	if (order && !fake.big_blocks)
		return 0;
	n = n < 5 ? n : 5; /* a bounded part, as the real one */
	if (gfn != DOMU_RAM / CTL_PAGE + d->dm.tot_pages || gfn % (1u << order))
		return -EINVAL;
	d->dm.tot_pages += (uint64_t)n << order;
	return (int)n;
}

void *ctl_map(uint16_t domid, uint64_t gfn, unsigned int n)
{
	struct fake_domain *d = fake_find(domid);
	uint64_t at = gfn - DOMU_RAM / CTL_PAGE;

	if (failing("map") || !d || at + n > d->dm.tot_pages) {
		errno = failing("map") ? fake.err : EINVAL;
		return NULL;
	}
	fake.mapped += n;
	return d->ram + at * CTL_PAGE;
}

void ctl_unmap(void *at, unsigned int n)
{
	(void)at;
	fake.mapped -= n;
}

int ctl_flush(uint16_t domid, uint64_t gfn, unsigned int n)
{
	FIND("flush", domid);
	(void)gfn;
	d->flushed_pages += n;
	return 0;
}

int ctl_set_entry(uint16_t domid, uint64_t pc, uint64_t x0)
{
	FIND("set_entry", domid);
	d->pc = pc;
	d->x0 = x0;
	return 0;
}

/* --- Xenstore ---------------------------------------------------------------------------- */

char *store_name(uint16_t domid)
{
	(void)domid;
	return fake.store_name ? strdup(fake.store_name) : NULL;
}

void store_set_name(uint16_t domid, const char *name)
{
	(void)domid;
	(void)name;
}

void store_forget(uint16_t domid)
{
	(void)domid;
}

int store_ask(uint16_t domid, const char *what)
{
	(void)domid;
	if (!fake.store_name)
		return -EOPNOTSUPP;
	strcpy(fake.store_asked, what);
	return 0;
}
