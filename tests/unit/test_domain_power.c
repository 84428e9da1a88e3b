/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A domain that suspends itself, with the real scheduler, PSCI and vCPU states, while other CPUs
 * raise its interrupts, pause, unpause and wake it: at any moment between two critical sections.
 * Thousands of times, at random: no wake-up is lost, none is invented, the vCPU goes on once for
 * each suspend, at its entry point, and the pause count holds.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "abi/psci.h"
#include "core/alarm.h"
#include "core/domain_power.h"
#include "core/irq.h"
#include "core/sched.h"
#include "core/smp.h"
#include "core/vcpu.h"
#include "core/watchdog.h"
#include "dev/gic/gic.h"
#include "dev/psci/psci.h"
#include "fake_cpu.h"
#include "fake_sysreg.h"
#include "lib/err.h"
#include "suspend/suspend.h"
#include "virt/vgic/vgic.h"
#include "virt/vpsci.h"

#define START    0x40000000UL
#define ENTRY    0x40200000UL
#define SOMEWHERE 0x40300000UL
#define VINTID   40
#define SEEDS    40
#define ROUNDS   1000

const char *__asan_default_options(void);
const char *__asan_default_options(void)
{
	return "detect_leaks=0"; /* domains live as long as the machine */
}

/* ---- what lies outside of what is tested ---- */

static uint32_t no_ack(void)
{
	return GIC_SPURIOUS;
}

static const struct gic_ops fake_gic = { .version = 3, .ack = no_ack };
const struct gic_ops *gic = &fake_gic;
struct gic_limits gic_limits = { .nr_spis_end = 64 };

void smp_kick(struct cpu *c)
{
}

void alarm_cancel_all(const struct domain *owner)
{
	(void)owner;
}

void smp_die(struct cpu *c)
{
}

void guest_sysregs_save(struct guest_sysregs *s)
{
}

void guest_sysregs_load(const struct guest_sysregs *s)
{
}

void guest_sysregs_reset(struct guest_sysregs *s)
{
	memset(s, 0, sizeof(*s));
}

void guest_fp_save(struct guest_fp *fp)
{
}

void guest_fp_load(const struct guest_fp *fp)
{
}

bool suspend_supported(void)
{
	return false;
}

int64_t suspend_request(struct vcpu *v, uint64_t entry, uint64_t context_id)
{
	fail_msg("the machine's suspend for a domain's");
	return 0;
}

int64_t psci_call(uint32_t fid, uint64_t a1, uint64_t a2, uint64_t a3)
{
	return -1;
}

/* ---- chance ---- */

static uint64_t chance_state;

static unsigned int chance(unsigned int below)
{
	chance_state = chance_state * 6364136223846793005UL + 1442695040888963407UL;
	return (unsigned int)(chance_state >> 33) % below;
}

/* ---- the domain and what is pending for it ---- */

static struct cpu cpu[2];
static struct domain *dom;

static struct spinlock vgic_lock;
static bool pending; /* vgic_lock */

static bool asleep;      /* has called, and hasn't gone on since */
static bool commanded;   /* somebody woke it since it called */
static bool notified;    /* an event channel is pending */
static uint64_t context; /* of that call */
static unsigned int suspends, resumes, interleaved;

static void other_cpu(void);

static bool wake_pending(struct domain *d, uint32_t *vintid)
{
	bool p;

	if (notified && domain_source_on(d, WAKE_EVENT)) {
		*vintid = DOMAIN_WAKE_EVENT | 7;
		return true;
	}
	spin_lock(&vgic_lock);
	p = pending && domain_irq_may_wake(d, VINTID);
	spin_unlock(&vgic_lock);
	*vintid = VINTID;
	return p;
}

static const struct domain_power_ops power_ops = { .pending = wake_pending };

bool vgic_pending(struct vcpu *v)
{
	bool p;

	spin_lock(&vgic_lock);
	p = pending;
	spin_unlock(&vgic_lock);
	return p;
}

