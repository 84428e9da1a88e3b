/* SPDX-License-Identifier: Apache-2.0 */
/* Who gets which RAM: properties that every plan must have, over many machines and loaders. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>
#include <libfdt.h>
#include "boot/domumap.h"
#include "boot/layout.h"
#include "boot_dt.h"
#include "fake_cpu.h"
#include "lib/err.h"

#define RAM 0x40000000

static struct host_info h;
static struct boot_plan plan;
static struct layout_in in;

/* A machine with 1 GiB, image at 1 MiB multiples, Debian's kernel and a ramdisk. */
static void machine(uint64_t ram_size)
{
	memset(&h, 0, sizeof(h));
	ranges_add(&h.ram, RAM, ram_size);
	h.fdt_at = (struct range) { RAM + 0x200000, 0x4000 };
	h.nr_modules = 2;
	h.modules[0] = (struct host_module) { .kind = HOST_MODULE_KERNEL,
		                              .name = "module@0",
		                              .at = { DT_KERNEL, DT_KERNEL_SIZE } };
	h.modules[1] = (struct host_module) { .kind = HOST_MODULE_RAMDISK,
		                              .name = "module@1",
		                              .at = { DT_INITRD, DT_INITRD_SIZE } };
	in = (struct layout_in) { .host = &h,
		                  .image = { RAM + 4 * MIB, 300 * KIB },
		                  .kernel = { .text_offset = 0, .image_size = 35 * MIB },
		                  .nr_cpus = 4,
		                  .dtb_size = 32 * KIB };
}

static bool overlaps(struct range a, struct range b)
{
	return range_overlap(&a, &b);
}

/* In ranges, and nowhere where somebody else is. */
static void check_mine(struct range r)
{
	assert_true(ranges_contain(&plan.dom0, r.base, r.size));
	assert_false(ranges_touch(&h.unusable, r.base, r.size));
	assert_false(ranges_touch(&h.reserved, r.base, r.size));
}

static void check_not_before_read(struct range to, const struct range *own)
{
	assert_false(overlaps(to, h.fdt_at));
	for (unsigned int i = 0; i < h.nr_modules; i++)
		if (&h.modules[i].at != own)
			assert_false(overlaps(to, h.modules[i].at));
}

static void check_plan(void)
{
	struct ranges all = { .count = 0 }, left, kept;
	uint64_t given = 0;

	/* Everybody's together is RAM without what is nobody's, and nothing twice. */
	assert_int_equal(ranges_add_all(&all, &plan.dom0), 0);
	assert_int_equal(ranges_add_all(&all, &plan.spare), 0);
	assert_int_equal(ranges_add(&all, plan.own.base, plan.own.size), 0);
	assert_int_equal(ranges_add(&all, plan.heap.base, plan.heap.size), 0);
	for (unsigned int i = 0; i < h.nr_domains; i++) {
		for (unsigned int j = 0; j < plan.given[i].count; j++) {
			const struct range *r = &plan.given[i].bank[j];

			assert_int_equal(ranges_add(&all, r->base, r->size), 0);
			given += r->size;
		}
	}
	assert_int_equal(ranges_total(&all), ranges_total(&plan.dom0) + ranges_total(&plan.spare) +
	                                             plan.own.size + plan.heap.size + given);
	/* Modules that stay are nobody's. */
	kept = h.ram;
	assert_int_equal(layout_remove_kept(&h, &kept), 0);
	left = h.ram;
	ranges_remove_all(&left, &kept);
	for (unsigned int i = 0; i < left.count; i++)
		assert_false(ranges_touch(&all, left.r[i].base, left.r[i].size));
	ranges_add_all(&all, &left);
	left = h.ram;
	ranges_remove_all(&left, &all);
	ranges_remove_all(&left, &h.unusable);
	assert_int_equal(ranges_total(&left), 0);
	ranges_remove_all(&all, &h.ram);
	assert_int_equal(ranges_total(&all), 0);

	assert_true(overlaps(plan.own, in.image));
	assert_in_range(plan.heap.size, layout_heap_size(in.nr_cpus), 8 * MIB);
	check_not_before_read(plan.heap, NULL);

	check_mine(plan.kernel.to);
	check_mine(plan.dtb);
	assert_int_equal((plan.kernel.to.base - in.kernel.text_offset) % (2 * MIB), 0);
	assert_int_equal(plan.kernel.to.size, in.kernel.image_size);
	assert_int_equal(plan.dtb.base % 8, 0);
	assert_false(overlaps(plan.kernel.to, plan.dtb));
	check_not_before_read(plan.kernel.to, &h.modules[0].at);
	check_not_before_read(plan.dtb, NULL);
	if (plan.ramdisk.to.size) {
		check_mine(plan.ramdisk.to);
		check_not_before_read(plan.ramdisk.to, &h.modules[1].at);
		assert_false(overlaps(plan.kernel.to, plan.ramdisk.to));
		assert_false(overlaps(plan.dtb, plan.ramdisk.to));
	}
}

