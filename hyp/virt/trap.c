/* SPDX-License-Identifier: Apache-2.0 */
#include "virt/trap.h"

#include "arch/sysreg.h"
#include "core/irq.h"
#include "core/sched.h"
#include "lib/log.h"
#include "virt/hypercall/hypercall.h"
#include "virt/sysregs.h"
#include "virt/trap_exit.h"
#include "virt/vgic/vgic.h"
#include "virt/vmmio.h"
#include "virt/vpsci.h"

/* ESR_EL2 (Arm ARM D17.2.37). */
#define ESR_EC(esr)  FIELD(esr, 31, 26)
#define ESR_IL(esr)  (((esr)&BIT(25)) != 0)
#define ESR_ISS(esr) FIELD(esr, 24, 0)

#define EC_WFX        0x01
#define EC_HVC64      0x16
#define EC_SMC64      0x17
#define EC_SYSREG     0x18
#define EC_IABT_LOWER 0x20
#define EC_DABT_LOWER 0x24

#define HVC_IMM(esr)  FIELD(esr, 15, 0)
#define HVC_IMM_SMCCC 0
#define HVC_IMM_XEN   0xea1

#define WFX_CV          BIT(24)
#define WFX_COND(iss)   FIELD(iss, 23, 20)
#define WFX_COND_ALWAYS 0xe
#define WFX_TI(iss)     FIELD(iss, 1, 0)
#define WFX_TI_WFI      0

/* SPSR_EL2 of AArch32 (Arm ARM C5.2.19). */
#define PSTATE_AARCH32 TRAP_PSTATE_AARCH32
#define PSTATE_T32     BIT(5)
#define PSTATE_IT_LOW  MASK(26, 25) /* IT[1:0] */
#define PSTATE_IT_HIGH MASK(15, 10) /* IT[7:2] */

#define FSC_IS_TRANSLATION(iss) (FIELD(iss, 5, 2) == 1) /* 0b0001LL, LL the level */

#define HPFAR_FIPA(hpfar) (FIELD(hpfar, 43, 4) << 12)

/* AArch32's IT block: on to the state of the next instruction (Arm ARM F1.3.1, ITAdvance). */
static uint64_t it_advance(uint64_t pstate)
{
	uint64_t it = FIELD(pstate, 15, 10) << 2 | FIELD(pstate, 26, 25);

	it = (it & 7) ? (it & 0xe0) | ((it << 1) & 0x1f) : 0;
	pstate &= ~(PSTATE_IT_LOW | PSTATE_IT_HIGH);
	return pstate | (it & 3) << 25 | (it >> 2) << 10;
}

void trap_skip_slowly(struct guest_regs *r, bool il)
{
	r->pc += il ? 4 : 2;
	r->pstate &= ~TRAP_PSTATE_SS;
	if (!(r->pstate & PSTATE_AARCH32))
		r->pstate &= ~TRAP_PSTATE_BTYPE;
	else if (r->pstate & PSTATE_T32)
		r->pstate = it_advance(r->pstate);
}

bool trap_flush_and_go_on(struct vcpu *v)
{
	if (load_once(v->gate) == (VCPU_GATE_OPEN | VCPU_GATE_DIRTY))
		vgic_flush(v);
	return trap_may_go_on(v); /* the flush may have asked for something */
}

/* What a guest can't have, or what isn't there. */
__noinline bool trap_undefined(struct guest_regs *r, uint64_t esr)
{
	struct vcpu *v = trap_vcpu(r);

	log_debug("%s: vcpu %u: undefined: pc %lx esr %lx", v->domain->name, v->id, r->pc, esr);
	guest_inject_undefined(r);
	return trap_go_on(v);
}

static bool on_wfx(struct guest_regs *r, uint64_t esr)
{
	uint64_t iss = ESR_ISS(esr);
	struct vcpu *v = trap_vcpu(r);

	trap_skip(r, ESR_IL(esr));
	/* A CPU may trap an instruction whose condition fails: then it is a NOP. */
	if ((iss & WFX_CV) && WFX_COND(iss) != WFX_COND_ALWAYS && (r->pstate & PSTATE_AARCH32))
		return trap_go_on(v);
	/* WFE, and the kinds with a time-out: these may end early, so they only give way. */
	if (WFX_TI(iss) != WFX_TI_WFI) {
		vcpu_yield(v);
		return trap_go_on(v);
	}
	if (vgic_pending(v) || sched_wait_here(v))
		return trap_go_on(v);
	/*
	 * Blocked first, looked second: an interrupt raised in between, on another CPU, finds the
	 * vCPU blocked and unblocks it.
	 */
	vcpu_block(v, VCPU_BLOCK_WFI);
	if (vgic_pending(v))
		vcpu_unblock(v, VCPU_BLOCK_WFI);
	return trap_go_on(v);
}