/* As vgic_unlock() does. */
static void raise_interrupt(void)
{
	bool wakes;

	spin_lock(&vgic_lock);
	pending = true;
	wakes = domain_irq_may_wake(dom, VINTID);
	spin_unlock(&vgic_lock);
	wakes = wakes && domain_is_suspended(dom);
	other_cpu();
	if (wakes)
		domain_wake(dom, VINTID, true);
	vcpu_kick(dom->vcpus[0]);
}

static void command(void)
{
	bool was = domain_is_suspended(dom);

	if (!domain_resume(dom)) {
		assert_true(was);
		commanded = true;
	}
}

/* An event channel, masked as they are in a guest that sleeps. */
static void notify(void)
{
	notified = true;
	other_cpu();
	domain_wake_event(dom, 7);
}

static void switch_sources(void)
{
	static const uint32_t masks[] = { WAKE_ALL, WAKE_ALL & ~(uint32_t)WAKE_ALARM,
		                          WAKE_ALL & ~(uint32_t)WAKE_EVENT, WAKE_COMMAND, 0 };

	assert_int_equal(domain_wake_set(dom, masks[chance(ARRAY_SIZE(masks))]), 0);
}

/* The machine sleeps meanwhile: its part in it is a pause that may be long. */
static void freeze(void)
{
	domain_pause_nosync(dom);
	other_cpu();
	domain_unpause(dom);
}

static unsigned int pauses; /* those below; a pause is undone by whoever made it */

static void pause(void)
{
	if (pauses >= 3)
		return;
	pauses++;
	domain_pause_nosync(dom);
}

static void unpause(void)
{
	if (!pauses)
		return;
	pauses--;
	domain_unpause(dom);
}

static void event(void)
{
	static void (*const events[])(void) = {
		raise_interrupt, raise_interrupt, command, pause, unpause, notify, switch_sources, freeze,
	};

	events[chance(ARRAY_SIZE(events))]();
}

/* Another CPU gets in, and perhaps a third one between that one's steps. */
static void other_cpu(void)
{
	static unsigned int depth;
	unsigned int here = fake_cpu;

	if (fake_locks_held || depth == 2 || chance(12))
		return;
	depth++;
	interleaved++;
	fake_cpu = 1;
	event();
	fake_cpu = here;
	depth--;
}

/* ---- the guest ---- */

static char woken_log[sizeof(fake_last_log)];

static void goes_on(struct vcpu *v)
{
	memcpy(woken_log, fake_last_log, sizeof(woken_log));
	if (!asleep) {
		assert_int_not_equal(v->regs.pc, ENTRY);
		return;
	}
	assert_int_equal(v->regs.pc, ENTRY);
	assert_int_equal(v->regs.x[0], context);
	assert_int_equal(v->regs.x[1], 0);
	assert_int_equal(v->regs.pstate, GUEST_PSTATE_RESET);
	assert_true(pending || commanded || notified);
	assert_int_equal(dom->state, DOMAIN_RUNNING);
	assert_false(dom->waking);
	asleep = false;
	commanded = false;
	resumes++;
}

static void sleeps(struct vcpu *v)
{
	asleep = true;
	context = ++suspends;
	for (unsigned int i = 0; i < 31; i++)
		v->regs.x[i] = ~0UL;
	v->regs.x[0] = PSCI_SYSTEM_SUSPEND64;
	v->regs.x[1] = ENTRY;
	v->regs.x[2] = context;
	vpsci_trap(&v->regs);
	/* What the trap dispatcher looks at: back into the guest, behind the call, is no way. */
	assert_true(v->blocked || v->power != VCPU_ON);
}

static void waits(struct vcpu *v)
{
	vcpu_block(v, VCPU_BLOCK_WFI);
	if (vgic_pending(v))
		vcpu_unblock(v, VCPU_BLOCK_WFI);
}

