/* SPDX-License-Identifier: Apache-2.0 */
#include "virt/vpsci.h"

#include "abi/psci.h"
#include "abi/smccc.h"
#include "arch/counter.h"
#include "core/domain_power.h"
#include "dev/psci/psci.h"
#include "lib/err.h"
#include "lib/log.h"
#include "lib/string.h"
#include "mm/stage2.h"
#include "suspend/suspend.h"
#include "virt/trap_exit.h"
#include "virt/vgic/vgic.h"

/* A call, decoded: what was 32 bits wide is cut to it. */
struct call {
	uint32_t fid;
	bool wide;     /* SMC64/HVC64 */
	uint64_t a[4]; /* a[1] to a[3] are x1 to x3 */
};

/* The result for x0, unless it returns NO_RESULT: then the registers aren't the caller's any more.
 */
typedef int64_t vpsci_fn(struct vcpu *v, const struct call *c);
#define NO_RESULT INT64_MAX

struct vpsci_function {
	uint32_t fid; /* the SMC32 identifier */
	const char *name;
	vpsci_fn *fn;
	bool wide;                             /* exists as SMC64 too */
	bool (*offered)(const struct vcpu *v); /* NULL: to everybody */
	uint32_t features;                     /* PSCI_FEATURES' answer */
};

static const struct vpsci_function *find(const struct vcpu *v, uint32_t fid);

static unsigned int owner(uint32_t fid)
{
	return (fid & SMCCC_OWNER_MASK) >> SMCCC_OWNER_SHIFT;
}

/* A parameter that is 32 bits wide in the SMC64 variant, too. */
static uint32_t word(const struct call *c, unsigned int n)
{
	return (uint32_t)c->a[n];
}

/* vCPUs and their affinity: 16 to a cluster, as VMPIDR_EL2 has it. */

#define CLUSTER 16

static uint64_t vcpu_affinity(unsigned int id)
{
	return (id % CLUSTER) | (uint64_t)(id / CLUSTER) << 8;
}

static bool affinity_valid(const struct call *c, uint64_t affinity)
{
	return !(affinity & ~(c->wide ? PSCI_AFFINITY_MASK64 : (uint64_t)PSCI_AFFINITY_MASK32));
}

static struct vcpu *vcpu_by_affinity(struct vcpu *v, const struct call *c, uint64_t affinity)
{
	struct domain *d = v->domain;

	if (!affinity_valid(c, affinity))
		return NULL;
	for (unsigned int i = 0; i < d->nr_vcpus; i++)
		if (vcpu_affinity(i) == affinity)
			return d->vcpus[i];
	return NULL;
}

static enum vcpu_power power_of(struct vcpu *v)
{
	enum vcpu_power power;

	spin_lock(&v->lock);
	power = v->power;
	spin_unlock(&v->lock);
	return power;
}

/* An A64 instruction in the domain's own RAM. */
static bool entry_valid(struct vcpu *v, uint64_t entry)
{
	struct stage2_entry e;

	return IS_ALIGNED(entry, 4) && !stage2_lookup(&v->domain->s2, ipa_make(entry), &e) &&
	       stage2_is_own(e.type);
}

/* PSCI functions, DEN0022 section 5. */

static int64_t do_version(struct vcpu *v, const struct call *c)
{
	(void)v;
	(void)c;
	return PSCI_VERSION_1_1;
}

/* 5.16: PSCI's own, and SMCCC_VERSION, through which SMCCC 1.1 and later are found. */
static int64_t do_features(struct vcpu *v, const struct call *c)
{
	const struct vpsci_function *f = find(v, word(c, 1));

	if (!f || (owner(f->fid) != SMCCC_OWNER_STD && f->fid != SMCCC_VERSION))
		return PSCI_NOT_SUPPORTED;
	return f->features;
}

/*
 * 5.4: power_state in the original format. A vCPU has no power domain above itself, so level 0 is
 * all there is; the StateID says nothing to us.
 */
static bool power_state_valid(uint32_t state)
{
	return !(state & (PSCI_POWER_STATE_MBZ_MASK | PSCI_POWER_STATE_LEVEL_MASK));
}

/*
 * The reset state of a powered-down core's way back (6.4), given to it right away: it executes
 * nothing in between. The interrupt interface and the timers stay, they are what wakes it.
 */
static void lose_state(struct vcpu *v, uint64_t entry, uint64_t context_id)
{
	guest_regs_reset(&v->regs, entry, context_id);
	guest_sysregs_reset(&v->sysregs);
	guest_sysregs_load(&v->sysregs);
	memset(&v->fp, 0, sizeof(v->fp));
	guest_fp_load(&v->fp);
}

