/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Many CPUs at once: all go on, none starves, what wakes one wakes it soon. Under Dormouse also
 * with fewer CPUs below than there are here.
 */
#include "domctl.h"
#include "gic.h"
#include "psci.h"
#include "smp.h"
#include "sysreg_tests.h"
#include "timer.h"

#define RUN_MS 2000

static volatile bool stop;

static void count_up(void *arg)
{
	struct cpu *c = this_cpu();

	(void)arg;
	c->scratch[0] = 0;
	while (!stop)
		c->scratch[0]++;
}

/* All spin, none gives way: each gets a share of about the same size. */
static void fair_shares(void)
{
	uint64_t least = ~0ul, most = 0;

	need(smp_start_all());
	stop = false;
	for (unsigned int n = 1; n < plat.nr_cpus; n++)
		smp_run(n, count_up, 0);
	delay_us(RUN_MS * 1000);
	stop = true;
	for (unsigned int n = 1; n < plat.nr_cpus; n++)
		smp_join(n);
	for (unsigned int n = 1; n < plat.nr_cpus; n++) {
		uint64_t v = cpu_nr(n)->scratch[0];

		least = v < least ? v : least;
		most = v > most ? v : most;
	}
	check(least > 1000);
	/* Not a promise, but no starvation: emulation on a busy host counts in. */
	checkf(least > most / 20, "least %lu, most %lu", least, most);
}

/* All but this one spin; a counter of ours moves on too, without gaps of seconds. */
static void no_long_gaps(void)
{
	uint64_t last = count_virt(), gap = 0, end;

	need(smp_start_all());
	stop = false;
	for (unsigned int n = 1; n < plat.nr_cpus; n++)
		smp_run(n, count_up, 0);
	end = deadline_ms(RUN_MS);
	while (!passed(end)) {
		uint64_t now = count_virt();

		gap = now - last > gap ? now - last : gap;
		last = now;
	}
	stop = true;
	for (unsigned int n = 1; n < plat.nr_cpus; n++)
		smp_join(n);
	checkf(gap < ticks_us(1500000), "did not run for %lu ms", gap / ticks_us(1000));
}

static void timer_quiet(uint32_t intid)
{
	if (intid == plat.timer_virt)
		sysreg_write(cntv_ctl_el0, 0);
	isb();
}

/*
 * That no wake-up is lost is what is looked for here: an emulated CPU that idles may have to wait for a busy host's for
 * long. How soon one comes is share.c's.
 */
#define LATE_US 4000000

#define NAPS   20
#define NAP_US 5000

/* Sleeps by WFI; how late it woke, at worst, in scratch[1]. */
static void nap(void *arg)
{
	struct cpu *c = this_cpu();

	(void)arg;
	c->irq_hook = timer_quiet;
	c->scratch[1] = 0;
	gic_forget_here();
	gic_enable(plat.timer_virt);
	irq_disable();
	for (uint32_t i = 1; i <= NAPS; i++) {
		uint64_t due = count_virt() + ticks_us(NAP_US), late;

		sysreg_write(cntv_cval_el0, due);
		sysreg_write(cntv_ctl_el0, CTL_ENABLE);
		isb();
		while (c->irq_count[plat.timer_virt] < i && !passed(due + ticks_us(5000000))) {
			wfi();
			irq_enable();
			irq_disable();
		}
		check_eq(c->irq_count[plat.timer_virt], i);
		late = count_virt() - due;
		check((int64_t)late >= 0);
		c->scratch[1] = late > c->scratch[1] ? late : c->scratch[1];
	}
	gic_disable(plat.timer_virt);
	irq_enable();
	c->irq_hook = 0;
}

static void all_nap(void)
{
	need(smp_start_all());
	for (unsigned int n = 1; n < plat.nr_cpus; n++)
		smp_run(n, nap, 0);
	nap(0);
	for (unsigned int n = 1; n < plat.nr_cpus; n++)
		smp_join(n);
	for (unsigned int n = 0; n < plat.nr_cpus; n++)
		checkf(cpu_nr(n)->scratch[1] < ticks_us(LATE_US), "CPU %u woke %lu us late", n,
		       cpu_nr(n)->scratch[1] / ticks_us(1));
}

/* Half of them spin, the others sleep and are to be woken in time all the same. */
static void nap_among_spinners(void)
{
	skip_if(plat.nr_cpus < 3, "too few CPUs");
	need(smp_start_all());
	stop = false;
	for (unsigned int n = 1; n < plat.nr_cpus; n++)
		smp_run(n, n & 1 ? count_up : nap, 0);
	nap(0);
	for (unsigned int n = 2; n < plat.nr_cpus; n += 2)
		smp_join(n);
	stop = true;
	for (unsigned int n = 1; n < plat.nr_cpus; n += 2)
		smp_join(n);
	for (unsigned int n = 0; n < plat.nr_cpus; n += 2)
		checkf(cpu_nr(n)->scratch[1] < ticks_us(LATE_US), "CPU %u woke %lu us late", n,
		       cpu_nr(n)->scratch[1] / ticks_us(1));
	for (unsigned int n = 1; n < plat.nr_cpus; n += 2)
		check(cpu_nr(n)->scratch[0] > 1000);
}

/* A round of IPIs: each wakes the next from its WFI. */
#define ROUNDS 50
static volatile uint32_t laps;

static void hand_on(uint32_t intid)
{
	struct cpu *c = this_cpu();

	if (intid != 1)
		return;
	if (c->id == 0 && ++laps >= ROUNDS)
		return;
	gic_send_sgi(1, (c->id + 1) % plat.nr_cpus);
}

