/* SPDX-License-Identifier: Apache-2.0 */
/* grant_table_op as a guest calls it: arrays of operations, each with its status. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>
#include "fake_cpu.h"
#include "fake_guest.h"
#include "lib/err.h"
#include "virt/grant.h"
#include "virt/hypercall/hypercall.h"
#include "virt/hypercall/xen_domain.h"

#define NR 3

static struct domain dom[NR];
static struct vcpu v;
static unsigned int refs;
static unsigned int rounds;
static uint64_t xen_room[(sizeof(struct xen_domain) + sizeof(struct xen_vcpu)) / 8 + 1];

const struct hypercall_row hypercall_table[] = {
	[__HYPERVISOR_grant_table_op] = { .fn = hypercall_grant_table_op },
};
const unsigned int hypercall_rows = ARRAY_SIZE(hypercall_table);

struct domain *domain_get(uint16_t id)
{
	if (id >= NR)
		return NULL;
	refs++;
	return &dom[id];
}

void domain_put(struct domain *d)
{
	refs--;
}

/* What grant.c does is tested with it. */
void grant_map(struct domain *d, struct gnttab_map_grant_ref *op)
{
	assert_ptr_equal(d, v.domain);
	op->handle = op->ref + 100;
	op->status = op->ref == 3 ? GNTST_general_error : GNTST_okay;
}

void grant_unmap(struct domain *d, struct gnttab_unmap_grant_ref *op)
{
	op->status = op->handle == 100 ? GNTST_okay : GNTST_bad_handle;
}

void grant_copy(struct domain *d, struct gnttab_copy *op)
{
	op->status = (int16_t)-(int)op->len;
}

void grant_size(struct domain *d, uint32_t *nr_frames, uint32_t *max_frames)
{
	*nr_frames = 5 + d->id;
	*max_frames = 64;
}

static int setup(void **state)
{
	fake_guest_reset();
	memset(dom, 0, sizeof(dom));
	memset(xen_room, 0, sizeof(xen_room));
	for (unsigned int i = 0; i < NR; i++)
		dom[i].id = (uint16_t)i;
	dom[0].privileged = true;
	v = (struct vcpu){ .domain = &dom[1] };
	dom[0].xen = dom[1].xen = (struct xen_domain *)xen_room;
	fake_maintenance.dcache = 0;
	return 0;
}

static int64_t call_at(uint32_t op, uint64_t va, uint64_t count)
{
	rounds = 0;
	v.regs.x[0] = (0x1234ULL << 32) | op;
	v.regs.x[1] = va;
	v.regs.x[2] = count;
	do {
		v.regs.pc = 0x1004;
		v.regs.x[16] = __HYPERVISOR_grant_table_op;
		hypercall_trap(&v.regs);
		assert_int_equal(refs, 0);
		rounds++;
	} while (v.regs.pc == 0x1000);
	return (int64_t)v.regs.x[0];
}

#define call(op, arg)                                         \
	({                                                    \
		fake_guest_reset();                           \
		fake_guest_give(arg, sizeof(*(arg)), true);   \
		call_at(op, fake_guest_va(arg), 1);           \
	})

static void many_at_once(void **state)
{
	static struct gnttab_map_grant_ref ops[100];

	for (uint32_t i = 0; i < 100; i++)
		ops[i] = (struct gnttab_map_grant_ref){ .ref = i, .status = 77 };
	fake_guest_give(ops, sizeof(ops), true);
	assert_int_equal(call_at(GNTTABOP_map_grant_ref, fake_guest_va(ops), 100), 0);
	assert_true(rounds > 1);
	for (uint32_t i = 0; i < 100; i++) {
		assert_int_equal(ops[i].status, i == 3 ? GNTST_general_error : GNTST_okay);
		assert_int_equal(ops[i].handle, i + 100);
	}
	assert_int_equal(call_at(GNTTABOP_map_grant_ref, fake_guest_va(ops), 0), 0);
	/* Memory ends in the middle: what came before is done. */
	for (uint32_t i = 0; i < 100; i++)
		ops[i].status = 77;
	fake_guest_reset();
	fake_guest_give(ops, 50 * sizeof(ops[0]), true);
	assert_int_equal(call_at(GNTTABOP_map_grant_ref, fake_guest_va(ops), 100), -EFAULT);
	assert_int_equal(ops[49].status, GNTST_okay);
	assert_int_equal(ops[50].status, 77);
}

