/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Domains come and go while two pretended CPUs run: nothing is lost, nothing is freed while somebody may be looking at it,
 * and states are what the toolstack was told. The guest is a function of the test.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "core/alarm.h"
#include "core/domain.h"
#include "core/domain_power.h"
#include "core/domain_reap.h"
#include "core/irq.h"
#include "core/sched.h"
#include "core/smp.h"
#include "core/timer.h"
#include "core/vcpu.h"
#include "core/watchdog.h"
#include "dev/gic/gic.h"
#include "fake_cpu.h"
#include "fake_sysreg.h"
#include "lib/err.h"
#include "mm/page.h"
#include "mm/share.h"
#include "page_arena.h"

#define ARENA (64 * MIB)
#define GFN   0x40000
enum { IRQ_TIMER = 26, IRQ_DEV = 40 };

/* ---- the pretended GIC ---- */

static struct {
	uint32_t pending[8];
	unsigned int count;
	bool enabled[64], pend[64], active[64];
} hw;

static uint32_t fake_ack(void)
{
	return hw.count ? hw.pending[--hw.count] : GIC_SPURIOUS;
}

static void fake_nothing(uint32_t iar)
{
	(void)iar;
}

static void fake_set_enabled(uint32_t intid, bool on)
{
	hw.enabled[intid] = on;
}

static void fake_set_pending(uint32_t intid, bool on)
{
	hw.pend[intid] = on;
}

static void fake_set_active(uint32_t intid, bool on)
{
	hw.active[intid] = on;
}

static void fake_set_priority(uint32_t intid, uint8_t priority)
{
	(void)intid;
	(void)priority;
}

static void fake_set_target(uint32_t intid, unsigned int cpu)
{
	(void)intid;
	(void)cpu;
}

static const struct gic_ops fake_gic = {
	.version = 3,
	.ack = fake_ack,
	.eoi = fake_nothing,
	.deactivate = fake_nothing,
	.set_enabled = fake_set_enabled,
	.set_pending = fake_set_pending,
	.set_active = fake_set_active,
	.set_priority = fake_set_priority,
	.set_target = fake_set_target,
};
const struct gic_ops *gic = &fake_gic;
struct gic_limits gic_limits = { .nr_spis_end = 64 };

/* ---- what lies outside of what is tested ---- */

static unsigned int alarms_cancelled;

void smp_kick(struct cpu *c)
{
	(void)c;
}

void alarm_cancel_all(const struct domain *owner)
{
	(void)owner;
	alarms_cancelled++;
}

void smp_die(struct cpu *c)
{
	(void)c;
}

void guest_sysregs_save(struct guest_sysregs *s)
{
	(void)s;
}

void guest_sysregs_load(const struct guest_sysregs *s)
{
	(void)s;
}

void guest_sysregs_reset(struct guest_sysregs *s)
{
	memset(s, 0, sizeof(*s));
}

void guest_fp_save(struct guest_fp *fp)
{
	(void)fp;
}

void guest_fp_load(const struct guest_fp *fp)
{
	(void)fp;
}

/* ---- modules: each takes a page, and says what is asked of it ---- */

static char story[512];

static void tell(const char *what, const struct domain *d)
{
	char line[32];

	snprintf(line, sizeof(line), "%s%u ", what, d->id);
	if (strlen(story) + strlen(line) < sizeof(story)) /* of many only the first matter */
		strcat(story, line);
}

static void *module_pages[MAX_DOMAINS];
static int module_error;

static int first_init(struct domain *d)
{
	assert_non_null(d->vcpus[d->nr_vcpus - 1]);
	assert_null(domain_by_id(d->id)); /* nobody sees it before it is complete */
	module_pages[d->id] = page_alloc(0);
	return module_pages[d->id] ? 0 : -ENOMEM;
}

static void assert_still(struct domain *d)
{
	assert_int_equal(fake_cpu, 0);
	assert_int_equal(fake_locks_held, 0);
	for (unsigned int i = 0; i < d->nr_vcpus; i++) {
		assert_false(d->vcpus[i] && d->vcpus[i]->running);
		assert_false(d->vcpus[i] && d->vcpus[i]->loaded);
	}
}

static void first_stop(struct domain *d)
{
	assert_still(d);
	tell("stop", d);
}

static void first_destroy(struct domain *d)
{
	assert_still(d);
	tell("destroy", d);
	if (module_pages[d->id])
		page_free(module_pages[d->id], 0);
	module_pages[d->id] = NULL;
}

static int second_init(struct domain *d)
{
	(void)d;
	return module_error;
}

static void second_stop(struct domain *d)
{
	tell("STOP", d);
}

static const struct domain_module modules[] = {
	{ .name = "first", .init = first_init, .stop = first_stop, .destroy = first_destroy },
	{ .name = "second", .init = second_init, .stop = second_stop },
};

