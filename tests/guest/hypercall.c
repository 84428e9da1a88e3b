/* SPDX-License-Identifier: Apache-2.0 */
/* Hypercalls with bad pointers, huge counts and foreign domains: the right error, and nothing breaks. */
#include "hypercall_tests.h"

#include "exc.h"
#include "libc.h"
#include "platform.h"
#include "tap.h"

uint8_t pages[NR_PAGES][4096] __attribute__((aligned(4096)));

#define READ_ONLY   (1ul << 7) /* AP[2] */
#define ALIAS_GIB   200ul
#define PCI_WINDOW  0x10000000ul /* of QEMU's virt: a device's, mapped for Dom0 */
#define NR_BAD      9

/* Where no argument can be: nothing there, a device (emulated or real), Dormouse's own, beyond all. */
static uint64_t bad[NR_BAD];

static void fill_bad(void)
{
	const uint64_t all[NR_BAD] = {
		0, plat.gicd, plat.rtc, PCI_WINDOW, plat.xen_grants, 1ul << 39,
		1ul << 47, 0xffff000000000000, UINT64_MAX - 7,
	};

	memcpy(bad, all, sizeof(bad));
}

/* ---- numbers ---- */

static const uint8_t known[] = { 7, 12, 13, 17, 18, 20, 24, 29, 32, 34, 35, 36, 48 };

static bool is_known(uint64_t nr)
{
	for (unsigned int i = 0; i < ARRAY_SIZE(known); i++)
		if (known[i] == nr)
			return true;
	return false;
}

static void unknown_numbers(void)
{
	fill_bad(); /* for those that follow */
	for (uint64_t nr = 0; nr < 128; nr++)
		if (!is_known(nr))
			checkf(hypercall(nr, 0, (uintptr_t)pages, 1) == -ENOSYS, "%lu", nr);
	for (unsigned int bit = 7; bit < 64; bit++)
		checkf(hypercall(1ul << bit | __HYPERVISOR_xen_version, 0, 0, 0) == -ENOSYS,
		       "bit %u", bit);
}

static void other_immediates(void)
{
	struct exc e = TRY("hvc #0xea0");

	check(exc_is_undef(e));
	e = TRY("hvc #0xffff");
	check(exc_is_undef(e));
	e = TRY("hvc #1");
	check(exc_is_undef(e));
}

/* ---- pointers ---- */

/* How a family is called: where its pointer goes, and what answers without one. */
static const struct shape {
	uint8_t nr;
	uint8_t pointer; /* argument's number */
	uint64_t quiet;  /* operations that take none, or have one that isn't followed */
} shapes[] = {
	{ __HYPERVISOR_memory_op, 1, BIT(1) | BIT(6) | BIT(18) | BIT(19) },
	{ __HYPERVISOR_xen_version, 1, BIT(0) | BIT(7) | BIT(10) },
	{ __HYPERVISOR_console_io, 2, BIT(CONSOLEIO_read) }, /* nothing is there to read */
	{ __HYPERVISOR_grant_table_op, 1, 0 },
	{ __HYPERVISOR_vcpu_op, 2, BIT(VCPUOP_register_runstate_memory_area) },
	{ __HYPERVISOR_sched_op, 1, BIT(SCHEDOP_yield) | BIT(SCHEDOP_block) },
	{ __HYPERVISOR_event_channel_op, 1, 0 },
	{ __HYPERVISOR_hvm_op, 1, 0 },
};

static int64_t call_shape(const struct shape *s, uint64_t op, uint64_t pointer)
{
	if (s->nr == __HYPERVISOR_console_io)
		return hypercall(s->nr, op, 1, pointer);
	return s->pointer == 2 ? hypercall(s->nr, op, 0, pointer) :
	                         hypercall(s->nr, op, pointer, 1);
}

static void every_operation(void)
{
	for (unsigned int i = 0; i < ARRAY_SIZE(shapes); i++) {
		const struct shape *s = &shapes[i];
		unsigned int faults = 0;

		for (uint64_t op = 0; op < 64; op++) {
			if (s->quiet & BIT(op))
				continue;
			for (unsigned int b = 0; b < NR_BAD; b++) {
				int64_t r = call_shape(s, op, bad[b]);

				faults += r == -EFAULT;
				checkf(r == -EFAULT || r == -ENOSYS || r == -EINVAL, "%u, %lu at %lx: %ld",
				       s->nr, op, bad[b], r);
			}
		}
		checkf(faults, "%u looks at no pointer", s->nr);
	}
}

