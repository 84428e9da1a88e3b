/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The doors into a guest: as a kernel (from the boot loader), as a CPU that PSCI started, and as
 * the return from a PSCI power-down. All end at EL1 with MMU and caches on. Natively they begin at
 * EL2: then EL2 is set to let EL1 have everything, and left for good.
 */
#include "offsets.h"

	.section .head, "ax"
	b	boot_entry
	.word	0

/* The state at a door, kept in registers until memory may be written with caches on. */
#define R_X0	x20
#define R_EL	x21
#define R_DAIF	x22
#define R_SPSEL	x23
#define R_SCTLR	x24
#define R_DOOR	x25
#define R_CPU	x26
#define R_COUNT	x27

	.text

/* x0 = address of the device tree. */
	.global boot_entry
boot_entry:
	mov	R_X0, x0
	bl	capture
	bl	drop_to_el1
	bl	self_relocate
	/* .bss was not in the image. */
	adrp	x0, _bss_start
	add	x0, x0, :lo12:_bss_start
	adrp	x1, _bss_end
	add	x1, x1, :lo12:_bss_end
1:	cmp	x0, x1
	b.hs	2f
	stp	xzr, xzr, [x0], #16
	b	1b
2:	adrp	R_CPU, cpus
	add	R_CPU, R_CPU, :lo12:cpus
	add	sp, R_CPU, #CPU_SIZE
	bl	mmu_fill_table
	bl	mmu_on
	mov	x0, R_CPU
	bl	store_state
	mov	x0, R_CPU
	mov	x1, R_X0
	bl	boot_main
	b	.

/* PSCI CPU_ON. x0 = the caller's context id. */
	.global secondary_entry
secondary_entry:
	mov	R_X0, x0
	bl	capture
	mov	R_DOOR, #1
	b	common_entry

/* PSCI SYSTEM_SUSPEND, CPU_SUSPEND with power-down. x0 = the caller's context id. */
	.global resume_entry
resume_entry:
	mov	R_X0, x0
	bl	capture
	mov	R_DOOR, #2

common_entry:
	bl	drop_to_el1
	bl	find_cpu
	add	sp, R_CPU, #CPU_SIZE
	bl	mmu_on
	mov	x0, R_CPU
	bl	store_state
	cmp	R_DOOR, #2
	b.eq	1f
	mov	x0, R_CPU
	bl	secondary_main
	b	.
	/* Back in psci_suspend_call(), whose frame is on the stack that this CPU had. */
