/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The real table of steps and what stands around it, over stand-ins for all that it calls. The
 * cases are made from the table: a new row is covered without anybody remembering.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>
#include "abi/psci.h"
#include "arch/bringup.h"
#include "arch/suspend.h"
#include "core/alarm.h"
#include "core/console.h"
#include "core/domain_power.h"
#include "core/irq.h"
#include "core/sched.h"
#include "core/smp.h"
#include "core/timer.h"
#include "core/watchdog.h"
#include "dev/gic/gic.h"
#include "dev/psci/psci.h"
#include "fake_cpu.h"
#include "fake_sysreg.h"
#include "lib/err.h"
#include "mm/page.h"
#include "suspend/freeze.h"
#include "suspend/journal.h"
#include "suspend/lastboot.h"
#include "suspend/steps.h"
#include "suspend/suspend.h"
#include "suspend/wake.h"

#define ENTRY 0x40080000

void lastboot_report(const struct journal *j, enum journal_ended how)
{
}

/*
 * The machine as the stand-ins see it: each thing that a row takes down is a bit here, and must be
 * up again at the end. What is already down isn't taken down, and nothing comes up twice.
 */
enum part { DOM0, DOMU, PAGES, ROUTES, CPUS, RTC, CONSOLE, TIMER, GIC, NR_PARTS };
static uint32_t down;
static uint32_t stuck;   /* parts that fail to go down */
static uint32_t missing; /* parts that fail to come up */

static bool half_down; /* fails, but is down */

static int part_down(enum part p)
{
	assert_false(down & BIT(p));
	if (half_down && stuck & BIT(p))
		down |= BIT(p);
	if (stuck & BIT(p))
		return -ETIMEDOUT;
	down |= BIT(p);
	return 0;
}

static int part_up(enum part p)
{
	assert_true(down & BIT(p));
	down &= ~BIT(p);
	return missing & BIT(p) ? -EIO : 0;
}

static struct cpu boot_cpu, other_cpu;
struct cpu *cpus[MAX_CPUS] = { &boot_cpu, &other_cpu };
unsigned int nr_cpus = 2;
static struct vcpu vcpu;
static struct vcpu *vcpus[] = { &vcpu };
static struct domain dom0 = { .id = 0,
	                      .name = "dom0",
	                      .vcpus = vcpus,
	                      .nr_vcpus = 1,
	                      .privileged = true,
	                      .state = DOMAIN_RUNNING };
static struct domain domu = { .id = 3, .name = "domu", .state = DOMAIN_RUNNING };
struct domain *domains[MAX_DOMAINS] = { [0] = &dom0, [3] = &domu };

/* So many looks at the table later, counted down, domu wakes up. */
static unsigned int wakes_after;

struct domain *domain_by_id(uint16_t id)
{
	if (wakes_after && !--wakes_after)
		domu.state = DOMAIN_RUNNING;
	return domains[id];
}

static uint64_t posted[2];
static uint64_t reset_entry, reset_context;
static unsigned int resets, unblocks, config_loads;

static uint64_t domu_went_on;
static enum domain_state domu_stopped_as;
static bool domu_goes;		     /* it isn't stopped: it is down, or being destroyed */
static unsigned int domu_settled;    /* how often it was waited for then */

int domain_pause_sync(struct domain *d)
{
	if (d == &domu && domu_stopped_as)
		domu.state = domu_stopped_as;
	return part_down(d == &dom0 ? DOM0 : DOMU);
}

void domain_unpause(struct domain *d)
{
	/* Dom0 goes first. */
	if (d == &domu && domu_goes) {
		assert_false(down & BIT(PAGES)); /* what it did last may have been to allocate */
		domu_settled++;
	} else if (d == &domu) {
		assert_false(down & BIT(DOM0));
		domu_went_on = fake_counter;
	}
	part_up(d == &dom0 ? DOM0 : DOMU);
}

void page_forbid(bool forbidden)
{
	forbidden ? part_down(PAGES) : part_up(PAGES);
}

static uint64_t unloaded_at;

int sched_unload_all(void)
{
	assert_int_equal(down, BIT(DOM0) | (domu_goes ? 0 : BIT(DOMU)) | BIT(PAGES));
	/* Until here a timer of a stopped domain may fire. */
	fake_counter += 5000;
	unloaded_at = fake_counter;
	return 0;
}

void sched_unload(void)
{
	vcpu.loaded = false;
}

void cpu_post(struct cpu *c, enum cpu_work what)
{
	posted[c == &other_cpu] |= BIT(what);
	if (c == &other_cpu && what == CPU_WORK_UNLOAD) {
		vcpu.running = false;
		vcpu.loaded = false;
	}
}

void irq_route_to_boot_cpu(void)
{
	part_down(ROUTES);
}

void irq_route_restore(void)
{
	part_up(ROUTES);
}

int smp_stop_secondaries(void)
{
	int error;

	half_down = true; /* some did stop */
	error = part_down(CPUS);
	half_down = false;
	return error;
}

int smp_start_secondaries(void)
{
	return part_up(CPUS);
}

int alarm_suspend(void)
{
	return part_down(RTC);
}

int alarm_resume(void)
{
	return part_up(RTC);
}

int console_suspend(void)
{
	return part_down(CONSOLE);
}

int console_resume(void)
{
	return part_up(CONSOLE);
}

/* The grace time. */
#define GRACE_MS 2000
static struct timer *grace_timer;
static struct timer *look_timer; /* while domains are asked */

void timer_set(struct timer *t, uint64_t deadline)
{
	t->deadline = deadline;
	if (vcpu.blocked && !down)
		look_timer = t;
	else
		grace_timer = t;
}

void timer_cancel(struct timer *t)
{
	grace_timer = NULL;
}

