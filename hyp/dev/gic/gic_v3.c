/* SPDX-License-Identifier: Apache-2.0 */
/*
 * GICv3 (IHI 0069 H): distributor, redistributors, and the ops. See gic.h; the system registers are
 * in gic_v3_cpu.c. LPIs aren't used; where a firmware switched them on, resume() keeps them as they
 * are.
 */
#include "dev/gic/gic.h"

#include "arch/mmio.h"
#include "arch/percpu.h"
#include "dev/gic/gic_line.h"
#include "dev/gic/gic_v3_cpu.h"
#include "dev/gic/gic_v3_regs.h"
#include "lib/err.h"
#include "lib/log.h"
#include "mm/page.h"

#define MAX_CPUS_V3 64
#define NR_LINES    1020
#define NR_ESPIS    1024
#define NR_LOCAL    (32 + 64) /* SGIs, PPIs, extended PPIs */

/* A redistributor's part of the LPIs. */
struct lpis {
	uint32_t ctlr; /* GICR_CTLR's bits about them */
	uint64_t propbaser, pendbaser;
};

static struct {
	uintptr_t gicd;
	struct gic_config cfg; /* a copy: the caller's may be gone when the last CPU comes up */
	struct gic_bank spis;
	struct gic_bank espis;
	/* By CPU number; written by that CPU in init_cpu(), 0 before. */
	struct {
		uintptr_t rd;
		uint64_t mpidr;
		struct lpis lpis; /* as they were then: nothing of ours changes them */
	} cpu[MAX_CPUS_V3];
} v3;

/* What suspend() keeps for resume(). */
static struct {
	bool valid;
	uint32_t gicd_ctlr;
	struct gic_block spis[GIC_BLOCKS(NR_LINES) - 1];
	struct gic_block espis[GIC_BLOCKS(NR_ESPIS)];
	uint32_t wake[GIC_BLOCKS(NR_LINES) - 1]; /* left enabled, by block of SPIs */
	uint64_t *routes; /* IROUTER of SPIs, then of extended SPIs; allocated by init() */

	struct lpis lpis;
	struct gic_block local[GIC_BLOCKS(NR_LOCAL)];
	struct gic_v3_cpu_state cpu;
} saved;

static uintptr_t this_rd(void)
{
	return v3.cpu[arch_this_cpu()->id].rd;
}

static struct gic_bank local_bank(uintptr_t rd)
{
	return (struct gic_bank) {
		.at = &gic_layout_v3,
		.base = rd + GICR_SGI_FRAME,
		.end = GIC_FIRST_SPI + gic_limits.nr_eppis,
	};
}

static bool find(uint32_t intid, struct gic_line *l)
{
	const struct {
		const struct gic_layout *at;
		uintptr_t base;
		unsigned int first, count, line;
	} kinds[] = {
		{ &gic_layout_v3, this_rd() + GICR_SGI_FRAME, 0, GIC_FIRST_SPI, 0 },
		{ &gic_layout_v3, v3.gicd, GIC_FIRST_SPI, gic_limits.nr_spis_end - GIC_FIRST_SPI,
		  GIC_FIRST_SPI },
		{ &gic_layout_v3, this_rd() + GICR_SGI_FRAME, GIC_FIRST_EPPI, gic_limits.nr_eppis,
		  GIC_FIRST_SPI },
		{ &gic_layout_espi, v3.gicd, GIC_FIRST_ESPI, gic_limits.nr_espis, 0 },
	};

	for (size_t i = 0; i < ARRAY_SIZE(kinds); i++) {
		if (intid < kinds[i].first || intid - kinds[i].first >= kinds[i].count)
			continue;
		*l = (struct gic_line) {
			.at = kinds[i].at,
			.base = kinds[i].base,
			.nr = kinds[i].line + intid - kinds[i].first,
		};
		return true;
	}
	return false;
}

/* RWP: bit 31 of the distributor's CTLR, bit 3 of the redistributor's (12.9.4, 12.11.2). */
static int wait_gicd(void)
{
	return gic_wait(v3.gicd + GICD_CTLR, GICD_CTLR_RWP, 0, "write to the distributor");
}

