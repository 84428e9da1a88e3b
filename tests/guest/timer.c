/* SPDX-License-Identifier: Apache-2.0 */
/* The generic timer as the guest has it: counters, the virtual and the physical timer (Arm ARM
 * D11.2). */
#include "timer.h"

#include "gic.h"
#include "smp.h"

struct timer {
	const char *name;
	uint64_t (*count)(void);
	uint64_t (*get_ctl)(void);
	void (*set_ctl)(uint64_t v);
	uint64_t (*get_cval)(void);
	void (*set_cval)(uint64_t v);
	uint64_t (*get_tval)(void);
	void (*set_tval)(uint64_t v);
	const uint32_t *intid;
};

#define ACCESSORS(name, reg)               \
	static uint64_t get_##name(void)   \
	{                                  \
		isb();                     \
		return sysreg_read(reg);   \
	}                                  \
	static void set_##name(uint64_t v) \
	{                                  \
		sysreg_write(reg, v);      \
		isb();                     \
	}
ACCESSORS(virt_ctl, cntv_ctl_el0)
ACCESSORS(virt_cval, cntv_cval_el0)
ACCESSORS(virt_tval, cntv_tval_el0)
ACCESSORS(phys_ctl, cntp_ctl_el0)
ACCESSORS(phys_cval, cntp_cval_el0)
ACCESSORS(phys_tval, cntp_tval_el0)

static const struct timer timers[] = {
	{ "virtual", count_virt, get_virt_ctl, set_virt_ctl, get_virt_cval, set_virt_cval,
	  get_virt_tval, set_virt_tval, &plat.timer_virt },
	{ "physical", count_phys, get_phys_ctl, set_phys_ctl, get_phys_cval, set_phys_cval,
	  get_phys_tval, set_phys_tval, &plat.timer_phys },
};

/* static: bugprone-macro-parentheses: t names the variable that it declares */
#define FOR_EACH_TIMER(t) for (const struct timer *t = timers; t < &timers[ARRAY_SIZE(timers)]; t++)

/* How late an interrupt may be before we call it lost: emulation, shared CPUs. */
#define LATE_MS 2000

static uint32_t fired(const struct timer *t)
{
	return this_cpu()->irq_count[*t->intid];
}

static void all_off(void)
{
	irq_disable();
	FOR_EACH_TIMER(t) {
		t->set_ctl(0);
		gic_disable(*t->intid);
	}
	gic_forget_here();
	this_cpu()->irq_hook = 0;
}

/* The hook that quiets whichever timer it was, and notes when. */
static void quiet(uint32_t intid)
{
	FOR_EACH_TIMER(t) {
		if (*t->intid != intid)
			continue;
		this_cpu()->scratch[t - timers] = t->count();
		t->set_ctl(0);
	}
}

static void in_us(const struct timer *t, uint64_t us)
{
	t->set_cval(t->count() + ticks_us(us));
	t->set_ctl(CTL_ENABLE);
}

static void frequency(void)
{
	check(sysreg_read(cntfrq_el0) >= 1000000);
	check(sysreg_read(cntfrq_el0) <= 10000000000);
}

static void counters_move(void)
{
	uint64_t v = count_virt(), p = count_phys();

	for (unsigned int i = 0; i < 20000; i++) {
		uint64_t v2 = count_virt(), p2 = count_phys();

		if (v2 < v || p2 < p)
			check(!"the counter went back");
		v = v2;
		p = p2;
	}
	delay_us(1000);
	check(count_virt() > v);
	check(count_phys() > p);
}

static void counters_same_rate(void)
{
	uint64_t v0 = count_virt(), p0 = count_phys(), v1 = count_virt(), v2, p2, v3;

	delay_us(50000);
	v2 = count_virt();
	p2 = count_phys();
	v3 = count_virt();
	/* The distance between them is within what each look allows for. */
	check((int64_t)(p0 - v1) <= (int64_t)(p2 - v2));
	check((int64_t)(p0 - v0) >= (int64_t)(p2 - v3));
	check(v0 <= p0);
}

