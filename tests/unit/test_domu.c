/* SPDX-License-Identifier: Apache-2.0 */
/* A domain besides Dom0: where its things go, its device tree, and building it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>
#include <libfdt.h>
#include "boot/domu.h"
#include "boot/domudt.h"
#include "boot/dt.h"
#include "boot_dt.h"
#include "core/irq.h"
#include "core/p2m.h"
#include "fake_cpu.h"
#include "lib/err.h"
#include "mm/page.h"
#include "mm/share.h"
#include "virt/hypercall/xen_domain.h"
#include "virt/vgpio.h"
#include "virt/vrtc.h"
#include "virt/vtimer.h"
#include "virt/vuart.h"

#define GICV   0x08040000
#define INITRD (300 * KIB)
#define KERNEL (3 * MIB + 100)

static struct host_info h;
static struct boot_plan plan;
static struct passthrough passed;
static const struct domu_in input = { &h, &plan, &passed };
static struct guest guest;
static uint8_t *kernel, *initrd;

/* --- what it calls ----------------------------------------------------------------------- */

static struct {
	struct domain domain;
	struct vgic_config vgic;
	uint64_t uart, rtc, gpio;
	uint32_t uart_intid, rtc_intid, gpio_intid;
	bool timer;
	bool xenstore;
	uint32_t busy_irq;
	uint64_t shared; /* a frame that is; 0: none */
	unsigned int nr_irqs, nr_virqs;
	struct {
		uint64_t ipa, pa, size;
		enum stage2_type type;
	} maps[64];
	unsigned int nr_maps;
	unsigned int calls, fail_at; /* that call of those that can fail does; 0: none */
} seen;

static bool fails(void)
{
	return ++seen.calls == seen.fail_at;
}

struct domain *domain_create(uint16_t id, const char *name, unsigned int nr_vcpus)
{
	assert_int_equal(id, 1);
	seen.domain.id = id;
	strcpy(seen.domain.name, name);
	seen.domain.nr_vcpus = nr_vcpus;
	return fails() ? NULL : &seen.domain;
}

int stage2_map(struct stage2 *s2, ipa_t ipa, paddr_t pa, uint64_t size, enum stage2_type type)
{
	assert_ptr_equal(s2, &seen.domain.s2);
	assert_true(seen.nr_maps < ARRAY_SIZE(seen.maps));
	if (fails())
		return -ENOMEM;
	seen.maps[seen.nr_maps].ipa = ipa.raw;
	seen.maps[seen.nr_maps].pa = pa.raw;
	seen.maps[seen.nr_maps].size = size;
	seen.maps[seen.nr_maps++].type = type;
	return 0;
}

int p2m_add_block(struct domain *d, uint64_t gfn, void *block, unsigned int order)
{
	return stage2_map(&d->s2, ipa_make(gfn << PAGE_SHIFT), ptr_pa(block), PAGE_SIZE << order, STAGE2_RAM);
}

int p2m_add_fixed(struct domain *d, uint64_t gfn, paddr_t pa, uint64_t size)
{
	return stage2_map(&d->s2, ipa_make(gfn << PAGE_SHIFT), pa, size, STAGE2_FIXED);
}

bool share_any(paddr_t pa, unsigned int order)
{
	assert_int_equal(order, 9);
	return seen.shared && pa.raw <= seen.shared && seen.shared - pa.raw < 2 * MIB;
}

int irq_assign(uint32_t intid, const char *name, struct domain *owner, uint32_t vintid)
{
	assert_ptr_equal(owner, &seen.domain);
	assert_int_equal(intid, vintid);
	seen.nr_irqs++;
	return intid == seen.busy_irq ? -EBUSY : fails() ? -ENOMEM : 0;
}

int vgic_assign_hw(struct domain *d, uint32_t vintid, uint32_t intid)
{
	assert_int_equal(intid, vintid);
	seen.nr_virqs++;
	return fails() ? -ENOMEM : 0;
}

