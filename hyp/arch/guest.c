/* SPDX-License-Identifier: Apache-2.0 */
#include "arch/guest.h"

#include "arch/barrier.h"
#include "arch/sysreg.h"

/* Read by vectors.S. */
struct guest_handlers guest_handlers;

void guest_set_handlers(const struct guest_handlers *h)
{
	guest_handlers = *h;
	for (unsigned int i = 0; i < GUEST_NR_ECS; i++) {
		if (!guest_handlers.sync[i])
			guest_handlers.sync[i] = h->otherwise;
	}
}

/* ID_AA64PFR0_EL1.RAS; ID_AA64PFR1_EL1.SME and not ID_AA64MMFR0_EL1.FGT. */
#define GUEST_HAS_RAS FIELD(sysreg_read(id_aa64pfr0_el1), 31, 28)
#define GUEST_HAS_TPIDR2                                   \
	(FIELD(sysreg_read(id_aa64pfr1_el1), 27, 24) && !FIELD(sysreg_read(id_aa64mmfr0_el1), 59, 56))

void guest_sysregs_save(struct guest_sysregs *s)
{
#define SAVE(field, reg, reset) s->field = sysreg_read(reg);
	GUEST_SYSREGS(SAVE)
#undef SAVE
#define SAVE(field, reg, guest_reg, has, reset) \
	if (has)                                \
		s->field = sysreg_read(reg);
	GUEST_FEATURE_SYSREGS(SAVE)
#undef SAVE
}

void guest_sysregs_load(const struct guest_sysregs *s)
{
#define LOAD(field, reg, reset) sysreg_write(reg, s->field);
	GUEST_SYSREGS(LOAD)
#undef LOAD
#define LOAD(field, reg, guest_reg, has, reset) \
	if (has)                                \
		sysreg_write(reg, s->field);
	GUEST_FEATURE_SYSREGS(LOAD)
#undef LOAD
	/* No ISB: the ERET into the guest is a context synchronisation event. */
}

void guest_sysregs_reset(struct guest_sysregs *s)
{
#define RESET(field, reg, reset) s->field = (reset);
	GUEST_SYSREGS(RESET)
#undef RESET
#define RESET(field, reg, guest_reg, has, reset) s->field = (reset);
	GUEST_FEATURE_SYSREGS(RESET)
#undef RESET
}

/* PSTATE and ESR_EL1 of an exception taken to EL1 (Arm ARM D1.3.5, AArch64.TakeException). */
#define PSTATE_M_MASK	0xfULL
#define PSTATE_EL0T	0x0ULL
#define PSTATE_EL1T	0x4ULL
#define PSTATE_EL1H	0x5ULL
#define PSTATE_AARCH32	BIT(4)
#define PSTATE_DAIF	MASK(9, 6)
#define PSTATE_PAN	BIT(22)
#define SCTLR_SPAN	BIT(23)
#define ESR_IL		BIT(25)
#define ESR_EC(ec)	((uint64_t)(ec) << 26)
#define EC_UNKNOWN	0x00
#define EC_IABT_LOWER	0x20
#define EC_IABT_SAME	0x21
#define EC_DABT_LOWER	0x24
#define EC_DABT_SAME	0x25
#define FSC_EXTERNAL	0x10

/* Offset of the vector that an exception from the interrupted state goes to. */
static uint64_t vector_offset(uint64_t pstate)
{
	if (pstate & PSTATE_AARCH32)
		return 0x600;
	switch (pstate & PSTATE_M_MASK) {
	case PSTATE_EL0T:
		return 0x400;
	case PSTATE_EL1T:
		return 0x000;
	default:
		return 0x200;
	}
}

static bool from_el1(uint64_t pstate)
{
	return !(pstate & PSTATE_AARCH32) && (pstate & PSTATE_M_MASK) != PSTATE_EL0T;
}

static void inject_sync(struct guest_regs *r, uint64_t esr)
{
	uint64_t pstate = PSTATE_EL1H | PSTATE_DAIF | (r->pstate & MASK(31, 28));

	/* PAN is kept, or set when SCTLR_EL1.SPAN is 0 and the CPU has it; the rest is cleared. */
	pstate |= r->pstate & PSTATE_PAN;
	if (FIELD(sysreg_read(id_aa64mmfr1_el1), 23, 20) && !(sysreg_read(sctlr_el1) & SCTLR_SPAN))
		pstate |= PSTATE_PAN;
	sysreg_write(esr_el1, esr);
	sysreg_write(elr_el1, r->pc);
	sysreg_write(spsr_el1, r->pstate);
	r->pc = sysreg_read(vbar_el1) + vector_offset(r->pstate);
	r->pstate = pstate;
}

void guest_inject_undefined(struct guest_regs *r)
{
	inject_sync(r, ESR_EC(EC_UNKNOWN) | ESR_IL);
}

void guest_inject_abort(struct guest_regs *r, uint64_t far, bool instruction)
{
	bool same = from_el1(r->pstate);
	unsigned int ec = instruction ? (same ? EC_IABT_SAME : EC_IABT_LOWER) :
					(same ? EC_DABT_SAME : EC_DABT_LOWER);

	sysreg_write(far_el1, far);
	inject_sync(r, ESR_EC(ec) | ESR_IL | FSC_EXTERNAL);
}

#define PAR_F	   BIT(0)
#define PAR_PA(par) ((par) & MASK(47, 12))

/* Arm ARM D17.2.107 (PAR_EL1), C5.5: AT S1E1R, S1E1W. PAN isn't looked at. PAR_EL1 is the guest's own. */
bool guest_translate(uint64_t va, bool write, ipa_t *ipa)
{
	uint64_t saved = sysreg_read(par_el1);
	uint64_t par;

	if (write)
		__asm__ volatile("at s1e1w, %0" ::"r"(va) : "memory");
	else
		__asm__ volatile("at s1e1r, %0" ::"r"(va) : "memory");
	isb(); /* the result is in PAR_EL1 only behind it */
	par = sysreg_read(par_el1);
	sysreg_write(par_el1, saved);
	*ipa = ipa_make(PAR_PA(par) | (va & (PAGE_SIZE - 1)));
	return !(par & PAR_F);
}
