/* SPDX-License-Identifier: Apache-2.0 */
#include "suspend/suspend.h"

#include "abi/psci.h"
#include "arch/barrier.h"
#include "arch/counter.h"
#include "arch/spinlock.h"
#include "core/domain_power.h"
#include "core/sched.h"
#include "core/timer.h"
#include "core/watchdog.h"
#include "lib/err.h"
#include "lib/log.h"
#include "lib/panic.h"
#include "lib/string.h"
#include "suspend/ask.h"
#include "suspend/engine.h"
#include "suspend/faults.h"
#include "suspend/freeze.h"
#include "suspend/journal.h"
#include "suspend/lastboot.h"
#include "suspend/steps.h"
#include "suspend/wake.h"

#define PARK_LIMIT_MS 5000

#define ASK_LOOK_MS   20 /* between looks at the domains that were asked */

struct request {
	struct vcpu *caller; /* NULL: none */
	uint64_t entry;
	uint64_t context_id;
};

static struct spinlock lock = SPINLOCK_INIT; /* a leaf */
static struct request request;               /* lock */

static struct suspend_last last; /* lock; cycle 0: none yet */
static bool dom0_ready;          /* atomic: to be told to the boot CPU */

/* The boot CPU's alone, while it serves a request. */
static struct {
	bool asks; /* waits for the domains that were asked */
	uint32_t cycle;
	uint64_t start;
} serving;
static struct fault_plan faults; /* and, between requests, of whoever has the lock */
static bool faults_allowed;      /* constant after boot */
static unsigned int outcomes[DM_NR_OUTCOMES];

/* Written by the walk, read by whoever prints it. */
static struct journal journal __noinit;

static bool first_blocker(void *ctx, const struct suspend_blocker *b)
{
	(void)ctx;
	(void)b;
	return false;
}

bool suspend_supported(void)
{
	return steps_fixed_blockers(first_blocker, NULL);
}

void suspend_blockers(suspend_blocker_fn *fn, void *ctx)
{
	(void)steps_blockers(fn, ctx);
}

void suspend_dom0_ready(void)
{
	__atomic_store_n(&dom0_ready, true, __ATOMIC_RELEASE);
	cpu_post(cpus[0], CPU_WORK_SUSPEND);
}

int suspend_test_level(uint32_t phase)
{
	if (phase >= DM_PHASE_COMMIT && phase != DM_TEST_OFF)
		return -EINVAL;
	__atomic_store_n(&faults.stop_next, phase + 1, __ATOMIC_RELAXED);
	return 0;
}

bool suspend_faults_allowed(void)
{
	return faults_allowed;
}

int suspend_set_faults(const char *text)
{
	struct fault_plan plan;
	int error;

	if (!faults_allowed)
		return -EOPNOTSUPP;
	error = faults_parse(text, suspend_steps, suspend_nr_steps, &plan);
	if (error)
		return error;
	spin_lock(&lock);
	if (request.caller) {
		error = -EBUSY;
	} else {
		faults.count = plan.count;
		memcpy(faults.faults, plan.faults, sizeof(faults.faults));
	}
	spin_unlock(&lock);
	return error;
}

uint32_t suspend_journal_read(uint64_t *cursor, struct dm_journal_record *out, uint32_t max)
{
	uint32_t n = 0;

	while (n < max && journal_next(&journal, cursor, &out[n]))
		n++;
	return n;
}

uint64_t suspend_journal_last(void)
{
	return journal.sequence;
}

uint32_t suspend_count(enum dm_journal_outcome outcome)
{
	return (unsigned int)outcome < DM_NR_OUTCOMES ? outcomes[outcome] : 0;
}

uint32_t suspend_grace_ms(void)
{
	return freeze_grace_ms();
}

bool suspend_last(struct suspend_last *out)
{
	spin_lock(&lock);
	*out = last;
	spin_unlock(&lock);
	return out->cycle;
}