/* Its timer fires until it isn't set again. Returns how often. */
static unsigned int pass_grace(bool dom0_runs)
{
	unsigned int n = 0;

	if (dom0_runs)
		vcpu.run_since = ++fake_counter;
	for (; grace_timer; n++) {
		struct timer *t = grace_timer;

		assert_true(n < 5000);
		grace_timer = NULL;
		if (fake_counter < t->deadline)
			fake_counter = t->deadline;
		t->fn(t);
		assert_int_equal(fake_locks_held, 0);
	}
	return n;
}

int timer_suspend(void)
{
	return part_down(TIMER);
}

int timer_resume(void)
{
	return part_up(TIMER);
}

/* A domain that is asked. */
static unsigned int keys_pressed, wakes;
static bool has_key, dom0_pending;
static unsigned int dogs_held;

int domain_suspend_request(struct domain *d)
{
	assert_int_equal(down, 0);
	assert_ptr_equal(d, &domu);
	if (!has_key)
		return -EOPNOTSUPP;
	if (d->state != DOMAIN_RUNNING)
		return -EBUSY;
	keys_pressed++;
	return 0;
}

uint32_t domain_veto_ms(const struct domain *d)
{
	return d->veto_timeout_ms;
}

bool domain_wake(struct domain *d, uint32_t vintid, bool slept)
{
	assert_ptr_equal(d, &domu);
	assert_int_equal(vintid, DOMAIN_WAKE_HOST);
	if (d->state != DOMAIN_SUSPENDED)
		return false;
	assert_int_equal(down, 0);
	d->state = DOMAIN_RUNNING;
	wakes++;
	return true;
}

bool domain_wake_pending(struct domain *d, uint32_t *vintid)
{
	assert_ptr_equal(d, &dom0);
	*vintid = 34;
	return dom0_pending;
}

void watchdog_hold(struct domain *d)
{
	assert_ptr_equal(d, &dom0);
	dogs_held++;
}

void watchdog_release(struct domain *d)
{
	dogs_held--;
}

static bool count_one(void *ctx, const struct suspend_blocker *b)
{
	++*(unsigned int *)ctx;
	return true;
}

static unsigned int count_blockers(void)
{
	unsigned int n = 0;

	suspend_blockers(count_one, &n);
	return n;
}

/* The interrupt side. */
static uint32_t pending = GIC_SPURIOUS, pending_after = GIC_SPURIOUS; /* the firmware's call */
static unsigned int firmware_calls;
static bool rtc_raised;
static bool undone;
static struct irq_info infos[GIC_MAX_SPI + 1];
struct gic_limits gic_limits = { .nr_spis_end = 288 };

static int gic_suspend(const uint64_t *wake)
{
	int error;

	assert_int_equal(wake[0], 0x1234);
	half_down = true; /* a wait for its registers ran out */
	error = part_down(GIC);
	half_down = false;
	return error;
}

static int gic_resume(void)
{
	return part_up(GIC);
}

static int gic_undo(void)
{
	undone = true;
	return part_up(GIC);
}

static uint32_t pending_wake(const uint64_t *wake)
{
	assert_true(down & BIT(GIC));
	assert_int_equal(wake[0], 0x1234);
	return firmware_calls ? pending_after : pending;
}

static const struct gic_ops ops = {
	.suspend = gic_suspend,
	.resume = gic_resume,
	.undo = gic_undo,
	.pending_wake = pending_wake,
};
static const struct gic_ops ops_without = { .suspend = gic_suspend };
const struct gic_ops *gic = &ops;

static uint64_t wake_bits;

void irq_wake_mask(uint64_t mask[IRQ_WAKE_WORDS])
{
	memset(mask, 0, IRQ_WAKE_WORDS * sizeof(mask[0]));
	mask[0] = wake_bits;
}

void irq_lookup(uint32_t intid, struct irq_info *out)
{
	assert_true(intid <= GIC_MAX_SPI);
	*out = infos[intid];
	if (!out->name)
		out->name = "";
}

uint32_t alarm_intid(void)
{
	return 34;
}

bool alarm_raised(void)
{
	return rtc_raised;
}

static struct domain *focus;

struct domain *console_focused(void)
{
	return focus;
}

struct domain *alarm_next_owner(void)
{
	return &domu;
}

static bool vpending;

static bool is_vpending(struct domain **owner, uint32_t *vintid)
{
	*owner = &domu;
	*vintid = 48;
	return vpending;
}

/* The firmware. */
struct psci_firmware psci_firmware;
static int64_t firmware_answer;
static bool lose_power;

int64_t psci_system_suspend(paddr_t entry, uint64_t context)
{
	return -1000; /* arch_suspend_enter() is the stand-in */
}

static uint64_t stray = ARCH_SUSPEND_NO_STRAY;

uint64_t arch_suspend_stray(void)
{
	return stray;
}

int64_t arch_suspend_enter(arch_suspend_fn *call)
{
	assert_ptr_equal(call, psci_system_suspend);
	assert_int_equal(down, (BIT(NR_PARTS) - 1) & ~(domu_goes ? BIT(DOMU) : 0));
	firmware_calls++;
	fake_counter += 7000000;
	if (!lose_power)
		return firmware_answer;
	*fake_sysreg(hcr_el2) = 0;
	*fake_sysreg(mdcr_el2) = 0xbad;
	return ARCH_SUSPEND_RESUMED;
}

void el2_config_load(void)
{
	config_loads++;
	*fake_sysreg(hcr_el2) = 1; /* what boot gives; what was there is laid over it */
}

/* The vCPU. */
void vcpu_block(struct vcpu *v, enum vcpu_block why)
{
	v->blocked |= BIT(why);
}

void vcpu_unblock(struct vcpu *v, enum vcpu_block why)
{
	assert_int_equal(down & ~BIT(DOMU), 0);
	assert_true(v->blocked & BIT(why));
	v->blocked &= ~BIT(why);
	unblocks++;
}

void vcpu_reset(struct vcpu *v, uint64_t entry, uint64_t context_id)
{
	assert_false(v->running || v->loaded);
	reset_entry = entry;
	reset_context = context_id;
	resets++;
}

