/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The physical interrupt controller. Interrupts that are nobody's get patterns, those that belong
 * to somebody are compared as they are, but for their pending and active bits, which go on
 * meanwhile. A level that is pending by hand is no state of Dormouse's (dev/gic/gic_line.h): only
 * edges are pended, and none that is enabled.
 */
#include "arch/mmio.h"
#include "arch/percpu.h"
#include "arch/sysreg.h"
#include "core/irq.h"
#include "dev/gic/gic.h"
#include "dev/gic/gic_v3_regs.h"
#include "probe.h"

/* Words of the register arrays: the same in both versions, and in GICv3's redistributors. */
#define ISENABLER  0x100
#define ICENABLER  0x180
#define ISPENDR    0x200
#define ICPENDR    0x280
#define ISACTIVER  0x300
#define ICACTIVER  0x380
#define IPRIORITYR 0x400
#define ITARGETSR  0x800
#define ICFGR      0xc00
#define CPENDSGIR  0xf10
#define SPENDSGIR  0xf20

#define GICC_PMR  0x004
#define GICC_BPR  0x008
#define GICC_APR0 0x0d0
#define GICH_HCR  0x000
#define GICH_VMCR 0x008
#define GICH_APR  0x0f0
#define GICH_LR   0x100

#define FIRMWARE_SGI 15 /* secure */

static struct cell storage[800];
static struct cells gic_cells = { .name = "gic", .max = ARRAY_SIZE(storage), .c = storage };
static struct gic_config config;

void probe_gic_setup(const struct gic_config *cfg)
{
	config = *cfg;
}

static bool nobodys(uint32_t intid)
{
	struct irq_info info;

	irq_lookup(intid, &info);
	return !*info.name && intid != 0 && intid != FIRMWARE_SGI;
}

static uint32_t nobodys_of(uint32_t first)
{
	uint32_t mask = 0;

	for (unsigned int i = 0; i < 32; i++)
		if (nobodys(first + i))
			mask |= 1u << i;
	return mask;
}

/* Each bit as `width` of them. */
static uint64_t spread(uint32_t bits, unsigned int from, unsigned int count, unsigned int width)
{
	uint64_t out = 0;

	for (unsigned int i = 0; i < count; i++)
		if (bits >> (from + i) & 1)
			out |= MASK(width - 1, 0) << (i * width);
	return out;
}

/* 32 interrupts, by the words of their registers. */
static void add_block(uintptr_t base, uint32_t first)
{
	uint32_t free = nobodys_of(first), edges = (uint32_t)probe_pattern() & free;
	uint32_t pend;
	struct cell *c;

	/* SGIs are edges; GICv2's are pended in registers of their own. PPIs are as they are wired.
	 */
	if (first == 0)
		edges = gic->version == 2 ? 0 : free & 0xffff;
	pend = edges & (uint32_t)probe_pattern();
	for (unsigned int n = 0; n < 2; n++) {
		c = cells_add32(&gic_cells, "ICFGR", first / 16 + n,
		                base + ICFGR + first / 4 + 4 * n);
		if (first == 0)
			continue;
		c->fill = spread(free, 16 * n, 16, 2) & 0xaaaaaaaa;
		c->given = spread(edges, 16 * n, 16, 2);
		c->exact = true;
	}
	for (unsigned int n = 0; n < 8; n++) {
		c = cells_add32(&gic_cells, "IPRIORITYR", first / 4 + n,
		                base + IPRIORITYR + first + 4 * n);
		c->fill = spread(free, 4 * n, 4, 8);
	}
	c = cells_add_bits(&gic_cells, "ISPENDR", first / 32, base + ISPENDR + first / 8,
	                   base + ICPENDR + first / 8);
	c->fill = c->given = c->look = pend;
	c->exact = true;
	c = cells_add_bits(&gic_cells, "ISACTIVER", first / 32, base + ISACTIVER + first / 8,
	                   base + ICACTIVER + first / 8);
	c->fill = c->look = free;
	c = cells_add_bits(&gic_cells, "ISENABLER", first / 32, base + ISENABLER + first / 8,
	                   base + ICENABLER + first / 8);
	c->fill = free & ~pend;
}

/* X(register, bits that get a pattern) */
/* clang-format off */
#define ICC_CELLS(X)                      \
	X(ICC_PMR_EL1, 0xff)              \
	X(ICC_BPR1_EL1, 7)                \
	X(ICC_CTLR_EL1, 0)                \
	X(ICC_IGRPEN1_EL1, 1)             \
	X(ICC_SRE_EL1, 0)                 \
	X(ICC_SRE_EL2, 0)                 \
	X(ICC_AP1R0_EL1, MASK(31, 0))     \
	X(ICH_HCR_EL2, 0xf8007cfe)        \
	X(ICH_VMCR_EL2, MASK(31, 0))      \
	X(ICH_AP0R0_EL2, MASK(31, 0))     \
	X(ICH_AP1R0_EL2, MASK(31, 0))
/* clang-format on */

#define ICC_ACCESS(reg, bits)                                     \
	static uint64_t read_##reg(const struct cell *c)          \
	{                                                         \
		(void)c;                                          \
		return sysreg_read(reg);                          \
	}                                                         \
	static void write_##reg(const struct cell *c, uint64_t v) \
	{                                                         \
		(void)c;                                          \
		sysreg_write(reg, v);                             \
	}
ICC_CELLS(ICC_ACCESS)

static uint64_t read_lr(const struct cell *cell)
{
#define READ(i, reg)        \
	if (cell->n == (i)) \
		return sysreg_read(reg);
	ICH_LRS(READ)
#undef READ
	return 0;
}

