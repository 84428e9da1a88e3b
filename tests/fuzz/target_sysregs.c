/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Trapped system registers: any ISS, on any ID registers of the CPU. What is emulated must do the
 * same as the table says, change no register of the guest but the one that is read into, and none
 * of the CPU's but those that belong to the guest.
 */
#include "virt/sysregs.h"

#include <stdlib.h>

#include "arch/guest.h"
#include "core/timer.h"
#include "dev/gic/gic.h"
#include "fake_cpu.h"
#include "fake_sysreg.h"
#include "fuzz.h"
#include "mm/page.h"
#include "virt/idregs.h"
#include "virt/trap_exit.h"
#include "virt/vgic/vgic.h"
#include "virt/vtimer.h"

static bool is_active(uint32_t intid);
static struct gic_ops fake_gic = { .version = 3, .is_active = is_active };
const struct gic_ops *gic = &fake_gic;
struct gic_limits gic_limits;

static struct domain d;
static struct vcpu v, *vcpus[] = { &v };
static struct cpu cpu;
static unsigned int sgis;

/* What the emulation reaches beyond itself. */

void vgic_sgi_sysreg(struct vcpu *who, uint64_t value)
{
	FUZZ_CHECK(who == &v && fake_gic.version >= 3);
	sgis++;
}

void vgic_line(struct domain *of, unsigned int vcpu, uint32_t vintid, bool high)
{
	FUZZ_CHECK(of == &d && vcpu == 0 && vintid >= 16 && vintid < 32);
}

void vgic_hw_ppi_fired(struct vcpu *who, uint32_t vintid, uint32_t intid)
{
}

int vgic_assign_hw(struct domain *of, uint32_t vintid, uint32_t intid)
{
	return 0;
}

void vcpu_unblock(struct vcpu *who, enum vcpu_block why)
{
	FUZZ_CHECK(why == VCPU_BLOCK_WFI);
}

static bool is_active(uint32_t intid)
{
	return fake_counter & 1;
}

void timer_init(struct timer *t, timer_fn *fn)
{
	t->fn = fn;
}

static struct timer *set; /* the last one */

void timer_set(struct timer *t, uint64_t deadline)
{
	t->deadline = deadline;
	t->cpu = &cpu;
	set = t;
}

static void timer_fires(void)
{
	if (!set || !set->cpu)
		return;
	if (fake_counter < set->deadline)
		fake_counter = set->deadline;
	set->cpu = NULL;
	set->fn(set);
}

void timer_cancel(struct timer *t)
{
	t->cpu = NULL;
}

void fuzz_setup(void)
{
	fake_cpu_arch[0] = &cpu.arch;
	d.nr_vcpus = 1;
	d.vcpus = vcpus;
	v.domain = &d;
	v.cpu = &cpu;
	cpu.loaded = &v;
	vtimer_setup(27, 30);
	FUZZ_CHECK(vtimer_vcpu_module.init(&v) == 0 && vtimer_create(&d) == 0);
	vtimer_vcpu_module.reset(&v);
	vtimer_vcpu_module.load(&v);
	idregs_init();
}

/* The registers that an emulated access may change: MDSCR_EL1 is the guest's own. */
static const char *allowed;

static void watch(bool write, const char *reg, uint64_t value)
{
	if (write && allowed)
		FUZZ_CHECK(strcmp(reg, allowed) == 0);
}

#define MDSCR_KEY SYSREG_KEY(2, 0, 0, 2, 2)

static const struct sysreg_row *row_of(uint32_t key)
{
	for (unsigned int i = 0; i < nr_sysreg_rows; i++)
		if (key >= sysreg_rows[i].first && key <= sysreg_rows[i].last)
			return &sysreg_rows[i];
	return NULL;
}

struct access {
	uint32_t key;
	unsigned int rt; /* 31: the zero register */
	bool read;
};

/* Arm ARM D17.2.37, "trapped MSR, MRS or System instruction". */
static uint64_t iss_of(struct access a)
{
	return FIELD(a.key, 15, 14) << 20 | FIELD(a.key, 2, 0) << 17 | FIELD(a.key, 13, 11) << 14 |
	       FIELD(a.key, 10, 7) << 10 | a.rt << 5 | FIELD(a.key, 6, 3) << 1 | a.read;
}

