/* SPDX-License-Identifier: Apache-2.0 */
#include "virt/sysregs.h"

#include "arch/sysreg.h"
#include "dev/gic/gic.h"
#include "virt/idregs.h"
#include "virt/trap_exit.h"
#include "virt/vgic/vgic.h"
#include "virt/vtimer.h"

/*
 * MDSCR_EL1 bits that a guest gets in hardware (Arm ARM D17.3.20): software step, EL0's access to
 * the debug channel, debug exceptions from EL1. Not MDE: the breakpoint registers aren't switched,
 * so what is in them isn't the guest's.
 */
#define MDSCR_SS      BIT(0)
#define MDSCR_TDCC    BIT(12)
#define MDSCR_KDE     BIT(13)
#define MDSCR_ALLOWED (MDSCR_SS | MDSCR_TDCC | MDSCR_KDE)

#define OSLSR_OSLM_IMPLEMENTED BIT(3) /* and not locked */

/* SRE, and bypass of FIQ and IRQ disabled: the only interface there is (IHI 0069 12.2.23). */
#define ICC_SRE_VALUE 7

#define ICC_SGI1R_KEY SYSREG_KEY(3, 0, 12, 11, 5)

#define ISS_READ BIT(0)

static uint64_t read_zero(struct vcpu *v, uint32_t key)
{
	(void)v;
	(void)key;
	return 0;
}

static void write_ignored(struct vcpu *v, uint32_t key, uint64_t value)
{
	(void)v;
	(void)key;
	(void)value;
}

static uint64_t read_id(struct vcpu *v, uint32_t key)
{
	(void)v;
	return idreg_read(FIELD(key, 6, 3), FIELD(key, 2, 0));
}

static uint64_t read_mdscr(struct vcpu *v, uint32_t key)
{
	(void)v;
	(void)key;
	return sysreg_read(mdscr_el1) & MDSCR_ALLOWED;
}

static void write_mdscr(struct vcpu *v, uint32_t key, uint64_t value)
{
	(void)v;
	(void)key;
	sysreg_write(mdscr_el1, value & MDSCR_ALLOWED);
}

static uint64_t read_oslsr(struct vcpu *v, uint32_t key)
{
	(void)v;
	(void)key;
	return OSLSR_OSLM_IMPLEMENTED;
}

static void write_sgi(struct vcpu *v, uint32_t key, uint64_t value)
{
	/* A guest's interrupts are all group 1: the other two registers reach none of them. */
	if (key == ICC_SGI1R_KEY)
		vgic_sgi_sysreg(v, value);
}

static uint64_t read_icc_sre(struct vcpu *v, uint32_t key)
{
	(void)v;
	(void)key;
	return ICC_SRE_VALUE;
}

/* op2 of CNTP_TVAL_EL0, CNTP_CTL_EL0, CNTP_CVAL_EL0 is 0, 1, 2. */
static enum vtimer_reg timer_reg(uint32_t key)
{
	static const enum vtimer_reg regs[] = { VTIMER_CNTP_TVAL, VTIMER_CNTP_CTL,
		                                VTIMER_CNTP_CVAL };

	return regs[FIELD(key, 1, 0)];
}

static uint64_t read_cntp(struct vcpu *v, uint32_t key)
{
	return vtimer_read(v, timer_reg(key));
}

static void write_cntp(struct vcpu *v, uint32_t key, uint64_t value)
{
	vtimer_write(v, timer_reg(key), value);
}

/*
 * X(name, op0, op1, CRn, CRm, op2, the last one's CRm, op2, read, write, flags), sorted by that. What isn't here is UNDEFINED: trace,
 * PMU, AMU, RAS, LORegions, IMPLEMENTATION DEFINED; likewise what has NULL.
 */
/* clang-format off */
#define SYSREGS(X)                                                                            \
	X(OSDTRRX_EL1,       2, 0, 0, 0, 2,    0, 2,  read_zero, write_ignored)               \
	X(DBGBVR0_EL1,       2, 0, 0, 0, 4,    0, 7,  read_zero, write_ignored) /* to DBGWCR0 */ \
	X(DBGBVR1_EL1,       2, 0, 0, 1, 4,    1, 7,  read_zero, write_ignored) /* two, says ID_AA64DFR0 */ \
	X(MDCCINT_EL1,       2, 0, 0, 2, 0,    2, 0,  read_zero, write_ignored)               \
	X(MDSCR_EL1,         2, 0, 0, 2, 2,    2, 2,  read_mdscr, write_mdscr)                \
	X(OSDTRTX_EL1,       2, 0, 0, 3, 2,    3, 2,  read_zero, write_ignored)               \
	X(OSECCR_EL1,        2, 0, 0, 6, 2,    6, 2,  read_zero, write_ignored)               \
	X(MDRAR_EL1,         2, 0, 1, 0, 0,    0, 0,  read_zero, NULL)                        \
	X(OSLAR_EL1,         2, 0, 1, 0, 4,    0, 4,  NULL, write_ignored)                    \
	X(OSLSR_EL1,         2, 0, 1, 1, 4,    1, 4,  read_oslsr, NULL)                       \
	X(OSDLR_EL1,         2, 0, 1, 3, 4,    3, 4,  read_zero, write_ignored)               \
	X(DBGPRCR_EL1,       2, 0, 1, 4, 4,    4, 4,  read_zero, write_ignored)               \
	X(DBGCLAIMSET_EL1,   2, 0, 7, 8, 6,    8, 6,  read_zero, write_ignored) /* no claim tags */ \
	X(DBGCLAIMCLR_EL1,   2, 0, 7, 9, 6,    9, 6,  read_zero, write_ignored)               \
	X(DBGAUTHSTATUS_EL1, 2, 0, 7, 14, 6,  14, 6,  read_zero, NULL)                        \
	X(MDCCSR_EL0,        2, 3, 0, 1, 0,    1, 0,  read_zero, NULL) /* nothing received, room to send */ \
	X(DBGDTR_EL0,        2, 3, 0, 4, 0,    4, 0,  read_zero, write_ignored)               \
	X(DBGDTRTX_EL0,      2, 3, 0, 5, 0,    5, 0,  read_zero, write_ignored)               \
	X(ID_REGS,           3, 0, 0, 1, 0,    7, 7,  read_id, NULL) /* known and reserved */ \
	X(ACTLR_EL1,         3, 0, 1, 0, 1,    0, 1,  read_zero, write_ignored)               \
	X(ICC_SGI1R_EL1,     3, 0, 12, 11, 5, 11, 7,  NULL, write_sgi, .gicv3 = true) /* ASGI1R, SGI0R, too */ \
	X(ICC_SRE_EL1,       3, 0, 12, 12, 5, 12, 5,  read_icc_sre, write_ignored, .gicv3 = true) \
	X(CNTP_TVAL_EL0,     3, 3, 14, 2, 0,   2, 2,  read_cntp, write_cntp) /* to CNTP_CVAL_EL0 */
