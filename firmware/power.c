/* SPDX-License-Identifier: Apache-2.0 */
/*
 * SYSTEM_SUSPEND as a genuine machine reset: everything that a reset of QEMU's machine clears is
 * lost, RAM is kept. CPU 0 sleeps for the machine and hands over to the CPU that called.
 */
#include "cpu.h"
#include "gic.h"
#include "islands.h"
#include "kept.h"
#include "lib/print.h"
#include "log.h"
#include "options.h"
#include "platform.h"
#include "power.h"
#include "smc.h"
#include "sysreg.h"
#include "watchdog.h"

/* Secure PL061 (DDI 0190): line 0 powers off, line 1 resets. A data address masks its bits. */
#define GPIO_DIR   (SEC_GPIO_BASE + 0x400)
#define GPIO_OFF   (SEC_GPIO_BASE + (1 << 0 << 2))
#define GPIO_RESET (SEC_GPIO_BASE + (1 << 1 << 2))

#define PSTATE_DAIF (0xfULL << 6)

static struct {
	uint64_t entry, context;
	uint64_t called; /* ticks */
	uint32_t cpu;
	uint32_t number;
} sleep KEPT;

static uint32_t sleeps; /* since cold boot */
static uint64_t entered; /* ticks: the boot or the wake-up before */

void machine_off(void)
{
	write32(GPIO_DIR, 3);
	write32(GPIO_OFF, 1 << 0);
	for (;;)
		wfi();
}

void machine_reset(void)
{
	write32(GPIO_DIR, 3);
	write32(GPIO_RESET, 1 << 1);
	for (;;)
		wfi();
}

/* Resets the machine, unless an interrupt comes before that: then true. */
static bool drop_power(void)
{
	power_drop(GPIO_RESET, 1 << 1);
	return true;
}

void power_interrupted(struct frame *frame)
{
	if (!frame || frame->elr != (uintptr_t)power_drop_store)
		return;
	frame->elr = (uintptr_t)power_drop_stopped;
	frame->spsr |= PSTATE_DAIF;
}

/* The wake-up sources as text: INTIDs, as many as fit a line. */
static const char *sources(char *buf, size_t size)
{
	size_t len = 0;

	buf[0] = '\0';
	for (unsigned int w = 1; w < gicd_words(); w++) {
		uint32_t mask = gic_kept_shared.enable[w] & gic_kept_shared.group[w];

		for (; mask; mask &= mask - 1) {
			if (len + 8 > size)
				return buf;
			len += print_format(buf + len, size - len, "%s%u", len ? "," : "",
					 32 * w + (unsigned int)__builtin_ctz(mask));
		}
	}
	return len ? buf : "none";
}

void power_suspend_locked(uint64_t entry, uint64_t context)
{
	char list[100];
	int pending;

	sleep.entry = entry;
	sleep.context = context;
	sleep.called = ticks();
	sleep.cpu = cpu_self();
	sleep.number = ++sleeps;
	if (options.times)
		log_line("times #%u: called at tick %lu, entered before at tick %lu", sleep.number,
			 (unsigned long)sleep.called, (unsigned long)entered);
	watchdog_pause();
	islands_save();
	gic->save();
	log_line("suspend #%u from cpu %u, entry %lx, wake-up sources %s", sleep.number, sleep.cpu,
		 (unsigned long)entry, sources(list, sizeof(list)));
	kept_seal();
	write32(GPIO_DIR, 3);

	/* The last look, and what comes behind it up to the reset. */
	gic->listen(true);
	do
		pending = gic->pending();
	while (pending < 0 && drop_power());
	gic->listen(false);
	kept_break();
	watchdog_continue();
	log_line("suspend #%u: did not sleep, INTID %d is pending", sleep.number, pending);
}

/*
 * The redistributor interrupts are gone with the caller; only shared ones can be waited for. -1: it wakes for no reason.
 */
static int wait_for_wakeup(void)
{
	uint64_t start = ticks();
	uint64_t after = (uint64_t)options.wake_after + (uint64_t)options.wake_step * sleep.number;
	bool by_itself = options.wake_after >= 0;
	int id;

	gic->arm();
	islands_kick();
	while (by_itself && ticks() - start < after)
		;
	while ((id = gic->woken()) < 0 && !by_itself)
		wfi();
	return id;
}

enum gic_mode power_gic_mode(void)
{
	return (enum gic_mode)options_turn(&options.gic, sleeps ? sleeps - 1 : 0);
}

void power_entering(void)
{
	entered = ticks();
}

/* Whom the wake-up goes to: the CPU that called, unless the options say otherwise. */
static struct cpu *who_wakes(void)
{
	int n = options_turn(&options.wake_cpu, sleeps - 1);

	return &cpus[n == TURN_SELF ? sleep.cpu : (unsigned int)n];
}

void power_wake(void)
{
	struct cpu *c = who_wakes();
	uint64_t woken;
	int id;

	/* A reset from outside while asleep is a cold boot. */
	kept_break();
	gic->init();
	gic->cpu_init(0);
	islands_restore();
	cpus_expect();
	for (unsigned int i = 0; i < cpu_count; i++)
		cpus[i].state = CPU_STATE_OFF;
	gic_open_gate();
	cpus_wait_arrived();
	log_verbose("suspend #%u: machine was reset, waiting", sleep.number);

	id = wait_for_wakeup();
	woken = ticks();
	gic->disarm();
	if (power_gic_mode() == GIC_KEEP)
		gic->restore();
	else if (power_gic_mode() == GIC_POISON)
		gic->poison();
	cpus[sleep.cpu].stat[STAT_SYSTEM_OFF].count++;
	cpus[sleep.cpu].stat[STAT_SYSTEM_OFF].ticks += woken - sleep.called;
	log_line("wake #%u by INTID %d after %lu ms, to cpu %u", sleep.number, id,
		 (unsigned long)(ticks_to_us(woken - sleep.called) / 1000),
		 (unsigned int)(c - cpus));

	lock_take(&power_lock);
	cpu_start_locked(c, sleep.entry, sleep.context, true);
	lock_drop(&power_lock);
	cpu_park();
}