static int vcpu_module_budget; /* inits that succeed; -1: all */

static int vcpu_init(struct vcpu *v)
{
	if (!vcpu_module_budget)
		return -ENOMEM;
	vcpu_module_budget -= vcpu_module_budget > 0;
	v->vgic = page_alloc(0);
	return v->vgic ? 0 : -ENOMEM;
}

static void vcpu_gone(struct vcpu *v)
{
	if (v->vgic)
		page_free(v->vgic, 0);
	v->vgic = NULL;
}

static const struct vcpu_module vcpu_module = { .name = "v", .init = vcpu_init, .destroy = vcpu_gone };
static const struct vcpu_module *const vcpu_modules[] = { &vcpu_module };

static unsigned int changes;
static struct domain *changed;
static bool changed_listed;

static void state_changed(struct domain *d)
{
	assert_int_equal(fake_locks_held, 0);
	changes++;
	changed = d;
	changed_listed = domains[d->id] == d;
}

/* ---- the run ---- */

typedef void guest_script(struct vcpu *v);
static guest_script *script;
static jmp_buf out;
static unsigned int nr_ran;
static struct vcpu *last_ran;

void guest_run(struct guest_regs *r)
{
	struct vcpu *v = container_of(r, struct vcpu, regs);

	assert_int_equal(fake_locks_held, 0);
	assert_false(v->domain->dying);
	if (nr_ran == 32)
		longjmp(out, 2);
	nr_ran++;
	last_ran = v;
	fake_counter += 1000000;
	if (script)
		script(v);
}

static void on_barrier(const char *what)
{
	if (!strcmp(what, "wfi") && !hw.count)
		longjmp(out, 1);
}

static struct cpu cpu[2];

/* The loop of that CPU until it would idle, or has given 32 turns. */
static void run(unsigned int n, guest_script *s)
{
	fake_cpu = n;
	script = s;
	nr_ran = 0;
	if (!setjmp(out))
		cpu_loop();
	fake_cpu = 0;
}

static void stop_script(struct vcpu *v)
{
	vcpu_block(v, VCPU_BLOCK_WFI);
}

/* Everybody idles until the timers of the boot CPU have nothing more to do. */
static unsigned int settle(void)
{
	unsigned int rounds = 0;

	do {
		for (unsigned int n = 0; n < 2; n++) {
			fake_counter += 1000000;
			hw.pending[hw.count++] = IRQ_TIMER;
			if (cpu[n].online)
				run(n, stop_script);
			hw.count = 0;
		}
		assert_true(++rounds < 5000);
	} while (!list_empty(&cpu[0].timers) || cpu[0].work || (cpu[1].online && cpu[1].work));
	return rounds;
}

static struct domain *dom0;
static uint64_t before;

static int setup(void **state)
{
	(void)state;
	fake_barrier_watch(on_barrier);
	*fake_sysreg(id_aa64mmfr0_el1) = 2;
	module_error = 0;
	vcpu_module_budget = -1;
	settle();
	story[0] = 0;
	changes = alarms_cancelled = 0;
	before = arena_free_pages();
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	settle();
	assert_int_equal(arena_free_pages(), before);
	assert_int_equal(fake_locks_held, 0);
	return 0;
}

static struct domain *new_domain(unsigned int nr_vcpus)
{
	const struct domain_config c = {
		.id = DOMID_ANY, .name = "guest", .nr_vcpus = nr_vcpus, .max_pages = 4096
	};
	struct domain *d = NULL;

	assert_int_equal(domain_new(&c, &d), 0);
	assert_non_null(d);
	return d;
}

static void start(struct domain *d)
{
	const struct vcpu_context c = { .pc = 0x40080000, .pstate = 0x1c5 };

	assert_int_equal(domain_set_vcpu_context(d->vcpus[0], &c), 0);
	assert_int_equal(domain_ctl_unpause(d), 0);
}

static void destroy(struct domain *d)
{
	assert_int_equal(domain_destroy(d), 0);
	settle();
}

/* ---- coming ---- */

static void test_new(void **state)
{
	struct domain *d = new_domain(3), *e;

	(void)state;
	assert_int_equal(d->state, DOMAIN_BUILDING);
	assert_int_equal(d->pause_count, 1);
	assert_int_equal(d->max_pages, 4096);
	assert_int_equal(d->tot_pages, 0);
	assert_ptr_equal(domain_by_id(d->id), d);
	for (unsigned int i = 0; i < 3; i++)
		assert_int_equal(d->vcpus[i]->power, VCPU_OFF);
	e = new_domain(1);
	assert_int_not_equal(e->id, d->id);
	assert_int_not_equal(e->s2.vttbr >> 48, d->s2.vttbr >> 48);
	destroy(d);
	destroy(e);
}

