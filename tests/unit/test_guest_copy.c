/* SPDX-License-Identifier: Apache-2.0 */
/* Copies to and from guest memory: pages, rights of both stages, what is no RAM. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>
#include "fake_cpu.h"
#include "lib/err.h"
#include "mm/page.h"
#include "mm/stage2.h"
#include "virt/hypercall/guest_copy.h"

/* Stage 1 of the test: VA page i of these is IPA page ipa[i]. */
#define VA    0xffff000012340000
#define PAGES 6
#define IPA   0x40000000

static struct {
	bool mapped, writable;
	uint64_t ipa;
} stage1[PAGES];
static struct domain d;
static struct vcpu v = { .domain = &d };
static uint8_t *ram; /* IPA 0x40000000 on, a page each */
static unsigned int translations;
static bool changing; /* stage 2, by another CPU, unless we hold its lock */

bool guest_translate(uint64_t va, bool write, ipa_t *ipa)
{
	uint64_t page = (va - VA) / PAGE_SIZE;

	translations++;
	if (changing && !fake_locks_held)
		return false;
	if (va < VA || page >= PAGES || !stage1[page].mapped || (write && !stage1[page].writable))
		return false;
	*ipa = ipa_make(stage1[page].ipa + va % PAGE_SIZE);
	return true;
}

static int setup(void **state)
{
	*state = NULL;
	fake_page_budget = -1;
	translations = 0;
	changing = false;
	memset(&d, 0, sizeof(d));
	assert_int_equal(stage2_init(&d.s2, 2, 1), 0);
	ram = page_alloc(page_order(PAGES * PAGE_SIZE));
	for (unsigned int i = 0; i < PAGES; i++) {
		/* Back to front: what adjoins for the guest doesn't for us. */
		stage1[i].ipa = IPA + (PAGES - 1 - i) * PAGE_SIZE;
		stage1[i].mapped = stage1[i].writable = true;
	}
	return stage2_map(&d.s2, ipa_make(IPA), ptr_pa(ram), PAGES * PAGE_SIZE, STAGE2_RAM);
}

static int teardown(void **state)
{
	stage2_destroy(&d.s2);
	assert_int_equal(fake_locks_held, 0);
	fake_pages_reset();
	return 0;
}

static uint8_t *at(unsigned int page, size_t offset)
{
	return ram + (PAGES - 1 - page) * PAGE_SIZE + offset;
}

static void goes_page_by_page(void **state)
{
	uint8_t from[2 * 4096 + 20], back[sizeof(from)];

	for (size_t i = 0; i < sizeof(from); i++)
		from[i] = (uint8_t)(i * 7 + 1);
	assert_int_equal(guest_copy_to(&v, VA + PAGE_SIZE - 10, from, sizeof(from)), 0);
	assert_int_equal(translations, 4);
	assert_memory_equal(at(0, PAGE_SIZE - 10), from, 10);
	assert_memory_equal(at(1, 0), from + 10, PAGE_SIZE);
	assert_memory_equal(at(2, 0), from + 10 + PAGE_SIZE, PAGE_SIZE);
	assert_memory_equal(at(3, 0), from + 10 + 2 * PAGE_SIZE, 10);
	assert_int_equal(*at(3, 10), 0);
	assert_int_equal(*at(0, PAGE_SIZE - 11), 0);
	assert_int_equal(guest_copy_from(&v, back, VA + PAGE_SIZE - 10, sizeof(back)), 0);
	assert_memory_equal(back, from, sizeof(back));
}

static void elements(void **state)
{
	uint32_t x = 0x11223344, y = 0;

	assert_int_equal(guest_copy_to_at(&v, VA, 3, &x, sizeof(x)), 0);
	assert_memory_equal(at(0, 12), &x, sizeof(x));
	assert_int_equal(guest_copy_from_at(&v, &y, VA, 3, sizeof(y)), 0);
	assert_int_equal(y, x);
	/* An index that overflows is an address like another. */
	assert_int_equal(guest_copy_from_at(&v, &y, VA, 1ULL << 50, sizeof(y)), -EFAULT);
}