static int wait_gicr(uintptr_t rd)
{
	return gic_wait(rd + GICR_CTLR, GICR_CTLR_RWP, 0, "write to the redistributor");
}

static bool is_local(uint32_t intid)
{
	return intid < GIC_FIRST_SPI || (intid >= GIC_FIRST_EPPI && intid <= GIC_LAST_EPPI);
}

static void wait_disabled(uint32_t intid)
{
	/* A time-out is logged there; the caller couldn't do more than that. */
	if (is_local(intid))
		(void)wait_gicr(this_rd());
	else
		(void)wait_gicd();
}

static const struct gic_line_ops lines = {
	.find = find,
	.wait_disabled = wait_disabled,
};

/* INTID of index n in saved.routes, and its IROUTER. */
static unsigned int nr_routes(void)
{
	return gic_limits.nr_spis_end - GIC_FIRST_SPI + gic_limits.nr_espis;
}

static uintptr_t route_addr(unsigned int n)
{
	unsigned int spis = gic_limits.nr_spis_end - GIC_FIRST_SPI;

	if (n < spis)
		return v3.gicd + GICD_IROUTER + 8 * (GIC_FIRST_SPI + n);
	return v3.gicd + GICD_IROUTERE + 8 * (n - spis);
}

/* There are some hundreds, so not by route_addr(). */
static void save_routes(void)
{
	unsigned int spis = gic_limits.nr_spis_end - GIC_FIRST_SPI;
	uint64_t *to = saved.routes, *end = to + spis;
	uintptr_t from = route_addr(0);

	for (; to < end; from += 8)
		*to++ = mmio_read64(from);
	end += gic_limits.nr_espis;
	for (from = v3.gicd + GICD_IROUTERE; to < end; from += 8)
		*to++ = mmio_read64(from);
}

static void restore_routes(void)
{
	unsigned int spis = gic_limits.nr_spis_end - GIC_FIRST_SPI;
	const uint64_t *from = saved.routes, *end = from + spis;
	uintptr_t to = route_addr(0);

	for (; from < end; to += 8)
		mmio_write64(to, *from++);
	end += gic_limits.nr_espis;
	for (to = v3.gicd + GICD_IROUTERE; from < end; to += 8)
		mmio_write64(to, *from++);
}

/* IROUTER's affinity fields are where MPIDR_EL1 has them. */
static uint64_t route_to(uint64_t mpidr)
{
	return mpidr & (MASK(39, 32) | MASK(23, 0));
}

/*
 * The distributor from any state to saved.*, forwarding off. The order matters: ARE first, because
 * without it IROUTER isn't there (and it must not be cleared once set); everything off, and seen to
 * be off, before its config changes. 0 or -ETIMEDOUT.
 */
static int restore_distributor(const uint32_t *keep)
{
	int err;

	mmio_write32(v3.gicd + GICD_CTLR, GICD_CTLR_ARE);
	err = wait_gicd();
	if (err)
		return err;
	gic_bank_disable(&v3.spis, NULL);
	gic_bank_disable(&v3.espis, NULL);
	err = wait_gicd();
	if (err)
		return err;
	gic_bank_restore(&v3.spis, saved.spis, keep);
	gic_bank_restore(&v3.espis, saved.espis, NULL);
	restore_routes();
	gic_bank_restore_enables(&v3.spis, saved.spis);
	gic_bank_restore_enables(&v3.espis, saved.espis);
	return wait_gicd();
}

/* After restore_distributor(): forwarding as `ctlr` says. */
static int start_distributor(uint32_t ctlr)
{
	mmio_write32(v3.gicd + GICD_CTLR, ctlr & ~(uint32_t)GICD_CTLR_RWP);
	return wait_gicd();
}

static uint64_t read_typer(uintptr_t rd)
{
	return mmio_read32(rd + GICR_TYPER) | (uint64_t)mmio_read32(rd + GICR_TYPER + 4) << 32;
}

