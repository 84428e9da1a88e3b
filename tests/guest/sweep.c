/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Dom0 of the wake-up sweep (tests/proof/wake_sweep.py): calls SYSTEM_SUSPEND again and again, each time with the
 * alarm set so that it is raised one instruction (or some) further along the path. After each call it says what
 * has become of that interrupt:
 *
 *     p AT OUTCOME IRQS INTID DIRECTION STEP OFFSET FROM_COMMIT
 *
 * AT: ticks from the base to the interrupt, as planned; OUTCOME: the journal's, S slept, D did not sleep; IRQS: times that
 * the handler ran; INTID: what woke it, by the journal; then where it fell, by the journal: the row and
 * ticks from its start, and ticks from the start of the row of the phase commit. From bootargs:
 *
 *     source=N   0: the alarm, a level; 1: the alarm, an edge to Dom0; 2: a key, an edge that nobody holds
 *     base=N     AT counts from 0: the call, 1: the start of the row of the phase commit, 2: the first instruction
 *                at which the interrupt wakes instead of calling the suspend off
 *     first=N last=N stride=N: AT's values; count=N instead of the latter two: `first` so often
 */
#include "sweep.h"

#include "gic.h"
#include "platform.h"
#include "print.h"
#include "psci.h"
#include "smp.h"
#include "tap.h"
#include "timer.h"

#define CONTEXT	    0x0123456789abcdef
#define WAIT_TICKS  3000000000ul /* that an interrupt may take at most: an alarm that is set anew needs one second */
#define FAR	    (1l << 26)   /* ticks: beyond the path, within a second */
#define LONGEST	    1000000      /* ticks from Dormouse's last look to the power-off at most */
#define TRIES	    6
#define SURVEY_TRIES 120

static struct source *source;
static int64_t to_call;   /* ticks from spin_until()'s moment to the call */
static int64_t to_commit[2]; /* ticks from the call to the start of that row, the last two times */
static int64_t gone;      /* ticks from there to where an interrupt wakes instead of calling the suspend off */

static void on_interrupt(uint32_t intid)
{
	if (intid == source->intid) {
		source->quiet();
		taken++;
	} else if (intid == plat.rtc_intid) {
		rtc_quiet();
	} else if (intid == plat.timer_virt) {
		sysreg_write(cntv_ctl_el0, 0);
	}
}

static void prepare(void)
{
	irq_disable();
	this_cpu()->irq_hook = on_interrupt;
	gic_set_priority(source->intid, 0x60);
	gic_set_target(source->intid, 0);
	gic_enable(source->intid);
	gic_enable(plat.rtc_intid);
	gic_enable(plat.timer_virt);
}

/* What came of one call. */
struct point {
	uint64_t due, called, back;
	int64_t result; /* of a call that returned */
	bool entered;	/* came back by the entry point */
	uint32_t irqs;
	struct cycle cycle;
};

static void take(struct point *p, uint32_t before)
{
	uint64_t end = count_phys() + WAIT_TICKS;

	if ((int64_t)(p->due - count_phys()) > 0)
		end = p->due + WAIT_TICKS;
	sysreg_write(cntv_cval_el0, end);
	sysreg_write(cntv_ctl_el0, CTL_ENABLE);
	irq_enable();
	while (taken == before && (int64_t)(count_phys() - end) < 0) {
		irq_disable();
		if (taken == before)
			wfi();
		irq_enable();
	}
	irq_disable();
	/* A second one would be pending by now. */
	sleep_until(count_phys() + AHEAD);
	p->irqs = taken - before;
}

