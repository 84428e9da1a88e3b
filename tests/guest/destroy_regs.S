/* SPDX-License-Identifier: Apache-2.0 */
/* The one list of a vCPU's registers (hyp/arch/guest_regs.h), read and written as a whole. */
#include "arch/guest_regs.h"
#include "destroy_offsets.h"

	.section .rodata
	.balign	4
	.global	list_words
list_words:
#define WORD(field, reg, reset) mrs x0, reg;
	GUEST_SYSREGS(WORD)
#define FEATURE_WORD(field, reg, guest_reg, has, reset) mrs x0, guest_reg;
	GUEST_FEATURE_SYSREGS(FEATURE_WORD)

	.text
/* The stack pointers by their names where that is allowed: the one in use is "sp", SP_EL1 is always. */
	.macro	get reg
	.ifc	\reg, sp_el0
	mrs	x1, spsel
	cbnz	x1, 1f
	mov	x1, sp
	b	2f
1:	mrs	x1, sp_el0
2:
	.else
	.ifc	\reg, sp_el1
	mrs	x2, spsel
	msr	spsel, #1
	mov	x1, sp
	cbnz	x2, 1f
	msr	spsel, #0
1:
	.else
	mrs	x1, \reg
	.endif
	.endif
	str	x1, [x0], #8
	.endm

	.macro	put reg
	ldr	x1, [x0], #8
	.ifc	\reg, sp_el0
	mrs	x2, spsel
	cbz	x2, 1f
	msr	sp_el0, x1
1:
	.else
	.ifc	\reg, sp_el1
	mrs	x2, spsel
	cbnz	x2, 1f
	msr	spsel, #1
	mov	sp, x1
	msr	spsel, #0
1:
	.else
	msr	\reg, x1
	.endif
	.endif
	.endm

	.global	list_get
list_get:
#define GET(field, reg, reset) get reg;
	GUEST_SYSREGS(GET)
	ret

	.global	list_put
list_put:
#define PUT(field, reg, reset) put reg;
	GUEST_SYSREGS(PUT)
	isb
	ret

/*
 * PSCI's entries, x0 = where to keep all of it: general registers first, then what has an
 * instruction of its own, then the list; FP/SIMD last, which CPACR_EL1 has to allow.
 */
	.macro	keep_entry
	str	x0, [x0]
	.irp	n, 1,2,3,4,5,6,7,8,9,10,11,12,13,14,15,16,17,18,19,20,21,22,23,24,25,26,27,28,29,30
	str	x\n, [x0, #\n * 8]
	.endr
	mov	x1, sp
	str	x1, [x0, #ENTRY_SP]
	mrs	x1, nzcv
	mrs	x2, daif
	orr	x1, x1, x2
	mrs	x2, CurrentEL
	orr	x1, x1, x2
	mrs	x2, spsel
	orr	x1, x1, x2
	str	x1, [x0, #ENTRY_PSTATE]
	mrs	x1, cntv_ctl_el0
	mrs	x2, cntv_cval_el0
	stp	x1, x2, [x0, #ENTRY_TIMERS]
	mrs	x1, cntp_ctl_el0
	mrs	x2, cntp_cval_el0
	stp	x1, x2, [x0, #ENTRY_TIMERS + 16]
	mov	x19, x0
	add	x0, x19, #ENTRY_LIST
	bl	list_get
	mrs	x1, cpacr_el1
	orr	x1, x1, #(3 << 20)
	msr	cpacr_el1, x1
	isb
	add	x0, x19, #ENTRY_FP
	.irp	n, 0,1,2,3,4,5,6,7,8,9,10,11,12,13,14,15,16,17,18,19,20,21,22,23,24,25,26,27,28,29,30,31
	str	q\n, [x0, #\n * 16]
	.endr
	mrs	x1, fpsr
	mrs	x2, fpcr
	str	x1, [x19, #ENTRY_FPSR]
	str	x2, [x19, #ENTRY_FPSR + 8]
	mov	x0, x19
	.endm

	.arch	armv8-a+fp+simd
	.global	destroy_resume_entry
destroy_resume_entry:
	keep_entry
	b	resume_entry

	.global	destroy_secondary_entry
destroy_secondary_entry:
	keep_entry
	b	secondary_entry
