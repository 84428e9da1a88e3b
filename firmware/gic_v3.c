/* SPDX-License-Identifier: Apache-2.0 */
/*
 * GICv3 with two Security states (IHI 0069): distributor with affinity routing, one
 * redistributor per CPU, CPU interface in system registers (the normal world's copies, as
 * SCR_EL3.NS is always set here).
 */
#include "cpu.h"
#include "gic.h"
#include "kept.h"
#include "log.h"
#include "power.h"
#include "sysreg.h"

#define GICD_IGRPMODR 0xd00
#define GICD_IROUTER  0x6000
#define GICD_CTLR_ARE_S	 (1U << 4)
#define GICD_CTLR_ARE_NS (1U << 5)
#define GICD_CTLR_ARE	 (GICD_CTLR_ARE_S | GICD_CTLR_ARE_NS)
#define GICD_CTLR_RWP	 (1U << 31)

#define GICR_CTLR      0x0000
#define GICR_TYPER     0x0008
#define GICR_WAKER     0x0014
#define GICR_PROPBASER 0x0070
#define GICR_PENDBASER 0x0078
#define GICR_SGI_BASE  0x10000
#define GICR_CTLR_LPIS (1U << 0)
#define GICR_CTLR_RWP  (1U << 3)
#define GICR_TYPER_PLPIS (1U << 0)
#define GICR_TYPER_VLPIS (1U << 1)
#define GICR_TYPER_LAST	 (1U << 4)
#define GICR_WAKER_SLEEP    (1U << 1)
#define GICR_WAKER_CHILDREN (1U << 2)

#define ICC_SRE_EL1	 s3_0_c12_c12_5
#define ICC_SRE_EL2	 s3_4_c12_c9_5
#define ICC_SRE_EL3	 s3_6_c12_c12_5
#define ICC_CTLR_EL1	 s3_0_c12_c12_4
#define ICC_CTLR_EL3	 s3_6_c12_c12_4
#define ICC_PMR_EL1	 s3_0_c4_c6_0
#define ICC_BPR0_EL1	 s3_0_c12_c8_3
#define ICC_BPR1_EL1	 s3_0_c12_c12_3
#define ICC_AP0R0_EL1	 s3_0_c12_c8_4
#define ICC_AP1R0_EL1	 s3_0_c12_c9_0
#define ICC_IGRPEN0_EL1	 s3_0_c12_c12_6
#define ICC_IGRPEN1_EL1	 s3_0_c12_c12_7
#define ICC_IAR0_EL1	 s3_0_c12_c8_0
#define ICC_EOIR0_EL1	 s3_0_c12_c8_1
#define ICC_SGI0R_EL1	 s3_0_c12_c11_7
#define ICC_HPPIR1_EL1	 s3_0_c12_c12_2
#define ICH_HCR_EL2	 s3_4_c12_c11_0
#define ICH_VMCR_EL2	 s3_4_c12_c11_7
#define ICH_AP1R0_EL2	 s3_4_c12_c9_0
#define ICH_LR0_EL2	 s3_4_c12_c12_0

#define FIRST_LPI   8192
#define IAR_NONE    1020
#define WAIT_US	    100000

struct kept_redist {
	struct gic_banked banked;
	uint32_t ctlr;
	uint64_t propbaser, pendbaser;
};

static struct kept_redist kept_redist[MAX_CPUS] KEPT;
static uint64_t kept_router[GIC_MAX_WORDS * 32] KEPT;

static void wait_dist(void)
{
	if (!wait32(gic_place.gicd + GICD_CTLR, GICD_CTLR_RWP, 0, WAIT_US))
		fatal("GICD_CTLR.RWP stays set");
}

static void wait_redist(uint64_t rd)
{
	if (!wait32(rd + GICR_CTLR, GICR_CTLR_RWP, 0, WAIT_US))
		fatal("GICR_CTLR.RWP stays set");
}

static void v3_routes(uint64_t route)
{
	for (unsigned int id = 32; id < gicd_words() * 32 && id < IAR_NONE; id++)
		write64(gic_place.gicd + GICD_IROUTER + 8 * id, route);
}

/* Finds each CPU's redistributor by its affinity (IHI 0069 12.11.39). */
static void find_redists(void)
{
	for (unsigned int r = 0; r < gic_place.gicr_count; r++) {
		uint64_t rd = gic_place.gicr[r].base, end = rd + gic_place.gicr[r].size, typer;

		do {
			uint64_t a;
			struct cpu *c;

			typer = read64(rd + GICR_TYPER);
			a = typer >> 32;
			c = cpu_find((a & 0xffffff) | (a & 0xff000000) << 8);
			if (c)
				c->gicr = rd;
			rd += typer & GICR_TYPER_VLPIS ? 0x40000 : 0x20000;
		} while (!(typer & GICR_TYPER_LAST) && rd < end);
	}
	for (unsigned int i = 0; i < cpu_count; i++) {
		if (cpus[i].present && !cpus[i].gicr)
			fatal("CPU %u has no GIC redistributor", i);
	}
}

