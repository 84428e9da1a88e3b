/* SPDX-License-Identifier: Apache-2.0 */
/* What is read from QEMU's trees, and what is said about broken ones. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>
#include <libfdt.h>
#include "boot/dt.h"
#include "boot_dt.h"
#include "fake_cpu.h"
#include "lib/err.h"

static struct host_info h;

static int parse(const void *fdt)
{
	int err = hostdt_open(fdt, &h);

	return err ? err : hostdt_parse(&h);
}

static void check_case(const struct dt_case *c)
{
	void *fdt = dt_load(c->gic, c->cpus, c->mib);

	assert_int_equal(parse(fdt), 0);
	assert_int_equal(h.ram.count, 1);
	assert_int_equal(h.ram.r[0].base, 0x40000000);
	assert_int_equal(h.ram.r[0].size, c->mib * MIB);
	assert_int_equal(h.nr_cpus, c->cpus);
	for (unsigned int i = 0; i < c->cpus; i++) {
		/* QEMU: 8 CPUs a cluster with GICv2, 16 with v3 */
		assert_int_equal(h.mpidr[i], i);
	}
	assert_string_equal(h.cpu_compatible, "arm,cortex-a57");
	assert_int_equal(h.gic.version, c->gic);
	assert_int_equal(h.gic.gicd.raw, 0x08000000);
	assert_int_equal(h.gic.maintenance_intid, 25);
	assert_int_equal(h.timer.sec_phys, 29);
	assert_int_equal(h.timer.phys, 30);
	assert_int_equal(h.timer.virt, 27);
	assert_int_equal(h.timer.hyp, 26);
	assert_true(h.psci_smc);
	assert_int_equal(h.uart.base.raw, 0x09000000);
	assert_int_equal(h.uart.intid, 33);
	assert_string_equal(h.uart_compatible, "arm,pl011");
	assert_int_equal(h.rtc.base.raw, 0x09010000);
	assert_int_equal(h.rtc.intid, 34);
	assert_string_equal(h.bootargs, "loglevel=info");
	assert_string_equal(h.dom0_bootargs, "console=ttyAMA0 quiet");
	assert_int_equal(h.nr_modules, 2);
	assert_int_equal(hostdt_module(&h, HOST_MODULE_KERNEL)->at.base, DT_KERNEL);
	assert_int_equal(hostdt_module(&h, HOST_MODULE_RAMDISK)->at.size, DT_INITRD_SIZE);
	if (c->gic == 2) {
		assert_int_equal(h.gic.gicc.raw, 0x08010000);
		assert_int_equal(h.gic.gich.raw, 0x08030000);
		assert_int_equal(h.gic.gicv.raw, 0x08040000);
		assert_int_equal(h.gic.gicv_size, 0x10000);
	} else {
		assert_int_equal(h.gic.nr_redist_regions, 1);
		assert_int_equal(h.gic.redist[0].base.raw, 0x080a0000);
		assert_int_equal(h.gic.redist[0].size, 0x00f60000);
	}
	free(fdt);
}

static void test_all_machines(void **state)
{
	for (size_t i = 0; i < dt_case_count; i++)
		check_case(&dt_cases[i]);
}

/* --- what is missing --------------------------------------------------------------------- */

static void del(void *fdt, const char *path)
{
	dt_must(fdt_del_node(fdt, dt_node(fdt, path)));
}

static void no_memory(void *fdt)
{
	del(fdt, "/memory@40000000");
}

static void no_cpus(void *fdt)
{
	del(fdt, "/cpus");
}

static void no_gic(void *fdt)
{
	del(fdt, "/intc@8000000");
}

static void unknown_gic(void *fdt)
{
	dt_must(fdt_setprop_string(fdt, dt_node(fdt, "/intc@8000000"), "compatible",
	                           "acme,gic-7000"));
}