void guest_run(struct guest_regs *r)
{
	struct vcpu *v = container_of(r, struct vcpu, regs);

	assert_int_equal(fake_locks_held, 0);
	assert_ptr_equal(this_cpu()->loaded, v);
	assert_int_equal(v->power, VCPU_ON);
	goes_on(v);
	v->regs.pc = SOMEWHERE;
	if (chance(2)) {
		spin_lock(&vgic_lock);
		pending = false;
		spin_unlock(&vgic_lock);
	}
	if (chance(2))
		notified = false;
	if (chance(4))
		sleeps(v);
	else if (chance(2))
		waits(v);
}

/* ---- the run ---- */

static jmp_buf out;

static void on_barrier(const char *what)
{
	if (!strcmp(what, "wfi"))
		longjmp(out, 1);
}

/* CPU 0 until it has nothing to do. */
static void run_loop(void)
{
	if (!setjmp(out))
		cpu_loop();
}

static void boot(uint64_t seed)
{
	fake_cpu_reset();
	memset(cpu, 0, sizeof(cpu));
	memset(domains, 0, sizeof(domains));
	pending = asleep = commanded = notified = false;
	suspends = resumes = interleaved = pauses = 0;
	chance_state = seed;
	nr_cpus = 2;
	for (unsigned int i = 0; i < 2; i++) {
		cpu[i].arch.id = i;
		cpu[i].online = true;
		cpus[i] = &cpu[i];
		fake_cpu_arch[i] = &cpu[i].arch;
		list_init(&cpu[i].timers);
		assert_int_equal(sched_init_cpu(&cpu[i]), 0);
	}
	assert_int_equal(irq_init(), 0);
	dom = domain_create(2, "domu", 1); /* its vCPU on CPU 0 */
	assert_non_null(dom);
	/* Wherever it wants to start. */
	assert_int_equal(stage2_map(&dom->s2, ipa_make(0), pa_make(0), 4 * GIB, STAGE2_RAM), 0);
	assert_ptr_equal(dom->vcpus[0]->cpu, &cpu[0]);
	domain_name_irq(dom, VINTID, "rtc", WAKE_ALARM);
	fake_barrier_watch(on_barrier);
	domain_start(dom, START, 0);
}

/* CPU 0 has nothing to do: rightly? */
static void nothing_is_lost(void)
{
	const struct vcpu *v = dom->vcpus[0];

	assert_int_equal(fake_locks_held, 0);
	assert_int_equal(resumes, suspends - asleep);
	if (dom->state == DOMAIN_SUSPENDED) {
		assert_true(asleep);
		assert_false(pending && domain_source_on(dom, WAKE_ALARM));
		assert_false(notified && domain_source_on(dom, WAKE_EVENT));
		assert_false(commanded);
		return;
	}
	assert_int_equal(dom->state, DOMAIN_RUNNING);
	/* Then it waits: for an unpause, or awake for an interrupt. */
	if (dom->pause_count)
		return;
	assert_false(asleep);
	assert_int_equal(v->blocked, BIT(VCPU_BLOCK_WFI));
	assert_false(pending);
}

static void test_races(void **state)
{
	unsigned int all = 0, between = 0;

	for (uint64_t seed = 1; seed <= SEEDS; seed++) {
		boot(seed);
		for (unsigned int i = 0; i < ROUNDS; i++) {
			fake_unlock_watch(other_cpu);
			run_loop();
			fake_unlock_watch(NULL);
			nothing_is_lost();
			event();
		}
		while (pauses)
			unpause();
		assert_int_equal(dom->pause_count, 0);
		domain_wake_set(dom, WAKE_ALL);
		raise_interrupt();
		run_loop();
		nothing_is_lost();
		all += suspends;
		between += interleaved;
	}
	/* It was worth it. */
	assert_true(all > SEEDS * ROUNDS / 12);
	assert_true(between > all);
}