static void v3_init(void)
{
	uint64_t ctlr = gic_place.gicd + GICD_CTLR;
	uint32_t gate = read32(ctlr) & GICD_CTLR_GRP0;

	if (!cpus[0].gicr)
		find_redists();
	write32(ctlr, gate);
	wait_dist();
	write32(ctlr, gate | GICD_CTLR_ARE);
	wait_dist();
	gicd_init_shared();
	for (unsigned int w = 1; w < gicd_words(); w++)
		write32(gic_place.gicd + GICD_IGRPMODR + 4 * w, 0);
	v3_routes(0);
	wait_dist();
}

static void v3_interface_reset(void)
{
	write_sysreg(ICC_SRE_EL3, 0xf);
	isb();
	write_sysreg(ICC_SRE_EL2, 0xf);
	write_sysreg(ICC_SRE_EL1, 0x7);
	isb();
	write_sysreg(ICC_IGRPEN1_EL1, 0);
	write_sysreg(ICC_CTLR_EL3, 0);
	write_sysreg(ICC_CTLR_EL1, 0);
	/* The normal world may only write PMR while its upper half is set (IHI 0069 4.8.6). */
	write_sysreg(ICC_PMR_EL1, 0xff);
	write_sysreg(ICC_BPR0_EL1, 0);
	write_sysreg(ICC_BPR1_EL1, 0);
	write_sysreg(ICC_AP0R0_EL1, 0);
	write_sysreg(ICC_AP1R0_EL1, 0);
	write_sysreg(ICC_IGRPEN0_EL1, 1);
	write_sysreg(ICH_HCR_EL2, 0);
	write_sysreg(ICH_VMCR_EL2, 0);
	write_sysreg(ICH_AP1R0_EL2, 0);
	write_sysreg(ICH_LR0_EL2, 0);
	isb();
}

static void v3_cpu_init(unsigned int self)
{
	uint64_t rd = cpus[self].gicr;

	write32(rd + GICR_WAKER, read32(rd + GICR_WAKER) & ~GICR_WAKER_SLEEP);
	if (!wait32(rd + GICR_WAKER, GICR_WAKER_CHILDREN, 0, WAIT_US))
		fatal("redistributor of CPU %u does not wake", self);
	gic_banked_init(rd + GICR_SGI_BASE);
	write32(rd + GICR_SGI_BASE + GICD_IGRPMODR, 0);
	wait_redist(rd);
	v3_interface_reset();
}

static void v3_kick(unsigned int target)
{
	uint64_t aff = cpus[target].mpidr;

	write_sysreg(ICC_SGI0R_EL1, (aff >> 32 & 0xff) << 48 | (aff >> 16 & 0xff) << 32 |
					    (uint64_t)FW_SGI << 24 | (aff >> 8 & 0xff) << 16 |
					    1ULL << (aff & 0xf));
	isb();
}

static int v3_take(void)
{
	uint64_t iar = read_sysreg(ICC_IAR0_EL1) & 0xffffff;

	if (iar >= IAR_NONE)
		return -1;
	write_sysreg(ICC_EOIR0_EL1, iar);
	isb();
	return (int)iar;
}

static int v3_pending(void)
{
	int id = gicd_pending_shared();
	uint64_t hppi;

	if (id < 0)
		id = gic_banked_pending(cpus[cpu_self()].gicr + GICR_SGI_BASE);
	if (id < 0) {
		hppi = read_sysreg(ICC_HPPIR1_EL1) & 0xffffff;
		if (hppi >= FIRST_LPI)
			id = (int)hppi;
	}
	return id;
}

static void v3_save(void)
{
	gicd_save_shared();
	for (unsigned int id = 32; id < gicd_words() * 32 && id < IAR_NONE; id++)
		kept_router[id] = read64(gic_place.gicd + GICD_IROUTER + 8 * id);
	for (unsigned int i = 0; i < cpu_count; i++) {
		struct kept_redist *k = &kept_redist[i];
		uint64_t rd = cpus[i].gicr;

		if (!cpus[i].present)
			continue;
		gic_banked_save(rd + GICR_SGI_BASE, &k->banked);
		k->ctlr = read32(rd + GICR_CTLR);
		k->propbaser = read64(rd + GICR_PROPBASER);
		k->pendbaser = read64(rd + GICR_PENDBASER);
	}
}