static void bare_pointers(void)
{
	static const uint8_t numbers[] = { __HYPERVISOR_multicall, __HYPERVISOR_platform_op,
		                           __HYPERVISOR_sysctl, __HYPERVISOR_domctl, 48 };

	for (unsigned int i = 0; i < ARRAY_SIZE(numbers); i++)
		for (unsigned int b = 0; b < NR_BAD; b++)
			checkf(hypercall(numbers[i], bad[b], 1, 0) == -EFAULT, "%u at %lx",
			       numbers[i], bad[b]);
}

/* A number that is no operation at all. */
static void absurd_operations(void)
{
	for (unsigned int i = 0; i < ARRAY_SIZE(shapes); i++) {
		for (unsigned int bit = 8; bit < 64; bit += 5) {
			int64_t r = call_shape(&shapes[i], 1ul << bit | 0x3f, 0);

			checkf(r < 0 && r > -4096, "%u, bit %u: %ld", shapes[i].nr, bit, r);
		}
	}
}

/* The hypervisor writes nothing where the guest itself may not. */
static void read_only_page(void)
{
	struct xen_feature_info *f = (void *)pages[0];
	uintptr_t alias = ALIAS_GIB << 30 | ((uintptr_t)f & ((1ul << 30) - 1));
	uint64_t was = page_table[ALIAS_GIB];

	page_table[ALIAS_GIB] = page_table[(uintptr_t)f >> 30] | READ_ONLY;
	__asm__ volatile("dsb ishst\n\ttlbi vmalle1\n\tdsb ish\n\tisb" ::: "memory");
	memset(f, 0, sizeof(*f));
	check_eq(hypercall(__HYPERVISOR_xen_version, XENVER_get_features, alias, 0), -EFAULT);
	check_eq(f->submap, 0);
	check_eq(hypercall(__HYPERVISOR_xen_version, XENVER_get_features, (uintptr_t)f, 0), 0);
	check(f->submap != 0);
	/* Only read, it is good enough. */
	check_eq(hypercall(__HYPERVISOR_hvm_op, HVMOP_set_param, alias, 0), -EINVAL);
	page_table[ALIAS_GIB] = was;
	__asm__ volatile("dsb ishst\n\ttlbi vmalle1\n\tdsb ish\n\tisb" ::: "memory");
}

static void par_is_kept(void)
{
	struct xen_feature_info f = { 0 };

	sysreg_write(par_el1, 0x1234);
	check_eq(hypercall_on(__HYPERVISOR_xen_version, XENVER_get_features, &f), 0);
	check_eq(sysreg_read(par_el1), 0x1234);
}

/* ---- counts ---- */

/* The last bytes of RAM: what is behind isn't the guest's. */
static uintptr_t ram_end(void)
{
	uintptr_t end = 0;

	for (unsigned int i = 0; i < plat.nr_ram; i++)
		if (plat.ram[i].base + plat.ram[i].size > end)
			end = plat.ram[i].base + plat.ram[i].size;
	return end;
}

static void huge_multicall(void)
{
	struct multicall_entry *e = (struct multicall_entry *)ram_end() - 40;

	for (unsigned int i = 0; i < 40; i++)
		e[i] = (struct multicall_entry) { .op = __HYPERVISOR_xen_version };
	check_eq(hypercall(__HYPERVISOR_multicall, (uintptr_t)e, UINT32_MAX, 0), -EFAULT);
	for (unsigned int i = 0; i < 40; i++)
		check_eq(e[i].result, 0x40011);
	e[39].op = __HYPERVISOR_multicall;
	check_eq(hypercall(__HYPERVISOR_multicall, (uintptr_t)&e[39], 1, 0), 0);
	check_eq(e[39].result, -EINVAL);
	/* Over the end of what it may access. */
	check_eq(hypercall(__HYPERVISOR_multicall, (uintptr_t)&e[39] + 8, 1, 0), -EFAULT);
}