static void test_usual(void **state)
{
	machine(GIB);
	assert_int_equal(layout_plan(&in, &plan), 0);
	check_plan();
	/* One 2 MiB block is all that Dormouse takes. */
	assert_int_equal(plan.own.size + plan.heap.size, 2 * MIB);
	assert_int_equal(ranges_total(&plan.dom0), GIB - 2 * MIB);
	assert_int_equal(plan.ramdisk.to.base, DT_INITRD);
	assert_int_equal(plan.spare.count, 0);
}

static void test_every_machine(void **state)
{
	static const uint64_t sizes[] = { 512 * MIB, GIB, 8 * GIB };
	static const uint64_t images[] = { 0, 1 * MIB + 0x80000, 64 * MIB, 480 * MIB };
	static const uint64_t dom0_mem[] = { 0, 128 * MIB, 300 * MIB + 12345 };
	static const unsigned int cpus[] = { 1, 4, 8, 64 };

	for (size_t s = 0; s < ARRAY_SIZE(sizes); s++)
		for (size_t i = 0; i < ARRAY_SIZE(images); i++)
			for (size_t m = 0; m < ARRAY_SIZE(dom0_mem); m++)
				for (size_t c = 0; c < ARRAY_SIZE(cpus); c++) {
					machine(sizes[s]);
					in.image.base = RAM + images[i];
					in.dom0_mem = dom0_mem[m];
					in.nr_cpus = cpus[c];
					h.fdt_at.base = RAM + 0x600000;
					assert_int_equal(layout_plan(&in, &plan), 0);
					check_plan();
				}
}

static void test_dom0_mem(void **state)
{
	machine(GIB);
	in.dom0_mem = 256 * MIB;
	assert_int_equal(layout_plan(&in, &plan), 0);
	check_plan();
	assert_in_range(ranges_total(&plan.dom0), 256 * MIB, 258 * MIB);
	assert_int_equal(plan.dom0.r[0].base, RAM); /* the lowest */
	assert_int_equal(range_end(&plan.dom0.r[plan.dom0.count - 1]) % (2 * MIB), 0);
	assert_in_range(ranges_total(&plan.spare), 764 * MIB, 768 * MIB);
	/* More than there is: a warning, and all. */
	in.dom0_mem = 4 * GIB;
	fake_logs = 0;
	assert_int_equal(layout_plan(&in, &plan), 0);
	assert_int_equal(fake_logs, 1);
	assert_int_equal(ranges_total(&plan.dom0), GIB - 2 * MIB);
}