1:	ldr	x0, [R_CPU, #CPU_RESUME_SP]
	mov	sp, x0
	mov	x0, #1
	b	suspend_return

/*
 * int64_t psci_suspend_call(const uint64_t args[4], bool hvc, int64_t *result)
 * Calls a PSCI function that comes back through resume_entry or, failing, here.
 * Returns 1 after a resume; 0 after a plain return, *result is then x0.
 */
	.global psci_suspend_call
psci_suspend_call:
	stp	x29, x30, [sp, #-112]!
	mov	x29, sp
	stp	x19, x20, [sp, #16]
	stp	x21, x22, [sp, #32]
	stp	x23, x24, [sp, #48]
	stp	x25, x26, [sp, #64]
	stp	x27, x28, [sp, #80]
	str	x2, [sp, #96]
	mrs	x4, tpidr_el1
	mov	x5, sp
	str	x5, [x4, #CPU_RESUME_SP]
	mov	x5, x1
	mov	x4, x0
	ldp	x0, x1, [x4]
	ldp	x2, x3, [x4, #16]
	dsb	sy
	cbnz	x5, 1f
	smc	#0
	b	2f
1:	hvc	#0
2:	ldr	x2, [sp, #96]
	str	x0, [x2]
	mov	x0, #0
suspend_return:
	ldp	x19, x20, [sp, #16]
	ldp	x21, x22, [sp, #32]
	ldp	x23, x24, [sp, #48]
	ldp	x25, x26, [sp, #64]
	ldp	x27, x28, [sp, #80]
	ldp	x29, x30, [sp], #112
	ret

/* Notes what PSCI 6.4 promises of an entry: exception level, masks, stack pointer, SCTLR; and when it was. */
capture:
	mrs	R_COUNT, cntpct_el0
	mrs	R_EL, CurrentEL
	mrs	R_DAIF, daif
	mrs	R_SPSEL, spsel
	msr	daifset, #0xf
	cmp	R_EL, #(2 << 2)
	b.eq	1f
	mrs	R_SCTLR, sctlr_el1
	ret
1:	mrs	R_SCTLR, sctlr_el2
	ret

/* x0 = struct cpu */
store_state:
	str	R_X0, [x0, #CPU_ENTRY_X0]
	str	R_EL, [x0, #CPU_ENTRY_EL]
	str	R_DAIF, [x0, #CPU_ENTRY_DAIF]
	str	R_SPSEL, [x0, #CPU_ENTRY_SPSEL]
	str	R_SCTLR, [x0, #CPU_ENTRY_SCTLR]
	str	R_COUNT, [x0, #CPU_ENTRY_COUNT]
	ret

/*
 * At EL2: EL1 gets counters, timers, FP/SIMD, debug, PMU and the GIC's registers untrapped, no
 * stage 2. What traps to EL2 all the same ends in el2_vectors. Arm ARM D13.2.
 */
drop_to_el1:
	mrs	x0, CurrentEL
	cmp	x0, #(2 << 2)
	b.ne	1f
	mov	x0, #(1 << 31)			/* HCR_EL2.RW */
	msr	hcr_el2, x0
	mov	x0, #3				/* EL1PCEN, EL1PCTEN */
	msr	cnthctl_el2, x0
	msr	cntvoff_el2, xzr
	mov	x0, #0x33ff
	msr	cptr_el2, x0
	msr	hstr_el2, xzr
	msr	vttbr_el2, xzr
	mrs	x0, midr_el1
	msr	vpidr_el2, x0
	mrs	x0, mpidr_el1
	msr	vmpidr_el2, x0
	mrs	x0, id_aa64dfr0_el1
	ubfx	x0, x0, #8, #4			/* PMUVer: is there a PMCR? */
	cbz	x0, 2f
	cmp	x0, #0xf
	b.eq	2f
	mrs	x0, pmcr_el0
	ubfx	x0, x0, #11, #5
2:	msr	mdcr_el2, x0			/* HPMN: all counters are EL1's */
	mrs	x0, id_aa64pfr0_el1
	ubfx	x0, x0, #24, #4			/* GIC system registers? */
	cbz	x0, 3f
	mrs	x0, S3_4_C12_C9_5		/* ICC_SRE_EL2 */
	orr	x0, x0, #0xf			/* SRE, DFB, DIB, Enable */
	msr	S3_4_C12_C9_5, x0
	isb
	mrs	x0, S3_4_C12_C9_5
	tbz	x0, #0, 3f
	msr	S3_4_C12_C11_0, xzr		/* ICH_HCR_EL2 */
3:	adrp	x0, el2_vectors
	add	x0, x0, :lo12:el2_vectors
	msr	vbar_el2, x0
	ldr	x0, =0x30d00800
	msr	sctlr_el1, x0
	mov	x0, #0x3c5
	msr	spsr_el2, x0
	msr	elr_el2, x30
	isb
	eret
1:	ret

/* R_CPU = the calling CPU's struct cpu, by its MPIDR. The table was cleaned to memory. */
find_cpu:
	mrs	x0, mpidr_el1
	ldr	x1, =0xff00ffffff
	and	x0, x0, x1
	adrp	x1, cpu_mpidrs
	add	x1, x1, :lo12:cpu_mpidrs
	adrp	R_CPU, cpus
	add	R_CPU, R_CPU, :lo12:cpus
	mov	x2, #CPU_SIZE
	mov	x4, #MAX_CPUS
1:	ldr	x3, [x1], #8
	cmp	x3, x0
	b.eq	2f
	add	R_CPU, R_CPU, x2
	subs	x4, x4, #1
	b.ne	1b
	b	.				/* a CPU that the device tree doesn't have */
2:	ret

/* R_AARCH64_RELATIVE is all that a static PIE has. */
self_relocate:
	adrp	x0, _start
	add	x0, x0, :lo12:_start
	adrp	x1, _rela_start
	add	x1, x1, :lo12:_rela_start
	adrp	x2, _rela_end
	add	x2, x2, :lo12:_rela_end
1:	cmp	x1, x2
	b.hs	2f
	ldp	x3, x4, [x1], #16
	ldr	x5, [x1], #8
	cmp	w4, #1027
	b.ne	1b
	add	x5, x5, x0
	str	x5, [x0, x3]
	b	1b
2:	ret

/* Uses the table that mmu_fill_table() made. Also vectors, FP/SIMD access, TPIDR_EL1. */
mmu_on:
	msr	tpidr_el1, R_CPU
	adrp	x0, vectors
	add	x0, x0, :lo12:vectors
	msr	vbar_el1, x0
	mov	x0, #(3 << 20)			/* CPACR_EL1.FPEN */
	msr	cpacr_el1, x0
	mov	x0, #0x04ff			/* attribute 0: Normal WB, 1: Device-nGnRE */
	msr	mair_el1, x0
	ldr	x0, =TCR_VALUE
	mrs	x1, id_aa64mmfr0_el1
	and	x1, x1, #7
	cmp	x1, #2
	mov	x2, #2
	csel	x1, x1, x2, lo
	orr	x0, x0, x1, lsl #32		/* IPS: at most 40 bits */
	msr	tcr_el1, x0
	adrp	x0, page_table
	add	x0, x0, :lo12:page_table
	msr	ttbr0_el1, x0
	dsb	sy
	tlbi	vmalle1
	ic	iallu
	dsb	sy
	isb
	ldr	x0, =SCTLR_VALUE
	msr	sctlr_el1, x0
	isb
	ret

/* An exception that natively goes to EL2 although nothing of ours should: say so and power off. */
	.balign	2048
el2_vectors:
	.rept	16
	.balign	128
	b	el2_panic
	.endr
el2_panic:
	mov	x0, #0x09000000
	adr	x1, el2_text
1:	ldrb	w2, [x1], #1
	cbz	w2, 2f
	str	w2, [x0]
	b	1b
2:	ldr	x0, =0x84000008			/* PSCI SYSTEM_OFF */
	smc	#0
	b	.
el2_text:
	.asciz	"\r\nBail out! exception at EL2\r\n"
	.balign	4
