/* SPDX-License-Identifier: Apache-2.0 */
#include "gic_lines_model.h"

const struct model_offsets model_offsets_std = {
	.group = 0x80,
	.group_mod = 0xd00,
	.enable = 0x100,
	.disable = 0x180,
	.pend = 0x200,
	.unpend = 0x280,
	.act = 0x300,
	.deact = 0x380,
	.priority = 0x400,
	.config = 0xc00,
};

const struct model_offsets model_offsets_espi = {
	.group = 0x1000,
	.group_mod = 0x3400,
	.enable = 0x1200,
	.disable = 0x1400,
	.pend = 0x1600,
	.unpend = 0x1800,
	.act = 0x1a00,
	.deact = 0x1c00,
	.priority = 0x2000,
	.config = 0x3000,
};

void model_broke(struct model_rules *r, const char *what)
{
	r->broken++;
	r->last = what;
}

uint64_t model_random(void)
{
	static uint64_t s = 88172645463325252u;

	s ^= s << 13;
	s ^= s >> 7;
	s ^= s << 17;
	return s;
}

bool model_line_pending(const struct model_line *l)
{
	return l->latch || (l->config != 2 && l->input);
}

void model_line_input(struct model_line *l, bool high)
{
	if (high && !l->input && l->config == 2)
		l->latch = true;
	l->input = high;
}

/* Which register, and the first line that the word at off is about. */
enum kind { GROUP, GROUP_MOD, ENABLE, DISABLE, PEND, UNPEND, ACT, DEACT, PRIORITY, CONFIG, NONE };

static enum kind decode(const struct model_offsets *at, unsigned int to, uint64_t off,
                        unsigned int *line)
{
	const struct {
		uint32_t base;
		unsigned int per_byte; /* lines in a byte, times 4 */
	} regs[] = {
		[GROUP] = { at->group, 32 },      [GROUP_MOD] = { at->group_mod, 32 },
		[ENABLE] = { at->enable, 32 },    [DISABLE] = { at->disable, 32 },
		[PEND] = { at->pend, 32 },        [UNPEND] = { at->unpend, 32 },
		[ACT] = { at->act, 32 },          [DEACT] = { at->deact, 32 },
		[PRIORITY] = { at->priority, 4 }, [CONFIG] = { at->config, 16 },
	};

	for (unsigned int k = 0; k < NONE; k++) {
		uint64_t lines = (off - regs[k].base) * regs[k].per_byte / 4;

		if (off >= regs[k].base && lines < to) {
			*line = (unsigned int)lines;
			return k;
		}
	}
	return NONE;
}

static unsigned int lines_in(enum kind k, unsigned int size)
{
	if (k == PRIORITY)
		return size;
	return k == CONFIG ? 4 * size : 8 * size;
}

bool model_lines_read(struct model_line *lines, unsigned int from, unsigned int to, bool sgis,
                      const struct model_offsets *at, const struct model_rules *r, uint64_t off,
                      unsigned int size, uint64_t *v)
{
	unsigned int first, n;
	enum kind k = decode(at, to, off, &first);

	if (k == NONE || first < from)
		return false;
	*v = 0;
	n = lines_in(k, size);
	for (unsigned int i = 0; i < n && first + i < to; i++) {
		const struct model_line *l = &lines[first + i];
		uint64_t field = 0;

		switch (k) {
		case GROUP:
			field = l->group1 && !r->no_groups;
			break;
		case GROUP_MOD:
			field = l->group_mod && !r->no_groups;
			break;
		case ENABLE:
		case DISABLE:
			field = l->enable;
			break;
		case PEND:
		case UNPEND:
			field = model_line_pending(l);
			break;
		case ACT:
		case DEACT:
			field = l->active;
			break;
		case PRIORITY:
			field = l->priority;
			break;
		default:
			field = sgis && first + i < 16 ? 2 : l->config;
			break;
		}
		*v |= field << (i * (8 * size / n));
	}
	return true;
}

