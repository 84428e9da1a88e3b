/* SPDX-License-Identifier: Apache-2.0 */
/* The dispatch of hypercalls, being called again, and several calls in one. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>
#include "fake_cpu.h"
#include "fake_guest.h"
#include "lib/err.h"
#include "core/p2m.h"
#include "mm/page.h"
#include "virt/hypercall/hypercall.h"
#include "virt/hypercall/xen_domain.h"

#define NR_SUM      3
#define NR_DOM0     4
#define NR_COUNT    5
#define NR_STAY     6
#define PC          0x80000004

static struct domain d = { .nr_vcpus = 1 };
static struct vcpu v = { .domain = &d };
static unsigned int calls;

static int64_t sum(struct vcpu *who, const uint64_t a[HYPERCALL_ARGS])
{
	calls++;
	return (int64_t)(a[0] + a[1] + a[2] + a[3] + a[4]);
}

/* Counts its second argument down, a step a call. */
static int64_t count(struct vcpu *who, const uint64_t a[HYPERCALL_ARGS])
{
	calls++;
	return a[1] ? hypercall_again_with(who, 1, a[1] - 1) : (int64_t)a[0];
}

static bool stay_longer;

static int64_t stay(struct vcpu *who, const uint64_t a[HYPERCALL_ARGS])
{
	return stay_longer ? hypercall_again(who) : 0;
}

const struct hypercall_row hypercall_table[] = {
	[NR_SUM] = { .fn = sum },
	[NR_DOM0] = { .privileged_only = true, .fn = sum },
	[NR_COUNT] = { .fn = count },
	[NR_STAY] = { .fn = stay },
	[__HYPERVISOR_multicall] = { .fn = hypercall_multicall },
};
const unsigned int hypercall_rows = ARRAY_SIZE(hypercall_table);

void p2m_put_frame(paddr_t frame)
{
	fail_msg("nothing is registered");
}

void p2m_free_xen_page(void *page)
{
	page_free(page, 0);
}

static int setup(void **state)
{
	fake_guest_reset();
	calls = 0;
	stay_longer = false;
	d.privileged = false;
	memset(&v.regs, 0, sizeof(v.regs));
	v.regs.pc = PC;
	return xen_domain_init(&d);
}

static int teardown(void **state)
{
	xen_domain_destroy(&d);
	return 0;
}

static int64_t hvc(uint64_t nr, uint64_t x0, uint64_t x1)
{
	v.regs.x[16] = nr;
	v.regs.x[0] = x0;
	v.regs.x[1] = x1;
	hypercall_trap(&v.regs);
	return (int64_t)v.regs.x[0];
}

static void numbers(void **state)
{
	v.regs.x[2] = 100;
	v.regs.x[4] = 1000;
	assert_int_equal(hvc(NR_SUM, 1, 2), 1103);
	assert_int_equal(v.regs.pc, PC);
	assert_int_equal(hvc(0, 1, 2), -ENOSYS);
	assert_int_equal(hvc(64, 1, 2), -ENOSYS);
	assert_int_equal(hvc(NR_SUM + (1ULL << 32), 1, 2), -ENOSYS);
	assert_int_equal(hvc(UINT64_MAX, 1, 2), -ENOSYS);
	assert_int_equal(calls, 1);
}

static void rights(void **state)
{
	assert_int_equal(hvc(NR_DOM0, 1, 2), -EPERM);
	d.privileged = true;
	assert_int_equal(hvc(NR_DOM0, 1, 2), 3);
}

static void called_again(void **state)
{
	assert_int_equal(hvc(NR_COUNT, 77, 2), 77); /* x0 is still the argument */
	assert_int_equal(v.regs.pc, PC - 4);
	assert_int_equal(v.regs.x[1], 1);
	v.regs.pc = PC;
	hypercall_trap(&v.regs);
	assert_int_equal(v.regs.pc, PC - 4);
	v.regs.pc = PC;
	hypercall_trap(&v.regs);
	assert_int_equal(v.regs.pc, PC);
	assert_int_equal(v.regs.x[0], 77);
	stay_longer = true;
	assert_int_equal(hvc(NR_STAY, 5, 6), 5);
	assert_int_equal(v.regs.x[1], 6);
	assert_int_equal(v.regs.pc, PC - 4);
}

