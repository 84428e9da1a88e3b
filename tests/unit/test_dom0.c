/* SPDX-License-Identifier: Apache-2.0 */
/*
 * From a loaded machine to a started Dom0, in memory at the addresses of QEMU's virt machine: what
 * is mapped, created, assigned and copied, in which order; and that any failure on the way is told.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>
#include <libfdt.h>
#include <sys/mman.h>
#include "boot/boot.h"
#include "arch/counter.h"
#include "boot/domains.h"
#include "boot/domu.h"
#include "boot_dt.h"
#include "core/domain.h"
#include "core/irq.h"
#include "fake_cpu.h"
#include "lib/bitmap.h"
#include "core/console.h"
#include "lib/err.h"
#include "mm/el2map.h"
#include "mm/page.h"
#include "virt/vgic/vgic.h"
#include "virt/vgpio.h"
#include "virt/vrtc.h"
#include "virt/vtimer.h"
#include "virt/vuart.h"

#define RAM      0x40000000
#define RAM_SIZE (512 * MIB)
#define IMAGE    (RAM + 4 * MIB)

static struct host_info h;
static struct boot_plan plan;
static struct boot_options options;
static const struct range image = { IMAGE, 400 * KIB };

/* --- what boot calls --------------------------------------------------------------------- */

struct gic_limits gic_limits = { .nr_spis_end = 256 };

static struct {
	struct domain domain;
	struct domain *focus;
	struct ranges ram, devices, pages, el2_ram, el2_devices;
	uint64_t gicv_at, gicv_to, gicv_size;
	struct vgic_config vgic;
	uint64_t uart, rtc;
	bool timer;
	uint32_t uart_intid, rtc_intid;
	uint64_t assigned[BITMAP_WORDS(1024)], hw[BITMAP_WORDS(1024)];
	char gpio_name[32];
	uint64_t entry, arg;
	unsigned int calls, started;
	unsigned int fail_at; /* that call of those that can fail does; 0: none */
	struct {
		int begin_err;
		int step_err[4]; /* one after the other */
		bool gone;       /* somebody destroys it at once */
		unsigned int begun, steps, refs, destroyed, came_back;
	} again;
} seen;

static uint8_t names[8192] __attribute__((aligned(4096)));

static bool fails(void)
{
	assert_int_equal(seen.started, 0); /* the start comes last */
	return ++seen.calls == seen.fail_at;
}

struct domain *domain_create(uint16_t id, const char *name, unsigned int nr_vcpus)
{
	assert_int_equal(id, DOMID_DOM0);
	seen.domain.nr_vcpus = nr_vcpus;
	return fails() ? NULL : &seen.domain;
}

void console_focus(struct domain *d)
{
	seen.focus = d;
}

void domain_start(struct domain *d, uint64_t entry, uint64_t arg)
{
	assert_ptr_equal(seen.focus, d); /* or nobody could type anything */
	seen.started++;
	seen.entry = entry;
	seen.arg = arg;
}

int stage2_map(struct stage2 *s2, ipa_t ipa, paddr_t pa, uint64_t size, enum stage2_type type)
{
	if (fails())
		return -ENOMEM;
	assert_int_equal((ipa.raw | pa.raw | size) % PAGE_SIZE, 0);
	if (ipa.raw != pa.raw) {
		assert_int_equal(type, STAGE2_DEVICE);
		seen.gicv_at = ipa.raw;
		seen.gicv_to = pa.raw;
		seen.gicv_size = size;
		return 0;
	}
	if (type == STAGE2_DEVICE && ipa.raw >= 0x8000000000)
		return -ERANGE; /* a CPU of 39 bits */
	return ranges_add(type == STAGE2_RAM ? &seen.ram : &seen.devices, ipa.raw, size);
}

int vgic_create(struct domain *d, const struct vgic_config *cfg)
{
	seen.vgic = *cfg;
	return fails() ? -ENOMEM : 0;
}

int vtimer_create(struct domain *d)
{
	assert_int_not_equal(seen.vgic.version, 0); /* after the GIC */
	seen.timer = true;
	return fails() ? -ENOMEM : 0;
}