static uint32_t domu_waits;
static bool has_frozen_domu, stay_waiting;

static int setup(void **state)
{
	has_frozen_domu = true;
	stay_waiting = false;
	fake_sysreg_reset();
	fake_cpu_reset();
	boot_cpu.arch.id = 0;
	fake_cpu_arch[0] = &boot_cpu.arch;
	vcpu = (struct vcpu) {
		.domain = &dom0, .cpu = &boot_cpu, .power = VCPU_ON, .loaded = true
	};
	vcpu.regs.x[0] = 0xc400000e;
	down = stuck = missing = 0;
	posted[0] = posted[1] = 0;
	resets = unblocks = config_loads = firmware_calls = 0;
	pending = pending_after = GIC_SPURIOUS;
	rtc_raised = vpending = undone = false;
	gic = &ops;
	psci_firmware = (struct psci_firmware) { .system_suspend = true };
	firmware_answer = PSCI_SUCCESS;
	lose_power = true;
	dom0.state = domu.state = DOMAIN_RUNNING;
	domu.host_suspend = HOST_SUSPEND_FREEZE;
	domu.time_policy = TIME_CONTINUOUS;
	domu.cntvoff = 0;
	domu_stopped_as = 0;
	domu.wake_off = 0;
	domu.veto_timeout_ms = 5000;
	domu.vgpio = NULL;
	keys_pressed = wakes = dogs_held = 0;
	has_key = dom0_pending = false;
	look_timer = NULL;
	wake_bits = 0x1234;
	focus = NULL;
	memset(infos, 0, sizeof(infos));
	infos[34] = (struct irq_info) { .name = "rtc", .hyp = true, .wake = true };
	infos[33] = (struct irq_info) { .name = "console", .hyp = true, .wake = true };
	infos[79] = (struct irq_info) { .name = "virtio", .owner = &domu, .vintid = 48 };
	*fake_sysreg(hcr_el2) = 0x80000001;
	*fake_sysreg(mdcr_el2) = 0x66;
	*fake_sysreg(sctlr_el2) = 0x30c5183d;
	suspend_set_vpending(is_vpending);
	suspend_set_grace(GRACE_MS);
	assert_int_equal(suspend_init(NULL), 0);
	return 0;
}

/* Dom0's call and all that follows; checks what holds in any case. */
static void cycle(void)
{
	assert_int_equal(suspend_request(&vcpu, ENTRY, 77), 0);
	assert_int_equal(vcpu.blocked, BIT(VCPU_BLOCK_SUSPEND));
	assert_true(posted[0] & BIT(CPU_WORK_SUSPEND));
	unblocks = resets = firmware_calls = 0;
	suspend_run();
	/* After a wake-up the other domain waits; after a refusal nobody does. */
	domu_waits = down;
	assert_int_equal(domu_waits, resets && has_frozen_domu ? BIT(DOMU) : 0);
	if (!stay_waiting)
		pass_grace(true);
	assert_int_equal(down, stay_waiting ? domu_waits : 0);
	assert_int_equal(unblocks, 1);
	assert_int_equal(vcpu.blocked, 0);
	assert_int_equal(dogs_held, 0);
	assert_int_equal(fake_locks_held, 0);
	assert_int_equal(*fake_sysreg(hcr_el2), 0x80000001);
	assert_int_equal(*fake_sysreg(mdcr_el2), 0x66);
	vcpu.loaded = true; /* it runs again */
}

static void came_back(void)
{
	assert_int_equal(resets, 1);
	assert_int_equal(reset_entry, ENTRY);
	assert_int_equal(reset_context, 77);
	assert_int_equal(vcpu.regs.x[0], 0xc400000e);
}

static void came_back_with(int64_t error)
{
	assert_int_equal(resets, 0);
	assert_int_equal((int64_t)vcpu.regs.x[0], error);
	vcpu.regs.x[0] = 0xc400000e;
}

static void said(const char *text)
{
	if (strcmp(fake_last_log, text))
		fail_msg("\"%s\" instead of \"%s\"", fake_last_log, text);
}

/* The shape of the table that the engine and the journal count on. */
static void test_table(void **state)
{
	assert_true(suspend_nr_steps > 1);
	for (unsigned int i = 0; i < suspend_nr_steps; i++) {
		const struct suspend_step *s = &suspend_steps[i];
		bool last = i == suspend_nr_steps - 1;

		assert_true(strlen(s->name) && strlen(s->name) < DM_JOURNAL_STEP_SIZE);
		assert_null(strpbrk(s->name, ":,@ \"\\"));
		assert_non_null(s->suspend);
		assert_true(s->phase < DM_NR_PHASES);
		assert_true(!i || s->phase >= s[-1].phase);
		assert_int_equal(!!(s->flags & STEP_COMMIT), last);
		assert_int_equal(s->phase == DM_PHASE_COMMIT, last);
		assert_true(s->phase != DM_PHASE_CHECK || s->flags & STEP_CHECK);
		/* Either it comes back, or it says that there is nothing to bring back. */
		assert_int_equal(!s->resume, !!(s->flags & (STEP_CHECK | STEP_COMMIT)));
		assert_true(s->limit_ms || last);
		for (unsigned int k = 0; k < i; k++)
			assert_string_not_equal(s->name, suspend_steps[k].name);
	}
}

/* Told to fail, each row in turn: Dom0 gets its error, the machine is as before, the next one
 * works. */
static void test_each_row_fails(void **state)
{
	for (unsigned int i = 0; i < suspend_nr_steps; i++) {
		const struct suspend_step *s = &suspend_steps[i];
		char text[64], line[128];

		setup(state);
		snprintf(text, sizeof(text), "fail:%s", s->name);
		assert_int_equal(suspend_init(text), 0);
		cycle();
		came_back_with(s->phase == DM_PHASE_CHECK ? PSCI_DENIED : PSCI_INTERNAL_FAILURE);
		assert_int_equal(firmware_calls, 0);
		assert_non_null(strstr(fake_last_log, "suspend failed: cycle "));
		snprintf(line, sizeof(line), ", step %s: ", s->name);
		assert_non_null(strstr(fake_last_log, line));
		cycle();
		came_back();
		assert_int_equal(firmware_calls, 1);
	}
}