/* Modules outside Dom0's memory are copied into it; their place is spare. */
static void test_modules_in_spare(void **state)
{
	machine(GIB);
	in.dom0_mem = 100 * MIB;
	h.modules[0].at.base = RAM + 512 * MIB;
	h.modules[1].at.base = RAM + 700 * MIB + 5;
	assert_int_equal(layout_plan(&in, &plan), 0);
	check_plan();
	assert_true(ranges_contain(&plan.spare, h.modules[0].at.base, DT_KERNEL_SIZE));
	assert_true(ranges_contain(&plan.spare, h.modules[1].at.base, DT_INITRD_SIZE));
	assert_int_equal(plan.ramdisk.from.base, h.modules[1].at.base);
	assert_in_range(plan.ramdisk.to.base, RAM, RAM + 102 * MIB);
}

static void test_too_little(void **state)
{
	machine(GIB);
	in.dom0_mem = 16 * MIB;
	assert_int_equal(layout_plan(&in, &plan), -ENOMEM);
	assert_non_null(strstr(fake_last_log, "dom0_mem=16M: the kernel (needs 35 MiB) and the "
	                                      "ramdisk (6 MiB)"));
	assert_non_null(strstr(fake_last_log, "give at least"));
	machine(32 * MIB);
	assert_int_equal(layout_plan(&in, &plan), -EINVAL); /* modules beyond the end of RAM */
	assert_non_null(strstr(fake_last_log, "does not lie in RAM"));
}

/* Hardly any room: the kernel moves over its own source, which memmove() does. */
static void test_tight(void **state)
{
	machine(52 * MIB);
	in.image.base = RAM;
	h.fdt_at = (struct range) { RAM + 51 * MIB, 0x4000 };
	h.modules[0].at = (struct range) { RAM + 2 * MIB + 4096, 33 * MIB };
	h.modules[1].at = (struct range) { RAM + 45 * MIB, 5 * MIB };
	assert_int_equal(layout_plan(&in, &plan), 0);
	check_plan();
	assert_true(overlaps(plan.kernel.to, plan.kernel.from));
	assert_int_equal(plan.ramdisk.to.base, plan.ramdisk.from.base);
}

static void test_heap_elsewhere(void **state)
{
	machine(GIB);
	/* A module right behind the image, page after page. */
	h.modules[1].at = (struct range) { RAM + 4 * MIB + 300 * KIB + 10, 5 * MIB };
	in.image.size = 300 * KIB;
	assert_int_equal(layout_plan(&in, &plan), 0);
	check_plan();
	assert_int_equal(plan.heap.base % (2 * MIB), 0);
	/* Room for what is needed, but not to the end of the block. */
	machine(GIB);
	h.modules[1].at.base = RAM + 4 * MIB + 300 * KIB + layout_heap_size(4);
	assert_int_equal(layout_plan(&in, &plan), 0);
	check_plan();
	assert_int_equal(plan.heap.size, layout_heap_size(4));
	assert_int_equal(plan.heap.base, range_end(&plan.own));
}

static void test_text_offset_and_no_ramdisk(void **state)
{
	machine(GIB);
	h.nr_modules = 1;
	in.kernel.text_offset = 0x80000;
	assert_int_equal(layout_plan(&in, &plan), 0);
	check_plan();
	assert_int_equal(plan.kernel.to.base % (2 * MIB), 0x80000);
	assert_int_equal(plan.ramdisk.to.size, 0);
}

static void test_reserved(void **state)
{
	machine(GIB);
	ranges_add(&h.unusable, RAM, MIB);
	ranges_add(&h.unusable, RAM + 512 * MIB, 16 * MIB);
	ranges_add(&h.reserved, RAM + 600 * MIB, 8 * MIB);
	in.dom0_mem = 256 * MIB;
	assert_int_equal(layout_plan(&in, &plan), 0);
	check_plan();
	assert_int_equal(plan.dom0.r[0].base, RAM + MIB);
	/* Described to Dom0, so it is memory of Dom0's, though beyond its 256 MiB. */
	assert_true(ranges_contain(&plan.dom0, RAM + 600 * MIB, 8 * MIB));
	assert_false(ranges_touch(&plan.dom0, RAM + 512 * MIB, 16 * MIB));
}