static void gic_without_virt(void *fdt)
{
	int node = dt_node(fdt, "/intc@8000000");
	static uint64_t reg[4];
	int len;

	memcpy(reg, fdt_getprop(fdt, node, "reg", &len), sizeof(reg));
	dt_must(fdt_setprop(fdt, node, "reg", reg, sizeof(reg)));
}

static void no_maintenance(void *fdt)
{
	dt_must(fdt_delprop(fdt, dt_node(fdt, "/intc@8000000"), "interrupts"));
}

static void no_timer(void *fdt)
{
	del(fdt, "/timer");
}

static void timer_without_hyp(void *fdt)
{
	int node = dt_node(fdt, "/timer");
	uint32_t irqs[9];

	memcpy(irqs, fdt_getprop(fdt, node, "interrupts", NULL), sizeof(irqs));
	dt_must(fdt_setprop(fdt, node, "interrupts", irqs, sizeof(irqs)));
}

static void no_psci(void *fdt)
{
	del(fdt, "/psci");
}

static void psci_by_hvc(void *fdt)
{
	dt_must(fdt_setprop_string(fdt, dt_node(fdt, "/psci"), "method", "hvc"));
}

static void module_without_reg(void *fdt)
{
	dt_must(fdt_delprop(fdt, dt_node(fdt, "/chosen/module@0"), "reg"));
}

static void module_of_no_size(void *fdt)
{
	static const uint64_t reg[2];

	dt_must(fdt_setprop(fdt, dt_node(fdt, "/chosen/module@0"), "reg", reg, sizeof(reg)));
}

/* libfdt's own check takes it for an empty one's. */
static void negative_length(void *fdt)
{
	int len;

	dt_must(fdt_setprop_empty(fdt, 0, "odd"));
	fdt_get_property_w(fdt, 0, "odd", &len)->len = 0xffffffff;
}

static void wrapping_memory(void *fdt)
{
	int node = dt_node(fdt, "/memory@40000000");

	dt_must(fdt_setprop_u64(fdt, node, "reg", 0x40000000));
	dt_must(fdt_appendprop_u64(fdt, node, "reg", ~0ULL));
}

static void too_many_modules(void *fdt)
{
	static const char compatible[] = "multiboot,module";
	char name[32];

	for (unsigned int i = 2; i <= HOST_MAX_MODULES; i++) {
		snprintf(name, sizeof(name), "module@%u", i);
		dt_add_module(fdt, name, compatible, sizeof(compatible), 0x60000000 + i * MIB, 4096,
		              NULL);
	}
}

static const struct {
	void (*spoil)(void *fdt);
	int err;
	const char *says;
} spoilt[] = {
	{ no_memory, -ENODEV, "no memory node" },
	{ no_cpus, -ENODEV, "no CPU below /cpus" },
	{ no_gic, -ENODEV, "no interrupt controller" },
	{ unknown_gic, -ENODEV, "unknown interrupt controller \"acme,gic-7000\"" },
	{ gic_without_virt, -ENODEV, "virtual interface control" },
	{ no_maintenance, -ENODEV, "maintenance interrupt" },
	{ no_timer, -ENODEV, "no timer" },
	{ timer_without_hyp, -ENODEV, "the timer lacks interrupts" },
	{ no_psci, -ENODEV, "no PSCI" },
	{ psci_by_hvc, -ENODEV, "called by \"hvc\"" },
	{ module_without_reg, -EINVAL, "module@0 has no usable reg" },
	{ module_of_no_size, -EINVAL, "module@0 has no usable reg" },
	{ negative_length, -EINVAL, "is broken (FDT_ERR_BADSTRUCTURE)" },
	{ wrapping_memory, -EINVAL, "memory is broken" },
	{ too_many_modules, -ENOSPC, "105 modules below /chosen; at most 104" },
};