/* clang-format on */

#define KEYS_ROW(name, op0, op1, crn, crm, op2, crm_last, op2_last, rd, wr, ...)                          \
	{ .first = SYSREG_KEY(op0, op1, crn, crm, op2), .last = SYSREG_KEY(op0, op1, crn, crm_last, op2_last), \
	  .read = (rd), .write = (wr), __VA_ARGS__ },
const struct sysreg_row sysreg_rows[] = {
	SYSREGS(KEYS_ROW)
	{ .first = UINT16_MAX, .last = UINT16_MAX } /* the end of every search: no register, as it has neither function */
};
const unsigned int nr_sysreg_rows = ARRAY_SIZE(sysreg_rows) - 1;

enum {
#define ROW_NUMBER(name, ...) ROW_##name,
	SYSREGS(ROW_NUMBER)
};

/*
 * Where to begin in the table: by op0's low bit, op1 and CRn, which are bits 14 to 7 of a key. A group that isn't here begins
 * at the top: right, too, but slower.
 */
#define GROUP(op0, op1, crn) FIELD(SYSREG_KEY(op0, op1, crn, 0, 0), 14, 7)
static const uint8_t first_row[256] = {
	[GROUP(2, 0, 1)] = ROW_MDRAR_EL1,      [GROUP(2, 0, 7)] = ROW_DBGCLAIMSET_EL1,
	[GROUP(2, 3, 0)] = ROW_MDCCSR_EL0,     [GROUP(3, 0, 0)] = ROW_ID_REGS,
	[GROUP(3, 0, 1)] = ROW_ACTLR_EL1,      [GROUP(3, 0, 12)] = ROW_ICC_SGI1R_EL1,
	[GROUP(3, 3, 14)] = ROW_CNTP_TVAL_EL0,
};

/* NULL: no such row. */
static inline const struct sysreg_row *find(uint32_t key)
{
	const struct sysreg_row *row = &sysreg_rows[first_row[FIELD(key, 14, 7)]];

	while (key > row->last)
		row++;
	return key >= row->first ? row : NULL;
}

static __noinline bool other_trap(struct guest_regs *r, uint64_t esr)
{
	/* SYSREG_KEY() of the syndrome's fields; op1 and CRn stand side by side in both. */
	uint32_t key = (uint32_t)(FIELD(esr, 21, 20) << 14 | FIELD(esr, 16, 10) << 7 | FIELD(esr, 4, 1) << 3 |
				  FIELD(esr, 19, 17));
	const struct sysreg_row *row = find(key);
	unsigned int rt = FIELD(esr, 9, 5);
	struct vcpu *v = trap_vcpu(r);

	if (unlikely(!row || (row->gicv3 && gic->version < 3)))
		return trap_undefined(r, esr);
	if ((esr & ISS_READ) && row->read)
		guest_set(r, rt, row->read(v, key));
	else if (!(esr & ISS_READ) && row->write)
		row->write(v, key, guest_get(r, rt));
	else
		return trap_undefined(r, esr);
	trap_skip(r, true);
	return trap_go_on(v);
}

/* ESR_EL2's ISS: a read of the space of ID registers (op0 3, op1 0, CRn 0, CRm 1 to 7), by far the most of what traps. */
#define ISS_ID_MASK (MASK(21, 20) | MASK(16, 10) | BIT(4) | ISS_READ)
#define ISS_ID	    (BIT(21) | BIT(20) | ISS_READ)

/* A write of ICC_SGI1R_EL1. */
#define ISS_REG_MASK (MASK(21, 10) | MASK(4, 0))
#define ISS_SGI1R    (3UL << 20 | 5UL << 17 | 0UL << 14 | 12UL << 10 | 11UL << 1)

bool sysreg_trap(struct guest_regs *r, uint64_t esr)
{
	struct vcpu *v = trap_vcpu(r);

	if (likely((esr & ISS_ID_MASK) == ISS_ID && FIELD(esr, 3, 1))) {
		guest_set(r, FIELD(esr, 9, 5), idreg_read(FIELD(esr, 3, 1), FIELD(esr, 19, 17)));
	} else if (likely((esr & ISS_REG_MASK) == ISS_SGI1R && gic->version >= 3)) {
		vgic_sgi_sysreg(v, guest_get(r, FIELD(esr, 9, 5)));
	} else {
		return other_trap(r, esr);
	}
	trap_skip(r, true);
	return trap_go_on(v);
}