static void test_refused(void **state)
{
	struct domain_config c = { .id = MAX_DOMAINS, .name = "x", .nr_vcpus = 1 };
	struct domain *d = NULL;

	(void)state;
	assert_int_equal(domain_new(&c, &d), -EINVAL);
	c.id = DOMID_DOM0;
	assert_int_equal(domain_new(&c, &d), -EEXIST);
	c.id = DOMID_ANY;
	c.nr_vcpus = 0;
	assert_int_equal(domain_new(&c, &d), -EINVAL);
	c.nr_vcpus = MAX_VCPUS_PER_DOMAIN + 1;
	assert_int_equal(domain_new(&c, &d), -EINVAL);
	assert_int_equal(domain_destroy(dom0), -EINVAL);
	assert_int_equal(arena_free_pages(), before);
}

/* Whatever fails, all that was taken is given back at once, and the number is free. */
static void test_failed_creation(void **state)
{
	struct domain_config c = { .id = 9, .name = "x", .nr_vcpus = 4 };
	struct domain *d = NULL;

	(void)state;
	module_error = -EINVAL;
	assert_int_equal(domain_new(&c, &d), -EINVAL);
	assert_int_equal(arena_free_pages(), before);
	assert_string_equal(story, "STOP9 stop9 destroy9 ");
	module_error = 0;
	for (vcpu_module_budget = 0; vcpu_module_budget < 4; vcpu_module_budget++) {
		int budget = vcpu_module_budget;

		assert_int_equal(domain_new(&c, &d), -ENOMEM);
		assert_int_equal(arena_free_pages(), before);
		vcpu_module_budget = budget;
	}
	vcpu_module_budget = -1;
	arena_drain();
	assert_int_equal(domain_new(&c, &d), -ENOMEM);
	arena_refill();
	assert_null(domain_by_id(9));
	assert_int_equal(domain_new(&c, &d), 0);
	assert_int_equal(domain_new(&c, &d), -EEXIST);
	destroy(d);
}

static void test_all_ids(void **state)
{
	const struct domain_config c = { .id = DOMID_ANY, .name = "x", .nr_vcpus = 1 };
	struct domain *d[MAX_DOMAINS], *next;
	unsigned int n = 0, id;

	(void)state;
	while (domain_new(&c, &d[n]) == 0)
		n++;
	assert_int_equal(n, MAX_DOMAINS - 1); /* and Dom0 */
	assert_int_equal(domain_new(&c, &next), -ENOSPC);
	id = d[5]->id;
	destroy(d[5]);
	destroy(d[6]);
	/* The one that was free for longer, or not: either will do, but not twice the same. */
	assert_int_equal(domain_new(&c, &d[5]), 0);
	assert_int_equal(domain_new(&c, &d[6]), 0);
	assert_int_not_equal(d[5]->id, d[6]->id);
	assert_true(d[5]->id == id || d[6]->id == id);
	for (unsigned int i = 0; i < n; i++)
		assert_int_equal(domain_destroy(d[i]), 0);
	settle();
}

/* A number that was just in use isn't the next one to be given. */
static void test_ids_rest(void **state)
{
	struct domain *d = new_domain(1);
	unsigned int id = d->id;

	(void)state;
	destroy(d);
	d = new_domain(1);
	assert_int_not_equal(d->id, id);
	destroy(d);
}

/* ---- running ---- */

static void assert_context(struct vcpu *v)
{
	assert_int_equal(v->regs.pc, 0x40080000);
	assert_int_equal(v->regs.x[0], 0x48000000);
	assert_int_equal(v->regs.x[30], 30);
	assert_int_equal(v->regs.pstate, 0x1c5);
	assert_int_equal(v->sysregs.sctlr, 0x00c50078);
	assert_int_equal(v->sysregs.tcr, 1);
	assert_int_equal(v->sysregs.sp_el1, 2);
	vcpu_block(v, VCPU_BLOCK_WFI);
}

