/* SPDX-License-Identifier: Apache-2.0 */
#include "boot/boot.h"

#include "boot/dom0dt.h"
#include "boot/image.h"
#include "lib/err.h"
#include "lib/log.h"
#include "mm/el2map.h"
#include "mm/page.h"

#define GICV2_MAX_CPUS 8 /* IHI 0048 1.3.2 */

static int boot_cpu_first(struct host_info *h, uint64_t boot_mpidr)
{
	for (unsigned int i = 0; i < h->nr_cpus; i++) {
		if (h->mpidr[i] != boot_mpidr)
			continue;
		h->mpidr[i] = h->mpidr[0];
		h->mpidr[0] = boot_mpidr;
		return 0;
	}
	log_err("device tree: the CPU that runs this (MPIDR 0x%llx) is not below /cpus",
	        (unsigned long long)boot_mpidr);
	return -EINVAL;
}

static void limit(unsigned int *n, unsigned int max, const char *what, const char *why)
{
	if (*n <= max)
		return;
	log_warn("%s: %u of %u; %s", what, max, *n, why);
	*n = max;
}

static void count_cpus(struct host_info *h, const struct boot_options *o, struct boot_plan *out)
{
	if (o->max_cpus && o->max_cpus < h->nr_cpus)
		h->nr_cpus = o->max_cpus;
	out->nr_vcpus = o->dom0_max_vcpus ? o->dom0_max_vcpus : h->nr_cpus;
	if (h->gic.version == 2) {
		limit(&h->nr_cpus, GICV2_MAX_CPUS, "CPUs", "a GICv2 serves no more");
		limit(&out->nr_vcpus, GICV2_MAX_CPUS, "Dom0's vCPUs", "a GICv2 serves no more");
	} else {
		limit(&out->nr_vcpus, (unsigned int)(h->gic.redist[0].size / DOM0DT_REDIST_SIZE),
		      "Dom0's vCPUs", "there are no more redistributor addresses");
	}
}

int boot_plan(struct host_info *h, const struct boot_options *o, const struct range *image,
              uint64_t boot_mpidr, struct boot_plan *out)
{
	const struct host_module *kernel;
	struct layout_in in = { .host = h, .image = *image, .dom0_mem = o->dom0_mem };
	int err = boot_cpu_first(h, boot_mpidr);

	if (err)
		return err;
	count_cpus(h, o, out);
	err = layout_check(&in);
	if (err)
		return err;
	kernel = hostdt_module(h, HOST_MODULE_KERNEL);
	if (kernel)
		err = image_parse(kernel->name, pa_ptr(pa_make(kernel->at.base)), kernel->at.size,
		                  &in.kernel);
	if (err)
		return err;
	in.nr_cpus = h->nr_cpus > out->nr_vcpus ? h->nr_cpus : out->nr_vcpus;
	in.dtb_size = dom0dt_size(h, out->nr_vcpus);
	return layout_plan(&in, out);
}

void boot_add_pages(const struct boot_plan *p)
{
	page_add_range(pa_make(p->heap.base), p->heap.size);
}

static int map(uint64_t base, uint64_t size, enum el2_type type)
{
	uint64_t first = ALIGN_DOWN(base, PAGE_SIZE);
	int err;

	if (size == 0)
		return 0;
	err = el2_map(pa_make(first), ALIGN_UP(base + size, PAGE_SIZE) - first, type);
	if (err)
		log_err("memory: cannot map 0x%llx, 0x%llx bytes for Dormouse (error %d)",
		        (unsigned long long)base, (unsigned long long)size, err);
	return err;
}

/* Too large for an 8 KiB stack; the boot CPU alone runs this, once. */
static struct ranges ram;

static int map_ram(const struct host_info *h, const struct range *image)
{
	uint64_t first = ALIGN_DOWN(image->base, PAGE_SIZE);
	int err;

	ram = h->ram;
	err = ranges_remove_all(&ram, &h->no_map);
	if (err == 0)
		err = ranges_remove(&ram, first, ALIGN_UP(range_end(image), PAGE_SIZE) - first);
	if (err)
		log_err("memory: more than %u separate pieces; fewer reserved regions are needed",
		        RANGES_MAX);
	for (unsigned int i = 0; i < ram.count && err == 0; i++)
		err = map(ram.r[i].base, ram.r[i].size, EL2_RAM);
	return err;
}

int boot_map(const struct host_info *h, const struct range *image)
{
	const struct gic_config *g = &h->gic;
	const struct range devices[] = {
		{ g->gicd.raw, g->gicd_size },    { g->gicc.raw, g->gicc_size },
		{ g->gich.raw, g->gich_size },    { h->uart.base.raw, h->uart.size },
		{ h->rtc.base.raw, h->rtc.size },
	};
	int err = map_ram(h, image);

	for (size_t i = 0; i < ARRAY_SIZE(devices) && err == 0; i++)
		err = map(devices[i].base, devices[i].size, EL2_DEVICE);
	for (unsigned int i = 0; i < g->nr_redist_regions && err == 0; i++)
		err = map(g->redist[i].base.raw, g->redist[i].size, EL2_DEVICE);
	return err;
}
