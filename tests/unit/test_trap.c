/* SPDX-License-Identifier: Apache-2.0 */
/* What each exception from a guest leads to, and the trap controls. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>
#include "core/irq.h"
#include "core/sched.h"
#include "fake_cpu.h"
#include "fake_sysreg.h"
#include "mm/page.h"
#include "virt/hypercall/hypercall.h"
#include "virt/sysregs.h"
#include "virt/trap_exit.h"
#include "virt/trap.h"
#include "virt/vgic/vgic.h"
#include "virt/vmmio.h"
#include "virt/vpsci.h"

#define ESR(ec, iss) ((uint64_t)(ec) << 26 | BIT(25) | (iss))
#define PC           0xffff800008000000
#define EL1H         5
#define AARCH32_T32  (BIT(4) | BIT(5))

static struct domain d = { .name = "guest" };
static struct vcpu v;
static struct cpu cpu;

static struct {
	unsigned int undefined, abort, psci, hypercall, yield, irqs, flushes, crashed;
	uint64_t abort_far, psci_pc;
	bool abort_instruction, pending, pending_second, sysreg_ok, waits_here;
	unsigned int looks, waits;
	uint64_t sysreg;
} seen;

void guest_inject_undefined(struct guest_regs *r)
{
	assert_ptr_equal(r, &v.regs);
	seen.undefined++;
}

void guest_inject_abort(struct guest_regs *r, uint64_t far, bool instruction)
{
	seen.abort++;
	seen.abort_far = far;
	seen.abort_instruction = instruction;
}

static uint64_t mapped; /* the one page that is */

bool p2m_fault_is_stale(struct domain *who, ipa_t ipa)
{
	assert_ptr_equal(who, &d);
	return mapped && ipa.raw >> PAGE_SHIFT == mapped >> PAGE_SHIFT;
}

bool vpsci_trap(struct guest_regs *r)
{
	seen.psci++;
	seen.psci_pc = r->pc;
	return true;
}

bool sysreg_trap(struct guest_regs *r, uint64_t esr)
{
	seen.sysreg = esr;
	return seen.sysreg_ok;
}

void vcpu_block(struct vcpu *who, enum vcpu_block why)
{
	who->blocked |= BIT(why);
}

void vcpu_unblock(struct vcpu *who, enum vcpu_block why)
{
	who->blocked &= ~BIT(why);
}

void vcpu_yield(struct vcpu *who)
{
	seen.yield++;
	cpu.work |= BIT(CPU_WORK_RESCHED);
}

bool vgic_pending(struct vcpu *who)
{
	/* Whoever raises an interrupt from now on must find it blocked; before the look at whether it may wait here, not yet. */
	assert_int_equal(seen.looks++ > 0, !!(who->blocked & BIT(VCPU_BLOCK_WFI)));
	return seen.pending || (seen.pending_second && seen.looks == 2);
}

static bool flush_posts;

/* It comes back with something, or not at all. */
bool sched_wait_here(struct vcpu *who)
{
	assert_int_equal(seen.looks, 1);
	assert_int_equal(who->blocked, 0);
	seen.waits++;
	return seen.waits_here;
}

void vgic_flush(struct vcpu *who)
{
	seen.flushes++;
	v.vgic_dirty = false;
	if (flush_posts)
		cpu.work |= BIT(CPU_WORK_RESCHED);
	flush_posts = false;
}

bool irq_take_one(void)
{
	seen.irqs++;
	return true;
}

void domain_shutdown(struct domain *who, enum domain_shutdown_reason reason)
{
	assert_int_equal(reason, DOMAIN_CRASH);
	v.blocked |= BIT(VCPU_BLOCK_DOWN);
	seen.crashed++;
}

bool hypercall_trap(struct guest_regs *r)
{
	seen.hypercall++;
	return true;
}

static int setup(void **state)
{
	fake_sysreg_reset();
	memset(&seen, 0, sizeof(seen));
	memset(&v, 0, sizeof(v));
	memset(&cpu, 0, sizeof(cpu));
	fake_cpu_arch[0] = &cpu.arch;
	v.domain = &d;
	v.power = VCPU_ON;
	v.regs.pc = PC;
	v.regs.pstate = EL1H;
	return 0;
}

static bool trap(uint64_t esr)
{
	return guest_sync_handler(&trap_handlers, esr)(&v.regs, esr);
}

