/* SPDX-License-Identifier: Apache-2.0 */
/* GICv2 (IHI 0048 B.b). See gic.h. Section numbers are of that document. */
#include "dev/gic/gic.h"

#include "arch/barrier.h"
#include "arch/mmio.h"
#include "arch/percpu.h"
#include "dev/gic/gic_line.h"
#include "dev/gic/gic_v2_regs.h"
#include "lib/err.h"
#include "lib/log.h"

#define MAX_INTERFACES 8
#define NR_LINES       1020
#define NR_APRS        4

static struct {
	uintptr_t gicd, gicc, gich;
	struct gic_bank local; /* lines 0 to 31: banked by the distributor for the calling CPU */
	struct gic_bank spis;
	uint8_t targets[MAX_INTERFACES]; /* by CPU number: its interface's bit; 0: not known yet */
} v2;

/* What suspend() keeps for resume(). */
static struct {
	bool valid;
	uint32_t gicd_ctlr;
	struct gic_block local;
	struct gic_block spis[GIC_BLOCKS(NR_LINES) - 1];
	uint32_t targets[NR_LINES / 4]; /* of SPIs, by word of GICD_ITARGETSR */
	uint32_t sgi_pending[4];
	uint32_t wake[GIC_BLOCKS(NR_LINES) - 1]; /* left enabled, by block of SPIs */

	uint32_t gicc_ctlr, gicc_pmr, gicc_bpr, gicc_apr[NR_APRS];
	uint32_t gich_hcr, gich_vmcr, gich_apr, gich_lr[GIC_MAX_LRS];
} saved;

static bool find(uint32_t intid, struct gic_line *l)
{
	if (intid >= gic_limits.nr_spis_end)
		return false;
	*l = (struct gic_line) { .at = &gic_layout_v2, .base = v2.gicd, .nr = intid };
	return true;
}

/* A disable takes effect with its write: GICv2 has no RWP. */
static void wait_disabled(uint32_t intid)
{
	(void)intid;
}

static const struct gic_line_ops lines = {
	.find = find,
	.wait_disabled = wait_disabled,
};

static uintptr_t sgi_word(uint32_t reg, unsigned int n)
{
	return v2.gicd + reg + 4 * n;
}

static uintptr_t target_word(unsigned int n)
{
	return v2.gicd + GICD_ITARGETSR + 4 * n;
}

/* Everything the distributor has for SPIs, from any state to *s, forwarding off. */
static void restore_spis(const struct gic_block *s, const uint32_t *targets, const uint32_t *keep)
{
	mmio_write32(v2.gicd + GICD_CTLR, 0);
	gic_bank_disable(&v2.spis, NULL);
	/* Before the pending bits: QEMU's model keeps those for each target, and none for nobody. */
	for (unsigned int n = v2.spis.first / 4; n < v2.spis.end / 4; n++)
		mmio_write32(target_word(n), targets[n]);
	gic_bank_restore(&v2.spis, s, keep);
	gic_bank_restore_enables(&v2.spis, s);
}

/* Our bit in ITARGETSR: the banked bytes 0 to 31 read as it (4.3.12). 0: no such thing. */
static uint8_t own_interface(void)
{
	uint32_t v = 0;

	/* A GIC of a single CPU has them as zero: there is nothing to choose. */
	if (!GICD_TYPER_CPUS(mmio_read32(v2.gicd + GICD_TYPER)))
		return 1;
	for (unsigned int n = 0; n < GIC_FIRST_SPI / 4; n++)
		v |= mmio_read32(target_word(n));
	v |= v >> 16;
	v |= v >> 8;
	v &= 0xff;
	return v & (v - 1) ? 0 : (uint8_t)v;
}