int stage2_lookup(struct stage2 *s2, ipa_t ipa, struct stage2_entry *out)
{
	for (unsigned int i = 0; i < seen.nr_maps; i++) {
		uint64_t offset = ipa.raw - seen.maps[i].ipa;

		if (ipa.raw < seen.maps[i].ipa || offset >= seen.maps[i].size)
			continue;
		assert_true(seen.maps[i].type == STAGE2_RAM || seen.maps[i].type == STAGE2_FIXED);
		out->pa = pa_make(seen.maps[i].pa + offset);
		out->contiguous = seen.maps[i].size - offset;
		return 0;
	}
	return -ENOENT;
}

int vgic_create(struct domain *d, const struct vgic_config *cfg)
{
	seen.vgic = *cfg;
	return fails() ? -ENOMEM : 0;
}

int vtimer_create(struct domain *d)
{
	seen.timer = true;
	return fails() ? -ENOMEM : 0;
}

int vuart_create(struct domain *d, ipa_t base, uint32_t vintid)
{
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
	seen.gpio = base.raw;
	seen.gpio_intid = vintid;
	return fails() ? -ENOMEM : 0;
}

int xen_await_xenstore(struct domain *d)
{
	seen.xenstore = true;
	return fails() ? -ENOMEM : 0;
}

/* --- places ------------------------------------------------------------------------------ */

static void test_places(void **state)
{
	const struct host_domain d = { .name = "d" };
	struct range bank = { DOMU_RAM, 256 * MIB };
	const struct image_info image = { .text_offset = 0x80000, .image_size = 35 * MIB };
	struct domu_places at;

	assert_int_equal(domudt_place(&d, &bank, &image, 5 * MIB + 1, 8192, &at), 0);
	assert_int_equal(at.entry, DOMU_RAM + 0x80000);
	assert_int_equal(at.ramdisk.base, DOMU_RAM + 128 * MIB);
	assert_int_equal(at.ramdisk.size, 5 * MIB + 1);
	assert_int_equal(at.dtb.base, DOMU_RAM + 133 * MIB + 64 * KIB);
	/* All of less RAM is tried, down to what can't be. */
	for (bank.size = 64 * MIB;; bank.size -= 2 * MIB) {
		uint64_t end = range_end(&bank);

		if (domudt_place(&d, &bank, &image, 5 * MIB + 1, 8192, &at))
			break;
		assert_true(at.ramdisk.base >= at.entry + image.image_size);
		assert_true(at.dtb.base >= range_end(&at.ramdisk));
		assert_true(range_end(&at.dtb) <= end);
	}
	assert_int_equal(bank.size, 40 * MIB);
	assert_non_null(strstr(fake_last_log, "domain d: its 40 MiB hold no kernel that needs 35"));
	assert_int_equal(domudt_place(&d, &bank, &image, 0, 8192, &at), 0);
}

/* --- the tree ---------------------------------------------------------------------------- */

static void machine(unsigned int version)
{
	memset(&h, 0, sizeof(h));
	memset(&plan, 0, sizeof(plan));
	memset(&passed, 0, sizeof(passed));
	memset(&seen, 0, sizeof(seen));
	h.gic.version = version;
	h.gic.gicv = pa_make(GICV);
	h.gic.gicv_size = 0x2000;
	h.timer.sec_phys = 29;
	h.timer.phys = 30;
	h.timer.virt = 27;
	h.cpu_compatible = "arm,cortex-a72";
	h.nr_domains = 1;
	h.domains[0] = (struct host_domain) {
		.name = "web", .memory = 8 * MIB, .nr_vcpus = 18, .nr_spis = 64, .vpl011 = true, .no_reboot = true
	};
}

static void check_device(const void *fdt, const char *path, uint64_t base, uint64_t size,
                         uint32_t intid)
{
	int ctrl = fdt_node_offset_by_phandle(fdt, (uint32_t)dt_cells(fdt_getprop(fdt, 0, "interrupt-parent", NULL), 1));
	uint32_t got;
	uint64_t b, s;
	int node = fdt_path_offset(fdt, path);

	assert_true(node > 0);
	assert_int_equal(dt_reg(fdt, node, 0, &b, &s), 0);
	assert_int_equal(b, base);
	assert_int_equal(s, size);
	assert_int_equal(dt_interrupt(fdt, ctrl, node, 0, &got), 0);
	assert_int_equal(got, intid);
}