static void awake(struct vcpu *v)
{
	if (!v->stat_since)
		return;
	v->stat_residency += counter_now() - v->stat_since;
	v->stat_since = 0;
}

static void wait(struct vcpu *v)
{
	v->stat_count++;
	v->stat_since = counter_now();
	/* Blocked first, looked second: an interrupt from another CPU in between unblocks. */
	vcpu_block(v, VCPU_BLOCK_WFI);
	if (vgic_pending(v)) {
		vcpu_unblock(v, VCPU_BLOCK_WFI);
		awake(v);
	}
}

static int64_t do_cpu_suspend(struct vcpu *v, const struct call *c)
{
	bool down = word(c, 1) & PSCI_POWER_STATE_POWERDOWN;

	if (!power_state_valid(word(c, 1)))
		return PSCI_INVALID_PARAMETERS;
	if (down && !entry_valid(v, c->a[2]))
		return PSCI_INVALID_ADDRESS;
	if (down)
		lose_state(v, c->a[2], c->a[3]);
	wait(v);
	return down ? NO_RESULT : PSCI_SUCCESS;
}

static int64_t do_cpu_off(struct vcpu *v, const struct call *c)
{
	(void)c;
	vcpu_power_off(v);
	return NO_RESULT;
}

static int64_t do_cpu_on(struct vcpu *v, const struct call *c)
{
	struct vcpu *target = vcpu_by_affinity(v, c, c->a[1]);

	if (!target)
		return PSCI_INVALID_PARAMETERS;
	if (!entry_valid(v, c->a[2]))
		return PSCI_INVALID_ADDRESS;
	switch (vcpu_power_on(target, c->a[2], c->a[3])) {
	case 0:
		return PSCI_SUCCESS;
	case -EBUSY:
		return PSCI_ON_PENDING;
	case -EEXIST:
		return PSCI_ALREADY_ON;
	default:
		return PSCI_INTERNAL_FAILURE;
	}
}

/*
 * 5.7: an affinity instance of a level above 0 is on if any of its CPUs is. Fields below the level
 * are not looked at.
 */
static int64_t do_affinity_info(struct vcpu *v, const struct call *c)
{
	static const int64_t answer[] = {
		[VCPU_OFF] = PSCI_AFFINITY_OFF,
		[VCPU_ON_PENDING] = PSCI_AFFINITY_ON_PENDING,
		[VCPU_ON] = PSCI_AFFINITY_ON,
	};
	static const uint64_t from_level[] = { MASK(39, 0), MASK(39, 8), MASK(39, 16),
		                               MASK(39, 32) };
	struct domain *d = v->domain;
	enum vcpu_power most = VCPU_OFF;
	bool any = false;

	if (!affinity_valid(c, c->a[1]) || word(c, 2) >= ARRAY_SIZE(from_level))
		return PSCI_INVALID_PARAMETERS;
	for (unsigned int i = 0; i < d->nr_vcpus; i++) {
		enum vcpu_power power;

		if ((vcpu_affinity(i) ^ c->a[1]) & from_level[word(c, 2)])
			continue;
		any = true;
		power = power_of(d->vcpus[i]);
		if (power > most)
			most = power;
	}
	return any ? answer[most] : PSCI_INVALID_PARAMETERS;
}

static int64_t do_migrate_info_type(struct vcpu *v, const struct call *c)
{
	(void)v;
	(void)c;
	return PSCI_TOS_NOT_NEEDED;
}

static int64_t do_system_off(struct vcpu *v, const struct call *c)
{
	(void)c;
	domain_shutdown(v->domain, DOMAIN_POWEROFF);
	return NO_RESULT;
}

static int64_t do_system_reset(struct vcpu *v, const struct call *c)
{
	(void)c;
	domain_shutdown(v->domain, DOMAIN_REBOOT);
	return NO_RESULT;
}

/* 5.13: the architectural warm reset is the only type; there are no vendor-specific ones. */
static int64_t do_system_reset2(struct vcpu *v, const struct call *c)
{
	if (word(c, 1) != PSCI_RESET2_WARM)
		return PSCI_INVALID_PARAMETERS;
	return do_system_reset(v, c);
}

/* 5.12: level 0 only, see power_state_valid(). */
static int64_t do_node_hw_state(struct vcpu *v, const struct call *c)
{
	struct vcpu *target = vcpu_by_affinity(v, c, c->a[1]);

	if (!target || word(c, 2))
		return PSCI_INVALID_PARAMETERS;
	return power_of(target) == VCPU_ON ? PSCI_HW_ON : PSCI_HW_OFF;
}