static void others(void **state)
{
	struct gnttab_unmap_grant_ref unmap = { .handle = 100 };
	struct gnttab_copy copy = { .len = 9 };
	struct gnttab_set_version set = { .version = 2 };
	struct gnttab_get_version get = { .dom = DOMID_SELF };

	assert_int_equal(call(GNTTABOP_unmap_grant_ref, &unmap), 0);
	assert_int_equal(unmap.status, GNTST_okay);
	assert_int_equal(call(GNTTABOP_copy, &copy), 0);
	assert_int_equal(copy.status, -9);
	/* Version 1 is all there is. */
	assert_int_equal(call(GNTTABOP_set_version, &set), -ENOSYS);
	assert_int_equal(set.version, 1);
	assert_int_equal(call(GNTTABOP_set_version, &set), 0);
	set.version = 0;
	assert_int_equal(call(GNTTABOP_set_version, &set), -EINVAL);
	assert_int_equal(call(GNTTABOP_get_version, &get), 0);
	assert_int_equal(get.version, 1);
	get.dom = 2;
	assert_int_equal(call(GNTTABOP_get_version, &get), -EPERM);
}

static void sizes(void **state)
{
	struct gnttab_query_size q = { .dom = DOMID_SELF };

	assert_int_equal(call(GNTTABOP_query_size, &q), 0);
	assert_int_equal(q.status, GNTST_okay);
	assert_int_equal(q.nr_frames, 6);
	assert_int_equal(q.max_nr_frames, 64);
	q.dom = 2;
	assert_int_equal(call(GNTTABOP_query_size, &q), 0);
	assert_int_equal(q.status, GNTST_permission_denied);
	v.domain = &dom[0];
	assert_int_equal(call(GNTTABOP_query_size, &q), 0);
	assert_int_equal(q.status, GNTST_okay);
	assert_int_equal(q.nr_frames, 7);
	q.dom = 9;
	assert_int_equal(call(GNTTABOP_query_size, &q), 0);
	assert_int_equal(q.status, GNTST_bad_domain);
}

static void cache_flush(void **state)
{
	struct gnttab_cache_flush f = { .op = 0 };

	/* Linux asks so whether it is there; anybody may. */
	assert_int_equal(call(GNTTABOP_cache_flush, &f), 0);
	f = (struct gnttab_cache_flush){ .a.dev_bus_addr = 0x40000000, .offset = 64, .length = 128,
					 .op = GNTTAB_CACHE_INVAL };
	assert_int_equal(call(GNTTABOP_cache_flush, &f), -EPERM);
	assert_int_equal(fake_maintenance.dcache, 0);
	v.domain = &dom[0];
	assert_int_equal(call(GNTTABOP_cache_flush, &f), 0);
	assert_int_equal(fake_maintenance.dcache, 1);
	assert_ptr_equal(fake_maintenance.last_clean, (void *)0x40000040);
	assert_int_equal(fake_maintenance.last_clean_size, 128);
	f.length = 0xffff;
	assert_int_equal(call(GNTTABOP_cache_flush, &f), -EINVAL);
	f.length = PAGE_SIZE - 64;
	assert_int_equal(call(GNTTABOP_cache_flush, &f), 0);
	f.a.dev_bus_addr += 8; /* over the page's end */
	assert_int_equal(call(GNTTABOP_cache_flush, &f), -EINVAL);
	f.op = 4;
	assert_int_equal(call(GNTTABOP_cache_flush, &f), -EINVAL);
	f.op = GNTTAB_CACHE_SOURCE_GREF | GNTTAB_CACHE_CLEAN;
	assert_int_equal(call(GNTTABOP_cache_flush, &f), -EOPNOTSUPP);
}

static void hostile(void **state)
{
	static const uint32_t none[] = { 2, 3, 4, 7, 9, 11, 13, 0xff };
	uint8_t zeroes[64] = { 0 };

	fake_guest_give(zeroes, sizeof(zeroes), true);
	for (unsigned int i = 0; i < ARRAY_SIZE(none); i++)
		assert_int_equal(call_at(none[i], fake_guest_va(zeroes), 1), -ENOSYS);
	assert_int_equal(call_at(GNTTABOP_copy, fake_guest_va(zeroes), 0xffffffff), -EINVAL);
	assert_int_equal(call_at(GNTTABOP_copy, fake_guest_va(zeroes), 0x1000000), -EINVAL);
	assert_int_equal(call_at(GNTTABOP_copy, 0, 1), -EFAULT);
	assert_int_equal(call_at(GNTTABOP_copy, ~0ULL, 0xffffff), -EFAULT);
	/* It says itself how much is done: then that isn't done for it. */
	assert_int_equal(call_at(GNTTABOP_copy | 0xffffff00, fake_guest_va(zeroes), 0xffffff), 0);
	assert_int_equal(call_at(GNTTABOP_copy | 0x7f00, fake_guest_va(zeroes), 0xff), -EFAULT);
	/* Nowhere to put the status. */
	fake_guest_reset();
	fake_guest_give(zeroes, sizeof(zeroes), false);
	assert_int_equal(call_at(GNTTABOP_copy, fake_guest_va(zeroes), 1), -EFAULT);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
#define T(f) cmocka_unit_test_setup(f, setup)
		T(many_at_once), T(others), T(sizes), T(cache_flush), T(hostile),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
