/* SPDX-License-Identifier: Apache-2.0 */
#include "exc.h"

#include "gic.h"
#include "sysreg.h"
#include "tap.h"

enum { SYNC, IRQ };

void exc_arm(void)
{
	struct cpu *c = this_cpu();

	c->taken = false;
	c->armed = true;
	__asm__ volatile("" ::: "memory");
}

struct exc exc_disarm(void)
{
	struct cpu *c = this_cpu();

	dsb();
	c->armed = false;
	return (struct exc) { c->taken, c->esr, c->far, c->elr };
}

bool exc_is_undef(struct exc e)
{
	return e.taken && exc_ec(&e) == EC_UNKNOWN;
}

bool exc_is_abort(struct exc e, uint64_t address)
{
	return e.taken && exc_ec(&e) == EC_DABT_SAME && (e.esr & 0x3f) == FSC_EXTERNAL &&
	       e.far == address;
}

static void sync(struct frame *f)
{
	struct cpu *c = this_cpu();
	unsigned int ec = sysreg_read(esr_el1) >> 26;

	if (!c->armed)
		tap_bail(
		        "exception: esr 0x%lx far 0x%lx elr 0x%lx (image at 0x%lx) lr 0x%lx cpu %u",
		        sysreg_read(esr_el1), sysreg_read(far_el1), f->elr,
		        (uint64_t)(uintptr_t)boot_main & ~0xffffful, f->x[30], c->id);
	c->taken = true;
	c->esr = sysreg_read(esr_el1);
	c->far = sysreg_read(far_el1);
	c->elr = f->elr;
	/* A fetch that failed goes on at its caller; else the next instruction. */
	if (ec == EC_IABT_SAME)
		f->elr = f->x[30];
	else
		f->elr += 4;
}

void exc_handle(struct frame *f, unsigned int vector)
{
	/* 4 to 7: from the current level, on its own stack pointer. */
	if (vector == 4 + SYNC)
		sync(f);
	else if (vector == 4 + IRQ)
		gic_handle_irq();
	else
		tap_bail("vector %u: esr 0x%lx elr 0x%lx cpu %u", vector, sysreg_read(esr_el1),
		         f->elr, this_cpu()->id);
}