static void test_missing_parts(void **state)
{
	for (size_t i = 0; i < ARRAY_SIZE(spoilt); i++) {
		void *fdt = dt_load(2, 4, 1024);

		spoilt[i].spoil(fdt);
		fake_last_log[0] = '\0';
		assert_int_equal(parse(fdt), spoilt[i].err);
		if (!strstr(fake_last_log, spoilt[i].says))
			fail_msg("\"%s\" does not say \"%s\"", fake_last_log, spoilt[i].says);
		free(fdt);
	}
}

static void test_no_tree(void **state)
{
	static uint64_t nothing[64];
	uint8_t *fdt;

	assert_int_equal(parse(NULL), -EINVAL);
	assert_non_null(strstr(fake_last_log, "none at"));
	assert_int_equal(parse((const uint8_t *)nothing + 4), -EINVAL);
	assert_int_equal(parse(nothing), -EINVAL);
	assert_non_null(strstr(fake_last_log, "is broken"));
	fdt = dt_load_raw(3, 4, 1024);
	fdt_set_totalsize(fdt, 3 * MIB);
	assert_int_equal(parse(fdt), -EINVAL);
	free(fdt);
}

/* Bytes changed at random: an answer each time, no read beyond the end (the sanitizers see it). */
static void test_random_damage(void **state)
{
	uint8_t *good = dt_load(3, 4, 1024);
	uint32_t seed = 20;

	dt_must(fdt_pack(good));
	for (unsigned int round = 0; round < 3000; round++) {
		size_t size = fdt_totalsize(good);
		uint8_t *fdt = malloc(size);

		memcpy(fdt, good, size);
		for (unsigned int i = 0; i < 1 + round % 8; i++) {
			seed = seed * 1664525 + 1013904223;
			size_t at = (seed >> 8) % size;

			/* Not the size: whoever lies about that is believed up to HOST_MAX_DTB. */
			if (at < 4 || at >= 8)
				fdt[at] ^= (uint8_t)(1 << (seed & 7));
		}
		parse(fdt);
		free(fdt);
	}
	free(good);
}

/* --- details ----------------------------------------------------------------------------- */

static void test_reserved(void **state)
{
	void *fdt = dt_load(3, 1, 1024);
	int node = dt_must(fdt_add_subnode(fdt, 0, "reserved-memory"));
	int child;

	dt_must(fdt_setprop_u32(fdt, node, "#address-cells", 2));
	dt_must(fdt_setprop_u32(fdt, node, "#size-cells", 2));
	dt_must(fdt_setprop_empty(fdt, node, "ranges"));
	child = dt_must(fdt_add_subnode(fdt, node, "pool@50000000"));
	dt_must(fdt_setprop_u64(fdt, child, "reg", 0x50000000));
	dt_must(fdt_appendprop_u64(fdt, child, "reg", 0x1001));
	child = dt_must(fdt_add_subnode(fdt, dt_node(fdt, "/reserved-memory"), "fw@51000000"));
	dt_must(fdt_setprop_u64(fdt, child, "reg", 0x51000000));
	dt_must(fdt_appendprop_u64(fdt, child, "reg", 0x100000));
	dt_must(fdt_setprop_empty(fdt, child, "no-map"));
	child = dt_must(fdt_add_subnode(fdt, dt_node(fdt, "/reserved-memory"), "cma"));
	dt_must(fdt_setprop_u64(fdt, child, "size", 0x400000));
	dt_must(fdt_add_mem_rsv(fdt, 0x40000000, 0x100000));

	assert_int_equal(parse(fdt), 0);
	assert_int_equal(h.unusable.count, 2);
	assert_int_equal(h.unusable.r[0].base, 0x40000000);
	assert_int_equal(h.unusable.r[1].base, 0x51000000);
	assert_int_equal(h.no_map.count, 1);
	assert_int_equal(h.reserved.count, 1);
	assert_int_equal(h.reserved.r[0].size, 0x2000);
	free(fdt);
}