static void v3_listen(bool on)
{
	static uint64_t pmr, group1; /* the caller's: only one CPU is on */

	if (on) {
		pmr = read_sysreg(ICC_PMR_EL1);
		group1 = read_sysreg(ICC_IGRPEN1_EL1);
	}
	write_sysreg(ICC_PMR_EL1, on ? 0xff : pmr);
	write_sysreg(ICC_IGRPEN1_EL1, on ? 1 : group1);
	write32(gic_place.gicd + GICD_CTLR, gic_kept_shared.ctlr | (on ? GICD_CTLR_GRP1 : 0));
	wait_dist();
	isb();
}

static void v3_arm(void)
{
	v3_routes(cpus[0].mpidr);
	gicd_arm_shared();
	write32(gic_place.gicd + GICD_CTLR, GICD_CTLR_ARE | GICD_CTLR_GRP0 | GICD_CTLR_GRP1);
	wait_dist();
	write_sysreg(ICC_IGRPEN1_EL1, 1);
	isb();
}

static void v3_disarm(void)
{
	write_sysreg(ICC_IGRPEN1_EL1, 0);
	isb();
	write32(gic_place.gicd + GICD_CTLR, GICD_CTLR_ARE | GICD_CTLR_GRP0);
	wait_dist();
	gicd_disarm_shared();
	v3_routes(0);
	wait_dist();
}

static void v3_restore(void)
{
	for (unsigned int id = 32; id < gicd_words() * 32 && id < IAR_NONE; id++)
		write64(gic_place.gicd + GICD_IROUTER + 8 * id, kept_router[id]);
	gicd_restore_shared();
	for (unsigned int i = 0; i < cpu_count; i++) {
		const struct kept_redist *k = &kept_redist[i];
		uint64_t rd = cpus[i].gicr;

		if (!cpus[i].present)
			continue;
		gic_banked_restore(rd + GICR_SGI_BASE, &k->banked);
		if (read64(rd + GICR_TYPER) & GICR_TYPER_PLPIS) {
			write64(rd + GICR_PROPBASER, k->propbaser);
			write64(rd + GICR_PENDBASER, k->pendbaser);
			write32(rd + GICR_CTLR, k->ctlr & GICR_CTLR_LPIS);
		}
		wait_redist(rd);
	}
	write32(gic_place.gicd + GICD_CTLR,
		(gic_kept_shared.ctlr & ~GICD_CTLR_RWP) | GICD_CTLR_ARE | GICD_CTLR_GRP0);
	wait_dist();
}

static void v3_poison(void)
{
	v3_routes(0x0000000103ULL); /* a CPU that may not exist */
	gicd_poison_shared();
	for (unsigned int i = 0; i < cpu_count; i++) {
		uint64_t rd = cpus[i].gicr;

		if (!cpus[i].present)
			continue;
		gic_banked_poison(rd + GICR_SGI_BASE);
		if (read64(rd + GICR_TYPER) & GICR_TYPER_PLPIS) {
			write64(rd + GICR_PROPBASER, 0x00000badbad0078fULL);
			write64(rd + GICR_PENDBASER, 0x00000badbad10780ULL);
		}
		wait_redist(rd);
	}
	write32(gic_place.gicd + GICD_CTLR, GICD_CTLR_ARE | GICD_CTLR_GRP0 | GICD_CTLR_GRP1);
	wait_dist();
}

/*
 * The CPU interface is in the CPU's power domain: even a firmware that keeps the GIC leaves it
 * at reset (Linux and Xen set it up again themselves).
 */
static void v3_resume_cpu(unsigned int self)
{
	(void)self;
	v3_interface_reset();
	if (power_gic_mode() == GIC_POISON) {
		write_sysreg(ICC_PMR_EL1, 0xf0);
		write_sysreg(ICC_BPR1_EL1, 5);
		write_sysreg(ICC_CTLR_EL1, 1 << 1); /* EOImode */
		write_sysreg(ICH_VMCR_EL2, 0x98240002);
		write_sysreg(ICH_AP1R0_EL2, 0x00ff0000);
		write_sysreg(ICH_LR0_EL2, 0x10a800badbad0123ULL & 0x3fffffffffffffffULL);
		isb();
	}
}

const struct gic_ops gic_v3 = {
	.name = "GICv3",
	.init = v3_init,
	.cpu_init = v3_cpu_init,
	.interface_reset = v3_interface_reset,
	.kick = v3_kick,
	.take = v3_take,
	.pending = v3_pending,
	.listen = v3_listen,
	.save = v3_save,
	.arm = v3_arm,
	.woken = gicd_woken_shared,
	.disarm = v3_disarm,
	.restore = v3_restore,
	.poison = v3_poison,
	.resume_cpu = v3_resume_cpu,
};