static void ring_of_ipis(void)
{
	need(smp_start_all());
	laps = 0;
	gic_forget();
	for (unsigned int n = 0; n < plat.nr_cpus; n++)
		cpu_nr(n)->irq_hook = hand_on;
	irq_enable();
	gic_send_sgi(1, plat.nr_cpus > 1 ? 1 : 0);
	check(wait_for(laps == ROUNDS, 30000));
	irq_disable();
	for (unsigned int n = 0; n < plat.nr_cpus; n++) {
		check_eq(cpu_nr(n)->irq_count[1], ROUNDS);
		cpu_nr(n)->irq_hook = 0;
	}
}

/* A lock that is handed on by spinning, whoever holds it may not be running. */
static uint32_t lock, guarded;

static void contend(void *arg)
{
	(void)arg;
	for (unsigned int i = 0; i < 200; i++) {
		while (__atomic_exchange_n(&lock, 1, __ATOMIC_ACQUIRE))
			__asm__ volatile("wfe");
		guarded++;
		__atomic_store_n(&lock, 0, __ATOMIC_RELEASE);
		__asm__ volatile("sev");
	}
}

static void spin_lock(void)
{
	need(smp_start_all());
	guarded = 0;
	for (unsigned int n = 1; n < plat.nr_cpus; n++)
		smp_run(n, contend, 0);
	contend(0);
	for (unsigned int n = 1; n < plat.nr_cpus; n++)
		smp_join(n);
	check_eq(guarded, 200 * plat.nr_cpus);
}

static void keep_fp(void *arg)
{
	uint64_t seed = 0x0101010101010101 * (this_cpu()->id + 3), end = deadline_ms(1000);

	(void)arg;
	while (!passed(end)) {
		uint64_t changed;

		fp_fill(seed);
		delay_us(3000);
		__asm__ volatile("wfe");
		changed = fp_differs(seed++);
		if (!checkf(changed == 0, "FP/SIMD 0x%lx of CPU %u", changed, this_cpu()->id))
			return;
	}
	fp_fill(0);
}

static void fp_is_each_ones_own(void)
{
	need(smp_start_all());
	for (unsigned int n = 1; n < plat.nr_cpus; n++)
		smp_run(n, keep_fp, 0);
	keep_fp(0);
	for (unsigned int n = 1; n < plat.nr_cpus; n++)
		smp_join(n);
}

static uint32_t random(uint32_t below)
{
	static uint64_t state = 88172645463325252;

	state ^= state << 13;
	state ^= state >> 7;
	state ^= state << 17;
	return (uint32_t)(state % below);
}

/* They compute, sleep and interrupt each other while each is sent from CPU to CPU; so is this one. */
static void moved_about(void)
{
	uint64_t hosts, last;

	skip_if(!plat.dormouse, "not under Dormouse");
	need(check_eq(domctl_affinity(0, &hosts), 0));
	skip_if(!(hosts & (hosts - 1)), "one CPU");
	need(smp_start_all());
	for (unsigned int n = 1; n < plat.nr_cpus; n++)
		smp_run(n, n & 1 ? keep_fp : nap, 0);
	last = deadline_ms(900);
	while (!passed(last)) {
		uint64_t to = hosts & random(1u << (64 - __builtin_clzl(hosts)));

		if (to)
			check_eq(domctl_pin(random(plat.nr_cpus), to), 0);
		delay_us(300);
	}
	for (unsigned int n = 1; n < plat.nr_cpus; n++)
		smp_join(n);
	for (unsigned int n = 2; n < plat.nr_cpus; n += 2)
		checkf(cpu_nr(n)->scratch[1] < ticks_us(LATE_US), "CPU %u woke %lu us late", n,
		       cpu_nr(n)->scratch[1] / ticks_us(1));
	/* All of them to one CPU: each says that it is there once it has run. */
	last = 1ul << __builtin_ctzl(hosts);
	for (unsigned int n = 0; n < plat.nr_cpus; n++)
		check_eq(domctl_pin(n, last), 0);
	for (unsigned int n = 1; n < plat.nr_cpus; n++)
		smp_run(n, nap, 0);
	for (unsigned int n = 1; n < plat.nr_cpus; n++)
		smp_join(n);
	for (unsigned int n = 0; n < plat.nr_cpus; n++) {
		check_eq(domctl_cpu_of(n), __builtin_ctzl(last));
		check_eq(domctl_pin(n, hosts), 0);
	}
}

/* Off and on again while the others work. */
static void off_and_on(void)
{
	unsigned int last = plat.nr_cpus - 1;

	skip_if(plat.nr_cpus < 3, "too few CPUs");
	need(smp_start_all());
	stop = false;
	for (unsigned int n = 1; n < last; n++)
		smp_run(n, count_up, 0);
	for (unsigned int i = 0; i < 10; i++) {
		need(smp_stop(last));
		need(smp_start(last));
	}
	stop = true;
	for (unsigned int n = 1; n < last; n++)
		smp_join(n);
	need(smp_stop_all());
}

GUEST_TESTS({ "fair shares", fair_shares }, { "no long gaps", no_long_gaps },
            { "all nap", all_nap }, { "naps among spinners", nap_among_spinners },
            { "a ring of IPIs", ring_of_ipis }, { "a spin lock", spin_lock },
            { "FP/SIMD is each one's own", fp_is_each_ones_own }, { "moved about", moved_about },
            { "off and on", off_and_on }, );
