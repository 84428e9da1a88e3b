/* SPDX-License-Identifier: Apache-2.0 */
/* Dom0's tree and devices, made from QEMU's. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>
#include <libfdt.h>
#include "boot/dom0dev.h"
#include "boot/dom0dt.h"
#include "boot/dt.h"
#include "boot_dt.h"
#include "fake_cpu.h"
#include "lib/bitmap.h"
#include "lib/err.h"

static struct host_info h;
static struct ranges banks;
static struct boot_plan plan;
static struct passthrough to_others;
static void *tree;

static const struct ranges unused = {
	.count = 3,
	.r = { { 0x60000000 - 4096, 64 * MIB + 8192 }, { 0x70001000, MIB }, { 0x100000000, 128 * MIB } },
};

static void *build(void *fdt, unsigned int nr_vcpus)
{
	struct dom0dt_in in = {
		.host = &h,
		.banks = &banks,
		.nr_vcpus = nr_vcpus,
		.passed = &to_others,
		.ramdisk = { .base = DT_INITRD, .size = DT_INITRD_SIZE },
		.grants = 0x40200000,
		.unused = &unused,
	};
	uint64_t size;

	assert_int_equal(hostdt_open(fdt, &h), 0);
	assert_int_equal(hostdt_parse(&h), 0);
	banks.count = 0;
	ranges_add(&banks, 0x40000000, 0x100000);
	ranges_add(&banks, 0x40400000, 0x3fc00000);
	size = dom0dt_size(&h, nr_vcpus);
	free(tree);
	tree = malloc(size);
	assert_int_equal(dom0dt_build(&in, tree, size), 0);
	assert_int_equal(fdt_check_full(tree, fdt_totalsize(tree)), 0);
	assert_in_range(fdt_totalsize(tree), 1000, size);
	return tree;
}

static void *build_for(unsigned int gic_version, unsigned int cpu_count, unsigned int nr_vcpus)
{
	void *fdt = dt_load(gic_version, cpu_count, 1024);
	void *t = build(fdt, nr_vcpus);

	free(fdt);
	return t;
}

static bool exists(const char *path)
{
	return fdt_path_offset(tree, path) >= 0;
}

static const char *string(const char *path, const char *name)
{
	const char *s = dt_string(tree, dt_node(tree, path), name);

	if (!s)
		fail_msg("%s has no %s", path, name);
	return s;
}

static bool has(const char *path, const char *name)
{
	return fdt_getprop(tree, dt_node(tree, path), name, NULL);
}

static void check_reg(const char *path, unsigned int i, uint64_t base, uint64_t size)
{
	uint64_t b, s;

	assert_int_equal(dt_reg(tree, dt_node(tree, path), i, &b, &s), 0);
	assert_int_equal(b, base);
	assert_int_equal(s, size);
}

static void check_no_reg(const char *path, unsigned int i)
{
	uint64_t b, s;

	assert_int_equal(dt_reg(tree, dt_node(tree, path), i, &b, &s), -ENOENT);
}

static void check_gic(unsigned int version, unsigned int nr_vcpus)
{
	static const char node[] = "/intc@8000000";

	check_reg(node, 0, 0x08000000, 0x10000);
	if (version == 2)
		check_reg(node, 1, 0x08010000, 0x10000);
	else
		check_reg(node, 1, 0x080a0000, nr_vcpus * 0x20000);
	check_no_reg(node, 2);
	assert_false(has(node, "interrupts"));
	assert_true(has(node, "interrupt-controller"));
	assert_int_equal(dt_u32(tree, dt_node(tree, node), "#address-cells", 0), 2);
	assert_int_equal(fdt_first_subnode(tree, dt_node(tree, node)), -FDT_ERR_NOTFOUND);
	assert_int_equal(dt_u32(tree, 0, "interrupt-parent", 0),
	                 fdt_get_phandle(tree, dt_node(tree, node)));
}

static void check_cpus(unsigned int nr_vcpus)
{
	unsigned int n = 0;
	int cpu;

	fdt_for_each_subnode(cpu, tree, dt_node(tree, "/cpus"))
	{
		assert_int_equal(dt_u32(tree, cpu, "reg", ~0u), dom0dt_mpidr(n++));
		assert_string_equal(dt_string(tree, cpu, "enable-method"), "psci");
		assert_string_equal(dt_string(tree, cpu, "compatible"), "arm,cortex-a57");
		assert_string_equal(dt_string(tree, cpu, "device_type"), "cpu");
	}
	assert_int_equal(n, nr_vcpus);
	assert_false(exists("/cpus/cpu-map"));
}

static void check_removed_and_kept(void)
{
	static const char *const gone[] = {
		"/memory@40000000/x", "/pmu",           "/fw-cfg@9020000", "/flash@4000000",
		"/secflash@0",        "/secure-chosen", "/pl011@9040000",  "/pl061@90b0000",
		"/gpio-restart",      "/gpio-poweroff", "/secram@e000000", "/chosen/module@0",
		"/chosen/module@1",   "/hypervisor/host",
	};
	static const char *const kept[] = {
		"/memory@40000000",
		"/virtio_mmio@a000000",
		"/virtio_mmio@a003e00",
		"/pcie@10000000",
		"/pl061@9030000",
		"/gpio-keys/poweroff",
		"/pl031@9010000",
		"/pl011@9000000",
		"/apb-pclk",
		"/timer",
		"/psci",
		"/cpus/cpu@0",
		"/chosen",
		"/platform-bus@c000000",
	};

	for (size_t i = 0; i < ARRAY_SIZE(gone); i++)
		if (exists(gone[i]))
			fail_msg("%s should be gone", gone[i]);
	for (size_t i = 0; i < ARRAY_SIZE(kept); i++)
		if (!exists(kept[i]))
			fail_msg("%s should be there", kept[i]);
	assert_false(has("/pcie@10000000", "msi-map"));
	assert_true(has("/pcie@10000000", "interrupt-map"));
	assert_true(has("/gpio-keys/poweroff", "wakeup-source"));
	assert_int_equal(fdt_num_mem_rsv(tree), 0);
}

static void check_chosen(void)
{
	const void *p;
	int len;

	assert_string_equal(string("/chosen", "bootargs"), "console=ttyAMA0 quiet");
	assert_string_equal(string("/chosen", "stdout-path"), "/pl011@9000000");
	assert_true(has("/chosen", "rng-seed"));
	assert_true(has("/chosen", "kaslr-seed"));
	assert_false(has("/chosen", "xen,xen-bootargs"));
	p = fdt_getprop(tree, dt_node(tree, "/chosen"), "linux,initrd-start", &len);
	assert_int_equal(len, 8);
	assert_int_equal(dt_cells(p, 2), DT_INITRD);
	p = fdt_getprop(tree, dt_node(tree, "/chosen"), "linux,initrd-end", &len);
	assert_int_equal(dt_cells(p, 2), DT_INITRD + DT_INITRD_SIZE);
}

static void check_timer(void)
{
	int ctrl = dt_node(tree, "/intc@8000000");
	int node = dt_node(tree, "/timer");
	uint32_t intid;

	assert_int_equal(dt_interrupt(tree, ctrl, node, 0, &intid), 0);
	assert_int_equal(intid, 29);
	assert_int_equal(dt_interrupt(tree, ctrl, node, 1, &intid), 0);
	assert_int_equal(intid, 30);
	assert_int_equal(dt_interrupt(tree, ctrl, node, 2, &intid), 0);
	assert_int_equal(intid, 27);
	assert_int_equal(dt_interrupt(tree, ctrl, node, 3, &intid), -ENOENT);
}

/* What Linux needs to find Xen (bindings/arm/xen.txt). */
static void check_hypervisor(void)
{
	static const char compatible[] = "xen,xen-4.17\0xen,xen";
	int node = dt_node(tree, "/hypervisor"), len;
	unsigned int version;
	int ctrl = hostdt_find_gic(tree, &version);
	const void *p = fdt_getprop(tree, node, "compatible", &len);
	uint32_t intid = 0;

	assert_int_equal(len, sizeof(compatible));
	assert_memory_equal(p, compatible, sizeof(compatible));
	check_reg("/hypervisor", 0, 0x40200000, 256 * KIB);
	check_reg("/hypervisor", 1, 0x60000000, 64 * MIB); /* whole 2 MiB */
	check_reg("/hypervisor", 2, 0x100000000, 128 * MIB);
	check_no_reg("/hypervisor", 3);
	assert_int_equal(dt_interrupt(tree, ctrl, node, 0, &intid), 0);
	assert_int_equal(intid, 16);
	assert_int_equal(dt_u32(tree, node, "interrupt-parent", 0), fdt_get_phandle(tree, ctrl));
	p = fdt_getprop(tree, node, "interrupts", &len);
	assert_int_equal(dt_cells((const uint8_t *)p + 8, 1) & 0xf, 8); /* level, low */
}

/* Dom0's own timers, and Dormouse's interrupts, are none to raise for events. */
static void test_xen_ppi(void **state)
{
	struct host_info host = { .timer = { .sec_phys = 18, .phys = 16, .virt = 17, .hyp = 19 } };

	host.gic.maintenance_intid = 25;
	assert_int_equal(dom0dt_xen_ppi(&host), 20);
	host.gic.maintenance_intid = 20;
	assert_int_equal(dom0dt_xen_ppi(&host), 21);
}

static void test_all_machines(void **state)
{
	for (size_t i = 0; i < dt_case_count; i++) {
		const struct dt_case *c = &dt_cases[i];
		void *fdt = dt_load(c->gic, c->cpus, c->mib);

		build(fdt, c->cpus);
		free(fdt);
		check_reg("/memory@40000000", 0, 0x40000000, 0x100000);
		check_reg("/memory@40000000", 1, 0x40400000, 0x3fc00000);
		check_no_reg("/memory@40000000", 2);
		check_gic(c->gic, c->cpus);
		check_cpus(c->cpus);
		check_removed_and_kept();
		check_chosen();
		check_timer();
		check_hypervisor();
		assert_string_equal(string("/psci", "method"), "hvc");
		assert_string_equal(string("/psci", "compatible"), "arm,psci-1.0");
	}
}

