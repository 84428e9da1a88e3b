/* SPDX-License-Identifier: Apache-2.0 */
/* The timers of a vCPU: hardware registers switched, the physical one emulated. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>
#include "arch/counter.h"
#include "core/timer.h"
#include "dev/gic/gic.h"
#include "fake_cpu.h"
#include "fake_sysreg.h"
#include "lib/err.h"
#include "mm/page.h"
#include "virt/vgic/vgic.h"
#include "virt/vtimer.h"

#define ENABLE  1
#define IMASK   2
#define ISTATUS 4
#define VIRT    27
#define PHYS    30

static struct domain d;
static struct vcpu v;
static struct cpu cpu;
static bool line, active;
static uint32_t hw_fired, tied;
static unsigned int unblocked;

/* The software timers that are armed; the test fires them. */
static struct timer *armed[4];

void timer_init(struct timer *t, timer_fn *fn)
{
	t->fn = fn;
	t->cpu = NULL;
}

void timer_cancel(struct timer *t)
{
	for (unsigned int i = 0; i < ARRAY_SIZE(armed); i++)
		if (armed[i] == t)
			armed[i] = NULL;
}

void timer_set(struct timer *t, uint64_t deadline)
{
	timer_cancel(t);
	t->deadline = deadline;
	for (unsigned int i = 0; i < ARRAY_SIZE(armed); i++) {
		if (!armed[i]) {
			armed[i] = t;
			return;
		}
	}
	fake_die("too many timers");
}

static struct timer *the_timer(void)
{
	struct timer *t = NULL;

	for (unsigned int i = 0; i < ARRAY_SIZE(armed); i++) {
		if (armed[i]) {
			assert_null(t);
			t = armed[i];
		}
	}
	return t;
}

static void fire(void)
{
	struct timer *t = the_timer();

	assert_non_null(t);
	fake_counter = t->deadline;
	timer_cancel(t);
	t->fn(t);
	assert_int_equal(fake_locks_held, 0);
}

void vgic_line(struct domain *who, unsigned int vcpu, uint32_t vintid, bool high)
{
	assert_ptr_equal(who, &d);
	assert_int_equal(vcpu, 1);
	assert_int_equal(vintid, PHYS);
	line = high;
}

void vgic_hw_ppi_fired(struct vcpu *who, uint32_t vintid, uint32_t intid)
{
	assert_ptr_equal(who, &v);
	assert_int_equal(vintid, VIRT);
	hw_fired = intid;
}

int vgic_assign_hw(struct domain *who, uint32_t vintid, uint32_t intid)
{
	assert_int_equal(vintid, intid);
	tied = intid;
	return 0;
}

void vcpu_unblock(struct vcpu *who, enum vcpu_block why)
{
	assert_ptr_equal(who, &v);
	assert_int_equal(why, VCPU_BLOCK_WFI);
	unblocked++;
}

static bool is_active(uint32_t intid)
{
	return active;
}

static void set_active(uint32_t intid, bool on)
{
	active = on;
}

static const struct gic_ops fake_gic = { .is_active = is_active, .set_active = set_active };
const struct gic_ops *gic = &fake_gic;

static const struct vcpu_module *const m = &vtimer_vcpu_module;

static int setup(void **state)
{
	fake_sysreg_reset();
	fake_cpu_reset();
	fake_counter = 1000000;
	fake_counter_step = 0;
	memset(armed, 0, sizeof(armed));
	memset(&d, 0, sizeof(d));
	memset(&v, 0, sizeof(v));
	memset(&cpu, 0, sizeof(cpu));
	fake_cpu_arch[0] = &cpu.arch;
	d.vgic = (struct vgic *)&d; /* there is one */
	v.domain = &d;
	v.id = 1;
	line = active = false;
	hw_fired = 0;
	unblocked = 0;
	vtimer_setup(VIRT, PHYS);
	assert_int_equal(m->init(&v), 0);
	m->reset(&v);
	return 0;
}

static int teardown(void **state)
{
	page_free(v.vtimer, 0);
	return 0;
}

static void no_memory(void **state)
{
	struct vcpu other = { .domain = &d };

	fake_page_budget = 0;
	assert_int_equal(m->init(&other), -ENOMEM);
	fake_page_budget = -1;
}

static void load_and_save(void **state)
{
	d.cntvoff = 0x5000;
	*fake_sysreg(cntv_ctl_el0) = ENABLE; /* left by somebody */
	m->load(&v);
	assert_int_equal(*fake_sysreg(cntvoff_el2), 0x5000);
	assert_int_equal(*fake_sysreg(cntv_ctl_el0), 0);
	*fake_sysreg(cntv_cval_el0) = 0x1234567812345678;
	*fake_sysreg(cntv_ctl_el0) = ENABLE | IMASK | ISTATUS;
	m->save(&v);
	assert_int_equal(*fake_sysreg(cntv_ctl_el0), 0);
	assert_null(the_timer()); /* masked */
	*fake_sysreg(cntv_cval_el0) = 0;
	m->load(&v);
	assert_int_equal(*fake_sysreg(cntv_cval_el0), 0x1234567812345678);
	assert_int_equal(*fake_sysreg(cntv_ctl_el0), ENABLE | IMASK);
}

static void save_armed(uint64_t cval, uint64_t ctl)
{
	m->load(&v);
	*fake_sysreg(cntv_cval_el0) = cval;
	*fake_sysreg(cntv_ctl_el0) = ctl;
	m->save(&v);
}

