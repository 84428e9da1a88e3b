/* SPDX-License-Identifier: Apache-2.0 */
/* See gic_line.h. */
#include "dev/gic/gic_line.h"

#include "arch/barrier.h"
#include "arch/counter.h"
#include "arch/mmio.h"
#include "arch/spinlock.h"
#include "dev/gic/gic.h"
#include "lib/err.h"
#include "lib/log.h"

/* A GIC finishes its own business in microseconds. */
#define WAIT_LIMIT_MS 100

const struct gic_layout gic_layout_v2 = {
	.group = 0x080,
	.set_enable = 0x100,
	.clear_enable = 0x180,
	.set_pending = 0x200,
	.clear_pending = 0x280,
	.set_active = 0x300,
	.clear_active = 0x380,
	.priority = 0x400,
	.config = 0xc00,
	.sgis = true,
};

const struct gic_layout gic_layout_v3 = {
	.group = 0x080,
	.group_mod = 0xd00,
	.set_enable = 0x100,
	.clear_enable = 0x180,
	.set_pending = 0x200,
	.clear_pending = 0x280,
	.set_active = 0x300,
	.clear_active = 0x380,
	.priority = 0x400,
	.config = 0xc00,
	.sgis = true,
};

const struct gic_layout gic_layout_espi = {
	.group = 0x1000,
	.group_mod = 0x3400,
	.set_enable = 0x1200,
	.clear_enable = 0x1400,
	.set_pending = 0x1600,
	.clear_pending = 0x1800,
	.set_active = 0x1a00,
	.clear_active = 0x1c00,
	.priority = 0x2000,
	.config = 0x3000,
};

static const struct gic_line_ops *line_ops;
static struct spinlock config_lock = SPINLOCK_INIT; /* read-modify-write of the config registers */

int gic_wait(uintptr_t addr, uint32_t mask, uint32_t want, const char *what)
{
	uint64_t end = counter_now() + counter_from_ms(WAIT_LIMIT_MS);
	bool late;

	do {
		/* The clock first: a CPU that lost time between the two still gets its last look.
		 */
		late = counter_now() > end;
		if ((mmio_read32(addr) & mask) == want)
			return 0;
		cpu_relax();
	} while (!late);
	log_err("gic: %s doesn't get done", what);
	return -ETIMEDOUT;
}

/* Block i of a bank: address of its word of a one-bit register, and which of its lines there are.
 */
static uintptr_t word(const struct gic_bank *b, uint16_t reg, unsigned int i)
{
	return b->base + reg + 4 * (b->first / 32 + i);
}

static unsigned int block_lines(const struct gic_bank *b, unsigned int i)
{
	return (unsigned int)min_u64(b->end - b->first - 32 * i, 32);
}

static uint32_t block_mask(const struct gic_bank *b, unsigned int i)
{
	return (uint32_t)MASK(block_lines(b, i) - 1, 0);
}

static uintptr_t config_addr(const struct gic_bank *b, unsigned int i, unsigned int n)
{
	return b->base + b->at->config + 4 * (2 * (b->first / 32 + i) + n);
}

/* The block's first config word that can be written. */
static unsigned int first_config(const struct gic_bank *b, unsigned int i)
{
	return b->at->sgis && b->first + i == 0 ? 1 : 0;
}

static uintptr_t priority_addr(const struct gic_bank *b, unsigned int i, unsigned int n)
{
	return b->base + b->at->priority + b->first + 32 * i + 4 * n;
}

void gic_bank_defaults(const struct gic_bank *b, struct gic_block *s, bool group1, uint8_t priority)
{
	for (unsigned int i = 0; i < gic_bank_blocks(b); i++) {
		s[i] = (struct gic_block) { .group = group1 ? ~0u : 0 };
		for (unsigned int n = 0; n < 8; n++)
			s[i].priority[n] = priority * 0x01010101u;
	}
}

void gic_bank_save(const struct gic_bank *b, struct gic_block *s)
{
	for (unsigned int i = 0; i < gic_bank_blocks(b); i++) {
		s[i].group = mmio_read32(word(b, b->at->group, i));
		s[i].group_mod = b->at->group_mod ? mmio_read32(word(b, b->at->group_mod, i)) : 0;
		s[i].enable = mmio_read32(word(b, b->at->set_enable, i));
		s[i].active = mmio_read32(word(b, b->at->set_active, i));
		for (unsigned int n = 0; n < 2; n++)
			s[i].config[n] = mmio_read32(config_addr(b, i, n));
		for (unsigned int n = 0; n < block_lines(b, i) / 4; n++)
			s[i].priority[n] = mmio_read32(priority_addr(b, i, n));
	}
	for (unsigned int i = 0; i < gic_bank_blocks(b); i++)
		s[i].pending = mmio_read32(word(b, b->at->set_pending, i));
}