static void test_more_vcpus_than_cpus(void **state)
{
	build_for(3, 1, 20);
	check_cpus(20);
	check_gic(3, 20);
	assert_true(exists("/cpus/cpu@103")); /* 19 = 16 + 3 */
}

static void test_too_many_redistributors(void **state)
{
	struct dom0dt_in in = { .host = &h, .banks = &banks, .nr_vcpus = 4, .passed = &to_others };
	void *fdt = dt_load(3, 4, 1024);
	uint8_t *room = malloc(DT_ROOM);

	assert_int_equal(hostdt_open(fdt, &h), 0);
	assert_int_equal(hostdt_parse(&h), 0);
	h.gic.redist[0].size = 3 * 0x20000;
	assert_int_equal(dom0dt_build(&in, room, DT_ROOM), -EINVAL);
	free(room);
	free(fdt);
}

static void test_no_space(void **state)
{
	struct dom0dt_in in = { .host = &h, .banks = &banks, .nr_vcpus = 4, .passed = &to_others };
	void *fdt = dt_load(2, 4, 1024);
	unsigned int failures = 0;

	assert_int_equal(hostdt_open(fdt, &h), 0);
	assert_int_equal(hostdt_parse(&h), 0);
	banks.count = 0;
	for (unsigned int i = 0; i < RANGES_MAX; i++)
		ranges_add(&banks, 0x40000000 + i * 0x400000, 0x200000);
	for (uint64_t size = 64; size <= dom0dt_size(&h, 4); size += 512) {
		uint8_t *room = malloc(size); /* exact: writes beyond are seen */
		int err = dom0dt_build(&in, room, size);

		if (err) {
			assert_int_equal(err, -ENOSPC);
			assert_non_null(strstr(fake_last_log, "does not fit"));
			failures++;
		}
		free(room);
	}
	assert_in_range(failures, 2, 1000);
	free(fdt);
}

static void test_iommu(void **state)
{
	static const char pmu[] = "arm,cortex-a57-pmu";
	void *fdt = dt_load(3, 1, 1024);
	int node = dt_must(fdt_add_subnode(fdt, 0, "smmuv3@9050000"));

	dt_must(fdt_setprop_string(fdt, node, "compatible", "arm,smmu-v3"));
	dt_must(fdt_setprop_u32(fdt, dt_node(fdt, "/pcie@10000000"), "iommu-map", 0));
	dt_must(fdt_setprop_u32(fdt, dt_node(fdt, "/virtio_mmio@a000000"), "iommus", 1));
	dt_must(fdt_setprop_u32(fdt, dt_node(fdt, "/virtio_mmio@a000000"), "msi-parent", 1));
	node = dt_must(fdt_add_subnode(fdt, 0, "watchdog"));
	dt_must(fdt_setprop_string(fdt, node, "compatible", "arm,smc-wdt"));
	node = dt_must(fdt_add_subnode(fdt, 0, "aliases"));
	dt_must(fdt_setprop_string(fdt, node, "serial0", "/pl011@9000000"));
	dt_must(fdt_setprop_string(fdt, node, "serial1", "/pl011@9040000"));
	dt_must(fdt_setprop_string(fdt, node, "loop", "loop"));
	dt_must(fdt_setprop(fdt, node, "endless", "/", 1));
	dt_must(fdt_setprop_string(fdt, dt_node(fdt, "/pmu"), "compatible", pmu));
	build(fdt, 1);
	free(fdt);
	assert_false(exists("/smmuv3@9050000"));
	assert_false(exists("/pmu"));
	assert_false(exists("/watchdog"));
	assert_false(has("/pcie@10000000", "iommu-map"));
	assert_false(has("/virtio_mmio@a000000", "iommus"));
	assert_false(has("/virtio_mmio@a000000", "msi-parent"));
	assert_true(has("/aliases", "serial0"));
	assert_false(has("/aliases", "serial1"));
	assert_false(has("/aliases", "loop"));
	assert_false(has("/aliases", "endless"));
}