static struct multicall_entry e[100];

static void several(void **state)
{
	memset(e, 0, sizeof(e));
	e[0] = (struct multicall_entry) { .op = NR_SUM, .args = { 1, 2, 3, 4, 5, 6 } };
	e[1] = (struct multicall_entry) { .op = 63 };
	e[2] = (struct multicall_entry) { .op = NR_DOM0 };
	e[3] = (struct multicall_entry) { .op = __HYPERVISOR_multicall };
	fake_guest_give(e, 4 * sizeof(e[0]), true);
	assert_int_equal(hvc(__HYPERVISOR_multicall, fake_guest_va(e), 4), 0);
	assert_int_equal(e[0].result, 15);
	assert_int_equal(e[1].result, -ENOSYS);
	assert_int_equal(e[2].result, -EPERM);
	assert_int_equal(e[3].result, -EINVAL);
	assert_int_equal(e[0].args[5], 6);
	assert_int_equal(hvc(__HYPERVISOR_multicall, 0, 0), 0);
	assert_int_equal(hvc(__HYPERVISOR_multicall, fake_guest_va(e), 5), -EFAULT);
	assert_int_equal(hvc(__HYPERVISOR_multicall, 16, 1), -EFAULT);
}

static void read_only_entries(void **state)
{
	e[0] = (struct multicall_entry) { .op = NR_SUM };
	fake_guest_give(e, sizeof(e[0]), false);
	assert_int_equal(hvc(__HYPERVISOR_multicall, fake_guest_va(e), 1), -EFAULT);
}

/* However many are asked for, the guest and its interrupts come in between. */
static void many_are_done_in_parts(void **state)
{
	unsigned int parts = 1;

	for (unsigned int i = 0; i < 100; i++)
		e[i] = (struct multicall_entry) { .op = NR_SUM, .args = { i } };
	fake_guest_give(e, sizeof(e), true);
	hvc(__HYPERVISOR_multicall, fake_guest_va(e), 100);
	for (; v.regs.pc != PC; parts++) {
		assert_true(calls <= parts * 32);
		v.regs.pc = PC;
		hypercall_trap(&v.regs);
	}
	assert_int_equal(v.regs.x[0], 0);
	assert_int_equal(calls, 100);
	for (unsigned int i = 0; i < 100; i++)
		assert_int_equal(e[i].result, i);
	/* A count of billions doesn't hold the CPU, and ends at the first address that isn't there. */
	for (hvc(__HYPERVISOR_multicall, fake_guest_va(e), UINT32_MAX); v.regs.pc != PC;
	     hypercall_trap(&v.regs))
		v.regs.pc = PC;
	assert_int_equal((int64_t)v.regs.x[0], -EFAULT);
}

static void entry_called_again(void **state)
{
	e[0] = (struct multicall_entry) { .op = NR_SUM, .args = { 1 } };
	e[1] = (struct multicall_entry) { .op = NR_COUNT, .args = { 9, 3 } };
	e[2] = (struct multicall_entry) { .op = NR_SUM, .args = { 2 } };
	fake_guest_give(e, 3 * sizeof(e[0]), true);
	hvc(__HYPERVISOR_multicall, fake_guest_va(e), 3);
	assert_int_equal(v.regs.pc, PC - 4);
	assert_int_equal(v.regs.x[0], fake_guest_va(&e[1]));
	assert_int_equal(v.regs.x[1], 2);
	assert_int_equal(e[1].args[1], 2);
	while (v.regs.pc != PC) {
		v.regs.pc = PC;
		hypercall_trap(&v.regs);
	}
	assert_int_equal(v.regs.x[0], 0);
	assert_int_equal(e[1].result, 9);
	assert_int_equal(e[2].result, 2);
	assert_int_equal(calls, 6);
}

#define T(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(numbers),
		T(rights),
		T(called_again),
		T(several),
		T(read_only_entries),
		T(many_are_done_in_parts),
		T(entry_called_again),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