/* Nobody can have Dormouse mapped by declaring its memory reserved. */
static void test_reserved_over_image(void **state)
{
	machine(GIB);
	ranges_add(&h.reserved, in.image.base, 2 * MIB);
	assert_int_equal(layout_plan(&in, &plan), 0);
	assert_false(ranges_touch(&plan.dom0, plan.own.base, plan.own.size));
	assert_false(ranges_touch(&plan.dom0, plan.heap.base, plan.heap.size));
}

static void test_bad_modules(void **state)
{
	machine(GIB);
	h.modules[0].at.base = in.image.base - 4096;
	assert_int_equal(layout_plan(&in, &plan), -EINVAL);
	assert_non_null(strstr(fake_last_log, "overlaps Dormouse's image"));
	machine(GIB);
	h.modules[1].at.base = h.modules[0].at.base + 4096;
	assert_int_equal(layout_plan(&in, &plan), -EINVAL);
	assert_non_null(strstr(fake_last_log, "overlaps module@0"));
	machine(GIB);
	h.modules[1].at = (struct range) { h.fdt_at.base + 0x3fff, 4096 };
	assert_int_equal(layout_plan(&in, &plan), -EINVAL);
	assert_non_null(strstr(fake_last_log, "overlaps the device tree"));
	machine(GIB);
	h.modules[0].at.base = RAM - MIB;
	assert_int_equal(layout_plan(&in, &plan), -EINVAL);
	machine(GIB);
	h.modules[0].kind = HOST_MODULE_OTHER;
	assert_int_equal(layout_plan(&in, &plan), -ENODEV);
	assert_non_null(strstr(fake_last_log, "no kernel for Dom0"));
	machine(GIB);
	in.image.base = 0x1000;
	assert_int_equal(layout_plan(&in, &plan), -EINVAL);
}

/* --- ranges ------------------------------------------------------------------------------ */

/* Against one bit a unit, in random operations. */
static void test_ranges_model(void **state)
{
	uint32_t seed = 7;

	for (unsigned int round = 0; round < 200; round++) {
		struct ranges rs = { .count = 0 };
		bool model[256] = { false };

		for (unsigned int op = 0; op < 60; op++) {
			unsigned int base, size, total = 0;

			seed = seed * 1664525 + 1013904223;
			base = (seed >> 8) % 200;
			size = (seed >> 20) % 40;
			if (seed & 128)
				assert_int_equal(ranges_add(&rs, base, size), 0);
			else
				assert_int_equal(ranges_remove(&rs, base, size), 0);
			for (unsigned int i = base; i < base + size; i++)
				model[i] = seed & 128;
			for (unsigned int i = 0; i < 256; i++) {
				total += model[i];
				assert_int_equal(ranges_contain(&rs, i, 1), model[i]);
				assert_int_equal(ranges_touch(&rs, i, 1), model[i]);
			}
			assert_int_equal(ranges_total(&rs), total);
			for (unsigned int i = 1; i < rs.count; i++)
				assert_true(range_end(&rs.r[i - 1]) < rs.r[i].base);
		}
	}
}

static void test_ranges_limits(void **state)
{
	struct ranges rs = { .count = 0 };
	uint64_t base;

	for (unsigned int i = 0; i < RANGES_MAX; i++)
		assert_int_equal(ranges_add(&rs, 4 + i * 10, 5), 0);
	assert_int_equal(ranges_add(&rs, 0, 1), -ENOSPC);
	assert_int_equal(ranges_remove(&rs, 6, 1), -ENOSPC);
	rs.count = 0;
	assert_int_equal(ranges_add(&rs, ~0ULL - 4, 10), -ERANGE);
	assert_int_equal(ranges_remove(&rs, ~0ULL - 4, 10), -ERANGE);
	assert_int_equal(ranges_find(&rs, 1, 1, 0, &base), -ENOENT);
	ranges_add(&rs, 0x1001, 0x3000);
	assert_int_equal(ranges_find(&rs, 0x1000, 0x1000, 0, &base), 0);
	assert_int_equal(base, 0x2000);
	assert_int_equal(ranges_find(&rs, 0x1000, 0x1000, 0x10, &base), 0);
	assert_int_equal(base, 0x1000);
	assert_int_equal(ranges_find(&rs, 0x3000, 0x1000, 0, &base), -ENOENT);
	ranges_trim_pages(&rs);
	assert_int_equal(rs.count, 1);
	assert_int_equal(rs.r[0].base, 0x2000);
	assert_int_equal(rs.r[0].size, 0x2000);
}