void gic_bank_disable(const struct gic_bank *b, const uint32_t *keep)
{
	for (unsigned int i = 0; i < gic_bank_blocks(b); i++)
		mmio_write32(word(b, b->at->clear_enable, i),
		             block_mask(b, i) & ~(keep ? keep[i] : 0));
}

/* Bits 1, 3, 5 and so on, pushed together. */
static uint32_t odd_bits(uint32_t v)
{
	v = v >> 1 & 0x55555555;
	v = (v | v >> 1) & 0x33333333;
	v = (v | v >> 2) & 0x0f0f0f0f;
	v = (v | v >> 4) & 0x00ff00ff;
	return (v | v >> 8) & 0x0000ffff;
}

/* Bit n set: line n is edge-triggered. Its config field is 0b10 (IHI 0048 4.3.13, IHI 0069 12.9.9).
 */
static uint32_t edge_mask(const struct gic_block *s)
{
	return odd_bits(s->config[0]) | odd_bits(s->config[1]) << 16;
}

uint32_t gic_block_pending_edges(const struct gic_block *s)
{
	return s->pending & edge_mask(s);
}

void gic_bank_restore(const struct gic_bank *b, const struct gic_block *s, const uint32_t *keep)
{
	for (unsigned int i = 0; i < gic_bank_blocks(b); i++) {
		uint32_t mask = block_mask(b, i);
		uint32_t now = keep ? mmio_read32(word(b, b->at->set_pending, i)) & keep[i] : 0;
		uint32_t pending = gic_block_pending_edges(&s[i]) | (now & edge_mask(&s[i]));

		mmio_write32(word(b, b->at->clear_active, i), mask);
		mmio_write32(word(b, b->at->group, i), s[i].group & mask);
		if (b->at->group_mod)
			mmio_write32(word(b, b->at->group_mod, i), s[i].group_mod & mask);
		for (unsigned int n = first_config(b, i); n < 2; n++)
			mmio_write32(config_addr(b, i, n), s[i].config[n]);
		for (unsigned int n = 0; n < block_lines(b, i) / 4; n++)
			mmio_write32(priority_addr(b, i, n), s[i].priority[n]);
		/* After the config: a change of it may leave a line pending. */
		mmio_write32(word(b, b->at->clear_pending, i), mask & ~pending);
		mmio_write32(word(b, b->at->set_pending, i), mask & pending);
		mmio_write32(word(b, b->at->set_active, i), s[i].active & mask);
	}
}

void gic_bank_restore_enables(const struct gic_bank *b, const struct gic_block *s)
{
	for (unsigned int i = 0; i < gic_bank_blocks(b); i++) {
		uint32_t mask = block_mask(b, i);

		mmio_write32(word(b, b->at->clear_enable, i), ~s[i].enable & mask);
		mmio_write32(word(b, b->at->set_enable, i), s[i].enable & mask);
	}
}

static void dump_bits(const struct gic_bank *b, uint16_t reg, const char *name, gic_dump_fn *fn,
                      void *ctx)
{
	for (unsigned int i = 0; i < gic_bank_blocks(b); i++)
		fn(ctx, name, b->first / 32 + i, mmio_read32(word(b, reg, i)) & block_mask(b, i));
}

void gic_bank_dump(const struct gic_bank *b, const struct gic_names *names, gic_dump_fn *fn,
                   void *ctx)
{
	dump_bits(b, b->at->group, names->group, fn, ctx);
	if (b->at->group_mod)
		dump_bits(b, b->at->group_mod, names->group_mod, fn, ctx);
	dump_bits(b, b->at->set_enable, names->enable, fn, ctx);
	for (unsigned int i = 0; i < gic_bank_blocks(b); i++)
		for (unsigned int n = 0; n < block_lines(b, i) / 4; n++)
			fn(ctx, names->priority, (b->first + 32 * i) / 4 + n,
			   mmio_read32(priority_addr(b, i, n)));
	for (unsigned int i = 0; i < gic_bank_blocks(b); i++)
		for (unsigned int n = 0; n < 2; n++)
			fn(ctx, names->config, 2 * (b->first / 32 + i) + n,
			   mmio_read32(config_addr(b, i, n)));
}

