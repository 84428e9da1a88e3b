/* SPDX-License-Identifier: Apache-2.0 */
/* A guest's registers, and the way into and out of it. */
#ifndef DM_ARCH_GUEST_H
#define DM_ARCH_GUEST_H

#include "arch/guest_regs.h"
#include "lib/types.h"

/*
 * What is saved on every exit. SP_EL2 points here while the guest runs, so that the exception entry has where to put the
 * registers before it has any for itself; a multiple of 16, as SP must be.
 */
struct guest_regs {
	uint64_t x[31];
	uint64_t pc;	 /* ELR_EL2 */
	uint64_t pstate; /* SPSR_EL2 */
	uint64_t host_sp; /* guest_run()'s frame */
} __attribute__((aligned(16)));
_Static_assert(sizeof(struct guest_regs) % 16 == 0, "SP's alignment");

struct guest_fp {
	__uint128_t v[32];
	uint64_t fpsr;
	uint64_t fpcr;
};

struct guest_sysregs {
#define GUEST_SYSREG_FIELD(field, reg, reset) uint64_t field;
	GUEST_SYSREGS(GUEST_SYSREG_FIELD)
#undef GUEST_SYSREG_FIELD
#define GUEST_SYSREG_FIELD(field, reg, guest_reg, has, reset) uint64_t field;
	GUEST_FEATURE_SYSREGS(GUEST_SYSREG_FIELD)
#undef GUEST_SYSREG_FIELD
};

/* PSTATE at a PSCI entry point: EL1h, DAIF masked. */
#define GUEST_PSTATE_RESET 0x3c5

/* To such an entry point. Also in the handler of r's own trap, whose way back is kept. */
static inline void guest_regs_reset(struct guest_regs *r, uint64_t pc, uint64_t x0)
{
	*r = (struct guest_regs) {
		.x = { x0 },
		.pc = pc,
		.pstate = GUEST_PSTATE_RESET,
		.host_sp = r->host_sp,
	};
}

void guest_sysregs_save(struct guest_sysregs *s);
void guest_sysregs_load(const struct guest_sysregs *s);
void guest_sysregs_reset(struct guest_sysregs *s);
void guest_fp_save(struct guest_fp *fp);
void guest_fp_load(const struct guest_fp *fp);

/*
 * Why the guest's run ended in EL2 (vectors 0x400 to 0x580 of Arm ARM D1.3.1). Each returns true to go on in the guest at
 * once, false to leave guest_run(). The entry calls them straight from here.
 */
#define GUEST_NR_ECS 64
typedef bool guest_sync_fn(struct guest_regs *r, uint64_t esr);
struct guest_handlers {
	guest_sync_fn *sync[GUEST_NR_ECS]; /* by exception class, ESR_EL2.EC; NULL: otherwise() */
	guest_sync_fn *otherwise;
	bool (*irq)(struct guest_regs *r);
	bool (*serror)(struct guest_regs *r);
};
/* ESR_EL2.EC's. */
static inline guest_sync_fn *guest_sync_handler(const struct guest_handlers *h, uint64_t esr)
{
	/* static: assignBoolToPointer: a pointer to a function that returns one */
	guest_sync_fn *fn = h->sync[FIELD(esr, 31, 26)];

	return fn ? fn : h->otherwise;
}

/* Called once at boot, before any guest runs. */
void guest_set_handlers(const struct guest_handlers *h);

/*
 * Enters the guest and returns when a handler says so. HCR_EL2, VTTBR_EL2 and the EL1 state are
 * loaded by the caller.
 */
void guest_run(struct guest_regs *r);

/*
 * Stage 1 of the guest whose EL1 state is loaded: where va leads with EL1's rights to read or write it. The
 * answer may be stale at once. False: it faults.
 */
bool guest_translate(uint64_t va, bool write, ipa_t *ipa);

/* Guest register n of an instruction's Rt field: 31 is the zero register. */
static inline uint64_t guest_get(const struct guest_regs *r, unsigned int n)
{
	return n == 31 ? 0 : r->x[n];
}

static inline void guest_set(struct guest_regs *r, unsigned int n, uint64_t v)
{
	if (n != 31)
		r->x[n] = v;
}

/*
 * Makes the guest take an exception to its EL1 at its next entry: what an access that isn't
 * allowed there gets (Arm ARM D1.4, AArch64.TakeException). The EL1 registers must be loaded.
 */
void guest_inject_undefined(struct guest_regs *r);
/* A data (or instruction) abort, external, not on translation table walk, with FAR = far. */
void guest_inject_abort(struct guest_regs *r, uint64_t far, bool instruction);

#endif