int vuart_create(struct domain *d, ipa_t base, uint32_t vintid)
{
	d->vuart = (void *)names;
	seen.uart = base.raw;
	seen.uart_intid = vintid;
	return fails() ? -ENOMEM : 0;
}

int vrtc_create(struct domain *d, ipa_t base, uint32_t vintid)
{
	seen.rtc = base.raw;
	seen.rtc_intid = vintid;
	return fails() ? -ENOMEM : 0;
}

int vgpio_create(struct domain *d, ipa_t base, uint32_t vintid)
{
	fail_msg("Dom0 has the host's keys");
	return 0;
}

int p2m_add_fixed(struct domain *d, uint64_t gfn, paddr_t pa, uint64_t size)
{
	return stage2_map(&d->s2, ipa_make(gfn << PAGE_SHIFT), pa, size, STAGE2_RAM);
}

int irq_assign(uint32_t intid, const char *name, struct domain *owner, uint32_t vintid)
{
	assert_int_equal(intid, vintid);
	assert_false(bitmap_test(seen.assigned, intid));
	if (intid == 35)
		return -EBUSY; /* Dormouse's: the device goes without */
	bitmap_set(seen.assigned, intid);
	if (intid == 39)
		strncpy(seen.gpio_name, name, sizeof(seen.gpio_name) - 1);
	return 0;
}

int vgic_assign_hw(struct domain *d, uint32_t vintid, uint32_t intid)
{
	assert_true(bitmap_test(seen.assigned, intid));
	bitmap_set(seen.hw, vintid);
	return fails() ? -ENOMEM : 0;
}

void *page_alloc(unsigned int order)
{
	assert_int_equal(order, 0);
	return fails() ? NULL : names;
}

void page_add_range(paddr_t base, uint64_t size)
{
	assert_false(ranges_touch(&seen.pages, base.raw, size));
	assert_true(ranges_contain(&seen.el2_ram, base.raw, size)); /* it keeps its lists there */
	ranges_add(&seen.pages, base.raw, size);
}

int el2_map(paddr_t pa, uint64_t size, enum el2_type type)
{
	if (fails())
		return -ENOMEM;
	return ranges_add(type == EL2_DEVICE ? &seen.el2_devices : &seen.el2_ram, pa.raw, size);
}

void console_come_back(struct domain *d)
{
	seen.again.came_back++;
	seen.focus = d;
}

int domain_destroy(struct domain *d)
{
	seen.again.destroyed++;
	return 0;
}

void domain_put(struct domain *d)
{
	seen.again.refs--;
}

struct domain *domain_get(uint16_t id)
{
	if (seen.again.gone)
		return NULL;
	seen.again.refs++;
	return &seen.domain;
}

int domu_begin(struct domu_job *j, const struct domu_in *input, unsigned int index, uint64_t slice)
{
	assert_int_equal(index, 4);
	assert_in_range(slice, PAGE_SIZE, 64 * MIB);
	seen.again.begun++;
	*j = (struct domu_job) { .in = input, .index = index };
	j->guest = (struct guest) { .entry = 0x1000, .dtb = 0x2000 };
	if (seen.again.begin_err != -ENOMEM)
		j->guest.domain = &seen.domain;
	return seen.again.begin_err;
}

int domu_step(struct domu_job *j)
{
	assert_false(seen.domain.dying);
	return seen.again.step_err[min_u64(seen.again.steps++, 3)];
}

int domu_build(const struct domu_in *input, unsigned int index, struct guest *out)
{
	fail_msg("there is no other domain");
	return 0;
}

/* --- a machine --------------------------------------------------------------------------- */

static uint8_t pattern(uint64_t address)
{
	return (uint8_t)(address * 31 + (address >> 12) * 7 + 3);
}

static void fill(uint64_t base, uint64_t size)
{
	for (uint64_t a = base; a < base + size; a++)
		*(uint8_t *)pa_ptr(pa_make(a)) = pattern(a);
}