static uint32_t pick_wake(const struct gic_bank *b, const struct gic_block *s, const uint64_t *wake,
                          bool edges)
{
	for (unsigned int i = 0; i < gic_bank_blocks(b); i++) {
		uint32_t may = gic_wake_word(wake, i) & block_mask(b, i);
		uint32_t pending;

		if (s)
			may &= s[i].enable & (edges ? edge_mask(&s[i]) : ~edge_mask(&s[i]));
		if (!may)
			continue;
		pending = mmio_read32(word(b, b->at->set_pending, i));
		if (s)
			pending |= gic_block_pending_edges(&s[i]);
		else
			pending &= mmio_read32(word(b, b->at->set_enable, i));
		pending &= may;
		if (pending)
			return b->first + 32 * i + (uint32_t)__builtin_ctz(pending);
	}
	return GIC_SPURIOUS;
}

uint32_t gic_bank_pending_wake(const struct gic_bank *b, const struct gic_block *s,
                               const uint64_t *wake)
{
	uint32_t intid = pick_wake(b, s, wake, false);

	return intid == GIC_SPURIOUS && s ? pick_wake(b, s, wake, true) : intid;
}

bool gic_bank_lost(const struct gic_bank *b, const struct gic_block *s)
{
	for (unsigned int i = 0; i < gic_bank_blocks(b); i++) {
		struct gic_block now = { .config = { mmio_read32(config_addr(b, i, 0)),
			                             mmio_read32(config_addr(b, i, 1)) } };

		if ((edge_mask(&now) ^ edge_mask(&s[i])) & block_mask(b, i))
			return true;
	}
	return false;
}

void gic_bank_settle(const struct gic_bank *b, struct gic_block *s, const uint32_t *keep)
{
	for (unsigned int i = 0; i < gic_bank_blocks(b); i++) {
		uint32_t edges = edge_mask(&s[i]);

		s[i].pending |= mmio_read32(word(b, b->at->set_pending, i)) & keep[i] & edges;
		for (unsigned int n = first_config(b, i); n < 2; n++)
			mmio_write32(config_addr(b, i, n), s[i].config[n]);
		mmio_write32(word(b, b->at->clear_pending, i), ~edges & block_mask(b, i));
	}
}

void gic_line_setup(const struct gic_line_ops *ops)
{
	line_ops = ops;
}

/* Single lines. */

static uintptr_t line_word(const struct gic_line *l, uint16_t reg)
{
	return l->base + reg + 4 * (l->nr / 32);
}

static uint32_t line_bit(const struct gic_line *l)
{
	return (uint32_t)BIT(l->nr % 32);
}

void gic_line_set_enabled(uint32_t intid, bool on)
{
	struct gic_line l;

	if (!line_ops->find(intid, &l))
		return;
	mmio_write32(line_word(&l, on ? l.at->set_enable : l.at->clear_enable), line_bit(&l));
	if (!on)
		line_ops->wait_disabled(intid);
}

bool gic_line_is_enabled(uint32_t intid)
{
	struct gic_line l;

	return line_ops->find(intid, &l) &&
	       mmio_read32(line_word(&l, l.at->set_enable)) & line_bit(&l);
}

void gic_line_set_pending(uint32_t intid, bool on)
{
	struct gic_line l;

	if (line_ops->find(intid, &l))
		mmio_write32(line_word(&l, on ? l.at->set_pending : l.at->clear_pending),
		             line_bit(&l));
}

bool gic_line_is_pending(uint32_t intid)
{
	struct gic_line l;

	return line_ops->find(intid, &l) &&
	       mmio_read32(line_word(&l, l.at->set_pending)) & line_bit(&l);
}

void gic_line_set_active(uint32_t intid, bool on)
{
	struct gic_line l;

	if (line_ops->find(intid, &l))
		mmio_write32(line_word(&l, on ? l.at->set_active : l.at->clear_active),
		             line_bit(&l));
}

bool gic_line_is_active(uint32_t intid)
{
	struct gic_line l;

	return line_ops->find(intid, &l) &&
	       mmio_read32(line_word(&l, l.at->set_active)) & line_bit(&l);
}

void gic_line_set_edge(uint32_t intid, bool edge)
{
	struct gic_line l;
	uintptr_t addr;
	uint32_t bit, v;

	if (intid < GIC_NR_SGIS || !line_ops->find(intid, &l))
		return;
	addr = l.base + l.at->config + 4 * (l.nr / 16);
	bit = (uint32_t)BIT(2 * (l.nr % 16) + 1);
	spin_lock(&config_lock);
	v = mmio_read32(addr);
	mmio_write32(addr, edge ? v | bit : v & ~bit);
	spin_unlock(&config_lock);
}

void gic_line_set_priority(uint32_t intid, uint8_t priority)
{
	struct gic_line l;

	/* A byte each, and byte access is architected (IHI 0048 4.1.4, IHI 0069 12.1.3). */
	if (line_ops->find(intid, &l))
		mmio_write8(l.base + l.at->priority + l.nr, priority);
}
