/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Power State Coordination Interface 1.1, Arm DEN0022: function identifiers (section 5.1 and on),
 * error codes (5.2.2) and argument layouts. Plain macros: assembly includes this file too.
 *
 * Functions that take an address or an affinity exist with 32-bit (PSCI_x) and 64-bit (PSCI_x64)
 * arguments. A 32-bit caller's upper register halves are to be ignored.
 */
#ifndef ABI_PSCI_H
#define ABI_PSCI_H

#define PSCI_VERSION_1_1 0x00010001 /* major in bits 31:16, minor in 15:0 */

#define PSCI_VERSION		     0x84000000
#define PSCI_CPU_SUSPEND	     0x84000001
#define PSCI_CPU_SUSPEND64	     0xc4000001
#define PSCI_CPU_OFF		     0x84000002
#define PSCI_CPU_ON		     0x84000003
#define PSCI_CPU_ON64		     0xc4000003
#define PSCI_AFFINITY_INFO	     0x84000004
#define PSCI_AFFINITY_INFO64	     0xc4000004
#define PSCI_MIGRATE		     0x84000005
#define PSCI_MIGRATE64		     0xc4000005
#define PSCI_MIGRATE_INFO_TYPE	     0x84000006
#define PSCI_MIGRATE_INFO_UP_CPU     0x84000007
#define PSCI_MIGRATE_INFO_UP_CPU64   0xc4000007
#define PSCI_SYSTEM_OFF		     0x84000008
#define PSCI_SYSTEM_RESET	     0x84000009
#define PSCI_FEATURES		     0x8400000a
#define PSCI_CPU_FREEZE		     0x8400000b
#define PSCI_CPU_DEFAULT_SUSPEND     0x8400000c
#define PSCI_CPU_DEFAULT_SUSPEND64   0xc400000c
#define PSCI_NODE_HW_STATE	     0x8400000d
#define PSCI_NODE_HW_STATE64	     0xc400000d
#define PSCI_SYSTEM_SUSPEND	     0x8400000e
#define PSCI_SYSTEM_SUSPEND64	     0xc400000e
#define PSCI_SET_SUSPEND_MODE	     0x8400000f
#define PSCI_STAT_RESIDENCY	     0x84000010
#define PSCI_STAT_RESIDENCY64	     0xc4000010
#define PSCI_STAT_COUNT		     0x84000011
#define PSCI_STAT_COUNT64	     0xc4000011
#define PSCI_SYSTEM_RESET2	     0x84000012
#define PSCI_SYSTEM_RESET2_64	     0xc4000012
#define PSCI_MEM_PROTECT	     0x84000013
#define PSCI_MEM_PROTECT_CHECK_RANGE 0x84000014

/* Error codes: negative, sign-extended to the width of the result register. */
#define PSCI_SUCCESS		0
#define PSCI_NOT_SUPPORTED	(-1)
#define PSCI_INVALID_PARAMETERS (-2)
#define PSCI_DENIED		(-3)
#define PSCI_ALREADY_ON		(-4)
#define PSCI_ON_PENDING		(-5)
#define PSCI_INTERNAL_FAILURE	(-6)
#define PSCI_NOT_PRESENT	(-7)
#define PSCI_DISABLED		(-8)
#define PSCI_INVALID_ADDRESS	(-9)

/* AFFINITY_INFO results. */
#define PSCI_AFFINITY_ON	 0
#define PSCI_AFFINITY_OFF	 1
#define PSCI_AFFINITY_ON_PENDING 2

/* MIGRATE_INFO_TYPE results. */
#define PSCI_TOS_MIGRATABLE	0
#define PSCI_TOS_NOT_MIGRATABLE 1
#define PSCI_TOS_NOT_NEEDED	2 /* no trusted OS, or one that needs no migration */

/* NODE_HW_STATE results. */
#define PSCI_HW_ON	0
#define PSCI_HW_OFF	1
#define PSCI_HW_STANDBY 2

/* CPU_SUSPEND's power_state, original format (5.4.2); FEATURES(CPU_SUSPEND) bit 1 is 0 for it. */
#define PSCI_POWER_STATE_ID_MASK     0x0000ffff
#define PSCI_POWER_STATE_POWERDOWN   0x00010000 /* StateType: 0 standby or retention, 1 power-down */
#define PSCI_POWER_STATE_LEVEL_SHIFT 24
#define PSCI_POWER_STATE_LEVEL_MASK  0x03000000
#define PSCI_POWER_STATE_MBZ_MASK    0xfcfe0000

/* FEATURES(CPU_SUSPEND) answer bits. */
#define PSCI_FEATURE_OSI	    0x1 /* OS-initiated mode */
#define PSCI_FEATURE_EXTENDED_STATE 0x2 /* extended StateID format */

/* SYSTEM_RESET2's reset_type: bit 31 clear for architectural types. */
#define PSCI_RESET2_WARM   0x00000000
#define PSCI_RESET2_VENDOR 0x80000000

/* Affinity fields of target_affinity, as in MPIDR_EL1; all other bits must be zero. */
#define PSCI_AFFINITY_MASK32 0x00ffffff
#define PSCI_AFFINITY_MASK64 0xff00ffffff

#endif /* ABI_PSCI_H */