/* Whom gpio-keys asks is the controller itself. */
static void check_key(const void *fdt, const char *name, uint32_t line, uint32_t code)
{
	char path[32];
	const void *gpios;
	int key, len;

	snprintf(path, sizeof(path), "/gpio-keys/%s", name);
	key = fdt_path_offset(fdt, path);
	assert_true(key > 0);
	assert_int_equal(dt_u32(fdt, key, "linux,code", 0), code);
	assert_non_null(fdt_getprop(fdt, key, "wakeup-source", NULL));
	gpios = fdt_getprop(fdt, key, "gpios", &len);
	assert_int_equal(len, 12);
	assert_int_equal(fdt_node_offset_by_phandle(fdt, (uint32_t)dt_cells(gpios, 1)),
	                 fdt_path_offset(fdt, "/gpio@22020000"));
	assert_int_equal(dt_cells((const uint8_t *)gpios + 4, 2), (uint64_t)line << 32);
}

static void check_tree(const void *fdt, unsigned int version, uint64_t ramdisk, const char *args)
{
	static const char *const root[] = { "xen,xenvm", NULL };
	int chosen = fdt_path_offset(fdt, "/chosen");
	unsigned int found;
	uint64_t b, s;
	int ctrl = hostdt_find_gic(fdt, &found);

	assert_int_equal(fdt_check_full(fdt, fdt_totalsize(fdt)), 0);
	assert_non_null(dt_compatible(fdt, 0, root));
	assert_string_equal(dt_string(fdt, chosen, "bootargs"), args);
	assert_string_equal(dt_string(fdt, chosen, "stdout-path"), "/pl011@22000000");
	assert_int_equal(fdt_path_offset(fdt, dt_string(fdt, chosen, "stdout-path")) > 0, 1);
	assert_int_equal(dt_cells(fdt_getprop(fdt, chosen, "linux,initrd-start", NULL), 2),
	                 ramdisk);
	assert_int_equal(dt_cells(fdt_getprop(fdt, chosen, "linux,initrd-end", NULL), 2),
	                 ramdisk + INITRD);
	assert_true(ctrl > 0);
	assert_int_equal(found, version);
	assert_int_equal(dt_reg(fdt, ctrl, 0, &b, &s), 0);
	assert_int_equal(b, DOMU_GICD);
	assert_int_equal(dt_reg(fdt, ctrl, 1, &b, &s), 0);
	assert_int_equal(b, version == 2 ? 0x03002000 : 0x03020000);
	assert_int_equal(s, version == 2 ? 0x2000 : 18 * 0x20000);
	check_device(fdt, "/pl011@22000000", 0x22000000, 4096, 32);
	check_device(fdt, "/pl031@22010000", 0x22010000, 4096, 33);
	check_device(fdt, "/gpio@22020000", 0x22020000, 4096, 34);
	check_key(fdt, "power", 3, 116);
	check_key(fdt, "sleep", 4, 142);
	check_key(fdt, "restart", 5, 408);
	assert_int_equal(dt_reg(fdt, fdt_path_offset(fdt, "/memory@40000000"), 0, &b, &s), 0);
	assert_int_equal(b, DOMU_RAM);
	assert_int_equal(s, 8 * MIB);
	assert_true(fdt_path_offset(fdt, "/cpus/cpu@f") > 0);
	assert_true(fdt_path_offset(fdt, "/cpus/cpu@101") > 0);
	assert_true(fdt_path_offset(fdt, "/cpus/cpu@102") < 0);
	assert_string_equal(dt_string(fdt, fdt_path_offset(fdt, "/psci"), "method"), "hvc");
}

