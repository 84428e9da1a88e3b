/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The three doors into EL2, and the path that they share.
 *
 *   _start          cold boot: x0 = device tree (Linux' arm64 boot protocol, Documentation/arch/arm64/booting)
 *   bringup_entry   a secondary's CPU_ON, or the resume after SYSTEM_SUSPEND: x0 = struct bringup
 *
 * All of them arrive at EL2 with the MMU and the caches off and interrupts masked (DEN0022 6.4).
 */
#include "abi/psci.h"
#include "arch/asm.h"
#include "offsets.h"

	.section .head, "ax"
	.global _start
_start:
	b	cold_boot			/* code0 */
	.long	0				/* code1 */
	.quad	0				/* text_offset: any 4 KiB-aligned address will do */
	/* image_size, bss and stack included: dormouse.lds puts it here */
	.section .head2, "ax"
	.quad	0xa				/* little-endian, 4 KiB pages, anywhere in memory */
	.quad	0
	.quad	0
	.quad	0
	.ascii	"ARM\x64"
	.long	0

cold_boot:
	msr	daifset, #0xf
	mrs	x1, CurrentEL
	cmp	x1, #(2 << 2)
	b.eq	1f
	/* Not EL2: there is no way to run and no console to say so. */
0:	wfi
	b	0b

1:	mov	x19, x0
	/*
	 * A known SCTLR_EL2 first: MMU and caches off, little-endian. RES1 bits as in Armv8.0.
	 */
	movz	x0, #0x0830
	movk	x0, #0x30c5, lsl #16
	msr	sctlr_el2, x0
	isb

	adr_l	x20, image_start

	/*
	 * Relocate: linked at 0, so each pointer gets the load address added. Where they are says .relr
	 * (scripts/pack-relocs): an even word is the offset of one; the bits above bit 0 of an odd one stand for
	 * the 63 words behind the last that was spoken of.
	 */
	adr_l	x1, relr_start
	adr_l	x2, relr_end
2:	cmp	x1, x2
	b.hs	3f
	ldr	x3, [x1], #8
	tbnz	x3, #0, 6f
	add	x4, x20, x3
	ldr	x5, [x4]
	add	x5, x5, x20
	str	x5, [x4], #8			/* x4: the first word not yet spoken of */
	b	2b
6:	mov	x6, x4
	add	x4, x4, #(63 * 8)
7:	lsr	x3, x3, #1
	cbz	x3, 2b
	tbz	x3, #0, 8f
	ldr	x5, [x6]
	add	x5, x5, x20
	str	x5, [x6]
8:	add	x6, x6, #8
	b	7b

3:	adr_l	x1, bss_start
	adr_l	x2, bss_end
4:	stp	xzr, xzr, [x1], #16
	cmp	x1, x2
	b.lo	4b

	/*
	 * The writes above went past the caches. Lines that were fetched into them before (the loader ran with
	 * its caches on) are stale: drop them, so that nothing old is hit once our MMU is on.
	 */
	mrs	x3, ctr_el0
	ubfx	x3, x3, #16, #4			/* DminLine: log2 of words */
	mov	x4, #4
	lsl	x3, x4, x3
	adr_l	x1, image_start
	adr_l	x2, image_end
	dsb	sy				/* the stores are in memory before their lines go */
5:	dc	ivac, x1
	add	x1, x1, x3
	cmp	x1, x2
	b.lo	5b
	dsb	sy
	ic	iallu
	dsb	sy
	isb

	/* A canary that differs from boot to boot; good against accidents, not against an adversary. */
	mrs	x1, cntpct_el0
	orr	x1, x1, #0xff00
	adr_l	x2, __stack_chk_guard
	str	x1, [x2]

	adr_l	x1, boot_stack_top
	mov	sp, x1
	mov	x29, xzr
	mov	x0, x19
	bl	boot_prepare			/* builds EL2's tables and the block, MMU off */
	b	bringup_common

	.global bringup_entry
bringup_entry:
	msr	daifset, #0xf
	/* fall through */

/* x0 = struct bringup */
bringup_common:
	movz	x1, #0x0830
	movk	x1, #0x30c5, lsl #16
	msr	sctlr_el2, x1
	isb
	ldp	x1, x2, [x0, #BRINGUP_MAIR]	/* mair, tcr */
	msr	mair_el2, x1
	msr	tcr_el2, x2
	ldp	x1, x2, [x0, #BRINGUP_TTBR0]	/* ttbr0, sctlr */
	msr	ttbr0_el2, x1
	isb
	tlbi	alle2
	tlbi	alle1
	ic	iallu
	dsb	nsh				/* this CPU's TLBs and instruction cache: clean before the MMU is on */
	isb
	msr	sctlr_el2, x2
	isb
	ldp	x1, x2, [x0, #BRINGUP_VBAR]	/* vbar, tpidr */
	msr	vbar_el2, x1
	msr	tpidr_el2, x2
	isb
	ldr	x1, [x0, #BRINGUP_SP]
	mov	sp, x1
	mov	x29, xzr
	mov	x30, xzr
	ldp	x1, x0, [x0, #BRINGUP_ENTRY]	/* entry, arg */
	br	x1

/*
 * int64_t suspend_call(int64_t (*call)(paddr_t entry, uint64_t context), struct bringup *b)
 *
 * Saves what the procedure call standard asks to be kept, points the block at the way back and makes the
 * call. Returns call's result, or 1 after a true resume (bringup_common then lands in suspend_resumed).
 */
func suspend_call
	push_callee_saved
	mov	x2, sp
	str	x2, [x1, #BRINGUP_SP]
	adr_l	x2, suspend_resumed
	str	x2, [x1, #BRINGUP_ENTRY]
	mov	x20, x1
	mov	x19, x0
	mov	x0, x1
	bl	bringup_clean			/* the block is read with the MMU off */
	adr_l	x0, bringup_entry
	mov	x1, x20
	blr	x19
	b	suspend_return
suspend_resumed:
	mrs	x1, tpidr_el2			/* by the block, that of the CPU which called */
	ldr	x1, [x1, #CPU_MPIDR]
	mrs	x2, mpidr_el1
	eor	x3, x1, x2
	tst	x3, #0xffffff			/* the affinity fields: MPIDR_AFFINITY */
	b.ne	suspend_stray
	tst	x3, #0xff00000000
	b.ne	suspend_stray
	mov	x0, #1
suspend_return:
	pop_callee_saved
	ret
endfunc suspend_call

/*
 * The firmware woke another CPU (MPIDR in x2) than the one that called (x1), which is off. That one is started by the same door and
 * block, as if it had been woken; this one goes off, and comes back with the others. The stack is the other one's: not touched
 * from here on. By SMC: what offers SYSTEM_SUSPEND to EL2 is at EL3.
 */
func suspend_stray
	adr_l	x0, suspend_stray_mpidr
	str	x2, [x0]
	movz	x0, #(PSCI_CPU_ON64 & 0xffff)
	movk	x0, #(PSCI_CPU_ON64 >> 16), lsl #16
	adr_l	x2, bringup_entry
	adr_l	x3, suspend_block
	ldr	x3, [x3]
	dsb	sy				/* the MPIDR is there for the other one to read */
	smc	#0
	cbnz	w0, 2f
	mov	w0, #(PSCI_CPU_OFF & 0xffff)
	movk	w0, #(PSCI_CPU_OFF >> 16), lsl #16
	smc	#0
1:	wfi					/* refused: out of the way all the same */
	b	1b
2:	sxtw	x0, w0
	bl	suspend_stranded		/* nobody else uses the stack */
endfunc suspend_stray
