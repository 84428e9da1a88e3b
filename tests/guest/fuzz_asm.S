/* SPDX-License-Identifier: Apache-2.0 */

/* void fuzz_call(void *code, uint64_t x0, uint64_t x1) */
	.global fuzz_call
fuzz_call:
	stp	x29, x30, [sp, #-96]!
	mov	x29, sp
	stp	x19, x20, [sp, #16]
	stp	x21, x22, [sp, #32]
	stp	x23, x24, [sp, #48]
	stp	x25, x26, [sp, #64]
	stp	x27, x28, [sp, #80]
	mov	x17, x0
	mov	x0, x1
	mov	x1, x2
	mov	x2, #8
	mov	x3, #1
	blr	x17
	msr	spsel, #1		/* it may have been changed: only now is there a stack */
	msr	daifset, #2
	ldp	x19, x20, [sp, #16]
	ldp	x21, x22, [sp, #32]
	ldp	x23, x24, [sp, #48]
	ldp	x25, x26, [sp, #64]
	ldp	x27, x28, [sp, #80]
	ldp	x29, x30, [sp], #96
	ret