/* Only who is to find Xen finds it. */
static void check_hypervisor(const void *fdt, bool xen)
{
	int node = fdt_path_offset(fdt, "/hypervisor");
	const uint8_t *interrupt;
	uint64_t b, s;
	int len;

	assert_int_equal(node >= 0, xen);
	if (!xen)
		return;
	assert_string_equal(dt_string(fdt, node, "compatible"), "xen,xen-4.17");
	assert_int_equal(dt_reg(fdt, node, 0, &b, &s), 0);
	assert_int_equal(b, 0x38000000);
	assert_int_equal(s, 16 * MIB);
	interrupt = fdt_getprop(fdt, node, "interrupts", &len);
	assert_int_equal(len, 12);
	assert_int_equal(dt_cells(interrupt, 2), 1ULL << 32 | 15);
	assert_int_equal(dt_cells(interrupt + 8, 1) & 0xf, 8);
}

/* A guest's tree says to us, who read hosts' trees, what it should. */
static void test_tree_as_a_host(void **state)
{
	static uint8_t fdt[64 * 1024] __attribute__((aligned(8)));
	struct host_info read;

	for (unsigned int version = 2; version <= 3; version++) {
		struct domudt_in in = {
			.host = &h,
			.domain = &h.domains[0],
			.ram = { 1, { { DOMU_RAM, 8 * MIB } } },
		};

		machine(version);
		memset(fdt, 0, sizeof(fdt));
		assert_int_equal(domudt_build(&in, fdt, domudt_size(&in)), 0);
		assert_int_equal(hostdt_open(fdt, &read), 0);
		assert_int_equal(read.uart.base.raw, DOMU_UART);
		assert_int_equal(read.uart.intid, DOMU_UART_INTID);
		(void)hostdt_parse(&read); /* ends at what a guest lacks: behind RAM and CPUs */
		assert_int_equal(ranges_total(&read.ram), 8 * MIB);
		assert_int_equal(read.nr_cpus, 18);
		assert_int_equal(read.mpidr[17], 0x101);
		assert_null(dt_string(fdt, fdt_path_offset(fdt, "/chosen"), "bootargs"));
	}
}

/* The promised size is enough for the largest, and too little is told. */
static void test_tree_sizes(void **state)
{
	static char args[4096];
	struct domudt_in in = {
		.host = &h,
		.domain = &h.domains[0],
		.bootargs = args,
		.ram = { 1, { { DOMU_RAM, 8 * MIB } } },
	};
	uint64_t size;

	machine(3);
	memset(args, 'x', sizeof(args) - 1);
	in.ramdisk = (struct range) { 0x48000000, 4096 };
	for (unsigned int n = 1; n <= HOST_MAX_CPUS; n++) {
		void *fdt;

		h.domains[0].nr_vcpus = n;
		size = domudt_size(&in);
		fdt = malloc(size);
		assert_int_equal(domudt_build(&in, fdt, size), 0);
		free(fdt);
	}
	for (size = 0; size < 4096; size += 8) {
		void *fdt = malloc(size ? size : 1);

		assert_int_equal(domudt_build(&in, fdt, size), -ENOSPC);
		free(fdt);
	}
	assert_non_null(strstr(fake_last_log, "domain web: its device tree does not fit"));
}

/* --- building ---------------------------------------------------------------------------- */

static void load(unsigned int version)
{
	static const uint32_t magic = 0x644d5241;
	static const uint64_t image_size = 4 * MIB;

	machine(version);
	for (unsigned int i = 0; i < KERNEL; i++)
		kernel[i] = (uint8_t)(i * 31 + (i >> 12));
	for (unsigned int i = 0; i < INITRD; i++)
		initrd[i] = (uint8_t)(i * 7 + (i >> 12) + 1);
	memset(kernel, 0, 64);
	memcpy(kernel + 16, &image_size, 8);
	memcpy(kernel + 0x38, &magic, 4);
	h.nr_modules = 2;
	h.modules[0] = (struct host_module) {
		HOST_MODULE_KERNEL, 1, { ptr_pa(kernel).raw, KERNEL }, "kernel", "quiet"
	};
	h.modules[1] = (struct host_module) {
		HOST_MODULE_RAMDISK, 1, { ptr_pa(initrd).raw, INITRD }, "ramdisk", NULL
	};
}