static void test_context(void **state)
{
	struct vcpu_context c = {
		.x = { [0] = 0x48000000, [30] = 30 }, .pc = 0x40080000, .pstate = 0x1c5,
		.sctlr = 0x00c50078, .tcr = 1, .sp_el1 = 2,
	};
	struct domain *d = new_domain(2);
	struct vcpu *v = d->vcpus[0];

	(void)state;
	c.pstate = 0x1c9; /* EL2h */
	assert_int_equal(domain_set_vcpu_context(v, &c), -EINVAL);
	c.pstate = 0x1d3; /* AArch32 */
	assert_int_equal(domain_set_vcpu_context(v, &c), -EINVAL);
	c.pstate = 0x1c5 | BIT(20) | BIT(21); /* what only EL2 sets is dropped */
	assert_int_equal(domain_set_vcpu_context(v, &c), 0);
	assert_int_equal(d->state, DOMAIN_RUNNING);
	assert_int_equal(domain_set_vcpu_context(v, &c), -EBUSY);
	run(v->cpu->arch.id, stop_script);
	assert_int_equal(nr_ran, 0); /* paused since it was made */
	assert_int_equal(domain_ctl_unpause(d), 0);
	assert_int_equal(domain_ctl_unpause(d), -EINVAL);
	run(v->cpu->arch.id, assert_context);
	assert_int_equal(nr_ran, 1);
	assert_ptr_equal(last_ran, v);
	assert_int_equal(d->vcpus[1]->power, VCPU_OFF);
	/* Not while it runs. */
	assert_int_equal(domain_set_vcpu_context(d->vcpus[1], &c), -EBUSY);
	assert_int_equal(domain_set_vcpu_context(v, NULL), -EBUSY);
	assert_int_equal(domain_ctl_pause(d), 0);
	/* Off: once its CPU has let go of it. */
	assert_ptr_equal(v->cpu->loaded, v);
	assert_int_equal(domain_set_vcpu_context(v, NULL), -EAGAIN);
	run(v->cpu->arch.id, stop_script);
	assert_int_equal(domain_set_vcpu_context(v, NULL), 0);
	assert_int_equal(v->power, VCPU_OFF);
	assert_int_equal(domain_set_vcpu_context(v, &c), 0);
	destroy(d);
}

/* The toolstack can't undo a pause that isn't its own. */
static void test_pauses(void **state)
{
	struct domain *d = new_domain(1);

	(void)state;
	start(d);
	assert_int_equal(domain_pause_sync(d), 0);
	assert_int_equal(domain_ctl_unpause(d), -EINVAL);
	for (unsigned int i = 0; i < 255; i++)
		assert_int_equal(domain_ctl_pause(d), 0);
	assert_int_equal(domain_ctl_pause(d), -EINVAL);
	for (unsigned int i = 0; i < 255; i++)
		assert_int_equal(domain_ctl_unpause(d), 0);
	assert_int_equal(d->pause_count, 1);
	domain_unpause(d);
	run(d->vcpus[0]->cpu->arch.id, stop_script);
	assert_int_equal(nr_ran, 1);
	destroy(d);
}

static void shut_script(struct vcpu *v)
{
	domain_shutdown(v->domain, DOMAIN_SUSPEND);
}

static void test_shutdown_suspend(void **state)
{
	struct domain *d = new_domain(1);
	struct vcpu *v = d->vcpus[0];
	uint64_t pc;

	(void)state;
	start(d);
	assert_int_equal(domain_resume_shutdown(d), -EINVAL);
	run(v->cpu->arch.id, shut_script);
	assert_int_equal(nr_ran, 1);
	assert_int_equal(d->state, DOMAIN_SHUTDOWN);
	assert_int_equal(d->shutdown_reason, DOMAIN_SUSPEND);
	assert_int_equal(changes, 1);
	assert_ptr_equal(changed, d);
	assert_int_equal(alarms_cancelled, 0); /* it will want them */
	pc = v->regs.pc;
	assert_int_equal(domain_resume_shutdown(d), 0);
	assert_int_equal(domain_resume_shutdown(d), -EINVAL);
	run(v->cpu->arch.id, stop_script);
	assert_int_equal(nr_ran, 1);
	assert_int_equal(v->regs.pc, pc); /* where it was */
	destroy(d);
}

static void test_shutdown_stays(void **state)
{
	struct domain *d = new_domain(1);

	(void)state;
	start(d);
	domain_shutdown(d, DOMAIN_REBOOT);
	domain_shutdown(d, DOMAIN_CRASH); /* the first reason counts */
	assert_int_equal(d->state, DOMAIN_SHUTDOWN);
	assert_int_equal(d->shutdown_reason, DOMAIN_REBOOT);
	assert_int_equal(changes, 1);
	settle();
	assert_ptr_equal(domain_by_id(d->id), d);
	assert_int_equal(domain_resume_shutdown(d), -EINVAL);
	run(0, stop_script);
	run(1, stop_script);
	assert_int_equal(nr_ran, 0);
	destroy(d);
	assert_int_equal(changes, 2);
}

/* ---- going and coming back ---- */

static unsigned int rebuilt; /* boot_number */
static bool rebuild_fails;
static uint16_t rebuilt_id;
static unsigned int nr_downs;

static void count_down(enum domain_shutdown_reason reason)
{
	assert_int_equal(reason, DOMAIN_POWEROFF);
	nr_downs++;
}

#define PIECE 5000000
static uint64_t piece_end;

static int rebuild(unsigned int boot_number)
{
	static unsigned int pieces;
	struct domain *d;

	assert_int_equal(fake_locks_held, 0);
	assert_int_equal(nr_downs, 0);
	assert_null(domains[rebuilt_id]); /* its id is free again */
	/* Others have had three quarters of the time. */
	assert_true(fake_counter - piece_end >= 3 * PIECE);
	fake_counter += PIECE;
	piece_end = fake_counter;
	if (++pieces % 3)
		return -EAGAIN;
	rebuilt = boot_number;
	if (rebuild_fails)
		return -ENOMEM;
	d = domain_create(rebuilt_id, "again", 1);
	assert_non_null(d);
	d->boot_number = boot_number;
	domain_start(d, 0, 0);
	return 0;
}