static void control_bits(void)
{
	all_off();
	FOR_EACH_TIMER(t) {
		t->set_cval(~0ul >> 1);
		t->set_ctl(~0ul);
		check_eq(t->get_ctl(), CTL_ENABLE | CTL_IMASK);
		t->set_ctl(CTL_IMASK);
		check_eq(t->get_ctl() & ~CTL_ISTATUS, CTL_IMASK);
		t->set_ctl(0);
		check_eq(t->get_ctl() & ~CTL_ISTATUS, 0);
	}
}

static void compare_value(void)
{
	static const uint64_t values[] = { 0, 1, 0x123456789abcdef0, ~0ul, 1ul << 63 };

	all_off();
	FOR_EACH_TIMER(t) {
		for (unsigned int i = 0; i < ARRAY_SIZE(values); i++) {
			t->set_cval(values[i]);
			check_eq(t->get_cval(), values[i]);
		}
	}
}

static void timer_value(void)
{
	static const int32_t values[] = { 0, 1000, -1000, 0x7fffffff, (int32_t)0x80000000 };

	all_off();
	FOR_EACH_TIMER(t) {
		for (unsigned int i = 0; i < ARRAY_SIZE(values); i++) {
			uint64_t before = t->count(), cval, after;

			t->set_tval((uint32_t)values[i]);
			after = t->count();
			cval = t->get_cval();
			check(cval - (uint64_t)(int64_t)values[i] >= before);
			check(cval - (uint64_t)(int64_t)values[i] <= after);
		}
		for (unsigned int i = 0; i < 3; i++) {
			uint64_t cval = t->count() + (int64_t)values[i] * 100, before, tval, after;

			t->set_cval(cval);
			t->set_ctl(CTL_ENABLE | CTL_IMASK);
			before = t->count();
			tval = t->get_tval();
			after = t->count();
			check((int32_t)tval <= (int32_t)(cval - before));
			check((int32_t)tval >= (int32_t)(cval - after));
		}
		t->set_ctl(0);
	}
}

static void status(void)
{
	all_off();
	FOR_EACH_TIMER(t) {
		uint64_t end;

		t->set_tval((uint32_t)-1);
		t->set_ctl(CTL_ENABLE | CTL_IMASK);
		check_eq(t->get_ctl(), CTL_ENABLE | CTL_IMASK | CTL_ISTATUS);
		t->set_cval(t->count() + ticks_us(1000000));
		check_eq(t->get_ctl(), CTL_ENABLE | CTL_IMASK);
		end = t->count() + ticks_us(5000);
		t->set_cval(end);
		check(wait_for(t->get_ctl() & CTL_ISTATUS, LATE_MS));
		check(t->count() >= end);
		check_eq(t->get_ctl(), CTL_ENABLE | CTL_IMASK | CTL_ISTATUS);
		t->set_ctl(0);
	}
}

static void fires_once_in_time(void)
{
	all_off();
	this_cpu()->irq_hook = quiet;
	irq_enable();
	FOR_EACH_TIMER(t) {
		gic_enable(*t->intid);
		for (unsigned int i = 1; i <= 10; i++) {
			uint64_t end = t->count() + ticks_us(3000);

			t->set_cval(end);
			t->set_ctl(CTL_ENABLE);
			check(wait_for(fired(t) == i, LATE_MS));
			check(this_cpu()->scratch[t - timers] >= end);
			check(!gic_is_pending(*t->intid));
			check(!gic_is_active(*t->intid));
		}
		delay_us(10000);
		check_eq(fired(t), 10);
	}
	all_off();
}

static void masked_at_timer(void)
{
	all_off();
	this_cpu()->irq_hook = quiet;
	irq_enable();
	FOR_EACH_TIMER(t) {
		gic_enable(*t->intid);
		t->set_tval(0);
		t->set_ctl(CTL_ENABLE | CTL_IMASK);
		delay_us(5000);
		check_eq(fired(t), 0);
		check(!gic_is_pending(*t->intid));
		t->set_ctl(CTL_ENABLE);
		check(wait_for(fired(t) == 1, LATE_MS));
	}
	all_off();
}

static void masked_at_gic(void)
{
	all_off();
	this_cpu()->irq_hook = quiet;
	irq_enable();
	FOR_EACH_TIMER(t) {
		t->set_tval(0);
		t->set_ctl(CTL_ENABLE);
		delay_us(5000);
		check_eq(fired(t), 0);
		gic_enable(*t->intid);
		check(wait_for(fired(t) == 1, LATE_MS));
	}
	all_off();
}

