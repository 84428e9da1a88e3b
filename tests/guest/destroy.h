/* SPDX-License-Identifier: Apache-2.0 */
/*
 * State by destruction (docs/proof.md): a guest that fills every register it owns with a pattern,
 * has the machine sleep, and compares. tests/proof/destruction.py runs two of it, in Dom0's place
 * and as a domain that knows nothing of the sleep, and judges by what they say:
 *
 *   destroy: WORD ...;        one line; the ';' ends it, for lines of others may come in between
 */
#ifndef GUEST_DESTROY_H
#define GUEST_DESTROY_H

#include <stdbool.h>
#include <stdint.h>

#include "arch/guest_regs.h"
#include "cpu.h"
#include "destroy_offsets.h"
#include "print.h"
#include "sysreg.h"

enum {
#define LIST_INDEX(field, reg, reset) LIST_##field,
	GUEST_SYSREGS(LIST_INDEX)
#undef LIST_INDEX
	        NR_LIST,
};

enum {
#define LIST_INDEX(field, reg, guest_reg, has, reset) FEATURE_##field,
	GUEST_FEATURE_SYSREGS(LIST_INDEX)
#undef LIST_INDEX
	        NR_FEATURES,
};

/* destroy_regs.S: the registers of the list, in its order. */
struct list_values {
	uint64_t v[NR_LIST];
};
/* "mrs x0, REGISTER" of each, and of those that only some CPUs have: their encodings. */
extern const uint32_t list_words[NR_LIST + NR_FEATURES];
void list_get(struct list_values *to);
/* All but the stack pointer in use. Interrupts are masked, and the MMU stays off: SCTLR_EL1 comes
 * first. */
void list_put(const struct list_values *from);

/* destroy_hold.c: those that only some CPUs have; 0 where they aren't. features_find() comes first.
 */
struct feature_values {
	uint64_t v[NR_FEATURES];
};
void features_find(void);
struct feature_values features_get(void);

/* destroy_regs.S: everything at a PSCI entry, before anything else has touched it. */
struct entry_state {
	uint64_t x[31];
	uint64_t sp;
	uint64_t pstate; /* NZCV, DAIF, CurrentEL and SPSel, each where its register has it */
	uint64_t cntv_ctl, cntv_cval, cntp_ctl, cntp_cval;
	uint64_t pad;
	uint64_t v[64];
	uint64_t fpsr, fpcr;
	struct list_values list;
} __attribute__((aligned(64)));
_Static_assert(offsetof(struct entry_state, sp) == ENTRY_SP, "destroy_offsets.h");
_Static_assert(offsetof(struct entry_state, pstate) == ENTRY_PSTATE, "destroy_offsets.h");
_Static_assert(offsetof(struct entry_state, cntv_ctl) == ENTRY_TIMERS, "destroy_offsets.h");
_Static_assert(offsetof(struct entry_state, v) == ENTRY_FP, "destroy_offsets.h");
_Static_assert(offsetof(struct entry_state, fpsr) == ENTRY_FPSR, "destroy_offsets.h");
_Static_assert(offsetof(struct entry_state, list) == ENTRY_LIST, "destroy_offsets.h");
/* Entry points; the context id is the address of a struct entry_state. */
void destroy_resume_entry(void);
void destroy_secondary_entry(void);

/* state.S */
uint64_t survive_spin(uint64_t seed, uint64_t argument);
uint64_t survive_call_hvc(uint64_t seed, uint64_t argument);
uint64_t survive_call_smc(uint64_t seed, uint64_t argument);
void fp_fill(uint64_t seed);
uint64_t fp_differs(uint64_t seed);

/* destroy_report.c: what was compared in one cycle, and what differs. */
struct verdict {
	const char *where;
	unsigned int cycle;
	unsigned int compared, differs;
};
void compare(struct verdict *v, const char *name, unsigned int index, uint64_t was, uint64_t is);
void compare_end(const struct verdict *v);
uint64_t pattern(uint64_t seed, unsigned int n);

/* start.c: what the domain does that is frozen unawares. */
void peer_run(void);

/* destroy_walk.c: says what each system register encoding is. */
void walk(void);

/* destroy_hold.c: all registers of this CPU filled until stop() says so, or something differs. */
struct held {
	uint64_t seed;
	/* Fills the general registers, spends some time, compares: bit n is set if xn has changed.
	 */
	uint64_t (*run)(uint64_t seed, uint64_t argument);
	uint64_t argument;
	bool (*stop)(void);
	volatile bool filled; /* out: it has been seen to hold */
	struct verdict verdict;
};
void hold(struct held *h);
extern const char *const list_names[NR_LIST + NR_FEATURES];
/* Fills them for good, but for TPIDR_EL1 and the stack pointer; the MMU is off, interrupts must be
 * masked. */
void spoil(uint64_t seed);
void mmu_off(void);

/*
 * destroy_devices.c: the interrupt controller's registers, this CPU's part and, on CPU 0,
 * everybody's and the other devices'. Interrupts are masked until devices_reset(). `frozen`: this
 * CPU keeps its interface; else it loses it with the rest of its own (PSCI), which its part of *v
 * then doesn't have.
 */
struct devices_state {
	unsigned int count;
	uint64_t v[1600];
};
void devices_fill(uint64_t seed, bool frozen);
/* How all of it looks now, once every CPU has filled its own. */
void devices_keep(struct devices_state *s, bool frozen);
void devices_compare(const struct devices_state *s, struct verdict *v, bool frozen);
void devices_reset(void);

#endif