/* ZynqMP's and others' interfaces of 128 KiB, and trees that forget the second page. */
/* Interrupts that another controller than the GIC takes (a GPIO's, on most boards) come to an end, too. */
static void test_other_controller(void **state)
{
	void *fdt = dt_load(3, 1, 1024);
	int gpio = dt_must(fdt_add_subnode(fdt, 0, "expander")), node;
	uint32_t intid;

	dt_must(fdt_setprop_u32(fdt, gpio, "phandle", 0x1234));
	dt_must(fdt_setprop_empty(fdt, gpio, "interrupt-controller"));
	dt_must(fdt_setprop_u32(fdt, gpio, "#interrupt-cells", 2));
	node = dt_must(fdt_add_subnode(fdt, 0, "touchpad"));
	dt_must(fdt_setprop_u32(fdt, node, "interrupt-parent", 0x1234));
	dt_must(fdt_setprop_u32(fdt, node, "interrupts", 5));
	dt_must(fdt_appendprop_u32(fdt, node, "interrupts", 4));
	build(fdt, 1);
	node = dt_node(tree, "/touchpad");
	assert_int_equal(dt_interrupt(tree, hostdt_find_gic(tree, &(unsigned int) { 0 }), node, 0, &intid), -ENODEV);
	assert_int_equal(dt_interrupt(tree, hostdt_find_gic(tree, &(unsigned int) { 0 }), node, 1, &intid), -ENOENT);
	free(fdt);
}

static void test_gicc_size(void **state)
{
	struct gic_config g = { .gicc_size = 0x1000, .gicv_size = 0x2000 };

	assert_int_equal(dom0dt_gicc_size(&g), 0x2000);
	g.gicc_size = g.gicv_size = 0x20000;
	assert_int_equal(dom0dt_gicc_size(&g), 0x20000);
	g.gicv_size = 0x2000;
	assert_int_equal(dom0dt_gicc_size(&g), 0x2000);
}

/* --- devices ----------------------------------------------------------------------------- */

static void test_device_pages(void **state)
{
	static const struct range passed[] = {
		{ 0x0a000000, 0x4000 },         /* virtio */
		{ 0x09030000, 0x1000 },         /* GPIO */
		{ 0x10000000, 0x2eff0000 },     /* PCI memory window */
		{ 0x3eff0000, 0x10000 },        /* PCI I/O */
		{ 0x4010000000, 0x10000000 },   /* ECAM */
		{ 0x8000000000, 0x8000000000 }, /* PCI high window */
	};
	static const struct range never[] = {
		{ 0x40000000, 0x40000000 }, { 0x08000000, 0x01000000 }, { 0x09000000, 0x1000 },
		{ 0x09010000, 0x1000 },     { 0x09020000, 0x1000 },     { 0x09040000, 0x1000 },
		{ 0x090b0000, 0x1000 },     { 0x00000000, 0x08000000 }, { 0x0e000000, 0x1000000 },
	};
	struct ranges pages;

	for (unsigned int version = 2; version <= 3; version++) {
		uint64_t total = 0;

		build_for(version, 4, 4);
		assert_int_equal(dom0dev_pages(&h, &plan, &to_others, tree, &pages), 0);
		for (size_t i = 0; i < ARRAY_SIZE(passed); i++) {
			assert_true(ranges_contain(&pages, passed[i].base, passed[i].size));
			total += passed[i].size;
		}
		assert_int_equal(ranges_total(&pages), total);
		for (size_t i = 0; i < ARRAY_SIZE(never); i++)
			assert_false(ranges_touch(&pages, never[i].base, never[i].size));
	}
}