/* No exception class, with any low ISS, may do worse than UNDEFINED. */
static void every_class_is_survived(void **state)
{
	for (unsigned int ec = 0; ec < 64; ec++) {
		bool known = ec == 0x01 || ec == 0x16 || ec == 0x17 || ec == 0x18 || ec == 0x20 ||
		             ec == 0x24;

		setup(NULL);
		trap(ESR(ec, 0));
		if (!known) {
			assert_int_equal(seen.undefined, 1);
			assert_int_equal(v.regs.pc, PC);
		}
		setup(NULL);
		trap(ESR(ec, 0x1ffffff));
	}
}

static void hvc(void **state)
{
	assert_true(trap(ESR(0x16, 0)));
	assert_int_equal(seen.psci, 1);
	assert_int_equal(seen.psci_pc, PC); /* behind the instruction already */
	assert_true(trap(ESR(0x16, 0xea1)));
	assert_int_equal(seen.hypercall, 1);
	assert_int_equal(v.regs.pc, PC);
	assert_true(trap(ESR(0x16, 1)));
	assert_int_equal(seen.undefined, 1);
	assert_int_equal(v.regs.pc, PC - 4); /* the exception is the HVC's */
}

static void smc(void **state)
{
	v.regs.pstate |= BIT(21);
	assert_true(trap(ESR(0x17, 0)));
	assert_int_equal(seen.psci_pc, PC + 4); /* before the call: it may go elsewhere */
	assert_int_equal(v.regs.pstate, EL1H);  /* a single step is over */
	assert_true(trap(ESR(0x17, 1)));
	assert_int_equal(seen.undefined, 1);
	assert_int_equal(v.regs.pc, PC + 4);
}

static void wfi(void **state)
{
	assert_false(trap(ESR(0x01, 0)));
	assert_int_equal(v.blocked, BIT(VCPU_BLOCK_WFI));
	assert_int_equal(v.regs.pc, PC + 4);
	assert_int_equal(seen.looks, 2);
	/* Raised between its wait here and the block. */
	v.blocked = 0;
	seen.looks = 0;
	seen.pending_second = true;
	assert_true(trap(ESR(0x01, 0)));
	assert_int_equal(v.blocked, 0);
	/* Pending at once: it doesn't wait at all. */
	seen.looks = 0;
	seen.waits = 0;
	seen.pending = true;
	assert_true(trap(ESR(0x01, 0)));
	assert_int_equal(v.blocked, 0);
	assert_int_equal(seen.waits, 0);
}

static void wfi_waits_here(void **state)
{
	seen.waits_here = true;
	assert_true(trap(ESR(0x01, 0)));
	assert_int_equal(seen.looks, 1);
	assert_int_equal(v.blocked, 0);
	assert_int_equal(v.regs.pc, PC + 4);
}

static void wfe_and_timed_kinds(void **state)
{
	for (unsigned int ti = 1; ti < 4; ti++) {
		cpu.work = 0;
		assert_false(trap(ESR(0x01, ti)));
		assert_int_equal(seen.yield, ti);
		assert_int_equal(v.blocked, 0);
		assert_int_equal(v.regs.pc, PC + 4 * ti);
	}
}

static void aarch32_wfi_whose_condition_fails(void **state)
{
	v.regs.pstate = 0x10;
	assert_true(trap(ESR(0x01, BIT(24) | 0x1 << 20)));
	assert_int_equal(v.blocked, 0);
	assert_int_equal(v.regs.pc, PC + 4);
	assert_false(trap(ESR(0x01, BIT(24) | 0xe << 20)));
}

static void skipping(void **state)
{
	v.regs.pstate = EL1H | BIT(10) | BIT(21) | BIT(31);
	trap_skip(&v.regs, true);
	assert_int_equal(v.regs.pstate, EL1H | BIT(31)); /* BTYPE and SS gone, flags kept */
	/* T32, in an IT block of ITTE NE: 0b0001'0110 -> 0b0000'1100 -> ... -> 0 */
	v.regs.pc = 0x1000;
	v.regs.pstate = AARCH32_T32 | (uint64_t)(0x16 >> 2) << 10 | (uint64_t)(0x16 & 3) << 25;
	trap_skip(&v.regs, false);
	assert_int_equal(v.regs.pc, 0x1002);
	assert_int_equal(v.regs.pstate, AARCH32_T32 | (uint64_t)(0x0c >> 2) << 10);
	trap_skip(&v.regs, true);
	assert_int_equal(v.regs.pc, 0x1006);
	assert_int_equal(v.regs.pstate, AARCH32_T32 | (uint64_t)(0x18 >> 2) << 10);
	trap_skip(&v.regs, false);
	assert_int_equal(v.regs.pstate, AARCH32_T32);
}

