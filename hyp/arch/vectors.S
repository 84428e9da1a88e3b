/* SPDX-License-Identifier: Apache-2.0 */
/*
 * EL2's exception vectors (Arm ARM D1.3.1) and the way into a guest and out of it.
 *
 * Exceptions from EL2 itself are never expected (interrupts stay masked): they end in panic.
 * While a guest runs SP is its struct guest_regs. An exception from it saves its registers there and calls the handler on
 * the CPU's own stack, just below guest_run()'s frame. guest_run() is an ordinary function to its caller, so the
 * callee-saved registers that the guest overwrote lie in that frame.
 */
#include "arch/asm.h"
#include "offsets.h"

	.macro vector_el2 kind
	.balign 0x80
	msr	tpidr_el0, x0
	msr	tpidrro_el0, x1
	mov	x0, #\kind
	b	el2_exception
	.endm

	/* x0 = the guest's registers, and x19, which the handler keeps. */
	.macro guest_out
	stp	x0, x1, [sp]
	regs_2_to_17 stp, sp
	regs_18_to_29 stp, sp
	mrs	x2, elr_el2
	mrs	x3, spsr_el2
	stp	x30, x2, [sp, #240]
	str	x3, [sp, #REGS_PSTATE]
	mov	x19, sp
	ldr	x4, [sp, #REGS_HOST_SP]
	mov	x0, x19
	mov	sp, x4
	mov	x29, x4				/* frames end at guest_run() */
	.endm

	.macro vector_guest_sync
	.balign 0x80
	guest_out
	mrs	x1, esr_el2
	b	guest_sync
	.endm

	.macro vector_guest handler
	.balign 0x80
	guest_out
	adr	x2, guest_handlers
	ldr	x2, [x2, #\handler]
	b	guest_call
	.endm

	.section .vectors, "ax"
	.balign 0x800
	.global vectors
vectors:
	/* Current EL with SP_EL0: EL2 never uses it. */
	vector_el2 0
	vector_el2 1
	vector_el2 2
	vector_el2 3
	/* Current EL with SP_EL2. */
	vector_el2 4
	vector_el2 5
	vector_el2 6
	vector_el2 7
	/* Lower EL, AArch64. */
	vector_guest_sync
	vector_guest HANDLERS_IRQ
	vector_guest HANDLERS_IRQ	/* FIQ: group 0 is the firmware's; treated as an interrupt */
	vector_guest HANDLERS_SERROR
	/* Lower EL, AArch32 (EL0). */
	vector_guest_sync
	vector_guest HANDLERS_IRQ
	vector_guest HANDLERS_IRQ
	vector_guest HANDLERS_SERROR

/* x0 = struct guest_regs, x1 = ESR_EL2, to be the handler's second argument */
guest_sync:
	lsr	w2, w1, #26
	adr	x3, guest_handlers
	ldr	x2, [x3, x2, lsl #3]
/* x2 = the handler */
guest_call:
	blr	x2
	cbz	w0, guest_leave
	mov	sp, x19
	/* fall through */

/* sp = struct guest_regs */
guest_enter:
	ldp	x30, x2, [sp, #240]
	ldr	x3, [sp, #REGS_PSTATE]
	msr	elr_el2, x2
	msr	spsr_el2, x3
	regs_2_to_17 ldp, sp
	regs_18_to_29 ldp, sp
	ldp	x0, x1, [sp]
	eret
	dsb	nsh				/* no speculation past ERET with the guest's registers */
	isb

/* void guest_run(struct guest_regs *r) */
func guest_run
	push_callee_saved
	mov	x1, sp
	str	x1, [x0, #REGS_HOST_SP]
	mov	sp, x0
	b	guest_enter
guest_leave:
	pop_callee_saved
	ret
endfunc guest_run

/*
 * x0 = which vector; the interrupted x0 and x1 are in TPIDR_EL0 and TPIDRRO_EL0 (a guest's, but none will
 * run again). The stack may be what broke (its guard page was hit), so another one is used.
 */
func el2_exception
	adr_l	x1, emergency_stack_top
	sub	x1, x1, #256
	regs_2_to_17 stp, x1
	regs_18_to_29 stp, x1
	mov	x2, sp
	mov	sp, x1
	stp	x30, x2, [sp, #240]
	mrs	x2, tpidr_el0
	mrs	x3, tpidrro_el0
	stp	x2, x3, [sp]
	mov	x1, sp
	b	el2_exception_report
endfunc el2_exception

	.section .bss.emergency_stack, "aw", %nobits
	.balign 16
	.skip	8192				/* a report, and panics within its panic: make static computes it */
emergency_stack_top:
