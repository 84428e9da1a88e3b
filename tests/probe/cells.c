/* SPDX-License-Identifier: Apache-2.0 */
#include "arch/mmio.h"
#include "lib/log.h"
#include "probe.h"

uint32_t probe_cycle;

/* splitmix64 */
uint64_t probe_pattern(void)
{
	static uint64_t state;
	uint64_t x = state += 0x9e3779b97f4a7c15;

	x = (x ^ x >> 30) * 0xbf58476d1ce4e5b9;
	x = (x ^ x >> 27) * 0x94d049bb133111eb;
	return x ^ x >> 31;
}

struct cell *cells_add(struct cells *s, const char *name, unsigned int n)
{
	static struct cell nowhere;

	if (s->count == s->max) {
		log_err("probe: %s: more than %u registers", s->name, s->max);
		return &nowhere;
	}
	s->c[s->count] = (struct cell) { .name = name, .n = n };
	return &s->c[s->count++];
}

static uint64_t read32(const struct cell *c)
{
	return mmio_read32(c->at);
}

static void write32(const struct cell *c, uint64_t v)
{
	mmio_write32(c->at, (uint32_t)v);
}

static uint64_t read64(const struct cell *c)
{
	return mmio_read64(c->at);
}

static void write64(const struct cell *c, uint64_t v)
{
	mmio_write64(c->at, v);
}

/* Only the bits that the pattern may touch: a bit of somebody's is neither set nor cleared. */
static void write_bits(const struct cell *c, uint64_t v)
{
	mmio_write32(c->clear, (uint32_t)(~v & c->fill));
	mmio_write32(c->at, (uint32_t)(v & c->fill));
}

static struct cell *add(struct cells *s, const char *name, unsigned int n, uintptr_t at,
                        uint64_t look)
{
	struct cell *c = cells_add(s, name, n);

	c->at = at;
	c->look = look;
	return c;
}

struct cell *cells_add32(struct cells *s, const char *name, unsigned int n, uintptr_t at)
{
	struct cell *c = add(s, name, n, at, MASK(31, 0));

	c->read = read32;
	c->write = write32;
	return c;
}

struct cell *cells_add64(struct cells *s, const char *name, unsigned int n, uintptr_t at)
{
	struct cell *c = add(s, name, n, at, ~0ULL);

	c->read = read64;
	c->write = write64;
	return c;
}

struct cell *cells_add_bits(struct cells *s, const char *name, unsigned int n, uintptr_t set,
                            uintptr_t clear)
{
	struct cell *c = add(s, name, n, set, MASK(31, 0));

	c->clear = clear;
	c->read = read32;
	c->write = write_bits;
	return c;
}

void cells_fill(struct cells *s)
{
	for (unsigned int i = 0; i < s->count; i++)
		s->c[i].before = s->c[i].read(&s->c[i]);
	for (unsigned int i = 0; i < s->count; i++) {
		struct cell *c = &s->c[i];

		uint64_t pattern = c->exact ? c->given : probe_pattern();

		if (c->fill)
			c->write(c, (c->before & ~c->fill) | (pattern & c->fill));
	}
	for (unsigned int i = 0; i < s->count; i++)
		s->c[i].wanted = s->c[i].read(&s->c[i]) & s->c[i].look;
	s->filled = true;
}

/* In a trial of the trial: has some of them what they would have had if nobody had brought them
 * back. All in turn. */
static void forget_some(struct cells *s)
{
	for (unsigned int i = probe_cycle % PROBE_TURNS; i < s->count; i += PROBE_TURNS) {
		const struct cell *c = &s->c[i];

		if (!c->fill || c->wanted == (c->before & c->look))
			continue;
		c->write(c, c->before);
		log_info("probe: forgot EL2 %s[%u]", c->name, c->n);
	}
}

void cells_check(struct cells *s)
{
	unsigned int differ = 0, filled = 0;

	if (!s->filled)
		return;
	s->filled = false;
	if (probe_forgets)
		forget_some(s);
	for (unsigned int i = 0; i < s->count; i++) {
		const struct cell *c = &s->c[i];
		uint64_t is = c->read(c) & c->look;

		filled += c->wanted != (c->before & c->look);
		if (is == c->wanted)
			continue;
		if (differ++ < 32)
			log_info("probe: differs: %s[%u] was 0x%lx is 0x%lx", c->name, c->n,
			         c->wanted, is);
	}
	for (unsigned int i = s->count; i-- > 0;)
		if (s->c[i].fill)
			s->c[i].write(&s->c[i], s->c[i].before);
	log_info("probe: %s: %u registers, %u filled, %u differ", s->name, s->count, filled,
	         differ);
}