static struct domain *boot_domain(void)
{
	struct domain *d = new_domain(2);

	rebuilt = nr_downs = 0;
	rebuilt_id = d->id;
	d->boot_number = 7;
	domain_set_rebuild(rebuild);
	domain_set_machine_down(count_down);
	domains[0] = NULL; /* as without a Dom0 */
	start(d);
	return d;
}

static void no_rebuild(void)
{
	domain_set_rebuild(NULL);
	domain_set_machine_down(NULL);
	domains[0] = dom0;
}

static void test_reboot(void **state)
{
	struct domain *d = boot_domain();

	(void)state;
	domain_shutdown(d, DOMAIN_REBOOT);
	assert_int_equal(rebuilt, 0); /* not in the trap that asked for it */
	settle();
	assert_int_equal(rebuilt, 7);
	assert_int_equal(nr_downs, 0); /* it was never nobody */
	d = domain_by_id(rebuilt_id);
	assert_non_null(d);
	assert_string_equal(d->name, "again");
	assert_int_equal(d->state, DOMAIN_RUNNING);
	/* And once more. */
	rebuilt = 0;
	domain_shutdown(d, DOMAIN_REBOOT);
	settle();
	assert_int_equal(rebuilt, 7);
	d = domain_by_id(rebuilt_id);
	/* A power-off is for good. */
	domain_shutdown(d, DOMAIN_POWEROFF);
	assert_int_equal(nr_downs, 1);
	no_rebuild();
	destroy(d);
}

static void test_reboot_fails(void **state)
{
	struct domain *d = boot_domain();

	(void)state;
	rebuild_fails = true;
	domain_shutdown(d, DOMAIN_REBOOT);
	settle();
	rebuild_fails = false;
	assert_int_equal(rebuilt, 7);
	assert_int_equal(nr_downs, 1); /* now nobody is there */
	no_rebuild();
}

/* One that is being destroyed stays so; one that isn't from boot waits for the toolstack. */
static void test_no_reboot(void **state)
{
	struct domain *d = boot_domain();

	(void)state;
	assert_int_equal(domain_destroy(d), 0);
	domain_shutdown(d, DOMAIN_REBOOT);
	settle();
	assert_int_equal(rebuilt, 0);
	no_rebuild();
	d = boot_domain();
	d->boot_number = 0;
	domain_shutdown(d, DOMAIN_REBOOT);
	settle();
	assert_int_equal(rebuilt, 0);
	assert_int_equal(d->state, DOMAIN_SHUTDOWN);
	assert_int_equal(nr_downs, 1);
	no_rebuild();
	destroy(d);
}

/* ---- going ---- */

static void test_destroy_gives_all_back(void **state)
{
	struct domain *d = new_domain(4);
	unsigned int id = d->id;
	char want[64];

	(void)state;
	assert_int_equal(p2m_populate(d, GFN, 9), 0);
	for (unsigned int i = 0; i < 700; i++)
		assert_int_equal(p2m_populate(d, GFN + 512 + i, 0), 0);
	assert_int_equal(irq_assign(IRQ_DEV, "device", d, 40), 0);
	irq_enable(IRQ_DEV);
	hw.pend[IRQ_DEV] = hw.active[IRQ_DEV] = true;
	start(d);
	run(d->vcpus[0]->cpu->arch.id, stop_script);
	assert_true(watchdog_set(d, 0, 10) > 0);
	assert_int_equal(domain_destroy(d), 0);
	assert_int_equal(domain_destroy(d), -EBUSY);
	assert_null(domain_by_id((uint16_t)id));
	assert_null(domain_get((uint16_t)id));
	settle();
	snprintf(want, sizeof(want), "STOP%u stop%u destroy%u ", id, id, id);
	assert_string_equal(story, want);
	assert_int_equal(arena_free_pages(), before);
	assert_null(domains[id]);
	assert_false(hw.enabled[IRQ_DEV] || hw.pend[IRQ_DEV] || hw.active[IRQ_DEV]);
	assert_int_equal(irq_assign(IRQ_DEV, "device", dom0, 40), 0);
	irq_release_all(dom0);
	assert_int_equal(changes, 1);
	assert_false(changed_listed);
}

