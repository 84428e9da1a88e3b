/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The scheduler on up to four CPUs in simulated time: each CPU's loop runs on a stack of its own, and gives way to the
 * simulation in the guest and in WFI. A guest computes and sleeps as its life says.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <ucontext.h>

#include <cmocka.h>

#include "core/alarm.h"
#include "core/domain.h"
#include "core/irq.h"
#include "core/sched_priv.h"
#include "core/smp.h"
#include "core/timer.h"
#include "core/vcpu.h"
#include "dev/gic/gic.h"
#include "fake_cpu.h"
#include "lib/err.h"

/* Domains and CPUs live as long as the machine: nothing frees what each test's set-up makes. */
const char *__asan_default_options(void);
const char *__asan_default_options(void)
{
	return "detect_leaks=0:detect_stack_use_after_return=0";
}

#define MS	  1000000ULL
#define US	  1000ULL
#define STACK	  (256 * 1024)
#define MAX_GUESTS 32
#define IRQ_TIMER 26
#define CPUS	  4

/* ---- the machine ---- */

static struct sim {
	struct cpu cpu;
	ucontext_t context;
	bool idle;
	bool ipi;	 /* was sent, not yet seen */
	struct vcpu *in; /* the guest that runs, or NULL */
} sim[CPUS];
static char stacks[CPUS][STACK];
static ucontext_t simulation;

/* What a guest does: computes for `busy` (0: for ever), then waits for `idle` or gives way; again and again. */
static struct life {
	struct vcpu *v;
	uint64_t busy, idle;
	bool yields;
	uint64_t left;	     /* until it waits */
	uint64_t due;	     /* when it is to be woken; 0: it isn't waiting */
	uint64_t latest;     /* by how much too late it ran after that, at worst */
	unsigned int wakes;
	unsigned int waits_here; /* that ended where they began */
	uint64_t ran[CPUS];
	struct cpu *loaded;  /* whose registers hold its state */
	struct timer timer;
} lives[MAX_GUESTS];
static unsigned int nr_lives;

static struct life *life_of(const struct vcpu *v)
{
	for (unsigned int i = 0; i < nr_lives; i++) {
		if (lives[i].v == v)
			return &lives[i];
	}
	fail_msg("a vCPU that nobody made");
	return NULL;
}

static uint64_t ran(const struct life *l)
{
	uint64_t sum = 0;

	for (unsigned int i = 0; i < CPUS; i++)
		sum += l->ran[i];
	return sum;
}

static struct timer *first_timer(struct cpu *c)
{
	return list_empty(&c->timers) ? NULL : list_entry(c->timers.next, struct timer, link);
}

static bool timer_due(struct cpu *c)
{
	return first_timer(c) && first_timer(c)->deadline <= fake_counter;
}

static uint32_t fake_ack(void)
{
	return timer_due(this_cpu()) ? IRQ_TIMER : GIC_SPURIOUS;
}

static void fake_end(uint32_t iar)
{
	(void)iar;
}

static void fake_set_enabled(uint32_t intid, bool on)
{
	(void)intid;
	(void)on;
}

static void fake_set_target(uint32_t intid, unsigned int cpu)
{
	(void)intid;
	(void)cpu;
}

static const struct gic_ops fake_gic = {
	.version = 3,
	.ack = fake_ack,
	.eoi = fake_end,
	.deactivate = fake_end,
	.set_enabled = fake_set_enabled,
	.set_target = fake_set_target,
};
const struct gic_ops *gic = &fake_gic;
struct gic_limits gic_limits = { .nr_spis_end = 64 };

void smp_kick(struct cpu *c)
{
	container_of(c, struct sim, cpu)->ipi = true;
}

void smp_die(struct cpu *c)
{
	(void)c;
}

void alarm_cancel_all(const struct domain *owner)
{
	(void)owner;
}

/* A vCPU's registers are in one CPU at most, and only that one writes them back. */
void guest_sysregs_load(const struct guest_sysregs *s)
{
	struct life *l = life_of(container_of(s, const struct vcpu, sysregs));

	assert_null(l->loaded);
	assert_ptr_equal(l->v->cpu, this_cpu());
	l->loaded = this_cpu();
}

