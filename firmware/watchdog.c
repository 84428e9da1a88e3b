/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The timer is each CPU's own, the watchdog is one: whoever calls sets its own CPU's timer. One that fires early, because
 * another CPU has called since, is set again.
 */
#include "abi/psci.h"
#include "abi/smc_wdt.h"
#include "cpu.h"
#include "kept.h"
#include "lock.h"
#include "log.h"
#include "options.h"
#include "power.h"
#include "sysreg.h"
#include "watchdog.h"

#define MIN_S 1
#define MAX_S 3600

#define CTL_ENABLE 1

static struct {
	struct lock lock;
	/* lock: */
	bool running;
	bool fired; /* the end is near: whoever comes late has nothing to do */
	uint32_t seconds;
	uint64_t deadline; /* ticks */
} wdt = { .seconds = MAX_S };

static void timer_set(uint64_t deadline)
{
	write_sysreg(cntps_cval_el1, deadline);
	write_sysreg(cntps_ctl_el1, CTL_ENABLE);
	isb();
}

static void timer_off(void)
{
	write_sysreg(cntps_ctl_el1, 0);
	isb();
}

static void begin_locked(void)
{
	wdt.deadline = ticks() + wdt.seconds * read_sysreg(cntfrq_el0);
	timer_set(wdt.deadline);
}

static int32_t init_locked(struct frame *frame)
{
	frame->x[1] = MIN_S;
	frame->x[2] = MAX_S;
	return PSCI_SUCCESS;
}

static int32_t set_timeout_locked(struct frame *frame)
{
	uint32_t seconds = (uint32_t)frame->x[2];

	if (seconds < MIN_S || seconds > MAX_S)
		return PSCI_INVALID_PARAMETERS;
	wdt.seconds = seconds;
	if (wdt.running)
		begin_locked();
	return PSCI_SUCCESS;
}

static int32_t enable_locked(struct frame *frame)
{
	uint32_t on = (uint32_t)frame->x[2];

	if (on > 1)
		return PSCI_INVALID_PARAMETERS;
	wdt.running = on;
	if (on)
		begin_locked();
	else
		timer_off();
	return PSCI_SUCCESS;
}

static int32_t pet_locked(struct frame *frame)
{
	(void)frame;
	if (wdt.running)
		begin_locked();
	return PSCI_SUCCESS;
}

static int32_t timeleft_locked(struct frame *frame)
{
	uint64_t now = ticks(), freq = read_sysreg(cntfrq_el0);

	if (!wdt.running)
		return PSCI_DISABLED;
	frame->x[1] = now < wdt.deadline ? (wdt.deadline - now + freq - 1) / freq : 0;
	return PSCI_SUCCESS;
}

static int32_t (*const calls[])(struct frame *frame) = {
	[SMC_WDT_INIT] = init_locked,
	[SMC_WDT_SET_TIMEOUT] = set_timeout_locked,
	[SMC_WDT_ENABLE] = enable_locked,
	[SMC_WDT_PET] = pet_locked,
	[SMC_WDT_TIMELEFT] = timeleft_locked,
};

static int32_t watchdog(struct frame *frame)
{
	uint32_t what = (uint32_t)frame->x[1];
	int32_t ret;

	if (what >= sizeof(calls) / sizeof(calls[0]))
		return PSCI_NOT_SUPPORTED;
	lock_take(&wdt.lock);
	ret = calls[what](frame);
	lock_drop(&wdt.lock);
	return ret;
}

static int32_t report(const struct frame *frame)
{
	const struct cpu *c = cpu_find((uint32_t)frame->x[1]);

	if (!c || c == &cpus[cpu_self()])
		return PSCI_INVALID_PARAMETERS;
	report_other((unsigned int)(c - cpus));
	return PSCI_SUCCESS;
}

bool watchdog_call(struct frame *frame)
{
	uint32_t fid = (uint32_t)frame->x[0];

	if (!options.watchdog || (fid != SMC_WDT_ID && fid != SMC_WDT_REPORT_ID))
		return false;
	/* All results are 32 bits wide. */
	frame->x[0] = (uint32_t)(fid == SMC_WDT_ID ? watchdog(frame) : report(frame));
	return true;
}

void watchdog_tick(const struct frame *frame)
{
	bool fire = false;

	lock_take(&wdt.lock);
	if (!wdt.running || wdt.fired) {
		timer_off();
	} else if (ticks() < wdt.deadline) {
		timer_set(wdt.deadline);
	} else {
		timer_off();
		fire = wdt.fired = true;
	}
	lock_drop(&wdt.lock);
	if (!fire)
		return;
	warn("watchdog: no word for %u s; every CPU's registers, then a reset", wdt.seconds);
	report_all(frame);
	/* Even in the middle of a suspend: what comes is a boot. */
	kept_break();
	log_line("watchdog: reset");
	machine_reset();
}

void watchdog_pause(void)
{
	timer_off();
}

void watchdog_continue(void)
{
	lock_take(&wdt.lock);
	if (wdt.running)
		begin_locked();
	lock_drop(&wdt.lock);
}