/* The whole way from QEMU's trees. */
static void test_qemu(void **state)
{
	for (size_t i = 0; i < dt_case_count; i++) {
		const struct dt_case *c = &dt_cases[i];
		void *fdt = dt_load(c->gic, c->cpus, c->mib);

		machine(GIB);
		assert_int_equal(hostdt_open(fdt, &h), 0);
		assert_int_equal(hostdt_parse(&h), 0);
		h.fdt_at.base = RAM; /* where QEMU has it */
		in.nr_cpus = h.nr_cpus;
		assert_int_equal(layout_plan(&in, &plan), 0);
		check_plan();
		assert_in_range(plan.own.size + plan.heap.size, MIB, 4 * MIB);
		free(fdt);
	}
}

/* --- domains besides Dom0 ---------------------------------------------------------------- */

static void add_domain(uint64_t memory, uint64_t kernel, uint64_t size)
{
	struct host_domain *d = &h.domains[h.nr_domains++];

	snprintf(d->name, sizeof(d->name), "guest%u", h.nr_domains);
	d->memory = memory;
	h.modules[h.nr_modules++] = (struct host_module) { .kind = HOST_MODULE_KERNEL,
		                                           .domain = h.nr_domains,
		                                           .name = "module",
		                                           .at = { kernel, size } };
}

/* Whole 2 MiB blocks of the spare RAM that can be had before the modules are read. */
static uint64_t usable(void)
{
	struct ranges rs = plan.spare;
	uint64_t sum = 0;

	assert_int_equal(layout_remove_sources(&h, &rs), 0);
	for (unsigned int i = 0; i < rs.count; i++) {
		uint64_t first = ALIGN_UP(rs.r[i].base, 2 * MIB);
		uint64_t end = ALIGN_DOWN(range_end(&rs.r[i]), 2 * MIB);

		sum += end > first ? end - first : 0;
	}
	return sum;
}

static void test_domains(void **state)
{
	machine(GIB);
	assert_int_equal(layout_domains_size(&h), 0);
	add_domain(256 * MIB, 0x50000000, 33 * MIB);
	add_domain(128 * MIB, 0x54000000, 33 * MIB);
	assert_int_equal(layout_domains_size(&h), 388 * MIB);
	assert_int_equal(layout_plan(&in, &plan), 0);
	check_plan();
	/* As much as they need is left to them, and not much more. */
	assert_in_range(usable(), 388 * MIB, 392 * MIB);
	in.dom0_mem = 256 * MIB;
	assert_int_equal(layout_plan(&in, &plan), 0);
	check_plan();
	assert_in_range(ranges_total(&plan.dom0), 256 * MIB, 258 * MIB);
}

/* Modules high in RAM take room of what is to become the domains'. */
static void test_domains_modules_high(void **state)
{
	machine(GIB);
	add_domain(256 * MIB, 0x7d001000, 33 * MIB);
	add_domain(128 * MIB, 0x70000000, 33 * MIB);
	assert_int_equal(layout_plan(&in, &plan), 0);
	check_plan();
	assert_in_range(usable(), 388 * MIB, 396 * MIB);
}

static void test_domains_without_dom0(void **state)
{
	machine(GIB);
	h.nr_modules = 0;
	add_domain(512 * MIB, 0x50000000, 33 * MIB);
	assert_int_equal(layout_plan(&in, &plan), 0);
	assert_int_equal(plan.dom0.count, 0);
	assert_int_equal(plan.kernel.to.size, 0);
	assert_int_equal(ranges_total(&plan.spare), GIB - 35 * MIB);
	h.domains[0].memory = GIB;
	assert_int_equal(layout_plan(&in, &plan), -ENOMEM);
	assert_non_null(strstr(fake_last_log, "domain guest1: its 1024 MiB"));
}

