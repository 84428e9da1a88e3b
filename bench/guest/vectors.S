/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Vectors of the time between bench_begin() and bench_end(): an interrupt's handler in a dozen instructions, so that what
 * is counted is the way to it. TPIDR_EL0 leads to the CPU's struct bench_cpu.
 */
#include "bench_offsets.h"

	.text
	.macro	acknowledge_v3
	mrs	x1, S3_0_C12_C12_0		/* ICC_IAR1_EL1 */
	str	x1, [x0, #BENCH_IAR]
	msr	S3_0_C12_C12_1, x1		/* ICC_EOIR1_EL1 */
	.endm

	.macro	acknowledge_v2
	ldr	x2, [x0, #BENCH_GICC]
	ldr	w1, [x2, #0xc]			/* GICC_IAR */
	str	x1, [x0, #BENCH_IAR]
	str	w1, [x2, #0x10]			/* GICC_EOIR */
	.endm

	/* The timer is switched off by whatever comes: its line has to fall before the end of interrupt. */
	.macro	take acknowledge
	sub	sp, sp, #32
	stp	x0, x1, [sp]
	mrs	x1, cntvct_el0
	mrs	x0, tpidr_el0
	str	x2, [sp, #16]
	str	x1, [x0, #BENCH_TIME]
	msr	cntv_ctl_el0, xzr
	\acknowledge
	ldr	x1, [x0, #BENCH_COUNT]
	add	x1, x1, #1
	str	x1, [x0, #BENCH_COUNT]
	ldr	x2, [sp, #16]
	ldp	x0, x1, [sp]
	add	sp, sp, #32
	eret
	.endm

	.macro	table name, acknowledge
	.balign	2048
	.global	\name
\name:
	.rept	5
	.balign	128
	b	vectors				/* the library's: an unexpected exception ends the guest */
	.endr
	.balign	128
	take	\acknowledge
	.rept	10
	.balign	128
	b	vectors
	.endr
	.endm

	table	bench_vectors_v2, acknowledge_v2
	table	bench_vectors_v3, acknowledge_v3