static struct access pick(struct input *in)
{
	struct access a = { .key = in_u16(in), .rt = in_u8(in) & 31, .read = in_u8(in) & 1 };
	const struct sysreg_row *row = &sysreg_rows[in_below(in, nr_sysreg_rows)];

	/* Most keys are nobody's. */
	if (in_u8(in) & 7)
		a.key = row->first + a.key % (row->last - row->first + 1U);
	return a;
}

static unsigned int undefined;

bool trap_undefined(struct guest_regs *r, uint64_t esr)
{
	FUZZ_CHECK(r == &v.regs);
	undefined++;
	return true;
}

bool trap_flush_and_go_on(struct vcpu *who)
{
	FUZZ_CHECK(who == &v);
	return true;
}

void trap_skip_slowly(struct guest_regs *r, bool il)
{
	FUZZ_CHECK(r == &v.regs && il);
	r->pc += 4;
}

static void access_one(struct input *in)
{
	struct access a = pick(in);
	const struct sysreg_row *row = row_of(a.key);
	struct guest_regs before;

	if (a.rt < 31)
		v.regs.x[a.rt] = in_number(in);
	before = v.regs;
	undefined = 0;
	allowed = a.key == MDSCR_KEY ? "mdscr_el1" : "nothing";
	fake_sysreg_watch(a.key >= SYSREG_KEY(3, 3, 14, 0, 0) ? NULL : watch);
	FUZZ_CHECK(sysreg_trap(&v.regs, iss_of(a)));
	fake_sysreg_watch(NULL);
	/* Denied by default; either one answer or the other. */
	FUZZ_CHECK(undefined <= 1 && v.regs.pc == before.pc + (undefined ? 0 : 4));
	FUZZ_CHECK(undefined || (row && (a.read ? !!row->read : !!row->write)));
	FUZZ_CHECK(!fake_locks_held);
	before.pc = v.regs.pc;
	if (!undefined && a.read && a.rt < 31)
		before.x[a.rt] = v.regs.x[a.rt];
	FUZZ_CHECK(memcmp(&before, &v.regs, sizeof(before)) == 0);
	if (!undefined && a.key == MDSCR_KEY && !a.read)
		FUZZ_CHECK(!(*fake_sysreg(mdscr_el1) & ~(BIT(0) | BIT(12) | BIT(13))));
}

/* A CPU with any features. */
static void set_id_register(struct input *in)
{
	static const char *const names[] = { "S3_0_C0_C4_0", "S3_0_C0_C4_1", "S3_0_C0_C5_0",
		                             "S3_0_C0_C6_0", "S3_0_C0_C7_0", "S3_0_C0_C7_1",
		                             "S3_0_C0_C7_2", "S3_0_C0_C1_0" };

	*fake_sysreg_var(names[in_below(in, ARRAY_SIZE(names))]) = in_u64(in);
	idregs_init();
}

static void check_limits(struct input *in)
{
	uint64_t host = in_u64(in), cap = in_u64(in), absent = in_u64(in);
	uint64_t got = idreg_limit(host, cap, absent);

	for (unsigned int lo = 0; lo < 64; lo += 4) {
		uint64_t h = host >> lo & 15, g = got >> lo & 15;

		/* Never more than the CPU has; "absent" is none of it. */
		FUZZ_CHECK(g <= h || g == (cap >> lo & 15));
	}
}

void fuzz_one(struct input *in)
{
	if (in_u8(in) & 1) {
		fake_gic.version = 2;
		idregs_init();
	}
	for (unsigned int i = 0; i < 64 && in_more(in); i++) {
		switch (in_below(in, 16)) {
		case 0:
			set_id_register(in);
			break;
		case 1:
			fake_counter += in_u32(in);
			break;
		case 2:
			vtimer_vcpu_module.save(&v);
			fake_counter += in_u32(in);
			vtimer_vcpu_module.load(&v);
			break;
		case 3:
			check_limits(in);
			break;
		case 4:
			timer_fires();
			break;
		default:
			access_one(in);
			break;
		}
	}
}
