/* SPDX-License-Identifier: Apache-2.0 */
#include "gic.h"

#include "platform.h"
#include "sysreg.h"
#include "tap.h"
#include "timer.h"

#define ICC_PMR_EL1     S3_0_C4_C6_0
#define ICC_DIR_EL1     S3_0_C12_C11_1
#define ICC_RPR_EL1     S3_0_C12_C11_3
#define ICC_SGI1R_EL1   S3_0_C12_C11_5
#define ICC_IAR1_EL1    S3_0_C12_C12_0
#define ICC_EOIR1_EL1   S3_0_C12_C12_1
#define ICC_HPPIR1_EL1  S3_0_C12_C12_2
#define ICC_BPR1_EL1    S3_0_C12_C12_3
#define ICC_CTLR_EL1    S3_0_C12_C12_4
#define ICC_SRE_EL1     S3_0_C12_C12_5
#define ICC_IGRPEN1_EL1 S3_0_C12_C12_7

/* ARE_NS, EnableGrp1A, EnableGrp1; with one security state: ARE, EnableGrp1, EnableGrp0. */
#define CTLR_ON_V3 0x13
#define CTLR_RWP   BIT(31)
#define RWP_MS     1000

static bool v3(void)
{
	return plat.gic_version == 3;
}

static void wait_rwp(uintptr_t ctlr, uint32_t bit)
{
	uint64_t end = deadline_ms(RWP_MS);

	while ((read32(ctlr) & bit) && !passed(end))
		;
	if (read32(ctlr) & bit)
		tap_bail("GIC: register write pending for ever");
}

static bool banked(uint32_t intid)
{
	return v3() && intid < 32;
}

uintptr_t gic_reg(unsigned int offset, unsigned int bits, uint32_t intid)
{
	uintptr_t base = banked(intid) ? this_cpu()->gicr + GICR_SGI : plat.gicd;

	/* Byte registers are bytes; the others are words. */
	if (bits == 8)
		return base + offset + intid;
	return base + offset + intid * bits / 32 * 4;
}

void gic_set_bit(unsigned int offset, uint32_t intid)
{
	write32(gic_reg(offset, 1, intid), 1u << intid % 32);
	dsb();
}

bool gic_bit(unsigned int offset, uint32_t intid)
{
	return read32(gic_reg(offset, 1, intid)) >> intid % 32 & 1;
}

void gic_disable(uint32_t intid)
{
	gic_set_bit(GICD_ICENABLER, intid);
	if (v3())
		wait_rwp(banked(intid) ? this_cpu()->gicr : plat.gicd,
		         banked(intid) ? BIT(3) : CTLR_RWP);
}

void gic_set_priority(uint32_t intid, uint8_t prio)
{
	write8(gic_reg(GICD_IPRIORITYR, 8, intid), prio);
	dsb();
}

uint8_t gic_priority(uint32_t intid)
{
	return read8(gic_reg(GICD_IPRIORITYR, 8, intid));
}

void gic_set_edge(uint32_t intid, bool edge)
{
	uintptr_t a = gic_reg(GICD_ICFGR, 2, intid);
	uint32_t bit = 2u << intid % 16 * 2;

	write32(a, edge ? read32(a) | bit : read32(a) & ~bit);
}

bool gic_is_edge(uint32_t intid)
{
	return read32(gic_reg(GICD_ICFGR, 2, intid)) >> intid % 16 * 2 & 2;
}

void gic_set_target(uint32_t intid, unsigned int cpu)
{
	if (v3())
		write64(plat.gicd + GICD_IROUTER + intid * 8, cpu_nr(cpu)->mpidr);
	else
		write8(gic_reg(GICD_ITARGETSR, 8, intid), (uint8_t)(1u << cpu));
	dsb();
}

unsigned int gic_nr_intids(void)
{
	unsigned int n = ((read32(plat.gicd + GICD_TYPER) & 0x1f) + 1) * 32;

	return n > 1020 ? 1020 : n;
}

