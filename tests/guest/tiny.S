/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the domain made by control.c runs, copied to the start of its RAM; position-independent, without MMU and stack.
 * Its last page is at x0: a word that it counts up, one that says what it is to do, and what it was answered.
 */
#define UART 0x22000000 /* DOMU_UART */
#define TODO 8		/* offset: 0 count, 1 suspend, 2 power off, 3 reboot, 4 crash, 5 arm a watchdog of 2 s */

	.text
	.balign	4
	.global	tiny_start, tiny_end
tiny_start:
	mov	x20, x0
	movz	x19, #(UART >> 16), lsl #16
	/* What it must not: sysctl, domctl, dormouse_op. */
	.irp	nr, 35, 36, 48
	mov	x16, #\nr
	mov	x0, x20
	hvc	#0xea1
	str	x0, [x20, #(\nr * 8)]
	.endr
	mov	w1, #'h'
	str	w1, [x19]
	mov	w1, #'i'
	str	w1, [x19]
0:	ldr	x1, [x20]
	add	x1, x1, #1
	str	x1, [x20]
	ldr	x2, [x20, #TODO]
	cbz	x2, 0b
	cmp	x2, #2
	b.eq	2f
	cmp	x2, #3
	b.eq	3f
	cmp	x2, #4
	b.eq	4f
	cmp	x2, #5
	b.eq	5f

	/* SYSTEM_SUSPEND; the context id is what it needs to find its page again. */
	str	xzr, [x20, #TODO]
	movz	w0, #0x000e
	movk	w0, #0xc400, lsl #16
	adr	x1, 1f
	mov	x2, x20
	hvc	#0
	mov	w1, #'!'
	str	w1, [x19]
	b	0b
1:	mov	x20, x0
	movz	x19, #(UART >> 16), lsl #16
	mov	w1, #'r'
	str	w1, [x19]
	b	0b

2:	movz	w0, #0x0008 /* SYSTEM_OFF */
	movk	w0, #0x8400, lsl #16
	hvc	#0
3:	movz	w0, #0x0009 /* SYSTEM_RESET */
	movk	w0, #0x8400, lsl #16
	hvc	#0
4:	mov	x16, #29 /* sched_op, SHUTDOWN_crash */
	mov	x0, #2
	str	x0, [x20, #16]
	mov	w1, #3
	str	w1, [x20, #16]
	add	x1, x20, #16
	hvc	#0xea1
	b	.
5:	str	xzr, [x20, #TODO]
	mov	x16, #29 /* sched_op, SCHEDOP_watchdog */
	mov	x0, #6
	movz	x1, #2, lsl #32 /* number 0: a free one; 2 s */
	str	x1, [x20, #16]
	add	x1, x20, #16
	hvc	#0xea1
	str	x0, [x20, #24]
	b	0b
tiny_end:
