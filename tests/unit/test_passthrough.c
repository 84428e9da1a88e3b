/* SPDX-License-Identifier: Apache-2.0 */
/* Devices that go to a domain: what partial trees say, what is refused, what Dom0 is left with. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>
#include <libfdt.h>
#include "boot/dom0dev.h"
#include "boot/dom0dt.h"
#include "boot/passthrough.h"
#include "boot_dt.h"
#include "fake_cpu.h"
#include "lib/err.h"

#define ROOM   4096
#define GPIO   "/pl061@9030000"
#define DISK   "/virtio_mmio@a003e00"
#define DEVICE "/passthrough/device"

static struct host_info h;
static struct boot_plan plan;
static struct passthrough passed;
static void *host;

/* What a row of the test changes. */
struct device {
	const char *compatible, *path;
	uint64_t reg[6]; /* address, size, guest address */
	unsigned int nr_reg;
	uint32_t spi; /* 0: no interrupts property */
	bool forced;
};

static void add_device(void *fdt, const char *name, const struct device *d)
{
	int node = dt_must(fdt_add_subnode(fdt, dt_node(fdt, "/passthrough"), name));

	dt_must(fdt_setprop_string(fdt, node, "compatible", d->compatible));
	if (d->path)
		dt_must(fdt_setprop_string(fdt, node, "xen,path", d->path));
	for (unsigned int i = 0; i < d->nr_reg; i++)
		dt_must(fdt_appendprop_u64(fdt, node, "xen,reg", d->reg[i]));
	if (d->forced)
		dt_must(fdt_setprop_empty(fdt, node, "xen,force-assign-without-iommu"));
	if (d->spi) {
		dt_must(fdt_appendprop_u32(fdt, node, "interrupts", 0));
		dt_must(fdt_appendprop_u32(fdt, node, "interrupts", d->spi));
		dt_must(fdt_appendprop_u32(fdt, node, "interrupts", 4));
	}
}

static void *partial_tree(void)
{
	void *fdt = aligned_alloc(8, ROOM);
	int node;

	dt_must(fdt_create_empty_tree(fdt, ROOM));
	node = dt_must(fdt_add_subnode(fdt, 0, "passthrough"));
	dt_must(fdt_setprop_u32(fdt, node, "#address-cells", 2));
	dt_must(fdt_setprop_u32(fdt, node, "#size-cells", 2));
	return fdt;
}

static void machine(unsigned int version, unsigned int nr_domains)
{
	free(host);
	host = dt_load(version, 4, 1024);
	assert_int_equal(hostdt_open(host, &h), 0);
	assert_int_equal(hostdt_parse(&h), 0);
	h.nr_modules = 0;
	memset(&plan, 0, sizeof(plan));
	h.nr_domains = nr_domains;
	for (unsigned int i = 0; i < nr_domains; i++) {
		h.domains[i] = (struct host_domain) { .memory = 64 * MIB, .nr_spis = 64 };
		strcpy(h.domains[i].name, i ? "two" : "one");
	}
}

static void give(unsigned int domain, const void *partial)
{
	h.modules[h.nr_modules++] = (struct host_module) {
		HOST_MODULE_DEVICE_TREE, domain, { ptr_pa(partial).raw, fdt_totalsize(partial) }, "dtb", NULL
	};
}

static const struct device gpio = { "arm,pl061", GPIO, { 0x9030000, 0x1000, 0x9030000 }, 3, 7, false };
static const struct device disk = { "virtio,mmio", DISK, { 0xa003000, 0x1000, 0xa003000 }, 3, 0x2f, false };