static void wakes_when_its_time_comes(void **state)
{
	d.cntvoff = 400000;
	save_armed(700000, ENABLE); /* it is 600000 for the guest */
	assert_int_equal(the_timer()->deadline, 1100000);
	assert_int_equal(unblocked, 0);
	fire();
	assert_int_equal(unblocked, 1);
	/* Loading it cancels what is still armed. */
	save_armed(5000000, ENABLE);
	assert_non_null(the_timer());
	m->load(&v);
	assert_null(the_timer());
}

static void an_offset_ahead_of_the_counter(void **state)
{
	d.cntvoff = (uint64_t)-5000; /* the guest's count is ahead */
	save_armed(1005100, ENABLE);
	assert_int_equal(the_timer()->deadline, 1000100);
	save_armed(~0ULL, ENABLE);
	assert_true(the_timer()->deadline > 1ULL << 63); /* never, not at once */
}

static void due_already(void **state)
{
	save_armed(5, ENABLE | ISTATUS); /* fired, but nobody has taken the interrupt yet */
	assert_int_equal(the_timer()->deadline, 1000000);
	active = true; /* taken: the guest has it pending */
	m->load(&v);
	save_armed(5, ENABLE | ISTATUS);
	assert_null(the_timer());
}

static void off_after_reset(void **state)
{
	save_armed(2000000, ENABLE);
	vtimer_write(&v, VTIMER_CNTP_CVAL, 10);
	vtimer_write(&v, VTIMER_CNTP_CTL, ENABLE);
	assert_true(line);
	m->reset(&v);
	assert_null(the_timer());
	assert_false(line);
	assert_int_equal(vtimer_read(&v, VTIMER_CNTP_CTL), 0);
	m->load(&v);
	assert_int_equal(*fake_sysreg(cntv_ctl_el0), 0);
}

static void the_interrupt(void **state)
{
	cpu.loaded = &v;
	*fake_sysreg(cntv_ctl_el0) = ENABLE;
	active = true;
	vtimer_fired(VIRT, NULL);
	assert_int_equal(hw_fired, VIRT);
	assert_true(active);
	assert_int_equal(*fake_sysreg(cntv_ctl_el0), ENABLE);
	/* Nobody is loaded: quiet it, or it comes for ever. */
	cpu.loaded = NULL;
	hw_fired = 0;
	vtimer_fired(VIRT, NULL);
	assert_int_equal(hw_fired, 0);
	assert_false(active);
	assert_int_equal(*fake_sysreg(cntv_ctl_el0), 0);
}

static void physical_timer(void **state)
{
	vtimer_write(&v, VTIMER_CNTP_TVAL, 500);
	assert_int_equal(vtimer_read(&v, VTIMER_CNTP_CVAL), 1000500);
	assert_null(the_timer());
	vtimer_write(&v, VTIMER_CNTP_CTL, 0xff);
	assert_int_equal(vtimer_read(&v, VTIMER_CNTP_CTL), ENABLE | IMASK);
	assert_null(the_timer());
	vtimer_write(&v, VTIMER_CNTP_CTL, ENABLE);
	assert_int_equal(the_timer()->deadline, 1000500);
	assert_false(line);
	fire();
	assert_true(line);
	assert_null(the_timer());
	assert_int_equal(vtimer_read(&v, VTIMER_CNTP_CTL), ENABLE | ISTATUS);
	vtimer_write(&v, VTIMER_CNTP_CTL, ENABLE | IMASK);
	assert_false(line);
	assert_int_equal(vtimer_read(&v, VTIMER_CNTP_CTL), ENABLE | IMASK | ISTATUS);
	vtimer_write(&v, VTIMER_CNTP_CTL, ENABLE);
	assert_true(line);
	vtimer_write(&v, VTIMER_CNTP_TVAL, 100); /* the usual way to quiet it */
	assert_false(line);
	assert_int_equal(the_timer()->deadline, fake_counter + 100);
	vtimer_write(&v, VTIMER_CNTP_CTL, 0);
	assert_null(the_timer());
}

static void tval_is_signed(void **state)
{
	vtimer_write(&v, VTIMER_CNTP_TVAL, 0xffffff9c); /* -100 */
	assert_int_equal(vtimer_read(&v, VTIMER_CNTP_CVAL), 999900);
	vtimer_write(&v, VTIMER_CNTP_TVAL, 0xdead00000010); /* bits above 31 are ignored */
	assert_int_equal(vtimer_read(&v, VTIMER_CNTP_CVAL), 1000016);
	assert_int_equal(vtimer_read(&v, VTIMER_CNTP_TVAL), 16);
	vtimer_write(&v, VTIMER_CNTP_CVAL, 999999);
	assert_int_equal(vtimer_read(&v, VTIMER_CNTP_TVAL), 0xffffffff);
	vtimer_write(&v, VTIMER_CNTP_CVAL, ~0ULL);
	vtimer_write(&v, VTIMER_CNTP_CTL, ENABLE);
	assert_int_equal(the_timer()->deadline, ~0ULL);
}

static void tying(void **state)
{
	assert_int_equal(vtimer_create(&d), 0);
	assert_int_equal(tied, VIRT);
}

#define T(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(no_memory),
		T(load_and_save),
		T(wakes_when_its_time_comes),
		T(an_offset_ahead_of_the_counter),
		T(due_already),
		T(off_after_reset),
		T(the_interrupt),
		T(physical_timer),
		T(tval_is_signed),
		T(tying),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
