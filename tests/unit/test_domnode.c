/* SPDX-License-Identifier: Apache-2.0 */
/* Domains besides Dom0 in the host's tree: what is read, what is refused, and broken trees. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>
#include <libfdt.h>
#include "boot/hostdt.h"
#include "boot_dt.h"
#include "fake_cpu.h"
#include "lib/err.h"

#define WEB  "/chosen/web"
#define DATA "/chosen/data@1"

static const char kernel[] = "multiboot,kernel\0multiboot,module";
static const char ramdisk[] = "multiboot,ramdisk\0multiboot,module";

static struct host_info h;

static int add_module(void *fdt, const char *domain, const char *name, const char *compatible,
                      int len, uint64_t base, uint64_t size)
{
	int node = dt_must(fdt_add_subnode(fdt, dt_node(fdt, domain), name));

	dt_must(fdt_setprop(fdt, node, "compatible", compatible, len));
	dt_must(fdt_setprop_u64(fdt, node, "reg", base));
	dt_must(fdt_appendprop_u64(fdt, node, "reg", size));
	return node;
}

static void add_domain(void *fdt, const char *name, uint64_t kib, uint32_t cpus)
{
	int node = dt_must(fdt_add_subnode(fdt, dt_node(fdt, "/chosen"), name));

	dt_must(fdt_setprop_string(fdt, node, "compatible", "xen,domain"));
	dt_must(fdt_setprop_u32(fdt, node, "#address-cells", 2));
	dt_must(fdt_setprop_u32(fdt, node, "#size-cells", 2));
	dt_must(fdt_setprop_u64(fdt, node, "memory", kib));
	dt_must(fdt_setprop_u32(fdt, node, "cpus", cpus));
}

/* Two of them; libfdt adds in front. */
static void *load(unsigned int version)
{
	void *fdt = dt_load(version, 4, 1024);
	int node;

	add_domain(fdt, "data@1", 65537, 1);
	add_module(fdt, DATA, "module@50000000", kernel, sizeof(kernel), 0x50000000, 4096);
	add_domain(fdt, "web", 262144, 2);
	add_module(fdt, WEB, "module@54000000", ramdisk, sizeof(ramdisk), 0x54000000, 100);
	node = add_module(fdt, WEB, "module@52000000", kernel, sizeof(kernel), 0x52000000, 8192);
	dt_must(fdt_setprop_string(fdt, node, "bootargs", "console=ttyAMA0 single"));
	dt_must(fdt_setprop_empty(fdt, dt_node(fdt, WEB), "vpl011"));
	dt_must(fdt_setprop_u32(fdt, dt_node(fdt, WEB), "nr_spis", 33));
	return fdt;
}

static int parse(const void *fdt)
{
	int err = hostdt_open(fdt, &h);

	return err ? err : hostdt_parse(&h);
}

static void test_two(void **state)
{
	for (unsigned int version = 2; version <= 3; version++) {
		void *fdt = load(version);
		const struct host_module *m;

		assert_int_equal(parse(fdt), 0);
		assert_int_equal(h.nr_domains, 2);
		assert_string_equal(h.domains[0].name, "web");
		assert_int_equal(h.domains[0].memory, 256 * MIB);
		assert_int_equal(h.domains[0].nr_vcpus, 2);
		assert_int_equal(h.domains[0].nr_spis, 64);
		assert_true(h.domains[0].vpl011);
		assert_string_equal(h.domains[1].name, "data");  /* without the unit address */
		assert_int_equal(h.domains[1].memory, 66 * MIB); /* rounded up */
		assert_int_equal(h.domains[1].nr_spis, 64);
		assert_false(h.domains[1].vpl011);

		assert_int_equal(h.nr_modules, 5);
		assert_int_equal(hostdt_module(&h, HOST_MODULE_KERNEL)->at.base, DT_KERNEL);
		m = hostdt_domain_module(&h, 1, HOST_MODULE_KERNEL);
		assert_int_equal(m->at.base, 0x52000000);
		assert_string_equal(m->bootargs, "console=ttyAMA0 single");
		assert_int_equal(hostdt_domain_module(&h, 1, HOST_MODULE_RAMDISK)->at.size, 100);
		m = hostdt_domain_module(&h, 2, HOST_MODULE_KERNEL);
		assert_int_equal(m->at.size, 4096);
		assert_null(m->bootargs);
		assert_null(hostdt_domain_module(&h, 2, HOST_MODULE_RAMDISK));
		/* Dom0's kernel has its own: Dormouse's are Dormouse's. */
		assert_string_equal(h.dom0_bootargs, "console=ttyAMA0 quiet");
		free(fdt);
	}
}