/* The redistributor with that MPIDR, over all regions; 0 if there is none. */
static uintptr_t find_redist(uint64_t mpidr)
{
	for (unsigned int i = 0; i < v3.cfg.nr_redist_regions; i++) {
		uint64_t off = 0;

		while (off + GICR_FRAMES_V3 <= v3.cfg.redist[i].size) {
			uintptr_t rd = v3.cfg.redist[i].base.raw + off;
			uint64_t arch = PIDR2_ARCH(mmio_read32(rd + GICR_PIDR2));
			uint64_t typer = read_typer(rd);

			if (arch != 3 && arch != 4)
				break;
			if (typer >> 32 == AFFINITY32(mpidr))
				return rd;
			if (typer & GICR_TYPER_LAST)
				break;
			if (v3.cfg.redist_stride)
				off += v3.cfg.redist_stride;
			else
				off += typer & GICR_TYPER_VLPIS ? GICR_FRAMES_V4 : GICR_FRAMES_V3;
		}
	}
	return 0;
}

/* Is it one that we can drive? Says why not. */
static int probe(const struct gic_config *cfg)
{
	uint64_t arch = PIDR2_ARCH(mmio_read32(cfg->gicd.raw + GICD_PIDR2));
	int err;

	if (arch != 3 && arch != 4) {
		log_err("gic: not a GICv3 distributor (architecture %u)", (unsigned int)arch);
		return -ENODEV;
	}
	err = gic_v3_cpu_enable_sre();
	if (err)
		log_err("gic: the firmware gives no system register access");
	return err;
}

static int init(const struct gic_config *cfg)
{
	uint32_t typer = mmio_read32(cfg->gicd.raw + GICD_TYPER);
	uintptr_t rd;
	int err = probe(cfg);

	if (err)
		return err;
	v3.cfg = *cfg;
	v3.gicd = cfg->gicd.raw;
	for (unsigned int i = 0; i < MAX_CPUS_V3; i++)
		v3.cpu[i].rd = 0;
	rd = find_redist(arch_this_cpu()->mpidr);
	if (!rd) {
		log_err("gic: no redistributor for the boot CPU");
		return -ENODEV;
	}

	gic_limits = (struct gic_limits) {
		.nr_spis_end = (unsigned int)min_u64(32 * (GICD_TYPER_LINES(typer) + 1), NR_LINES),
		.nr_espis = typer & GICD_TYPER_ESPI ? (unsigned int)GICD_TYPER_ESPIS(typer) : 0,
		/* 0: none, 1 or 2 words of extended PPIs, 3 and on reserved (12.11.35). */
		.nr_eppis = 32 * (unsigned int)min_u64(GICR_TYPER_PPINUM(read_typer(rd)), 2),
		.max_cpus = MAX_CPUS_V3,
	};
	gic_v3_cpu_limits(&gic_limits);
	v3.spis = (struct gic_bank) {
		.at = &gic_layout_v3,
		.base = v3.gicd,
		.first = GIC_FIRST_SPI,
		.end = gic_limits.nr_spis_end,
	};
	v3.espis = (struct gic_bank) {
		.at = &gic_layout_espi,
		.base = v3.gicd,
		.end = gic_limits.nr_espis,
	};
	gic_line_setup(&lines);

	saved.valid = false;
	saved.routes = page_alloc(page_order(8 * (uint64_t)nr_routes()));
	if (!saved.routes)
		return -ENOMEM;
	/* `saved` is a scratch pad yet. */
	gic_bank_defaults(&v3.spis, saved.spis, true, GIC_PRIO_GUEST);
	gic_bank_defaults(&v3.espis, saved.espis, true, GIC_PRIO_GUEST);
	for (unsigned int n = 0; n < nr_routes(); n++)
		saved.routes[n] = route_to(arch_this_cpu()->mpidr);
	err = restore_distributor(NULL);
	if (err)
		return err;
	return start_distributor(GICD_CTLR_ARE | GICD_CTLR_GRP1);
}