/* What is below really fails, half way: the row cleans up behind itself. */
static void test_each_part_stuck(void **state)
{
	static const enum part can[] = { DOM0, DOMU, CPUS, RTC, CONSOLE, TIMER, GIC };

	for (size_t i = 0; i < ARRAY_SIZE(can); i++) {
		setup(state);
		stuck = BIT(can[i]);
		cycle();
		came_back_with(PSCI_INTERNAL_FAILURE);
		assert_non_null(strstr(fake_last_log, "ETIMEDOUT (-110)"));
		stuck = 0;
		cycle();
		came_back();
	}
}

static void gic_missing(void)
{
	missing = BIT(GIC);
	suspend_request(&vcpu, ENTRY, 77);
	expect_assert_failure(suspend_run());
	assert_non_null(strstr(fake_last_panic, "step gic failed to resume"));
	missing = 0;
	/* What the stand-in of panic() left behind: run once more to get rid of the request. */
	down = BIT(DOM0) | BIT(DOMU);
	suspend_run();
	pass_grace(true);
	vcpu.blocked = 0;
}

static void test_each_part_missing(void **state)
{
	static const enum part can[] = { CPUS, RTC, CONSOLE, TIMER };

	for (size_t i = 0; i < ARRAY_SIZE(can); i++) {
		setup(state);
		missing = BIT(can[i]);
		cycle();
		came_back(); /* the machine did sleep, and goes on without it */
		assert_non_null(strstr(fake_last_log, "resumed with errors: cycle "));
	}
	setup(state);
	gic_missing();
}

static void test_each_row_reported_lost(void **state)
{
	for (unsigned int i = 0; i < suspend_nr_steps; i++) {
		const struct suspend_step *s = &suspend_steps[i];
		char text[64];

		if (!s->resume || s->flags & STEP_VITAL)
			continue;
		setup(state);
		snprintf(text, sizeof(text), "fail-resume:%s", s->name);
		assert_int_equal(suspend_init(text), 0);
		cycle();
		came_back();
		assert_non_null(strstr(fake_last_log, s->name));
	}
}

static void test_each_phase_stops(void **state)
{
	static const char *const phases[] = { "check", "freeze", "cpus", "devices", "core" };

	for (size_t i = 0; i < ARRAY_SIZE(phases); i++) {
		char text[64];

		setup(state);
		snprintf(text, sizeof(text), "stop:%s", phases[i]);
		assert_int_equal(suspend_init(text), 0);
		has_frozen_domu = i > 0;
		cycle();
		has_frozen_domu = true;
		came_back();
		assert_int_equal(firmware_calls, 0);
		assert_non_null(strstr(fake_last_log, ", test, turned back after phase "));
		assert_non_null(strstr(fake_last_log, phases[i]));
	}
}

static uint32_t cycle_number(void)
{
	uint32_t n = 0;

	assert_int_equal(sscanf(strstr(fake_last_log, "cycle "), "cycle %u", &n), 1);
	return n;
}

static void slept_and_said(const char *rest)
{
	char line[256];

	cycle();
	came_back();
	snprintf(line, sizeof(line), "resumed: cycle %u, %s", cycle_number(), rest);
	said(line);
}

static void test_wake_reasons(void **state)
{
	slept_and_said("slept, woken by nothing known");
	assert_true(wake_last()->intid == DM_JOURNAL_NO_WAKE);
	assert_int_equal(config_loads, 1);
	assert_false(undone);
	assert_true(steps_asleep() >= 7000000);
	pending_after = 34;
	slept_and_said("slept, woken by interrupt 34 (rtc, owner domu)");
	pending_after = 79;
	slept_and_said("slept, woken by interrupt 79 (virtio, owner domu)");
	pending_after = 50; /* nobody's: the firmware's idea */
	slept_and_said("slept, woken by interrupt 50 (unknown, owner nobody)");
}

static void test_pending_before(void **state)
{
	pending = 33;
	slept_and_said("did-not-sleep, woken by interrupt 33 (console, owner dormouse)");
	focus = &dom0;
	slept_and_said("did-not-sleep, woken by interrupt 33 (console, owner dom0)");
	focus = NULL;
	pending = 79;
	slept_and_said("did-not-sleep, woken by interrupt 79 (virtio, owner domu)");
	/* The RTC's interrupt is for the domain whose alarm it is. */
	pending = 34;
	slept_and_said("did-not-sleep, woken by interrupt 34 (rtc, owner domu)");
	pending = GIC_SPURIOUS;
	rtc_raised = true;
	slept_and_said("did-not-sleep, woken by interrupt 34 (rtc, owner domu)");
	rtc_raised = false;
	vpending = true;
	slept_and_said("did-not-sleep, woken by interrupt 79 (virtio, owner domu)");
	infos[79].owner = NULL;
	slept_and_said("did-not-sleep, woken by interrupt 48 (virtual, owner domu)");
	assert_int_equal(firmware_calls, 0);
	assert_true(undone);
	vpending = false;
	slept_and_said("slept, woken by nothing known");
}

/* The interrupt comes between the last look and the firmware's. */
static void test_firmware_returns_success(void **state)
{
	lose_power = false;
	slept_and_said("did-not-sleep, woken by nothing known");
	assert_int_equal(firmware_calls, 1);
	assert_true(undone);
	assert_int_equal(steps_asleep(), 0);
}

