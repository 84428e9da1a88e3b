/* SPDX-License-Identifier: Apache-2.0 */
/* What the compiler's stack protector refers to; the guard is set anew at cold boot (entry.S). */
#include "log.h"
#include "sysreg.h"

extern uintptr_t __stack_chk_guard;
uintptr_t __stack_chk_guard __attribute__((section(".data"))) = 0x00aff10a0dff0a00UL;

void __stack_chk_fail(void) __attribute__((noreturn));

void __stack_chk_fail(void)
{
	fatal("stack overwritten on CPU %u", (unsigned int)read_sysreg(tpidr_el3));
}