/* Out of its sleep, if that is ours to say: RAZ/WI from the non-secure side (12.11.42). */
static int wake_redist(uintptr_t rd)
{
	uint32_t v = mmio_read32(rd + GICR_WAKER);

	mmio_write32(rd + GICR_WAKER, v & ~(uint32_t)GICR_WAKER_SLEEP);
	return gic_wait(rd + GICR_WAKER, GICR_WAKER_ASLEEP, 0, "waking of the redistributor");
}

/* SGIs and PPIs from any state to s. 0 or -ETIMEDOUT. */
static int restore_local(uintptr_t rd, const struct gic_block *s)
{
	struct gic_bank b = local_bank(rd);
	int err;

	gic_bank_disable(&b, NULL);
	err = wait_gicr(rd);
	if (err)
		return err;
	gic_bank_restore(&b, s, NULL);
	gic_bank_restore_enables(&b, s);
	return wait_gicr(rd);
}

static void save_lpis(uintptr_t rd, struct lpis *l)
{
	*l = (struct lpis) {
		.ctlr = mmio_read32(rd + GICR_CTLR) & (uint32_t)(GICR_CTLR_LPIS | GICR_CTLR_DPG),
		.propbaser = mmio_read64(rd + GICR_PROPBASER),
		.pendbaser = mmio_read64(rd + GICR_PENDBASER),
	};
}

/*
 * LPIs as they were. The bases are fixed while EnableLPIs is set, and it may be impossible to clear
 * (12.11.2): a redistributor that stayed powered with the same tables is left on. The bases come back
 * even if nothing uses them: garbage there would be memory that the redistributor writes to as soon
 * as somebody switches LPIs on.
 */
static int restore_lpis(uintptr_t rd, const struct lpis *l)
{
	bool on = mmio_read32(rd + GICR_CTLR) & GICR_CTLR_LPIS;
	bool same = mmio_read64(rd + GICR_PROPBASER) == l->propbaser &&
	            mmio_read64(rd + GICR_PENDBASER) == l->pendbaser;
	int err;

	if (!same || !(l->ctlr & GICR_CTLR_LPIS)) {
		if (on) {
			mmio_write32(rd + GICR_CTLR, 0);
			err = wait_gicr(rd);
			if (err)
				return err;
		}
		if (mmio_read32(rd + GICR_CTLR) & GICR_CTLR_LPIS) {
			log_warn("gic: the redistributor's LPIs can't be switched off");
		} else if (!same) {
			mmio_write64(rd + GICR_PROPBASER, l->propbaser);
			mmio_write64(rd + GICR_PENDBASER, l->pendbaser);
		}
	}
	mmio_write32(rd + GICR_CTLR, l->ctlr);
	return wait_gicr(rd);
}

/* The first time what the firmware left; a CPU that comes back gets it again. */
static int init_lpis(unsigned int cpu, uintptr_t rd)
{
	if (v3.cpu[cpu].rd)
		return restore_lpis(rd, &v3.cpu[cpu].lpis);
	save_lpis(rd, &v3.cpu[cpu].lpis);
	return 0;
}

static int init_cpu(void)
{
	const struct arch_cpu *self = arch_this_cpu();
	struct gic_block local[GIC_BLOCKS(NR_LOCAL)];
	struct gic_bank b;
	uintptr_t rd;
	int err;

	if (self->id >= MAX_CPUS_V3)
		return -ENODEV;
	err = gic_v3_cpu_enable_sre();
	if (err)
		return err;
	gic_v3_cpu_stop();
	rd = find_redist(self->mpidr);
	if (!rd)
		return -ENODEV;
	err = wake_redist(rd);
	if (err)
		return err;
	err = init_lpis(self->id, rd);
	if (err)
		return err;

	b = local_bank(rd);
	gic_bank_defaults(&b, local, true, GIC_PRIO_GUEST);
	local[0].enable = (uint32_t)MASK(GIC_NR_SGIS - 1, 0);
	for (unsigned int n = 0; n < GIC_NR_SGIS / 4; n++)
		local[0].priority[n] = GIC_PRIO_IPI * 0x01010101u;
	err = restore_local(rd, local);
	if (err)
		return err;
	v3.cpu[self->id].rd = rd;
	v3.cpu[self->id].mpidr = self->mpidr;
	gic_v3_cpu_start();
	return 0;
}