static const uint8_t *guest_byte(uint64_t ipa)
{
	struct stage2_entry e;

	assert_int_equal(stage2_lookup(&seen.domain.s2, ipa_make(ipa), &e), 0);
	return pa_ptr(e.pa);
}

static uint64_t mapped(enum stage2_type type)
{
	uint64_t sum = 0;

	for (unsigned int i = 0; i < seen.nr_maps; i++)
		if (seen.maps[i].type == type)
			sum += seen.maps[i].size;
	return sum;
}

static void test_build(void **state)
{
	for (unsigned int version = 2; version <= 3; version++) {
		uint64_t ramdisk;

		load(version);
		assert_int_equal(domu_build(&input, 0, &guest), 0);
		assert_ptr_equal(guest.domain, &seen.domain);
		assert_int_equal(guest.entry, DOMU_RAM);
		assert_int_equal(mapped(STAGE2_RAM), 8 * MIB);
		assert_int_equal(mapped(STAGE2_DEVICE), version == 2 ? 2 * PAGE_SIZE : 0);
		assert_int_equal(seen.vgic.version, version);
		assert_int_equal(seen.vgic.nr_spis, 64);
		assert_int_equal(seen.vgic.gicd.raw, 0x03001000);
		assert_true(seen.timer);
		assert_int_equal(seen.uart, 0x22000000);
		assert_int_equal(seen.uart_intid, 32);
		assert_int_equal(seen.rtc_intid, 33);
		assert_int_equal(seen.gpio, 0x22020000);
		assert_int_equal(seen.gpio_intid, 34);
		ramdisk = DOMU_RAM + 4 * MIB;
		check_tree(guest_byte(guest.dtb), version, ramdisk, "quiet");
		for (unsigned int i = 0; i < KERNEL; i++)
			assert_int_equal(*guest_byte(guest.entry + i), kernel[i]);
		for (unsigned int i = 0; i < INITRD; i++)
			assert_int_equal(*guest_byte(ramdisk + i), initrd[i]);
		fake_pages_reset();
	}
}

static void test_xen(void **state)
{
	for (unsigned int xen = 0; xen <= 1; xen++) {
		load(3);
		h.domains[0].xen = h.domains[0].xenstore = xen;
		assert_int_equal(domu_build(&input, 0, &guest), 0);
		assert_int_equal(seen.domain.xen_ppi, 31);
		check_hypervisor(guest_byte(guest.dtb), xen);
		assert_int_equal(seen.xenstore, xen);
		fake_pages_reset();
	}
}

/* GICV's second page is in the next frame where frames are 64 KiB apart. */
static void test_gicv_frames(void **state)
{
	load(2);
	assert_int_equal(domu_build(&input, 0, &guest), 0);
	assert_int_equal(seen.maps[0].pa, GICV);
	assert_int_equal(seen.maps[1].ipa, 0x03003000);
	assert_int_equal(seen.maps[1].pa, GICV + 0x1000);
	fake_pages_reset();
	load(2);
	h.gic.gicv_size = 0x20000;
	assert_int_equal(domu_build(&input, 0, &guest), 0);
	assert_int_equal(seen.maps[1].pa, GICV + 0x10000);
	fake_pages_reset();
}

static void test_no_uart(void **state)
{
	load(3);
	h.domains[0].vpl011 = false;
	assert_int_equal(domu_build(&input, 0, &guest), 0);
	assert_int_equal(seen.uart, 0);
	assert_true(fdt_path_offset(guest_byte(guest.dtb), "/pl011@22000000") < 0);
	fake_pages_reset();
}

/* Each call that can fail does once: an error with a line, never a half-made success. */
static void test_failures(void **state)
{
	unsigned int calls;

	load(2);
	assert_int_equal(domu_build(&input, 0, &guest), 0);
	calls = seen.calls;
	fake_pages_reset();
	for (unsigned int i = 1; i <= calls; i++) {
		load(2);
		seen.fail_at = i;
		fake_logs = 0;
		assert_int_equal(domu_build(&input, 0, &guest), -ENOMEM);
		assert_true(fake_logs > 0);
		assert_non_null(strstr(fake_last_log, "web: "));
		fake_pages_reset();
	}
	load(3);
	fake_page_budget = 0;
	assert_int_equal(domu_build(&input, 0, &guest), -ENOMEM);
	assert_non_null(strstr(fake_last_log, "domain web: memory for 8 of its 8 MiB is missing"));
	fake_pages_reset();
}

