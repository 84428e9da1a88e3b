/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The end of the road: for faults of Dormouse itself, never reached from a guest's doing.
 * Prints "(dormouse) panic: " + the text, then registers and a stack trace (by the hook that main.c
 * sets), stops the other CPUs and powers the machine off.
 */
#ifndef DM_LIB_PANIC_H
#define DM_LIB_PANIC_H

#include "lib/types.h"

typedef void panic_hook_fn(void);

void panic_set_hook(panic_hook_fn *hook);
/*
 * Also for fatal(). begin: before the first line is written (the console's emergency mode). end:
 * stops the other CPUs and powers the machine off; if it returns or isn't set, the CPU spins.
 */
void panic_set_begin(panic_hook_fn *begin);
void panic_set_end(panic_hook_fn *end);
__noreturn void panic(const char *fmt, ...) __printf_like(1, 2);

/*
 * The same for what is not our fault: a broken device tree, a missing module, too little memory.
 * One clear line "(dormouse) fatal: ..." and a power-off, no dump.
 */
__noreturn void fatal(const char *fmt, ...) __printf_like(1, 2);

/* The condition is a fact about Dormouse's own state; a guest cannot make it false. */
#define ASSERT(cond)                                                                    \
	do {                                                                            \
		if (unlikely(!(cond)))                                                  \
			panic("assertion %s failed, %s:%d", #cond, __FILE__, __LINE__); \
	} while (0)

#endif