/* One call, `lead` ticks before the interrupt. */
static bool one(int64_t lead, struct point *p)
{
	const uint64_t args[4] = { PSCI_SYSTEM_SUSPEND64, (uintptr_t)resume_entry, CONTEXT };
	uint32_t before = taken;
	uint64_t start;

	*p = (struct point){ .due = source->arm() };
	start = p->due - (uint64_t)(lead + to_call);
	if (!p->due)
		return false;
	sleep_until(start - AHEAD);
	if (!spin_until(start))
		return false;
	p->called = count_phys();
	p->entered = psci_suspend_call(args, plat.psci_hvc, &p->result);
	p->back = count_phys();
	if (p->entered)
		gic_cpu_interface_on();
	take(p, before);
	journal_look(p->due, p->called, &p->cycle);
	return true;
}

/* The path is not always equally long: now and then by some instructions, or every other time. */
static void learn(const struct point *p)
{
	if (!p->cycle.commit)
		return;
	to_commit[1] = to_commit[0] ? to_commit[0] : (int64_t)(p->cycle.commit - p->called);
	to_commit[0] = (int64_t)(p->cycle.commit - p->called);
}

static void report(int64_t at, const struct point *p)
{
	const struct cycle *c = &p->cycle;
	const char *step = p->due >= p->back ? "dom0" : c->step;

	if (!p->entered)
		print("returned %ld\n", p->result);
	print("p %ld %c %u %d %s %s %ld %ld\n", at, c->outcome, p->irqs, (int32_t)c->wake_intid,
	      c->dir, step, c->offset, c->commit ? (int64_t)(p->due - c->commit) : -1);
}

/* The interrupt at exactly `at`, as far as the path is the same as the last time. */
static bool hit(int64_t at, int64_t base)
{
	int64_t from_commit = at + (base == 2 ? gone : 0);

	for (unsigned int tries = 0; tries < TRIES; tries++) {
		struct point p;

		if (!one(from_commit + (base ? to_commit[tries % 2] : 0), &p))
			return false;
		learn(&p);
		report(at, &p);
		if (!base || !p.cycle.commit || (int64_t)(p.due - p.cycle.commit) == from_commit)
			break;
	}
	return true;
}

/* Once without an interrupt on the way: how long the path is. Then where it ends on the way down. */
static bool survey(void)
{
	int64_t aborted = 0, slept = LONGEST;
	struct point p;

	if (!one(FAR, &p))
		return false;
	to_call = (int64_t)(p.called - p.due) + FAR;
	if (!one(FAR, &p) || !check(p.entered && p.irqs == 1 && (int64_t)(p.due - p.called) == FAR))
		return false;
	learn(&p);
	print("path %ld %ld\n", to_commit[0], (int64_t)(p.back - p.called));
	journal_print(p.called);
	for (unsigned int tries = 0; tries < SURVEY_TRIES && slept - aborted > 1; tries++) {
		int64_t at;

		if (!one((aborted + slept) / 2 + to_commit[tries % 2], &p))
			return false;
		learn(&p);
		/* One that fell elsewhere says nothing. */
		at = (int64_t)(p.due - p.cycle.commit);
		if (at > aborted && at < slept)
			*(p.cycle.outcome == 'S' ? &slept : &aborted) = at;
	}
	if (!check(slept - aborted == 1))
		return false;
	gone = slept;
	print("gone %ld\n", gone);
	return true;
}

static void sweep(void)
{
	int64_t number = platform_number("source", LEVEL), first = platform_number("first", 0), last = platform_number("last", -1);
	int64_t stride = platform_number("stride", 1), count = platform_number("count", 0);

	/* What the power-off takes with it can't measure the path: the alarm does. */
	source = source_find(number == KEY ? LEVEL : number);
	need(source);
	prepare();
	need(source->prepare());
	/* The firmware prints what may wake: the same from the beginning. */
	if (number == KEY)
		gic_enable(plat.gpio_intid);
	need(survey());
	if (number == KEY) {
		source = source_find(KEY);
		prepare();
		need(source->prepare());
	}
	for (int64_t at = first; at <= last; at += stride)
		need(hit(at, platform_number("base", 0)));
	for (int64_t i = 0; i < count; i++)
		need(hit(first, 0));
	check(true);
}

GUEST_TESTS({ "swept", sweep }, );
