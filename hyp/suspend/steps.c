/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the machine does to go to sleep, top to bottom, and to wake, bottom to top. A new device
 * is a new row in the right place; docs/suspend.md explains each.
 */
#include "suspend/steps.h"

#include "abi/psci.h"
#include "arch/barrier.h"
#include "arch/bringup.h"
#include "arch/counter.h"
#include "arch/suspend.h"
#include "core/alarm.h"
#include "core/console.h"
#include "core/domain.h"
#include "core/irq.h"
#include "core/sched.h"
#include "core/smp.h"
#include "core/timer.h"
#include "dev/gic/gic.h"
#include "dev/psci/psci.h"
#include "lib/err.h"
#include "lib/log.h"
#include "mm/page.h"
#include "suspend/el2.h"
#include "suspend/freeze.h"
#include "suspend/journal.h"
#include "suspend/wake.h"

static uint64_t asleep;
static bool woken;    /* Dom0 will start at its entry point */
static bool reported; /* blockers were, before the walk */

uint64_t steps_asleep(void)
{
	return asleep;
}

void steps_begin(bool blockers_reported)
{
	reported = blockers_reported;
	asleep = 0;
	woken = false;
	wake_forget();
}

/* Phase check: look, change nothing. */

static bool machine_blocks(suspend_blocker_fn *fn, void *ctx, const char *name, const char *reason)
{
	const struct suspend_blocker b = { .domid = DM_DOMID_NONE, .name = name, .reason = reason };

	return fn(ctx, &b);
}

static bool firmware_blockers(suspend_blocker_fn *fn, void *ctx)
{
	return psci_firmware.system_suspend ||
	       machine_blocks(fn, ctx, "firmware", "it does not offer SYSTEM_SUSPEND");
}

static bool gic_can(void)
{
	return gic->suspend && gic->resume && gic->pending_wake;
}

/* Drivers that come in several makes, some of which may lack the hooks. */
static const struct {
	const char *name;
	bool (*can_suspend)(void);
} drivers[] = {
	{ .name = "gic", .can_suspend = gic_can },
};

static bool driver_blockers(suspend_blocker_fn *fn, void *ctx)
{
	for (size_t i = 0; i < ARRAY_SIZE(drivers); i++)
		if (!drivers[i].can_suspend() &&
		    !machine_blocks(fn, ctx, drivers[i].name, "its driver cannot suspend"))
			return false;
	return true;
}

bool steps_fixed_blockers(suspend_blocker_fn *fn, void *ctx)
{
	return firmware_blockers(fn, ctx) && driver_blockers(fn, ctx);
}

bool steps_blockers(suspend_blocker_fn *fn, void *ctx)
{
	return steps_fixed_blockers(fn, ctx) && freeze_blockers(fn, ctx);
}

/* Who stood in the way before the walk began has been reported, all of them (suspend.c); who does only now, hasn't. */
static bool refuse(void *ctx, const struct suspend_blocker *b)
{
	(void)ctx;
	if (!reported)
		log_warn("suspend blocked by %s: %s", b->name, b->reason);
	return false;
}

static int check_firmware(void)
{
	return firmware_blockers(refuse, NULL) ? 0 : -EOPNOTSUPP;
}

static int check_drivers(void)
{
	return driver_blockers(refuse, NULL) ? 0 : -EOPNOTSUPP;
}

static int check_policies(void)
{
	return freeze_blockers(refuse, NULL) ? 0 : -EBUSY;
}

/* Phase freeze. */

static int thaw_domains(void)
{
	freeze_thaw(true);
	return 0;
}

/* Dom0's way back from a wake-up is the same whether it slept or not; from a refusal there is none. */
static int undo_domains(void)
{
	freeze_thaw(woken);
	return 0;
}

static int forbid_pages(void)
{
	page_forbid(true);
	return 0;
}

static int allow_pages(void)
{
	page_forbid(false);
	return 0;
}

static int unload_vcpus(void)
{
	int error = sched_unload_all();

	if (!error)
		freeze_unloaded();
	return error;
}

/* Phase cpus. */

static int route_irqs(void)
{
	irq_route_to_boot_cpu();
	return 0;
}

static int route_irqs_back(void)
{
	irq_route_restore();
	return 0;
}

/* A CPU that didn't stop must not leave the ones before it off. */
static int stop_cpus(void)
{
	int error = smp_stop_secondaries();

	if (error)
		(void)smp_start_secondaries(); /* says itself which one fails */
	return error;
}

/* Phase core. */

static int gic_undo(void)
{
	return gic->undo ? gic->undo() : gic->resume();
}

/* A wait that ran out leaves interrupts switched off. */
static int gic_down(void)
{
	int error = gic->suspend(wake_collect());

	if (error)
		(void)gic_undo();
	return error;
}

static int gic_up(void)
{
	return gic->resume();
}

/* Phase commit. */

/*
 * The last look. From here on a wake-up stays pending in the GIC, which the firmware looks at in
 * turn (DEN0022 5.20: with one pending the call may return at once, having done nothing).
 */