/* A tree that claims RAM, the GIC or the console for a device doesn't get it mapped. */
static void test_greedy_device(void **state)
{
	void *fdt = dt_load(2, 1, 1024);
	int node = dt_must(fdt_add_subnode(fdt, 0, "greedy@0"));
	struct ranges pages;

	dt_must(fdt_setprop_u64(fdt, node, "reg", 0));
	dt_must(fdt_appendprop_u64(fdt, node, "reg", 0x100000000));
	build(fdt, 1);
	assert_int_equal(dom0dev_pages(&h, &plan, &to_others, tree, &pages), 0);
	free(fdt);
	assert_true(ranges_contain(&pages, 0, 0x08000000));
	assert_false(ranges_touch(&pages, 0x08000000, 0x20000));
	assert_false(ranges_touch(&pages, 0x08030000, 0x20000));
	assert_false(ranges_touch(&pages, 0x09000000, 0x1000));
	assert_false(ranges_touch(&pages, 0x40000000, 0x40000000));
	/* A second node over the console's registers is no way to them either. */
	assert_true(ranges_contain(&pages, 0x80000000, 0x80000000));
}

static void test_disabled_device(void **state)
{
	void *fdt = dt_load(2, 1, 1024);
	struct ranges pages;

	dt_must(fdt_setprop_string(fdt, dt_node(fdt, "/pl061@9030000"), "status", "disabled"));
	build(fdt, 1);
	free(fdt);
	assert_int_equal(dom0dev_pages(&h, &plan, &to_others, tree, &pages), 0);
	assert_false(ranges_touch(&pages, 0x09030000, 0x1000));
}

struct seen {
	uint64_t spis[BITMAP_WORDS(1024)];
	unsigned int calls;
	const char *gpio;
};

static int see(void *ctx, const char *name, uint32_t intid)
{
	struct seen *s = ctx;

	bitmap_set(s->spis, intid);
	s->calls++;
	if (intid == 39)
		s->gpio = name;
	return 0;
}

static int refuse(void *ctx, const char *name, uint32_t intid)
{
	return -ENOMEM;
}

static void test_spis(void **state)
{
	for (unsigned int version = 2; version <= 3; version++) {
		struct seen s = { .calls = 0 };
		unsigned int i;

		build_for(version, 4, 4);
		assert_int_equal(dom0dev_for_each_spi(&h, tree, see, &s), 0);
		assert_string_equal(s.gpio, "pl061@9030000");
		assert_int_equal(s.calls, 16 + 1 + 32);
		/*
		 * PCI 35-38, GPIO 39, virtio 48-79; not the UART (33), RTC (34), secure ones (32,
		 * 40)
		 */
		for (i = 0; i < 1020; i++)
			assert_int_equal(bitmap_test(s.spis, i),
			                 (i >= 35 && i <= 39) || (i >= 48 && i <= 79));
		assert_int_equal(dom0dev_for_each_spi(&h, tree, refuse, NULL), -ENOMEM);
	}
}

/* Damaged trees that are still accepted must come to an end, one way or another. */
static void test_random_damage(void **state)
{
	uint8_t *good = dt_load(3, 4, 1024);
	size_t size = (dt_must(fdt_pack(good)), fdt_totalsize(good));
	uint8_t *fdt = malloc(size), *room = malloc(DT_ROOM);
	struct seen s = { .calls = 0 };
	struct ranges pages;
	uint32_t seed = 22;

	for (unsigned int round = 0; round < 3000; round++) {
		struct dom0dt_in in = { .host = &h, .banks = &banks, .nr_vcpus = 4, .passed = &to_others };

		memcpy(fdt, good, size);
		for (unsigned int i = 0; i < 1 + round % 8; i++) {
			seed = seed * 1664525 + 1013904223;
			fdt[40 + (seed >> 8) % (size - 40)] ^= (uint8_t)(1 << (seed & 7));
		}
		if (hostdt_open(fdt, &h) || hostdt_parse(&h) || dom0dt_build(&in, room, DT_ROOM))
			continue;
		dom0dev_pages(&h, &plan, &to_others, room, &pages);
		dom0dev_for_each_spi(&h, room, see, &s);
	}
	assert_in_range(s.calls, 1, ~0u);
	free(room);
	free(fdt);
	free(good);
}

static int end(void **state)
{
	free(tree);
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_all_machines), cmocka_unit_test(test_xen_ppi),
		cmocka_unit_test(test_more_vcpus_than_cpus),
		cmocka_unit_test(test_too_many_redistributors),
		cmocka_unit_test(test_no_space),
		cmocka_unit_test(test_iommu),
		cmocka_unit_test(test_other_controller),
		cmocka_unit_test(test_gicc_size),
		cmocka_unit_test(test_device_pages),
		cmocka_unit_test(test_greedy_device),
		cmocka_unit_test(test_disabled_device),
		cmocka_unit_test(test_spis),
		cmocka_unit_test(test_random_damage),
	};

	return cmocka_run_group_tests_name("dom0dt", tests, NULL, end);
}
