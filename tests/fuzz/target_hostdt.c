/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The host's device tree, and all that is made of it: hostdt, chosen, domnode; then the layout of
 * memory, Dom0's tree and devices, and the trees of the other domains. What comes out must be true
 * whatever went in: plans don't overlap, trees are trees.
 */
#include "boot/hostdt.h"

#include <libfdt.h>
#include <stdlib.h>

#include "boot/dom0dev.h"
#include "boot/dom0dt.h"
#include "boot/domudt.h"
#include "boot/layout.h"
#include "fuzz_dt.h"

#define MAX_TREE (256 * 1024)

static struct host_info h;
static struct boot_plan plan;
static struct passthrough nothing_passed;
static struct ranges pages;
static _Alignas(8) FUZZ_SCRATCH uint8_t tree[MAX_TREE];

void fuzz_setup(void)
{
}

static void check_host(void)
{
	FUZZ_CHECK(h.nr_cpus >= 1 && h.nr_cpus <= HOST_MAX_CPUS);
	FUZZ_CHECK(h.gic.version == 2 || h.gic.version == 3);
	FUZZ_CHECK(h.ram.count && h.ram.count <= RANGES_MAX);
	FUZZ_CHECK(h.nr_modules <= HOST_MAX_MODULES && h.nr_domains <= HOST_MAX_DOMAINS);
	FUZZ_CHECK(h.bootargs && h.dom0_bootargs);
	for (unsigned int i = 0; i < h.nr_domains; i++) {
		const struct host_domain *d = &h.domains[i];

		FUZZ_CHECK(d->name[0] && memchr(d->name, 0, sizeof(d->name)));
		FUZZ_CHECK(d->nr_vcpus >= 1 && d->nr_vcpus <= HOST_MAX_CPUS && d->memory);
		FUZZ_CHECK(IS_ALIGNED(d->memory, 2 * MIB) && d->nr_banks <= HOST_MAX_BANKS);
	}
}

/* Within Dom0's RAM, and where nothing lies that is still to be read. */
static void check_placed(const struct range *r)
{
	FUZZ_CHECK(r->size && ranges_contain(&plan.dom0, r->base, r->size));
	FUZZ_CHECK(!ranges_touch(&h.unusable, r->base, r->size));
	FUZZ_CHECK(!range_overlap(r, &h.fdt_at));
}

static void check_plan(const struct layout_in *in)
{
	static struct ranges all;
	uint64_t total = plan.heap.size;

	all.count = 0;
	FUZZ_CHECK(ranges_contain(&h.ram, plan.heap.base, plan.heap.size));
	FUZZ_CHECK(!ranges_touch(&h.unusable, plan.heap.base, plan.heap.size));
	FUZZ_CHECK(ranges_add(&all, plan.heap.base, plan.heap.size) == 0);
	FUZZ_CHECK(!ranges_touch(&plan.dom0, in->image.base, in->image.size));
	FUZZ_CHECK(!ranges_touch(&plan.spare, in->image.base, in->image.size));
	for (unsigned int i = 0; i < h.nr_domains; i++) {
		for (unsigned int k = 0; k < plan.given[i].count; k++) {
			FUZZ_CHECK(ranges_add(&all, plan.given[i].bank[k].base,
			                      plan.given[i].bank[k].size) == 0);
			total += plan.given[i].bank[k].size;
		}
	}
	/* Nobody has what another has. */
	if (ranges_add_all(&all, &plan.dom0) == 0 && ranges_add_all(&all, &plan.spare) == 0)
		FUZZ_CHECK(ranges_total(&all) ==
		           total + ranges_total(&plan.dom0) + ranges_total(&plan.spare));
	if (!plan.dom0.count)
		return;
	check_placed(&plan.kernel.to);
	check_placed(&plan.dtb);
	FUZZ_CHECK(!range_overlap(&plan.kernel.to, &plan.dtb));
	if (!plan.ramdisk.to.size)
		return;
	check_placed(&plan.ramdisk.to);
	FUZZ_CHECK(!range_overlap(&plan.ramdisk.to, &plan.kernel.to) &&
	           !range_overlap(&plan.ramdisk.to, &plan.dtb));
}