static void huge_counts(void)
{
	uint64_t *list = (uint64_t *)ram_end() - 1;
	struct xen_memory_reservation r = { .nr_extents = UINT64_MAX, .domid = DOMID_SELF };
	struct xen_add_to_physmap_batch b = { .domid = DOMID_SELF, .size = 0xffff,
		                              .space = XENMAPSPACE_gmfn_foreign };
	struct sched_poll p = { .nr_ports = UINT32_MAX };

	/* static: clang-analyzer-core.NullDereference: the last word of RAM, which doesn't end at 8 */
	*list = 1; /* no page of the guest's */
	r.extent_start.q = (uintptr_t)list;
	check_eq(hypercall_on(__HYPERVISOR_memory_op, XENMEM_decrease_reservation, &r), 0);
	check_eq(hypercall_on(__HYPERVISOR_memory_op, XENMEM_populate_physmap, &r), 0);
	r.nr_extents = UINT64_MAX >> 6;
	check_eq(hypercall_on(__HYPERVISOR_memory_op, XENMEM_decrease_reservation, &r), 0);
	r.extent_order = 31;
	check_eq(hypercall_on(__HYPERVISOR_memory_op, XENMEM_populate_physmap, &r), 0);
	b.u.foreign_domid = NOBODY;
	check_eq(hypercall_on(__HYPERVISOR_memory_op, XENMEM_add_to_physmap_batch, &b), -ESRCH);
	check_eq(hypercall_on(__HYPERVISOR_sched_op, SCHEDOP_poll, &p), -EINVAL);
	check_eq(hypercall(__HYPERVISOR_console_io, CONSOLEIO_write, UINT32_MAX, ram_end() - 8), -EINVAL);
	check_eq(hypercall(__HYPERVISOR_console_io, CONSOLEIO_read, 1ul << 31, ram_end()), -EINVAL);
	for (unsigned int op = 0; op < 14; op++) {
		int64_t x = hypercall(__HYPERVISOR_grant_table_op, op, bad[0], UINT32_MAX);

		checkf(x < 0, "grant_table_op %u: %ld", op, x);
	}
}

/* ---- others ---- */

static void nobody(void)
{
	static const domid_t ids[] = { NOBODY, 64, DOMID_IO, DOMID_XEN, DOMID_INVALID, 0xffff };

	for (unsigned int i = 0; i < ARRAY_SIZE(ids); i++) {
		struct xen_hvm_param p = { .domid = ids[i], .index = HVM_PARAM_STORE_PFN };
		struct xen_add_to_physmap a = { .domid = ids[i] };
		struct xen_remove_from_physmap m = { .domid = ids[i] };
		struct sched_remote_shutdown s = { .domain_id = ids[i], .reason = SHUTDOWN_crash };
		struct xen_memory_reservation r = { .nr_extents = 1, .domid = ids[i] };

		check_eq(hypercall_on(__HYPERVISOR_hvm_op, HVMOP_get_param, &p), -ESRCH);
		check_eq(hypercall_on(__HYPERVISOR_memory_op, XENMEM_add_to_physmap, &a), -ESRCH);
		check_eq(hypercall_on(__HYPERVISOR_memory_op, XENMEM_remove_from_physmap, &m), -ESRCH);
		check_eq(hypercall_on(__HYPERVISOR_sched_op, SCHEDOP_remote_shutdown, &s), -ESRCH);
		check_eq(hypercall_on(__HYPERVISOR_memory_op, XENMEM_populate_physmap, &r), 0);
	}
}

GUEST_TESTS({ "unknown numbers", unknown_numbers }, { "other immediates", other_immediates },
            { "version", own_version }, { "parameters", own_parameters },
            { "every operation, bad pointers", every_operation },
            { "pointers alone", bare_pointers }, { "absurd operations", absurd_operations },
            { "nothing is written to a read-only page", read_only_page },
            { "PAR_EL1 is kept", par_is_kept }, { "huge multicall", huge_multicall },
            { "huge counts", huge_counts }, { "domains that aren't there", nobody },
            { "memory given up and had back", gives_memory_up },
            { "shared_info where it is wanted", maps_shared_info },
            { "grant table frames", grant_frames },
            { "vcpu_info registered once", registers_vcpu_info },
            { "an event to itself", event_to_itself }, { "the clock is told", clock_is_told });
