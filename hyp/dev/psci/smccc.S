/* SPDX-License-Identifier: Apache-2.0 */
/* See smccc.h. x18 to x30 and the SIMD registers come back as they were (DEN0028 2.6, 2.7). */

	.macro	conduit name, insn
	.section .text.\name, "ax", %progbits
	.balign	4
	.globl	\name
	.type	\name, %function
\name:
	\insn	#0
	ret
	.size	\name, . - \name
	.endm

	conduit	smccc_smc, smc
	conduit	smccc_hvc, hvc

	.section .text.smccc_smc_results, "ax", %progbits
	.balign	4
	.globl	smccc_smc_results
	.type	smccc_smc_results, %function
smccc_smc_results:
	stp	x29, x30, [sp, #-32]!
	mov	x29, sp
	str	x3, [sp, #16]
	mov	x3, xzr
	smc	#0
	ldr	x4, [sp, #16]
	stp	x0, x1, [x4]
	str	x2, [x4, #16]
	ldp	x29, x30, [sp], #32
	ret
	.size	smccc_smc_results, . - smccc_smc_results