void guest_sysregs_save(struct guest_sysregs *s)
{
	struct life *l = life_of(container_of(s, struct vcpu, sysregs));

	assert_ptr_equal(l->loaded, this_cpu());
	l->loaded = NULL;
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

static void to_simulation(void)
{
	assert_int_equal(fake_locks_held, 0);
	swapcontext(&sim[this_cpu()->arch.id].context, &simulation);
}

/* As the vGIC does: into a list register if its vCPU is here, else it is left for where that is. */
static void raise(struct vcpu *v)
{
	if (this_cpu()->loaded == v)
		v->vgic_raised = true;
	else
		v->vgic_dirty = true;
	vcpu_kick(v);
}

static void interrupt(struct timer *t)
{
	raise(container_of(t, struct life, timer)->v);
}

static void note_wake(struct life *l)
{
	if (l->due && fake_counter >= l->due) {
		l->latest = max_u64(l->latest, fake_counter - l->due);
		l->wakes++;
		l->due = 0;
	}
}

static void finish_busy(struct life *l)
{
	l->left = l->busy;
	if (l->yields) {
		vcpu_yield(l->v);
		return;
	}
	l->due = fake_counter + l->idle;
	timer_set(&l->timer, l->due);
	if (sched_wait_here(l->v)) {
		l->waits_here++;
		note_wake(l);
		return;
	}
	if (fake_counter < l->due)
		vcpu_block(l->v, VCPU_BLOCK_WFI);
}

void guest_run(struct guest_regs *r)
{
	struct vcpu *v = container_of(r, struct vcpu, regs);
	struct life *l = life_of(v);
	struct sim *s = &sim[this_cpu()->arch.id];

	assert_true(v->running);
	assert_ptr_equal(v->cpu, this_cpu());
	assert_ptr_equal(l->loaded, this_cpu());
	note_wake(l);
	do {
		s->in = v;
		to_simulation();
		s->in = NULL;
		s->ipi = false;
		v->vgic_dirty = false;
		irq_dispatch();
		if (l->busy && !l->left)
			finish_busy(l);
	} while (!this_cpu()->work && !v->blocked && v->power == VCPU_ON);
}

static void on_barrier(const char *what)
{
	if (!strcmp(what, "wfi")) {
		sim[this_cpu()->arch.id].idle = true;
		to_simulation();
		sim[this_cpu()->arch.id].idle = false;
		sim[this_cpu()->arch.id].ipi = false;
	}
}

static bool wants_cpu(struct sim *s)
{
	if (!s->cpu.online)
		return false;
	if (s->cpu.work || s->ipi || timer_due(&s->cpu))
		return true;
	return s->in ? life_of(s->in)->busy && !life_of(s->in)->left : !s->idle;
}

static uint64_t time_to_next(uint64_t limit)
{
	uint64_t dt = limit;

	for (unsigned int i = 0; i < nr_cpus; i++) {
		struct timer *t = sim[i].cpu.online ? first_timer(&sim[i].cpu) : NULL;

		if (t)
			dt = min_u64(dt, t->deadline - fake_counter);
		if (sim[i].in && life_of(sim[i].in)->busy)
			dt = min_u64(dt, life_of(sim[i].in)->left);
	}
	return dt;
}

static void pass(uint64_t dt)
{
	fake_counter += dt;
	for (unsigned int i = 0; i < nr_cpus; i++) {
		struct life *l = sim[i].in ? life_of(sim[i].in) : NULL;

		if (!l)
			continue;
		assert_true(sim[i].cpu.online);
		l->ran[i] += dt;
		l->left -= l->busy ? dt : 0;
	}
}

static bool serve(void)
{
	for (unsigned int i = 0; i < nr_cpus; i++) {
		if (wants_cpu(&sim[i])) {
			fake_cpu = i;
			swapcontext(&simulation, &sim[i].context);
			fake_cpu = 0;
			return true;
		}
	}
	return false;
}

static void run_for(uint64_t ns)
{
	uint64_t end = fake_counter + ns;

	for (;;) {
		unsigned int turns = 0;

		while (serve())
			assert_true(turns++ < 10000); /* or they are busy with themselves */
		if (fake_counter == end)
			return;
		pass(time_to_next(end - fake_counter));
	}
}

static void setup_cpu(unsigned int i)
{
	struct sim *s = &sim[i];

	memset(s, 0, sizeof(*s));
	s->cpu.arch.id = i;
	s->cpu.online = true;
	cpus[i] = &s->cpu;
	fake_cpu_arch[i] = &s->cpu.arch;
	list_init(&s->cpu.timers);
	assert_int_equal(sched_init_cpu(&s->cpu), 0);
	getcontext(&s->context);
	s->context.uc_stack.ss_sp = stacks[i];
	s->context.uc_stack.ss_size = STACK;
	makecontext(&s->context, (void (*)(void))cpu_loop, 0);
}

static void setup_machine(unsigned int count)
{
	fake_cpu_reset();
	fake_barrier_watch(on_barrier);
	fake_counter_step = 0;
	fake_counter = 1000 * MS;
	memset(domains, 0, sizeof(domains));
	memset(lives, 0, sizeof(lives));
	nr_lives = 0;
	nr_cpus = count;
	for (unsigned int i = 0; i < count; i++)
		setup_cpu(i);
	assert_int_equal(irq_init(), 0);
	assert_int_equal(timer_setup(IRQ_TIMER), 0);
}

static struct domain *new_domain(unsigned int weight, unsigned int vcpus)
{
	unsigned int id = 0;
	struct domain *d;

	while (domains[id])
		id++;
	d = domain_create((uint16_t)id, "guest", vcpus);
	assert_non_null(d);
	assert_int_equal(sched_set_params(d, weight, 0), 0);
	for (unsigned int i = 0; i < vcpus; i++) {
		lives[nr_lives].v = d->vcpus[i];
		timer_init(&lives[nr_lives].timer, interrupt);
		nr_lives++;
	}
	return d;
}

static void start(struct domain *d)
{
	domain_start(d, 0, 0);
	for (unsigned int i = 1; i < d->nr_vcpus; i++)
		assert_int_equal(vcpu_power_on(d->vcpus[i], 0, 0), 0);
}

static struct life *hog(unsigned int weight)
{
	struct domain *d = new_domain(weight, 1);

	start(d);
	return life_of(d->vcpus[0]);
}

static struct life *sleeper(unsigned int weight, uint64_t busy, uint64_t idle)
{
	struct domain *d = new_domain(weight, 1);
	struct life *l = life_of(d->vcpus[0]);

	l->busy = busy;
	l->left = busy;
	l->idle = idle;
	start(d);
	return l;
}

static void pin(struct life *l, uint64_t mask)
{
	assert_int_equal(sched_set_affinity(l->v, mask), 0);
}

/* Of one CPU, in thousandths, over the time from now on. */
static uint64_t before[MAX_GUESTS];

static void measure(uint64_t ns)
{
	for (unsigned int i = 0; i < nr_lives; i++)
		before[i] = ran(&lives[i]);
	run_for(ns);
	for (unsigned int i = 0; i < nr_lives; i++)
		before[i] = (ran(&lives[i]) - before[i]) * 1000 / ns;
}

static uint64_t share(const struct life *l)
{
	return before[l - lives];
}

#define assert_about(value, wanted, percent)                                                       \
	assert_in_range(value, (wanted) - (wanted) * (percent) / 100,                              \
	                (wanted) + (wanted) * (percent) / 100)

/* ---- shares ---- */

static void test_two_share_by_weight(void **state)
{
	static const unsigned int weights[][2] = { { 256, 256 }, { 256, 512 }, { 100, 1000 }, { 3, 2 } };

	(void)state;
	for (unsigned int i = 0; i < ARRAY_SIZE(weights); i++) {
		unsigned int sum = weights[i][0] + weights[i][1];
		struct life *a, *b;

		setup_machine(1);
		a = hog(weights[i][0]);
		b = hog(weights[i][1]);
		run_for(100 * MS);
		measure(5000 * MS);
		assert_about(share(a), 1000 * weights[i][0] / sum, 5);
		assert_about(share(b), 1000 * weights[i][1] / sum, 5);
	}
}

static void test_sixteen_on_two(void **state)
{
	(void)state;
	setup_machine(2);
	for (unsigned int i = 0; i < 16; i++)
		(void)hog(256);
	measure(4000 * MS);
	for (unsigned int i = 0; i < 16; i++)
		assert_about(share(&lives[i]), 125, 10);
}

/* No way to place them is fair: they must take turns. */
static void test_three_on_two_take_turns(void **state)
{
	(void)state;
	setup_machine(2);
	for (unsigned int i = 0; i < 3; i++)
		(void)hog(256);
	measure(4000 * MS);
	for (unsigned int i = 0; i < 3; i++)
		assert_about(share(&lives[i]), 667, 5);
}

static void test_weights_over_two_cpus(void **state)
{
	struct life *heavy;

	(void)state;
	setup_machine(2);
	heavy = hog(1024);
	for (unsigned int i = 0; i < 4; i++)
		(void)hog(256);
	measure(4000 * MS);
	assert_about(share(heavy), 1000, 5);
	for (unsigned int i = 1; i < 5; i++)
		assert_about(share(&lives[i]), 250, 10);
}

static void test_new_weight_counts_at_once(void **state)
{
	struct life *a, *b;

	(void)state;
	setup_machine(1);
	a = hog(256);
	b = hog(256);
	run_for(1000 * MS);
	assert_int_equal(sched_set_params(b->v->domain, 768, 0), 0);
	measure(2000 * MS);
	assert_about(share(a), 250, 5);
	assert_about(share(b), 750, 5);
}

static void test_nobody_starves(void **state)
{
	struct life *victim, *feather;

	(void)state;
	setup_machine(1);
	victim = hog(256);
	feather = hog(1);
	/* Sleeps for next to nothing, so that it always comes back as if it had waited; gives way all the time. */
	(void)sleeper(256, 1900 * US, 10 * US);
	sleeper(256, 20 * US, 0)->yields = true;
	measure(4000 * MS);
	assert_true(share(victim) >= 320);
	assert_in_range(ran(feather), 4 * MS, 200 * MS);
}

static void test_who_gives_way_harms_nobody(void **state)
{
	struct life *a, *b;

	(void)state;
	setup_machine(1);
	a = sleeper(256, 5 * US, 0);
	b = sleeper(256, 5 * US, 0);
	a->yields = true;
	b->yields = true;
	measure(200 * MS);
	assert_about(share(a), 500, 10);
	assert_about(share(b), 500, 10);
	b->busy = 0;
	measure(1000 * MS);
	assert_true(share(b) > 900);
	assert_true(share(a) >= 4);
}

/* ---- waking ---- */

static void test_wakes_at_once_on_a_busy_cpu(void **state)
{
	struct life *s;

	(void)state;
	setup_machine(1);
	for (unsigned int i = 0; i < 8; i++)
		(void)hog(256);
	s = sleeper(256, 200 * US, 7 * MS);
	run_for(5000 * MS);
	assert_true(s->wakes > 500);
	assert_true(s->latest < 100 * US);
}

static void test_wakes_at_once_among_movers(void **state)
{
	struct life *s[3];

	(void)state;
	setup_machine(2);
	for (unsigned int i = 0; i < 5; i++)
		(void)hog(256 + 100 * i);
	for (unsigned int i = 0; i < 3; i++)
		s[i] = sleeper(256, 100 * US, 3 * MS + i * 777 * US);
	run_for(5000 * MS);
	for (unsigned int i = 0; i < 3; i++) {
		assert_true(s[i]->wakes > 500);
		assert_true(s[i]->latest < MS);
	}
}

/* A long sleep is no savings account. */
static void test_sleeper_cant_hoard(void **state)
{
	struct life *a, *s;

	(void)state;
	setup_machine(1);
	a = hog(256);
	s = sleeper(256, 10000 * MS, 5000 * MS);
	s->left = US;
	run_for(4999 * MS);
	assert_true(ran(a) > 4990 * MS);
	measure(200 * MS);
	assert_about(share(a), 500, 10);
}

static void test_wakes_on_an_idle_cpu(void **state)
{
	struct life *s;

	(void)state;
	setup_machine(2);
	s = sleeper(256, 3 * MS, 5 * MS);
	pin(s, BIT(0));
	run_for(4 * MS); /* sleeps, its CPU is idle and has it loaded */
	pin(hog(256), BIT(0));
	run_for(2 * MS);
	pin(s, ~0ULL);
	run_for(20 * MS);
	assert_true(s->ran[1] > 3 * MS);
	assert_int_equal(s->latest, 0);
}

/* ---- places ---- */

static void test_idle_cpus_take_who_waits(void **state)
{
	(void)state;
	setup_machine(4);
	for (unsigned int i = 0; i < 4; i++) {
		struct domain *d = new_domain(256, 1);

		pin(&lives[i], BIT(0));
		start(d);
	}
	run_for(100 * MS);
	for (unsigned int i = 0; i < 4; i++)
		assert_int_equal(lives[i].ran[0], ran(&lives[i]));
	for (unsigned int i = 0; i < 4; i++)
		pin(&lives[i], ~0ULL);
	run_for(20 * MS);
	measure(100 * MS);
	for (unsigned int i = 0; i < 4; i++)
		assert_about(share(&lives[i]), 1000, 1);
}

static void test_who_goes_to_sleep_leaves_a_place(void **state)
{
	struct life *a, *b, *s;

	(void)state;
	setup_machine(2);
	a = hog(256);
	b = hog(256);
	s = sleeper(256, 5 * MS, 5 * MS);
	run_for(100 * MS);
	measure(1000 * MS);
	/* Nobody idles as long as anybody waits. */
	assert_about(share(a) + share(b) + share(s), 2000, 1);
}

static void test_pinned_stay(void **state)
{
	(void)state;
	setup_machine(4);
	for (unsigned int i = 0; i < 8; i++)
		pin(hog(256), BIT(i % 2));
	run_for(200 * MS);
	for (unsigned int i = 0; i < 8; i++)
		lives[i].ran[0] = lives[i].ran[1] = lives[i].ran[2] = lives[i].ran[3] = 0;
	measure(1000 * MS);
	for (unsigned int i = 0; i < 8; i++) {
		assert_int_equal(lives[i].ran[i % 2], ran(&lives[i]));
		assert_about(share(&lives[i]), 250, 5);
	}
}

/* Whether it runs, waits or sleeps, and its registers are where it was. */
static void test_pinning_moves(void **state)
{
	struct life *l[3];

	(void)state;
	setup_machine(3);
	l[0] = hog(256);
	l[1] = hog(256);
	l[2] = sleeper(256, MS, MS);
	for (unsigned int n = 0; n < 30; n++) {
		uint64_t then[3];

		for (unsigned int i = 0; i < 3; i++)
			pin(l[i], BIT((n + i * n / 3) % 3));
		run_for(n % 2 ? 25 * MS : 700 * US);
		run_for(25 * MS);
		for (unsigned int i = 0; i < 3; i++)
			then[i] = ran(l[i]) - l[i]->ran[(n + i * n / 3) % 3];
		run_for(50 * MS);
		for (unsigned int i = 0; i < 3; i++) {
			assert_int_equal(ran(l[i]) - l[i]->ran[(n + i * n / 3) % 3], then[i]);
			assert_true(ran(l[i]) > 100 * US);
		}
	}
}

static void test_affinity_refused(void **state)
{
	struct life *l;

	(void)state;
	setup_machine(2);
	l = hog(256);
	assert_int_equal(sched_set_affinity(l->v, 0), -EINVAL);
	assert_int_equal(sched_set_affinity(l->v, BIT(2)), -EINVAL);
	sim[1].cpu.online = false;
	assert_int_equal(sched_set_affinity(l->v, BIT(1)), -EINVAL);
	assert_int_equal(sched_affinity(l->v), ~0ULL);
	assert_int_equal(sched_set_affinity(l->v, BIT(0) | BIT(1)), 0);
	assert_int_equal(sched_affinity(l->v), BIT(0) | BIT(1));
}

static void test_pin_domain(void **state)
{
	struct domain *d;

	(void)state;
	setup_machine(4);
	d = new_domain(256, 6);
	sim[3].cpu.online = false;
	start(d);
	sched_pin_domain(d);
	run_for(100 * MS);
	for (unsigned int i = 0; i < 6; i++) {
		assert_int_equal(sched_affinity(d->vcpus[i]), i == 3 ? ~0ULL : BIT(i % 4));
		assert_true(i == 3 || lives[i].ran[i % 4] > 40 * MS);
		assert_true(i == 3 || lives[i].ran[i % 4] == ran(&lives[i]));
	}
}

/* A CPU that doesn't come back: even what was pinned to it goes on, and what slept there is woken. */
static void test_evacuation(void **state)
{
	struct life *waits, *sleeps;
	uint64_t then;

	(void)state;
	setup_machine(2);
	(void)hog(256);
	waits = hog(256);
	sleeps = sleeper(256, MS, 30 * MS);
	pin(waits, BIT(1));
	pin(sleeps, BIT(1));
	run_for(80 * MS);
	for (unsigned int i = 0; i < 3; i++)
		domain_pause_nosync(domains[i]);
	run_for(MS);
	cpu_post(&sim[1].cpu, CPU_WORK_UNLOAD);
	run_for(MS);
	assert_null(sim[1].cpu.loaded);
	sim[1].cpu.online = false;
	sched_evacuate(&sim[1].cpu, &sim[0].cpu);
	for (unsigned int i = 0; i < 3; i++)
		domain_unpause(domains[i]);
	then = sleeps->wakes;
	measure(1000 * MS);
	assert_about(share(waits), 500, 10);
	assert_true(sleeps->wakes > then + 20);
}

/* ---- caps ---- */

static void test_cap_alone(void **state)
{
	static const unsigned int caps[] = { 1, 10, 50, 99, 100 };

	(void)state;
	for (unsigned int i = 0; i < ARRAY_SIZE(caps); i++) {
		struct life *l;

		setup_machine(2);
		l = hog(256);
		run_for(10 * MS);
		assert_int_equal(sched_set_params(l->v->domain, 256, caps[i]), 0);
		measure(3000 * MS);
		assert_about(share(l), caps[i] * 10, 10);
	}
}

/* The cap is the domain's, however many vCPUs it has; what it leaves is the others'. */
static void test_cap_of_many_vcpus(void **state)
{
	struct domain *d;
	struct life *other;

	(void)state;
	setup_machine(4);
	d = new_domain(256, 4);
	start(d);
	run_for(100 * MS);
	assert_int_equal(sched_set_params(d, 256, 150), 0);
	measure(3000 * MS);
	assert_about(share(&lives[0]) + share(&lives[1]) + share(&lives[2]) + share(&lives[3]), 1500, 5);
	other = hog(256);
	assert_int_equal(sched_set_params(d, 256, 400), 0);
	measure(3000 * MS);
	assert_about(share(other), 800, 10);
	assert_int_equal(sched_set_params(d, 256, 20), 0);
	measure(3000 * MS);
	assert_about(share(&lives[0]) + share(&lives[1]) + share(&lives[2]) + share(&lives[3]), 200, 5);
	assert_true(share(other) > 950);
}

/* Whoever doesn't use it up isn't held up. */
static void test_cap_that_suffices(void **state)
{
	struct life *s;

	(void)state;
	setup_machine(1);
	(void)hog(256);
	s = sleeper(256, 500 * US, 3 * MS);
	assert_int_equal(sched_set_params(s->v->domain, 256, 30), 0);
	run_for(2000 * MS);
	assert_true(s->wakes > 500);
	assert_true(s->latest < MS);
}

static void test_cap_lifted(void **state)
{
	struct life *l;

	(void)state;
	setup_machine(1);
	l = hog(256);
	assert_int_equal(sched_set_params(l->v->domain, 256, 10), 0);
	run_for(5 * MS);
	assert_true(l->v->blocked & BIT(VCPU_BLOCK_CAP));
	assert_int_equal(sched_set_params(l->v->domain, 256, 0), 0);
	assert_int_equal(l->v->blocked, 0);
	measure(500 * MS);
	assert_about(share(l), 1000, 1);
}

/* Paused while the cap holds it up, and the other way round: each has its own reason. */
static void test_cap_and_pause(void **state)
{
	struct life *l;
	uint64_t then;

	(void)state;
	setup_machine(1);
	l = hog(256);
	assert_int_equal(sched_set_params(l->v->domain, 256, 10), 0);
	run_for(5 * MS);
	assert_int_equal(domain_pause_sync(l->v->domain), 0);
	run_for(MS);
	then = ran(l);
	run_for(100 * MS);
	assert_int_equal(ran(l), then);
	assert_int_equal(l->v->blocked, BIT(VCPU_BLOCK_PAUSE));
	domain_unpause(l->v->domain);
	measure(1000 * MS);
	assert_about(share(l), 100, 10);
	/* Unpaused within the time that the cap holds it up for. */
	while (!(l->v->blocked & BIT(VCPU_BLOCK_CAP)))
		run_for(100 * US);
	domain_pause_nosync(l->v->domain);
	domain_unpause(l->v->domain);
	assert_int_equal(l->v->blocked, BIT(VCPU_BLOCK_CAP));
	measure(1000 * MS);
	assert_about(share(l), 100, 10);
}

static void test_params_refused(void **state)
{
	unsigned int weight, cap;
	struct domain *d;

	(void)state;
	setup_machine(1);
	d = new_domain(300, 2);
	assert_int_equal(sched_set_params(d, 0, 0), -EINVAL);
	assert_int_equal(sched_set_params(d, 65536, 0), -EINVAL);
	assert_int_equal(sched_set_params(d, 256, 201), -EINVAL);
	sched_get_params(d, &weight, &cap);
	assert_int_equal(weight, 300);
	assert_int_equal(cap, 0);
	assert_int_equal(sched_set_params(d, 65535, 200), 0);
	sched_get_params(d, &weight, &cap);
	assert_int_equal(weight, 65535);
	assert_int_equal(cap, 200);
}

static void test_info(void **state)
{
	struct sched_info info;
	struct life *a, *s;

	(void)state;
	setup_machine(1);
	a = hog(256);
	s = sleeper(256, MS, 1000 * MS);
	run_for(100 * MS);
	sched_vcpu_info(a->v, &info);
	assert_true(info.online && info.running && !info.blocked);
	assert_int_equal(info.cpu, 0);
	assert_int_equal(info.cpu_time_ns, ran(a));
	sched_vcpu_info(s->v, &info);
	assert_true(info.online && !info.running && info.blocked);
	assert_int_equal(info.cpu_time_ns, MS);
}

/* Alone on its CPU a vCPU waits where it is, and costs nothing; the CPU is free for whoever comes. */
static void test_waits_here(void **state)
{
	struct sched_info info;
	struct life *s, *other;

	(void)state;
	setup_machine(1);
	s = sleeper(256, MS, 9 * MS);
	run_for(95 * MS);
	assert_int_equal(s->waits_here, 9);
	assert_int_equal(s->latest, 0);
	sched_vcpu_info(s->v, &info);
	assert_true(info.online && !info.running && info.blocked);
	assert_int_equal(info.cpu_time_ns, 10 * MS);
	assert_true(s->v->waits && !sim[0].cpu.sched->current);
	/* In the middle of a wait. */
	other = hog(256);
	run_for(1 * MS);
	assert_int_equal(ran(other), 1 * MS);
	assert_false(s->v->waits);
	measure(1000 * MS);
	assert_true(share(s) >= 95 && s->latest <= MS);
	assert_int_equal(s->waits_here, 9);
}

static void test_stopped_while_it_waits_here(void **state)
{
	struct life *s;

	(void)state;
	setup_machine(2);
	s = sleeper(256, MS, 9 * MS);
	pin(s, BIT(1)); /* what follows is CPU 0's doing */
	run_for(15 * MS);
	assert_true(s->v->waits);
	domain_pause_nosync(s->v->domain);
	run_for(0);
	assert_false(s->v->waits || s->v->running);
	run_for(100 * MS);
	assert_int_equal(ran(s), 2 * MS);
	domain_unpause(s->v->domain);
	run_for(100 * MS);
	assert_true(ran(s) >= 10 * MS);
}

/* ---- all of it at random ---- */

static void shake(unsigned int *seed)
{
	struct life *l = &lives[(unsigned int)rand_r(seed) % nr_lives];
	struct domain *d = l->v->domain;

	switch (rand_r(seed) % 6) {
	case 0:
		domain_pause_nosync(d);
		break;
	case 1:
		if (d->pause_count)
			domain_unpause(d);
		break;
	case 2:
		pin(l, (uint64_t)rand_r(seed) % (BIT(nr_cpus) - 1) + 1);
		break;
	case 3:
		assert_int_equal(sched_set_params(d, 1 + (unsigned int)rand_r(seed) % 1000,
		                                  (unsigned int)rand_r(seed) % 101), 0);
		break;
	case 4:
		cpu_post(&sim[(unsigned int)rand_r(seed) % nr_cpus].cpu, CPU_WORK_UNLOAD);
		break;
	default:
		raise(l->v);
		break;
	}
}

static void test_shaken(void **state)
{
	(void)state;
	for (unsigned int round = 0; round < 20; round++) {
		unsigned int seed = round + 1;

		setup_machine(1 + round % CPUS);
		for (unsigned int i = 0; i < 6; i++)
			(void)sleeper(256, i < 2 ? 0 : i * 300 * US, i * 500 * US);
		start(new_domain(256, 3));
		for (unsigned int i = 0; i < 2000; i++) {
			shake(&seed);
			if (i % 3)
				run_for((uint64_t)rand_r(&seed) % (i % 50 ? 300 * US : 40 * MS));
		}
		/* All that is let run does. */
		for (unsigned int i = 0; i < nr_lives; i++) {
			struct domain *d = lives[i].v->domain;

			while (d->pause_count)
				domain_unpause(d);
			assert_int_equal(sched_set_params(d, 256, 0), 0);
			pin(&lives[i], ~0ULL);
		}
		run_for(100 * MS);
		measure(1000 * MS);
		for (unsigned int i = 0; i < nr_lives; i++)
			assert_true(share(&lives[i]) > 50);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_two_share_by_weight),
		cmocka_unit_test(test_sixteen_on_two),
		cmocka_unit_test(test_three_on_two_take_turns),
		cmocka_unit_test(test_weights_over_two_cpus),
		cmocka_unit_test(test_new_weight_counts_at_once),
		cmocka_unit_test(test_nobody_starves),
		cmocka_unit_test(test_who_gives_way_harms_nobody),
		cmocka_unit_test(test_wakes_at_once_on_a_busy_cpu),
		cmocka_unit_test(test_wakes_at_once_among_movers),
		cmocka_unit_test(test_sleeper_cant_hoard),
		cmocka_unit_test(test_wakes_on_an_idle_cpu),
		cmocka_unit_test(test_idle_cpus_take_who_waits),
		cmocka_unit_test(test_who_goes_to_sleep_leaves_a_place),
		cmocka_unit_test(test_pinned_stay),
		cmocka_unit_test(test_pinning_moves),
		cmocka_unit_test(test_affinity_refused),
		cmocka_unit_test(test_pin_domain),
		cmocka_unit_test(test_evacuation),
		cmocka_unit_test(test_cap_alone),
		cmocka_unit_test(test_cap_of_many_vcpus),
		cmocka_unit_test(test_cap_that_suffices),
		cmocka_unit_test(test_cap_lifted),
		cmocka_unit_test(test_cap_and_pause),
		cmocka_unit_test(test_params_refused),
		cmocka_unit_test(test_info),
		cmocka_unit_test(test_waits_here),
		cmocka_unit_test(test_stopped_while_it_waits_here),
		cmocka_unit_test(test_shaken),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