static void test_domains_do_not_fit(void **state)
{
	machine(GIB);
	add_domain(512 * MIB, 0x50000000, 33 * MIB);
	add_domain(512 * MIB, 0x54000000, 33 * MIB);
	assert_int_equal(layout_plan(&in, &plan), -ENOMEM);
	assert_non_null(strstr(fake_last_log, "domain guest2: its 512 MiB"));
	/* They would, but nothing is left for Dom0. */
	h.domains[1].memory = 482 * MIB;
	assert_int_equal(layout_plan(&in, &plan), -ENOMEM);
	/* Told how much is Dom0's. */
	h.domains[1].memory = 128 * MIB;
	in.dom0_mem = 512 * MIB;
	assert_int_equal(layout_plan(&in, &plan), -ENOMEM);
	assert_non_null(strstr(fake_last_log, "reduce dom0_mem="));
	h.domains[0].memory = 256 * GIB;
	assert_int_equal(layout_plan(&in, &plan), -ENOMEM);
	assert_non_null(strstr(fake_last_log, "domain guest1: its 262144 MiB"));
}

/* A domain whose modules needn't stay leaves them to others. */
static void test_kept_modules(void **state)
{
	uint64_t without;

	machine(GIB);
	add_domain(256 * MIB, 0x50000000, 33 * MIB);
	assert_int_equal(layout_plan(&in, &plan), 0);
	check_plan();
	without = ranges_total(&plan.dom0) + ranges_total(&plan.spare);
	h.domains[0].no_reboot = true;
	assert_int_equal(layout_plan(&in, &plan), 0);
	check_plan();
	assert_int_equal(ranges_total(&plan.dom0) + ranges_total(&plan.spare), without + 33 * MIB);
	/* Names of devices point into it. */
	h.modules[2].kind = HOST_MODULE_DEVICE_TREE;
	assert_int_equal(layout_plan(&in, &plan), 0);
	assert_int_equal(ranges_total(&plan.dom0) + ranges_total(&plan.spare), without);
}

static void test_direct_map(void **state)
{
	for (unsigned int with_dom0 = 0; with_dom0 <= 1; with_dom0++) {
		machine(GIB);
		if (!with_dom0)
			h.nr_modules = 0;
		add_domain(256 * MIB, 0x50000000, 33 * MIB);
		add_domain(128 * MIB, 0x7d001000, 33 * MIB);
		h.domains[0].direct_map = true;
		assert_int_equal(layout_domains_size(&h), 132 * MIB);
		assert_int_equal(layout_plan(&in, &plan), 0);
		if (with_dom0)
			check_plan();
		assert_int_equal(plan.given[0].count, 1);
		/* The highest whole blocks below the module. */
		assert_int_equal(plan.given[0].bank[0].base, 0x6d000000);
		assert_int_equal(plan.given[0].bank[0].size, 256 * MIB);
		assert_int_equal(plan.given[1].count, 0);
		assert_true(usable() >= 132 * MIB);
	}
	h.domains[0].memory = 900 * MIB;
	assert_int_equal(layout_plan(&in, &plan), -ENOMEM);
	assert_non_null(strstr(fake_last_log, "domain guest1: direct-map: no 900 MiB in one"));
}