/* On the boot CPU, as all that writes the journal. */
static void record_thaw(const struct domain *d, bool unaware, uint64_t since, uint64_t held)
{
	struct dm_journal_record r;

	memset(&r, 0, sizeof(r));
	r.kind = DM_JOURNAL_THAW;
	r.cycle = journal.cycle;
	r.cpu = (uint16_t)this_cpu()->arch.id;
	r.flags = unaware ? DM_JOURNAL_UNAWARE : 0;
	r.start = since;
	r.end = counter_now();
	r.asleep = held;
	r.wake_intid = DM_JOURNAL_NO_WAKE;
	str_copy(r.owner, d->name, sizeof(r.owner));
	journal_append(&journal, &r);
}

int suspend_init(const char *debug_power)
{
	int error;

	lastboot_report(&journal, journal_init(&journal));
	freeze_set_record(record_thaw);
	faults_allowed = debug_power;
	if (!debug_power)
		return 0;
	error = faults_parse(debug_power, suspend_steps, suspend_nr_steps, &faults);
	if (!error)
		log_info("debug-power: %u faults planned", faults.count);
	return error;
}

void suspend_machine_ends(bool orderly)
{
	journal_end(&journal, orderly ? JOURNAL_ORDERLY : JOURNAL_PANIC);
}

void suspend_set_grace(uint32_t ms)
{
	freeze_set_grace(ms);
}

int64_t suspend_request(struct vcpu *v, uint64_t entry, uint64_t context_id)
{
	bool busy;

	spin_lock(&lock);
	busy = request.caller;
	if (!busy)
		request = (struct request) {
			.caller = v,
			.entry = entry,
			.context_id = context_id,
		};
	spin_unlock(&lock);
	if (busy)
		return PSCI_DENIED;
	watchdog_hold(v->domain);
	vcpu_block(v, VCPU_BLOCK_SUSPEND);
	cpu_post(cpus[0], CPU_WORK_SUSPEND);
	return PSCI_SUCCESS;
}

/*
 * The caller's CPU may still be on its way out of the trap, with the registers loaded that we are
 * to change. It is blocked, so once out and unloaded it stays so.
 */
static void park(struct vcpu *v)
{
	uint64_t start = counter_now();

	if (v->cpu == this_cpu())
		sched_unload();
	else
		cpu_post(v->cpu, CPU_WORK_UNLOAD);
	while (__atomic_load_n(&v->running, __ATOMIC_ACQUIRE) ||
	       __atomic_load_n(&v->loaded, __ATOMIC_ACQUIRE)) {
		if (counter_now() - start > counter_from_ms(PARK_LIMIT_MS))
			panic("suspend: CPU %u does not let go of %s's vCPU %u", v->cpu->arch.id,
			      v->domain->name, v->id);
		cpu_relax();
	}
}

static void record_cycle(uint32_t cycle, uint64_t start, const struct engine_result *res)
{
	const struct wake_reason *wake = wake_last();
	struct dm_journal_record r;

	memset(&r, 0, sizeof(r));
	r.kind = DM_JOURNAL_CYCLE;
	r.cycle = cycle;
	r.cpu = (uint16_t)this_cpu()->arch.id;
	r.outcome = (uint8_t)res->outcome;
	r.result = res->result;
	r.start = start;
	r.end = counter_now();
	r.asleep = steps_asleep();
	r.wake_intid = wake->intid;
	str_copy(r.device, wake->device, sizeof(r.device));
	str_copy(r.owner, wake->owner, sizeof(r.owner));
	if (res->failed) {
		r.phase = res->failed->phase;
		str_copy(r.step, res->failed->name, sizeof(r.step));
	}
	journal_append(&journal, &r);

	spin_lock(&lock);
	last = (struct suspend_last) {
		.cycle = cycle,
		.outcome = res->outcome,
		.wake_intid = wake->intid,
	};
	str_copy(last.device, wake->device, sizeof(last.device));
	str_copy(last.owner, wake->owner, sizeof(last.owner));
	spin_unlock(&lock);
}

