/* SPDX-License-Identifier: Apache-2.0 */
#include "boot/dom0dev.h"

#include <libfdt.h>

#include "boot/dt.h"
#include "lib/err.h"
#include "lib/log.h"
#include "lib/string.h"

/* Emulated for Dom0. */
static bool is_dormouses(const struct host_info *h, const void *tree, int node)
{
	uint64_t base, size;

	return dt_reg(tree, node, 0, &base, &size) == 0 &&
	       ((h->uart.size && base == h->uart.base.raw) || (h->rtc.size && base == h->rtc.base.raw));
}

/*
 * Nodes right below the root that are no devices, though they have `reg` or devices' properties in
 * them.
 */
static bool is_other_subtree(const void *tree, int top)
{
	static const char *const names[] = { "memory",          "cpus", "chosen",
		                             "reserved-memory", "psci", "aliases",
		                             "hypervisor" };
	const char *name = fdt_get_name(tree, top, NULL);

	for (size_t i = 0; name && i < ARRAY_SIZE(names); i++) {
		size_t len = strlen(names[i]);

		if (strncmp(name, names[i], len) == 0 && (name[len] == '\0' || name[len] == '@'))
			return true;
	}
	return !name;
}

/* From device to device of Dom0's tree. */
struct walk {
	const void *tree;
	int node, depth;
	int hidden; /* depth of the node that hides all below it; -1: none does */
	int gic, timer;
};

static struct walk walk_begin(const void *tree)
{
	unsigned int version;

	return (struct walk) {
		.tree = tree,
		.hidden = dt_okay(tree, 0) ? -1 : 0,
		.gic = hostdt_find_gic(tree, &version),
		.timer = hostdt_find_timer(tree),
	};
}

/* False: that was the last one. Their registers may still be Dormouse's. */
static bool walk_on(struct walk *w)
{
	for (;;) {
		w->node = fdt_next_node(w->tree, w->node, &w->depth);
		if (w->node < 0 || w->depth <= 0)
			return false;
		if (w->hidden >= 0 && w->depth > w->hidden)
			continue;
		w->hidden = -1;
		if ((w->depth == 1 && is_other_subtree(w->tree, w->node)) || !dt_okay(w->tree, w->node))
			w->hidden = w->depth;
		else if (w->node != w->gic && w->node != w->timer)
			return true;
	}
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
	struct walk w = walk_begin(tree);
	int err = 0;

	out->count = 0;
	while (err == 0 && walk_on(&w))
		if (fdt_getprop(tree, w.node, "reg", NULL) && !is_dormouses(h, tree, w.node))
			err = add_device(tree, w.node, out);
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
static int each_spi(const struct walk *w, interrupt_fn *get, dom0dev_spi_fn *fn, void *ctx)
{
	const void *tree = w->tree;
	int node = w->node, err = 0;

	for (unsigned int i = 0; err == 0 || err == -ENODEV; i++) {
		uint32_t intid;

		err = get(tree, w->gic, node, i, &intid);
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
	struct walk w = walk_begin(tree);
	int err = 0;

	while (err == 0 && walk_on(&w)) {
		if (!fdt_getprop(tree, w.node, "interrupts", NULL) &&
		    !fdt_getprop(tree, w.node, "interrupts-extended", NULL) &&
		    !fdt_getprop(tree, w.node, "interrupt-map", NULL))
			continue;
		if (is_dormouses(h, tree, w.node))
			continue;
		err = each_spi(&w, dt_interrupt, fn, ctx);
		if (err == 0)
			err = each_spi(&w, dt_map_interrupt, fn, ctx);
	}
	return err;
}