static void test_firmware_refuses(void **state)
{
	static const struct {
		int64_t answer;
		int64_t guest;
		const char *text;
	} cases[] = {
		{ -1, -1, "PSCI NOT_SUPPORTED (-1)" },
		{ -2, -2, "PSCI INVALID_PARAMETERS (-2)" },
		{ -3, -3, "PSCI DENIED (-3)" },
		{ -6, -6, "PSCI INTERNAL_FAILURE (-6)" },
		{ -9, -9, "PSCI INVALID_ADDRESS (-9)" },
		/* None of PSCI's: recorded as it is, told as a failure. */
		{ -10, -6, "PSCI unknown error (-10)" },
		{ -100, -6, "PSCI unknown error (-100)" },
		{ 5, -6, "PSCI INTERNAL_FAILURE (-6)" },
		{ INT64_MIN, -6, "PSCI INTERNAL_FAILURE (-6)" },
	};

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		char line[128];

		setup(state);
		lose_power = false;
		firmware_answer = cases[i].answer;
		cycle();
		came_back_with(cases[i].guest);
		snprintf(line, sizeof(line), "suspend failed: cycle %u, step firmware-suspend: %s",
		         cycle_number(), cases[i].text);
		said(line);
		lose_power = true;
		cycle();
		came_back();
	}
}

static void test_blockers(void **state)
{
	assert_int_equal(count_blockers(), 0);
	assert_true(suspend_supported());

	psci_firmware.system_suspend = false;
	assert_false(suspend_supported());
	cycle();
	came_back_with(PSCI_DENIED);
	assert_non_null(strstr(fake_last_log, "step firmware: EOPNOTSUPP (-95)"));

	psci_firmware.system_suspend = true;
	gic = &ops_without;
	assert_false(suspend_supported());
	cycle();
	came_back_with(PSCI_DENIED);
	assert_non_null(strstr(fake_last_log, "step drivers: "));

	gic = &ops;
	domu.state = DOMAIN_BUILDING;
	assert_true(suspend_supported());
	assert_int_equal(count_blockers(), 1);
	cycle();
	came_back_with(PSCI_DENIED);
	assert_non_null(strstr(fake_last_log, "step policies: EBUSY (-16)"));
}

/* The call is taken on one CPU while the boot CPU is at it already. */
static void test_caller_still_leaving(void **state)
{
	vcpu.cpu = &other_cpu;
	vcpu.running = true;
	cycle();
	came_back();
	assert_true(posted[1] & BIT(CPU_WORK_UNLOAD));
}

static void test_one_request_at_a_time(void **state)
{
	static struct vcpu second = { .domain = &domu };

	suspend_run(); /* nobody has asked */
	assert_int_equal(firmware_calls, 0);
	assert_int_equal(suspend_request(&vcpu, ENTRY, 77), 0);
	assert_int_equal(suspend_request(&second, ENTRY, 77), PSCI_DENIED);
	assert_int_equal(second.blocked, 0);
	suspend_run();
	suspend_run();
	assert_int_equal(firmware_calls, 1);
	pass_grace(true);
}

/* ---- the domains ---- */

static void test_dom0_first(void **state)
{
	uint64_t woke;

	stay_waiting = true;
	cycle();
	came_back();
	woke = fake_counter;
	stay_waiting = false;
	assert_int_equal(down, BIT(DOMU));
	assert_int_equal(pass_grace(true), 1);
	assert_int_equal(down, 0);
	assert_true(domu_went_on >= woke + GRACE_MS * 1000000UL - 100000);
	assert_true(domu_went_on < woke + (GRACE_MS + 10) * 1000000UL);
}

/* Not before Dom0 has run; but if it never does, then at last. */
static void test_dom0_does_not_run(void **state)
{
	uint64_t woke;

	stay_waiting = true;
	cycle();
	stay_waiting = false;
	woke = fake_counter;
	vcpu.run_since = 0;
	for (unsigned int i = 0; i < 100; i++) {
		struct timer *t = grace_timer;

		fake_counter = t->deadline;
		t->fn(t);
		assert_int_equal(down, BIT(DOMU));
	}
	assert_true(fake_counter > woke + GRACE_MS * 1000000UL);
	pass_grace(false);
	assert_int_equal(down, 0);
	said("resume: Dom0 does not run, the other domains go on without it");
}

/* A Dom0 that sleeps again before the grace time is over leaves the others where they are, but not
 * for ever. */
static void test_again_before_the_grace_is_over(void **state)
{
	stay_waiting = true;
	for (unsigned int i = 0; i < 3; i++) {
		assert_int_equal(suspend_request(&vcpu, ENTRY, 77), 0);
		suspend_run();
		assert_int_equal(down, BIT(DOMU));
		fake_counter += 500 * 1000000UL;
	}
	stay_waiting = false;
	vcpu.run_since = fake_counter;
	/* Waits since the first time: all but 500 ms of it are over. */
	assert_true(grace_timer->deadline < fake_counter + 501 * 1000000UL);
	/* A refusal lets everybody go on: Dom0 is there. */
	lose_power = false;
	firmware_answer = PSCI_DENIED;
	cycle();
	assert_int_equal(down, 0);
	assert_null(grace_timer);
}

static void test_policy_require(void **state)
{
	domu.host_suspend = HOST_SUSPEND_REQUIRE;
	assert_true(suspend_supported());
	assert_int_equal(count_blockers(), 1);
	cycle();
	came_back_with(PSCI_DENIED);
	assert_non_null(strstr(fake_last_log, "step policies: EBUSY (-16)"));
	domu.state = DOMAIN_SUSPENDED;
	cycle();
	came_back();
	/* Asleep when asked, awake when stopped. */
	domu_stopped_as = DOMAIN_RUNNING;
	cycle();
	came_back_with(PSCI_DENIED);
	assert_non_null(strstr(fake_last_log, "step domains: EBUSY (-16)"));
	assert_int_equal(firmware_calls, 0);
	domu_stopped_as = 0;
	/* Who is down has nothing to say. */
	domu.state = DOMAIN_SHUTDOWN;
	has_frozen_domu = false;
	assert_int_equal(count_blockers(), 0);
}