static int init(const struct gic_config *cfg)
{
	uint32_t typer, vtr;
	uint8_t own;

	v2.gicd = cfg->gicd.raw;
	v2.gicc = cfg->gicc.raw;
	v2.gich = cfg->gich.raw;
	/* DIR lies in the second page: without it there is no EOImode, and no GICH (4.4.15). */
	if (cfg->gicc_size < GICC_SIZE || !cfg->gich_size ||
	    GICC_IIDR_ARCH(mmio_read32(v2.gicc + GICC_IIDR)) != 2) {
		log_err("gic: not a GICv2 with virtualization");
		return -ENODEV;
	}
	own = own_interface();
	if (!own) {
		log_err("gic: the boot CPU has no interface number");
		return -ENODEV;
	}

	typer = mmio_read32(v2.gicd + GICD_TYPER);
	vtr = mmio_read32(v2.gich + GICH_VTR);
	gic_limits = (struct gic_limits) {
		.nr_spis_end = (unsigned int)min_u64(32 * (GICD_TYPER_LINES(typer) + 1), NR_LINES),
		.nr_lrs = (unsigned int)min_u64(GICH_VTR_LRS(vtr), GIC_MAX_LRS),
		.nr_prio_bits = (unsigned int)GICH_VTR_PRIO_BITS(vtr),
		.max_cpus = MAX_INTERFACES,
		.misses_guest_eoi = mmio_read32(v2.gicc + GICC_IIDR) == GICC_IIDR_QEMU,
	};
	v2.local =
	        (struct gic_bank) { .at = &gic_layout_v2, .base = v2.gicd, .end = GIC_FIRST_SPI };
	v2.spis = (struct gic_bank) {
		.at = &gic_layout_v2,
		.base = v2.gicd,
		.first = GIC_FIRST_SPI,
		.end = gic_limits.nr_spis_end,
	};
	for (unsigned int i = 0; i < MAX_INTERFACES; i++)
		v2.targets[i] = 0;
	gic_line_setup(&lines);

	/*
	 * Group 0: where we may choose, it is the one that GICD_CTLR and GICC_CTLR bit 0 enable;
	 * from the non-secure side the group registers are RAZ/WI (4.3.4). `saved` is a scratch pad
	 * yet.
	 */
	saved.valid = false;
	gic_bank_defaults(&v2.spis, saved.spis, false, GIC_PRIO_GUEST);
	for (unsigned int n = 0; n < ARRAY_SIZE(saved.targets); n++)
		saved.targets[n] = own * 0x01010101u;
	restore_spis(saved.spis, saved.targets, NULL);
	mmio_write32(v2.gicd + GICD_CTLR, GICD_CTLR_ENABLE);
	return 0;
}

/*
 * Only what is set, by the byte: writing 0 must change nothing (4.3.15), but QEMU's model makes the
 * SGI pending from no CPU at all.
 */
static void set_sgis_pending(const uint32_t *pending)
{
	for (unsigned int sgi = 0; sgi < GIC_NR_SGIS; sgi++) {
		uint8_t sources = (uint8_t)(pending[sgi / 4] >> (8 * (sgi % 4)));

		if (sources)
			mmio_write8(v2.gicd + GICD_SPENDSGIR + sgi, sources);
	}
}

/* SGIs and PPIs of the calling CPU, from any state. */
static void restore_local(const struct gic_block *s, const uint32_t *sgi_pending)
{
	gic_bank_disable(&v2.local, NULL);
	gic_bank_restore(&v2.local, s, NULL);
	for (unsigned int n = 0; n < GIC_NR_SGIS / 4; n++)
		mmio_write32(sgi_word(GICD_CPENDSGIR, n), ~sgi_pending[n]);
	set_sgis_pending(sgi_pending);
	gic_bank_restore_enables(&v2.local, s);
}

static void stop_interfaces(void)
{
	/* Nothing enabled, but no bypass either: the legacy lines must not leak in (2.3). */
	mmio_write32(v2.gicc + GICC_CTLR, GICC_CTLR_NOBYP);
	mmio_write32(v2.gich + GICH_HCR, 0);
}