static void test_xen(void **state)
{
	static const struct {
		const char *value; /* NULL: without */
		bool xen, xenstore;
	} cases[] = {
		{ NULL, false, false },          { "", true, true },
		{ "enabled", true, true },       { "no-xenstore", true, false },
		{ "disabled", false, false },
	};

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		void *fdt = load(3);

		if (cases[i].value)
			dt_must(fdt_setprop_string(fdt, dt_node(fdt, WEB), "xen,enhanced",
			                           cases[i].value));
		assert_int_equal(parse(fdt), 0);
		assert_int_equal(h.domains[0].xen, cases[i].xen);
		assert_int_equal(h.domains[0].xenstore, cases[i].xenstore);
		assert_false(h.domains[1].xen);
		dt_must(fdt_setprop_empty(fdt, dt_node(fdt, WEB), "xen,enhanced"));
		assert_int_equal(parse(fdt), 0);
		assert_true(h.domains[0].xen && h.domains[0].xenstore);
		free(fdt);
	}
}

static void test_sleep(void **state)
{
	static const char some[] = "alarm\0key\0command";
	void *fdt = load(3);

	assert_int_equal(parse(fdt), 0);
	assert_int_equal(h.domains[0].wake_off, 0);
	assert_int_equal(h.domains[0].veto_timeout_ms, 10000);
	dt_must(fdt_setprop(fdt, dt_node(fdt, WEB), "dormouse,wakeup", some, sizeof(some)));
	dt_must(fdt_setprop_string(fdt, dt_node(fdt, DATA), "dormouse,wakeup", "none"));
	dt_must(fdt_setprop_string(fdt, dt_node(fdt, WEB), "dormouse,host-suspend", "veto"));
	dt_must(fdt_setprop_u32(fdt, dt_node(fdt, WEB), "dormouse,veto-timeout-ms", 1));
	assert_int_equal(parse(fdt), 0);
	assert_int_equal(h.domains[0].wake_off, WAKE_CONSOLE | WAKE_DEVICE | WAKE_EVENT);
	assert_int_equal(h.domains[1].wake_off, WAKE_ALL);
	assert_int_equal(h.domains[0].host_suspend, HOST_SUSPEND_VETO);
	assert_int_equal(h.domains[0].veto_timeout_ms, 1);
	dt_must(fdt_setprop_u32(fdt, dt_node(fdt, WEB), "dormouse,veto-timeout-ms", 600001));
	assert_int_equal(parse(fdt), -EINVAL);
	assert_non_null(strstr(fake_last_log, "veto-timeout-ms = 600001: 1 to 600000"));
	free(fdt);
}

static void test_bad_wakeup(void **state)
{
	static const struct {
		const char *text;
		int len;
		const char *said;
	} bad[] = {
		{ "alarm\0none", 11, "\"none\" is none of alarm, " },
		{ "Alarm", 6, "\"Alarm\" is none of alarm, " },
		{ "alarm", 5, "is no list of strings" },
		{ "", 0, "is no list of strings" },
		{ "", 1, "\"\" is none of" },
	};

	for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
		void *fdt = load(3);

		dt_must(fdt_setprop(fdt, dt_node(fdt, WEB), "dormouse,wakeup", bad[i].text,
		                    bad[i].len));
		assert_int_equal(parse(fdt), -EINVAL);
		assert_non_null(strstr(fake_last_log, bad[i].said));
		free(fdt);
	}
}

