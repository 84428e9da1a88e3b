/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>
#include "control_fake.h"
#include "core/console.h"
#include "core/p2m.h"
#include "lib/err.h"
#include "mm/page.h"
#include "virt/devices.h"
#include "virt/evtchn.h"
#include "virt/grant.h"
#include "virt/vuart.h"

struct domain fake_domains[NR_FAKE_DOMAINS];
static struct vcpu vcpus[NR_FAKE_DOMAINS][2];
static struct vcpu *vcpu_table[NR_FAKE_DOMAINS][2];
struct vcpu *const fake_caller = &vcpus[0][0];
struct control_fake fake;

struct cpu *cpus[MAX_CPUS];
unsigned int nr_cpus;
static struct cpu own_cpus[3];
static void *given; /* to the caller already */

static void add(unsigned int id, const char *name)
{
	struct domain *d = &fake_domains[id];

	d->id = (uint16_t)id;
	strcpy(d->name, name);
	d->privileged = id == 0;
	d->nr_vcpus = 2;
	d->vcpus = vcpu_table[id];
	d->state = DOMAIN_RUNNING;
	d->tot_pages = 1000 + id;
	d->max_pages = 2000 + id;
	d->s2.ipa_bits = 40;
	for (unsigned int i = 0; i < 2; i++) {
		vcpus[id][i].domain = d;
		vcpus[id][i].id = i;
		vcpus[id][i].cpu = &own_cpus[0];
		vcpu_table[id][i] = &vcpus[id][i];
	}
}

void control_fake_reset(void)
{
	memset(fake_domains, 0, sizeof(fake_domains));
	memset(vcpus, 0, sizeof(vcpus));
	fake = (struct control_fake){
		.weight = 256,
		.affinity = ~0ULL,
		.gic_version = 3,
		.wake_sources = WAKE_ALL,
		.veto_ms = 10000,
		.in_max = 256,
		.test_level = 99,
	};
	for (unsigned int i = 0; i < 3; i++) {
		own_cpus[i].online = i != 1;
		cpus[i] = &own_cpus[i];
	}
	nr_cpus = 3;
	given = NULL;
	add(0, "dom0");
	add(1, "web");
	add(5, "db");
	fake_cpu_reset();
	fake_guest_reset();
}

int64_t control_call(hypercall_fn *fn, void *op, size_t size)
{
	const uint64_t args[HYPERCALL_ARGS] = { fake_guest_va(op) };
	int64_t result;

	if (op != given)
		fake_guest_give(op, size, true);
	given = op;
	result = fn(fake_caller, args);
	assert_int_equal(fake.refs, 0);
	assert_int_equal(fake.frames_out, 0);
	assert_int_equal(fake_locks_held, 0);
	return result;
}

int64_t hypercall_again(struct vcpu *v)
{
	return HYPERCALL_AGAIN;
}

/* --- core/domain ------------------------------------------------------------------------- */

struct domain *domain_by_id(uint16_t id)
{
	return id < NR_FAKE_DOMAINS && fake_domains[id].nr_vcpus ? &fake_domains[id] : NULL;
}

struct domain *domain_get(uint16_t id)
{
	struct domain *d = domain_by_id(id);

	if (!d || d->dying)
		return NULL;
	fake.refs++;
	return d;
}

struct domain *domain_get_next(uint16_t id)
{
	for (unsigned int i = id; i < NR_FAKE_DOMAINS; i++)
		if (fake_domains[i].nr_vcpus) {
			fake.refs++;
			return &fake_domains[i];
		}
	return NULL;
}

void domain_put(struct domain *d)
{
	fake.refs--;
}

int domain_new(const struct domain_config *config, struct domain **out)
{
	unsigned int id = config->id == DOMID_ANY ? 6 : config->id;

	fake.config = *config;
	if (fake.new_err)
		return fake.new_err;
	add(id, config->name);
	fake_domains[id].nr_vcpus = config->nr_vcpus;
	fake_domains[id].state = DOMAIN_BUILDING;
	fake_domains[id].control_pauses = 1;
	*out = &fake_domains[id];
	if (config->build && config->build(*out, config->arg)) {
		fake_domains[id].nr_vcpus = 0;
		return fake.devices_err;
	}
	return 0;
}

int domain_destroy(struct domain *d)
{
	fake.destroyed++;
	if (fake.destroy_err)
		return fake.destroy_err;
	d->dying = true;
	return 0;
}

bool domain_destroy_wait(struct domain *d, struct vcpu *v)
{
	assert_ptr_equal(v, fake_caller);
	fake.waited++;
	return true;
}

int domain_pause_sync(struct domain *d)
{
	if (!fake.pause_err)
		d->pause_count++;
	return fake.pause_err;
}

int domain_ctl_pause(struct domain *d)
{
	if (!fake.pause_err)
		d->control_pauses++;
	return fake.pause_err;
}

int domain_ctl_unpause(struct domain *d)
{
	if (!d->control_pauses)
		return -EINVAL;
	d->control_pauses--;
	return 0;
}

void domain_unpause(struct domain *d)
{
	assert_true(d->pause_count); /* as the real one does */
	d->pause_count--;
}

int domain_set_vcpu_context(struct vcpu *v, const struct vcpu_context *c)
{
	fake.context_of = v;
	fake.context_given = c;
	if (c)
		fake.context = *c;
	return fake.context_err;
}

int domain_resume_shutdown(struct domain *d)
{
	fake.resumed_shutdown++;
	return fake.resume_shutdown_err;
}

void cpu_post(struct cpu *c, enum cpu_work what)
{
	c->work |= (uint32_t)BIT(what);
}