/* --- RAM and devices of the machine's ---------------------------------------------------- */

static int in_pieces(uint64_t slice)
{
	struct domu_job job;
	int err = domu_begin(&job, &input, 0, slice);

	if (err == 0)
		while ((err = domu_step(&job)) == -EAGAIN)
			;
	guest = job.guest;
	return err;
}

static uint8_t *bank; /* as if it were the machine's RAM: 16 MiB, aligned to 2 MiB */

static void test_static(void **state)
{
	for (unsigned int direct = 0; direct <= 1; direct++) {
		const uint64_t low = ptr_pa(bank).raw, high = low + 8 * MIB;
		const uint64_t first = direct ? high : DOMU_RAM;
		char name[32];
		uint64_t b, s;
		int node;

		load(3);
		memset(bank, 0xa5, 16 * MIB);
		h.domains[0].direct_map = direct;
		plan.given[0] = (struct domain_ram) { 2, { { high, 6 * MIB }, { low, 2 * MIB } } };
		assert_int_equal(in_pieces(direct ? MIB + PAGE_SIZE : UINT64_MAX), 0);
		assert_int_equal(guest.entry, first);
		assert_int_equal(mapped(STAGE2_RAM), 0);
		assert_int_equal(mapped(STAGE2_FIXED), 8 * MIB);
		assert_int_equal(seen.maps[0].ipa, first);
		assert_int_equal(seen.maps[0].pa, high);
		assert_int_equal(seen.maps[1].ipa, direct ? low : DOMU_RAM + 6 * MIB);
		assert_int_equal(seen.maps[1].pa, low);
		assert_memory_equal(bank + 8 * MIB + 64, kernel + 64, KERNEL - 64);
		for (unsigned int i = 0; i < 2 * MIB; i++)
			assert_int_equal(bank[i], 0);
		assert_int_equal(bank[2 * MIB], 0xa5);
		snprintf(name, sizeof(name), "/memory@%lx", (unsigned long)first);
		node = fdt_path_offset(guest_byte(guest.dtb), name);
		assert_int_equal(dt_reg(guest_byte(guest.dtb), node, 0, &b, &s), 0);
		assert_int_equal(b, first);
		assert_int_equal(dt_reg(guest_byte(guest.dtb), node, 1, &b, &s), 0);
		assert_int_equal(b, direct ? low : DOMU_RAM + 6 * MIB);
		assert_int_equal(s, 2 * MIB);
		fake_pages_reset();
	}
	/* Nobody else may have any of it. */
	load(3);
	plan.given[0] = (struct domain_ram) { 1, { { ptr_pa(bank).raw, 8 * MIB } } };
	memset(bank, 0xa5, 16 * MIB);
	seen.shared = ptr_pa(bank).raw + 5 * MIB;
	assert_int_equal(in_pieces(UINT64_MAX), -EBUSY);
	assert_int_equal(bank[0], 0xa5);
	seen.shared += 3 * MIB;
	assert_int_equal(in_pieces(UINT64_MAX), 0);
	fake_pages_reset();
	/* The first piece has to hold what is loaded. */
	load(3);
	plan.given[0] = (struct domain_ram) { 2, { { ptr_pa(bank).raw, 2 * MIB }, { ptr_pa(bank).raw + 2 * MIB, 6 * MIB } } };
	assert_int_equal(domu_build(&input, 0, &guest), -ENOMEM);
	assert_non_null(strstr(fake_last_log, "domain web: its 2 MiB hold no kernel"));
}