static void test_without_dom0(void **state)
{
	void *fdt = load(3);

	dt_must(fdt_del_node(fdt, dt_node(fdt, "/chosen/module@0")));
	dt_must(fdt_del_node(fdt, dt_node(fdt, "/chosen/module@1")));
	dt_must(fdt_delprop(fdt, dt_node(fdt, "/chosen"), "xen,xen-bootargs"));
	dt_must(fdt_setprop_string(fdt, dt_node(fdt, "/chosen"), "bootargs", "loglevel=err"));
	assert_int_equal(parse(fdt), 0);
	assert_null(hostdt_module(&h, HOST_MODULE_KERNEL));
	assert_int_equal(h.nr_domains, 2);
	assert_string_equal(h.bootargs, "loglevel=err");
	free(fdt);
}

static void test_disabled(void **state)
{
	void *fdt = load(3);

	dt_must(fdt_setprop_string(fdt, dt_node(fdt, WEB), "status", "disabled"));
	assert_int_equal(parse(fdt), 0);
	assert_int_equal(h.nr_domains, 1);
	assert_string_equal(h.domains[0].name, "data");
	assert_non_null(hostdt_domain_module(&h, 1, HOST_MODULE_KERNEL));
	free(fdt);
}

static void test_names(void **state)
{
	void *fdt = load(3);

	dt_must(fdt_setprop_string(fdt, dt_node(fdt, WEB), "dormouse,name", "shop"));
	dt_must(fdt_setprop_u32(fdt, dt_node(fdt, WEB), "vpl011", 0));
	assert_int_equal(parse(fdt), 0);
	assert_string_equal(h.domains[0].name, "shop");
	assert_false(h.domains[0].vpl011);
	free(fdt);
}

/* --- what is refused --------------------------------------------------------------------- */

static const struct {
	const char *node, *property,
	        *text; /* text NULL: bytes, or the property goes if there are none */
	unsigned int len;
	const uint8_t bytes[8];
	const char *says;
} wrong[] = {
	{ WEB, "memory", NULL, 0, { 0 }, "domain web: no memory property" },
	{ WEB, "memory", NULL, 3, { 0, 1, 0 }, "domain web: memory is broken" },
	{ WEB, "memory", NULL, 8, { 0 }, "domain web: memory = 0 KiB" },
	{ WEB, "memory", NULL, 8, { 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff }, "256 GiB" },
	{ WEB, "cpus", NULL, 0, { 0 }, "domain web: cpus = 0: 1 to 8" },
	{ WEB, "cpus", NULL, 4, { 0, 0, 0, 9 }, "domain web: cpus = 9: 1 to 8" },
	{ WEB, "cpus", NULL, 2, { 0, 1 }, "domain web: cpus" },
	{ DATA, "nr_spis", NULL, 4, { 0, 0, 4, 0 }, "domain data: nr_spis = 1024: 1 to 960" },
	{ DATA, "xen,static-mem", "x", 0, { 0 }, "domain data: xen,static-mem is broken" },
	{ DATA, "#xen,static-mem-address-cells", NULL, 4, { 0, 0, 0, 1 }, NULL },
	{ DATA, "xen,enhanced", "maybe", 0, { 0 }, "domain data: xen,enhanced" },
	{ DATA, "dormouse,name", "web", 0, { 0 }, "name of domain web is taken" },
	{ DATA, "dormouse,name", "dom0", 0, { 0 }, "name of domain dom0 is taken" },
	{ DATA, "dormouse,name", "", 0, { 0 }, "1 to 31 characters" },
	{ DATA,
	  "dormouse,name",
	  "a234567890123456789012345678901x",
	  0,
	  { 0 },
	  "1 to 31 characters" },
	{ DATA "/module@50000000", "compatible", "multiboot,module", 0, { 0 }, NULL },
	{ DATA "/module@50000000", "compatible", "acme", 0, { 0 }, "domain data: no kernel" },
	{ DATA "/module@50000000", "reg", NULL, 0, { 0 }, "domain data/module@50000000 has no" },
};

