/* SPDX-License-Identifier: Apache-2.0 */
/* The GIC's registers as such: what can be written, what reads back, what isn't there. */
#include "gic.h"

#include "gic_tests.h"

static bool v3(void)
{
	return plat.gic_version == 3;
}

void gic_clean(void)
{
	static const uint32_t first[] = { SPI_DEVICE, SPI_FREE };

	irq_disable();
	this_cpu()->irq_hook = 0;
	this_cpu()->manual_eoi = false;
	gic_set_eoimode(false);
	gic_set_pmr(0xf0);
	for (unsigned int k = 0; k < 2; k++) {
		for (uint32_t i = first[k]; i < first[k] + NR_SPIS; i++) {
			gic_disable(i);
			gic_unpend(i);
			gic_set_bit(GICD_ICACTIVER, i);
			gic_set_edge(i, false);
			gic_set_priority(i, 0xa0);
			gic_set_target(i, 0);
		}
	}
	gic_forget();
}

static void identification(void)
{
	uint32_t typer = read32(plat.gicd + GICD_TYPER), iidr = read32(plat.gicd + GICD_IIDR);
	uint32_t pidr2 = read32(plat.gicd + (v3() ? GICD_PIDR2 : 0xfe8));

	check(gic_nr_intids() >= SPI_FREE + NR_SPIS);
	check_eq(pidr2 >> 4 & 0xf, plat.gic_version);
	if (!v3())
		check_eq((typer >> 5 & 7) + 1, plat.nr_cpus);
	write32(plat.gicd + GICD_TYPER, ~typer);
	write32(plat.gicd + GICD_IIDR, ~iidr);
	check_eq(read32(plat.gicd + GICD_TYPER), typer);
	check_eq(read32(plat.gicd + GICD_IIDR), iidr);
}

static void control(void)
{
	uint32_t on = read32(plat.gicd + GICD_CTLR);

	check(on & (v3() ? 3 : 1)); /* EnableGrp1 or, with affinity routing, EnableGrp1A */
	if (v3())
		check((on & 0x12) == 0x12); /* affinity routing; group 1 */
	write32(plat.gicd + GICD_CTLR, on & ~3u);
	delay_us(100);
	check_eq(read32(plat.gicd + GICD_CTLR) & 3, 0);
	write32(plat.gicd + GICD_CTLR, on);
	delay_us(100);
	check_eq(read32(plat.gicd + GICD_CTLR), on);
}

/* Pairs of set and clear registers: writing a 1 does it, a 0 nothing; both read the state. */
static void set_clear_pair(unsigned int set, unsigned int clear, uint32_t intid)
{
	uintptr_t s = gic_reg(set, 1, intid), c = gic_reg(clear, 1, intid);
	uint32_t bit = 1u << intid % 32, others = read32(s) & ~bit;

	write32(c, bit);
	checkf(!(read32(s) & bit) && !(read32(c) & bit), "0x%x: INTID %u cleared", set, intid);
	write32(s, bit);
	checkf((read32(s) & bit) && (read32(c) & bit), "0x%x: INTID %u set", set, intid);
	write32(s, 0);
	write32(c, 0);
	checkf((read32(s) & bit) && (read32(c) & bit), "0x%x: INTID %u: 0 written", set, intid);
	checkf((read32(s) & ~bit) == others, "0x%x: INTID %u changes others", set, intid);
	write32(c, bit);
	checkf(!(read32(s) & bit) && !(read32(c) & bit), "0x%x: INTID %u cleared", set, intid);
}

static void enables(void)
{
	gic_clean();
	for (uint32_t i = SPI_DEVICE; i < SPI_FREE + NR_SPIS; i++)
		set_clear_pair(GICD_ISENABLER, GICD_ICENABLER, i);
	set_clear_pair(GICD_ISENABLER, GICD_ICENABLER, plat.timer_virt);
	set_clear_pair(GICD_ISENABLER, GICD_ICENABLER, plat.timer_phys);
}

static void pendings(void)
{
	gic_clean();
	for (uint32_t i = 0; i < NR_SPIS; i++) {
		set_clear_pair(GICD_ISPENDR, GICD_ICPENDR, SPI_DEVICE + i);
		set_clear_pair(GICD_ISPENDR, GICD_ICPENDR, SPI_FREE + i);
		gic_set_edge(SPI_DEVICE + i, true);
		gic_set_edge(SPI_FREE + i, true);
		set_clear_pair(GICD_ISPENDR, GICD_ICPENDR, SPI_DEVICE + i);
		set_clear_pair(GICD_ISPENDR, GICD_ICPENDR, SPI_FREE + i);
	}
	gic_clean();
}

static void actives(void)
{
	gic_clean();
	for (uint32_t i = 0; i < NR_SPIS; i++) {
		set_clear_pair(GICD_ISACTIVER, GICD_ICACTIVER, SPI_DEVICE + i);
		set_clear_pair(GICD_ISACTIVER, GICD_ICACTIVER, SPI_FREE + i);
	}
}