/* Free means: in no TLB. The flush of the domain's VMID comes after the last vCPU left, before the first frame goes. */
static void test_tlb(void **state)
{
	struct domain *d = new_domain(1);
	uint64_t vttbr = d->s2.vttbr, free;
	unsigned int rounds = 0;

	(void)state;
	assert_int_equal(p2m_populate(d, GFN, 9), 0);
	start(d);
	run(d->vcpus[0]->cpu->arch.id, stop_script);
	free = arena_free_pages();
	fake_maintenance.last_vttbr = 0;
	assert_int_equal(domain_destroy(d), 0);
	while (arena_free_pages() < free + 512) { /* the step that frees RAM is one of its own */
		assert_true(++rounds < 100);
		fake_counter += 1000000;
		for (unsigned int n = 2; n-- > 0;) {
			hw.pending[hw.count++] = IRQ_TIMER;
			run(n, stop_script);
			hw.count = 0;
		}
	}
	assert_int_equal(fake_maintenance.last_vttbr, vttbr);
}

static void test_many_cycles(void **state)
{
	(void)state;
	for (unsigned int i = 0; i < 200; i++) {
		struct domain *d = new_domain(1 + i % 4);

		assert_int_equal(p2m_populate(d, GFN, i % 10), 0);
		assert_int_equal(p2m_populate(d, GFN * 2, 0), 0);
		if (i % 3)
			start(d);
		for (unsigned int n = 0; n < 2; n++)
			run(n, stop_script);
		if (i % 5 == 0)
			domain_shutdown(d, DOMAIN_CRASH);
		destroy(d);
		assert_int_equal(arena_free_pages(), before);
	}
}

/* A vCPU runs on the other CPU: nothing goes before that CPU has been in its main loop. */
static void test_waits_for_the_other_cpu(void **state)
{
	struct domain *d = new_domain(2);
	struct vcpu *v = d->vcpus[0]->cpu == &cpu[1] ? d->vcpus[0] : d->vcpus[1];
	const struct vcpu_context c = { .pc = 0x40080000, .pstate = 0x1c5 };

	(void)state;
	assert_ptr_equal(v->cpu, &cpu[1]);
	assert_int_equal(domain_set_vcpu_context(v, &c), 0);
	assert_int_equal(domain_ctl_unpause(d), 0);
	run(1, stop_script);
	assert_ptr_equal(cpu[1].loaded, v);
	assert_int_equal(domain_destroy(d), 0);
	for (unsigned int i = 0; i < 20; i++) {
		fake_counter += 1000000;
		hw.pending[hw.count++] = IRQ_TIMER;
		run(0, NULL);
	}
	assert_string_equal(story, "");
	assert_true(cpu[1].work & BIT(CPU_WORK_QUIESCE));
	assert_ptr_equal(cpu[1].loaded, v);
	settle();
	assert_null(cpu[1].loaded);
	assert_int_equal(arena_free_pages(), before);
}

/* One that is off has let go; when it comes back it doesn't stand in the way. */
static void test_cpu_off(void **state)
{
	struct domain *d = new_domain(1), *e = new_domain(1);

	(void)state;
	cpu[1].online = false;
	destroy(d);
	assert_int_equal(domain_destroy(e), 0);
	cpu[1].work = 0; /* as smp.c does when it starts one */
	cpu[1].online = true;
	settle();
	assert_int_equal(arena_free_pages(), before);
}

static void test_references(void **state)
{
	struct domain *d = new_domain(1), *held;
	uint16_t id = d->id;
	uint64_t with;

	(void)state;
	assert_int_equal(p2m_populate(d, GFN, 9), 0);
	with = arena_free_pages();
	held = domain_get(id);
	assert_ptr_equal(held, d);
	destroy(d);
	/* Its memory is free, but not what the holder may be looking at. */
	assert_true(arena_free_pages() >= with + 512);
	assert_true(arena_free_pages() < before);
	assert_true(held->dying);
	assert_int_equal(held->id, id);
	assert_int_equal(p2m_populate(held, GFN, 0), -ESRCH);
	/* Listings show it. */
	assert_ptr_equal(domain_get_next(1), d);
	domain_put(d);
	assert_null(domain_get(id));
	assert_int_equal(changes, 0);
	domain_put(held);
	settle();
	assert_int_equal(arena_free_pages(), before);
	assert_int_equal(changes, 1);
	assert_null(domain_get_next(1));
}

/* Goes on just until d is out of the table. */
static void until_removed(struct domain *d)
{
	uint16_t id = d->id;

	for (unsigned int i = 0; domains[id] == d; i++) {
		assert_true(i < 100);
		fake_counter += 1000000;
		for (unsigned int n = 2; n-- > 0;) {
			hw.pending[hw.count++] = IRQ_TIMER;
			run(n, stop_script);
		}
	}
}

/* Who found it in the table just before it was taken out keeps it. */
static void test_late_reference(void **state)
{
	struct domain *d = new_domain(1), *found;

	(void)state;
	found = domain_get_next(1);
	assert_int_equal(domain_destroy(d), 0);
	domain_put(found);
	until_removed(d);
	found->refs++; /* what domain_get_next() on CPU 1 has just done */
	settle();
	assert_true(arena_free_pages() < before);
	assert_int_equal(found->nr_vcpus, 1);
	domain_put(found);
	settle();
	assert_int_equal(arena_free_pages(), before);
}

