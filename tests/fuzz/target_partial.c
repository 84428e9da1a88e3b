/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A domain's partial device tree (boot/passthrough.c), which comes from whoever made the domain, on
 * a machine whose own tree is good; then the domain's whole tree with it. Nothing that is
 * Dormouse's or RAM may be given away.
 */
#include "boot/passthrough.h"

#include <libfdt.h>
#include <stdio.h>
#include <stdlib.h>

#include "boot/domudt.h"
#include "boot/hostdt.h"
#include "boot/layout.h"
#include "fuzz_dt.h"

#ifndef FUZZ_HOST_TREE
#define FUZZ_HOST_TREE "build/fuzz/seeds/hostdt/gicv3.dtb"
#endif

static struct host_info h;
static struct boot_plan plan;
static struct passthrough passed;
static _Alignas(8) FUZZ_SCRATCH uint8_t tree[128 * 1024];

void fuzz_setup(void)
{
	FILE *f = fopen(FUZZ_HOST_TREE, "rb");
	void *fdt = aligned_alloc(8, 65536);

	if (!f || !fread(fdt, 1, 65536, f))
		fuzz_die("cannot read %s; make builds it", FUZZ_HOST_TREE);
	fclose(f);
	FUZZ_CHECK(hostdt_open(fdt, &h) == 0 && hostdt_parse(&h) == 0);
	FUZZ_CHECK(h.nr_domains == 2);
	h.nr_modules = 1;
}

static void check_passed(void)
{
	FUZZ_CHECK(passed.nr_regions <= PASSED_MAX && passed.nr_interrupts <= PASSED_MAX &&
	           passed.nr_paths <= PASSED_MAX);
	for (unsigned int i = 0; i < passed.nr_regions; i++) {
		const struct passed_region *r = &passed.region[i];
		const struct range own[] = { { h.gic.gicd.raw, h.gic.gicd_size },
			                     { h.gic.redist[0].base.raw, h.gic.redist[0].size },
			                     { h.uart.base.raw, h.uart.size },
			                     { h.rtc.base.raw, h.rtc.size } };

		FUZZ_CHECK(r->size && IS_ALIGNED(r->host | r->guest | r->size, PAGE_SIZE));
		FUZZ_CHECK(!ranges_touch(&h.ram, r->host, r->size));
		for (size_t k = 0; k < ARRAY_SIZE(own); k++)
			FUZZ_CHECK(!range_overlap(&own[k], &(struct range) { r->host, r->size }));
		for (unsigned int k = 0; k < i; k++)
			FUZZ_CHECK(!range_overlap(
			        &(struct range) { r->guest, r->size },
			        &(struct range) { passed.region[k].guest, passed.region[k].size }));
	}
	for (unsigned int i = 0; i < passed.nr_interrupts; i++)
		FUZZ_CHECK(passed.interrupt[i].intid >= 35 && passed.interrupt[i].intid < 992 &&
		           passed.interrupt[i].name);
}

static void make_tree(const void *partial)
{
	struct domudt_in in = { .host = &h,
		                .domain = &h.domains[0],
		                .partial = partial,
		                .ramdisk = { 0x48000000, 4096 } };
	uint64_t size;

	layout_guest_ram(&h, &plan, 0, &in.ram);
	size = domudt_size(&in);
	FUZZ_CHECK(size <= sizeof(tree));
	if (domudt_build(&in, tree, size) == 0)
		FUZZ_CHECK(fdt_check_full(tree, size) == 0);
}

void fuzz_one(struct input *in)
{
	size_t size;
	void *fdt = fuzz_dt_tree(in, &size);

	h.modules[0] = (struct host_module) {
		.kind = HOST_MODULE_DEVICE_TREE,
		.domain = 1,
		.at = { ptr_pa(fdt).raw, size },
		.name = "partial",
	};
	if (passthrough_read(&h, &plan, &passed) == 0) {
		check_passed();
		for (int node = 0, depth = 0; node >= 0 && depth >= 0;
		     node = fdt_next_node(h.fdt, node, &depth))
			(void)passthrough_is_taken(&passed, h.fdt, node);
		make_tree(passthrough_tree(&h, 1));
	}
	free(fdt);
}