/* Whole words at a time: every bit of it, with nobody else's changed. */
static void whole_words(void)
{
	static const unsigned int pairs[][2] = { { GICD_ISENABLER, GICD_ICENABLER },
		                                 { GICD_ISPENDR, GICD_ICPENDR },
		                                 { GICD_ISACTIVER, GICD_ICACTIVER } };

	gic_clean();
	for (unsigned int k = 0; k < ARRAY_SIZE(pairs); k++) {
		uintptr_t s = plat.gicd + pairs[k][0] + 5 * 4, c = plat.gicd + pairs[k][1] + 5 * 4;

		write32(s, 0x00005aa5); /* INTIDs 160 to 175: free ones */
		check_eq(read32(s), 0x00005aa5);
		write32(c, 0x000050a0);
		check_eq(read32(s), 0x00000a05);
		check_eq(read32(c), 0x00000a05);
		write32(c, ~0u);
		check_eq(read32(s), 0);
	}
	gic_clean();
}

/* Levels are the upper bits, sixteen at least (IHI 0048 3.3, IHI 0069 4.8); bytes and words. */
static void priorities(void)
{
	static const uint32_t intids[] = { SPI_DEVICE + 4, SPI_FREE + 4, 0, 16 };

	for (unsigned int k = 0; k < ARRAY_SIZE(intids); k++) {
		uint32_t i = intids[k];
		uintptr_t word = gic_reg(GICD_IPRIORITYR, 8, i);
		uint8_t mask;

		gic_set_priority(i, 0xff);
		mask = gic_priority(i);
		check((mask & 0xf0) == 0xf0);
		check(((uint8_t)~mask & ((uint8_t)~mask + 1)) == 0); /* contiguous */
		write32(word, 0x80604020);
		for (unsigned int b = 0; b < 4; b++)
			check_eq(read8(word + b), 0x20 * (b + 1));
		write8(word + 2, 0xf0);
		check_eq(read32(word), 0x80f04020);
		write8(word + 1, 0);
		check_eq(read32(word), 0x80f00020);
		write32(word, 0xa0a0a0a0);
		check_eq(read32(word), 0xa0a0a0a0);
	}
}

static void targets(void)
{
	uintptr_t a = plat.gicd + GICD_ITARGETSR + SPI_FREE, b = plat.gicd + GICD_ITARGETSR;
	uint32_t all = (1u << plat.nr_cpus) - 1;
	/* QEMU's own has the bits of CPUs that aren't there; they should be RAZ/WI. */
	uint32_t mask = plat.dormouse ? ~0u : all * 0x01010101;

	skip_if(v3(), "a GICv2's register");
	skip_if(plat.nr_cpus == 1, "RAZ/WI with one CPU");
	write32(a, ~0u);
	check_eq(read32(a) & mask, all * 0x01010101);
	write8(a + 1, 2);
	check_eq(read32(a) & mask, (all * 0x01010101 & 0xffff00ff) | 0x200);
	write32(a, 0);
	check_eq(read32(a), 0);
	write32(a, 0x01010101);
	check_eq(read32(a), 0x01010101);
	/* SGIs and PPIs: this CPU's own bit, read-only. */
	for (unsigned int i = 0; i < 32; i++)
		check_eq(read8(b + i), 1);
	write32(b, ~0u);
	write32(b + 28, 0);
	check_eq(read32(b), 0x01010101);
	check_eq(read32(b + 28), 0x01010101);
}

static void routes(void)
{
	uintptr_t a = plat.gicd + GICD_IROUTER + SPI_FREE * 8;

	skip_if(!v3(), "a GICv3's register");
	write64(a, ~0ul);
	check_eq(read64(a) & 0xffffff, 0xffffff);
	write64(a, 0);
	check_eq(read64(a), 0);
	write32(a, 3);
	check_eq(read64(a), 3);
	check_eq(read32(a), 3);
	check_eq(read32(a + 4), 0);
	write64(a, cpu_nr(0)->mpidr);
	check_eq(read64(a), cpu_nr(0)->mpidr);
	/* With affinity routing the old targets are not there (IHI 0069 12.9.22). */
	write32(plat.gicd + GICD_ITARGETSR + SPI_FREE, ~0u);
	check_eq(read32(plat.gicd + GICD_ITARGETSR + SPI_FREE), 0);
}

static void configuration(void)
{
	gic_clean();
	for (uint32_t i = 0; i < NR_SPIS; i++) {
		for (uint32_t s = SPI_DEVICE; s <= SPI_FREE; s += SPI_FREE - SPI_DEVICE) {
			gic_set_edge(s + i, true);
			checkf(gic_is_edge(s + i), "INTID %u edge", s + i);
			gic_set_edge(s + i, false);
			checkf(!gic_is_edge(s + i), "INTID %u level", s + i);
		}
	}
	/* SGIs are edges, and stay so. */
	write32(gic_reg(GICD_ICFGR, 2, 0), 0);
	check_eq(read32(gic_reg(GICD_ICFGR, 2, 0)) & 0x2aaaaaaa,
	         0x2aaaaaaa); /* 15: see sgi_usable */
}