static struct domain *victim;

static void destroy_script(struct vcpu *v)
{
	struct domain *d = victim;

	victim = NULL;
	if (!d) {
		vcpu_block(v, VCPU_BLOCK_WFI);
		return;
	}
	assert_int_equal(domain_destroy(d), 0);
	assert_true(domain_destroy_wait(d, v));
	assert_false(domain_destroy_wait(d, v)); /* one can wait */
}

/* A hypercall that is over when the memory is free. */
static void test_waiter(void **state)
{
	struct domain *d = new_domain(1);
	struct vcpu *v = dom0->vcpus[0];

	(void)state;
	assert_int_equal(p2m_populate(d, GFN, 9), 0);
	victim = d;
	vcpu_kick(v);
	run(v->cpu->arch.id, destroy_script);
	assert_int_equal(nr_ran, 1);
	assert_true(v->blocked & BIT(VCPU_BLOCK_DESTROY));
	settle();
	assert_false(v->blocked & BIT(VCPU_BLOCK_DESTROY));
	assert_int_equal(arena_free_pages(), before);
}

/* It waits for the memory only: somebody who keeps a reference doesn't hold it up. */
static void test_waiter_and_reference(void **state)
{
	struct domain *d = new_domain(1), *held = domain_get(d->id);
	struct vcpu *v = dom0->vcpus[0];

	(void)state;
	victim = d;
	vcpu_kick(v);
	run(v->cpu->arch.id, destroy_script);
	settle();
	assert_false(v->blocked & BIT(VCPU_BLOCK_DESTROY));
	assert_false(domain_destroy_wait(held, v));
	domain_put(held);
}

/* Dom0 has some of its memory mapped: that stays, all else goes. */
static void test_memory_that_others_map(void **state)
{
	struct domain *d = new_domain(1);
	struct stage2_entry e;
	uint64_t left;

	(void)state;
	/* Dom0's tables are there already, so that what is counted is d's. */
	assert_int_equal(p2m_populate(d, GFN, 9), 0);
	assert_int_equal(p2m_map_foreign(dom0, GFN + 77, d, GFN + 5, false), 0);
	assert_int_equal(stage2_lookup(&dom0->s2, ipa_make((GFN + 77ULL) << 12), &e), 0);
	memset(pa_ptr(e.pa), 0x42, PAGE_SIZE);
	destroy(d);
	left = before - arena_free_pages();
	assert_int_equal(left, 2); /* the frame, and the registry's page */
	d = new_domain(1);
	assert_int_equal(p2m_populate(d, GFN, 9), 0);
	assert_int_equal(*(uint64_t *)pa_ptr(e.pa), 0x4242424242424242);
	assert_int_equal(p2m_unmap_foreign(dom0, GFN + 77), 0);
	destroy(d);
}

/* A domain that sleeps, and one whose vCPU has a wake-up under way. */
static void test_destroy_asleep(void **state)
{
	struct domain *d = new_domain(1);

	(void)state;
	start(d);
	run(d->vcpus[0]->cpu->arch.id, stop_script);
	vcpu_kick(d->vcpus[0]);
	assert_int_equal(domain_suspend(d->vcpus[0], 0x40000000, 1), 0);
	assert_int_equal(domain_destroy(d), 0);
	assert_true(domain_wake(d, 33, true)); /* too late */
	settle();
	assert_int_equal(arena_free_pages(), before);
}

/* The allocator is closed while the machine goes to sleep; what is asked for then is done after it. */
static void test_nothing_freed_during_a_suspend(void **state)
{
	struct domain *d = new_domain(1);

	(void)state;
	assert_int_equal(p2m_populate(d, GFN, 0), 0);
	page_forbid(true);
	assert_int_equal(domain_destroy(d), 0);
	assert_true(cpu[0].work & BIT(CPU_WORK_REAP));
	page_forbid(false);
	settle();
	assert_int_equal(arena_free_pages(), before);
}

/* The same number again, destroyed again, while the first still waits for its last grace period. */
static void test_number_reused_at_once(void **state)
{
	struct domain_config c = { .id = 33, .name = "again", .nr_vcpus = 1 };
	struct domain *d, *e;

	(void)state;
	assert_int_equal(domain_new(&c, &d), 0);
	assert_int_equal(domain_destroy(d), 0);
	until_removed(d);
	assert_int_equal(domain_new(&c, &e), 0);
	assert_int_equal(domain_destroy(e), 0);
	settle();
	assert_null(domains[33]);
	assert_string_equal(story, "STOP33 stop33 destroy33 STOP33 stop33 destroy33 ");
}

