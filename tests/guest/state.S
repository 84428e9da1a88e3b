/* SPDX-License-Identifier: Apache-2.0 */
/* Register patterns, and what is to preserve them. */

/* x0 to x30 of the pattern: seed + n * 0x0101010101010101. */
	.macro	fill from, to
	.irp	n, 1,2,3,4,5,6,7,8,9,10,11,12,13,14,15,16,17,18,19,20,21,22,23,24,25,26,27,28,29,30
	.if	\n >= \from && \n <= \to
	add	x\n, x0, #0x100 + \n
	ror	x\n, x\n, #\n
	.endif
	.endr
	.endm

/* Sets bit n of [sp, #160] when xn isn't what fill made of the seed; the seed is at [sp, #168]. */
	.macro	verify from, to
	.irp	n, 1,2,3,4,5,6,7,8,9,10,11,12,13,14,15,16,17,18,19,20,21,22,23,24,25,26,27,28,29,30
	.if	\n >= \from && \n <= \to
	ldr	x0, [sp, #168]
	add	x0, x0, #0x100 + \n
	ror	x0, x0, #\n
	cmp	x0, x\n
	b.eq	1f
	ldr	x0, [sp, #160]
	orr	x0, x0, #(1 << \n)
	str	x0, [sp, #160]
1:
	.endif
	.endr
	.endm

	.macro	prologue
	stp	x29, x30, [sp, #-176]!
	stp	x19, x20, [sp, #16]
	stp	x21, x22, [sp, #32]
	stp	x23, x24, [sp, #48]
	stp	x25, x26, [sp, #64]
	stp	x27, x28, [sp, #80]
	str	x18, [sp, #96]
	str	xzr, [sp, #160]
	str	x0, [sp, #168]
	.endm

	.macro	epilogue
	ldr	x0, [sp, #160]
	ldr	x18, [sp, #96]
	ldp	x19, x20, [sp, #16]
	ldp	x21, x22, [sp, #32]
	ldp	x23, x24, [sp, #48]
	ldp	x25, x26, [sp, #64]
	ldp	x27, x28, [sp, #80]
	ldp	x29, x30, [sp], #176
	ret
	.endm

	.text
/*
 * uint64_t survive_NAME(uint64_t seed, uint64_t argument)
 * All registers filled, one exit, all compared: bit n of the result is set if xn changed. x0 is the
 * exit's (x1 too where it has an argument).
 */
	.macro	survive name, first, insn:vararg
	.global	survive_\name
survive_\name:
	prologue
	.if	\first == 2
	mov	x2, x1
	str	x2, [sp, #104]
	fill	2, 30
	ldr	x1, [sp, #104]
	.else
	fill	1, 30
	.endif
	\insn
	verify	\first, 30
	epilogue
	.endm

	.macro	hvc_version
	mov	x0, #0x84000000
	hvc	#0
	.endm
	.macro	smc_version
	mov	x0, #0x84000000
	smc	#0
	.endm
	.macro	spin
	mov	x0, #0x100000
2:	subs	x0, x0, #1
	b.ne	2b
	.endm

	survive	hvc, 4, hvc_version
	survive	smc, 4, smc_version
	survive	wfi, 1, wfi
	survive	wfe, 1, wfe
	survive	yield, 1, yield
	survive	spin, 1, spin
	survive	load, 2, ldr x0, [x1]
	survive	load8, 2, ldrb w0, [x1]
	survive	store, 2, str wzr, [x1]
	survive	timer, 1, mrs x0, cntp_ctl_el0
	survive	undefined, 1, .inst 0x00000000

/*
 * uint64_t survive_call_CONDUIT(uint64_t seed, uint64_t argument): a call by SMCCC (1.2: x4 up are preserved) that
 * comes back. argument: uint64_t[4], x0 to x3; the result goes to its first.
 */
	.macro	survive_call conduit
	.global	survive_call_\conduit
survive_call_\conduit:
	prologue
	str	x1, [sp, #104]
	fill	4, 30
	ldr	x1, [sp, #104]
	ldp	x2, x3, [x1, #16]
	ldp	x0, x1, [x1]
	\conduit #0
	ldr	x1, [sp, #104]
	str	x0, [x1]
	verify	4, 30
	epilogue
	.endm
	survive_call hvc
	survive_call smc

/*
 * x1, x2 = FPSR, FPCR of the seed: all cumulative flags, QC too; AHP, DN, FZ and the rounding mode (Arm ARM
 * C5.2.7, C5.2.8).
 */
	.macro	fp_status
	mov	x2, #0x009f
	movk	x2, #0x0800, lsl #16
	and	x1, x0, x2
	and	x2, x0, #0x07c00000
	.endm

/* void fp_fill(uint64_t seed), uint64_t fp_differs(uint64_t seed): v0 to v31, FPSR, FPCR. */
	.arch	armv8-a+fp+simd
	.global	fp_fill
fp_fill:
	.irp	n, 0,1,2,3,4,5,6,7,8,9,10,11,12,13,14,15,16,17,18,19,20,21,22,23,24,25,26,27,28,29,30,31
	add	x1, x0, #0x200 + \n
	ror	x1, x1, #\n
	mvn	x2, x1
	fmov	d\n, x1
	mov	v\n\().d[1], x2
	.endr
	fp_status
	msr	fpsr, x1
	msr	fpcr, x2
	ret

	.global	fp_differs
fp_differs:
	mov	x5, #0
	.irp	n, 0,1,2,3,4,5,6,7,8,9,10,11,12,13,14,15,16,17,18,19,20,21,22,23,24,25,26,27,28,29,30,31
	add	x1, x0, #0x200 + \n
	ror	x1, x1, #\n
	mvn	x2, x1
	fmov	x3, d\n
	mov	x4, v\n\().d[1]
	cmp	x1, x3
	ccmp	x2, x4, #0, eq
	cset	x3, ne
	orr	x5, x5, x3, lsl #\n
	.endr
	fp_status
	mrs	x3, fpsr
	cmp	x1, x3
	cset	x3, ne
	orr	x5, x5, x3, lsl #32
	mrs	x3, fpcr
	cmp	x2, x3
	cset	x3, ne
	orr	x5, x5, x3, lsl #33
	mov	x0, x5
	ret