/* Xen's rules for whose /chosen/bootargs are. */
static const struct {
	const char *plain, *hyp, *dom0, *module;
	const char *want_hyp, *want_dom0;
} bootargs[] = {
	{ NULL, NULL, NULL, NULL, "", "" }, { "P", NULL, NULL, NULL, "", "P" },
	{ "P", "H", NULL, NULL, "H", "P" }, { "P", NULL, "D", NULL, "P", "D" },
	{ "P", NULL, NULL, "M", "P", "M" }, { "P", NULL, "D", "M", "P", "M" },
	{ "P", "H", "D", NULL, "H", "D" },  { "P", "H", "D", "M", "H", "M" },
	{ NULL, "H", NULL, "M", "H", "M" }, { NULL, "H", NULL, NULL, "H", "" },
};

static void set(void *fdt, const char *path, const char *name, const char *value)
{
	fdt_delprop(fdt, dt_node(fdt, path), name);
	if (value)
		dt_must(fdt_setprop_string(fdt, dt_node(fdt, path), name, value));
}

static void test_bootargs(void **state)
{
	void *fdt = dt_load(2, 1, 512);

	for (size_t i = 0; i < ARRAY_SIZE(bootargs); i++) {
		set(fdt, "/chosen", "bootargs", bootargs[i].plain);
		set(fdt, "/chosen", "xen,xen-bootargs", bootargs[i].hyp);
		set(fdt, "/chosen", "xen,dom0-bootargs", bootargs[i].dom0);
		set(fdt, "/chosen/module@0", "bootargs", bootargs[i].module);
		assert_int_equal(hostdt_open(fdt, &h), 0);
		assert_string_equal(h.bootargs, bootargs[i].want_hyp);
		assert_string_equal(h.dom0_bootargs, bootargs[i].want_dom0);
	}
	free(fdt);
}

static void test_unnamed_modules(void **state)
{
	static const char plain[] = "multiboot,module", legacy[] = "xen,multiboot-module";
	void *fdt = dt_load(2, 1, 512);

	del(fdt, "/chosen/module@0");
	del(fdt, "/chosen/module@1");
	dt_add_module(fdt, "c", plain, sizeof(plain), 3 * GIB, 3, NULL);
	dt_add_module(fdt, "b", legacy, sizeof(legacy), 2 * GIB, 2, NULL);
	dt_add_module(fdt, "a", plain, sizeof(plain), 1 * GIB, 1, NULL);
	assert_int_equal(hostdt_open(fdt, &h), 0);
	assert_int_equal(h.nr_modules, 3);
	assert_int_equal(hostdt_module(&h, HOST_MODULE_KERNEL)->at.size, 1);
	assert_int_equal(hostdt_module(&h, HOST_MODULE_RAMDISK)->at.size, 2);
	assert_int_equal(hostdt_module(&h, HOST_MODULE_OTHER)->at.size, 3);
	free(fdt);
}

/* QEMU's guest-loader gives 64-bit address and size, and /chosen no cells: the root's count. */
static void test_guest_loader(void **state)
{
	void *fdt = dt_load(2, 1, 512);

	dt_must(fdt_delprop(fdt, dt_node(fdt, "/chosen"), "#address-cells"));
	dt_must(fdt_delprop(fdt, dt_node(fdt, "/chosen"), "#size-cells"));
	assert_int_equal(parse(fdt), 0);
	assert_int_equal(hostdt_module(&h, HOST_MODULE_KERNEL)->at.base, DT_KERNEL);
	assert_int_equal(hostdt_module(&h, HOST_MODULE_KERNEL)->at.size, DT_KERNEL_SIZE);
	free(fdt);
}

/* However bad the modules are, the console comes up first. */
static void test_bad_modules_later(void **state)
{
	void *fdt = dt_load(2, 1, 512);

	too_many_modules(fdt);
	module_without_reg(fdt);
	assert_int_equal(hostdt_open(fdt, &h), 0);
	assert_int_equal(h.uart.size, 0x1000);
	assert_int_equal(hostdt_parse(&h), -ENOSPC);
	free(fdt);
}

