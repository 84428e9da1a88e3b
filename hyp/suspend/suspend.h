/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Host suspend: the table of steps is suspend/steps.c, the engine that walks it suspend/engine.c
 * (pure; host-tested). docs/suspend.md tells the whole story.
 */
#ifndef DM_SUSPEND_SUSPEND_H
#define DM_SUSPEND_SUSPEND_H

#include "abi/dormouse.h"
#include "lib/types.h"

struct domain;
struct vcpu;

/*
 * Dom0's SYSTEM_SUSPEND, arguments already validated, all its other vCPUs off. Returns PSCI_DENIED
 * if another request is under way (the caller puts it in x0). Otherwise 0: the vCPU is blocked
 * (VCPU_BLOCK_SUSPEND), the boot CPU is asked to walk the table, and the vCPU goes on later, either
 * after its call with the PSCI error in x0, or at entry (reset state) with x0 = context_id. The
 * caller must not touch the vCPU's registers any more. Any CPU; allocates nothing.
 */
int64_t suspend_request(struct vcpu *v, uint64_t entry, uint64_t context_id);

/* Work of the boot CPU's main loop (CPU_WORK_SUSPEND), no vCPU running or loaded here. */
void suspend_run(void);

/* PSCI_FEATURES(SYSTEM_SUSPEND) for Dom0: the firmware offers it, every driver in use has hooks. */
bool suspend_supported(void);

/*
 * Boot: takes over what a warm reset left of the journal and says how that boot ended, and parses debug-power=... (NULL: none),
 * see suspend/faults.h. 0, or -EINVAL or -ENOSPC with a line in the log.
 */
int suspend_init(const char *debug_power);

/*
 * The machine is about to be reset or switched off, as somebody asked for or because Dormouse gives up: the next boot
 * is told. Any CPU.
 */
void suspend_machine_ends(bool orderly);

/* Boot: how long the other domains wait for Dom0 after a wake-up. */
void suspend_set_grace(uint32_t ms);

/*
 * Is an interrupt virtually pending that counts as a wake-up? Whose, and which. virt's function,
 * handed down by main.c. Called on the boot CPU, all domains paused.
 */
typedef bool suspend_vpending_fn(struct domain **owner, uint32_t *vintid);
void suspend_set_vpending(suspend_vpending_fn *fn);

/*
 * What would refuse the machine's sleep now, one call of fn for each, until there are no more or fn says
 * false. Any CPU.
 */
struct suspend_blocker {
	uint16_t domid; /* DM_DOMID_NONE: the machine itself */
	const char *name;
	const char *reason; /* constant */
};
typedef bool suspend_blocker_fn(void *ctx, const struct suspend_blocker *b);
void suspend_blockers(suspend_blocker_fn *fn, void *ctx);

/* Dom0 says that its devices are back: the domains that wait since the wake-up go on at once. Any CPU. */
void suspend_dom0_ready(void);

/*
 * The next request turns back after that phase (enum dm_journal_phase) as after a real sleep; DM_TEST_OFF takes it back.
 * 0; -EINVAL: no such phase, or commit. Any CPU.
 */
int suspend_test_level(uint32_t phase);

/*
 * Faults for the requests from now on, instead of those that were planned: text as of suspend/faults.h, "" takes them back.
 * 0; -EOPNOTSUPP: suspend_init() was given no debug-power; -EBUSY: a request is under way; errors of faults_parse(). Any CPU.
 */
int suspend_set_faults(const char *text);
bool suspend_faults_allowed(void);

/*
 * Up to max intact records with a number >= *cursor, oldest first, and moves *cursor behind them. Returns how many. Any CPU.
 * suspend_journal_last(): the newest one's number, 0: none.
 */
uint32_t suspend_journal_read(uint64_t *cursor, struct dm_journal_record *out, uint32_t max);
uint64_t suspend_journal_last(void);

/* How many requests ended so. */
uint32_t suspend_count(enum dm_journal_outcome outcome);
uint32_t suspend_grace_ms(void);

/* How the last request ended and what woke the machine. False: there was none yet. Any CPU. */
struct suspend_last {
	uint32_t cycle;
	enum dm_journal_outcome outcome;
	uint32_t wake_intid; /* DM_JOURNAL_NO_WAKE: not known */
	char device[DM_JOURNAL_DEVICE_SIZE];
	char owner[DM_JOURNAL_OWNER_SIZE];
};
bool suspend_last(struct suspend_last *out);

/* Console key 'j': journal as "(dormouse) journal: {json}" lines. */
void suspend_print_journal(void);

#endif
