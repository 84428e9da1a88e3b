/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Reset entry, EL3, MMU off. All CPUs come here together after each reset. CPU 0 alone decides
 * between cold boot and wake-up and prepares everything; the others wait at a gate that is a bit
 * in a register every reset clears (GICD_CTLR.EnableGrp0), so that a reset from outside, which
 * leaves RAM as it is, finds the gate closed too.
 */
#include "platform.h"

#if MAX_CPUS * STACK_SIZE != 512 * 0x2000
#error "firmware.ld reserves the stacks"
#endif

/* RES1 bits of SCTLR_EL3, Arm ARM D17.2.120: MMU, caches and alignment checks off, little endian. */
#define SCTLR_EL3_RES1 0x30c50830

	.section .text.entry, "ax"
	.global _start
_start:
	ldr	x0, =SCTLR_EL3_RES1
	msr	sctlr_el3, x0
	isb
	msr	spsel, #1
	msr	daifset, #0xf
	adr	x0, vectors
	msr	vbar_el3, x0
	isb

	/* Which CPU? See platform.h for the numbering. */
	mrs	x0, mpidr_el1
	ubfx	x19, x0, #0, #8
	ubfx	x1, x0, #8, #8
	cmp	x19, #CPUS_PER_CLUSTER
	b.hs	dead
	cmp	x1, #(MAX_CPUS / CPUS_PER_CLUSTER)
	b.hs	dead
	ldr	x2, =0xff00ff0000
	tst	x0, x2
	b.ne	dead
	add	x19, x19, x1, lsl #4
	msr	tpidr_el3, x19
	mov	x0, x19
	bl	stack_top
	mov	sp, x0
	mov	x29, xzr
	cbnz	x19, secondary

	/* CPU 0. Is there a suspend to come back from? */
	bl	kept_valid
	mov	x20, x0
	cbnz	x20, 2f

	/* Cold boot: initialise what is written. */
	ldr	x0, =__data_start
	ldr	x1, =__data_end
	ldr	x2, =__data_load
1:	cmp	x0, x1
	b.hs	1f
	ldp	x3, x4, [x2], #16
	stp	x3, x4, [x0], #16
	b	1b
1:	ldr	x0, =__bss_start
	ldr	x1, =__bss_end
1:	cmp	x0, x1
	b.hs	1f
	stp	xzr, xzr, [x0], #16
	b	1b
1:	mrs	x0, cntpct_el0
	ldr	x1, =0x9e3779b97f4a7c00
	mul	x0, x0, x1
	eor	x0, x0, x1
	and	x0, x0, #~0xff		/* a NUL byte stops string overruns */
	ldr	x1, =__stack_chk_guard
	str	x0, [x1]

2:	bl	mmu_build
	bl	mmu_enable
	mov	x0, x20
	bl	primary_main
	b	dead

secondary:
	ldr	x0, =GICD_BASE
1:	ldr	w1, [x0]		/* GICD_CTLR; pairs with gic_open_gate() */
	tbnz	w1, #0, 2f
	wfe				/* QEMU's round-robin mode lets another CPU run here */
	b	1b
2:	dmb	sy			/* gate open: everything CPU 0 wrote before is visible */
	bl	mmu_enable
	mov	x0, x19
	bl	secondary_main
	/* not reached */

dead:
	wfi
	b	dead

/* x0: CPU number -> x0: end of its stack. Changes x0 to x2 only. */
	.global stack_top
stack_top:
	add	x0, x0, #1
	mov	x1, #STACK_SIZE
	ldr	x2, =__stacks
	madd	x0, x0, x1, x2
	ret

/*
 * cpu_restart_stack(fn): forgets the call chain and goes to fn() on an empty stack.
 */
	.global cpu_restart_stack
cpu_restart_stack:
	mov	x20, x0
	mrs	x0, tpidr_el3
	bl	stack_top
	mov	sp, x0
	mov	x29, xzr
	mov	x30, xzr
	br	x20

/*
 * enter_lower(entry, context, spsr, fill): leaves EL3. x0 = context, all other general registers
 * = fill; the stack is empty again.
 */
	.global enter_lower
enter_lower:
	msr	elr_el3, x0
	msr	spsr_el3, x2
	mov	x19, x1
	mov	x20, x3
	mrs	x0, tpidr_el3
	bl	stack_top
	mov	sp, x0
	mov	x0, x19
	mov	x1, x20
	.irp	n, 2,3,4,5,6,7,8,9,10,11,12,13,14,15,16,17,18,19,20,21,22,23,24,25,26,27,28,29,30
	mov	x\n, x1
	.endr
	eret

/* fp_fill(pattern): all of V0 to V31, FPCR and FPSR. */
	.global fp_fill
	.arch_extension fp
	.arch_extension simd
fp_fill:
	.irp	n, 0,1,2,3,4,5,6,7,8,9,10,11,12,13,14,15,16,17,18,19,20,21,22,23,24,25,26,27,28,29,30,31
	dup	v\n\().2d, x0
	.endr
	msr	fpcr, xzr
	msr	fpsr, xzr
	ret

	.ltorg