static void test_stdout_path(void **state)
{
	void *fdt = dt_load(2, 1, 512);

	set(fdt, "/chosen", "stdout-path", "/pl011@9000000:115200n8");
	assert_int_equal(hostdt_open(fdt, &h), 0);
	assert_int_equal(h.uart.base.raw, 0x09000000);
	/* The secure one, which is disabled, is no console; nor is what isn't there. */
	set(fdt, "/chosen", "stdout-path", "/pl011@9040000");
	assert_int_equal(hostdt_open(fdt, &h), 0);
	assert_int_equal(h.uart.base.raw, 0x09000000);
	set(fdt, "/chosen", "stdout-path", "serial0");
	assert_int_equal(hostdt_open(fdt, &h), 0);
	assert_int_equal(h.uart.base.raw, 0x09000000);
	del(fdt, "/pl011@9000000");
	assert_int_equal(parse(fdt), 0);
	assert_int_equal(h.uart.size, 0);
	assert_non_null(strstr(fake_last_log, "no UART"));
	free(fdt);
}

static void test_stdout_alias(void **state)
{
	void *fdt = dt_load(2, 1, 512);

	dt_must(fdt_add_subnode(fdt, 0, "aliases"));
	set(fdt, "/aliases", "serial0", "/pl011@9000000");
	set(fdt, "/aliases", "a", "b");
	set(fdt, "/aliases", "b", "a");
	set(fdt, "/aliases", "soc", "/");
	assert_int_equal(dt_path(fdt, "serial0", 7), dt_node(fdt, "/pl011@9000000"));
	assert_int_equal(dt_path(fdt, "soc/pl011@9000000", 17), dt_node(fdt, "/pl011@9000000"));
	assert_int_equal(dt_path(fdt, "/chosen:more", 7), dt_node(fdt, "/chosen"));
	assert_true(dt_path(fdt, "", 0) < 0);
	assert_true(dt_path(fdt, "serial1", 7) < 0);
	/* An alias of an alias isn't a path, and two that lead to each other have no end. */
	assert_true(dt_path(fdt, "a", 1) < 0);
	assert_true(dt_path(fdt, "a/pl011@9000000", 15) < 0);
	set(fdt, "/chosen", "stdout-path", "a:115200n8");
	assert_int_equal(hostdt_open(fdt, &h), 0);
	assert_int_equal(h.uart.base.raw, 0x09000000);
	free(fdt);
}

static void test_watchdog(void **state)
{
	void *fdt = dt_load(3, 1, 1024);
	int node;

	assert_int_equal(parse(fdt), 0);
	assert_int_equal(h.watchdog.function, 0);
	node = fdt_add_subnode(fdt, 0, "watchdog");
	assert_true(node >= 0);
	set(fdt, "/watchdog", "compatible", "arm,smc-wdt");
	assert_int_equal(parse(fdt), 0);
	assert_int_equal(h.watchdog.function, 0x82003d06);
	assert_int_equal(h.watchdog.report, 0);
	assert_false(h.watchdog.stops_asleep);
	assert_int_equal(fdt_setprop_u32(fdt, dt_node(fdt, "/watchdog"), "arm,smc-id", 0xb200005a), 0);
	assert_int_equal(fdt_setprop_u32(fdt, dt_node(fdt, "/watchdog"), "dormouse,smc-report-id", 7), 0);
	assert_int_equal(fdt_setprop(fdt, dt_node(fdt, "/watchdog"), "dormouse,stops-asleep", NULL, 0), 0);
	assert_int_equal(parse(fdt), 0);
	assert_int_equal(h.watchdog.function, 0xb200005a);
	assert_int_equal(h.watchdog.report, 7);
	assert_true(h.watchdog.stops_asleep);
	set(fdt, "/watchdog", "status", "disabled");
	assert_int_equal(parse(fdt), 0);
	assert_int_equal(h.watchdog.function, 0);
	free(fdt);
}

