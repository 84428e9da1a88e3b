/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Scheduler, vCPU states, interrupt routing and timers together, on two pretended CPUs. The guest is a
 * function of the test: what it does during guest_run() is what a trap would do.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "core/alarm.h"
#include "core/domain.h"
#include "core/irq.h"
#include "core/sched.h"
#include "core/smp.h"
#include "core/timer.h"
#include "core/vcpu.h"
#include "dev/gic/gic.h"
#include "fake_cpu.h"
#include "fake_sysreg.h"
#include "lib/err.h"

/* Domains and CPUs live as long as the machine: nothing frees what each test's set-up makes. */
const char *__asan_default_options(void);
const char *__asan_default_options(void)
{
	return "detect_leaks=0";
}

enum { IRQ_TIMER = 26, IRQ_FWD = 27, IRQ_DEV = 40 };

/* ---- the pretended GIC: what was asked of it ---- */

static struct {
	uint32_t pending[8];
	unsigned int count;
	unsigned int deactivated[64];
	bool enabled[64];
	unsigned int target[64];
} hw;

static uint32_t fake_ack(void)
{
	return hw.count ? hw.pending[--hw.count] : GIC_SPURIOUS;
}

static void fake_eoi(uint32_t iar)
{
	(void)iar;
}

static void fake_deactivate(uint32_t iar)
{
	hw.deactivated[iar]++;
}

static void fake_set_enabled(uint32_t intid, bool on)
{
	hw.enabled[intid] = on;
}

static void fake_set_priority(uint32_t intid, uint8_t priority)
{
	(void)intid;
	(void)priority;
}

static void fake_set_target(uint32_t intid, unsigned int cpu)
{
	hw.target[intid] = cpu;
}

static const struct gic_ops fake_gic = {
	.version = 3,
	.ack = fake_ack,
	.eoi = fake_eoi,
	.deactivate = fake_deactivate,
	.set_enabled = fake_set_enabled,
	.set_priority = fake_set_priority,
	.set_target = fake_set_target,
};
const struct gic_ops *gic = &fake_gic;
struct gic_limits gic_limits = { .nr_spis_end = 64 };

static void raise_irq(uint32_t intid)
{
	hw.pending[hw.count++] = intid;
}

/* ---- what lies outside of what is tested ---- */

static unsigned int kicks;

void smp_kick(struct cpu *c)
{
	(void)c;
	kicks++;
}