/* --- core/sched, core/p2m, mm/page ------------------------------------------------------- */

void sched_vcpu_info(struct vcpu *v, struct sched_info *out)
{
	*out = fake.info[v->id];
}

void sched_get_params(struct domain *d, unsigned int *weight, unsigned int *cap)
{
	*weight = fake.weight;
	*cap = fake.cap;
}

int sched_set_params(struct domain *d, unsigned int weight, unsigned int cap)
{
	if (fake.params_err)
		return fake.params_err;
	fake.weight = weight;
	fake.cap = cap;
	return 0;
}

int sched_set_affinity(struct vcpu *v, uint64_t mask)
{
	fake.affinity = mask;
	return 0;
}

uint64_t sched_affinity(struct vcpu *v)
{
	return fake.affinity;
}

static uint8_t frame_bytes[PAGE_SIZE];

int p2m_get_frame(struct domain *d, uint64_t gfn, bool write, paddr_t *frame)
{
	if (gfn < fake.frames_from || gfn >= fake.frames_to)
		return -EINVAL;
	fake.frames_out++;
	*frame = ptr_pa(frame_bytes);
	return 0;
}

void p2m_put_frame(paddr_t frame)
{
	fake.frames_out--;
}

void page_stats(struct page_stats *out)
{
	*out = (struct page_stats){ .total_pages = 5000, .free_pages = 4000 };
}

/* --- devices ----------------------------------------------------------------------------- */

unsigned int devices_gic_version(void)
{
	return fake.gic_version;
}

int devices_create(struct domain *d, unsigned int nr_spis)
{
	fake.spis = nr_spis;
	return fake.devices_err;
}

void evtchn_set_limit(struct domain *d, uint32_t max_port)
{
	fake.max_port = max_port;
}

void grant_set_limit(struct domain *d, uint32_t max_frames)
{
	fake.grant_frames = max_frames;
}

int devices_add(struct domain *d, uint32_t what)
{
	if (fake.add_err)
		return fake.add_err;
	fake.added = what;
	fake.devices |= what;
	return 0;
}

uint32_t devices_of(const struct domain *d)
{
	return fake.devices;
}

/* --- power ------------------------------------------------------------------------------- */

uint32_t domain_wake_get(const struct domain *d)
{
	return fake.wake_sources;
}

int domain_wake_set(struct domain *d, uint32_t mask)
{
	fake.wake_sources = mask;
	return 0;
}

void domain_wake_last(struct domain *d, struct domain_wake_info *out)
{
	*out = fake.wake;
	if (!out->name)
		out->name = "";
}

int domain_resume(struct domain *d)
{
	fake.resumed++;
	return fake.resume_err;
}

int domain_press(struct domain *d, enum dm_key key)
{
	fake.pressed = key;
	return fake.press_err;
}

int domain_set_host_suspend(struct domain *d, enum host_suspend_policy policy)
{
	d->host_suspend = policy;
	return 0;
}

int domain_set_time_policy(struct domain *d, enum time_policy policy)
{
	d->time_policy = policy;
	return 0;
}

int domain_set_veto_ms(struct domain *d, uint32_t ms)
{
	fake.veto_ms = ms;
	return 0;
}

uint32_t domain_veto_ms(const struct domain *d)
{
	return fake.veto_ms;
}

bool suspend_supported(void)
{
	return true;
}

void suspend_blockers(suspend_blocker_fn *fn, void *ctx)
{
	for (unsigned int i = 0; i < fake.nr_blockers; i++) {
		const struct suspend_blocker b = {
			.domid = i ? (uint16_t)i : DM_DOMID_NONE,
			.name = i ? "web" : "firmware",
			.reason = i ? "it is awake" : "it does not offer SYSTEM_SUSPEND",
		};

		if (!fn(ctx, &b))
			return;
	}
}

void suspend_dom0_ready(void)
{
	fake.dom0_ready++;
}

int suspend_test_level(uint32_t phase)
{
	if (phase != DM_TEST_OFF && phase >= DM_PHASE_COMMIT)
		return -EINVAL;
	fake.test_level = phase;
	return 0;
}

int suspend_set_faults(const char *text)
{
	snprintf(fake.faults, sizeof(fake.faults), "%s", text);
	return fake.faults_err;
}

bool suspend_faults_allowed(void)
{
	return fake.faults_err != -EOPNOTSUPP;
}

uint32_t suspend_journal_read(uint64_t *cursor, struct dm_journal_record *out, uint32_t max)
{
	uint32_t n = 0;

	if (!*cursor)
		*cursor = 1;
	for (; n < max && *cursor <= fake.nr_records; n++) {
		memset(&out[n], 0, sizeof(out[n]));
		out[n].sequence = (*cursor)++;
	}
	return n;
}

uint64_t suspend_journal_last(void)
{
	return fake.nr_records;
}

uint32_t suspend_count(enum dm_journal_outcome outcome)
{
	return 10 + outcome;
}

uint32_t suspend_grace_ms(void)
{
	return 2000;
}

/* --- consoles ---------------------------------------------------------------------------- */

struct domain *console_focused(void)
{
	return &fake_domains[1];
}

void console_press(char c)
{
	fake.keys[strlen(fake.keys)] = c;
}

size_t vuart_output(struct domain *d, uint64_t *cursor, void *buf, size_t size)
{
	size_t n = 0;

	for (; n < size && *cursor < fake.out_end; n++)
		((char *)buf)[n] = (char)('a' + (*cursor)++ % 26);
	return n;
}

bool vuart_input(struct domain *d, char c)
{
	if (fake.in_len == fake.in_max)
		return false;
	fake.in[fake.in_len++] = c;
	return true;
}
