/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Registers that GICv2 and GICv3 have in common, at the same offsets: the shared interrupts in
 * the distributor, and the banked ones (v2: in the distributor, v3: in each redistributor's
 * SGI_base frame).
 */
#include "gic.h"
#include "kept.h"
#include "log.h"
#include "sysreg.h"

struct gic_place gic_place;
const struct gic_ops *gic;
struct gic_shared gic_kept_shared KEPT;

/* Edge-triggered sources that woke the machine: a real wake-up controller latches them. */
static uint32_t latched[GIC_MAX_WORDS];

static uint32_t dist(uint32_t offset)
{
	return read32(gic_place.gicd + offset);
}

static void dist_set(uint32_t offset, uint32_t val)
{
	write32(gic_place.gicd + offset, val);
}

void gic_select(void)
{
	/* ID_AA64PFR0_EL1.GIC: the system register interface of GICv3 or later. */
	bool sysregs = id_field(read_sysreg(id_aa64pfr0_el1), 24) != 0;

	if (gic_place.version == 3 && sysregs)
		gic = &gic_v3;
	else if (gic_place.version == 2 && !sysregs)
		gic = &gic_v2;
	else if (gic_place.version)
		fatal("device tree has a GICv%u, the CPU disagrees", gic_place.version);
	else
		fatal("no GICv2 or GICv3 in the device tree");
	if (gic_place.gicd != GICD_BASE)
		fatal("GIC distributor at %lx, not where the CPUs wait for it",
		      (unsigned long)gic_place.gicd);
}

void gic_open_gate(void)
{
	dsb_sy(); /* pairs with the dmb after the poll in entry.S */
	dist_set(GICD_CTLR, dist(GICD_CTLR) | GICD_CTLR_GRP0);
	__asm__ volatile("sev");
}

unsigned int gicd_words(void)
{
	unsigned int n = (dist(GICD_TYPER) & 0x1f) + 1;

	return n < GIC_MAX_WORDS ? n : GIC_MAX_WORDS;
}

/* ICFGR may only change while disabled, so the order here matters (IHI 0048 4.3.13). */
void gicd_init_shared(void)
{
	for (unsigned int w = 1; w < gicd_words(); w++) {
		dist_set(GICD_ICENABLER + 4 * w, ~0U);
		dist_set(GICD_IGROUPR + 4 * w, ~0U);
		dist_set(GICD_ICACTIVER + 4 * w, ~0U);
		dist_set(GICD_ICFGR + 8 * w, 0);
		dist_set(GICD_ICFGR + 8 * w + 4, 0);
		for (unsigned int i = 0; i < 8; i++)
			dist_set(GICD_IPRIORITYR + 32 * w + 4 * i, PRIORITY_NS);
		dist_set(GICD_ICPENDR + 4 * w, ~0U);
	}
}

void gicd_save_shared(void)
{
	struct gic_shared *s = &gic_kept_shared;

	s->ctlr = dist(GICD_CTLR);
	for (unsigned int w = 1; w < gicd_words(); w++) {
		s->group[w] = dist(GICD_IGROUPR + 4 * w);
		s->enable[w] = dist(GICD_ISENABLER + 4 * w);
		s->pend[w] = dist(GICD_ISPENDR + 4 * w);
		s->active[w] = dist(GICD_ISACTIVER + 4 * w);
		s->cfg[2 * w] = dist(GICD_ICFGR + 8 * w);
		s->cfg[2 * w + 1] = dist(GICD_ICFGR + 8 * w + 4);
		for (unsigned int i = 0; i < 8; i++)
			s->prio[8 * w + i] = dist(GICD_IPRIORITYR + 32 * w + 4 * i);
	}
}

/* One bit per interrupt of word @w: is it edge-triggered? (ICFGR has two bits each.) */
static uint32_t edges(unsigned int w)
{
	uint32_t mask = 0;

	for (unsigned int i = 0; i < 32; i++) {
		if (gic_kept_shared.cfg[2 * w + i / 16] >> (i % 16 * 2 + 1) & 1)
			mask |= 1U << i;
	}
	return mask;
}

void gicd_arm_shared(void)
{
	const struct gic_shared *s = &gic_kept_shared;

	for (unsigned int w = 1; w < gicd_words(); w++) {
		latched[w] = 0;
		dist_set(GICD_ICFGR + 8 * w, s->cfg[2 * w]);
		dist_set(GICD_ICFGR + 8 * w + 4, s->cfg[2 * w + 1]);
		dist_set(GICD_ISENABLER + 4 * w, s->enable[w] & s->group[w]);
	}
}

static int first_pending(bool check_active)
{
	const struct gic_shared *s = &gic_kept_shared;

	for (unsigned int w = 1; w < gicd_words(); w++) {
		uint32_t hit = s->enable[w] & s->group[w];

		if (!hit)
			continue;
		hit &= dist(GICD_ISPENDR + 4 * w);
		if (hit && check_active)
			hit &= ~dist(GICD_ISACTIVER + 4 * w);
		if (hit)
			return (int)(32 * w) + __builtin_ctz(hit);
	}
	return -1;
}

int gicd_pending_shared(void)
{
	return first_pending(true);
}

int gicd_woken_shared(void)
{
	return first_pending(false);
}