static void masked_at_cpu(void)
{
	all_off();
	this_cpu()->irq_hook = quiet;
	FOR_EACH_TIMER(t) {
		gic_enable(*t->intid);
		in_us(t, 1000);
		check(wait_for(gic_is_pending(*t->intid), LATE_MS));
		check(t->get_ctl() & CTL_ISTATUS);
		check_eq(fired(t), 0);
		irq_enable();
		check(wait_for(fired(t) == 1, LATE_MS));
		irq_disable();
		check(!gic_is_pending(*t->intid));
	}
	all_off();
}

/* Lets it come five times before it quiets the timer. */
static void quiet_fifth(uint32_t intid)
{
	if (this_cpu()->irq_count[intid] >= 5)
		quiet(intid);
}

/* A level: ended without quieting its source, the interrupt comes again. */
static void level_refires(void)
{
	all_off();
	this_cpu()->irq_hook = quiet_fifth;
	irq_enable();
	FOR_EACH_TIMER(t) {
		gic_enable(*t->intid);
		t->set_tval(0);
		t->set_ctl(CTL_ENABLE);
		wait_for(fired(t) >= 5, LATE_MS);
		delay_us(10000);
		checkf(fired(t) == 5, "%s timer: %u times of 5", t->name, fired(t));
		check(!gic_is_pending(*t->intid));
	}
	all_off();
}

/* The line falls before the interrupt is taken: it never is. */
static void cancelled(void)
{
	all_off();
	this_cpu()->irq_hook = quiet;
	FOR_EACH_TIMER(t) {
		gic_enable(*t->intid);
		irq_enable();
		in_us(t, 20000);
		t->set_ctl(0);
		delay_us(40000);
		check_eq(fired(t), 0);
		irq_disable();
		in_us(t, 100);
		check(wait_for(gic_is_pending(*t->intid), LATE_MS));
		t->set_ctl(0);
		check(wait_for(!gic_is_pending(*t->intid), LATE_MS));
		irq_enable();
		delay_us(1000);
		check_eq(fired(t), 0);
		irq_disable();
	}
	all_off();
}

static uint32_t too_early;

static void quiet_if_due(uint32_t intid)
{
	FOR_EACH_TIMER(t) {
		if (*t->intid != intid)
			continue;
		if (t->get_ctl() & CTL_ISTATUS)
			quiet(intid);
		else
			too_early++;
	}
}

/*
 * Pending, and put off before it is taken. Nothing says how soon the interrupt controller learns of
 * that; under Dormouse, which need not see it happen, it may come once too early.
 */
static void put_off(void)
{
	all_off();
	this_cpu()->irq_hook = quiet_if_due;
	FOR_EACH_TIMER(t) {
		uint64_t due;

		too_early = 0;
		this_cpu()->scratch[t - timers] = 0;
		gic_enable(*t->intid);
		in_us(t, 100);
		check(wait_for(gic_is_pending(*t->intid), LATE_MS));
		due = t->count() + ticks_us(50000);
		t->set_cval(due);
		irq_enable();
		check(wait_for(this_cpu()->scratch[t - timers], LATE_MS));
		delay_us(1000);
		irq_disable();
		check(this_cpu()->scratch[t - timers] >= due);
		checkf(too_early <= (plat.dormouse ? 1 : 0), "%s timer: %u times too early",
		       t->name, too_early);
		check_eq(fired(t), 1 + too_early);
	}
	all_off();
}

/* WFI ends although PSTATE masks the interrupt, and until then the CPU really waits. */
static void wfi_wakes(void)
{
	all_off();
	FOR_EACH_TIMER(t) {
		uint64_t end;
		unsigned int rounds = 0;

		gic_enable(*t->intid);
		end = t->count() + ticks_us(50000);
		t->set_cval(end);
		t->set_ctl(CTL_ENABLE);
		while (!(t->get_ctl() & CTL_ISTATUS) && rounds < 1000) {
			wfi();
			rounds++;
		}
		check(t->count() >= end);
		check(t->count() < end + ticks_us(LATE_MS * 1000));
		checkf(rounds >= 1 && rounds < 200, "WFI returned %u times in 50 ms", rounds);
		check_eq(fired(t), 0);
		check(gic_is_pending(*t->intid));
		/* Pending: doesn't wait at all. */
		wfi();
		t->set_ctl(0);
		gic_disable(*t->intid);
	}
	all_off();
}