static void write_config(struct model_line *l, bool sgi, struct model_rules *r, uint8_t field)
{
	if (sgi) {
		model_broke(r, "config of an SGI written");
		return;
	}
	/* IHI 0048 4.3.13, IHI 0069 12.9.9: UNPREDICTABLE while enabled. */
	if (l->config != (field & 2) && (l->enable || r->rwp))
		model_broke(r, "config changed while enabled");
	l->config = field & 2;
}

static void write_line(struct model_line *l, enum kind k, unsigned int nr, bool sgis,
                       struct model_rules *r, uint64_t field, bool *disabled)
{
	bool sgi = sgis && nr < 16;

	switch (k) {
	case GROUP:
		if (!r->no_groups)
			l->group1 = field;
		break;
	case GROUP_MOD:
		if (!r->no_groups)
			l->group_mod = field;
		break;
	case ENABLE:
		l->enable |= field;
		break;
	case DISABLE:
		l->enable &= !field;
		*disabled = true;
		break;
	case PEND:
		if (!sgi || !r->sgi_pend_ro)
			l->latch |= field;
		break;
	case UNPEND:
		if (!sgi || !r->sgi_pend_ro)
			l->latch &= !field;
		break;
	case ACT:
		l->active |= field;
		break;
	case DEACT:
		l->active &= !field;
		break;
	case PRIORITY:
		l->priority = (uint8_t)field & r->priority_mask;
		break;
	default:
		write_config(l, sgi, r, (uint8_t)field);
		break;
	}
}

bool model_lines_write(struct model_line *lines, unsigned int from, unsigned int to, bool sgis,
                       const struct model_offsets *at, struct model_rules *r, uint64_t off,
                       unsigned int size, uint64_t v, bool *disabled)
{
	unsigned int first, n, bits;
	enum kind k = decode(at, to, off, &first);

	if (k == NONE || first < from)
		return false;
	if (k != PRIORITY && size != 4)
		model_broke(r, "not a word access");
	n = lines_in(k, size);
	bits = 8 * size / n;
	for (unsigned int i = 0; i < n; i++) {
		uint64_t field = (v >> (i * bits)) & (BIT(bits) - 1);

		if (first + i < to)
			write_line(&lines[first + i], k, first + i, sgis, r, field, disabled);
		else if (field && k != CONFIG && to == 1020)
			model_broke(r, "INTIDs 1020 to 1023 written");
	}
	return true;
}

void model_lines_reset(struct model_line *lines, unsigned int nr, bool sgis, bool no_groups)
{
	for (unsigned int i = 0; i < nr; i++)
		lines[i] = (struct model_line) {
			.input = lines[i].input,
			.config = sgis && i < 16 ? 2 : 0,
			.group1 =
			        no_groups, /* the firmware gives them all to the non-secure side */
		};
}

void model_lines_garbage(struct model_line *lines, unsigned int nr, bool sgis,
                         const struct model_rules *r)
{
	for (unsigned int i = 0; i < nr; i++) {
		struct model_line *l = &lines[i];
		uint64_t g = model_random();

		l->enable = g & 1;
		l->latch = g & 2 && !(sgis && i < 16 && r->sgi_pend_ro);
		l->active = g & 4;
		l->config = sgis && i < 16 ? 2 : g & 8 ? 2 : 0;
		l->priority = (uint8_t)(g >> 8) & r->priority_mask;
		if (!r->no_groups) {
			l->group1 = g & 16;
			l->group_mod = g & 32;
		}
	}
}

unsigned int model_lines_best(const struct model_line *lines, unsigned int from, unsigned int to)
{
	unsigned int best = to;

	for (unsigned int i = from; i < to; i++)
		if (lines[i].enable && model_line_pending(&lines[i]) && !lines[i].active &&
		    (best == to || lines[i].priority < lines[best].priority))
			best = i;
	return best;
}