static void test_wrong(void **state)
{
	static const char policy[] = "xen,xsm-policy\0multiboot,module";
	void *fdt;

	for (size_t i = 0; i < ARRAY_SIZE(wrong); i++) {
		int node, err;

		fdt = load(2);
		node = dt_node(fdt, wrong[i].node);
		if (wrong[i].text)
			dt_must(fdt_setprop_string(fdt, node, wrong[i].property, wrong[i].text));
		else if (wrong[i].len)
			dt_must(fdt_setprop(fdt, node, wrong[i].property, wrong[i].bytes,
			                    (int)wrong[i].len));
		else
			dt_must(fdt_delprop(fdt, node, wrong[i].property));
		err = parse(fdt);
		assert_int_equal(err, wrong[i].says ? -EINVAL : 0);
		if (wrong[i].says && !strstr(fake_last_log, wrong[i].says))
			fail_msg("%zu: \"%s\" is not in \"%s\"", i, wrong[i].says, fake_last_log);
		free(fdt);
	}
	fdt = load(3);
	add_module(fdt, WEB, "module@58000000", policy, sizeof(policy), 0x58000000, 4096);
	assert_int_equal(parse(fdt), -EINVAL);
	assert_non_null(strstr(fake_last_log, "neither a kernel, a ramdisk nor a device tree"));
	free(fdt);
}

static void test_device_tree_module(void **state)
{
	static const char dtb[] = "multiboot,device-tree\0multiboot,module";
	void *fdt = load(3);

	add_module(fdt, WEB, "module@58000000", dtb, sizeof(dtb), 0x58000000, 4096);
	assert_int_equal(parse(fdt), 0);
	assert_int_equal(hostdt_domain_module(&h, 1, HOST_MODULE_DEVICE_TREE)->at.base, 0x58000000);
	assert_null(hostdt_domain_module(&h, 2, HOST_MODULE_DEVICE_TREE));
	assert_true(h.domains[0].nr_spis_given);
	assert_false(h.domains[1].nr_spis_given);
	free(fdt);
}

/* --- RAM at given addresses -------------------------------------------------------------- */

static void test_static_mem(void **state)
{
	static const struct {
		unsigned int own_cells; /* 0: /chosen's two */
		uint64_t cells[12];
		unsigned int n;
		const char *says;
	} cases[] = {
		{ 0, { 0x60000000, 66 * MIB }, 2, NULL },
		{ 1, { 0x60000000, 66 * MIB }, 2, NULL },
		{ 0, { 0x60000000, 2 * MIB, 0x50000000, 64 * MIB }, 4, NULL },
		{ 0, { 0x60000000, 64 * MIB }, 2, "is 64 MiB, but memory is 66 MiB" },
		{ 0, { 0x60000000 }, 1, "is broken" },
		{ 0, { 0x60100000, 66 * MIB }, 2, "whole blocks of 2 MiB" },
		{ 0, { 0x60000000, 0 }, 2, "whole blocks of 2 MiB" },
		{ 0, { 0xffffffffffe00000, 66 * MIB }, 2, "whole blocks of 2 MiB" },
		{ 0, { 0x60000000, 64 * MIB, 0x60000000, 2 * MIB }, 4, "the same memory twice" },
		{ 0,
		  { 2 * MIB, 2 * MIB, 4 * MIB, 2 * MIB, 6 * MIB, 2 * MIB, 8 * MIB, 2 * MIB, 10 * MIB, 2 * MIB },
		  10,
		  "more than 4 pieces" },
		{ 3, { 0x60000000, 66 * MIB }, 2, "is broken" },
	};

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		void *fdt = load(3);
		int node;

		if (cases[i].own_cells) {
			dt_must(fdt_setprop_u32(fdt, dt_node(fdt, DATA), "#xen,static-mem-address-cells",
			                        cases[i].own_cells));
			dt_must(fdt_setprop_u32(fdt, dt_node(fdt, DATA), "#xen,static-mem-size-cells",
			                        cases[i].own_cells));
		}
		node = dt_node(fdt, DATA);
		dt_must(fdt_setprop_empty(fdt, node, "direct-map"));
		for (unsigned int c = 0; c < cases[i].n; c++)
			dt_must(cases[i].own_cells == 1
			                ? fdt_appendprop_u32(fdt, node, "xen,static-mem",
			                                     (uint32_t)cases[i].cells[c])
			                : fdt_appendprop_u64(fdt, node, "xen,static-mem",
			                                     cases[i].cells[c]));
		assert_int_equal(parse(fdt), cases[i].says ? -EINVAL : 0);
		if (cases[i].says && !strstr(fake_last_log, cases[i].says))
			fail_msg("%zu: \"%s\" is not in \"%s\"", i, cases[i].says, fake_last_log);
		if (!cases[i].says) {
			assert_true(h.domains[1].direct_map);
			assert_int_equal(h.domains[1].nr_banks, cases[i].n / 2);
			assert_int_equal(h.domains[1].bank[0].base, 0x60000000);
		}
		free(fdt);
	}
}

