/* SPDX-License-Identifier: Apache-2.0 */
/* GICv2 with the Security Extensions (IHI 0048). The CPU interface and GICH are banked by CPU. */
#include "cpu.h"
#include "gic.h"
#include "kept.h"
#include "log.h"
#include "power.h"
#include "sysreg.h"

#define GICD_SGIR 0xf00

#define GICC_CTLR  0x00
#define GICC_PMR   0x04
#define GICC_BPR   0x08
#define GICC_IAR   0x0c
#define GICC_EOIR  0x10
#define GICC_ABPR  0x1c
#define GICC_APR0  0xd0
#define GICC_NSAPR0 0xe0

/* Secure view: group 0 enabled and signalled as FIQ, no bypass of either line. */
#define GICC_GRP0      (1U << 0)
#define GICC_GRP1      (1U << 1)
#define GICC_FIQEN     (1U << 3)
#define GICC_NO_BYPASS (0xfU << 5)
#define GICC_PARKED    (GICC_GRP0 | GICC_FIQEN | GICC_NO_BYPASS)

#define GICH_HCR  0x00
#define GICH_VMCR 0x08
#define GICH_APR  0xf0
#define GICH_LR0  0x100
#define GICH_VTR  0x04

#define IAR_NONE 1020 /* and up: nothing to acknowledge */

static struct {
	struct gic_banked banked;
	uint32_t target[GIC_MAX_WORDS * 8];
	uint32_t ctlr, pmr, bpr, abpr;
} kept KEPT;

static void v2_targets(const uint32_t *from, uint32_t fill)
{
	for (unsigned int i = 8; i < gicd_words() * 8; i++)
		write32(gic_place.gicd + GICD_ITARGETSR + 4 * i, from ? from[i] : fill);
}

static void v2_init(void)
{
	uint64_t ctlr = gic_place.gicd + GICD_CTLR;

	write32(ctlr, read32(ctlr) & ~GICD_CTLR_GRP1);
	gicd_init_shared();
	v2_targets(NULL, 0);
}

static void v2_interface_reset(void)
{
	uint64_t c = gic_place.gicc, h = gic_place.gich;

	write32(c + GICC_CTLR, GICC_PARKED);
	/* The normal world may only write PMR while its upper half is set (IHI 0048 4.4.2). */
	write32(c + GICC_PMR, 0xff);
	write32(c + GICC_BPR, 0);
	write32(c + GICC_ABPR, 0);
	for (unsigned int i = 0; i < 4; i++) {
		write32(c + GICC_APR0 + 4 * i, 0);
		write32(c + GICC_NSAPR0 + 4 * i, 0);
	}
	if (!h)
		return;
	write32(h + GICH_HCR, 0);
	write32(h + GICH_VMCR, 0);
	write32(h + GICH_APR, 0);
	for (unsigned int i = 0; i <= (read32(h + GICH_VTR) & 0x3f); i++)
		write32(h + GICH_LR0 + 4 * i, 0);
}

static void v2_cpu_init(unsigned int self)
{
	(void)self;
	gic_banked_init(gic_place.gicd);
	v2_interface_reset();
}

static void v2_kick(unsigned int target)
{
	write32(gic_place.gicd + GICD_SGIR, 1U << (16 + target) | FW_SGI);
}

static int v2_take(void)
{
	uint32_t iar = read32(gic_place.gicc + GICC_IAR);

	if ((iar & 0x3ff) >= IAR_NONE)
		return -1;
	write32(gic_place.gicc + GICC_EOIR, iar);
	return (int)(iar & 0x3ff);
}

static int v2_pending(void)
{
	int id = gicd_pending_shared();

	return id >= 0 ? id : gic_banked_pending(gic_place.gicd);
}

static void v2_save(void)
{
	gicd_save_shared();
	gic_banked_save(gic_place.gicd, &kept.banked);
	for (unsigned int i = 8; i < gicd_words() * 8; i++)
		kept.target[i] = read32(gic_place.gicd + GICD_ITARGETSR + 4 * i);
	kept.ctlr = read32(gic_place.gicc + GICC_CTLR);
	kept.pmr = read32(gic_place.gicc + GICC_PMR);
	kept.bpr = read32(gic_place.gicc + GICC_BPR);
	kept.abpr = read32(gic_place.gicc + GICC_ABPR);
}

static void v2_listen(bool on)
{
	write32(gic_place.gicc + GICC_PMR, on ? 0xff : kept.pmr);
	write32(gic_place.gicc + GICC_CTLR, on ? kept.ctlr | GICC_PARKED | GICC_GRP1 : kept.ctlr);
	write32(gic_place.gicd + GICD_CTLR, gic_kept_shared.ctlr | (on ? GICD_CTLR_GRP1 : 0));
}

static void v2_arm(void)
{
	v2_targets(NULL, 0x01010101); /* CPU 0 */
	gicd_arm_shared();
	write32(gic_place.gicd + GICD_CTLR, GICD_CTLR_GRP0 | GICD_CTLR_GRP1);
	write32(gic_place.gicc + GICC_CTLR, GICC_PARKED | GICC_GRP1);
}

static void v2_disarm(void)
{
	write32(gic_place.gicd + GICD_CTLR, GICD_CTLR_GRP0);
	write32(gic_place.gicc + GICC_CTLR, GICC_PARKED);
	gicd_disarm_shared();
	v2_targets(NULL, 0);
}

static void v2_restore(void)
{
	v2_targets(kept.target, 0);
	gicd_restore_shared();
	write32(gic_place.gicd + GICD_CTLR, gic_kept_shared.ctlr | GICD_CTLR_GRP0);
}

static void v2_poison(void)
{
	v2_targets(NULL, 0x0f0a0e06);
	gicd_poison_shared();
	write32(gic_place.gicd + GICD_CTLR, GICD_CTLR_GRP0 | GICD_CTLR_GRP1);
}

static void v2_resume_cpu(unsigned int self)
{
	uint64_t c = gic_place.gicc, h = gic_place.gich;

	(void)self;
	v2_interface_reset();
	if (power_gic_mode() == GIC_KEEP) {
		gic_banked_restore(gic_place.gicd, &kept.banked);
		write32(c + GICC_PMR, kept.pmr);
		write32(c + GICC_BPR, kept.bpr);
		write32(c + GICC_ABPR, kept.abpr);
		write32(c + GICC_CTLR, kept.ctlr);
	} else if (power_gic_mode() == GIC_POISON) {
		gic_banked_poison(gic_place.gicd);
		write32(c + GICC_PMR, 0xf0);
		write32(c + GICC_ABPR, 5);
		if (h) {
			write32(h + GICH_VMCR, 0x98240002);
			write32(h + GICH_APR, 0x00ff0000);
			write32(h + GICH_LR0, 0x5bad0123 & ~(1U << 31));
		}
	}
}

const struct gic_ops gic_v2 = {
	.name = "GICv2",
	.init = v2_init,
	.cpu_init = v2_cpu_init,
	.interface_reset = v2_interface_reset,
	.kick = v2_kick,
	.take = v2_take,
	.pending = v2_pending,
	.listen = v2_listen,
	.save = v2_save,
	.arm = v2_arm,
	.woken = gicd_woken_shared,
	.disarm = v2_disarm,
	.restore = v2_restore,
	.poison = v2_poison,
	.resume_cpu = v2_resume_cpu,
};
