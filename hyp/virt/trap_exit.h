/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The end of a trap's handler (a guest_sync_fn), which is inline in each: a handler that is a few instructions in all
 * shouldn't cost as many again in calls and frames.
 */
#ifndef DM_VIRT_TRAP_EXIT_H
#define DM_VIRT_TRAP_EXIT_H

#include "arch/guest.h"
#include "core/cpu.h"
#include "core/domain.h"
#include "lib/types.h"
#include "virt/vgic/vgic.h"

/* SPSR_EL2 (Arm ARM C5.2.19). */
#define TRAP_PSTATE_AARCH32 BIT(4)
#define TRAP_PSTATE_BTYPE   MASK(11, 10)
#define TRAP_PSTATE_SS	    BIT(21)

/* The rare half of trap_skip(). */
void trap_skip_slowly(struct guest_regs *r, bool il);

/*
 * Moves r behind the instruction that trapped, as if it had been executed (il: ESR_EL2.IL, whether
 * it is 4 bytes long). Whoever single-steps the guest gets its step exception now, as after any instruction.
 */
static inline void trap_skip(struct guest_regs *r, bool il)
{
	if (unlikely(r->pstate & (TRAP_PSTATE_AARCH32 | TRAP_PSTATE_SS | TRAP_PSTATE_BTYPE))) {
		trap_skip_slowly(r, il);
		return;
	}
	r->pc += 4;
}

static inline struct vcpu *trap_vcpu(struct guest_regs *r)
{
	return container_of(r, struct vcpu, regs);
}

/*
 * Read without locks: who closes the gate or posts work from another CPU sends an IPI after it, which is taken as soon as the
 * guest runs, if it is too late for this look.
 */
static inline bool trap_may_go_on(const struct vcpu *v)
{
	return load_once(v->gate) == VCPU_GATE_OPEN && !load_once(this_cpu()->work);
}

/* The rare half of trap_go_on(), apart so that that needs no frame. */
bool trap_flush_and_go_on(struct vcpu *v);

/*
 * A last look, after every interrupt was taken, before the guest goes on: what every handler returns. Whether it waits and
 * whether there is something to flush is one load: a kick of a vCPU that has just decided to wait (WFI) only unblocks it, for
 * it is about to leave, so what it was kicked for must not come between two looks.
 */
static inline bool trap_go_on(struct vcpu *v)
{
	return likely(trap_may_go_on(v)) || trap_flush_and_go_on(v);
}

/* The answer to what a guest can't have, or what isn't there. r is where the instruction that trapped is. */
bool trap_undefined(struct guest_regs *r, uint64_t esr);

#endif
