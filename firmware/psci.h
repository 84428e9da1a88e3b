/* SPDX-License-Identifier: Apache-2.0 */
/* PSCI 1.1 (DEN0022) and the architecture calls of SMCCC 1.2 (DEN0028). */
#ifndef FW_PSCI_H
#define FW_PSCI_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Arguments as the function sees them: truncated to 32 bits for a 32-bit function id. */
struct psci_args {
	uint32_t fid;
	bool is64;
	uint64_t a[3];
};

/*
 * Any call: @fid and @args as in x0 and x1 to x3. Returns what goes into x0; unknown functions
 * answer NOT_SUPPORTED. CPU_OFF, CPU_SUSPEND to power-down and SYSTEM_* may not return.
 * @allow64: false for a caller in AArch32, for whom the 64-bit functions don't exist.
 */
uint64_t psci_call(uint64_t fid, const uint64_t args[3], bool allow64);

/* The functions, by file. Each returns a PSCI result, or what its section says. */
int64_t psci_cpu_on(const struct psci_args *args);	 /* psci_cpu.c */
int64_t psci_cpu_off(const struct psci_args *args);
int64_t psci_cpu_suspend(const struct psci_args *args);
int64_t psci_affinity_info(const struct psci_args *args);
int64_t psci_system_off(const struct psci_args *args);	 /* psci_system.c */
int64_t psci_system_reset(const struct psci_args *args);
int64_t psci_system_reset2(const struct psci_args *args);
int64_t psci_system_suspend(const struct psci_args *args);
bool psci_system_suspend_offered(void);
int64_t psci_stat_residency(const struct psci_args *args); /* psci_stat.c */
int64_t psci_stat_count(const struct psci_args *args);
int64_t psci_node_hw_state(const struct psci_args *args);

/* Pure argument checks (psci_check.c). */

/* Bits of an affinity argument that must be zero are. */
bool psci_affinity_valid(uint64_t affinity, bool is64);

/* A power_state that CPU_SUSPEND takes: which stat_state it is; -1 if it is none. */
int psci_power_state(uint64_t power_state);

/* As psci_power_state(), and also the one by which STAT_* name SYSTEM_SUSPEND. */
int psci_stat_state(uint64_t power_state);

struct ram_bank {
	uint64_t base, size;
};

/* @entry is 4-byte aligned and in one of the banks (DEN0022 5.6.2: else INVALID_ADDRESS). */
bool psci_entry_valid(uint64_t entry, const struct ram_bank *banks, unsigned int count);

#endif /* FW_PSCI_H */
