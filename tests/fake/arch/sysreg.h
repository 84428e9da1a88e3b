/* SPDX-License-Identifier: Apache-2.0 */
/* Stands in for hyp/arch/sysreg.h: registers live in a table by name, see fake_sysreg.h. */
#ifndef DM_ARCH_SYSREG_H
#define DM_ARCH_SYSREG_H

#include "lib/types.h"

#define DM_STR_(x) #x
#define DM_STR(x)  DM_STR_(x)

uint64_t fake_sysreg_read(const char *reg);
void fake_sysreg_write(const char *reg, uint64_t v);

#define sysreg_read(reg)       fake_sysreg_read(DM_STR(reg))
#define sysreg_write(reg, val) fake_sysreg_write(DM_STR(reg), val)

#endif
