/* SPDX-License-Identifier: Apache-2.0 */
/* Stands in for hyp/arch/mmio.h: accesses go to the register models that fake_mmio.h maps. */
#ifndef DM_ARCH_MMIO_H
#define DM_ARCH_MMIO_H

#include "lib/types.h"

uint8_t mmio_read8(uintptr_t addr);
uint16_t mmio_read16(uintptr_t addr);
uint32_t mmio_read32(uintptr_t addr);
uint64_t mmio_read64(uintptr_t addr);
void mmio_write8(uintptr_t addr, uint8_t v);
void mmio_write16(uintptr_t addr, uint16_t v);
void mmio_write32(uintptr_t addr, uint32_t v);
void mmio_write64(uintptr_t addr, uint64_t v);

#endif