void gicd_disarm_shared(void)
{
	const struct gic_shared *s = &gic_kept_shared;

	for (unsigned int w = 1; w < gicd_words(); w++)
		latched[w] = dist(GICD_ISPENDR + 4 * w) & s->enable[w] & s->group[w] & edges(w);
	gicd_init_shared();
	for (unsigned int w = 1; w < gicd_words(); w++)
		dist_set(GICD_ISPENDR + 4 * w, latched[w]);
}

void gicd_restore_shared(void)
{
	const struct gic_shared *s = &gic_kept_shared;

	for (unsigned int w = 1; w < gicd_words(); w++) {
		dist_set(GICD_IGROUPR + 4 * w, s->group[w]);
		dist_set(GICD_ICFGR + 8 * w, s->cfg[2 * w]);
		dist_set(GICD_ICFGR + 8 * w + 4, s->cfg[2 * w + 1]);
		for (unsigned int i = 0; i < 8; i++)
			dist_set(GICD_IPRIORITYR + 32 * w + 4 * i, s->prio[8 * w + i]);
		/* A level that was pending then is pending now if the device still says so. */
		dist_set(GICD_ISPENDR + 4 * w, s->pend[w] & edges(w));
		dist_set(GICD_ISACTIVER + 4 * w, s->active[w]);
		dist_set(GICD_ISENABLER + 4 * w, s->enable[w]);
	}
}

/*
 * Garbage where registers are UNKNOWN after a reset: configuration, priorities, active bits, and
 * enables of interrupts that `virt` has not wired (INTID 224 and up: they can't fire).
 */
#define FIRST_UNWIRED_WORD 7

void gicd_poison_shared(void)
{
	for (unsigned int w = 1; w < gicd_words(); w++) {
		dist_set(GICD_ICFGR + 8 * w, 0xa8a2282aU);
		dist_set(GICD_ICFGR + 8 * w + 4, 0x2a8a0aa2U);
		for (unsigned int i = 0; i < 8; i++)
			dist_set(GICD_IPRIORITYR + 32 * w + 4 * i, 0xf8d0b8a8U ^ (i << 3));
		dist_set(GICD_ISACTIVER + 4 * w, 0x5a5a3cf0U ^ w);
		if (w >= FIRST_UNWIRED_WORD)
			dist_set(GICD_ISENABLER + 4 * w, 0x96c3a55aU);
	}
}

void gic_banked_init(uint64_t base)
{
	write32(base + GICD_ICENABLER, ~0U);
	write32(base + GICD_IGROUPR, ~FW_INTS);
	write32(base + GICD_ICACTIVER, ~0U);
	write32(base + GICD_ICFGR + 4, 0);
	for (unsigned int i = 0; i < 8; i++)
		write32(base + GICD_IPRIORITYR + 4 * i, PRIORITY_NS);
	/* Ours are more urgent than any of the normal world's. */
	write32(base + GICD_IPRIORITYR + FW_SGI / 4 * 4, PRIORITY_NS & ~(0xffU << FW_SGI % 4 * 8));
	write32(base + GICD_IPRIORITYR + FW_TIMER / 4 * 4, PRIORITY_NS & ~(0xffU << FW_TIMER % 4 * 8));
	write32(base + GICD_ICPENDR, ~0U);
	write32(base + GICD_ISENABLER, FW_INTS);
}

void gic_banked_save(uint64_t base, struct gic_banked *b)
{
	b->group = read32(base + GICD_IGROUPR);
	b->enable = read32(base + GICD_ISENABLER);
	b->pend = read32(base + GICD_ISPENDR);
	b->active = read32(base + GICD_ISACTIVER);
	b->cfg[0] = read32(base + GICD_ICFGR);
	b->cfg[1] = read32(base + GICD_ICFGR + 4);
	for (unsigned int i = 0; i < 8; i++)
		b->prio[i] = read32(base + GICD_IPRIORITYR + 4 * i);
}

void gic_banked_restore(uint64_t base, const struct gic_banked *b)
{
	write32(base + GICD_IGROUPR, b->group);
	write32(base + GICD_ICFGR + 4, b->cfg[1]);
	for (unsigned int i = 0; i < 8; i++)
		write32(base + GICD_IPRIORITYR + 4 * i, b->prio[i]);
	write32(base + GICD_ISACTIVER, b->active);
	write32(base + GICD_ISENABLER, b->enable);
}

void gic_banked_poison(uint64_t base)
{
	/* PPIs 16 to 22 are not wired on `virt`. Not the firmware's own. */
	for (unsigned int i = 0; i < 8; i++) {
		uint32_t prio = 0xe8c8b8a8U ^ (i << 3);

		if (i == FW_SGI / 4)
			prio &= ~(0xffU << FW_SGI % 4 * 8);
		if (i == FW_TIMER / 4)
			prio &= ~(0xffU << FW_TIMER % 4 * 8);
		write32(base + GICD_IPRIORITYR + 4 * i, prio);
	}
	write32(base + GICD_ICFGR + 4, 0x28a2a8aaU & ~(3U << (FW_TIMER - 16) * 2));
	write32(base + GICD_ISACTIVER, 0x7a5500e1U & ~FW_INTS);
	write32(base + GICD_ISENABLER, 0x00550000U);
}

int gic_banked_pending(uint64_t base)
{
	uint32_t hit = read32(base + GICD_ISPENDR) & read32(base + GICD_ISENABLER) &
		       read32(base + GICD_IGROUPR) & ~read32(base + GICD_ISACTIVER);

	return hit ? __builtin_ctz(hit) : -1;
}