static void test_timer_names(void **state)
{
	static const char names[] = "virt\0hyp-phys\0phys";
	static const uint32_t specs[] = { 1, 11, 4, 1, 10, 4, 1, 14, 4 };
	void *fdt = dt_load(2, 1, 512);
	int node = dt_node(fdt, "/timer");

	dt_must(fdt_delprop(fdt, node, "interrupts"));
	for (size_t i = 0; i < ARRAY_SIZE(specs); i++)
		dt_must(fdt_appendprop_u32(fdt, node, "interrupts", specs[i]));
	dt_must(fdt_setprop(fdt, node, "interrupt-names", names, sizeof(names)));
	assert_int_equal(parse(fdt), 0);
	assert_int_equal(h.timer.virt, 27);
	assert_int_equal(h.timer.hyp, 26);
	assert_int_equal(h.timer.phys, 30);
	assert_int_equal(h.timer.sec_phys, 0);
	free(fdt);
}

static void test_translation(void **state)
{
	void *fdt = dt_load(2, 1, 512);
	int bus = dt_node(fdt, "/platform-bus@c000000");
	int dev = dt_must(fdt_add_subnode(fdt, bus, "dev@1000"));
	uint64_t base, size;

	dt_must(fdt_setprop_u32(fdt, dev, "reg", 0x1000));
	dt_must(fdt_appendprop_u32(fdt, dev, "reg", 0x200));
	assert_int_equal(dt_reg(fdt, dev, 0, &base, &size), 0);
	assert_int_equal(base, 0x0c001000);
	assert_int_equal(size, 0x200);
	assert_int_equal(dt_reg(fdt, dev, 1, &base, &size), -ENOENT);
	/* Outside the window, and below a bus without one. */
	dt_must(fdt_setprop_u32(fdt, dev, "reg", 0x02000000));
	dt_must(fdt_appendprop_u32(fdt, dev, "reg", 0x200));
	assert_int_equal(dt_reg(fdt, dev, 0, &base, &size), -ENOENT);
	assert_int_equal(dt_reg(fdt, dt_node(fdt, "/cpus/cpu@0"), 0, &base, &size), -ENOENT);
	dt_must(fdt_setprop_u32(fdt, dev, "reg", 7));
	assert_int_equal(dt_reg(fdt, dev, 0, &base, &size), -EINVAL);
	free(fdt);
}

static void test_interrupts(void **state)
{
	void *fdt = dt_load(3, 1, 512);
	int ctrl = dt_node(fdt, "/intc@8000000");
	int pci = dt_node(fdt, "/pcie@10000000");
	uint32_t intid, phandle = fdt_get_phandle(fdt, ctrl);
	unsigned int n = 0;
	int node;

	while (dt_map_interrupt(fdt, ctrl, pci, n, &intid) == 0) {
		assert_in_range(intid, 35, 38);
		n++;
	}
	assert_int_equal(n, 16);
	assert_int_equal(dt_map_interrupt(fdt, ctrl, pci, n, &intid), -ENOENT);

	node = dt_node(fdt, "/pl061@9030000");
	assert_int_equal(dt_interrupt(fdt, ctrl, node, 0, &intid), 0);
	assert_int_equal(intid, 39);
	assert_int_equal(dt_interrupt(fdt, ctrl, node, 1, &intid), -ENOENT);
	dt_must(fdt_setprop_u32(fdt, node, "interrupts-extended", phandle));
	dt_must(fdt_appendprop_u32(fdt, node, "interrupts-extended", 2)); /* extended SPI */
	dt_must(fdt_appendprop_u32(fdt, node, "interrupts-extended", 5));
	assert_int_equal(dt_interrupt(fdt, dt_node(fdt, "/intc@8000000"),
	                              dt_node(fdt, "/pl061@9030000"), 0, &intid),
	                 -EINVAL);
	node = dt_node(fdt, "/pl061@9030000");
	dt_must(fdt_appendprop_u32(fdt, node, "interrupts-extended", 4));
	node = dt_node(fdt, "/pl061@9030000");
	ctrl = dt_node(fdt, "/intc@8000000");
	assert_int_equal(dt_interrupt(fdt, ctrl, node, 0, &intid), 0);
	assert_int_equal(intid, 4101);
	assert_int_equal(dt_interrupt(fdt, ctrl, node, 1, &intid), -ENOENT);
	free(fdt);
}

