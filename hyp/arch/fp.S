/* SPDX-License-Identifier: Apache-2.0 */
/* FP/SIMD registers of a guest. EL2 itself is built without them. */
#include "arch/asm.h"

	.arch	armv8-a+fp+simd

.macro fp_all op, base
	\op	q0, q1, [\base, #0]
	\op	q2, q3, [\base, #32]
	\op	q4, q5, [\base, #64]
	\op	q6, q7, [\base, #96]
	\op	q8, q9, [\base, #128]
	\op	q10, q11, [\base, #160]
	\op	q12, q13, [\base, #192]
	\op	q14, q15, [\base, #224]
	\op	q16, q17, [\base, #256]
	\op	q18, q19, [\base, #288]
	\op	q20, q21, [\base, #320]
	\op	q22, q23, [\base, #352]
	\op	q24, q25, [\base, #384]
	\op	q26, q27, [\base, #416]
	\op	q28, q29, [\base, #448]
	\op	q30, q31, [\base, #480]
.endm

/* void guest_fp_save(struct guest_fp *fp) */
func guest_fp_save
	fp_all	stp, x0
	mrs	x1, fpsr
	mrs	x2, fpcr
	add	x0, x0, #512
	stp	x1, x2, [x0]
	ret
endfunc guest_fp_save

/* void guest_fp_load(const struct guest_fp *fp) */
func guest_fp_load
	fp_all	ldp, x0
	add	x0, x0, #512
	ldp	x1, x2, [x0]
	msr	fpsr, x1
	msr	fpcr, x2
	ret
endfunc guest_fp_load