static void wfi_takes_interrupt(void)
{
	all_off();
	this_cpu()->irq_hook = quiet;
	irq_enable();
	FOR_EACH_TIMER(t) {
		gic_enable(*t->intid);
		for (unsigned int i = 1; i <= 5; i++) {
			unsigned int rounds = 0;

			/* Masked between look and WFI: the classic idle loop. */
			irq_disable();
			in_us(t, 2000);
			while (fired(t) < i && rounds++ < 1000) {
				wfi();
				irq_enable();
				irq_disable();
			}
			check_eq(fired(t), i);
		}
	}
	all_off();
}

static void both_here(void *arg)
{
	(void)arg;
	all_off();
	this_cpu()->irq_hook = quiet;
	irq_enable();
	FOR_EACH_TIMER(t)
	gic_enable(*t->intid);
	for (unsigned int i = 1; i <= 20; i++) {
		FOR_EACH_TIMER(t)
		in_us(t, 1000 + 100 * i);
		FOR_EACH_TIMER(t)
		check(wait_for(fired(t) == i, LATE_MS));
	}
	irq_disable();
	FOR_EACH_TIMER(t)
	gic_disable(*t->intid);
	irq_enable();
}

static void both_on_all(void)
{
	need(smp_start_all());
	for (unsigned int n = 1; n < plat.nr_cpus; n++)
		smp_run(n, both_here, 0);
	both_here(0);
	for (unsigned int n = 1; n < plat.nr_cpus; n++)
		smp_join(n);
	FOR_EACH_TIMER(t) {
		for (unsigned int n = 0; n < plat.nr_cpus; n++)
			check_eq(cpu_nr(n)->irq_count[*t->intid], 20);
	}
}

/* A baton goes round all CPUs; each reads a counter that is not before the one before it. */
#define ROUNDS 200
static uint64_t baton_virt, baton_phys, baton_frq;
static uint32_t turn;

static void pass_baton(void *arg)
{
	uint32_t me = (uint32_t)(uintptr_t)arg;

	check_eq(sysreg_read(cntfrq_el0), baton_frq);
	for (uint32_t i = 0; i < ROUNDS; i++) {
		uint64_t v, p;

		if (!check(wait_for(__atomic_load_n(&turn, __ATOMIC_ACQUIRE) ==
		                            i * plat.nr_cpus + me,
		                    LATE_MS * 4)))
			return;
		v = count_virt();
		p = count_phys();
		check(v >= baton_virt);
		check(p >= baton_phys);
		baton_virt = v;
		baton_phys = p;
		__atomic_store_n(&turn, turn + 1, __ATOMIC_RELEASE);
	}
}

static void one_time_for_all(void)
{
	skip_if(plat.nr_cpus == 1, "one CPU");
	need(smp_start_all());
	baton_frq = sysreg_read(cntfrq_el0);
	for (unsigned int n = 1; n < plat.nr_cpus; n++)
		smp_run(n, pass_baton, (void *)(uintptr_t)n);
	pass_baton(0);
	for (unsigned int n = 1; n < plat.nr_cpus; n++)
		smp_join(n);
	check_eq(turn, ROUNDS * plat.nr_cpus);
}

GUEST_TESTS({ "frequency", frequency }, { "counters move", counters_move },
            { "both counters at the same rate", counters_same_rate },
            { "control bits", control_bits }, { "compare value", compare_value },
            { "timer value", timer_value }, { "status bit", status },
            { "fires once, in time", fires_once_in_time },
            { "masked at the timer", masked_at_timer }, { "masked at the GIC", masked_at_gic },
            { "masked at the CPU", masked_at_cpu }, { "a level: comes again", level_refires },
            { "cancelled, never taken", cancelled }, { "put off", put_off },
            { "ends WFI", wfi_wakes }, { "WFI, then taken", wfi_takes_interrupt },
            { "both on all CPUs", both_on_all }, { "one time for all CPUs", one_time_for_all }, );