static void check_copy(const struct placed *p, uint64_t from)
{
	const uint8_t *to = pa_ptr(pa_make(p->to.base));

	for (uint64_t i = from; i < p->from.size; i++)
		if (to[i] != pattern(p->from.base + i))
			fail_msg("byte 0x%llx of the copy is wrong", (unsigned long long)i);
}

static void load(unsigned int version)
{
	void *fdt = dt_load(version, 4, 512);
	uint32_t magic = 0x644d5241;
	uint64_t image_size = DT_KERNEL_SIZE + 2 * MIB;

	memset(&seen, 0, sizeof(seen));
	memset(&options, 0, sizeof(options));
	dt_must(fdt_pack(fdt));
	memcpy(pa_ptr(pa_make(RAM)), fdt, fdt_totalsize(fdt));
	free(fdt);
	fill(DT_KERNEL, DT_KERNEL_SIZE);
	fill(DT_INITRD, DT_INITRD_SIZE);
	memset(pa_ptr(pa_make(DT_KERNEL)), 0, 64);
	memcpy(pa_ptr(pa_make(DT_KERNEL + 16)), &image_size, 8);
	memcpy(pa_ptr(pa_make(DT_KERNEL + 0x38)), &magic, 4);
	assert_int_equal(hostdt_open(pa_ptr(pa_make(RAM)), &h), 0);
	assert_int_equal(hostdt_parse(&h), 0);
}

static int plan_it(void)
{
	return boot_plan(&h, &options, &image, 2, &plan);
}

static void check_tree(void)
{
	const void *tree = pa_ptr(pa_make(seen.arg));

	assert_int_equal(seen.arg, plan.dtb.base);
	assert_int_equal(fdt_check_full(tree, plan.dtb.size), 0);
	assert_in_range(fdt_path_offset(tree, "/cpus/cpu@3"), 0, 1 << 20);
}

static void check_machine(unsigned int version)
{
	assert_int_equal(seen.started, 1);
	assert_int_equal(seen.entry, plan.kernel.to.base);
	check_tree();
	check_copy(&plan.kernel, 64);
	check_copy(&plan.ramdisk, 0);

	assert_int_equal(memcmp(&seen.ram, &plan.dom0, sizeof(seen.ram)), 0);
	assert_false(ranges_touch(&seen.ram, image.base, image.size));
	assert_false(ranges_touch(&seen.ram, plan.heap.base, plan.heap.size));
	assert_true(ranges_contain(&seen.devices, 0x0a000000, 0x4000));
	assert_false(ranges_touch(&seen.devices, 0x08000000, 0x01000000));
	assert_false(ranges_touch(&seen.devices, 0x09000000, 0x1000));

	assert_int_equal(seen.vgic.version, version);
	assert_int_equal(seen.vgic.nr_spis, 224);
	assert_int_equal(seen.vgic.gicd.raw, 0x08000000);
	assert_int_equal(seen.vgic.gicr.raw, version == 3 ? 0x080a0000 : 0);
	assert_int_equal(seen.gicv_at, version == 2 ? 0x08010000 : 0);
	assert_int_equal(seen.gicv_to, version == 2 ? 0x08040000 : 0);
	assert_int_equal(seen.gicv_size, version == 2 ? 0x10000 : 0);
	assert_true(seen.timer);
	assert_int_equal(seen.uart, 0x09000000);
	assert_int_equal(seen.uart_intid, 33);
	assert_int_equal(seen.rtc, 0x09010000);
	assert_int_equal(seen.rtc_intid, 34);

	for (unsigned int i = 0; i < 1020; i++) {
		bool want = (i >= 36 && i <= 39) || (i >= 48 && i <= 79);

		assert_int_equal(bitmap_test(seen.assigned, i), want);
		assert_int_equal(bitmap_test(seen.hw, i), want);
	}
	assert_string_equal(seen.gpio_name, "pl061@9030000");
}

static void test_dom0(void **state)
{
	for (unsigned int version = 2; version <= 3; version++) {
		load(version);
		assert_int_equal(plan_it(), 0);
		assert_int_equal(plan.nr_vcpus, 4);
		assert_int_equal(h.mpidr[0], 2); /* the one that runs this comes first */
		assert_int_equal(h.mpidr[2], 0);
		assert_int_equal(boot_domains(&h, &plan), 0);
		check_machine(version);
	}
}