static void test_usual(void **state)
{
	for (unsigned int version = 2; version <= 3; version++) {
		void *fdt = partial_tree();

		machine(version, 2);
		add_device(fdt, "gpio", &gpio);
		add_device(fdt, "disk", &disk);
		h.domains[1].direct_map = true;
		plan.given[1] = (struct domain_ram) { 1, { { 0x70000000, 64 * MIB } } };
		give(2, fdt);
		assert_int_equal(passthrough_read(&h, &plan, &passed), 0);
		assert_int_equal(passed.nr_regions, 2);
		assert_int_equal(passed.nr_interrupts, 2);
		/* libfdt adds in front. */
		assert_int_equal(passed.region[0].host, 0xa003000);
		assert_int_equal(passed.region[0].domain, 2);
		assert_int_equal(passed.interrupt[0].intid, 0x2f + 32);
		assert_string_equal(passed.interrupt[0].name, "disk");
		assert_int_equal(passed.interrupt[1].intid, 39);
		assert_int_equal(passed.max_intid[1], 79);
		assert_int_equal(passed.max_intid[0], 0);
		assert_true(passed.dma[1]);
		assert_false(passed.dma[0]);
		assert_int_equal(ranges_total(&passed.pages), 0x2000);
		free(fdt);
	}
}

/* --- what is refused --------------------------------------------------------------------- */

static const struct {
	struct device d;
	bool direct_map;
	const char *says;
} cases[] = {
	{ { "arm,pl061", GPIO, { 0x9030000, 0x1000, 0x40000 }, 3, 0, false }, false, NULL },
	{ { "arm,pl061", NULL, { 0x9030000, 0x1000, 0x40000 }, 3, 0, true }, false, NULL },
	{ { "virtio,mmio", DISK, { 0xa003000, 0x1000, 0xa003000 }, 3, 0, false }, true, NULL },
	{ { "virtio,mmio", DISK, { 0xa003000, 0x1000, 0xa003000 }, 3, 0, true }, false, NULL },
	{ { "virtio,mmio", DISK, { 0xa003000, 0x1000, 0xa003000 }, 3, 0, false },
	  false,
	  "domain one: device device: may do DMA" },
	{ { "arm,pl061", NULL, { 0x9030000, 0x1000, 0x9030000 }, 3, 0, false }, false, "no xen,path" },
	{ { "arm,pl061", GPIO, { 0 }, 0, 0, false }, false, "but no xen,reg" },
	{ { "arm,pl061", NULL, { 0 }, 0, 0, true }, false, "no xen,path and xen,reg" },
	{ { "arm,pl061", "/pl061@1", { 0x9030000, 0x1000, 0x9030000 }, 3, 0, false },
	  false,
	  "the machine has no /pl061@1" },
	{ { "arm,pl061", GPIO, { 0x9030000, 0x1000 }, 2, 0, false }, false, "xen,reg is not" },
	{ { "arm,pl061", GPIO, { 0x9030200, 0x200, 0x9030200 }, 3, 0, false }, false, "whole 4 KiB" },
	{ { "arm,pl061", GPIO, { 0x9030000, 0, 0x9030000 }, 3, 0, false }, false, "whole 4 KiB" },
	{ { "arm,pl061", GPIO, { 0x9030000, 0x1000, 0xfffffffffffff000 }, 3, 0, false }, false, "whole 4 KiB" },
	{ { "arm,pl061", GPIO, { 0x50000000, 0x1000, 0x9030000 }, 3, 0, false }, false, "is RAM" },
	{ { "arm,pl061", GPIO, { 0x9000000, 0x1000, 0x9000000 }, 3, 0, false }, false, "Dormouse's own" },
	{ { "arm,pl061", GPIO, { 0x8000000, 0x1000, 0x9000000 }, 3, 0, false }, false, "Dormouse's own" },
	{ { "arm,pl061", "/pl031@9010000", { 0x9030000, 0x1000, 0x9030000 }, 3, 0, false },
	  false,
	  "Dormouse's own" },
	{ { "arm,pl061", "/", { 0x9030000, 0x1000, 0x9030000 }, 3, 0, false }, false, "Dormouse's own" },
	{ { "arm,pl061", GPIO, { 0x9030000, 0x1000, 0x22000000 }, 3, 0, false }, false, "there is virtual UART" },
	{ { "arm,pl061", GPIO, { 0x9030000, 0x1000, 0x03030000 }, 3, 0, false }, false, "there is virtual GIC" },
	{ { "arm,pl061", GPIO, { 0x9030000, 0x1000, 0x43fff000 }, 3, 0, false }, false, "there is RAM" },
	{ { "arm,pl061", GPIO, { 0x9030000, 0x1000, 0x44000000 }, 3, 0, false }, false, NULL },
	{ { "arm,pl061", GPIO, { 0x9030000, 0x1000, 0x70000000 }, 3, 0, false }, true, "there is RAM" },
	{ { "arm,pl061", GPIO, { 0x9030000, 0x1000, 0x50000, 0xa000000, 0x1000, 0x50000 }, 6, 0, false },
	  false,
	  "there is another device" },
	{ { "arm,pl061", GPIO, { 0x9030000, 0x1000, 0x50000, 0x9030000, 0x1000, 0x60000 }, 6, 0, false },
	  false,
	  "are passed through already" },
	{ { "arm,pl061", GPIO, { 0x9030000, 0x1000, 0x50000 }, 3, 8, false }, false, "SPI 7; interrupts" },
	{ { "gpio-keys", "/gpio-keys", { 0 }, 0, 0, false }, false, NULL },
	/* Its PPIs are a CPU's. */
	{ { "arm,pl061", "/pmu", { 0x9030000, 0x1000, 0x50000 }, 3, 0, false }, false, "private to a CPU" },
};

static void test_cases(void **state)
{
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		void *fdt = partial_tree();
		int err;

		machine(3, 1);
		add_device(fdt, "device", &cases[i].d);
		h.domains[0].direct_map = cases[i].direct_map;
		if (cases[i].direct_map)
			plan.given[0] = (struct domain_ram) { 1, { { 0x70000000, 64 * MIB } } };
		give(1, fdt);
		err = passthrough_read(&h, &plan, &passed);
		if (err != (cases[i].says ? -EINVAL : 0) ||
		    (cases[i].says && !strstr(fake_last_log, cases[i].says)))
			fail_msg("%zu: %d, \"%s\"", i, err, fake_last_log);
		free(fdt);
	}
}

static void test_spis(void **state)
{
	void *fdt = partial_tree();

	machine(3, 1);
	add_device(fdt, "disk", &disk);
	h.domains[0].direct_map = true;
	h.domains[0].nr_spis = 32;
	give(1, fdt);
	assert_int_equal(passthrough_read(&h, &plan, &passed), 0);
	h.domains[0].nr_spis_given = true;
	assert_int_equal(passthrough_read(&h, &plan, &passed), -EINVAL);
	assert_non_null(strstr(fake_last_log, "domain one: device disk: interrupt 79 needs nr_spis = 48"));
	h.domains[0].nr_spis = 64;
	assert_int_equal(passthrough_read(&h, &plan, &passed), 0);
	free(fdt);
}

/* The number of its own UART's. */
static void test_interrupt_of_a_virtual_device(void **state)
{
	const struct device d = { "arm,pl061", "/dev", { 0x9030000, 0x1000, 0x9030000 }, 3, 0, false };
	void *fdt = partial_tree();
	int node;

	machine(3, 1);
	node = dt_must(fdt_add_subnode(host, 0, "dev"));
	dt_must(fdt_setprop_u32(host, node, "interrupts", 0));
	dt_must(fdt_appendprop_u32(host, node, "interrupts", 0));
	dt_must(fdt_appendprop_u32(host, node, "interrupts", 4));
	assert_int_equal(hostdt_open(host, &h), 0);
	assert_int_equal(hostdt_parse(&h), 0);
	h.nr_modules = 0;
	h.nr_domains = 1;
	h.domains[0] = (struct host_domain) { .name = "one", .memory = 64 * MIB };
	add_device(fdt, "dev", &d);
	give(1, fdt);
	assert_int_equal(passthrough_read(&h, &plan, &passed), -EINVAL);
	assert_non_null(strstr(fake_last_log, "interrupt 32 is the domain's virtual UART"));
	free(fdt);
}

