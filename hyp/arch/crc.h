/* SPDX-License-Identifier: Apache-2.0 */
/* CRC-32 of IEEE 802.3 by the CPU: FEAT_CRC32, optional in Armv8.0, which all of Arm's own cores have. */
#ifndef DM_ARCH_CRC_H
#define DM_ARCH_CRC_H

#include "arch/sysreg.h"
#include "lib/types.h"

/* ID_AA64ISAR0_EL1.CRC32 (Arm ARM D17.2.61) of the calling CPU. */
static inline bool crc32_by_cpu(void)
{
	return FIELD(sysreg_read(id_aa64isar0_el1), 19, 16);
}

/* Eight bytes more, the lowest first. Neither inverts before nor after. */
static inline uint32_t crc32_add(uint32_t crc, uint64_t bytes)
{
	__asm__(".arch_extension crc\n\tcrc32x %w0, %w0, %1" : "+r"(crc) : "r"(bytes));
	return crc;
}

#endif
