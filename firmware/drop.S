/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The store that ends everything. Interrupts are let in up to it, so that the machine is on its way down only if
 * none came before: between a last look and the store would be a gap, in which an edge is lost for good.
 */

#define SCR_IRQ (1 << 1) /* FIQs come to EL3 anyway */

	.text

/*
 * power_drop(reg, value): *reg = value. Comes back only if an interrupt was there first; then nothing was stored.
 */
	.global power_drop
power_drop:
	mrs	x2, scr_el3
	orr	x3, x2, #SCR_IRQ
	msr	scr_el3, x3
	isb
	msr	daifclr, #3
	.global power_drop_store
power_drop_store:
	str	w1, [x0]
	msr	daifset, #3
1:	wfi
	b	1b

	/* Where power_interrupted() sends one that was interrupted at power_drop_store. */
	.global power_drop_stopped
power_drop_stopped:
	msr	scr_el3, x2
	isb
	ret
