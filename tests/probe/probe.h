/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A checker at EL2, in builds with PROBE=1 only (tests/probe/build.mk). It fills the registers that
 * Dormouse has for itself with patterns just before the rows of the step table that keep them,
 * destroys what the firmware kept, and compares when those rows have brought them back. It says so
 * in the log:
 *
 *   probe: NAME: N registers, N filled, N differ
 *   probe: differs: REGISTER[N] was 0x... is 0x...
 *
 * All of it runs on the boot CPU, the others off, interrupts masked, as the rows themselves do. No
 * locks.
 */
#ifndef PROBE_H
#define PROBE_H

#include "lib/types.h"

/* A register, or part of one. */
struct cell {
	const char *name;
	unsigned int n;
	uint64_t (*read)(const struct cell *c);
	void (*write)(const struct cell *c, uint64_t value);
	uintptr_t at, clear; /* addresses: of it, of what clears its bits */
	uint64_t fill, look; /* bits that get a pattern; that are compared */
	bool exact;          /* the pattern is `given` */
	uint64_t given;
	uint64_t before, wanted; /* by cells_fill() */
};

struct cells {
	const char *name;
	unsigned int count, max;
	struct cell *c;
	bool filled;
};

/* NULL: it doesn't fit, which is logged. */
struct cell *cells_add(struct cells *s, const char *name, unsigned int n);
/* A register of 32 or 64 bits by its address; of 32 where ones set and, at `clear`, clear. */
struct cell *cells_add32(struct cells *s, const char *name, unsigned int n, uintptr_t at);
struct cell *cells_add64(struct cells *s, const char *name, unsigned int n, uintptr_t at);
struct cell *cells_add_bits(struct cells *s, const char *name, unsigned int n, uintptr_t set,
                            uintptr_t clear);

/* Another pattern each time; what can be held is what counts. In order. */
void cells_fill(struct cells *s);
/* Compares, says what it found, and brings back what was there before, in reverse order. */
void cells_check(struct cells *s);

uint64_t probe_pattern(void);
extern uint32_t probe_cycle; /* from 1 on */

struct gic_config;
void probe_gic_setup(const struct gic_config *cfg);
void probe_gic_fill(void);
void probe_gic_check(void);

/*
 * The trial of the trial, if the command line says probe=forget: in each sleep some registers
 * aren't brought back, which is said; after PROBE_TURNS sleeps each was one of them. forget.c:
 * those of a frozen domain.
 */
#define PROBE_TURNS 34
extern bool probe_forgets;
void probe_forget(void);

#endif