static bool on_hvc(struct guest_regs *r, uint64_t esr)
{
	/* The PC is behind the instruction already (Arm ARM D1.3.4). */
	switch (HVC_IMM(esr)) {
	case HVC_IMM_SMCCC:
		return vpsci_trap(r);
	case HVC_IMM_XEN:
		return hypercall_trap(r);
	default:
		r->pc -= 4;
		return trap_undefined(r, esr);
	}
}

static bool on_smc(struct guest_regs *r, uint64_t esr)
{
	if (HVC_IMM(esr) != HVC_IMM_SMCCC)
		return trap_undefined(r, esr);
	/* Unlike HVC's. Before the call: it may have the vCPU start elsewhere. */
	trap_skip(r, true);
	return vpsci_trap(r);
}

/* True: some emulation answered. */
static inline bool emulate_mmio(struct vcpu *v, uint64_t iss, uint64_t far)
{
	struct vmmio_insn insn;
	ipa_t ipa;

	if (!vmmio_decode(iss, &insn))
		return false;
	ipa = ipa_make(HPFAR_FIPA(sysreg_read(hpfar_el2)) | (far & (PAGE_SIZE - 1)));
	if (insn.write)
		return vmmio_write(v, ipa, insn.size, guest_get(&v->regs, insn.reg));
	if (!vmmio_read(v, ipa, insn.size, &v->trap_value))
		return false;
	guest_set(&v->regs, insn.reg, vmmio_extend(&insn, v->trap_value));
	return true;
}

/*
 * A mapping that is changed while its domain runs is invalid for a moment (Arm ARM D8.14.1, break-before-make): whoever runs
 * into that just tries again.
 */
static bool is_stale(struct vcpu *v, uint64_t esr, uint64_t far)
{
	ipa_t ipa = ipa_make(HPFAR_FIPA(sysreg_read(hpfar_el2)) | (far & (PAGE_SIZE - 1)));

	return FSC_IS_TRANSLATION(ESR_ISS(esr)) && p2m_fault_is_stale(v->domain, ipa);
}

static __noinline bool no_such_memory(struct guest_regs *r, uint64_t esr, bool instruction)
{
	uint64_t far = sysreg_read(far_el2);
	struct vcpu *v = trap_vcpu(r);

	if (!is_stale(v, esr, far)) {
		log_debug("%s: vcpu %u: %s abort: pc %lx esr %lx far %lx hpfar %lx", v->domain->name, v->id,
			  instruction ? "instruction" : "data", r->pc, esr, far, sysreg_read(hpfar_el2));
		guest_inject_abort(r, far, instruction);
	}
	return trap_go_on(v);
}

static bool on_dabt(struct guest_regs *r, uint64_t esr)
{
	struct vcpu *v = trap_vcpu(r);

	if (!emulate_mmio(v, ESR_ISS(esr), sysreg_read(far_el2)))
		return no_such_memory(r, esr, false);
	trap_skip(r, ESR_IL(esr));
	return trap_go_on(v);
}

static bool on_iabt(struct guest_regs *r, uint64_t esr)
{
	return no_such_memory(r, esr, true);
}

static bool on_irq(struct guest_regs *r)
{
	(void)irq_take_one();
	return trap_go_on(trap_vcpu(r));
}

/*
 * An error that arrived late, while this guest ran: a store of its that a device refused, or memory
 * that failed. What it was doing can't be trusted any more; the others aren't touched.
 */
static bool on_serror(struct guest_regs *r)
{
	struct vcpu *v = trap_vcpu(r);

	log_err("%s: vcpu %u: SError: pc %lx esr %lx", v->domain->name, v->id, r->pc,
	        sysreg_read(esr_el2));
	domain_shutdown(v->domain, DOMAIN_CRASH);
	return trap_go_on(v);
}

/*
 * By exception class. The others are what the guest can't have: AArch32 coprocessors at EL0 (what
 * may be used there doesn't trap), SVE, SME, pointer authentication, HVC and SMC from AArch32,
 * debug.
 */
const struct guest_handlers trap_handlers = {
	.sync = {
		[EC_WFX] = on_wfx,
		[EC_HVC64] = on_hvc,
		[EC_SMC64] = on_smc,
		[EC_SYSREG] = sysreg_trap,
		[EC_IABT_LOWER] = on_iabt,
		[EC_DABT_LOWER] = on_dabt,
	},
	.otherwise = trap_undefined,
	.irq = on_irq,
	.serror = on_serror,
};
