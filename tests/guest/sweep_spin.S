/* SPDX-License-Identifier: Apache-2.0 */
/* Moments to the instruction. With -icount and a counter of 1 GHz, one tick is one instruction. */

#define SLED 128 /* instructions; more than two turns of the loop */

	.text

/*
 * bool spin_until(uint64_t when)
 * Comes back always as many instructions after the counter (CNTPCT) was `when`. False: too late for that.
 */
	.global spin_until
spin_until:
	sub	x1, x0, #SLED
1:	mrs	x2, cntpct_el0
	cmp	x2, x1
	b.lo	1b
	subs	x3, x0, x2
	b.ls	2f
	adr	x4, sled_end
	sub	x4, x4, x3, lsl #2
	br	x4
2:	mov	x0, #0
	ret
	.rept	SLED
	nop
	.endr
sled_end:
	mov	x0, #1
	ret

/*
 * uint64_t watch(const volatile uint32_t *flag, uint64_t deadline)
 * The last counter value (CNTPCT) that was read before the interrupt whose handler made the flag non-zero, a turn
 * of the loop or less; 0: none came.
 */
	.global watch
watch:
	mrs	x2, cntpct_el0
1:	mov	x4, x2
	mrs	x2, cntpct_el0
	ldr	w3, [x0]
	cbnz	w3, 2f
	cmp	x2, x1
	b.lo	1b
	mov	x0, #0
	ret
	/* Taken just before the second read? Then that one has the handler's time in it. */
2:	sub	x3, x2, x4
	cmp	x3, #SLED
	csel	x0, x4, x2, hi
	ret
