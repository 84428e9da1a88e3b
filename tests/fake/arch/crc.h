/* SPDX-License-Identifier: Apache-2.0 */
/* Stands in for hyp/arch/crc.h: the fake CPU's ID register says whether it can, and it does it a byte at a time. */
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
	static uint32_t table[256];

	for (unsigned int i = 1; !table[255] && i < 256; i++) {
		table[i] = i;
		for (unsigned int bit = 0; bit < 8; bit++)
			table[i] = table[i] >> 1 ^ (table[i] & 1 ? 0xedb88320u : 0);
	}
	for (unsigned int i = 0; i < 8; i++, bytes >>= 8)
		crc = crc >> 8 ^ table[(crc ^ bytes) & 0xff];
	return crc;
}

#endif