static int init_cpu(void)
{
	static const uint32_t no_sgis[4];
	unsigned int cpu = arch_this_cpu()->id;
	struct gic_block local;
	uint8_t own = own_interface();

	if (cpu >= MAX_INTERFACES || !own)
		return -ENODEV;
	v2.targets[cpu] = own;

	stop_interfaces();
	gic_bank_defaults(&v2.local, &local, false, GIC_PRIO_GUEST);
	local.enable = (uint32_t)MASK(GIC_NR_SGIS - 1, 0);
	for (unsigned int n = 0; n < GIC_NR_SGIS / 4; n++)
		local.priority[n] = GIC_PRIO_IPI * 0x01010101u;
	restore_local(&local, no_sgis);

	for (unsigned int i = 0; i < gic_limits.nr_lrs; i++)
		mmio_write32(v2.gich + GICH_LR + 4 * i, 0);
	mmio_write32(v2.gich + GICH_APR, 0);
	mmio_write32(v2.gich + GICH_VMCR, 0);

	/* Left active by whoever was here before, a priority would mask ours for ever. */
	for (unsigned int i = 0; i < NR_APRS; i++)
		mmio_write32(v2.gicc + GICC_APR + 4 * i, 0);
	mmio_write32(v2.gicc + GICC_BPR, 0);
	mmio_write32(v2.gicc + GICC_PMR, 0xff);
	mmio_write32(v2.gicc + GICC_CTLR, GICC_CTLR_EOIMODE | GICC_CTLR_NOBYP | GICC_CTLR_ENABLE);
	return 0;
}

static void nudge(void)
{
	mmio_write32(v2.gicc + GICC_PMR, 0xff); /* as it is; see gic_limits.misses_guest_eoi */
}

static void exit_cpu(void)
{
	gic_bank_disable(&v2.local, NULL);
	stop_interfaces();
}

static uint32_t ack(void)
{
	uint32_t v = mmio_read32(v2.gicc + GICC_IAR);

	/* IAR's source CPU is next to the INTID; gic.h wants 24 bits of INTID, so it moves up. */
	return (uint32_t)(GICC_IAR_INTID(v) | FIELD(v, 12, 10) << GIC_IAR_SOURCE_SHIFT);
}

static uint32_t raw_iar(uint32_t iar)
{
	return gic_iar_intid(iar) | (iar >> GIC_IAR_SOURCE_SHIFT) << GICC_IAR_CPU_SHIFT;
}

static void eoi(uint32_t iar)
{
	mmio_write32(v2.gicc + GICC_EOIR, raw_iar(iar));
}

static void deactivate(uint32_t iar)
{
	mmio_write32(v2.gicc + GICC_DIR, raw_iar(iar));
}

static void set_target(uint32_t intid, unsigned int cpu)
{
	if (intid < GIC_FIRST_SPI || intid >= gic_limits.nr_spis_end)
		return;
	if (cpu >= MAX_INTERFACES || !v2.targets[cpu]) {
		log_warn("gic: interrupt %u: cpu %u has no interface yet", intid, cpu);
		return;
	}
	mmio_write8(v2.gicd + GICD_ITARGETSR + intid, v2.targets[cpu]);
}

static void send_sgi(uint32_t sgi, unsigned int cpu)
{
	if (cpu >= MAX_INTERFACES || !v2.targets[cpu])
		return;
	/* What the partner is to see was written before; its half is the read of GICC_IAR. */
	dsb(ishst);
	mmio_write32(v2.gicd + GICD_SGIR,
	             (uint32_t)v2.targets[cpu] << GICD_SGIR_TARGETS_SHIFT | (sgi & 0xf));
}

static void set_hcr(uint32_t bits)
{
	mmio_write32(v2.gich + GICH_HCR, bits);
}

static struct gic_lr read_lr(unsigned int n)
{
	uint32_t v = mmio_read32(v2.gich + GICH_LR + 4 * n);
	struct gic_lr lr = {
		.vintid = FIELD(v, 9, 0),
		.priority = FIELD(v, 27, 23) << 3,
		.state = FIELD(v, 29, 28),
		.hw = FIELD(v, 31, 31),
		.group1 = FIELD(v, 30, 30),
	};

	if (lr.hw) {
		lr.pintid = FIELD(v, 19, 10);
	} else {
		lr.eoi = FIELD(v, 19, 19);
		lr.source = FIELD(v, 12, 10);
	}
	return lr;
}