static void nothing_needs_no_address(void **state)
{
	assert_int_equal(guest_copy_to(&v, 0, NULL, 0), 0);
	assert_int_equal(guest_copy_from(&v, NULL, 0, 0), 0);
	assert_int_equal(translations, 0);
}

static void stage1_rights(void **state)
{
	uint64_t x = 5;

	stage1[1].writable = false;
	stage1[2].mapped = false;
	assert_int_equal(guest_copy_to(&v, VA + PAGE_SIZE, &x, sizeof(x)), -EFAULT);
	assert_int_equal(*at(1, 0), 0);
	assert_int_equal(guest_copy_from(&v, &x, VA + PAGE_SIZE, sizeof(x)), 0);
	assert_int_equal(x, 0);
	assert_int_equal(guest_copy_from(&v, &x, VA + 2 * PAGE_SIZE, sizeof(x)), -EFAULT);
	/* Over the edge of what it may: */
	assert_int_equal(guest_copy_from(&v, &x, VA + 2 * PAGE_SIZE - 4, sizeof(x)), -EFAULT);
	assert_int_equal(guest_copy_from(&v, &x, UINT64_MAX - 3, sizeof(x)), -EFAULT);
	assert_int_equal(guest_copy_from(&v, &x, 0, sizeof(x)), -EFAULT);
}

/* A guest's stage 1 may say that it can write; what stage 2 forbids, the hypervisor doesn't do for it. */
static void stage2_rights(void **state)
{
	uint64_t x = 5;

	stage2_map(&d.s2, ipa_make(stage1[1].ipa), ptr_pa(at(1, 0)), PAGE_SIZE, STAGE2_RAM_RO);
	stage2_map(&d.s2, ipa_make(stage1[2].ipa), ptr_pa(at(2, 0)), PAGE_SIZE, STAGE2_DEVICE);
	stage2_unmap(&d.s2, ipa_make(stage1[3].ipa), PAGE_SIZE);
	stage1[4].ipa = 1ULL << 47; /* beyond stage 2 */
	assert_int_equal(guest_copy_to(&v, VA + PAGE_SIZE, &x, sizeof(x)), -EFAULT);
	assert_int_equal(guest_copy_from(&v, &x, VA + PAGE_SIZE, sizeof(x)), 0);
	for (unsigned int page = 2; page < 5; page++) {
		uint64_t va = VA + page * PAGE_SIZE;

		assert_int_equal(guest_copy_to(&v, va, &x, sizeof(x)), -EFAULT);
		assert_int_equal(guest_copy_from(&v, &x, va, sizeof(x)), -EFAULT);
	}
	assert_int_equal(*at(1, 0) | *at(2, 0) | *at(3, 0), 0);
}

/* Break before make makes an entry invalid for a moment: no reason for -EFAULT, on which Linux stops. */
static void amid_a_change_of_stage2(void **state)
{
	uint64_t x = 0x1234;

	changing = true;
	assert_int_equal(guest_copy_to(&v, VA + PAGE_SIZE - 4, &x, sizeof(x)), 0);
	assert_int_equal(translations, 4);
	stage1[3].mapped = false;
	assert_int_equal(guest_copy_from(&v, &x, VA + 3 * PAGE_SIZE, sizeof(x)), -EFAULT);
	assert_int_equal(fake_locks_held, 0);
}

static void copy_stays_in_a_page(void **state)
{
	uint64_t x = 0;

	assert_int_equal(stage2_copy(&d.s2, ipa_make(IPA + PAGES * PAGE_SIZE - 4), &x, 8, false),
	                 -EINVAL);
	assert_int_equal(stage2_copy(&d.s2, ipa_make(IPA + PAGES * PAGE_SIZE - 8), &x, 8, false), 0);
}

#define T(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(goes_page_by_page), T(elements),      T(nothing_needs_no_address),
		T(stage1_rights),     T(stage2_rights), T(copy_stays_in_a_page),
		T(amid_a_change_of_stage2),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
