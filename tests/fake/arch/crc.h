/* SPDX-License-Identifier: Apache-2.0 */
/* Stands in for hyp/arch/crc.h: the fake CPU's ID register says whether it can, and it does it a bit at a time. */
#ifndef DM_ARCH_CRC_H
#define DM_ARCH_CRC_H

#include "arch/sysreg.h"
#include "lib/types.h"

static inline bool crc32_by_cpu(void)
{
	return FIELD(sysreg_read(id_aa64isar0_el1), 19, 16);
}

static inline uint32_t crc32_add(uint32_t crc, uint64_t bytes)
{
	for (unsigned int bit = 0; bit < 64; bit++, bytes >>= 1)
		crc = crc >> 1 ^ ((crc ^ (uint32_t)bytes) & 1 ? 0xedb88320u : 0);
	return crc;
}

#endif
