/* SPDX-License-Identifier: Apache-2.0 */
#include "suspend/el2.h"

#include "arch/barrier.h"
#include "arch/bringup.h"
#include "arch/sysreg.h"
#include "lib/err.h"
#include "lib/log.h"
#include "lib/types.h"
#include "suspend/el2_regs.h"

static struct {
#define FIELD_OF(reg) uint64_t reg;
	EL2_CONTROL(FIELD_OF)
	EL2_REGIME(FIELD_OF)
#undef FIELD_OF
} kept;

int el2_suspend(void)
{
#define KEEP(reg) kept.reg = sysreg_read(reg);
	EL2_CONTROL(KEEP)
	EL2_REGIME(KEEP)
#undef KEEP
	return 0;
}

static int compare(const char *name, uint64_t was, uint64_t is)
{
	if (was == is)
		return 0;
	log_err("suspend: %s was 0x%lx and came back as 0x%lx", name, was, is);
	return -EIO;
}

int el2_resume(void)
{
	int error = 0;

	el2_config_load();
#define RESTORE(reg) sysreg_write(reg, kept.reg);
	EL2_CONTROL(RESTORE)
#undef RESTORE
	isb(); /* in force before anything below relies on them */
#define COMPARE(reg)                                   \
	if (compare(#reg, kept.reg, sysreg_read(reg))) \
		error = -EIO;
	EL2_REGIME(COMPARE)
#undef COMPARE
	return error;
}
