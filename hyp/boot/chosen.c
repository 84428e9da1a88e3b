/* SPDX-License-Identifier: Apache-2.0 */
#include "boot/chosen.h"

#include <libfdt.h>

#include "boot/dt.h"
#include "lib/err.h"
#include "lib/log.h"

static const struct {
	const char *const compatible[3];
	enum host_module_kind kind;
} module_kinds[] = {
	{ { "multiboot,kernel", "xen,linux-zimage", NULL }, HOST_MODULE_KERNEL },
	{ { "multiboot,ramdisk", "xen,linux-initrd", NULL }, HOST_MODULE_RAMDISK },
	{ { "multiboot,device-tree", NULL }, HOST_MODULE_DEVICE_TREE },
	{ { "xen,xsm-policy", NULL }, HOST_MODULE_OTHER },
};
static const char *const module_compatible[] = { "multiboot,module", "xen,multiboot-module", NULL };

/* Modules that don't say what they are: the first is the kernel, the second the ramdisk. */
static enum host_module_kind module_kind(const void *fdt, int node, unsigned int *unnamed)
{
	static const enum host_module_kind by_order[] = { HOST_MODULE_KERNEL, HOST_MODULE_RAMDISK };

	for (size_t i = 0; i < ARRAY_SIZE(module_kinds); i++)
		if (dt_compatible(fdt, node, module_kinds[i].compatible))
			return module_kinds[i].kind;
	if (*unnamed < ARRAY_SIZE(by_order))
		return by_order[(*unnamed)++];
	return HOST_MODULE_OTHER;
}

/*
 * Not of a bus: an address as it is. Loaders leave out the cells of /chosen: then the root's count.
 */
static void module_place(const void *fdt, int parent, int node, struct range *at)
{
	bool own = fdt_getprop(fdt, parent, "#address-cells", NULL);
	int addr_cells = fdt_address_cells(fdt, own ? parent : 0);
	int size_cells = fdt_size_cells(fdt, own ? parent : 0);
	int len;
	const uint8_t *reg = fdt_getprop(fdt, node, "reg", &len);

	*at = (struct range) { .size = 0 };
	if (!reg || addr_cells < 1 || addr_cells > 2 || size_cells < 1 || size_cells > 2 ||
	    len != 4 * (addr_cells + size_cells))
		return;
	at->base = dt_cells(reg, (unsigned int)addr_cells);
	at->size = dt_cells(reg + 4 * addr_cells, (unsigned int)size_cells);
	if (at->base + at->size < at->base)
		at->size = 0;
}

void chosen_read_domain_modules(struct host_info *h, int parent, unsigned int domain)
{
	unsigned int unnamed = 0;
	int node;

	fdt_for_each_subnode(node, h->fdt, parent)
	{
		struct host_module m = { .name = fdt_get_name(h->fdt, node, NULL),
			                 .domain = domain };

		if (!dt_compatible(h->fdt, node, module_compatible))
			continue;
		m.kind = module_kind(h->fdt, node, &unnamed);
		m.bootargs = dt_string(h->fdt, node, "bootargs");
		module_place(h->fdt, parent, node, &m.at);
		if (h->nr_modules < HOST_MAX_MODULES)
			h->modules[h->nr_modules] = m;
		h->nr_modules++;
	}
}

void chosen_read_modules(struct host_info *h)
{
	int chosen = fdt_path_offset(h->fdt, "/chosen");

	if (chosen >= 0)
		chosen_read_domain_modules(h, chosen, 0);
}

int chosen_check_modules(struct host_info *h)
{
	if (h->nr_modules > HOST_MAX_MODULES) {
		log_err("device tree: %u modules below /chosen; at most %u can be handled",
		        h->nr_modules, HOST_MAX_MODULES);
		return -ENOSPC;
	}
	for (unsigned int i = 0; i < h->nr_modules; i++) {
		if (h->modules[i].at.size)
			continue;
		log_err("device tree: %s%s/%s has no usable reg, so the module cannot be found: "
		        "give it <address size> in its parent's cells",
		        h->modules[i].domain ? "domain " : "/chosen",
		        h->modules[i].domain ? h->domains[h->modules[i].domain - 1].name : "",
		        h->modules[i].name);
		return -EINVAL;
	}
	return 0;
}

const struct host_module *hostdt_domain_module(const struct host_info *h, unsigned int domain,
                                               enum host_module_kind kind)
{
	for (unsigned int i = 0; i < h->nr_modules && i < HOST_MAX_MODULES; i++)
		if (h->modules[i].kind == kind && h->modules[i].domain == domain)
			return &h->modules[i];
	return NULL;
}

const struct host_module *hostdt_module(const struct host_info *h, enum host_module_kind kind)
{
	return hostdt_domain_module(h, 0, kind);
}

/* Whose `bootargs` is in /chosen depends on what else is there; Xen's rules, docs/boot.md. */
void chosen_read_bootargs(struct host_info *h)
{
	int chosen = fdt_path_offset(h->fdt, "/chosen");
	const struct host_module *kernel = hostdt_module(h, HOST_MODULE_KERNEL);
	const char *plain = NULL, *hyp = NULL, *dom0 = NULL;

	if (chosen >= 0) {
		plain = dt_string(h->fdt, chosen, "bootargs");
		hyp = dt_string(h->fdt, chosen, "xen,xen-bootargs");
		dom0 = dt_string(h->fdt, chosen, "xen,dom0-bootargs");
	}
	if (kernel && kernel->bootargs)
		dom0 = kernel->bootargs;
	/* Without a Dom0 there is nobody else whose it could be. */
	if (!hyp && (dom0 || !kernel))
		hyp = plain;
	else if (!dom0)
		dom0 = plain;
	h->bootargs = hyp ? hyp : "";
	h->dom0_bootargs = dom0 ? dom0 : "";
}