static unsigned int dom0_vcpus(void)
{
	uint64_t n = h.nr_cpus;

	if (h.gic.version == 2)
		n = min_u64(n, 8);
	else
		n = min_u64(n, h.gic.redist[0].size / DOM0DT_REDIST_SIZE);
	return (unsigned int)n;
}

static int on_spi(void *ctx, const char *name, uint32_t intid)
{
	FUZZ_CHECK(name && strlen(name) < MAX_TREE);
	FUZZ_CHECK(intid >= 32 && intid < 1020);
	(*(unsigned int *)ctx)++;
	return 0;
}

static void make_dom0(void)
{
	const struct dom0dt_in in = {
		.host = &h,
		.banks = &plan.dom0,
		.nr_vcpus = plan.nr_vcpus,
		.ramdisk = plan.ramdisk.to,
		.grants = plan.heap.base,
		.unused = &plan.spare,
		.passed = &nothing_passed,
	};
	uint64_t size = dom0dt_size(&h, plan.nr_vcpus);
	unsigned int spis = 0;

	FUZZ_CHECK(size <= plan.dtb.size);
	if (size > sizeof(tree) || dom0dt_build(&in, tree, size))
		return;
	FUZZ_CHECK(fdt_check_full(tree, size) == 0);
	(void)dom0dev_pages(&h, &plan, &nothing_passed, tree, &pages);
	for (unsigned int i = 0; i < pages.count; i++)
		FUZZ_CHECK(!ranges_touch(&h.ram, pages.r[i].base, pages.r[i].size));
	(void)dom0dev_for_each_spi(&h, tree, on_spi, &spis);
	(void)dom0dt_xen_ppi(&h);
}

static void make_domu(unsigned int index)
{
	struct domudt_in in = { .host = &h,
		                .domain = &h.domains[index],
		                .bootargs = "console=ttyAMA0" };
	const struct image_info image = { .image_size = MIB };
	struct domu_places at;
	uint64_t size;

	layout_guest_ram(&h, &plan, index, &in.ram);
	FUZZ_CHECK(in.ram.count >= 1 && in.ram.count <= HOST_MAX_BANKS);
	size = domudt_size(&in);
	if (domudt_place(in.domain, &in.ram.bank[0], &image, 4096, size, &at))
		return;
	in.ramdisk = at.ramdisk;
	FUZZ_CHECK(size <= sizeof(tree) && domudt_build(&in, tree, size) == 0);
	FUZZ_CHECK(fdt_check_full(tree, size) == 0);
}

static void make_plan(void)
{
	struct layout_in in = {
		.host = &h,
		.image = { 0x40400000, 300 * KIB },
		.kernel = { .image_size = 35 * MIB },
	};
	const struct host_module *kernel = hostdt_module(&h, HOST_MODULE_KERNEL);

	/* In a part of its RAM: with a tree of our own memory it is nowhere else. */
	h.fdt_at = (struct range) { 0x40200000, h.fdt_at.size };
	if (kernel && kernel->at.size > in.kernel.image_size)
		in.kernel.image_size = kernel->at.size;
	plan.nr_vcpus = dom0_vcpus();
	in.nr_cpus = h.nr_cpus > plan.nr_vcpus ? h.nr_cpus : plan.nr_vcpus;
	in.dtb_size = dom0dt_size(&h, plan.nr_vcpus);
	if (layout_check(&in) || layout_plan(&in, &plan))
		return;
	check_plan(&in);
	if (plan.dom0.count)
		make_dom0();
	for (unsigned int i = 0; i < h.nr_domains; i++)
		make_domu(i);
}

void fuzz_one(struct input *in)
{
	size_t size;
	void *fdt = fuzz_dt_tree(in, &size);

	if (size >= sizeof(struct fdt_header) && hostdt_open(fdt, &h) == 0 &&
	    hostdt_parse(&h) == 0) {
		check_host();
		make_plan();
	}
	free(fdt);
}