static void write_lr(unsigned int n, struct gic_lr lr)
{
	/* INTIDs have 10 bits here: SPIs end at 1019. */
	uint32_t v = (uint32_t)(lr.vintid | (uint64_t)lr.state << GICH_LR_STATE_SHIFT |
	                        (uint64_t)(lr.priority >> 3) << GICH_LR_PRIORITY_SHIFT);

	if (lr.group1)
		v |= GICH_LR_GROUP1;
	if (lr.hw)
		v |= GICH_LR_HW | (uint32_t)(lr.pintid << GICH_LR_PINTID_SHIFT);
	else
		v |= (lr.eoi ? GICH_LR_EOI : 0) | (uint32_t)(lr.source << GICH_LR_CPU_SHIFT);
	mmio_write32(v2.gich + GICH_LR + 4 * n, v);
}

static void clear_lr(unsigned int n)
{
	mmio_write32(v2.gich + GICH_LR + 4 * n, 0);
}

static uint64_t empty_lrs(void)
{
	/* GIC_MAX_LRS of them: the second word of ELRSR is beyond. */
	return mmio_read32(v2.gich + GICH_ELRSR) & MASK(gic_limits.nr_lrs - 1, 0);
}

static void save_vcpu(struct gic_vcpu_state *s)
{
	*s = (struct gic_vcpu_state) {
		.vmcr = mmio_read32(v2.gich + GICH_VMCR),
		.apr[0][0] = mmio_read32(v2.gich + GICH_APR),
	};
}

static void load_vcpu(const struct gic_vcpu_state *s)
{
	mmio_write32(v2.gich + GICH_VMCR, s->vmcr);
	mmio_write32(v2.gich + GICH_APR, s->apr[0][0]);
}

static void reset_vcpu(struct gic_vcpu_state *s)
{
	*s = (struct gic_vcpu_state) { 0 };
}

/* Host suspend. */

static void save_interfaces(void)
{
	saved.gicc_ctlr = mmio_read32(v2.gicc + GICC_CTLR);
	saved.gicc_pmr = mmio_read32(v2.gicc + GICC_PMR);
	saved.gicc_bpr = mmio_read32(v2.gicc + GICC_BPR);
	for (unsigned int i = 0; i < NR_APRS; i++)
		saved.gicc_apr[i] = mmio_read32(v2.gicc + GICC_APR + 4 * i);
	saved.gich_hcr = mmio_read32(v2.gich + GICH_HCR);
	saved.gich_vmcr = mmio_read32(v2.gich + GICH_VMCR);
	saved.gich_apr = mmio_read32(v2.gich + GICH_APR);
	for (unsigned int i = 0; i < gic_limits.nr_lrs; i++)
		saved.gich_lr[i] = mmio_read32(v2.gich + GICH_LR + 4 * i);
}

static void restore_interfaces(void)
{
	for (unsigned int i = 0; i < gic_limits.nr_lrs; i++)
		mmio_write32(v2.gich + GICH_LR + 4 * i, saved.gich_lr[i]);
	mmio_write32(v2.gich + GICH_APR, saved.gich_apr);
	mmio_write32(v2.gich + GICH_VMCR, saved.gich_vmcr);
	mmio_write32(v2.gich + GICH_HCR, saved.gich_hcr);

	for (unsigned int i = 0; i < NR_APRS; i++)
		mmio_write32(v2.gicc + GICC_APR + 4 * i, saved.gicc_apr[i]);
	mmio_write32(v2.gicc + GICC_BPR, saved.gicc_bpr);
	mmio_write32(v2.gicc + GICC_PMR, saved.gicc_pmr);
	mmio_write32(v2.gicc + GICC_CTLR, saved.gicc_ctlr);
}

static int suspend(const uint64_t *wake)
{
	save_interfaces();
	saved.gicd_ctlr = mmio_read32(v2.gicd + GICD_CTLR);
	for (unsigned int n = v2.spis.first / 4; n < v2.spis.end / 4; n++)
		saved.targets[n] = mmio_read32(target_word(n));
	for (unsigned int n = 0; n < 4; n++)
		saved.sgi_pending[n] = mmio_read32(sgi_word(GICD_SPENDSGIR, n));
	gic_bank_save(&v2.local, &saved.local);
	gic_bank_save(&v2.spis, saved.spis);
	for (unsigned int i = 0; i < gic_bank_blocks(&v2.spis); i++)
		saved.wake[i] = saved.spis[i].enable & gic_wake_word(wake, i);
	saved.valid = true;

	mmio_write32(v2.gich + GICH_HCR, 0);
	gic_bank_disable(&v2.local, NULL);
	gic_bank_disable(&v2.spis, saved.wake);
	/* SGIs may not be switched off (4.3.5): a kick that came late would keep the machine awake. */
	for (unsigned int n = 0; n < GIC_NR_SGIS / 4; n++)
		mmio_write32(sgi_word(GICD_CPENDSGIR, n), saved.sgi_pending[n]);
	return 0;
}

