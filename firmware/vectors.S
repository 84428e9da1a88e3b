/* SPDX-License-Identifier: Apache-2.0 */
/*
 * EL3 exception vectors. From the normal world come SMCs, traps that nobody asked for (answered
 * with an UNDEFINED exception, smc.c), and the firmware's own group 0 interrupt. Anything taken
 * from EL3 itself is a bug of this firmware.
 */

#define FRAME_SIZE 272 /* struct frame in smc.h: x0 to x30, ELR, SPSR, padding */

	.macro	save
	sub	sp, sp, #FRAME_SIZE
	stp	x0, x1, [sp, #0]
	stp	x2, x3, [sp, #16]
	stp	x4, x5, [sp, #32]
	stp	x6, x7, [sp, #48]
	stp	x8, x9, [sp, #64]
	stp	x10, x11, [sp, #80]
	stp	x12, x13, [sp, #96]
	stp	x14, x15, [sp, #112]
	stp	x16, x17, [sp, #128]
	stp	x18, x19, [sp, #144]
	stp	x20, x21, [sp, #160]
	stp	x22, x23, [sp, #176]
	stp	x24, x25, [sp, #192]
	stp	x26, x27, [sp, #208]
	stp	x28, x29, [sp, #224]
	mrs	x0, elr_el3
	stp	x30, x0, [sp, #240]
	mrs	x0, spsr_el3
	str	x0, [sp, #256]
	mov	x0, sp
	mov	x29, xzr
	.endm

	.macro	vector name
	.balign	0x80
	b	\name
	.endm

	.section .text.vectors, "ax"
	.global vectors
	.balign	0x800
vectors:
	/* Current EL, SP_EL0 and SP_ELx. */
	vector	own_exception
	vector	own_exception
	vector	own_exception
	vector	own_exception
	vector	own_exception
	vector	fiq	/* power_drop() lets both through, */
	vector	fiq	/* cpu_hang() this one */
	vector	own_exception
	/* Lower EL, AArch64: synchronous, IRQ, FIQ, SError. */
	vector	lower_sync
	vector	own_exception
	vector	fiq
	vector	own_exception
	/* Lower EL, AArch32. */
	vector	lower_sync
	vector	own_exception
	vector	fiq
	vector	own_exception

own_exception:
	save
	bl	el3_unexpected
1:	wfi
	b	1b

fiq:
	save
	bl	el3_fiq
	b	leave

lower_sync:
	save
	bl	el3_sync
leave:
	ldp	x30, x0, [sp, #240]
	msr	elr_el3, x0
	ldr	x0, [sp, #256]
	msr	spsr_el3, x0
	ldp	x0, x1, [sp, #0]
	ldp	x2, x3, [sp, #16]
	ldp	x4, x5, [sp, #32]
	ldp	x6, x7, [sp, #48]
	ldp	x8, x9, [sp, #64]
	ldp	x10, x11, [sp, #80]
	ldp	x12, x13, [sp, #96]
	ldp	x14, x15, [sp, #112]
	ldp	x16, x17, [sp, #128]
	ldp	x18, x19, [sp, #144]
	ldp	x20, x21, [sp, #160]
	ldp	x22, x23, [sp, #176]
	ldp	x24, x25, [sp, #192]
	ldp	x26, x27, [sp, #208]
	ldp	x28, x29, [sp, #224]
	add	sp, sp, #FRAME_SIZE
	eret
