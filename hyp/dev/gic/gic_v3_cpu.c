/* SPDX-License-Identifier: Apache-2.0 */
/* See gic_v3_cpu.h. Section numbers are IHI 0069's. */
#include "dev/gic/gic_v3_cpu.h"

#include "arch/barrier.h"
#include "arch/sysreg.h"
#include "dev/gic/gic_v3_regs.h"
#include "lib/err.h"

/* Registers with a number in their name. Each is accessed only where it is implemented. */

#define READ_CASE(n, reg) \
	case n:           \
		return sysreg_read(reg);
#define WRITE_CASE(n, reg)            \
	case n:                       \
		sysreg_write(reg, v); \
		break;
#define NUMBERED(name, LIST)                                 \
	static uint64_t read_##name(unsigned int n)          \
	{                                                    \
		switch (n) {                                 \
			LIST(READ_CASE)                      \
		}                                            \
		return 0;                                    \
	}                                                    \
	static void write_##name(unsigned int n, uint64_t v) \
	{                                                    \
		switch (n) {                                 \
			LIST(WRITE_CASE)                     \
		}                                            \
	}

#define ICC_AP1RS(X) X(0, ICC_AP1R0_EL1) X(1, ICC_AP1R1_EL1) X(2, ICC_AP1R2_EL1) X(3, ICC_AP1R3_EL1)
#define ICH_AP0RS(X) X(0, ICH_AP0R0_EL2) X(1, ICH_AP0R1_EL2) X(2, ICH_AP0R2_EL2) X(3, ICH_AP0R3_EL2)
#define ICH_AP1RS(X) X(0, ICH_AP1R0_EL2) X(1, ICH_AP1R1_EL2) X(2, ICH_AP1R2_EL2) X(3, ICH_AP1R3_EL2)

NUMBERED(lr, ICH_LRS)
NUMBERED(icc_ap1r, ICC_AP1RS)
NUMBERED(ich_ap0r, ICH_AP0RS)
NUMBERED(ich_ap1r, ICH_AP1RS)

/* How many active priority registers that many priority bits make, 5 to 7: 32 levels in each. */
static unsigned int aprs_of(uint64_t bits)
{
	if (bits <= 5)
		return 1;
	return bits == 6 ? 2 : 4;
}

static unsigned int nr_icc_aprs(void)
{
	return aprs_of(ICC_CTLR_PRIO_BITS(sysreg_read(ICC_CTLR_EL1)));
}

static unsigned int nr_ich_aprs(void)
{
	return aprs_of(ICH_VTR_PRE_BITS(sysreg_read(ICH_VTR_EL2)));
}

int gic_v3_cpu_enable_sre(void)
{
	sysreg_write(ICC_SRE_EL2, ICC_SRE_ALL);
	/* The write decides whether the accesses below reach the interface at all (12.2.20). */
	isb();
	if (!(sysreg_read(ICC_SRE_EL2) & ICC_SRE_SRE))
		return -ENODEV;
	sysreg_write(ICC_SRE_EL1, ICC_SRE_EL1_ALL);
	isb();
	return 0;
}

void gic_v3_cpu_limits(struct gic_limits *limits)
{
	uint64_t vtr = sysreg_read(ICH_VTR_EL2);

	limits->nr_lrs = (unsigned int)min_u64(ICH_VTR_LRS(vtr), GIC_MAX_LRS);
	limits->nr_prio_bits = (unsigned int)ICH_VTR_PRIO_BITS(vtr);
}

void gic_v3_cpu_stop(void)
{
	/* The group enable and nothing else: clearing ICC_CTLR doesn't stop group 1. */
	sysreg_write(ICC_IGRPEN1_EL1, 0);
	sysreg_write(ICH_HCR_EL2, 0);
	/* In effect before the redistributor or the firmware is told anything. */
	isb();
}

void gic_v3_cpu_start(void)
{
	for (unsigned int i = 0; i < gic_limits.nr_lrs; i++)
		write_lr(i, 0);
	for (unsigned int i = 0; i < nr_ich_aprs(); i++) {
		write_ich_ap0r(i, 0);
		write_ich_ap1r(i, 0);
	}
	sysreg_write(ICH_VMCR_EL2, 0);

	/* Left active by whoever was here before, a priority would mask ours for ever. */
	for (unsigned int i = 0; i < nr_icc_aprs(); i++)
		write_icc_ap1r(i, 0);
	sysreg_write(ICC_CTLR_EL1, ICC_CTLR_EOIMODE);
	sysreg_write(ICC_BPR1_EL1, 0);
	sysreg_write(ICC_PMR_EL1, 0xff);
	isb();
	sysreg_write(ICC_IGRPEN1_EL1, 1);
	isb();
}

void gic_v3_cpu_save(struct gic_v3_cpu_state *s)
{
	s->pmr = sysreg_read(ICC_PMR_EL1);
	s->bpr1 = sysreg_read(ICC_BPR1_EL1);
	s->ctlr = sysreg_read(ICC_CTLR_EL1);
	s->igrpen1 = sysreg_read(ICC_IGRPEN1_EL1);
	for (unsigned int i = 0; i < nr_icc_aprs(); i++)
		s->ap1r[i] = read_icc_ap1r(i);
	s->hcr = sysreg_read(ICH_HCR_EL2);
	gic_v3_save_vcpu(&s->vcpu);
	for (unsigned int i = 0; i < gic_limits.nr_lrs; i++)
		s->lr[i] = read_lr(i);
}