static void test_too_many(void **state)
{
	void *fdt = dt_load(3, 4, 1024);
	char name[32], path[48];

	for (unsigned int i = 0; i <= HOST_MAX_DOMAINS; i++) {
		snprintf(name, sizeof(name), "guest%u", i);
		snprintf(path, sizeof(path), "/chosen/%s", name);
		add_domain(fdt, name, 1024, 1);
		add_module(fdt, path, "module", kernel, sizeof(kernel), 0x50000000 + i * MIB, 4096);
		assert_int_equal(parse(fdt), i < HOST_MAX_DOMAINS ? 0 : -ENOSPC);
	}
	assert_non_null(strstr(fake_last_log, "more than 32 domains"));
	free(fdt);
}

/* Whatever is damaged: an answer, and never a byte read beyond the tree (the sanitizers see it). */
static void test_random_damage(void **state)
{
	void *good = load(3);
	int size, taken = 0;

	for (unsigned int i = 0; i < 4; i++)
		dt_must(fdt_appendprop_u64(good, dt_node(good, DATA), "xen,static-mem",
		                           i % 2 ? (i == 1 ? 64 : 2) * MIB : 0x60000000 * (i + 1)));
	dt_must(fdt_setprop_u64(good, dt_node(good, DATA), "memory", 65 * 1024));
	dt_must(fdt_setprop_empty(good, dt_node(good, DATA), "direct-map"));
	dt_must(fdt_pack(good));
	size = (int)fdt_totalsize(good);
	srand(7);
	for (unsigned int round = 0; round < 3000; round++) {
		uint8_t *bad = malloc((size_t)size);
		unsigned int n = 1 + (unsigned int)rand() % 4;

		memcpy(bad, good, (size_t)size);
		while (n--)
			bad[40 + rand() % (size - 40)] = (uint8_t)rand();
		taken += parse(bad) == 0;
		free(bad);
	}
	assert_in_range(taken, 1, 2999);
	free(good);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_two), cmocka_unit_test(test_xen),
		cmocka_unit_test(test_sleep),
		cmocka_unit_test(test_bad_wakeup),
		cmocka_unit_test(test_without_dom0),
		cmocka_unit_test(test_disabled),      cmocka_unit_test(test_names),
		cmocka_unit_test(test_wrong),
		cmocka_unit_test(test_device_tree_module),
		cmocka_unit_test(test_static_mem),         cmocka_unit_test(test_too_many),
		cmocka_unit_test(test_random_damage),
	};

	return cmocka_run_group_tests_name("domnode", tests, NULL, NULL);
}