/* A tree with a device, its GIC's phandle, nodes within nodes, and what is said to Dormouse alone. */
static void *partial_tree(void)
{
	void *fdt = calloc(1, 4096);
	int node;

	dt_must(fdt_create_empty_tree(fdt, 4096));
	node = dt_must(fdt_add_subnode(fdt, 0, "passthrough"));
	dt_must(fdt_setprop_string(fdt, node, "compatible", "simple-bus"));
	dt_must(fdt_setprop_empty(fdt, node, "ranges"));
	dt_must(fdt_setprop_u32(fdt, node, "#address-cells", 2));
	dt_must(fdt_setprop_u32(fdt, node, "#size-cells", 2));
	dt_must(fdt_add_subnode(fdt, node, "last"));
	node = dt_must(fdt_add_subnode(fdt, dt_node(fdt, "/passthrough"), "dev@9040000"));
	dt_must(fdt_setprop_u64(fdt, node, "reg", 0x9040000));
	dt_must(fdt_appendprop_u64(fdt, node, "reg", 0x1000));
	dt_must(fdt_setprop_u64(fdt, node, "xen,reg", 0x9040000));
	dt_must(fdt_setprop_string(fdt, node, "xen,path", "/dev"));
	dt_must(fdt_setprop_empty(fdt, node, "xen,force-assign-without-iommu"));
	dt_must(fdt_setprop_u32(fdt, node, "interrupts", 0));
	dt_must(fdt_appendprop_u32(fdt, node, "interrupts", 68));
	dt_must(fdt_appendprop_u32(fdt, node, "interrupts", 4));
	node = dt_must(fdt_add_subnode(fdt, node, "child"));
	dt_must(fdt_add_subnode(fdt, node, "grandchild"));
	node = dt_must(fdt_add_subnode(fdt, 0, "gic"));
	dt_must(fdt_setprop_u32(fdt, node, "phandle", 0x1234));
	dt_must(fdt_pack(fdt));
	return fdt;
}

static void load_device(void *partial)
{
	load(3);
	h.modules[2] = (struct host_module) {
		HOST_MODULE_DEVICE_TREE, 1, { ptr_pa(partial).raw, fdt_totalsize(partial) }, "dtb", NULL
	};
	h.nr_modules = 3;
	passed.region[0] = (struct passed_region) { 1, 0x9040000, 0x9050000, 0x1000 };
	passed.region[1] = (struct passed_region) { 2, 0x9060000, 0x9060000, 0x1000 };
	passed.nr_regions = 2;
	passed.interrupt[0] = (struct passed_interrupt) { 1, 100, "dev" };
	passed.interrupt[1] = (struct passed_interrupt) { 2, 101, "other" };
	passed.nr_interrupts = 2;
	passed.max_intid[0] = 100;
	passed.max_intid[1] = 101;
}

static void test_device(void **state)
{
	void *partial = partial_tree();
	const void *tree;
	int node;

	load_device(partial);
	passed.dma[0] = true;
	assert_int_equal(domu_build(&input, 0, &guest), 0);
	assert_int_equal(mapped(STAGE2_DEVICE), PAGE_SIZE);
	assert_int_equal(seen.maps[0].ipa, 0x9050000);
	assert_int_equal(seen.maps[0].pa, 0x9040000);
	assert_int_equal(seen.nr_irqs, 1);
	assert_int_equal(seen.nr_virqs, 1);
	assert_int_equal(seen.vgic.nr_spis, 96); /* as many as it takes */
	assert_int_equal(guest.domain->host_suspend, HOST_SUSPEND_REQUIRE);
	tree = guest_byte(guest.dtb);
	assert_int_equal(fdt_check_full(tree, fdt_totalsize(tree)), 0);
	check_device(tree, "/passthrough/dev@9040000", 0x9040000, 0x1000, 100);
	assert_true(fdt_path_offset(tree, "/passthrough/dev@9040000/child/grandchild") > 0);
	assert_true(fdt_path_offset(tree, "/passthrough/last") > 0);
	node = dt_node(tree, "/passthrough/dev@9040000");
	assert_null(fdt_getprop(tree, node, "xen,reg", NULL));
	assert_null(fdt_getprop(tree, node, "xen,path", NULL));
	assert_int_equal(fdt_node_offset_by_phandle(tree, 0x1234),
	                 dt_node(tree, "/interrupt-controller@3001000"));
	check_device(tree, "/pl031@22010000", 0x22010000, 4096, 33);
	fake_pages_reset();

	/* Who says what it wants gets that. */
	load_device(partial);
	passed.dma[0] = true;
	h.domains[0].host_suspend_given = true;
	assert_int_equal(domu_build(&input, 0, &guest), 0);
	assert_int_equal(guest.domain->host_suspend, HOST_SUSPEND_FREEZE);
	fake_pages_reset();

	load_device(partial);
	seen.busy_irq = 100;
	assert_int_equal(domu_build(&input, 0, &guest), -EBUSY);
	assert_non_null(strstr(fake_last_log, "domain web: device dev: its interrupt 100 is in use"));
	fake_pages_reset();
	free(partial);
}

