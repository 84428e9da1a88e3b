/* SPDX-License-Identifier: Apache-2.0 */
/* Shared by the assembly files. */
#ifndef DM_ARCH_ASM_H
#define DM_ARCH_ASM_H

.macro func name
	.section .text.\name, "ax"
	.global \name
	.type \name, %function
	.balign 16
\name:
.endm

.macro endfunc name
	.size \name, . - \name
.endm

/* Address of a symbol of the image, wherever it was loaded. */
.macro adr_l reg, sym
	adrp	\reg, \sym
	add	\reg, \reg, :lo12:\sym
.endm

/* What the procedure call standard has a function keep (AAPCS64 6.1.1), in a frame of 96 bytes. */
.macro push_callee_saved
	stp	x29, x30, [sp, #-96]!
	mov	x29, sp
	stp	x19, x20, [sp, #16]
	stp	x21, x22, [sp, #32]
	stp	x23, x24, [sp, #48]
	stp	x25, x26, [sp, #64]
	stp	x27, x28, [sp, #80]
.endm

.macro pop_callee_saved
	ldp	x19, x20, [sp, #16]
	ldp	x21, x22, [sp, #32]
	ldp	x23, x24, [sp, #48]
	ldp	x25, x26, [sp, #64]
	ldp	x27, x28, [sp, #80]
	ldp	x29, x30, [sp], #96
.endm

/* General registers at their places in a struct guest_regs; op is stp or ldp. */
.macro regs_2_to_17 op, base
	\op	x2, x3, [\base, #16]
	\op	x4, x5, [\base, #32]
	\op	x6, x7, [\base, #48]
	\op	x8, x9, [\base, #64]
	\op	x10, x11, [\base, #80]
	\op	x12, x13, [\base, #96]
	\op	x14, x15, [\base, #112]
	\op	x16, x17, [\base, #128]
.endm

.macro regs_18_to_29 op, base
	\op	x18, x19, [\base, #144]
	\op	x20, x21, [\base, #160]
	\op	x22, x23, [\base, #176]
	\op	x24, x25, [\base, #192]
	\op	x26, x27, [\base, #208]
	\op	x28, x29, [\base, #224]
.endm

#endif