/* Nobody stops one that is down or being destroyed, but what it did last is over before the allocator is closed. */
static void test_domains_that_go(void **state)
{
	domu_goes = true;
	domu.dying = true;
	domu.host_suspend = HOST_SUSPEND_REQUIRE;
	has_frozen_domu = false;
	domu_settled = 0;
	assert_int_equal(count_blockers(), 0);
	cycle();
	came_back();
	assert_int_equal(domu_settled, 1);
	domu.dying = false;
	domu.state = DOMAIN_SHUTDOWN;
	cycle();
	came_back();
	assert_int_equal(domu_settled, 2);
	/* Its CPU doesn't answer: no sleep. */
	stuck = BIT(DOMU);
	cycle();
	came_back_with(PSCI_INTERNAL_FAILURE);
	stuck = 0;
	domu_goes = false;
}

/* One that waits for Dom0 is destroyed meanwhile: it doesn't go on, and its number's next one isn't touched. */
static void test_destroyed_while_it_waits(void **state)
{
	stay_waiting = true;
	cycle();
	stay_waiting = false;
	assert_int_equal(down, BIT(DOMU));
	freeze_forget(&domu);
	domains[3] = NULL;
	down = 0;
	domu_went_on = 0;
	for (unsigned int i = 0; grace_timer && i < 3; i++) {
		struct timer *t = grace_timer;

		fake_counter = t->deadline + 1;
		vcpu.run_since = fake_counter;
		grace_timer = NULL;
		t->fn(t);
	}
	assert_int_equal(domu_went_on, 0);
	assert_null(grace_timer);
	has_frozen_domu = false;
	domu_goes = true; /* nobody is there */
	cycle();
	came_back();
	domains[3] = &domu;
	domu_goes = false;
}

static void test_policy_time(void **state)
{
	uint64_t before = fake_counter;

	domu.cntvoff = 5;
	cycle();
	assert_int_equal(domu.cntvoff, 5);
	domu.time_policy = TIME_FROZEN;
	domu.state = DOMAIN_SUSPENDED; /* it knows: it sees the sleep */
	cycle();
	assert_int_equal(domu.cntvoff, 5);
	domu.state = DOMAIN_RUNNING;
	before = fake_counter;
	cycle();
	/* From where it was stopped to where it went on, all but the few steps around. */
	assert_true(domu.cntvoff - 5 > 7000000 + GRACE_MS * 1000000UL);
	assert_true(domu.cntvoff - 5 <= domu_went_on - before);
	assert_true(domu.cntvoff - 5 <= domu_went_on - unloaded_at);
	/* Nothing was unloaded for sure, and no time has passed. */
	before = domu.cntvoff;
	lose_power = false;
	firmware_answer = PSCI_DENIED;
	cycle();
	came_back_with(PSCI_DENIED);
	assert_int_equal(domu.cntvoff, before);
}

/* ---- asking first ---- */

/* The request is made; what it waits for is looked at every now and then. */
static void ask(void)
{
	domu.host_suspend = HOST_SUSPEND_VETO;
	domu.vgpio = (void *)&domu;
	has_key = true;
	assert_int_equal(suspend_request(&vcpu, ENTRY, 77), 0);
	unblocks = resets = firmware_calls = 0;
	suspend_run();
}

static void look(void)
{
	struct timer *t = look_timer;

	assert_non_null(t);
	look_timer = NULL;
	fake_counter = t->deadline;
	posted[0] = 0;
	t->fn(t);
	assert_true(posted[0] & BIT(CPU_WORK_SUSPEND));
	assert_int_equal(down, 0); /* nothing is stopped meanwhile, but the caller */
	assert_int_equal(vcpu.blocked, BIT(VCPU_BLOCK_SUSPEND));
	suspend_run();
}

static void ended_well(void)
{
	assert_int_equal(down, 0);
	assert_int_equal(dogs_held, 0);
	assert_int_equal(unblocks, 1);
	assert_int_equal(vcpu.blocked, 0);
	assert_null(look_timer);
	vcpu.loaded = true;
}

static void test_veto_agrees(void **state)
{
	for (unsigned int i = 0; i < 2; i++) {
		ask();
		assert_int_equal(keys_pressed, i + 1);
		for (unsigned int n = 0; n < 20; n++)
			look();
		assert_int_equal(firmware_calls, 0);
		domu.state = DOMAIN_SUSPENDED;
		look();
		assert_int_equal(firmware_calls, 1);
		assert_int_equal(down, BIT(DOMU)); /* it waits for Dom0 like the others */
		assert_int_equal(wakes, i);
		pass_grace(true);
		assert_int_equal(wakes, i + 1); /* and goes on, as it slept for the machine's sake */
		assert_int_equal(domu.state, DOMAIN_RUNNING);
		ended_well();
		assert_int_equal(reset_entry, ENTRY);
	}
	assert_int_equal(keys_pressed, 2);
}

static void test_veto_refuses(void **state)
{
	unsigned int n = 0;

	assert_int_equal(count_blockers(), 0);
	ask();
	assert_int_equal(count_blockers(), 0); /* it may still agree */
	for (; look_timer; n++) {
		assert_true(n < 1000);
		look();
	}
	assert_in_range(n * 20, 4900, 5100);
	assert_int_equal(keys_pressed, 1);
	assert_int_equal(firmware_calls, 0);
	came_back_with(PSCI_DENIED);
	assert_non_null(strstr(fake_last_log, "step policies: EBUSY (-16)"));
	ended_well();
	assert_int_equal(wakes, 0);
	/* The next request asks again. */
	ask();
	assert_int_equal(keys_pressed, 2);
	domu.state = DOMAIN_SUSPENDED;
	look();
	assert_int_equal(firmware_calls, 1);
	pass_grace(true);
	ended_well();
}