/* What Dom0 doesn't get is the allocator's: first the heap, at the end all that is mapped. */
static void test_pages(void **state)
{
	struct ranges all = { .count = 0 };

	load(3);
	options.dom0_mem = 100 * MIB;
	assert_int_equal(plan_it(), 0);
	assert_int_equal(el2_map(pa_make(plan.heap.base), plan.heap.size, EL2_RAM_PAGES), 0);
	boot_add_pages(&plan);
	assert_int_equal(seen.pages.count, 1);
	assert_int_equal(seen.pages.r[0].base, plan.heap.base);
	assert_int_equal(boot_map(&h, &image), 0);
	assert_int_equal(boot_domains(&h, &plan), 0);
	assert_true(ranges_contain(&seen.pages, DT_KERNEL, DT_KERNEL_SIZE));
	check_copy(&plan.kernel, 64);
	check_copy(&plan.ramdisk, 0);
	assert_false(ranges_touch(&seen.pages, plan.kernel.to.base, plan.kernel.to.size));
	ranges_add_all(&all, &seen.pages);
	ranges_add_all(&all, &seen.ram);
	ranges_add(&all, plan.own.base, plan.own.size);
	assert_int_equal(all.count, 1);
	assert_int_equal(ranges_total(&all), RAM_SIZE);
}

static void test_map(void **state)
{
	load(2);
	ranges_add(&h.no_map, RAM + 256 * MIB, MIB);
	assert_int_equal(boot_map(&h, &image), 0);
	assert_true(ranges_contain(&seen.el2_ram, RAM, 4 * MIB));
	assert_false(ranges_touch(&seen.el2_ram, image.base, image.size));
	assert_false(ranges_touch(&seen.el2_ram, RAM + 256 * MIB, MIB));
	assert_true(ranges_contain(&seen.el2_devices, 0x08000000, 0x20000));
	assert_true(ranges_contain(&seen.el2_devices, 0x08030000, 0x10000));
	assert_true(ranges_contain(&seen.el2_devices, 0x09000000, 0x1000));
	assert_true(ranges_contain(&seen.el2_devices, 0x09010000, 0x1000));
	load(3);
	seen.fail_at = 3;
	assert_int_equal(boot_map(&h, &image), -ENOMEM);
}

static void test_cpu_counts(void **state)
{
	load(3);
	options.max_cpus = 2;
	assert_int_equal(plan_it(), 0);
	assert_int_equal(h.nr_cpus, 2);
	assert_int_equal(plan.nr_vcpus, 2);
	load(3);
	options.dom0_max_vcpus = 16;
	assert_int_equal(plan_it(), 0);
	assert_int_equal(h.nr_cpus, 4);
	assert_int_equal(plan.nr_vcpus, 16);
	load(2);
	options.dom0_max_vcpus = 16;
	assert_int_equal(plan_it(), 0);
	assert_int_equal(plan.nr_vcpus, 8);
	load(2);
	assert_int_equal(boot_plan(&h, &options, &image, 77, &plan), -EINVAL);
	assert_non_null(strstr(fake_last_log, "MPIDR 0x4d"));
}

static void test_no_kernel(void **state)
{
	load(3);
	memset(pa_ptr(pa_make(DT_KERNEL)), 0, 64);
	assert_int_equal(plan_it(), -EINVAL);
	assert_non_null(strstr(fake_last_log, "not an arm64 Image"));
	load(3);
	h.modules[0].at.base = 0x10000000; /* not RAM: not read */
	assert_int_equal(plan_it(), -EINVAL);
	assert_non_null(strstr(fake_last_log, "does not lie in RAM"));
}

/* Each call that can fail, in turn: an error, said why, and no start. */
static void test_failures(void **state)
{
	unsigned int n = 1;

	for (;; n++) {
		int err;

		load(2);
		assert_int_equal(plan_it(), 0);
		seen.fail_at = n;
		fake_logs = 0;
		err = boot_domains(&h, &plan);
		if (!err)
			break;
		assert_int_equal(err, -ENOMEM);
		assert_int_equal(seen.started, 0);
		assert_in_range(fake_logs, 1, 3);
	}
	assert_in_range(n, 15, 200);
}