/* With the nodes listed, all answers are the same as libfdt's own; in another tree, too. */
static void test_listed(void **state)
{
	static const char *const lists[][3] = { { "arm,pl011", "arm,pl031", NULL }, { "virtio,mmio", NULL },
		                                { "arm,gic-v3", "arm,cortex-a15-gic", NULL } };
	void *fdt = dt_load(3, 8, 512), *other = dt_load(2, 1, 512);
	unsigned int nodes = 0;

	for (unsigned int pass = 0; pass < 3; pass++) {
		const void *tree = pass == 2 ? other : fdt;

		dt_index(pass ? fdt : NULL);
		for (int node = 0; node >= 0; node = fdt_next_node(tree, node, NULL), nodes++) {
			assert_int_equal(dt_parent(tree, node), fdt_parent_offset(tree, node));
			for (size_t i = 0; i < ARRAY_SIZE(lists); i++) {
				const char *const *list = lists[i];

				while (*list && fdt_node_check_compatible(tree, node, *list))
					list++;
				assert_ptr_equal(dt_compatible(tree, node, lists[i]), *list);
			}
		}
		assert_int_equal(dt_parent(tree, 0), -FDT_ERR_NOTFOUND);
	}
	assert_true(nodes > 150);

	/* By phandle: what an interrupt leads to. */
	for (int node = 0; node >= 0; node = fdt_next_node(fdt, node, NULL)) {
		uint32_t intid[2] = { 0, 0 };
		int ctrl = dt_node(fdt, "/intc@8000000"), err[2];

		for (unsigned int i = 0; i < 2; i++) {
			dt_index(i ? fdt : NULL);
			err[i] = dt_interrupt(fdt, ctrl, node, 0, &intid[i]);
		}
		assert_int_equal(err[0], err[1]);
		assert_int_equal(intid[0], intid[1]);
	}

	/* One that is deeper than the list is good for is read all the same. */
	for (int i = 0, node = 0; i < 20; i++)
		node = dt_must(fdt_add_subnode(other, node, "deep"));
	dt_index(other);
	for (int node = 0; node >= 0; node = fdt_next_node(other, node, NULL))
		assert_int_equal(dt_parent(other, node), fdt_parent_offset(other, node));
	dt_index(NULL);
	free(fdt);
	free(other);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_all_machines),      cmocka_unit_test(test_missing_parts),
		cmocka_unit_test(test_no_tree),           cmocka_unit_test(test_random_damage),
		cmocka_unit_test(test_reserved),          cmocka_unit_test(test_bootargs),
		cmocka_unit_test(test_unnamed_modules),   cmocka_unit_test(test_guest_loader),
		cmocka_unit_test(test_bad_modules_later), cmocka_unit_test(test_stdout_path), cmocka_unit_test(test_stdout_alias),
		cmocka_unit_test(test_timer_names),       cmocka_unit_test(test_translation),
		cmocka_unit_test(test_interrupts),        cmocka_unit_test(test_watchdog),
		cmocka_unit_test(test_listed),
	};

	return cmocka_run_group_tests_name("hostdt", tests, NULL, NULL);
}