/* Interrupts that don't exist, and the holes between registers: RAZ/WI. */
static void not_there(void)
{
	static const unsigned int holes_v2[] = { 0x00c, 0x010, 0x040, 0x07c, 0xf30, 0xfc0 };
	static const unsigned int holes_v3[] = { 0x000c, 0x0060, 0x0078, 0x5000, 0xc000, 0xff00 };
	static const unsigned int one_bit[] = { GICD_ISENABLER, GICD_ISPENDR, GICD_ISACTIVER };
	const unsigned int *holes = v3() ? holes_v3 : holes_v2;
	/* QEMU 7.2's GICv3 has 32 more than it says. */
	uint32_t end = (gic_nr_intids() + 31) / 32 * 32 + (plat.dormouse ? 0 : 32);

	for (unsigned int i = 0; i < ARRAY_SIZE(holes_v2); i++) {
		write32(plat.gicd + holes[i], ~0u);
		checkf(read32(plat.gicd + holes[i]) == 0, "GICD 0x%x", holes[i]);
	}
	for (unsigned int k = 0; k < ARRAY_SIZE(one_bit) && end < 992; k++) {
		write32(gic_reg(one_bit[k], 1, end), ~0u);
		checkf(read32(gic_reg(one_bit[k], 1, end)) == 0, "0x%x of INTID %u", one_bit[k],
		       end);
		write32(gic_reg(one_bit[k], 1, 960), ~0u);
		checkf(read32(gic_reg(one_bit[k], 1, 960)) == 0, "0x%x of INTID 960", one_bit[k]);
	}
	if (end >= 992)
		return;
	write32(gic_reg(GICD_IPRIORITYR, 8, end), ~0u);
	check_eq(read32(gic_reg(GICD_IPRIORITYR, 8, end)), 0);
	write32(gic_reg(GICD_ICFGR, 2, end), ~0u);
	check_eq(read32(gic_reg(GICD_ICFGR, 2, end)) & 0xaaaaaaaa, 0);
}

static void redistributors(void)
{
	static const unsigned int holes[] = { 0x0018, 0x0030, 0x0068, 0x00c0, 0x8000 };
	unsigned int n = 0;

	skip_if(!v3(), "a GICv3's");
	for (uintptr_t r = plat.gicr; r < plat.gicr + plat.gicr_size; r += GICR_FRAME, n++) {
		uint64_t typer = read64(r + GICR_TYPER), m = cpu_nr(n)->mpidr;

		check_eq(typer >> 32, (m >> 8 & 0xff000000) | (m & 0xffffff));
		check_eq(typer >> 8 & 0xffff, n);
		check_eq(read32(r + GICR_TYPER), (uint32_t)typer);
		check_eq(read32(r + GICR_TYPER + 4), typer >> 32);
		check_eq(read32(r + GICR_PIDR2) >> 4 & 0xf, 3);
		write64(r + GICR_TYPER, 0);
		check_eq(read64(r + GICR_TYPER), typer);
		for (unsigned int i = 0; i < ARRAY_SIZE(holes); i++) {
			write32(r + holes[i], ~0u);
			checkf(read32(r + holes[i]) == 0, "GICR 0x%x", holes[i]);
		}
		if (typer & BIT(4)) /* Last */
			break;
	}
	check_eq(n + 1, plat.nr_cpus);
	/* Awake: ProcessorSleep and ChildrenAsleep are 0. */
	check_eq(read32(this_cpu()->gicr + GICR_WAKER) & 6, 0);
}

GUEST_TESTS({ "identification", identification }, { "distributor control", control },
            { "enable registers", enables }, { "pending registers", pendings },
            { "active registers", actives }, { "whole words", whole_words },
            { "priority registers", priorities }, { "targets (v2)", targets },
            { "routes (v3)", routes }, { "configuration", configuration },
            { "what is not there", not_there }, { "redistributors (v3)", redistributors },
            { "nothing pending", nothing_pending }, { "one interrupt", one_interrupt },
            { "disabled, not taken", disabled_not_taken }, { "withdrawn, not taken", withdrawn },
            { "distributor off, not taken", distributor_off }, { "priority mask", priority_mask },
            { "many, in order of priority", many_in_order },
            { "many, end and deactivation split", many_split }, { "preemption", preemption },
            { "end and deactivation split", split_eoi },
            { "pended while active", pended_while_active },
            { "a PPI by software", ppi_by_software }, { "a device's level", device_level },
            { "SPIs to each CPU", routing }, { "rerouted while pending", rerouted_while_pending },
            { "one of many CPUs", one_of_many }, { "many on each CPU", on_each_cpu },
            { "SGIs, all to all", sgi_all_to_all }, { "SGIs to the others", sgi_to_others },
            { "SGIs from several (v2)", sgi_sources }, { "all SGIs at once", sgi_all_at_once },
            { "SGI ping-pong", sgi_ping_pong }, { "SGI pending registers", sgi_pending_registers },
            { "another CPU's redistributor (v3)", redistributor_of_another },
            { "SPIs and SGIs, a storm", spi_storm }, );
