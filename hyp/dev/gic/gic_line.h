/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What GICv2 and GICv3 have in common: registers that hold a bit, two bits or a byte for each
 * interrupt line, in the distributor or a redistributor (IHI 0048 4.3, IHI 0069 12.9 and 12.11).
 * Private to dev/gic.
 *
 * A bank is one run of such registers; line n of it is bit n % 32 of word n / 32. GICD's SPIs are
 * lines 32 and on of the bank whose lines 0 to 31 are (v2) the calling CPU's SGIs and PPIs. In a
 * redistributor the extended PPIs follow as line 32 and on; extended SPIs have offsets of their
 * own.
 *
 * Locks: gic_line_set_edge() takes gic's lock; all else writes set/clear registers or whole bytes.
 */
#ifndef DM_DEV_GIC_GIC_LINE_H
#define DM_DEV_GIC_GIC_LINE_H

#include "dev/gic/gic.h"
#include "lib/types.h"

/* Byte offsets of the first word of each kind. */
struct gic_layout {
	uint16_t group;
	uint16_t group_mod; /* 0: the register isn't there (v2) */
	uint16_t set_enable, clear_enable;
	uint16_t set_pending, clear_pending;
	uint16_t set_active, clear_active;
	uint16_t priority;
	uint16_t config;
	bool sgis; /* lines 0 to 15 are SGIs: always edges, config read-only */
};
extern const struct gic_layout gic_layout_v2;   /* GICD of v2 */
extern const struct gic_layout gic_layout_v3;   /* GICD of v3, SGI_base frame of a redistributor */
extern const struct gic_layout gic_layout_espi; /* GICD of v3, extended SPIs */

struct gic_bank {
	const struct gic_layout *at;
	uintptr_t base;
	unsigned int first; /* line, a multiple of 32 */
	unsigned int end;   /* the line beyond the last, a multiple of 4 */
};

/* The registers of 32 lines. */
struct gic_block {
	uint32_t group, group_mod;
	uint32_t enable;
	uint32_t pending;
	uint32_t active;
	uint32_t config[2];
	uint32_t priority[8];
};

#define GIC_BLOCKS(lines) DIV_ROUND_UP(lines, 32)

static inline unsigned int gic_bank_blocks(const struct gic_bank *b)
{
	return GIC_BLOCKS(b->end - b->first);
}

/* In each, s[0] belongs to lines b->first to b->first + 31, and so on for gic_bank_blocks() blocks.
 */

/* How a bank starts: disabled, idle, level (SGIs stay edge), group 1 or 0, that priority. */
void gic_bank_defaults(const struct gic_bank *b, struct gic_block *s, bool group1,
                       uint8_t priority);
/* Reads all of it; the pending bits last, so that they are as late as can be. */
void gic_bank_save(const struct gic_bank *b, struct gic_block *s);
/* Disables every line not in keep[] (a word for each block; NULL: every line). */
void gic_bank_disable(const struct gic_bank *b, const uint32_t *keep);
/*
 * Brings back all but the enable bits. Every line must be off (gic_bank_disable() and its RWP
 * wait). Only edges are made pending: a level follows its line, and a latched one would outlive it.
 * Pending edges that the hardware has now and that are in keep[] (as above) stay pending.
 */
void gic_bank_restore(const struct gic_bank *b, const struct gic_block *s, const uint32_t *keep);
/* Exactly the saved enable bits. Those that are on and shouldn't be go off. */
void gic_bank_restore_enables(const struct gic_bank *b, const struct gic_block *s);
/* Edges that were pending when *s was saved: bit mask of its 32 lines. */
uint32_t gic_block_pending_edges(const struct gic_block *s);

/* The wake bitmap's part for block i of a bank of SPIs. */
static inline uint32_t gic_wake_word(const uint64_t *wake, unsigned int i)
{
	return (uint32_t)(wake[(i + 1) / 2] >> (32 * ((i + 1) % 2)));
}

/*
 * gic_ops.pending_wake() over the bank of SPIs; s: what suspend() saved, or NULL. A level comes
 * before an edge: its device still says so itself.
 */
uint32_t gic_bank_pending_wake(const struct gic_bank *b, const struct gic_block *s,
                               const uint64_t *wake);
/*
 * Has the bank lost its state since *s was saved? Its configuration tells; it is UNKNOWN after a
 * reset. What ISPENDR says of a level line that is taken for an edge is worth nothing then.
 */
bool gic_bank_lost(const struct gic_bank *b, const struct gic_block *s);
/*
 * After gic_bank_lost(), every line off as for gic_bank_restore(): brings the configuration back,
 * so that ISPENDR tells which levels are high. Pending edges of keep[] are added to *s before.
 */
void gic_bank_settle(const struct gic_bank *b, struct gic_block *s, const uint32_t *keep);

/* For a dump: what the manual calls a bank's registers. */
struct gic_names {
	const char *group, *group_mod, *enable, *priority, *config;
};
/* gic_ops.dump_*() of a bank, each kind of register in turn. */
void gic_bank_dump(const struct gic_bank *b, const struct gic_names *names, gic_dump_fn *fn,
                   void *ctx);

/* A line of a bank. */
struct gic_line {
	const struct gic_layout *at;
	uintptr_t base;
	unsigned int nr;
};

/*
 * What the version's driver tells: where an INTID's line is (false: there is none; it is then
 * ignored, and reads as 0), and how to wait until a disable has taken effect.
 */
struct gic_line_ops {
	bool (*find)(uint32_t intid, struct gic_line *l);
	void (*wait_disabled)(uint32_t intid);
};
void gic_line_setup(const struct gic_line_ops *ops);

/* Members of struct gic_ops, the same for both versions. */
void gic_line_set_enabled(uint32_t intid, bool on);
bool gic_line_is_enabled(uint32_t intid);
void gic_line_set_pending(uint32_t intid, bool on);
bool gic_line_is_pending(uint32_t intid);
void gic_line_set_active(uint32_t intid, bool on);
bool gic_line_is_active(uint32_t intid);
void gic_line_set_edge(uint32_t intid, bool edge);
void gic_line_set_priority(uint32_t intid, uint8_t priority);

/* Waits until the masked bits at addr read as want, bounded. 0, or -ETIMEDOUT with `what` logged.
 */
int gic_wait(uintptr_t addr, uint32_t mask, uint32_t want, const char *what);

#endif