static void system_registers(void **state)
{
	seen.sysreg_ok = true;
	assert_true(trap(ESR(0x18, 0x123)));
	assert_int_equal(seen.sysreg, ESR(0x18, 0x123));
	seen.sysreg_ok = false;
	assert_false(trap(ESR(0x18, 0x123)));
}

/* ---- memory ---- */

static uint64_t device_value;
static struct vmmio_access device_access;

static bool device_read(struct vcpu *who, void *ctx, struct vmmio_access a, uint64_t *value)
{
	device_access = a;
	*value = device_value;
	return true;
}

static bool device_write(struct vcpu *who, void *ctx, struct vmmio_access a, uint64_t value)
{
	device_access = a;
	device_value = value;
	return true;
}

#define DABT_LOAD(size, rt) (BIT(24) | (uint64_t)(size) << 22 | (uint64_t)(rt) << 16 | 7)
#define SSE                 BIT(21)
#define SF                  BIT(15)
#define WNR                 BIT(6)

static void mmio(void **state)
{
	static const struct vmmio_ops ops = { .read = device_read, .write = device_write };

	assert_int_equal(vmmio_register(&d, &(struct vmmio_region) { .base = ipa_make(0x9abc000),
	                                                             .size = 0x1000,
	                                                             .ops = &ops }),
	                 0);
	*fake_sysreg(hpfar_el2) = 0x9abc000ULL >> 12 << 4;
	*fake_sysreg(far_el2) = 0xffff80000badd018;

	device_value = 0x80;
	assert_true(trap(ESR(0x24, DABT_LOAD(0, 5) | SSE | SF)));
	assert_int_equal(device_access.offset, 0x18);
	assert_int_equal(device_access.size, 1);
	assert_int_equal(v.regs.x[5], 0xffffffffffffff80);
	assert_int_equal(v.regs.pc, PC + 4);
	v.regs.x[7] = 0x1122334455667788;
	assert_true(trap(ESR(0x24, DABT_LOAD(2, 7) | WNR)));
	assert_int_equal(device_value, 0x55667788);
	assert_true(trap(ESR(0x24, DABT_LOAD(2, 31) | WNR)));
	assert_int_equal(device_value, 0);
	assert_true(trap(ESR(0x24, DABT_LOAD(2, 31)))); /* into the zero register */
	assert_int_equal(seen.abort, 0);

	/* No syndrome, a permission fault, an address where nothing is. */
	v.regs.pc = PC;
	assert_true(trap(ESR(0x24, (DABT_LOAD(2, 5) & ~BIT(24)))));
	assert_true(trap(ESR(0x24, DABT_LOAD(2, 5) | 0xf)));
	*fake_sysreg(hpfar_el2) = 0x9abd000ULL >> 12 << 4;
	assert_true(trap(ESR(0x24, DABT_LOAD(2, 5))));
	assert_int_equal(seen.abort, 3);
	assert_int_equal(seen.abort_far, 0xffff80000badd018);
	assert_false(seen.abort_instruction);
	assert_int_equal(v.regs.pc, PC);
	page_free(d.vmmio, page_order(sizeof(*d.vmmio)));
	d.vmmio = NULL;
}

static void instruction_abort(void **state)
{
	*fake_sysreg(far_el2) = 0x1234;
	assert_true(trap(ESR(0x20, 6)));
	assert_int_equal(seen.abort, 1);
	assert_true(seen.abort_instruction);
	assert_int_equal(v.regs.pc, PC);
}

/* What the hypervisor was just changing is tried again; a permission that it lacks isn't. */
static void stale_faults(void **state)
{
	mapped = 0x40001000;
	*fake_sysreg(hpfar_el2) = mapped >> 12 << 4;
	*fake_sysreg(far_el2) = 0xffff000000001f00;
	assert_true(trap(ESR(0x24, DABT_LOAD(2, 5))));
	assert_true(trap(ESR(0x24, 7)));
	assert_true(trap(ESR(0x20, 7)));
	assert_int_equal(seen.abort, 0);
	assert_int_equal(v.regs.pc, PC);
	assert_true(trap(ESR(0x24, 0xf)));
	assert_true(trap(ESR(0x20, 0xf)));
	assert_int_equal(seen.abort, 2);
	mapped = 0;
	assert_true(trap(ESR(0x24, 7)));
	assert_int_equal(seen.abort, 3);
}

