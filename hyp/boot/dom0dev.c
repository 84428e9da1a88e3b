/* SPDX-License-Identifier: Apache-2.0 */
#include "boot/dom0dev.h"

#include <libfdt.h>

#include "boot/dt.h"
#include "lib/err.h"
#include "lib/log.h"
#include "lib/string.h"

static bool is_at(const void *tree, int node, const struct host_device *d)
{
	uint64_t base, size;

	return d->size && dt_reg(tree, node, 0, &base, &size) == 0 && base == d->base.raw;
}

/*
 * Nodes right below the root that are no devices, though they have `reg` or devices' properties in
 * them.
 */
static bool is_other_subtree(const void *tree, int node)
{
	static const char *const names[] = { "memory",          "cpus", "chosen",
		                             "reserved-memory", "psci", "aliases",
		                             "hypervisor" };
	int top = fdt_supernode_atdepth_offset(tree, node, 1, NULL);
	const char *name = top >= 0 ? fdt_get_name(tree, top, NULL) : NULL;

	for (size_t i = 0; name && i < ARRAY_SIZE(names); i++) {
		size_t len = strlen(names[i]);

		if (strncmp(name, names[i], len) == 0 && (name[len] == '\0' || name[len] == '@'))
			return true;
	}
	return !name;
}

bool dom0dev_is_passed(const struct host_info *h, const void *tree, int node)
{
	unsigned int version;

	return !is_other_subtree(tree, node) && dt_reachable(tree, node) &&
	       node != hostdt_find_gic(tree, &version) && node != hostdt_find_timer(tree) &&
	       !is_at(tree, node, &h->uart) && !is_at(tree, node, &h->rtc);
}

static int add_pages(struct ranges *out, uint64_t base, uint64_t size)
{
	uint64_t first = ALIGN_DOWN(base, PAGE_SIZE);

	return ranges_add(out, first, ALIGN_UP(base + size, PAGE_SIZE) - first);
}

static bool is_pci_host(const void *tree, int node)
{
	const char *type = dt_string(tree, node, "device_type");

	return type && strcmp(type, "pci") == 0;
}

static int add_device(const void *tree, int node, struct ranges *out)
{
	uint64_t base, size;
	int err = 0;

	for (unsigned int i = 0; err == 0 && dt_reg(tree, node, i, &base, &size) == 0; i++)
		err = add_pages(out, base, size);
	/*
	 * Other buses' windows are covered by what lies on them; what a PCI host finds is in no
	 * tree.
	 */
	for (unsigned int i = 0;
	     err == 0 && is_pci_host(tree, node) && dt_window(tree, node, i, &base, &size) == 0;
	     i++)
		err = add_pages(out, base, size);
	return err;
}

static int remove_pages(struct ranges *out, uint64_t base, uint64_t size)
{
	uint64_t first = ALIGN_DOWN(base, PAGE_SIZE);

	return size ? ranges_remove(out, first, ALIGN_UP(base + size, PAGE_SIZE) - first) : 0;
}

/* Dormouse's own registers, whatever a device in the tree claims; and what is memory. */
static int remove_owned(const struct host_info *h, const struct boot_plan *p, struct ranges *out)
{
	const struct gic_config *g = &h->gic;
	const struct {
		uint64_t base, size;
	} owned[] = {
		{ g->gicd.raw, g->gicd_size },      { g->gicc.raw, g->gicc_size },
		{ g->gich.raw, g->gich_size },      { g->gicv.raw, g->gicv_size },
		{ h->uart.base.raw, h->uart.size }, { h->rtc.base.raw, h->rtc.size },
		{ p->own.base, p->own.size },       { p->heap.base, p->heap.size },
	};
	int err = ranges_remove_all(out, &h->ram);

	for (size_t i = 0; i < ARRAY_SIZE(owned) && err == 0; i++)
		err = remove_pages(out, owned[i].base, owned[i].size);
	for (unsigned int i = 0; i < g->nr_redist_regions && err == 0; i++)
		err = remove_pages(out, g->redist[i].base.raw, g->redist[i].size);
	return err;
}

int dom0dev_pages(const struct host_info *h, const struct boot_plan *p,
                  const struct passthrough *passed, const void *tree, struct ranges *out)
{
	int err = 0;

	out->count = 0;
	for (int node = fdt_next_node(tree, 0, NULL); node >= 0 && err == 0;
	     node = fdt_next_node(tree, node, NULL))
		if (fdt_getprop(tree, node, "reg", NULL) && dom0dev_is_passed(h, tree, node))
			err = add_device(tree, node, out);
	if (err == 0)
		err = remove_owned(h, p, out);
	if (err == 0)
		err = ranges_remove_all(out, &passed->pages);
	if (err)
		log_err("Dom0's devices: their registers lie in more than %u separate ranges",
		        RANGES_MAX);
	return err;
}

typedef int interrupt_fn(const void *fdt, int gic, int node, unsigned int i, uint32_t *intid);

/* Counts on after an interrupt of another controller, stops at the end or at what is broken. */
static int each_spi(const void *tree, int node, interrupt_fn *get, dom0dev_spi_fn *fn, void *ctx)
{
	unsigned int version;
	int ctrl = hostdt_find_gic(tree, &version);
	int err = 0;

	for (unsigned int i = 0; err == 0 || err == -ENODEV; i++) {
		uint32_t intid;

		err = get(tree, ctrl, node, i, &intid);
		if (err == -EINVAL)
			log_warn("device tree: %s has an interrupt that no GIC can have; left off",
			         fdt_get_name(tree, node, NULL));
		if (err == 0 && intid >= GIC_FIRST_SPI && intid <= GIC_MAX_SPI) {
			int result = fn(ctx, fdt_get_name(tree, node, NULL), intid);

			if (result)
				return result;
		}
	}
	return 0;
}

int dom0dev_for_each_spi(const struct host_info *h, const void *tree, dom0dev_spi_fn *fn, void *ctx)
{
	int err = 0;

	for (int node = fdt_next_node(tree, 0, NULL); node >= 0 && err == 0;
	     node = fdt_next_node(tree, node, NULL)) {
		if (!fdt_getprop(tree, node, "interrupts", NULL) &&
		    !fdt_getprop(tree, node, "interrupts-extended", NULL) &&
		    !fdt_getprop(tree, node, "interrupt-map", NULL))
			continue;
		if (!dom0dev_is_passed(h, tree, node))
			continue;
		err = each_spi(tree, node, dt_interrupt, fn, ctx);
		if (err == 0)
			err = each_spi(tree, node, dt_map_interrupt, fn, ctx);
	}
	return err;
}