static void exit_cpu(void)
{
	struct gic_bank b = local_bank(this_rd());

	/* The interface first: with the group on, a sleeping redistributor is UNPREDICTABLE. */
	gic_v3_cpu_stop();
	gic_bank_disable(&b, NULL);
	(void)wait_gicr(this_rd());
}

static bool known_cpu(unsigned int cpu)
{
	return cpu < MAX_CPUS_V3 && v3.cpu[cpu].rd;
}

static void set_target(uint32_t intid, unsigned int cpu)
{
	unsigned int spis = gic_limits.nr_spis_end - GIC_FIRST_SPI;
	unsigned int n = nr_routes();

	if (intid >= GIC_FIRST_SPI && intid < gic_limits.nr_spis_end)
		n = intid - GIC_FIRST_SPI;
	else if (intid >= GIC_FIRST_ESPI && intid - GIC_FIRST_ESPI < gic_limits.nr_espis)
		n = spis + intid - GIC_FIRST_ESPI;
	if (n == nr_routes())
		return;
	if (!known_cpu(cpu)) {
		log_warn("gic: interrupt %u: cpu %u has no redistributor yet", intid, cpu);
		return;
	}
	mmio_write64(route_addr(n), route_to(v3.cpu[cpu].mpidr));
}

static void send_sgi(uint32_t sgi, unsigned int cpu)
{
	if (known_cpu(cpu))
		gic_v3_send_sgi(sgi, v3.cpu[cpu].mpidr);
}

/* Host suspend. */

static void save_redist(uintptr_t rd)
{
	struct gic_bank b = local_bank(rd);

	save_lpis(rd, &saved.lpis);
	gic_bank_save(&b, saved.local);
}

static int suspend(const uint64_t *wake)
{
	uintptr_t rd = this_rd();
	struct gic_bank local = local_bank(rd);
	int err;

	gic_v3_cpu_save(&saved.cpu);
	saved.gicd_ctlr = mmio_read32(v3.gicd + GICD_CTLR);
	save_routes();
	save_redist(rd);
	gic_bank_save(&v3.espis, saved.espis);
	gic_bank_save(&v3.spis, saved.spis);
	for (unsigned int i = 0; i < gic_bank_blocks(&v3.spis); i++)
		saved.wake[i] = saved.spis[i].enable & gic_wake_word(wake, i);
	saved.valid = true;

	gic_v3_set_hcr(0);
	gic_bank_disable(&local, NULL);
	gic_bank_disable(&v3.espis, NULL);
	gic_bank_disable(&v3.spis, saved.wake);
	err = wait_gicr(rd);
	return err ? err : wait_gicd();
}

static int resume(void)
{
	uintptr_t rd = this_rd();
	int err;

	if (!saved.valid)
		return -EINVAL;
	err = gic_v3_cpu_enable_sre();
	if (err)
		return err;
	gic_v3_cpu_stop();
	err = restore_distributor(saved.wake);
	if (err)
		return err;
	err = wake_redist(rd);
	if (err)
		return err;
	err = restore_lpis(rd, &saved.lpis);
	if (err)
		return err;
	err = restore_local(rd, saved.local);
	if (err)
		return err;
	err = start_distributor(saved.gicd_ctlr);
	if (err)
		return err;
	gic_v3_cpu_restore(&saved.cpu);
	saved.valid = false;
	return 0;
}