static int begin(void **state)
{
	void *at = pa_ptr(pa_make(RAM));

	return mmap(at, RAM_SIZE, PROT_READ | PROT_WRITE,
	            MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE | MAP_FIXED_NOREPLACE, -1, 0) != at;
}

/* --- making one anew --------------------------------------------------------------------- */

static void again(void)
{
	memset(&seen, 0, sizeof(seen));
	seen.domain.vuart = (struct vuart *)8;
}

static void test_rebuild(void **state)
{
	again();
	seen.again.step_err[0] = seen.again.step_err[1] = -EAGAIN;
	assert_int_equal(boot_rebuild(5), -EAGAIN);
	assert_int_equal(boot_rebuild(5), -EAGAIN);
	assert_int_equal(seen.again.refs, 1);
	assert_int_equal(seen.started, 0);
	assert_int_equal(boot_rebuild(5), 0);
	assert_int_equal(seen.again.begun, 1);
	assert_int_equal(seen.again.refs, 0);
	assert_int_equal(seen.again.came_back, 1);
	assert_int_equal(seen.started, 1);
	assert_int_equal(seen.entry, 0x1000);
	assert_int_equal(seen.arg, 0x2000);
	assert_int_equal(seen.again.destroyed, 0);
}

static void test_rebuild_fails(void **state)
{
	/* Not even a domain. */
	again();
	seen.again.begin_err = -ENOMEM;
	assert_int_equal(boot_rebuild(5), -ENOMEM);
	assert_int_equal(seen.again.refs | seen.again.destroyed, 0);
	/* Half of one. */
	for (unsigned int n = 0; n < 2; n++) {
		again();
		seen.again.begin_err = n ? 0 : -EINVAL;
		seen.again.step_err[0] = -EINVAL;
		assert_int_equal(boot_rebuild(5), -EINVAL);
		assert_int_equal(seen.again.destroyed, 1);
		assert_int_equal(seen.again.refs, 0);
		assert_int_equal(seen.started, 0);
	}
}

/* The control domain destroys it before it is whole. */
static void test_rebuild_destroyed(void **state)
{
	again();
	seen.again.gone = true;
	assert_int_equal(boot_rebuild(5), -ESRCH);
	assert_int_equal(seen.again.steps, 0);
	assert_int_equal(seen.again.refs, 0);
	again();
	seen.again.step_err[0] = -EAGAIN;
	assert_int_equal(boot_rebuild(5), -EAGAIN);
	seen.domain.dying = true;
	assert_int_equal(boot_rebuild(5), -ESRCH);
	assert_int_equal(seen.again.steps, 1);
	assert_int_equal(seen.again.refs, 0);
	assert_int_equal(seen.started, 0);
}

/* Others have its memory: not for ever. */
static void test_rebuild_waits(void **state)
{
	again();
	for (unsigned int i = 0; i < 4; i++)
		seen.again.step_err[i] = -EBUSY;
	fake_counter = 1000;
	assert_int_equal(boot_rebuild(5), -EAGAIN);
	fake_counter += 5 * counter_hz();
	assert_int_equal(boot_rebuild(5), -EAGAIN);
	fake_counter += 6 * counter_hz();
	assert_int_equal(boot_rebuild(5), -EBUSY);
	assert_non_null(strstr(fake_last_log, "another domain has its memory mapped"));
	assert_int_equal(seen.again.destroyed, 1);
	assert_int_equal(seen.again.refs, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_dom0),      cmocka_unit_test(test_pages),
		cmocka_unit_test(test_map),       cmocka_unit_test(test_cpu_counts),
		cmocka_unit_test(test_no_kernel), cmocka_unit_test(test_failures),
		cmocka_unit_test(test_rebuild),   cmocka_unit_test(test_rebuild_fails),
		cmocka_unit_test(test_rebuild_destroyed), cmocka_unit_test(test_rebuild_waits),
	};

	return cmocka_run_group_tests_name("dom0", tests, begin, NULL);
}