/* One that can't be asked is a blocker from the start; one that sleeps already needs no asking. */
static void test_veto_without_a_key(void **state)
{
	domu.host_suspend = HOST_SUSPEND_VETO;
	assert_int_equal(count_blockers(), 1);
	cycle();
	came_back_with(PSCI_DENIED);
	assert_int_equal(keys_pressed, 0);
	domu.vgpio = (void *)&domu;
	has_key = true;
	domu.state = DOMAIN_SUSPENDED;
	cycle();
	came_back();
	assert_int_equal(keys_pressed, 0);
	assert_int_equal(wakes, 0); /* it sleeps for its own reasons */
	assert_int_equal(domu.state, DOMAIN_SUSPENDED);
}

/* Nobody is asked for a sleep that won't come. */
static void test_veto_behind_another_blocker(void **state)
{
	domu.host_suspend = HOST_SUSPEND_VETO;
	domu.vgpio = (void *)&domu;
	has_key = true;
	psci_firmware.system_suspend = false;
	cycle();
	came_back_with(PSCI_DENIED);
	assert_int_equal(keys_pressed, 0);
}

/* What wakes Dom0 while it waits ends the matter: it goes on as after a sleep, and so does who slept for it. */
static void test_veto_called_off(void **state)
{
	ask();
	look();
	domu.state = DOMAIN_SUSPENDED;
	dom0_pending = true;
	look();
	assert_int_equal(firmware_calls, 0);
	assert_int_equal(resets, 1);
	assert_int_equal(reset_entry, ENTRY);
	assert_int_equal(wakes, 1);
	assert_non_null(strstr(fake_last_log, ", did-not-sleep, woken by interrupt 34 "));
	ended_well();
	dom0_pending = false;
	domu.host_suspend = HOST_SUSPEND_FREEZE;
	cycle();
	came_back();
}

/* It agreed, but a step fails: it goes on at once. */
static void test_veto_and_then_a_failure(void **state)
{
	struct suspend_last last;

	ask();
	domu.state = DOMAIN_SUSPENDED;
	stuck = BIT(CPUS);
	look();
	assert_int_equal(resets, 0);
	came_back_with(PSCI_INTERNAL_FAILURE);
	assert_int_equal(wakes, 1);
	ended_well();
	assert_true(suspend_last(&last));
	assert_int_equal(last.outcome, DM_OUTCOME_FAILED);
}

/* It agreed, and a test turns back, at a phase before it is stopped or behind: it doesn't sleep on either way. */
static void test_veto_and_then_a_test(void **state)
{
	unsigned int n = 0;

	for (uint32_t phase = DM_PHASE_CHECK; phase < DM_PHASE_COMMIT; phase++) {
		ask();
		assert_int_equal(suspend_test_level(phase), 0);
		domu.state = DOMAIN_SUSPENDED;
		look();
		if (phase != DM_PHASE_CHECK)
			pass_grace(true);
		assert_int_equal(wakes, ++n);
		assert_int_equal(domu.state, DOMAIN_RUNNING);
		assert_int_equal(firmware_calls, 0);
		ended_well();
	}
}

/* It agreed and woke up before it was stopped, by its own alarm for instance: it is no longer asleep. */
static void test_veto_wakes_too_early(void **state)
{
	ask();
	domu.state = DOMAIN_SUSPENDED;
	domu_stopped_as = DOMAIN_RUNNING;
	look();
	came_back_with(PSCI_DENIED);
	assert_non_null(strstr(fake_last_log, "step domains: EBUSY (-16)"));
	ended_well();
}

/* Whoever gets in the way is named once: before the walk, or by the row that finds it. */
static void test_blocker_is_named_once(void **state)
{
	domu.host_suspend = HOST_SUSPEND_REQUIRE;
	fake_logs = 0;
	cycle();
	came_back_with(PSCI_DENIED);
	assert_int_equal(fake_logs, 3); /* asked for, blocked by, failed */
	domu.state = DOMAIN_SUSPENDED;
	wakes_after = 2 * 2 + 1; /* reported, asked, both domains each time; then the rows */
	fake_logs = 0;
	cycle();
	came_back_with(PSCI_DENIED);
	assert_non_null(strstr(fake_last_log, "step policies: EBUSY (-16)"));
	assert_int_equal(fake_logs, 3);
	assert_int_equal(wakes_after, 0);
}

static void test_dom0_ready(void **state)
{
	suspend_dom0_ready(); /* nobody waits */
	assert_true(posted[0] & BIT(CPU_WORK_SUSPEND));
	suspend_run();
	stay_waiting = true;
	cycle();
	assert_int_equal(down, BIT(DOMU));
	suspend_run(); /* what was said before the sleep is spent */
	assert_int_equal(down, BIT(DOMU));
	suspend_dom0_ready();
	suspend_run();
	assert_int_equal(down, 0);
	stay_waiting = false;
	suspend_dom0_ready();
	suspend_run();
	cycle();
	came_back();
}

static void test_test_levels(void **state)
{
	assert_int_equal(suspend_test_level(DM_PHASE_COMMIT), -EINVAL);
	assert_int_equal(suspend_test_level(DM_NR_PHASES), -EINVAL);
	for (uint32_t phase = 0; phase < DM_PHASE_COMMIT; phase++) {
		char line[128];

		assert_int_equal(suspend_test_level(phase), 0);
		has_frozen_domu = phase >= DM_PHASE_FREEZE;
		cycle();
		assert_int_equal(firmware_calls, 0);
		snprintf(line, sizeof(line), "resumed: cycle %u, test, turned back after phase %s",
		         cycle_number(), journal_phase_name(phase));
		said(line);
		has_frozen_domu = true;
		cycle(); /* once */
		came_back();
		assert_int_equal(firmware_calls, 1);
	}
	assert_int_equal(suspend_test_level(DM_PHASE_CORE), 0);
	assert_int_equal(suspend_test_level(DM_TEST_OFF), 0);
	cycle();
	assert_int_equal(firmware_calls, 1);
}