static int undo(void)
{
	struct gic_bank local = local_bank(this_rd());
	int err;

	if (!saved.valid)
		return -EINVAL;
	/* The hardware is as suspend() left it: pending and active states have gone on since. */
	gic_bank_restore_enables(&local, saved.local);
	gic_bank_restore_enables(&v3.espis, saved.espis);
	gic_bank_restore_enables(&v3.spis, saved.spis);
	gic_v3_set_hcr((uint32_t)saved.cpu.hcr);
	saved.valid = false;
	err = wait_gicr(this_rd());
	return err ? err : wait_gicd();
}

static uint32_t pending_wake(const uint64_t *wake)
{
	if (saved.valid && gic_bank_lost(&v3.spis, saved.spis)) {
		gic_bank_disable(&v3.spis, NULL);
		/* If that times out resume() fails at the same place, and with it the machine. */
		(void)wait_gicd();
		gic_bank_settle(&v3.spis, saved.spis, saved.wake);
	}
	return gic_bank_pending_wake(&v3.spis, saved.valid ? saved.spis : NULL, wake);
}

static const struct gic_names spi_names = {
	.group = "GICD_IGROUPR",
	.group_mod = "GICD_IGRPMODR",
	.enable = "GICD_ISENABLER",
	.priority = "GICD_IPRIORITYR",
	.config = "GICD_ICFGR",
};
static const struct gic_names espi_names = {
	.group = "GICD_IGROUPRnE",
	.group_mod = "GICD_IGRPMODRnE",
	.enable = "GICD_ISENABLERnE",
	.priority = "GICD_IPRIORITYRnE",
	.config = "GICD_ICFGRnE",
};
static const struct gic_names local_names = {
	.group = "GICR_IGROUPR",
	.group_mod = "GICR_IGRPMODR",
	.enable = "GICR_ISENABLER",
	.priority = "GICR_IPRIORITYR",
	.config = "GICR_ICFGR",
};

static void dump_shared(gic_dump_fn *fn, void *ctx)
{
	fn(ctx, "GICD_CTLR", 0, mmio_read32(v3.gicd + GICD_CTLR) & ~(uint32_t)GICD_CTLR_RWP);
	gic_bank_dump(&v3.spis, &spi_names, fn, ctx);
	gic_bank_dump(&v3.espis, &espi_names, fn, ctx);
	for (unsigned int n = 0; n < nr_routes(); n++)
		fn(ctx, "GICD_IROUTER", GIC_FIRST_SPI + n, mmio_read64(route_addr(n)));
}

static void dump_cpu(gic_dump_fn *fn, void *ctx)
{
	uintptr_t rd = this_rd();
	struct gic_bank local = local_bank(rd);

	gic_v3_cpu_dump(fn, ctx);
	fn(ctx, "GICR_CTLR", 0, mmio_read32(rd + GICR_CTLR) & ~(uint32_t)GICR_CTLR_RWP);
	fn(ctx, "GICR_WAKER", 0, mmio_read32(rd + GICR_WAKER));
	fn(ctx, "GICR_PROPBASER", 0, mmio_read64(rd + GICR_PROPBASER));
	fn(ctx, "GICR_PENDBASER", 0, mmio_read64(rd + GICR_PENDBASER));
	gic_bank_dump(&local, &local_names, fn, ctx);
}

const struct gic_ops gic_v3_ops = {
	.version = 3,
	.init = init,
	.init_cpu = init_cpu,
	.exit_cpu = exit_cpu,
	.ack = gic_v3_ack,
	.eoi = gic_v3_eoi,
	.deactivate = gic_v3_deactivate,
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
	.set_hcr = gic_v3_set_hcr,
	.read_lr = gic_v3_read_lr,
	.write_lr = gic_v3_write_lr,
	.clear_lr = gic_v3_clear_lr,
	.empty_lrs = gic_v3_empty_lrs,
	.save_vcpu = gic_v3_save_vcpu,
	.load_vcpu = gic_v3_load_vcpu,
	.reset_vcpu = gic_v3_reset_vcpu,
	.suspend = suspend,
	.resume = resume,
	.undo = undo,
	.pending_wake = pending_wake,
	.dump_shared = dump_shared,
	.dump_cpu = dump_cpu,
};