static int resume(void)
{
	if (!saved.valid)
		return -EINVAL;
	stop_interfaces();
	restore_spis(saved.spis, saved.targets, saved.wake);
	restore_local(&saved.local, saved.sgi_pending);
	mmio_write32(v2.gicd + GICD_CTLR, saved.gicd_ctlr);
	restore_interfaces();
	saved.valid = false;
	return 0;
}

static int undo(void)
{
	if (!saved.valid)
		return -EINVAL;
	/* The hardware is as suspend() left it: pending and active states have gone on since. */
	set_sgis_pending(saved.sgi_pending);
	gic_bank_restore_enables(&v2.local, &saved.local);
	gic_bank_restore_enables(&v2.spis, saved.spis);
	mmio_write32(v2.gich + GICH_HCR, saved.gich_hcr);
	saved.valid = false;
	return 0;
}

static uint32_t pending_wake(const uint64_t *wake)
{
	if (saved.valid && gic_bank_lost(&v2.spis, saved.spis)) {
		gic_bank_disable(&v2.spis, NULL);
		gic_bank_settle(&v2.spis, saved.spis, saved.wake);
	}
	return gic_bank_pending_wake(&v2.spis, saved.valid ? saved.spis : NULL, wake);
}

static const struct gic_names names = {
	.group = "GICD_IGROUPR",
	.enable = "GICD_ISENABLER",
	.priority = "GICD_IPRIORITYR",
	.config = "GICD_ICFGR",
};

static void dump_shared(gic_dump_fn *fn, void *ctx)
{
	fn(ctx, "GICD_CTLR", 0, mmio_read32(v2.gicd + GICD_CTLR));
	gic_bank_dump(&v2.spis, &names, fn, ctx);
	for (unsigned int n = v2.spis.first / 4; n < v2.spis.end / 4; n++)
		fn(ctx, "GICD_ITARGETSR", n, mmio_read32(target_word(n)));
}

static void dump_cpu(gic_dump_fn *fn, void *ctx)
{
	fn(ctx, "GICC_CTLR", 0, mmio_read32(v2.gicc + GICC_CTLR));
	fn(ctx, "GICC_PMR", 0, mmio_read32(v2.gicc + GICC_PMR));
	fn(ctx, "GICC_BPR", 0, mmio_read32(v2.gicc + GICC_BPR));
	gic_bank_dump(&v2.local, &names, fn, ctx);
}

const struct gic_ops gic_v2_ops = {
	.version = 2,
	.init = init,
	.init_cpu = init_cpu,
	.exit_cpu = exit_cpu,
	.nudge = nudge,
	.ack = ack,
	.eoi = eoi,
	.deactivate = deactivate,
	.set_enabled = gic_line_set_enabled,
	.is_enabled = gic_line_is_enabled,
	.set_pending = gic_line_set_pending,
	.is_pending = gic_line_is_pending,
	.set_active = gic_line_set_active,
	.is_active = gic_line_is_active,
	.set_edge = gic_line_set_edge,
	.set_priority = gic_line_set_priority,
	.set_target = set_target,
	.send_sgi = send_sgi,
	.set_hcr = set_hcr,
	.read_lr = read_lr,
	.write_lr = write_lr,
	.clear_lr = clear_lr,
	.empty_lrs = empty_lrs,
	.save_vcpu = save_vcpu,
	.load_vcpu = load_vcpu,
	.reset_vcpu = reset_vcpu,
	.suspend = suspend,
	.resume = resume,
	.undo = undo,
	.pending_wake = pending_wake,
	.dump_shared = dump_shared,
	.dump_cpu = dump_cpu,
};