void gic_v3_cpu_restore(const struct gic_v3_cpu_state *s)
{
	for (unsigned int i = 0; i < gic_limits.nr_lrs; i++)
		write_lr(i, s->lr[i]);
	gic_v3_load_vcpu(&s->vcpu);
	sysreg_write(ICH_HCR_EL2, s->hcr);

	sysreg_write(ICC_CTLR_EL1, s->ctlr);
	for (unsigned int i = 0; i < nr_icc_aprs(); i++)
		write_icc_ap1r(i, s->ap1r[i]);
	sysreg_write(ICC_BPR1_EL1, s->bpr1);
	sysreg_write(ICC_PMR_EL1, s->pmr);
	/* All of it in effect before the first interrupt can be signalled. */
	isb();
	sysreg_write(ICC_IGRPEN1_EL1, s->igrpen1);
	isb();
}

void gic_v3_cpu_dump(gic_dump_fn *fn, void *ctx)
{
	fn(ctx, "ICC_SRE_EL2", 0, sysreg_read(ICC_SRE_EL2));
	fn(ctx, "ICC_CTLR_EL1", 0, sysreg_read(ICC_CTLR_EL1));
	fn(ctx, "ICC_PMR_EL1", 0, sysreg_read(ICC_PMR_EL1));
	fn(ctx, "ICC_BPR1_EL1", 0, sysreg_read(ICC_BPR1_EL1));
	fn(ctx, "ICC_IGRPEN1_EL1", 0, sysreg_read(ICC_IGRPEN1_EL1));
}

uint32_t gic_v3_ack(void)
{
	uint64_t v = sysreg_read(ICC_IAR1_EL1);

	/* The activation is seen by the distributor before the handler touches the device (4.1.1).
	 */
	dsb(sy);
	return (uint32_t)FIELD(v, 23, 0);
}

void gic_v3_eoi(uint32_t iar)
{
	sysreg_write(ICC_EOIR1_EL1, iar);
	/* The next ack is to see the dropped priority. */
	isb();
}

void gic_v3_deactivate(uint32_t iar)
{
	sysreg_write(ICC_DIR_EL1, iar);
	isb();
}

void gic_v3_send_sgi(uint32_t sgi, uint64_t mpidr)
{
	uint64_t aff0 = FIELD(mpidr, 7, 0);
	uint64_t v = FIELD(mpidr, 39, 32) << 48 | FIELD(mpidr, 23, 16) << 32 |
	             FIELD(mpidr, 15, 8) << 16 | (uint64_t)(sgi & 0xf) << 24;

	/* The target list holds 16 CPUs of the range that RS chooses (12.2.18). */
	v |= (aff0 / 16) << 44 | BIT(aff0 % 16);
	/* What the partner is to see was written before; its half is the DSB in ack(). */
	dsb(ishst);
	sysreg_write(ICC_SGI1R_EL1, v);
	isb();
}

void gic_v3_set_hcr(uint32_t bits)
{
	sysreg_write(ICH_HCR_EL2, bits);
}

/* ICH_LR<n>_EL2.EOI is a bit of pINTID's, which with HW = 0 is no INTID. */
#define LR_EOI (struct gic_lr){ .eoi = 1 }.raw

struct gic_lr gic_v3_read_lr(unsigned int n)
{
	struct gic_lr lr = { .raw = read_lr(n) };

	if (unlikely(!lr.hw && (lr.raw & ICH_LR_EOI)))
		lr.raw ^= ICH_LR_EOI | LR_EOI;
	return lr;
}

void gic_v3_write_lr(unsigned int n, struct gic_lr lr)
{
	if (unlikely(lr.eoi))
		lr.raw ^= ICH_LR_EOI | LR_EOI;
	write_lr(n, lr.raw);
}

void gic_v3_clear_lr(unsigned int n)
{
	write_lr(n, 0);
}

uint64_t gic_v3_empty_lrs(void)
{
	/* What isn't implemented is RES0 (IHI 0069 12.4.5). */
	return sysreg_read(ICH_ELRSR_EL2);
}

void gic_v3_save_vcpu(struct gic_vcpu_state *s)
{
	*s = (struct gic_vcpu_state) {
		.vmcr = (uint32_t)sysreg_read(ICH_VMCR_EL2),
		.sre_el1 = ICC_SRE_EL1_ALL,
	};
	for (unsigned int i = 0; i < nr_ich_aprs(); i++) {
		s->apr[0][i] = (uint32_t)read_ich_ap0r(i);
		s->apr[1][i] = (uint32_t)read_ich_ap1r(i);
	}
}

void gic_v3_load_vcpu(const struct gic_vcpu_state *s)
{
	/* One register for all guests of this CPU: what the last one did to it isn't the next
	 * one's. */
	sysreg_write(ICC_SRE_EL1, s->sre_el1);
	sysreg_write(ICH_VMCR_EL2, s->vmcr);
	for (unsigned int i = 0; i < nr_ich_aprs(); i++) {
		write_ich_ap0r(i, s->apr[0][i]);
		write_ich_ap1r(i, s->apr[1][i]);
	}
}

void gic_v3_reset_vcpu(struct gic_vcpu_state *s)
{
	*s = (struct gic_vcpu_state) { .sre_el1 = ICC_SRE_EL1_ALL };
}