static void write_lr(const struct cell *cell, uint64_t v)
{
#define WRITE(i, reg)       \
	if (cell->n == (i)) \
		sysreg_write(reg, v);
	ICH_LRS(WRITE)
#undef WRITE
}

static void add_v3(void)
{
	uintptr_t rd = 0;
	struct cell *c;

	/* The boot CPU's redistributor is where its affinity says. */
	for (unsigned int r = 0; r < config.nr_redist_regions && !rd; r++) {
		for (uint64_t off = 0; off < config.redist[r].size && !rd; off += GICR_FRAMES_V3) {
			uintptr_t at = config.redist[r].base.raw + off;

			if (mmio_read64(at + GICR_TYPER) >> 32 ==
			    AFFINITY32(arch_this_cpu()->mpidr))
				rd = at;
		}
	}
	add_block(rd + GICR_SGI_FRAME, 0);
	cells_add32(&gic_cells, "GICR_CTLR", 0, rd + GICR_CTLR);
	cells_add64(&gic_cells, "GICR_PROPBASER", 0, rd + GICR_PROPBASER);
	cells_add64(&gic_cells, "GICR_PENDBASER", 0, rd + GICR_PENDBASER);
	for (uint32_t i = GIC_FIRST_SPI; i < gic_limits.nr_spis_end; i++) {
		c = cells_add64(&gic_cells, "GICD_IROUTER", i,
		                config.gicd.raw + GICD_IROUTER + 8 * i);
		c->fill = nobodys(i) ? BIT(31) | MASK(39, 32) | MASK(23, 0) : 0;
	}
#define ADD(reg, bits)                      \
	c = cells_add(&gic_cells, #reg, 0); \
	c->read = read_##reg;               \
	c->write = write_##reg;             \
	c->fill = (bits);                   \
	c->look = ~0ULL;
	ICC_CELLS(ADD)
#undef ADD
	for (unsigned int i = 0; i < gic_limits.nr_lrs; i++) {
		c = cells_add(&gic_cells, "ICH_LR", i);
		c->read = read_lr;
		c->write = write_lr;
		c->fill = c->look = ~0ULL;
	}
}

/* By the byte, and none that is 0: QEMU's model would make that SGI pending from nobody. */
static void write_sgi_sources(const struct cell *c, uint64_t v)
{
	mmio_write32(c->clear, (uint32_t)(~v & c->fill));
	for (unsigned int i = 0; i < 4; i++) {
		uint8_t sources = (uint8_t)((v & c->fill) >> (8 * i));

		if (sources)
			mmio_write8(c->at + i, sources);
	}
}

/* For four interrupts, at least one each, as Dormouse's own have. */
static uint32_t some_targets(void)
{
	uint32_t t = (uint32_t)probe_pattern() & (0x01010101 * ((1u << nr_cpus) - 1));

	for (unsigned int shift = 0; shift < 32; shift += 8)
		if (!(t >> shift & 0xff))
			t |= 1u << shift;
	return t;
}

static void add_v2(void)
{
	uintptr_t gicc = config.gicc.raw, gich = config.gich.raw;
	const struct {
		const char *name;
		unsigned int n;
		uintptr_t at;
		uint32_t fill;
	} regs[] = {
		{ "GICC_CTLR", 0, gicc, 0 },
		{ "GICC_PMR", 0, gicc + GICC_PMR, 0xff },
		{ "GICC_BPR", 0, gicc + GICC_BPR, 7 },
		{ "GICC_APR", 0, gicc + GICC_APR0, ~0u },
		{ "GICH_HCR", 0, gich + GICH_HCR, 0xf80000fe },
		{ "GICH_VMCR", 0, gich + GICH_VMCR, ~0u },
		{ "GICH_APR", 0, gich + GICH_APR, ~0u },
	};
	struct cell *c;

	add_block(config.gicd.raw, 0);
	for (uint32_t i = GIC_FIRST_SPI; i < gic_limits.nr_spis_end; i += 4) {
		c = cells_add32(&gic_cells, "GICD_ITARGETSR", i / 4,
		                config.gicd.raw + ITARGETSR + i);
		c->fill = spread(nobodys_of(i) & 0xf, 0, 4, 8);
		c->given = c->fill & some_targets();
		c->exact = true;
	}
	for (unsigned int i = 0; i < ARRAY_SIZE(regs); i++) {
		c = cells_add32(&gic_cells, regs[i].name, regs[i].n, regs[i].at);
		c->fill = regs[i].fill;
	}
	for (unsigned int i = 0; i < gic_limits.nr_lrs; i++) {
		c = cells_add32(&gic_cells, "GICH_LR", i, gich + GICH_LR + 4 * i);
		c->fill = MASK(31, 0);
	}
	/* SGIs: pending from each CPU that there is, by the byte. 0 kicks, 15 is the firmware's. */
	for (unsigned int i = 0; i < 4; i++) {
		c = cells_add_bits(&gic_cells, "GICD_SPENDSGIR", i,
		                   config.gicd.raw + SPENDSGIR + 4 * i,
		                   config.gicd.raw + CPENDSGIR + 4 * i);
		c->write = write_sgi_sources;
		c->fill = c->look = spread(nobodys_of(4 * i) & 0xf, 0, 4, 8) &
		                    (0x01010101 * ((1u << nr_cpus) - 1));
	}
}

void probe_gic_fill(void)
{
	gic_cells.count = 0;
	cells_add32(&gic_cells, "GICD_CTLR", 0, config.gicd.raw);
	for (uint32_t i = GIC_FIRST_SPI; i < gic_limits.nr_spis_end; i += 32)
		add_block(config.gicd.raw, i);
	if (gic->version == 3)
		add_v3();
	else
		add_v2();
	cells_fill(&gic_cells);
}

void probe_gic_check(void)
{
	cells_check(&gic_cells);
}