/* Its own devices are at the same addresses as any domain's. */
static void test_direct_map_beside_devices(void **state)
{
	machine(GIB);
	h.ram.count = 0;
	ranges_add(&h.ram, 0, 0x40000000);
	h.nr_modules = 0;
	h.fdt_at = (struct range) { 0x200000, 0x4000 };
	in.image.base = 4 * MIB;
	add_domain(96 * MIB, 0x08000000, 33 * MIB);
	for (unsigned int i = 1; i < 6; i++)
		add_domain(96 * MIB, 0x30000000 + i * 2 * MIB, MIB);
	for (unsigned int i = 0; i < h.nr_domains; i++)
		h.domains[i].direct_map = true;
	assert_int_equal(layout_plan(&in, &plan), 0);
	for (unsigned int i = 0; i < h.nr_domains; i++) {
		const struct range *r = &plan.given[i].bank[0];

		assert_int_equal(plan.given[i].count, 1);
		assert_true(r->base >= 0x04000000);
		assert_null(domumap_taken(r->base, r->size));
		for (unsigned int j = 0; j < i; j++)
			assert_false(overlaps(*r, plan.given[j].bank[0]));
	}
	assert_string_equal(domumap_taken(0x20000000, 0x4000000), "virtual UART");
}

static void test_static(void **state)
{
	static const struct {
		uint64_t base;
		const char *says;
	} wrong[] = {
		{ RAM + 4 * MIB, "there is Dormouse's image" },
		{ RAM + 2 * MIB, "there is the device tree" },
		{ 0x48000000, "there is module@0" },
		{ 0x50000000, "there is module" },
		{ 0x80000000, "there is a hole in the RAM" },
		{ 0x60000000, "there is guest1" },
		{ 0x69000000, "there is reserved memory" },
	};

	machine(GIB);
	add_domain(64 * MIB, 0x50000000, 33 * MIB);
	add_domain(32 * MIB, 0x54000000, 33 * MIB);
	ranges_add(&h.unusable, 0x69000000, PAGE_SIZE);
	h.domains[0].nr_banks = 2;
	h.domains[0].bank[0] = (struct range) { 0x60000000, 48 * MIB };
	h.domains[0].bank[1] = (struct range) { 0x5e000000, 16 * MIB };
	h.domains[1].nr_banks = 1;
	h.domains[1].bank[0] = (struct range) { 0x5fe00000 - 8 * MIB, 2 * MIB };
	assert_int_equal(layout_domains_size(&h), 4 * MIB);
	assert_int_equal(layout_plan(&in, &plan), 0);
	check_plan();
	assert_int_equal(plan.given[0].count, 2);
	assert_memory_equal(plan.given[0].bank, h.domains[0].bank, 2 * sizeof(struct range));
	for (size_t i = 0; i < ARRAY_SIZE(wrong); i++) {
		h.domains[1].bank[0] = (struct range) { wrong[i].base, 2 * MIB };
		assert_int_equal(layout_plan(&in, &plan), -EINVAL);
		if (!strstr(fake_last_log, wrong[i].says))
			fail_msg("%zu: \"%s\" is not in \"%s\"", i, wrong[i].says, fake_last_log);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_usual),
		cmocka_unit_test(test_every_machine),
		cmocka_unit_test(test_dom0_mem),
		cmocka_unit_test(test_modules_in_spare),
		cmocka_unit_test(test_too_little),
		cmocka_unit_test(test_tight),
		cmocka_unit_test(test_heap_elsewhere),
		cmocka_unit_test(test_text_offset_and_no_ramdisk),
		cmocka_unit_test(test_reserved),
		cmocka_unit_test(test_reserved_over_image),
		cmocka_unit_test(test_bad_modules),
		cmocka_unit_test(test_ranges_model),
		cmocka_unit_test(test_ranges_limits),
		cmocka_unit_test(test_qemu),
		cmocka_unit_test(test_domains),   cmocka_unit_test(test_domains_modules_high),
		cmocka_unit_test(test_domains_without_dom0),
		cmocka_unit_test(test_domains_do_not_fit),
		cmocka_unit_test(test_kept_modules),
		cmocka_unit_test(test_direct_map),
		cmocka_unit_test(test_direct_map_beside_devices),
		cmocka_unit_test(test_static),
	};

	return cmocka_run_group_tests_name("layout", tests, NULL, NULL);
}