/* Made again of what stays: the modules, and the tree of the first time. */
static void test_again(void **state)
{
	static uint8_t first[64 * 1024];
	struct domu_job job;
	uint64_t dtb, size;
	int err;

	load(3);
	h.domains[0].no_reboot = false;
	assert_int_equal(domu_build(&input, 0, &guest), 0);
	assert_int_equal(guest.domain->boot_number, 1);
	dtb = guest.dtb;
	size = fdt_totalsize(guest_byte(dtb));
	assert_true(size <= sizeof(first));
	memcpy(first, guest_byte(dtb), size);
	/* The machine's tree has been given away. */
	memset(&seen, 0, sizeof(seen));
	h.fdt = NULL;
	h.cpu_compatible = (const char *)8;
	h.modules[0].name = h.modules[1].name = h.modules[0].bootargs = (const char *)8;
	assert_int_equal(domu_begin(&job, &input, 0, 64 * KIB), 0);
	for (unsigned int steps = 0; (err = domu_step(&job)) == -EAGAIN; steps++) {
		assert_true(steps < 200);
	}
	assert_int_equal(seen.maps[0].size, 2 * MIB); /* no larger piece */
	assert_int_equal(err, 0);
	guest = job.guest;
	assert_int_equal(guest.dtb, dtb);
	assert_int_equal(guest.entry, DOMU_RAM);
	assert_memory_equal(guest_byte(dtb), first, size);
	for (unsigned int i = 64; i < KERNEL; i++)
		assert_int_equal(*guest_byte(guest.entry + i), kernel[i]);
	for (unsigned int i = 0; i < INITRD; i++)
		assert_int_equal(*guest_byte(DOMU_RAM + 4 * MIB + i), initrd[i]);
	assert_int_equal(mapped(STAGE2_RAM), 8 * MIB);
}

static void test_no_kernel(void **state)
{
	load(3);
	kernel[0x38] = 'x';
	assert_int_equal(domu_build(&input, 0, &guest), -EINVAL);
	assert_non_null(strstr(fake_last_log, "domain web: its kernel"));
	fake_pages_reset();
	load(3);
	h.domains[0].memory = 4 * MIB;
	assert_int_equal(domu_build(&input, 0, &guest), -ENOMEM);
	fake_pages_reset();
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_places),      cmocka_unit_test(test_tree_as_a_host),
		cmocka_unit_test(test_tree_sizes),  cmocka_unit_test(test_build), cmocka_unit_test(test_xen),
		cmocka_unit_test(test_gicv_frames), cmocka_unit_test(test_no_uart),
		cmocka_unit_test(test_failures),    cmocka_unit_test(test_no_kernel),
		cmocka_unit_test(test_static),      cmocka_unit_test(test_device),
		cmocka_unit_test(test_again), /* the last: it keeps a tree */
	};
	int failed;

	kernel = aligned_alloc(4096, 4 * MIB);
	initrd = aligned_alloc(4096, MIB);
	bank = aligned_alloc(2 * MIB, 16 * MIB);
	failed = cmocka_run_group_tests_name("domu", tests, NULL, NULL);
	free(kernel);
	free(initrd);
	free(bank);
	fake_pages_reset();
	return failed;
}