/* ---- the way back ---- */

static void going_on(void **state)
{
	assert_true(trap_handlers.irq(&v.regs));
	assert_int_equal(seen.irqs, 1);
	assert_int_equal(seen.flushes, 0);
	v.vgic_dirty = true;
	assert_true(trap_handlers.irq(&v.regs));
	assert_int_equal(seen.flushes, 1);
	cpu.work = BIT(CPU_WORK_UNLOAD);
	assert_false(trap_handlers.irq(&v.regs));
	cpu.work = 0;
	v.blocked = BIT(VCPU_BLOCK_PAUSE);
	assert_false(trap_handlers.irq(&v.regs));
	v.blocked = 0;
	v.power = VCPU_OFF;
	assert_false(trap_handlers.irq(&v.regs));
}

/*
 * A vCPU that waits and is kicked before it has left isn't interrupted, only unblocked. So the look for what the kick is about
 * comes after that at `blocked`, in which it can't be missed: here, none is made while it is blocked.
 */
static void going_on_after_a_kick(void **state)
{
	v.vgic_dirty = true;
	v.blocked = BIT(VCPU_BLOCK_WFI);
	assert_false(trap_handlers.irq(&v.regs));
	assert_int_equal(seen.flushes, 0);
	v.blocked = 0;
	assert_true(trap_handlers.irq(&v.regs));
	assert_int_equal(seen.flushes, 1);
}

/* The flush may kick another vCPU of this CPU, which then asks for its turn. */
static void going_on_after_a_flush(void **state)
{
	v.vgic_dirty = true;
	flush_posts = true;
	assert_false(trap_handlers.irq(&v.regs));
	assert_int_equal(seen.flushes, 1);
}

static void serror(void **state)
{
	assert_false(trap_handlers.serror(&v.regs));
	assert_int_equal(seen.crashed, 1);
}

/* ---- controls ---- */

static void controls(void **state)
{
	uint64_t base = trap_hcr_el2();

	/*
	 * VM, physical interrupts to EL2, traps of WFI, WFE, ID group 3, SMC, ACTLR; EL1 AArch64;
	 * not E2H, TGE.
	 */
	assert_int_equal(base & (BIT(0) | BIT(3) | BIT(4) | BIT(5) | BIT(13) | BIT(14) | BIT(18) |
	                         BIT(19) | BIT(20) | BIT(21) | BIT(31)),
	                 0x803c6039);
	assert_int_equal(base & (BIT(27) | BIT(34) | BIT(40) | BIT(41) | BIT(56)), 0);
	*fake_sysreg(id_aa64pfr0_el1) = 1ULL << 28 | 1ULL << 44;
	*fake_sysreg(id_aa64mmfr1_el1) = 1ULL << 16;
	*fake_sysreg(id_aa64pfr1_el1) = 2ULL << 8;
	assert_int_equal(trap_hcr_el2(), base | BIT(35) | BIT(36) | BIT(58));
	assert_int_equal(trap_cptr_el2(), 0x33ff | BIT(20) | BIT(30));
	assert_int_equal(trap_cnthctl_el2(), 1);
	assert_int_equal(trap_hstr_el2(), 0);
}

static void debug_controls(void **state)
{
	assert_int_equal(trap_mdcr_el2(), 0xe00);
	*fake_sysreg(pmcr_el0) = 6 << 11;
	*fake_sysreg(id_aa64dfr0_el1) = 0xf << 8; /* a PMU of somebody's own */
	assert_int_equal(trap_mdcr_el2(), 0xe00);
	*fake_sysreg(id_aa64dfr0_el1) = 4ULL << 8 | 1ULL << 32 | 1ULL << 40;
	assert_int_equal(trap_mdcr_el2(), 0xe00 | BIT(5) | BIT(6) | 6 | BIT(14) | BIT(19));
}

#define T(f) cmocka_unit_test_setup(f, setup)

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(every_class_is_survived),
		T(hvc),
		T(smc),
		T(wfi), T(wfi_waits_here),
		T(wfe_and_timed_kinds),
		T(aarch32_wfi_whose_condition_fails),
		T(skipping),
		T(system_registers),
		T(mmio),
		T(instruction_abort),
		T(stale_faults),
		T(going_on), T(going_on_after_a_kick), T(going_on_after_a_flush),
		T(serror),
		T(controls),
		T(debug_controls),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