/* The plain way, with what is said about it. */
static void test_once(void **state)
{
	struct vcpu *v;

	boot(1);
	v = dom->vcpus[0];
	chance_state = 0;
	v->power = VCPU_ON;
	v->running = true;
	sleeps(v);
	v->running = false;
	assert_int_equal(dom->state, DOMAIN_SUSPENDED);
	assert_int_equal(v->blocked & BIT(VCPU_BLOCK_SUSPEND), BIT(VCPU_BLOCK_SUSPEND));
	assert_int_equal(domain_suspend(v, ENTRY, 1), -EBUSY);
	assert_true(domain_sleeps(dom));
	fake_logs = 0;
	domain_pause_nosync(dom);
	assert_true(domain_wake(dom, VINTID, true));
	assert_false(domain_wake(dom, VINTID, true));
	assert_int_equal(dom->state, DOMAIN_RUNNING);
	assert_true(domain_sleeps(dom)); /* still on its way */
	run_loop();
	assert_int_equal(resumes, 0);
	assert_int_equal(fake_logs, 0);
	pending = true;
	domain_unpause(dom);
	run_loop();
	assert_int_equal(resumes, 1);
	assert_string_equal(woken_log, "domu: resumed, woken by interrupt 40 (rtc)");
}

static int pressed;

static int press(struct domain *d, enum dm_key key)
{
	assert_ptr_equal(d, dom);
	pressed = (int)key;
	return 0;
}

/* What the control domain may ask for, and what it is told. */
/* static: function-length: one story, each line a step of it */
static void test_control(void **state)
{
	static const struct domain_power_ops with_key = { .press = press, .pending = wake_pending };
	struct domain_wake_info last;
	struct vcpu *v;

	boot(1);
	v = dom->vcpus[0];
	domain_power_set_ops(&with_key);
	domain_wake_last(dom, &last);
	assert_int_equal(last.count, 0);
	assert_int_equal(last.source, 0);
	assert_int_equal(domain_suspend_request(dom), -EOPNOTSUPP);
	assert_int_equal(domain_press(dom, DM_KEY_POWER), -EOPNOTSUPP);
	dom->vgpio = (void *)dom;
	assert_int_equal(domain_suspend_request(dom), 0);
	assert_int_equal(pressed, DM_KEY_SLEEP);

	assert_int_equal(domain_resume(dom), -EINVAL);
	assert_int_equal(domain_suspend(v, ENTRY, 1), 0);
	assert_int_equal(domain_suspend_request(dom), -EBUSY);
	assert_int_equal(domain_press(dom, DM_KEY_POWER), 0); /* may wake it */
	assert_int_equal(pressed, DM_KEY_POWER);
	assert_int_equal(domain_wake_set(dom, WAKE_ALL + 1), -EINVAL);
	assert_int_equal(domain_wake_get(dom), WAKE_ALL);
	assert_int_equal(domain_wake_set(dom, WAKE_ALARM), 0);
	assert_int_equal(domain_resume(dom), -EPERM);
	domain_wake_event(dom, 9);
	assert_true(domain_is_suspended(dom));
	assert_int_equal(domain_wake_set(dom, WAKE_ALARM | WAKE_COMMAND), 0);
	assert_int_equal(domain_resume(dom), 0);
	domain_wake_last(dom, &last);
	assert_int_equal(last.source, WAKE_COMMAND);
	assert_int_equal(last.number, 0xffffffff);

	/* Pending while its source was off: it wakes when that is switched on. */
	assert_int_equal(domain_wake_set(dom, WAKE_COMMAND), 0);
	assert_int_equal(domain_suspend(v, ENTRY, 1), 0);
	raise_interrupt();
	assert_true(domain_is_suspended(dom));
	assert_int_equal(domain_wake_set(dom, WAKE_ALL), 0);
	assert_false(domain_is_suspended(dom));
	domain_wake_last(dom, &last);
	assert_int_equal(last.source, WAKE_ALARM);
	assert_int_equal(last.number, VINTID);
	assert_string_equal(last.name, "rtc");
	assert_true(last.slept);
	assert_int_equal(last.count, 2);

	assert_int_equal(domain_suspend(v, ENTRY, 1), 0);
	domain_wake_event(dom, 9);
	domain_wake_last(dom, &last);
	assert_int_equal(last.source, WAKE_EVENT);
	assert_int_equal(last.number, 9);

	domain_shutdown(dom, DOMAIN_POWEROFF);
	assert_int_equal(domain_press(dom, DM_KEY_SLEEP), -EBUSY);
	assert_int_equal(domain_suspend_request(dom), -EBUSY);
	assert_int_equal(domain_resume(dom), -EINVAL);
	domain_power_set_ops(&power_ops);
}

