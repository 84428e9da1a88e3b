/* SPDX-License-Identifier: Apache-2.0 */
#include "arch/suspend.h"

#include "arch/barrier.h"
#include "arch/bringup.h"
#include "arch/sysreg.h"
#include "lib/panic.h"

int64_t suspend_call(arch_suspend_fn *call, struct bringup *b);

/* Read by suspend_stray (head.S). */
struct bringup *suspend_block;
uint64_t suspend_stray_mpidr;

void arch_suspend_init(struct bringup *b)
{
	suspend_block = b;
}

int64_t arch_suspend_enter(arch_suspend_fn *call)
{
	suspend_stray_mpidr = ARCH_SUSPEND_NO_STRAY;
	/* All of this CPU's stores are done before the firmware takes over. */
	dsb(sy);
	return suspend_call(call, suspend_block);
}

uint64_t arch_suspend_stray(void)
{
	return suspend_stray_mpidr;
}

__noreturn void suspend_stranded(int64_t error);

/* Called by head.S on a CPU that was woken by mistake. */
__noreturn __used void suspend_stranded(int64_t error)
{
	panic("suspend: the firmware woke the CPU with MPIDR 0x%lx and refuses to start the one that called: %ld",
	      sysreg_read(mpidr_el1), error);
}