static void test_twice(void **state)
{
	static const struct device same_page = { "virtio,mmio", "/virtio_mmio@a003c00", { 0xa003000, 0x1000, 0xa003000 }, 3, 0, false };
	void *first = partial_tree(), *second = partial_tree();

	/* To two domains. */
	machine(3, 2);
	add_device(first, "disk", &disk);
	add_device(second, "disk", &same_page);
	h.domains[0].direct_map = h.domains[1].direct_map = true;
	give(1, first);
	give(2, second);
	assert_int_equal(passthrough_read(&h, &plan, &passed), -EINVAL);
	assert_non_null(strstr(fake_last_log, "domain two: device disk: its registers (or its page)"));
	free(second);
	/* Two of one page to one domain are fine. */
	machine(3, 2);
	h.domains[0].direct_map = true;
	add_device(first, "other", &same_page);
	give(1, first);
	assert_int_equal(passthrough_read(&h, &plan, &passed), 0);
	assert_int_equal(passed.nr_regions, 1);
	assert_int_equal(passed.nr_interrupts, 2);
	/* The same node isn't. */
	add_device(first, "again", &disk);
	h.nr_modules = 0;
	give(1, first);
	assert_int_equal(passthrough_read(&h, &plan, &passed), -EINVAL);
	assert_non_null(strstr(fake_last_log, "it is passed through already"));
	free(first);
}

static void test_too_many(void **state)
{
	void *fdt = aligned_alloc(8, 64 * 1024), *small = partial_tree();

	machine(3, 1);
	dt_must(fdt_open_into(small, fdt, 64 * 1024));
	for (unsigned int i = 0; i <= PASSED_MAX; i++) {
		const struct device d = { "arm,pl061", NULL, { 0x20000000 + i * 0x2000, 0x1000, 0x10000000 + i * 0x2000 }, 3, 0, true };
		char name[16];

		snprintf(name, sizeof(name), "d%u", i);
		add_device(fdt, name, &d);
	}
	give(1, fdt);
	assert_int_equal(passthrough_read(&h, &plan, &passed), -ENOSPC);
	free(fdt);
	free(small);
}

/* --- broken trees ------------------------------------------------------------------------ */

static void test_broken(void **state)
{
	void *fdt = partial_tree();

	machine(3, 1);
	dt_must(fdt_del_node(fdt, dt_node(fdt, "/passthrough")));
	give(1, fdt);
	assert_int_equal(passthrough_read(&h, &plan, &passed), -EINVAL);
	assert_non_null(strstr(fake_last_log, "domain one: partial device tree dtb: it has no /passthrough"));
	h.modules[0].at.size = 4;
	assert_int_equal(passthrough_read(&h, &plan, &passed), -EINVAL);
	free(fdt);
}

/* libfdt's own check takes its length for that of an empty one. */
static void test_property_of_negative_length(void **state)
{
	void *fdt = partial_tree();
	int node = dt_node(fdt, "/passthrough"), len;
	struct fdt_property *p;

	dt_must(fdt_setprop_empty(fdt, node, "odd"));
	p = fdt_get_property_w(fdt, node, "odd", &len);
	assert_non_null(p);
	p->len = 0xffffffff;
	machine(3, 1);
	give(1, fdt);
	assert_int_equal(passthrough_read(&h, &plan, &passed), -EINVAL);
	assert_non_null(strstr(fake_last_log, "partial device tree dtb: FDT_ERR_BADSTRUCTURE"));
	free(fdt);
}