void gic_init(void)
{
	write32(plat.gicd + GICD_CTLR, 0);
	if (v3()) {
		wait_rwp(plat.gicd, CTLR_RWP);
		write32(plat.gicd + GICD_CTLR, CTLR_ON_V3 & ~3u);
		wait_rwp(plat.gicd, CTLR_RWP);
	}
	for (uint32_t i = 32; i < gic_nr_intids(); i++) {
		if (i % 32 == 0) {
			write32(gic_reg(GICD_ICENABLER, 1, i), ~0u);
			write32(gic_reg(GICD_ICPENDR, 1, i), ~0u);
			write32(gic_reg(GICD_ICACTIVER, 1, i), ~0u);
			if (v3())
				write32(gic_reg(GICD_IGROUPR, 1, i), ~0u);
		}
		if (i % 16 == 0)
			write32(gic_reg(GICD_ICFGR, 2, i), 0);
		gic_set_priority(i, 0xa0);
		gic_set_target(i, 0);
	}
	write32(plat.gicd + GICD_CTLR, v3() ? CTLR_ON_V3 : 1);
	if (v3())
		wait_rwp(plat.gicd, CTLR_RWP);
}

static void find_redistributor(struct cpu *c)
{
	uint64_t aff = (c->mpidr >> 8 & 0xff000000) | (c->mpidr & 0xffffff);

	for (uint64_t a = 0; a < plat.gicr_size; a += GICR_FRAME) {
		if (read64(plat.gicr + a + GICR_TYPER) >> 32 == aff) {
			c->gicr = plat.gicr + a;
			return;
		}
		if (read64(plat.gicr + a + GICR_TYPER) & BIT(4)) /* Last */
			break;
	}
	tap_bail("no redistributor for CPU %u", c->id);
}

static void init_redistributor(struct cpu *c)
{
	uint64_t end = deadline_ms(RWP_MS);

	find_redistributor(c);
	write32(c->gicr + GICR_WAKER, read32(c->gicr + GICR_WAKER) & ~2u); /* ProcessorSleep */
	while ((read32(c->gicr + GICR_WAKER) & 4) && !passed(end))         /* ChildrenAsleep */
		;
	if (read32(c->gicr + GICR_WAKER) & 4)
		tap_bail("redistributor of CPU %u sleeps on", c->id);
	write32(gic_reg(GICD_IGROUPR, 1, 0), ~0u);
}

void gic_init_cpu(void)
{
	struct cpu *c = this_cpu();

	if (v3())
		init_redistributor(c);
	write32(gic_reg(GICD_ICENABLER, 1, 0), 0xffff0000);
	write32(gic_reg(GICD_ICACTIVER, 1, 0), ~0u);
	for (uint32_t i = 0; i < 32; i++)
		gic_set_priority(i, 0xa0);
	write32(gic_reg(GICD_ISENABLER, 1, 0), 0xffff);
	if (v3())
		wait_rwp(c->gicr, BIT(3));
	gic_cpu_interface_on();
}

void gic_cpu_interface_on(void)
{
	if (v3()) {
		sysreg_write(ICC_SRE_EL1, sysreg_read(ICC_SRE_EL1) | 1);
		isb();
		sysreg_write(ICC_BPR1_EL1, 0);
		sysreg_write(ICC_CTLR_EL1, 0);
		sysreg_write(ICC_IGRPEN1_EL1, 1);
		isb();
	} else {
		write32(plat.gicc + GICC_BPR, 0);
		write32(plat.gicc + GICC_CTLR, 1);
	}
	gic_set_pmr(0xf0);
}

void gic_exit_cpu(void)
{
	if (v3()) {
		sysreg_write(ICC_IGRPEN1_EL1, 0);
		isb();
	} else {
		write32(plat.gicc + GICC_CTLR, 0);
	}
	dsb();
}

uint32_t gic_ack(void)
{
	uint32_t iar = v3() ? (uint32_t)sysreg_read(ICC_IAR1_EL1) : read32(plat.gicc + GICC_IAR);

	dsb(); /* acknowledged before anything that the handler does to the device */
	return iar;
}