/* 5.20: for whoever rules the machine it is the machine's sleep, which takes firmware and drivers. */
static bool may_suspend(const struct vcpu *v)
{
	return !v->domain->privileged || suspend_supported();
}

static bool others_off(struct vcpu *v)
{
	struct domain *d = v->domain;

	/* No other vCPU is on, so none can turn one on while we look. */
	for (unsigned int i = 0; i < d->nr_vcpus; i++)
		if (d->vcpus[i] != v && power_of(d->vcpus[i]) != VCPU_OFF)
			return false;
	return true;
}

/*
 * Suspended first, looked second: an interrupt raised in between wakes it itself. With one pending
 * the domain didn't sleep, but starts at its entry point all the same: an operating system takes
 * a SYSTEM_SUSPEND that returns for a failure.
 */
static int64_t suspend_guest(struct vcpu *v, uint64_t entry, uint64_t context_id)
{
	uint32_t vintid;

	if (domain_suspend(v, entry, context_id))
		return PSCI_DENIED;
	if (domain_wake_pending(v->domain, &vintid))
		domain_wake(v->domain, vintid, false);
	return PSCI_SUCCESS;
}

static int64_t do_system_suspend(struct vcpu *v, const struct call *c)
{
	int64_t error;

	if (!others_off(v))
		return PSCI_DENIED;
	if (!entry_valid(v, c->a[1]))
		return PSCI_INVALID_ADDRESS;
	error = (v->domain->privileged ? suspend_request : suspend_guest)(v, c->a[1], c->a[2]);
	return error ? error : NO_RESULT;
}

/* 5.21, 5.22: one count for all states, as they are all the same to us. */
static struct vcpu *stat_target(struct vcpu *v, const struct call *c)
{
	return power_state_valid(word(c, 2)) ? vcpu_by_affinity(v, c, c->a[1]) : NULL;
}

static int64_t do_stat_residency(struct vcpu *v, const struct call *c)
{
	struct vcpu *target = stat_target(v, c);

	return target ? (int64_t)(counter_to_ns(target->stat_residency) / 1000) : 0;
}

static int64_t do_stat_count(struct vcpu *v, const struct call *c)
{
	struct vcpu *target = stat_target(v, c);

	return target ? (int64_t)target->stat_count : 0;
}

/* SMCCC, DEN0028 section 7. */

static int64_t do_smccc_version(struct vcpu *v, const struct call *c)
{
	(void)v;
	(void)c;
	return SMCCC_VERSION_1_2;
}

/* What the firmware says of a workaround on the calling CPU. */
static int64_t firmware_has(uint32_t workaround)
{
	return psci_call(SMCCC_ARCH_FEATURES, workaround, 0, 0);
}

static int64_t do_arch_features(struct vcpu *v, const struct call *c)
{
	uint32_t fid = word(c, 1);
	const struct vpsci_function *f;

	/*
	 * WORKAROUND_2 is a switch of the CPU, not of the guest, and stays as the firmware starts
	 * it: on (7.5.4). So a guest has nothing to call.
	 */
	if (fid == SMCCC_ARCH_WORKAROUND_2)
		return firmware_has(fid) == SMCCC_NOT_SUPPORTED ? SMCCC_NOT_SUPPORTED
		                                                : SMCCC_NOT_REQUIRED;
	if (fid == SMCCC_ARCH_WORKAROUND_1 || fid == SMCCC_ARCH_WORKAROUND_3)
		return firmware_has(fid);
	f = find(v, fid);
	return f && owner(fid) == SMCCC_OWNER_ARCH ? SMCCC_SUCCESS : SMCCC_NOT_SUPPORTED;
}

static int64_t do_workaround(struct vcpu *v, const struct call *c)
{
	(void)v;
	if (firmware_has(c->fid) < 0)
		return SMCCC_NOT_SUPPORTED;
	psci_call(c->fid, 0, 0, 0);
	return SMCCC_SUCCESS;
}