/* Anything in any order, on both CPUs, which also come and go; in the end not a page is missing. */
/* static: function-length: one switch of what may happen to a domain */
static void test_random_lives(void **state)
{
	enum { LIVES = 6 };
	struct domain *d[LIVES] = { 0 };

	(void)state;
	srand(17);
	for (unsigned int i = 0; i < 6000; i++) {
		unsigned int n = (unsigned int)rand() % LIVES;
		struct domain **x = &d[n];
		uint64_t gfn = GFN + (uint64_t)(rand() % 32);
		unsigned int at = (unsigned int)rand() % 2;

		fake_counter += (uint64_t)(rand() % 1000000);
		switch (rand() % 12) {
		case 0:
			if (!*x)
				*x = new_domain(1 + (unsigned int)rand() % 3);
			break;
		case 1:
			if (*x && (*x)->state == DOMAIN_BUILDING)
				start(*x);
			break;
		case 2:
			if (*x)
				(void)p2m_populate(*x, gfn & ~7ULL, (unsigned int)rand() % 4);
			break;
		case 3:
			if (*x)
				(void)p2m_release(*x, gfn);
			break;
		case 4: /* each has some of the others' memory */
			if (*x && d[(n + 1) % LIVES])
				(void)p2m_map_foreign(*x, GFN + 64 + gfn % 32, d[(n + 1) % LIVES], gfn, rand() % 2);
			break;
		case 5:
			if (*x)
				(void)p2m_map_grant(dom0, GFN + 512 + gfn % 32, *x, gfn, false);
			break;
		case 6:
			(void)p2m_unmap_grant(dom0, GFN + 512 + gfn % 32);
			break;
		case 7:
			if (*x)
				domain_shutdown(*x, rand() % 2 ? DOMAIN_SUSPEND : DOMAIN_CRASH);
			break;
		case 8:
			if (*x)
				(void)domain_resume_shutdown(*x);
			break;
		case 9:
			if (*x && rand() % 2) {
				assert_int_equal(domain_destroy(*x), 0);
				*x = NULL;
			}
			break;
		case 10: /* off, once nothing is loaded there, and on */
			if (cpu[1].online && !cpu[1].loaded)
				cpu[1].online = false;
			else if (!cpu[1].online)
				cpu[1].work = 0, cpu[1].online = true;
			break;
		default:
			if (cpu[at].online) {
				hw.pending[hw.count++] = IRQ_TIMER;
				run(at, stop_script);
				hw.count = 0;
			}
			break;
		}
	}
	cpu[1].online = true;
	for (unsigned int n = 0; n < LIVES; n++)
		if (d[n])
			destroy(d[n]);
	for (uint64_t g = 0; g < 32; g++)
		(void)p2m_unmap_grant(dom0, GFN + 512 + g);
	settle();
	for (unsigned int id = 1; id < MAX_DOMAINS; id++)
		assert_null(domains[id]);
}

static void make_machine(void)
{
	nr_cpus = 2;
	for (unsigned int i = 0; i < 2; i++) {
		cpu[i].arch.id = i;
		cpu[i].online = true;
		cpus[i] = &cpu[i];
		fake_cpu_arch[i] = &cpu[i].arch;
		list_init(&cpu[i].timers);
		if (sched_init_cpu(&cpu[i]))
			fake_die("no memory");
	}
	if (irq_init() || timer_setup(IRQ_TIMER))
		fake_die("no interrupts");
	vcpu_module_budget = -1;
	domain_set_modules(modules, ARRAY_SIZE(modules));
	vcpu_set_modules(vcpu_modules, ARRAY_SIZE(vcpu_modules));
	domain_set_state_hook(state_changed);
	*fake_sysreg(id_aa64mmfr0_el1) = 2;
	dom0 = domain_create(DOMID_DOM0, "dom0", 1);
	if (!dom0 || p2m_populate(dom0, GFN, 0))
		fake_die("no Dom0");
	domain_start(dom0, 0x40000000, 0);
}

int main(void)
{
#define T(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
	const struct CMUnitTest tests[] = {
		T(test_new),
		T(test_refused),
		T(test_failed_creation),
		T(test_all_ids),
		T(test_ids_rest),
		T(test_context),
		T(test_pauses),
		T(test_shutdown_suspend),
		T(test_shutdown_stays),
		T(test_reboot),
		T(test_reboot_fails),
		T(test_no_reboot),
		T(test_destroy_gives_all_back),
		T(test_tlb),
		T(test_many_cycles),
		T(test_waits_for_the_other_cpu),
		T(test_cpu_off),
		T(test_references),
		T(test_late_reference),
		T(test_waiter),
		T(test_waiter_and_reference),
		T(test_memory_that_others_map),
		T(test_destroy_asleep),
		T(test_nothing_freed_during_a_suspend),
		T(test_number_reused_at_once),
		T(test_random_lives),
	};

	arena_init(ARENA);
	make_machine();
	return cmocka_run_group_tests(tests, NULL, NULL);
}
