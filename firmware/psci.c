/* SPDX-License-Identifier: Apache-2.0 */
/* Dispatch of calls by one table, from which FEATURES answers too. */
#include "abi/psci.h"
#include "abi/smccc.h"
#include "psci.h"

static int64_t psci_version(const struct psci_args *args)
{
	(void)args;
	return PSCI_VERSION_1_1;
}

static int64_t migrate_info_type(const struct psci_args *args)
{
	(void)args;
	return PSCI_TOS_NOT_NEEDED;
}

static int64_t smccc_version(const struct psci_args *args)
{
	(void)args;
	return SMCCC_VERSION_1_2;
}

static int64_t smccc_arch_features(const struct psci_args *args);
static int64_t psci_features(const struct psci_args *args);

/* Sorted by function id. */
static const struct function {
	uint32_t fid;	/* of the 32-bit function */
	bool has64;	/* the same with SMCCC_64 exists */
	bool is_psci;	/* FEATURES knows it (ARCH_FEATURES otherwise) */
	int32_t flags;	/* what FEATURES answers if it is there */
	int64_t (*call)(const struct psci_args *args);
	bool (*offered)(void); /* NULL: always */
} functions[] = {
	{ .fid = SMCCC_VERSION, .call = smccc_version },
	{ .fid = SMCCC_ARCH_FEATURES, .call = smccc_arch_features },
	{ .fid = PSCI_VERSION, .is_psci = true, .call = psci_version },
	{ .fid = PSCI_CPU_SUSPEND, .is_psci = true, .has64 = true, .call = psci_cpu_suspend },
	{ .fid = PSCI_CPU_OFF, .is_psci = true, .call = psci_cpu_off },
	{ .fid = PSCI_CPU_ON, .is_psci = true, .has64 = true, .call = psci_cpu_on },
	{ .fid = PSCI_AFFINITY_INFO, .is_psci = true, .has64 = true, .call = psci_affinity_info },
	{ .fid = PSCI_MIGRATE_INFO_TYPE, .is_psci = true, .call = migrate_info_type },
	{ .fid = PSCI_SYSTEM_OFF, .is_psci = true, .call = psci_system_off },
	{ .fid = PSCI_SYSTEM_RESET, .is_psci = true, .call = psci_system_reset },
	{ .fid = PSCI_FEATURES, .is_psci = true, .call = psci_features },
	{ .fid = PSCI_NODE_HW_STATE, .is_psci = true, .has64 = true, .call = psci_node_hw_state },
	{ .fid = PSCI_SYSTEM_SUSPEND, .is_psci = true, .has64 = true, .call = psci_system_suspend,
	  .offered = psci_system_suspend_offered },
	{ .fid = PSCI_STAT_RESIDENCY, .is_psci = true, .has64 = true, .call = psci_stat_residency },
	{ .fid = PSCI_STAT_COUNT, .is_psci = true, .has64 = true, .call = psci_stat_count },
	{ .fid = PSCI_SYSTEM_RESET2, .is_psci = true, .has64 = true, .call = psci_system_reset2 },
};

static const struct function *find(uint32_t fid)
{
	for (unsigned int i = 0; i < sizeof(functions) / sizeof(functions[0]); i++) {
		const struct function *f = &functions[i];

		if (f->fid != fid && !(f->has64 && (f->fid | SMCCC_64) == fid))
			continue;
		return f->offered && !f->offered() ? NULL : f;
	}
	return NULL;
}

static int64_t psci_features(const struct psci_args *args)
{
	const struct function *f = find((uint32_t)args->a[0]);

	/* SMCCC_VERSION is asked for here too (DEN0022 5.15.2): that SMCCC 1.1 is there. */
	if (!f || !(f->is_psci || f->fid == SMCCC_VERSION))
		return PSCI_NOT_SUPPORTED;
	return f->flags;
}

static int64_t smccc_arch_features(const struct psci_args *args)
{
	const struct function *f = find((uint32_t)args->a[0]);

	return f && !f->is_psci ? SMCCC_SUCCESS : SMCCC_NOT_SUPPORTED;
}

uint64_t psci_call(uint64_t fid, const uint64_t args[3], bool allow64)
{
	const struct function *f = find((uint32_t)fid);
	struct psci_args a = { .fid = (uint32_t)fid, .is64 = (fid & SMCCC_64) != 0 };

	if (!f || (a.is64 && !allow64))
		return (uint64_t)SMCCC_NOT_SUPPORTED;
	for (unsigned int i = 0; i < 3; i++)
		a.a[i] = a.is64 ? args[i] : (uint32_t)args[i];
	return (uint64_t)f->call(&a);
}
