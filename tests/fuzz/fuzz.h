/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What every target has, and what it has to give.
 *
 * All state of the code under test and of the fakes below it is put back before each execution
 * (fuzz_state.c): no target resets anything. What must not be put back is kept in memory from
 * malloc(); a large buffer that is always written before it is read is FUZZ_SCRATCH, for speed.
 */
#ifndef FUZZ_H
#define FUZZ_H

#include "fuzz_input.h"

#define FUZZ_SCRATCH __attribute__((section("fuzz_scratch")))

/* The target's: once; what it leaves behind is the state that each execution begins with. */
void fuzz_setup(void);
/* The target's: one execution. */
void fuzz_one(struct input *in);

/* Ends the process as a crash, after saying so. A fact that no input can make false. */
#define FUZZ_CHECK(cond)                                                                \
	do {                                                                            \
		if (!(cond))                                                            \
			fuzz_die("%s:%d: %s does not hold", __FILE__, __LINE__, #cond); \
	} while (0)
void fuzz_die(const char *format, ...) __attribute__((format(printf, 1, 2), noreturn));

/* fuzz_state.c */
void fuzz_state_save(void);
void fuzz_state_restore(void);

/* fuzz_pages.c: its own part of the two, and what a target may look at and change. */
#define FUZZ_ARENA 0x200000000000     /* where pages are */
#define FUZZ_PAGES (4096 + (8 << 10)) /* and how many there are */
void fuzz_pages_save(void);
void fuzz_pages_restore(void);
bool fuzz_page_is_taken(const void *page);
extern unsigned int fuzz_pages_out; /* pages that are allocated now */
extern int fuzz_page_budget;        /* calls of page_alloc() that still succeed; -1: no limit */

#endif
