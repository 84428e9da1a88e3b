/* SPDX-License-Identifier: Apache-2.0 */
/*
 * SMC Calling Convention, Arm DEN0028: layout of a function identifier (section 2.5), the
 * Arm Architecture Calls that we know (section 7), and what an unknown call answers.
 * Plain macros: assembly includes this file too.
 */
#ifndef ABI_SMCCC_H
#define ABI_SMCCC_H

/* Fields of the 32-bit function identifier in w0. */
#define SMCCC_FAST	  0x80000000 /* 1: fast call, 0: yielding call */
#define SMCCC_64	  0x40000000 /* 1: SMC64/HVC64 convention, 0: SMC32/HVC32 */
#define SMCCC_OWNER_SHIFT 24
#define SMCCC_OWNER_MASK  0x3f000000
#define SMCCC_SVE_HINT	  0x00010000 /* "no live SVE state"; not part of the function's identity */
#define SMCCC_FUNC_MASK	  0x0000ffff
#define SMCCC_MBZ_MASK	  0x00fe0000 /* must be zero in a fast call */

#define SMCCC_OWNER_ARCH	0
#define SMCCC_OWNER_CPU		1
#define SMCCC_OWNER_SIP		2
#define SMCCC_OWNER_OEM		3
#define SMCCC_OWNER_STD		4 /* standard secure services: PSCI, TRNG, SDEI */
#define SMCCC_OWNER_STD_HYP	5
#define SMCCC_OWNER_VENDOR_HYP	6

/* Arm Architecture Calls. */
#define SMCCC_VERSION		0x80000000
#define SMCCC_ARCH_FEATURES	0x80000001
#define SMCCC_ARCH_SOC_ID	0x80000002
#define SMCCC_ARCH_SOC_ID64	0xc0000002
#define SMCCC_ARCH_WORKAROUND_1 0x80008000
#define SMCCC_ARCH_WORKAROUND_2 0x80007fff
#define SMCCC_ARCH_WORKAROUND_3 0x80003fff

/* Vendor-specific hypervisor service queries. */
#define SMCCC_VENDOR_HYP_CALL_COUNT 0x8600ff00
#define SMCCC_VENDOR_HYP_UID	    0x8600ff01
#define SMCCC_VENDOR_HYP_REVISION   0x8600ff03

/* True random number generator, Arm DEN0098. */
#define SMCCC_TRNG_VERSION  0x84000050
#define SMCCC_TRNG_FEATURES 0x84000051
#define SMCCC_TRNG_GET_UUID 0x84000052
#define SMCCC_TRNG_RND32    0x84000053
#define SMCCC_TRNG_RND64    0xc4000053

#define SMCCC_VERSION_1_0 0x10000
#define SMCCC_VERSION_1_1 0x10001
#define SMCCC_VERSION_1_2 0x10002

/* Results, in w0 or x0. */
#define SMCCC_SUCCESS		0
#define SMCCC_NOT_SUPPORTED	(-1) /* also the answer to an unknown function identifier */
#define SMCCC_NOT_REQUIRED	(-2)
#define SMCCC_INVALID_PARAMETER (-3)

#endif /* ABI_SMCCC_H */