/* All there is. FEATURES and ARCH_FEATURES answer from it. PSCI's by their number. */
/* clang-format off */
#define NUMBER(fid) ((fid) - PSCI_VERSION)
#define ROW(fid_, fn_) .fid = (fid_), .fn = (fn_), .name = #fid_
static const struct vpsci_function functions[] = {
	[NUMBER(PSCI_VERSION)] = { ROW(PSCI_VERSION, do_version) },
	[NUMBER(PSCI_CPU_SUSPEND)] = { ROW(PSCI_CPU_SUSPEND, do_cpu_suspend), .wide = true },
	[NUMBER(PSCI_CPU_OFF)] = { ROW(PSCI_CPU_OFF, do_cpu_off) },
	[NUMBER(PSCI_CPU_ON)] = { ROW(PSCI_CPU_ON, do_cpu_on), .wide = true },
	[NUMBER(PSCI_AFFINITY_INFO)] = { ROW(PSCI_AFFINITY_INFO, do_affinity_info), .wide = true },
	[NUMBER(PSCI_MIGRATE_INFO_TYPE)] = { ROW(PSCI_MIGRATE_INFO_TYPE, do_migrate_info_type) },
	[NUMBER(PSCI_SYSTEM_OFF)] = { ROW(PSCI_SYSTEM_OFF, do_system_off) },
	[NUMBER(PSCI_SYSTEM_RESET)] = { ROW(PSCI_SYSTEM_RESET, do_system_reset) },
	[NUMBER(PSCI_FEATURES)] = { ROW(PSCI_FEATURES, do_features) },
	[NUMBER(PSCI_NODE_HW_STATE)] = { ROW(PSCI_NODE_HW_STATE, do_node_hw_state), .wide = true },
	[NUMBER(PSCI_SYSTEM_SUSPEND)] = { ROW(PSCI_SYSTEM_SUSPEND, do_system_suspend), .wide = true,
	                                  .offered = may_suspend },
	[NUMBER(PSCI_STAT_RESIDENCY)] = { ROW(PSCI_STAT_RESIDENCY, do_stat_residency), .wide = true },
	[NUMBER(PSCI_STAT_COUNT)] = { ROW(PSCI_STAT_COUNT, do_stat_count), .wide = true },
	[NUMBER(PSCI_SYSTEM_RESET2)] = { ROW(PSCI_SYSTEM_RESET2, do_system_reset2), .wide = true },
};
static const struct vpsci_function arch_functions[] = {
	{ ROW(SMCCC_VERSION, do_smccc_version) },
	{ ROW(SMCCC_ARCH_FEATURES, do_arch_features) },
	{ ROW(SMCCC_ARCH_WORKAROUND_3, do_workaround) },
	{ ROW(SMCCC_ARCH_WORKAROUND_1, do_workaround) },
};
/* clang-format on */

static __noinline const struct vpsci_function *arch_row_of(uint32_t fid)
{
	for (size_t i = 0; i < ARRAY_SIZE(arch_functions); i++)
		if (arch_functions[i].fid == fid)
			return &arch_functions[i];
	return NULL;
}

static inline const struct vpsci_function *row_of(uint32_t fid)
{
	uint32_t n = NUMBER(fid & ~SMCCC_64);

	return likely(n < ARRAY_SIZE(functions)) ? &functions[n] : arch_row_of(fid);
}

/* The function that fid names for this caller, or NULL. */
static inline const struct vpsci_function *find(const struct vcpu *v, uint32_t fid)
{
	const struct vpsci_function *f = row_of(fid);

	if (!f || !f->fn || ((fid & SMCCC_64) && !f->wide) || (f->offered && !f->offered(v)))
		return NULL;
	return f;
}

static inline int64_t call(struct vcpu *v, const struct vpsci_function *f, uint32_t fid)
{
	/* The width is that of all arguments. */
	uint64_t width = fid & SMCCC_64 ? ~0ULL : UINT32_MAX;
	const struct call c = {
		.fid = fid,
		.wide = fid & SMCCC_64,
		.a = { 0, v->regs.x[1] & width, v->regs.x[2] & width, v->regs.x[3] & width },
	};

	log_debug("%s: vcpu %u: %s(%lx, %lx, %lx)", v->domain->name, v->id, f->name, c.a[1], c.a[2],
		  c.a[3]);
	return f->fn(v, &c);
}

/* No canary: nothing here is indexed by, or as long as, what a guest says. */
__no_canary bool vpsci_trap(struct guest_regs *r)
{
	struct vcpu *v = trap_vcpu(r);
	/* The identifier is w0 whatever the width of the call (DEN0028 2.5). */
	uint32_t fid = (uint32_t)r->x[0];
	const struct vpsci_function *f = find(v, fid);
	int64_t result = f ? call(v, f, fid) : SMCCC_NOT_SUPPORTED;

	if (likely(result != NO_RESULT))
		r->x[0] = (uint64_t)result;
	return trap_go_on(v);
}

const struct vcpu_module vpsci_vcpu_module = {
	.name = "psci",
	.enter = awake,
};