static void test_random_damage(void **state)
{
	void *good = partial_tree();
	size_t size;

	machine(3, 1);
	h.domains[0].direct_map = true;
	add_device(good, "gpio", &gpio);
	add_device(good, "disk", &disk);
	dt_must(fdt_pack(good));
	size = fdt_totalsize(good);
	srand(1);
	for (unsigned int n = 0; n < 20000; n++) {
		uint8_t *bad = aligned_alloc(8, ALIGN_UP(size, 8));

		memcpy(bad, good, size);
		for (unsigned int i = 0; i < 1 + n % 4; i++)
			bad[(size_t)rand() % size] = (uint8_t)rand();
		h.nr_modules = 0;
		h.modules[h.nr_modules++] = (struct host_module) {
			HOST_MODULE_DEVICE_TREE, 1, { ptr_pa(bad).raw, size }, "dtb", NULL
		};
		(void)passthrough_read(&h, &plan, &passed);
		free(bad);
	}
	free(good);
}

/* --- Dom0 -------------------------------------------------------------------------------- */

static void test_dom0_lacks_it(void **state)
{
	static uint8_t tree[DT_ROOM] __attribute__((aligned(8)));
	struct ranges banks = { .count = 0 }, pages;
	struct dom0dt_in in = { .host = &h, .banks = &banks, .nr_vcpus = 4, .passed = &passed };
	void *fdt = partial_tree();
	int node;

	machine(3, 1);
	dt_must(fdt_setprop_empty(host, dt_node(host, "/pcie@10000000"), "xen,passthrough"));
	assert_int_equal(hostdt_open(host, &h), 0);
	assert_int_equal(hostdt_parse(&h), 0);
	h.nr_modules = 0;
	h.nr_domains = 1;
	h.domains[0] = (struct host_domain) { .name = "one", .memory = 64 * MIB, .direct_map = true };
	add_device(fdt, "gpio", &gpio);
	add_device(fdt, "disk", &disk);
	give(1, fdt);
	assert_int_equal(passthrough_read(&h, &plan, &passed), 0);
	ranges_add(&banks, 0x40000000, 0x10000000);
	assert_int_equal(dom0dt_build(&in, tree, sizeof(tree)), 0);
	assert_true(fdt_path_offset(tree, GPIO) < 0);
	assert_true(fdt_path_offset(tree, DISK) < 0);
	/* In the same page. */
	assert_true(fdt_path_offset(tree, "/virtio_mmio@a003000") < 0);
	assert_true(fdt_path_offset(tree, "/virtio_mmio@a002e00") > 0);
	assert_true(fdt_path_offset(tree, "/pcie@10000000") < 0);
	assert_int_equal(dom0dev_pages(&h, &plan, &passed, tree, &pages), 0);
	assert_true(ranges_touch(&pages, 0xa002000, 1));
	assert_false(ranges_touch(&pages, 0xa003000, 0x1000));
	assert_false(ranges_touch(&pages, 0x9030000, 0x1000));
	/* Not even if another node says that it has them. */
	dt_must(fdt_open_into(tree, tree, DT_ROOM));
	node = dt_must(fdt_add_subnode(tree, 0, "thief@9030000"));
	dt_must(fdt_setprop_u64(tree, node, "reg", 0x9030000));
	dt_must(fdt_appendprop_u64(tree, node, "reg", 0x1000));
	pages.count = 0;
	assert_int_equal(dom0dev_pages(&h, &plan, &passed, tree, &pages), 0);
	assert_false(ranges_touch(&pages, 0x9030000, 0x1000));
	free(fdt);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_usual),	       cmocka_unit_test(test_cases),
		cmocka_unit_test(test_spis),	       cmocka_unit_test(test_interrupt_of_a_virtual_device),
		cmocka_unit_test(test_twice),	       cmocka_unit_test(test_too_many),
		cmocka_unit_test(test_property_of_negative_length),
		cmocka_unit_test(test_broken),	       cmocka_unit_test(test_random_damage),
		cmocka_unit_test(test_dom0_lacks_it),
	};
	int failed = cmocka_run_group_tests_name("passthrough", tests, NULL, NULL);

	free(host);
	return failed;
}
