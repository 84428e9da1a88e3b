/* SPDX-License-Identifier: Apache-2.0 */
#include "arch/report.h"

#include "arch/image.h"
#include "arch/sysreg.h"
#include "lib/log.h"
#include "lib/panic.h"

#define MAX_FRAMES 24

struct frame {
	uintptr_t next;
	uintptr_t return_address;
};

struct el2_regs {
	uint64_t x[31];
	uint64_t sp;
};

static uint64_t image_offset(uintptr_t addr)
{
	return addr - (uintptr_t)image_start;
}

static bool in_text(uintptr_t addr)
{
	return addr >= (uintptr_t)image_start && addr < (uintptr_t)image_rodata;
}

void report_stack(uintptr_t fp)
{
	uintptr_t last = 0;

	log_err("stack, as offsets in dormouse.elf:");
	/* A frame lies above the one that it called; anything else is the end, or damage. */
	for (unsigned int i = 0; i < MAX_FRAMES && fp > last && IS_ALIGNED(fp, 8); i++) {
		const struct frame *f = (const struct frame *)fp;

		if (!in_text(f->return_address))
			break;
		/* The call, not what follows: behind a call that never returns another function begins. */
		log_err("  0x%lx", image_offset(f->return_address) - 4);
		last = fp;
		fp = f->next;
	}
}

void report_sysregs(void)
{
	log_err("esr_el2 0x%lx far_el2 0x%lx hpfar_el2 0x%lx elr_el2 0x%lx (image 0x%lx) spsr_el2 0x%lx",
		sysreg_read(esr_el2), sysreg_read(far_el2), sysreg_read(hpfar_el2),
		sysreg_read(elr_el2), image_offset(sysreg_read(elr_el2)), sysreg_read(spsr_el2));
	log_err("hcr_el2 0x%lx sctlr_el2 0x%lx vttbr_el2 0x%lx mpidr_el1 0x%lx", sysreg_read(hcr_el2),
		sysreg_read(sctlr_el2), sysreg_read(vttbr_el2), sysreg_read(mpidr_el1));
}

void report_here(void)
{
	report_sysregs();
	report_stack((uintptr_t)__builtin_frame_address(0));
	/* Not as a tail call: that would take this frame away before it is walked. */
	__asm__ volatile("" ::: "memory");
}

__noreturn void el2_exception_report(unsigned int vector, const struct el2_regs *r);

/* Called by vectors.S: an exception of EL2's own. */
__noreturn __used void el2_exception_report(unsigned int vector, const struct el2_regs *r)
{
	static const char *const kinds[] = { "synchronous exception", "IRQ", "FIQ", "SError" };

	log_err("registers, sp 0x%lx:", r->sp);
	for (unsigned int i = 0; i + 1 < ARRAY_SIZE(r->x); i += 2)
		log_err("  x%-2u 0x%lx  x%-2u 0x%lx", i, r->x[i], i + 1, r->x[i + 1]);
	log_err("  x30 0x%lx (image 0x%lx)", r->x[30], image_offset(r->x[30]));
	report_stack(r->x[29]);
	panic("unexpected %s at EL2", kinds[vector % 4]);
}

__noreturn void __stack_chk_fail(void);
extern uintptr_t __stack_chk_guard;
uintptr_t __stack_chk_guard;

__noreturn __used void __stack_chk_fail(void)
{
	panic("stack canary overwritten");
}