void alarm_cancel_all(const struct domain *owner)
{
	(void)owner;
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

/* ---- the run ---- */

typedef void guest_script(struct vcpu *v);
static guest_script *script;
static jmp_buf out;
static struct vcpu *ran[64];
static unsigned int nr_ran;

void guest_run(struct guest_regs *r)
{
	struct vcpu *v = container_of(r, struct vcpu, regs);

	assert_true(v->running);
	assert_ptr_equal(this_cpu()->loaded, v);
	assert_int_equal(fake_locks_held, 0);
	if (nr_ran == ARRAY_SIZE(ran))
		longjmp(out, 2);
	ran[nr_ran++] = v;
	fake_counter += 1000000; /* 1 ms */
	if (script)
		script(v);
}

/* The loop of the CPU runs until it would idle with nothing to come (1) or 64 turns were had (2). */
static void on_barrier(const char *what)
{
	if (!strcmp(what, "wfi") && !hw.count)
		longjmp(out, 1);
}

static int run_loop(guest_script *s)
{
	int why;

	script = s;
	nr_ran = 0;
	why = setjmp(out);
	if (!why)
		cpu_loop();
	return why;
}

static struct cpu cpu[2];
static struct domain *dom;

static int setup(void **state)
{
	(void)state;
	fake_cpu_reset();
	fake_barrier_watch(on_barrier);
	memset(&hw, 0, sizeof(hw));
	memset(cpu, 0, sizeof(cpu));
	memset(domains, 0, sizeof(domains));
	kicks = 0;
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
	dom = domain_create(DOMID_DOM0, "dom0", 4);
	assert_non_null(dom);
	/* Even ones on CPU 0, odd ones on CPU 1. That they move is test_sched.c's. */
	for (unsigned int i = 0; i < 4; i++)
		dom->vcpus[i]->affinity = BIT(i % 2);
	return 0;
}

static void power_off_script(struct vcpu *v)
{
	vcpu_power_off(v);
}

static void test_start_runs_vcpu0_at_entry(void **state)
{
	(void)state;
	domain_start(dom, 0x1000, 42);
	assert_int_equal(dom->vcpus[0]->power, VCPU_ON_PENDING);
	assert_int_equal(run_loop(power_off_script), 1);
	assert_int_equal(nr_ran, 1);
	assert_int_equal(ran[0]->regs.pc, 0x1000);
	assert_int_equal(ran[0]->regs.x[0], 42);
	assert_int_equal(ran[0]->regs.pstate, GUEST_PSTATE_RESET);
}

static void test_power_on_states(void **state)
{
	(void)state;
	domain_start(dom, 0, 0);
	assert_int_equal(vcpu_power_on(dom->vcpus[0], 0, 0), -EBUSY);
	assert_int_equal(run_loop(NULL), 2);
	assert_int_equal(vcpu_power_on(dom->vcpus[0], 0, 0), -EEXIST);
	assert_int_equal(vcpu_power_on(dom->vcpus[1], 0, 0), 0);
	assert_true(cpu[1].work); /* the other CPU is told */
	assert_int_equal(kicks, 1);
}

static void wfi_script(struct vcpu *v)
{
	vcpu_block(v, VCPU_BLOCK_WFI);
}

/* An interrupt between the block and the look: unblocked while still counted as running. */
static void wfi_then_kick_script(struct vcpu *v)
{
	vcpu_block(v, VCPU_BLOCK_WFI);
	if (nr_ran < 3)
		vcpu_kick(v);
}

static void test_wfi_wakes_once_per_kick(void **state)
{
	(void)state;
	domain_start(dom, 0, 0);
	assert_int_equal(run_loop(wfi_script), 1);
	assert_int_equal(nr_ran, 1);
	vcpu_kick(dom->vcpus[0]);
	assert_int_equal(run_loop(wfi_script), 1);
	assert_int_equal(nr_ran, 1);
	assert_int_equal(run_loop(wfi_script), 1);
	assert_int_equal(nr_ran, 0);
}

static void test_kick_while_leaving_is_not_lost(void **state)
{
	(void)state;
	domain_start(dom, 0, 0);
	assert_int_equal(run_loop(wfi_then_kick_script), 1);
	assert_int_equal(nr_ran, 3);
}

/* A pause that comes and goes while the vCPU is between the queue and the guest must not queue it twice. */
static void test_pause_nests(void **state)
{
	(void)state;
	domain_start(dom, 0, 0);
	domain_pause_nosync(dom);
	domain_pause_nosync(dom);
	assert_int_equal(run_loop(wfi_script), 1);
	assert_int_equal(nr_ran, 0);
	domain_unpause(dom);
	assert_int_equal(run_loop(wfi_script), 1);
	assert_int_equal(nr_ran, 0);
	domain_unpause(dom);
	assert_int_equal(run_loop(wfi_script), 1);
	assert_int_equal(nr_ran, 1);
}

static void pause_flip_script(struct vcpu *v)
{
	domain_pause_nosync(v->domain);
	domain_unpause(v->domain);
	vcpu_power_off(v);
}

static void test_pause_and_unpause_while_running(void **state)
{
	(void)state;
	domain_start(dom, 0, 0);
	assert_int_equal(run_loop(pause_flip_script), 1);
	assert_int_equal(nr_ran, 1);
	assert_false(dom->vcpus[0]->queued);
}

static void test_pause_sync_times_out_and_undoes(void **state)
{
	(void)state;
	domain_start(dom, 0, 0);
	dom->vcpus[1]->running = true; /* a CPU that never leaves its guest */
	assert_int_equal(domain_pause_sync(dom), -ETIMEDOUT);
	assert_int_equal(dom->pause_count, 0);
	assert_int_equal(dom->vcpus[0]->blocked, 0);
	dom->vcpus[1]->running = false;
	assert_int_equal(domain_pause_sync(dom), 0);
	assert_int_equal(dom->pause_count, 1);
}

static bool timer_queued[2];

static void look_at_timer_script(struct vcpu *v)
{
	timer_queued[nr_ran - 1] = !list_empty(&cpu[0].timers);
	vcpu_block(v, VCPU_BLOCK_WFI);
}

static void test_slice_timer_only_in_company(void **state)
{
	(void)state;
	domain_start(dom, 0, 0);
	assert_int_equal(vcpu_power_on(dom->vcpus[2], 0, 0), 0);
	assert_int_equal(run_loop(look_at_timer_script), 1);
	assert_int_equal(nr_ran, 2);
	assert_true(timer_queued[0]);  /* the other one waits */
	assert_false(timer_queued[1]); /* it is alone now */
}

/* Another CPU wakes vCPU 0 at the n-th moment at which it may: where no lock is held. */
static unsigned int moments_left;

static void wake_at_moment(void)
{
	if (fake_cpu || fake_locks_held || !(dom->vcpus[0]->blocked & BIT(VCPU_BLOCK_WFI)))
		return;
	if (!moments_left--) {
		fake_unlock_watch(NULL);
		fake_cpu = 1;
		vcpu_kick(dom->vcpus[0]);
		fake_cpu = 0;
	}
}

static bool somebody_waits(void)
{
	return dom->vcpus[0]->queued || dom->vcpus[2]->queued;
}

static void wait_or_compute_script(struct vcpu *v)
{
	/* What runs now may compute for ever: something has to end its turn. */
	if (somebody_waits())
		assert_true(cpu[0].work || !list_empty(&cpu[0].timers));
	if (nr_ran == 1)
		vcpu_block(v, VCPU_BLOCK_WFI);
	else if (nr_ran == 3)
		longjmp(out, 3);
}

static void test_newcomer_never_waits_for_a_busy_one(void **state)
{
	unsigned int woken = 0;

	for (unsigned int n = 0; n < 40; n++) {
		setup(state);
		domain_start(dom, 0, 0);
		assert_int_equal(vcpu_power_on(dom->vcpus[2], 0, 0), 0);
		moments_left = n;
		fake_unlock_watch(wake_at_moment);
		(void)run_loop(wait_or_compute_script);
		woken += moments_left > n;
	}
	assert_in_range(woken, 8, 40);
}

static unsigned int enters;

/* As the virtual GIC's last look before the guest goes on, which may find an interrupt for another vCPU. */
static void enter_and_wake(struct vcpu *v)
{
	if (v == dom->vcpus[2] && !enters++)
		vcpu_kick(dom->vcpus[0]);
}

/* What is asked by this CPU itself sends no interrupt: nothing would end the guest's turn for it. */
static void nothing_asked_script(struct vcpu *v)
{
	assert_int_equal(cpu[0].work, 0);
	if (dom->vcpus[0]->queued)
		assert_false(list_empty(&cpu[0].timers));
	vcpu_block(v, VCPU_BLOCK_WFI);
}

static void test_what_a_cpu_asks_of_itself_is_done(void **state)
{
	static const struct vcpu_module module = { .name = "test", .enter = enter_and_wake };
	static const struct vcpu_module *const table[] = { &module };

	(void)state;
	domain_start(dom, 0, 0);
	assert_int_equal(run_loop(wfi_script), 1);
	assert_int_equal(vcpu_power_on(dom->vcpus[2], 0, 0), 0);
	enters = 0;
	vcpu_set_modules(table, 1);
	assert_int_equal(run_loop(nothing_asked_script), 1);
	vcpu_set_modules(NULL, 0);
	assert_int_equal(nr_ran, 2);
}

/* vCPUs of one domain have one VMID, but not the same stage 1 tables under the same ASIDs. */
static void test_tlb_is_the_vcpus_own(void **state)
{
	struct domain *other = domain_create(2, "other", 1);

	(void)state;
	other->vcpus[0]->affinity = BIT(0);
	domain_start(dom, 0, 0);
	assert_int_equal(run_loop(wfi_script), 1);
	assert_int_equal(fake_maintenance.tlb_here, 0);
	domain_start(other, 0, 0); /* its VMID is another */
	assert_int_equal(run_loop(wfi_script), 1);
	vcpu_kick(dom->vcpus[0]);
	assert_int_equal(run_loop(wfi_script), 1);
	assert_int_equal(fake_maintenance.tlb_here, 0);
	assert_int_equal(vcpu_power_on(dom->vcpus[2], 0, 0), 0);
	assert_int_equal(run_loop(wfi_script), 1);
	assert_int_equal(fake_maintenance.tlb_here, 1);
	vcpu_kick(dom->vcpus[2]);
	assert_int_equal(run_loop(wfi_script), 1);
	assert_int_equal(fake_maintenance.tlb_here, 1);
	vcpu_kick(dom->vcpus[0]);
	assert_int_equal(run_loop(wfi_script), 1);
	assert_int_equal(fake_maintenance.tlb_here, 2);
}

static void test_evacuate(void **state)
{
	(void)state;
	domain_start(dom, 0, 0);
	assert_int_equal(vcpu_power_on(dom->vcpus[1], 0x77, 0), 0);
	cpu[1].online = false;
	sched_evacuate(&cpu[1], &cpu[0]);
	assert_ptr_equal(dom->vcpus[1]->cpu, &cpu[0]);
	assert_int_equal(run_loop(power_off_script), 1);
	assert_int_equal(nr_ran, 2);
}

static void test_unload_all_bounded(void **state)
{
	(void)state;
	cpu[1].loaded = dom->vcpus[1];
	assert_int_equal(sched_unload_all(), -ETIMEDOUT);
	cpu[1].loaded = NULL;
	assert_int_equal(sched_unload_all(), 0);
}

/* ---- interrupts ---- */

static unsigned int handled;
static uint32_t guest_got;

static void on_irq(uint32_t intid, void *ctx)
{
	assert_ptr_equal(ctx, &handled);
	assert_int_equal(hw.deactivated[intid], 0);
	handled++;
}

static void to_guest(struct domain *d, uint32_t vintid, uint32_t intid)
{
	assert_ptr_equal(d, dom);
	assert_int_equal(intid, IRQ_DEV);
	guest_got = vintid;
}

static void test_irq_owners(void **state)
{
	(void)state;
	handled = 0;
	guest_got = 0;
	irq_set_guest_fn(to_guest);
	assert_int_equal(irq_request(33, "own", on_irq, &handled), 0);
	assert_int_equal(irq_request(33, "own", on_irq, &handled), -EBUSY);
	assert_int_equal(irq_request(64, "own", on_irq, &handled), -EINVAL);
	assert_int_equal(irq_request_forwarded(IRQ_FWD, "fwd", on_irq, &handled), 0);
	assert_int_equal(irq_assign(IRQ_DEV, "dev", dom, 50), 0);
	raise_irq(33);
	raise_irq(IRQ_FWD);
	raise_irq(IRQ_DEV);
	raise_irq(35);
	hw.enabled[35] = true;
	irq_dispatch();
	assert_int_equal(handled, 2);
	assert_int_equal(guest_got, 50);
	assert_int_equal(hw.deactivated[33], 1);
	assert_int_equal(hw.deactivated[IRQ_FWD], 0); /* the guest ends these two */
	assert_int_equal(hw.deactivated[IRQ_DEV], 0);
	assert_false(hw.enabled[35]); /* nobody's: it must not storm */
}

static void test_wake_mask(void **state)
{
	uint64_t mask[IRQ_WAKE_WORDS];

	(void)state;
	assert_int_equal(irq_request(33, "own", on_irq, NULL), 0);
	assert_int_equal(irq_assign(IRQ_DEV, "dev", dom, 50), 0);
	irq_enable(33);
	irq_wake_mask(mask);
	assert_int_equal(mask[0], 0);
	irq_set_wake(33, true);
	irq_enable(IRQ_DEV);
	irq_wake_mask(mask);
	assert_int_equal(mask[0], BIT(33) | BIT(IRQ_DEV));
	dom->wake_off = WAKE_DEVICE;
	irq_wake_mask(mask);
	assert_int_equal(mask[0], BIT(33));
	dom->wake_off = WAKE_ALL & ~(uint32_t)WAKE_DEVICE;
	irq_disable(IRQ_DEV);
	irq_wake_mask(mask);
	assert_int_equal(mask[0], BIT(33));
}

static void test_routes(void **state)
{
	(void)state;
	assert_int_equal(irq_assign(IRQ_DEV, "dev", dom, 50), 0);
	irq_set_target(IRQ_DEV, 1);
	assert_int_equal(hw.target[IRQ_DEV], 1);
	irq_route_to_boot_cpu();
	assert_int_equal(hw.target[IRQ_DEV], 0);
	irq_set_target(IRQ_DEV, 1);
	assert_int_equal(hw.target[IRQ_DEV], 0);
	cpu[1].online = false; /* it didn't come back */
	irq_route_restore();
	assert_int_equal(hw.target[IRQ_DEV], 0);
	cpu[1].online = true;
	irq_route_restore();
	assert_int_equal(hw.target[IRQ_DEV], 1);
}

/* ---- timers ---- */

static struct timer t[3];
static unsigned int order[8];
static unsigned int fired;

static void on_timer(struct timer *which)
{
	order[fired++] = (unsigned int)(which - t);
}

static void rearm(struct timer *which)
{
	on_timer(which);
	if (fired < 3)
		timer_set(which, fake_counter);
}

static void timers_setup(void)
{
	fired = 0;
	fake_counter_step = 0;
	assert_int_equal(timer_setup(IRQ_TIMER), 0);
	for (unsigned int i = 0; i < 3; i++)
		timer_init(&t[i], on_timer);
}

static void test_timers_in_order(void **state)
{
	(void)state;
	timers_setup();
	timer_set(&t[0], fake_counter + 300);
	timer_set(&t[1], fake_counter + 100);
	timer_set(&t[2], fake_counter + 200);
	timer_cancel(&t[2]);
	timer_cancel(&t[2]);
	assert_int_equal(*fake_sysreg(cnthp_cval_el2), fake_counter + 100);
	fake_counter += 100;
	raise_irq(IRQ_TIMER);
	irq_dispatch();
	assert_int_equal(fired, 1);
	assert_int_equal(order[0], 1);
	assert_int_equal(*fake_sysreg(cnthp_cval_el2), fake_counter + 200);
	timer_set(&t[0], fake_counter + 1000); /* moved */
	fake_counter += 1000;
	raise_irq(IRQ_TIMER);
	irq_dispatch();
	assert_int_equal(fired, 2);
	assert_int_equal(*fake_sysreg(cnthp_ctl_el2), 0);
}

static void test_timer_rearms_itself(void **state)
{
	(void)state;
	timers_setup();
	timer_init(&t[0], rearm);
	timer_set(&t[0], fake_counter);
	raise_irq(IRQ_TIMER);
	irq_dispatch();
	assert_int_equal(fired, 3);
}

static void test_timer_cancel_from_another_cpu(void **state)
{
	(void)state;
	timers_setup();
	timer_set(&t[0], fake_counter + 10);
	fake_cpu = 1;
	timer_cancel(&t[0]);
	fake_cpu = 0;
	fake_counter += 10;
	raise_irq(IRQ_TIMER);
	irq_dispatch();
	assert_int_equal(fired, 0);
}

static enum domain_shutdown_reason downs[4];
static unsigned int nr_downs;

static void count_down(enum domain_shutdown_reason reason)
{
	downs[nr_downs++] = reason;
}

static void test_dom0_takes_the_machine_along(void **state)
{
	struct domain *other = domain_create(1, "other", 1);

	(void)state;
	nr_downs = 0;
	domain_set_machine_down(count_down);
	domain_start(dom, 0, 0);
	domain_start(other, 0, 0);
	domain_shutdown(other, DOMAIN_CRASH);
	assert_int_equal(nr_downs, 0); /* nobody else is disturbed */
	assert_int_equal(dom->state, DOMAIN_RUNNING);
	domain_shutdown(dom, DOMAIN_REBOOT);
	assert_int_equal(nr_downs, 1);
	assert_int_equal(downs[0], DOMAIN_REBOOT);
	domain_set_machine_down(NULL);
}

/* Without a Dom0; a suspended domain may wake up, so the machine waits for it. */
static void test_the_last_takes_the_machine_along(void **state)
{
	struct domain *d[3];

	(void)state;
	nr_downs = 0;
	memset(domains, 0, sizeof(domains));
	domain_set_machine_down(count_down);
	for (uint16_t i = 0; i < 3; i++) {
		d[i] = domain_create((uint16_t)(i + 1), "guest", 1);
		domain_start(d[i], 0, 0);
	}
	d[2]->state = DOMAIN_SUSPENDED;
	domain_shutdown(d[0], DOMAIN_CRASH);
	assert_int_equal(d[0]->state, DOMAIN_CRASHED);
	domain_shutdown(d[1], DOMAIN_REBOOT);
	assert_non_null(strstr(fake_last_log, "guest: reboot"));
	assert_int_equal(d[1]->state, DOMAIN_SHUTDOWN);
	assert_int_equal(nr_downs, 0);
	domain_shutdown(d[2], DOMAIN_POWEROFF);
	assert_int_equal(nr_downs, 1);
	assert_int_equal(downs[0], DOMAIN_POWEROFF);
	domain_set_machine_down(NULL);
}

/* Domains of one vCPU each don't all sit on the first CPU. */
static void test_small_domains_spread(void **state)
{
	(void)state;
	assert_ptr_equal(domain_create(1, "a", 1)->vcpus[0]->cpu, &cpu[1]);
	assert_ptr_equal(domain_create(2, "b", 1)->vcpus[0]->cpu, &cpu[0]);
	assert_ptr_equal(domain_create(3, "c", 1)->vcpus[0]->cpu, &cpu[1]);
}

int main(void)
{
#define T(f) cmocka_unit_test_setup(f, setup)
	const struct CMUnitTest tests[] = {
		T(test_start_runs_vcpu0_at_entry),
		T(test_power_on_states),
		T(test_wfi_wakes_once_per_kick),
		T(test_kick_while_leaving_is_not_lost),
		T(test_pause_nests),
		T(test_pause_and_unpause_while_running),
		T(test_pause_sync_times_out_and_undoes),
		T(test_slice_timer_only_in_company),
		T(test_newcomer_never_waits_for_a_busy_one),
		T(test_what_a_cpu_asks_of_itself_is_done),
		T(test_tlb_is_the_vcpus_own),
		T(test_evacuate),
		T(test_unload_all_bounded),
		T(test_irq_owners),
		T(test_wake_mask),
		T(test_routes),
		T(test_timers_in_order),
		T(test_timer_rearms_itself),
		T(test_timer_cancel_from_another_cpu),
		T(test_dom0_takes_the_machine_along),
		T(test_the_last_takes_the_machine_along),
		T(test_small_domains_spread),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