static void test_policies(void **state)
{
	boot(1);
	assert_int_equal(domain_set_host_suspend(dom, NR_HOST_SUSPEND_POLICIES), -EINVAL);
	assert_int_equal(domain_set_host_suspend(dom, (enum host_suspend_policy)-1), -EINVAL);
	assert_int_equal(domain_set_host_suspend(dom, HOST_SUSPEND_VETO), 0);
	assert_int_equal(dom->host_suspend, HOST_SUSPEND_VETO);
	assert_int_equal(domain_set_time_policy(dom, NR_TIME_POLICIES), -EINVAL);
	assert_int_equal(domain_set_time_policy(dom, TIME_FROZEN), 0);
	assert_int_equal(dom->time_policy, TIME_FROZEN);
	assert_int_equal(domain_veto_ms(dom), DOMAIN_VETO_MS_USUAL);
	assert_int_equal(domain_set_veto_ms(dom, 0), -EINVAL);
	assert_int_equal(domain_set_veto_ms(dom, DOMAIN_VETO_MS_MAX + 1), -EINVAL);
	assert_int_equal(domain_set_veto_ms(dom, 1), 0);
	assert_int_equal(domain_veto_ms(dom), 1);
	dom->privileged = true; /* whose sleep is the machine's */
	assert_int_equal(domain_set_host_suspend(dom, HOST_SUSPEND_FREEZE), -EOPNOTSUPP);
	assert_int_equal(domain_set_time_policy(dom, TIME_CONTINUOUS), -EOPNOTSUPP);
	assert_int_equal(domain_set_veto_ms(dom, 2), -EOPNOTSUPP);
}

/* A sleeping domain's watchdogs wait; so do those of one that has suspended by Xen's hypercall. */
static void test_watchdogs_sleep(void **state)
{
	boot(1);
	assert_int_equal(watchdog_set(dom, 0, 5), 1);
	assert_int_equal(domain_suspend(dom->vcpus[0], ENTRY, 1), 0);
	assert_int_equal(dom->watchdog_holds, 1);
	domain_pause_nosync(dom);
	assert_true(domain_wake(dom, VINTID, true));
	assert_int_equal(dom->watchdog_holds, 1);
	domain_unpause(dom);
	assert_int_equal(dom->watchdog_holds, 0);
	domain_shutdown(dom, DOMAIN_SUSPEND);
	assert_int_equal(dom->watchdog_holds, 1);
	assert_true(dom->watchdogs[0].armed);
	assert_int_equal(domain_resume(dom), 0);
	assert_int_equal(dom->watchdog_holds, 0);
	domain_shutdown(dom, DOMAIN_POWEROFF);
	assert_false(dom->watchdogs[0].armed);
}

static void test_shut_down(void **state)
{
	boot(1);
	assert_int_equal(domain_suspend(dom->vcpus[0], ENTRY, 1), 0);
	domain_shutdown(dom, DOMAIN_CRASH);
	assert_false(domain_wake(dom, VINTID, true));
	assert_int_equal(dom->state, DOMAIN_CRASHED);
	assert_int_equal(domain_suspend(dom->vcpus[0], ENTRY, 1), -EBUSY);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_once),
		cmocka_unit_test(test_control),
		cmocka_unit_test(test_policies),
		cmocka_unit_test(test_watchdogs_sleep),
		cmocka_unit_test(test_shut_down),
		cmocka_unit_test(test_races),
	};

	domain_power_set_ops(&power_ops);
	return cmocka_run_group_tests_name("domain_power", tests, NULL, NULL);
}
