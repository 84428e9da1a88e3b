/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The part of GIC models that both versions share: interrupt lines with enable, pending, active,
 * priority and configuration, behind register banks. Offsets are the models' own, from the
 * specifications (IHI 0048 table 4-1, IHI 0069 tables 12-25, 12-27, 12-29), not the driver's.
 */
#ifndef FAKE_GIC_LINES_MODEL_H
#define FAKE_GIC_LINES_MODEL_H

#include "lib/types.h"

struct model_line {
	bool input; /* the wire: not lost at a reset */
	bool enable;
	bool latch; /* pending, apart from a level input */
	bool active;
	bool group1, group_mod;
	uint8_t priority;
	uint8_t config; /* 2: edge */
};

struct model_offsets {
	uint32_t group, group_mod, enable, disable, pend, unpend, act, deact, priority, config;
};
extern const struct model_offsets model_offsets_std, model_offsets_espi;

/* What a model counts against its driver; a test ends with none. */
struct model_rules {
	unsigned int broken;
	const char *last; /* which */
	bool no_groups;   /* group registers RAZ/WI: a non-secure caller */
	bool rwp;         /* writes are still on their way: configuration must wait */
	bool sgi_pend_ro; /* v2: SGIs have their own pending registers */
	uint8_t priority_mask;
};
void model_broke(struct model_rules *r, const char *what);

/*
 * An access to line n's registers, n counted from the bank's line 0; lines [from, to) are there.
 * False: that offset isn't one of them. *disabled is set by a write that disables (RWP follows).
 */
bool model_lines_read(struct model_line *lines, unsigned int from, unsigned int to, bool sgis,
                      const struct model_offsets *at, const struct model_rules *r, uint64_t off,
                      unsigned int size, uint64_t *v);
bool model_lines_write(struct model_line *lines, unsigned int from, unsigned int to, bool sgis,
                       const struct model_offsets *at, struct model_rules *r, uint64_t off,
                       unsigned int size, uint64_t v, bool *disabled);

bool model_line_pending(const struct model_line *l);
/* The wire goes to that level; a rising edge latches an edge line. */
void model_line_input(struct model_line *l, bool high);
/* Power lost: as after a reset, the wire stays. */
void model_lines_reset(struct model_line *lines, unsigned int nr, bool sgis, bool no_groups);
/* Anything at all in what software can write. */
void model_lines_garbage(struct model_line *lines, unsigned int nr, bool sgis,
                         const struct model_rules *r);
/* The most urgent enabled, pending, inactive of [from, to), or to. */
unsigned int model_lines_best(const struct model_line *lines, unsigned int from, unsigned int to);

uint64_t model_random(void);

#endif