void gic_eoi(uint32_t iar)
{
	dsb();
	if (v3()) {
		sysreg_write(ICC_EOIR1_EL1, iar);
		isb();
	} else {
		write32(plat.gicc + GICC_EOIR, iar);
	}
}

void gic_dir(uint32_t iar)
{
	dsb();
	if (v3()) {
		sysreg_write(ICC_DIR_EL1, iar);
		isb();
	} else {
		write32(plat.gicc + GICC_DIR, iar);
	}
	dsb();
}

void gic_set_eoimode(bool split)
{
	if (v3()) {
		sysreg_write(ICC_CTLR_EL1, split ? 2 : 0);
		isb();
	} else {
		write32(plat.gicc + GICC_CTLR, split ? 0x201 : 1);
	}
}

void gic_set_pmr(uint8_t pmr)
{
	if (v3()) {
		sysreg_write(ICC_PMR_EL1, pmr);
		isb();
	} else {
		write32(plat.gicc + GICC_PMR, pmr);
	}
	dsb();
}

uint8_t gic_pmr(void)
{
	return v3() ? (uint8_t)sysreg_read(ICC_PMR_EL1) : (uint8_t)read32(plat.gicc + GICC_PMR);
}

uint8_t gic_rpr(void)
{
	isb();
	return v3() ? (uint8_t)sysreg_read(ICC_RPR_EL1) : (uint8_t)read32(plat.gicc + GICC_RPR);
}

uint32_t gic_hppir(void)
{
	isb();
	return v3() ? (uint32_t)sysreg_read(ICC_HPPIR1_EL1) : read32(plat.gicc + GICC_HPPIR);
}

void gic_send_sgi(uint32_t sgi, unsigned int cpu)
{
	uint64_t m = cpu_nr(cpu)->mpidr;

	dsb(); /* the partner reads what we wrote before */
	if (v3()) {
		/* Aff3, RS = 0, Aff2, INTID, Aff1, one of the sixteen Aff0: IHI 0069 12.2.19 */
		sysreg_write(ICC_SGI1R_EL1, (m >> 32 & 0xff) << 48 | (m >> 16 & 0xff) << 32 |
		                                    (uint64_t)sgi << 24 | (m >> 8 & 0xff) << 16 |
		                                    1u << (m & 0xf));
		isb();
	} else {
		write32(plat.gicd + GICD_SGIR, 1u << (16 + cpu) | sgi);
	}
}

void gic_send_sgi_others(uint32_t sgi)
{
	dsb(); /* as above */
	if (v3()) {
		sysreg_write(ICC_SGI1R_EL1, BIT(40) | (uint64_t)sgi << 24);
		isb();
	} else {
		write32(plat.gicd + GICD_SGIR, 1u << 24 | sgi);
	}
}

void gic_handle_irq(void)
{
	struct cpu *c = this_cpu();
	uint32_t iar = gic_ack(), intid = gic_intid(iar);

	if (intid >= 1020) {
		c->spurious++;
		return;
	}
	if (intid == SGI_WORK) {
		gic_eoi(iar);
		return;
	}
	if (intid < NR_COUNTED)
		c->irq_count[intid]++;
	if (c->irq_logged < IRQ_LOG_SIZE)
		c->irq_log[c->irq_logged] = iar;
	c->irq_logged++;
	if (c->irq_hook)
		c->irq_hook(intid);
	if (!c->manual_eoi)
		gic_eoi(iar);
}

static void forget(struct cpu *c)
{
	for (unsigned int i = 0; i < NR_COUNTED; i++)
		c->irq_count[i] = 0;
	c->irq_logged = 0;
	c->spurious = 0;
	dsb();
}

void gic_forget_here(void)
{
	forget(this_cpu());
}

void gic_forget(void)
{
	for (unsigned int n = 0; n < plat.nr_cpus; n++)
		forget(cpu_nr(n));
}