static void failed_at(const char *step)
{
	char end[64];

	snprintf(end, sizeof(end), "step %s: EIO (-5)", step);
	assert_non_null(strstr(fake_last_log, end));
	came_back_with(PSCI_INTERNAL_FAILURE);
}

static void test_faults_at_run_time(void **state)
{
	assert_int_equal(suspend_init(NULL), 0);
	assert_false(suspend_faults_allowed());
	assert_int_equal(suspend_set_faults("fail:rtc"), -EOPNOTSUPP);

	assert_int_equal(suspend_init("fail:gic@all"), 0);
	assert_true(suspend_faults_allowed());
	assert_int_equal(suspend_set_faults("fail:nothing"), -EINVAL);
	cycle(); /* what was planned still holds */
	failed_at("gic");
	assert_int_equal(suspend_set_faults("fail:rtc"), 0);
	assert_int_equal(suspend_request(&vcpu, ENTRY, 77), 0);
	assert_int_equal(suspend_set_faults("fail:timer"), -EBUSY);
	suspend_run();
	failed_at("rtc");
	assert_int_equal(suspend_set_faults("fail:timer@all"), 0);
	cycle();
	failed_at("timer");
	assert_int_equal(suspend_set_faults(""), 0);
	cycle();
	came_back();
}

static void test_journal_read(void **state)
{
	static struct dm_journal_record r[3];
	uint64_t cursor = 0, before = 0;
	struct suspend_last last;
	uint32_t n, all = 0;

	rtc_raised = true;
	cycle();
	while ((n = suspend_journal_read(&cursor, r, ARRAY_SIZE(r)))) {
		for (uint32_t i = 0; i < n; i++) {
			assert_true(r[i].sequence > before);
			before = r[i].sequence;
		}
		assert_int_equal(cursor, before + 1);
		all += n;
	}
	assert_int_equal(before, suspend_journal_last());
	assert_true(all > suspend_nr_steps);
	assert_true(suspend_last(&last));
	assert_int_equal(last.outcome, DM_OUTCOME_DID_NOT_SLEEP);
	assert_int_equal(last.wake_intid, 34);
	assert_string_equal(last.device, "rtc");
	assert_string_equal(last.owner, "domu");
	assert_true(suspend_count(DM_OUTCOME_DID_NOT_SLEEP) > 0);
	assert_int_equal(suspend_count(DM_NR_OUTCOMES), 0);
	assert_int_equal(suspend_grace_ms(), GRACE_MS);
}

/* Whoever has the input doesn't want to be woken by it. */
static void test_console_switched_off(void **state)
{
	const uint64_t *mask;

	wake_bits = 0x1234 | BIT(33) | BIT(34);
	focus = &domu;
	mask = wake_collect();
	assert_int_equal(mask[0], 0x1234 | BIT(33) | BIT(34));
	domu.wake_off = WAKE_CONSOLE;
	mask = wake_collect();
	assert_int_equal(mask[0], 0x1234 | BIT(34));
	focus = NULL;
	mask = wake_collect();
	assert_int_equal(mask[0], 0x1234 | BIT(33) | BIT(34));
}

static void drift(uint64_t *var, uint64_t v, void *ctx)
{
}

static uint64_t drifted(uint64_t *var, void *ctx)
{
	return firmware_calls;
}

/* A door that comes up with another translation regime than boot's is a defect worth a panic. */
static void test_regime_drift(void **state)
{
	fake_sysreg_hook(tcr_el2, drifted, drift, NULL);
	suspend_request(&vcpu, ENTRY, 77);
	expect_assert_failure(suspend_run());
	assert_non_null(strstr(fake_last_panic, "step el2 failed to resume"));
}

static void test_bad_debug_power(void **state)
{
	assert_int_equal(suspend_init("fail:nothing"), -EINVAL);
	assert_int_equal(suspend_init("stop:commit"), -EINVAL);
}

static void test_print(void **state)
{
	cycle();
	fake_logs = 0;
	suspend_print_journal();
	assert_true(fake_logs > suspend_nr_steps);
	assert_non_null(strstr(fake_last_log, "suspend counts: slept "));
}

int main(void)
{
#define TEST(fn) cmocka_unit_test_setup(fn, setup)
	const struct CMUnitTest tests[] = {
		TEST(test_table),
		TEST(test_each_row_fails),
		TEST(test_each_part_stuck),
		TEST(test_each_row_reported_lost),
		TEST(test_each_phase_stops),
		TEST(test_wake_reasons),
		TEST(test_pending_before),
		TEST(test_firmware_returns_success),
		TEST(test_firmware_refuses),
		TEST(test_blockers),
		TEST(test_caller_still_leaving),
		TEST(test_one_request_at_a_time),
		TEST(test_dom0_first),
		TEST(test_dom0_does_not_run),
		TEST(test_again_before_the_grace_is_over),
		TEST(test_policy_require),
		TEST(test_domains_that_go),
		TEST(test_destroyed_while_it_waits),
		TEST(test_policy_time),
		TEST(test_veto_agrees),
		TEST(test_veto_refuses),
		TEST(test_veto_without_a_key),
		TEST(test_veto_behind_another_blocker),
		TEST(test_veto_called_off),
		TEST(test_veto_and_then_a_failure),
		TEST(test_veto_and_then_a_test),
		TEST(test_veto_wakes_too_early),
		TEST(test_blocker_is_named_once),
		TEST(test_dom0_ready),
		TEST(test_test_levels),
		TEST(test_faults_at_run_time),
		TEST(test_journal_read),
		TEST(test_console_switched_off),
		TEST(test_bad_debug_power),
		TEST(test_print),
		TEST(test_each_part_missing),
		TEST(test_regime_drift), /* last: its panic leaves the request open */
	};

	return cmocka_run_group_tests_name("steps", tests, NULL, NULL);
}