static const char *errno_name(int error)
{
	static const struct {
		int error;
		const char *name;
	} names[] = {
		{ -EIO, "EIO" },
		{ -EAGAIN, "EAGAIN" },
		{ -ENOMEM, "ENOMEM" },
		{ -EBUSY, "EBUSY" },
		{ -ENODEV, "ENODEV" },
		{ -EINVAL, "EINVAL" },
		{ -EOPNOTSUPP, "EOPNOTSUPP" },
		{ -ETIMEDOUT, "ETIMEDOUT" },
	};

	for (size_t i = 0; i < ARRAY_SIZE(names); i++)
		if (names[i].error == error)
			return names[i].name;
	return "error";
}

static const char *psci_name(int error)
{
	static const char *const names[] = {
		[-PSCI_NOT_SUPPORTED] = "NOT_SUPPORTED",
		[-PSCI_INVALID_PARAMETERS] = "INVALID_PARAMETERS",
		[-PSCI_DENIED] = "DENIED",
		[-PSCI_ALREADY_ON] = "ALREADY_ON",
		[-PSCI_ON_PENDING] = "ON_PENDING",
		[-PSCI_INTERNAL_FAILURE] = "INTERNAL_FAILURE",
		[-PSCI_NOT_PRESENT] = "NOT_PRESENT",
		[-PSCI_DISABLED] = "DISABLED",
		[-PSCI_INVALID_ADDRESS] = "INVALID_ADDRESS",
	};

	if (error < 0 && error >= PSCI_INVALID_ADDRESS)
		return names[-error];
	return "unknown error";
}

static void report_failure(uint32_t cycle, const struct engine_result *res)
{
	if (res->failed->flags & STEP_COMMIT)
		log_info("suspend failed: cycle %u, step %s: PSCI %s (%d)", cycle,
		         res->failed->name, psci_name(res->result), res->result);
	else
		log_info("suspend failed: cycle %u, step %s: %s (%d)", cycle, res->failed->name,
		         errno_name(res->result), res->result);
}

static void report(uint32_t cycle, const struct engine_result *res)
{
	const struct wake_reason *wake = wake_last();
	const char *outcome = journal_outcome_name(res->outcome);

	outcomes[res->outcome]++;
	if (res->outcome == DM_OUTCOME_FAILED)
		report_failure(cycle, res);
	else if (res->outcome == DM_OUTCOME_TEST)
		log_info("resumed: cycle %u, test, turned back after phase %s", cycle,
		         journal_phase_name(res->last_phase));
	else if (wake->intid == DM_JOURNAL_NO_WAKE)
		log_info("resumed: cycle %u, %s, woken by nothing known", cycle, outcome);
	else
		log_info("resumed: cycle %u, %s, woken by interrupt %u (%s, owner %s)", cycle,
		         outcome, wake->intid, wake->device, wake->owner);
	if (res->lost)
		log_warn("resumed with errors: cycle %u, %u steps did not come back, first %s",
		         cycle, res->lost, res->first_lost->name);
}

/* What the caller reads in x0 after its call (DEN0022 5.20.2); docs/suspend.md has the table. */
static int64_t psci_error(const struct engine_result *res)
{
	if (res->failed->phase == DM_PHASE_CHECK)
		return PSCI_DENIED;
	/* A domain that objects since it was asked. */
	if (res->failed->phase == DM_PHASE_FREEZE && res->result == -EBUSY)
		return PSCI_DENIED;
	if ((res->failed->flags & STEP_COMMIT) && res->result >= PSCI_INVALID_ADDRESS)
		return res->result;
	return PSCI_INTERNAL_FAILURE;
}

/*
 * Only a refusal goes back to the instruction after the call. A wake-up that came before the power
 * went is a wake-up: an operating system takes a SUCCESS that returns for a failure.
 */
static void answer(const struct request *req, const struct engine_result *res)
{
	if (res->outcome == DM_OUTCOME_FAILED)
		req->caller->regs.x[0] = (uint64_t)psci_error(res);
	else
		vcpu_reset(req->caller, req->entry, req->context_id);
	watchdog_release(req->caller->domain);
	vcpu_unblock(req->caller, VCPU_BLOCK_SUSPEND);
}