static int commit(void)
{
	uint64_t start;
	int64_t r;

	if (wake_look())
		return COMMIT_DID_NOT_SLEEP;

	start = counter_now();
	r = arch_suspend_enter(psci_system_suspend);
	if (r == ARCH_SUSPEND_RESUMED) {
		asleep = counter_now() - start;
		if (arch_suspend_stray() != ARCH_SUSPEND_NO_STRAY)
			log_warn("suspend: the firmware woke the CPU with MPIDR 0x%lx, which had the boot CPU started",
			         arch_suspend_stray());
	}
	if (r == ARCH_SUSPEND_RESUMED || r == PSCI_SUCCESS)
		wake_look();

	if (r == ARCH_SUSPEND_RESUMED)
		return COMMIT_SLEPT;
	if (r == PSCI_SUCCESS)
		return COMMIT_DID_NOT_SLEEP;
	/* Anything that is no error PSCI could give is one all the same. */
	return r < 0 && r >= INT32_MIN ? (int)r : PSCI_INTERNAL_FAILURE;
}

static int firmware_suspend(void)
{
	int result = commit();

	woken = result >= 0;
	return result;
}

/*
 * Limits are for a slow emulator on a busy host: what takes longer than them is broken, not slow.
 * The hooks bound their own waits; the limit is what the journal complains about.
 */
#define QUICK_MS 1000
#define SLOW_MS  5000

/* clang-format off */
const struct suspend_step suspend_steps[] = {
	{ .name = "firmware", .phase = DM_PHASE_CHECK, .flags = STEP_CHECK, .limit_ms = QUICK_MS,
	  .suspend = check_firmware },
	{ .name = "drivers", .phase = DM_PHASE_CHECK, .flags = STEP_CHECK, .limit_ms = QUICK_MS,
	  .suspend = check_drivers },
	{ .name = "policies", .phase = DM_PHASE_CHECK, .flags = STEP_CHECK, .limit_ms = QUICK_MS,
	  .suspend = check_policies },

	{ .name = "domains", .phase = DM_PHASE_FREEZE, .limit_ms = SLOW_MS,
	  .suspend = freeze_domains, .resume = thaw_domains, .undo = undo_domains },
	{ .name = "page-alloc", .phase = DM_PHASE_FREEZE, .limit_ms = QUICK_MS,
	  .suspend = forbid_pages, .resume = allow_pages },
	/* Loaded again when they run. */
	{ .name = "unload", .phase = DM_PHASE_FREEZE, .flags = STEP_CHECK, .limit_ms = QUICK_MS,
	  .suspend = unload_vcpus },

	{ .name = "route-irqs", .phase = DM_PHASE_CPUS, .limit_ms = QUICK_MS,
	  .suspend = route_irqs, .resume = route_irqs_back },
	{ .name = "secondary-cpus", .phase = DM_PHASE_CPUS, .limit_ms = SLOW_MS,
	  .suspend = stop_cpus, .resume = smp_start_secondaries },

	{ .name = "rtc", .phase = DM_PHASE_DEVICES, .limit_ms = QUICK_MS,
	  .suspend = alarm_suspend, .resume = alarm_resume },
	/* Last down and first up: what other devices have to say is to be seen. */
	{ .name = "console", .phase = DM_PHASE_DEVICES, .limit_ms = QUICK_MS,
	  .suspend = console_suspend, .resume = console_resume },

	{ .name = "timer", .phase = DM_PHASE_CORE, .limit_ms = QUICK_MS,
	  .suspend = timer_suspend, .resume = timer_resume },
	{ .name = "gic", .phase = DM_PHASE_CORE, .flags = STEP_VITAL, .limit_ms = QUICK_MS,
	  .suspend = gic_down, .resume = gic_up, .undo = gic_undo },
	{ .name = "el2", .phase = DM_PHASE_CORE, .flags = STEP_VITAL, .limit_ms = QUICK_MS,
	  .suspend = el2_suspend, .resume = el2_resume },

	{ .name = "firmware-suspend", .phase = DM_PHASE_COMMIT, .flags = STEP_COMMIT,
	  .suspend = firmware_suspend },
};
/* clang-format on */

const unsigned int suspend_nr_steps = ARRAY_SIZE(suspend_steps);

static const char *kind_of(const struct suspend_step *s)
{
	if (s->flags & STEP_COMMIT)
		return "commit";
	if (s->flags & STEP_VITAL)
		return "vital";
	return s->flags & STEP_CHECK ? "check" : "plain";
}

void steps_print(void)
{
	for (unsigned int i = 0; i < suspend_nr_steps; i++) {
		const struct suspend_step *s = &suspend_steps[i];

		log_info("step: {\"step\":\"%s\",\"phase\":\"%s\",\"kind\":\"%s\","
		         "\"resume\":%s,\"undo\":%s}",
		         s->name, journal_phase_name(s->phase), kind_of(s),
		         s->resume ? "true" : "false", s->undo || s->resume ? "true" : "false");
	}
	log_info("steps: %u", suspend_nr_steps);
}