static void finish(const struct request *req, const struct engine_result *res)
{
	record_cycle(serving.cycle, serving.start, res);
	report(serving.cycle, res);
	freeze_ask_over(false);
	freeze_ask_done();

	/* Before the caller goes on: its next call may be the next request. */
	spin_lock(&lock);
	request.caller = NULL;
	spin_unlock(&lock);
	answer(req, res);
}

static bool log_blocker(void *ctx, const struct suspend_blocker *b)
{
	log_warn("suspend blocked by %s: %s", b->name, b->reason);
	*(bool *)ctx = true;
	return true;
}

/* All of them, before anything is stopped. */
static bool is_blocked(void)
{
	bool blocked = false;

	suspend_blockers(log_blocker, &blocked);
	return blocked;
}

static void walk(const struct request *req, bool blocked)
{
	struct engine_result res;

	faults.stop_now = __atomic_exchange_n(&faults.stop_next, 0, __ATOMIC_RELAXED);
	freeze_ask_over(true);
	steps_begin(blocked);
	engine_run(suspend_steps, suspend_nr_steps, &journal, &faults, serving.cycle, &res);
	finish(req, &res);
}

static void look_again(struct timer *t)
{
	(void)t;
	cpu_post(cpus[0], CPU_WORK_SUSPEND);
}

static struct timer look_timer = { .fn = look_again };

static void begin(const struct request *req)
{
	bool blocked;

	park(req->caller);
	serving.start = counter_now();
	serving.cycle = journal_next_cycle(&journal);
	log_info("suspend: cycle %u, asked for by %s", serving.cycle, req->caller->domain->name);
	steps_begin(false);
	blocked = is_blocked();
	serving.asks = !blocked && ask_all(serving.cycle);
	if (!serving.asks)
		walk(req, blocked);
}

/*
 * Nothing is stopped yet but the caller, and all that wakes it still does: then there is no sleep this time. Whoever has
 * suspended for its sake goes on.
 */
static bool called_off(const struct request *req)
{
	struct engine_result res = { .outcome = DM_OUTCOME_DID_NOT_SLEEP };
	struct domain *d = req->caller->domain;
	uint32_t vintid;

	if (!domain_wake_pending(d, &vintid))
		return false;
	serving.asks = false;
	wake_note_virtual(d, vintid);
	finish(req, &res);
	return true;
}

/* The answers come, or the time is up. Everybody else runs on meanwhile. */
static void await(const struct request *req)
{
	if (called_off(req))
		return;
	if (ask_waits()) {
		timer_set(&look_timer, counter_now() + counter_from_ms(ASK_LOOK_MS));
		return;
	}
	serving.asks = false;
	freeze_ask_over(true);
	walk(req, is_blocked());
}

void suspend_run(void)
{
	struct request req;

	if (__atomic_exchange_n(&dom0_ready, false, __ATOMIC_ACQUIRE))
		freeze_dom0_ready();
	spin_lock(&lock);
	req = request;
	spin_unlock(&lock);
	if (!req.caller)
		return;
	if (!serving.asks)
		begin(&req);
	if (serving.asks)
		await(&req);
}

void suspend_print_journal(void)
{
	/* Not on the stack, which is small; two at a time would only mix their lines. */
	static struct spinlock print_lock = SPINLOCK_INIT;
	static struct dm_journal_record r;
	static char line[400];
	uint64_t sequence = 1;

	spin_lock(&print_lock);
	while (journal_next(&journal, &sequence, &r)) {
		journal_json(&r, line, sizeof(line));
		log_info("journal: %s", line);
	}
	log_info("suspend counts: slept %u, did-not-sleep %u, test %u, failed %u",
	         outcomes[DM_OUTCOME_SLEPT], outcomes[DM_OUTCOME_DID_NOT_SLEEP],
	         outcomes[DM_OUTCOME_TEST], outcomes[DM_OUTCOME_FAILED]);
	spin_unlock(&print_lock);
}
