/* SPDX-License-Identifier: Apache-2.0 */
#include "boot/dom0dt.h"

#include <libfdt.h>

#include "boot/dt.h"
#include "boards/quirks.h"
#include "lib/err.h"
#include "lib/log.h"
#include "lib/print.h"
#include "lib/string.h"

#define NAME_SIZE   40
#define UNUSED_UNIT (2 * MIB)

uint64_t dom0dt_gicc_size(const struct gic_config *g)
{
	/* GICC_DIR lies in the second page (IHI 0048 4.1.3): some trees name only the first. */
	return min_u64(max_u64(g->gicc_size, 2 * PAGE_SIZE), max_u64(g->gicv_size, 2 * PAGE_SIZE));
}

uint64_t dom0dt_size(const struct host_info *h, unsigned int nr_vcpus)
{
	/*
	 * A CPU node takes about 150 bytes, a bank 16; the command line comes from the tree itself.
	 */
	return ALIGN_UP(fdt_totalsize(h->fdt) + nr_vcpus * 256 + RANGES_MAX * 16 + 4 * KIB,
	                PAGE_SIZE);
}

/* --- nodes and properties that go -------------------------------------------------------- */

static bool has_prefix(const char *s, const char *prefix)
{
	return strncmp(s, prefix, strlen(prefix)) == 0;
}

static bool is_memory(const void *fdt, int node)
{
	const char *type = dt_string(fdt, node, "device_type");

	return type && strcmp(type, "memory") == 0;
}

/* The secure world's: QEMU and others mark it so (Linux, bindings/arm/secure.txt). */
static bool is_secure(const void *fdt, int node)
{
	const char *secure = dt_string(fdt, node, "secure-status");

	return secure && strcmp(secure, "disabled") != 0 && !dt_okay(fdt, node);
}

/* Where they are, until something is removed from the tree. */
struct controllers {
	bool known;
	int gic, timer;
};

static void find_controllers(struct controllers *c, const void *fdt)
{
	unsigned int version;

	if (c->known)
		return;
	dt_index(fdt);
	c->gic = hostdt_find_gic(fdt, &version);
	c->timer = hostdt_find_timer(fdt);
	c->known = true;
}

static void forget_controllers(struct controllers *c)
{
	dt_index(NULL);
	c->known = false;
}

/* Private interrupts of a physical CPU cannot be handed to a vCPU: PMU, SPE and the like. */
static bool uses_ppi(struct controllers *c, const void *fdt, int node)
{
	uint32_t intid = GIC_FIRST_SPI;
	int err = 0;

	if (!fdt_getprop(fdt, node, "interrupts", NULL) &&
	    !fdt_getprop(fdt, node, "interrupts-extended", NULL))
		return false;
	find_controllers(c, fdt);
	if (c->gic < 0 || node == c->gic || node == c->timer)
		return false;
	for (unsigned int i = 0; err == 0 || err == -ENODEV; i++) {
		err = dt_interrupt(fdt, c->gic, node, i, &intid);
		if (err == 0 && intid < GIC_FIRST_SPI)
			return true;
	}
	return false;
}

static bool is_removed(const struct dom0dt_in *in, struct controllers *c, const void *fdt, int node,
                       int depth)
{
	static const char *const by_name[] = { "cpus", "psci", "hypervisor", "secure-chosen" };
	const char *name = fdt_get_name(fdt, node, NULL);

	for (size_t i = 0; depth == 1 && i < ARRAY_SIZE(by_name); i++)
		if (strcmp(name, by_name[i]) == 0)
			return true;
	return (depth == 1 && is_memory(fdt, node)) || is_secure(fdt, node) ||
	       passthrough_is_taken(in->passed, fdt, node) ||
	       dt_compatible(fdt, node, quirk_hidden_devices) || uses_ppi(c, fdt, node);
}

/* Properties that lead to what has been removed. */
static const char *const removed_properties[] = {
	"msi-map", "msi-map-mask", "msi-parent", "iommus", "iommu-map", "iommu-map-mask",
};

/* Walks the tree in order; a removed node's successor is that of the node before it. */
static int remove_nodes(void *fdt, const struct dom0dt_in *in)
{
	struct controllers c = { .known = false };
	int prev = 0, prev_depth = 0;

	for (;;) {
		int depth = prev_depth;
		int node = fdt_next_node(fdt, prev, &depth);

		if (node < 0 || depth < 0) {
			forget_controllers(&c);
			return node == -FDT_ERR_NOTFOUND || depth < 0 ? 0 : node;
		}
		if (is_removed(in, &c, fdt, node, depth)) {
			int err = fdt_del_node(fdt, node);

			forget_controllers(&c);
			if (err)
				return err;
			continue;
		}
		for (size_t i = 0; i < ARRAY_SIZE(removed_properties); i++)
			if (fdt_delprop(fdt, node, removed_properties[i]) == 0)
				forget_controllers(&c);
		prev = node;
		prev_depth = depth;
	}
}

static int remove_subnodes(void *fdt, int parent)
{
	int node, err = 0;

	while (err == 0 && (node = fdt_first_subnode(fdt, parent)) >= 0)
		err = fdt_del_node(fdt, node);
	return err;
}

static int remove_aliases(void *fdt)
{
	int aliases = fdt_path_offset(fdt, "/aliases");
	int prop = aliases >= 0 ? fdt_first_property_offset(fdt, aliases) : -1;

	while (prop >= 0) {
		const char *name, *path;
		int err, len;

		path = fdt_getprop_by_offset(fdt, prop, &name, &len);
		if (path && len > 0 && path[len - 1] == '\0' && dt_path(fdt, path, strlen(path)) >= 0) {
			prop = fdt_next_property_offset(fdt, prop);
			continue;
		}
		err = fdt_delprop(fdt, aliases, name);
		if (err)
			return err;
		prop = fdt_first_property_offset(fdt, aliases);
	}
	return 0;
}

/* --- what is described anew -------------------------------------------------------------- */

static int append_cells(void *fdt, int node, const char *name, unsigned int cells, uint64_t value)
{
	return cells == 2 ? fdt_appendprop_u64(fdt, node, name, value)
	                  : fdt_appendprop_u32(fdt, node, name, (uint32_t)value);
}

/* base and size, in the cells that node's parent asks for. */
static int append_reg(void *fdt, int node, uint64_t base, uint64_t size)
{
	int parent = fdt_parent_offset(fdt, node);
	int addr_cells = fdt_address_cells(fdt, parent);
	int size_cells = fdt_size_cells(fdt, parent);
	int err;

	if (addr_cells < 1 || addr_cells > 2 || size_cells < 1 || size_cells > 2)
		return -FDT_ERR_BADNCELLS;
	if ((addr_cells == 1 && base >> 32) || (size_cells == 1 && size >> 32))
		return -FDT_ERR_BADVALUE;
	err = append_cells(fdt, node, "reg", (unsigned int)addr_cells, base);
	return err ? err : append_cells(fdt, node, "reg", (unsigned int)size_cells, size);
}

static int add_memory(void *fdt, const struct dom0dt_in *in)
{
	char name[NAME_SIZE];
	int node, err;

	print_format(name, sizeof(name), "memory@%llx",
	             in->banks->count ? (unsigned long long)in->banks->r[0].base : 0ULL);
	node = fdt_add_subnode(fdt, 0, name);
	if (node < 0)
		return node;
	err = fdt_setprop_string(fdt, node, "device_type", "memory");
	for (unsigned int i = 0; i < in->banks->count && err == 0; i++)
		err = append_reg(fdt, node, in->banks->r[i].base, in->banks->r[i].size);
	return err;
}

static int add_cpu(void *fdt, int cpus, const struct dom0dt_in *in, unsigned int n)
{
	uint64_t mpidr = dom0dt_mpidr(n);
	char name[NAME_SIZE];
	int node, err;

	print_format(name, sizeof(name), "cpu@%llx", (unsigned long long)mpidr);
	node = fdt_add_subnode(fdt, cpus, name);
	if (node < 0)
		return node;
	err = fdt_setprop_string(fdt, node, "device_type", "cpu");
	if (err == 0)
		err = fdt_setprop_string(fdt, node, "compatible",
		                         in->host->cpu_compatible ? in->host->cpu_compatible
		                                                  : "arm,armv8");
	if (err == 0)
		err = fdt_setprop_u32(fdt, node, "reg", (uint32_t)mpidr);
	return err ? err : fdt_setprop_string(fdt, node, "enable-method", "psci");
}

/*
 * libfdt adds a subnode before its brothers: from the last to the first, so that they end up in
 * order.
 */
static int add_cpus(void *fdt, const struct dom0dt_in *in)
{
	int cpus = fdt_add_subnode(fdt, 0, "cpus");
	int err = cpus < 0 ? cpus : 0;

	if (err == 0)
		err = fdt_setprop_u32(fdt, cpus, "#address-cells", 1);
	if (err == 0)
		err = fdt_setprop_u32(fdt, cpus, "#size-cells", 0);
	for (unsigned int n = in->nr_vcpus; n-- > 0 && err == 0;)
		err = add_cpu(fdt, cpus, in, n);
	return err;
}

static int add_psci(void *fdt, const struct dom0dt_in *in)
{
	static const char compatible[] = "arm,psci-1.0\0arm,psci-0.2";
	int node = fdt_add_subnode(fdt, 0, "psci");
	int err = node < 0 ? node : 0;

	(void)in;
	if (err == 0)
		err = fdt_setprop(fdt, node, "compatible", compatible, sizeof(compatible));
	return err ? err : fdt_setprop_string(fdt, node, "method", "hvc");
}

uint32_t dom0dt_xen_ppi(const struct host_info *h)
{
	const uint32_t taken[] = { h->timer.sec_phys, h->timer.phys, h->timer.virt, h->timer.hyp,
		                   h->gic.maintenance_intid };
	uint32_t intid = 16;

	for (size_t i = 0; i < ARRAY_SIZE(taken);) {
		if (taken[i++] == intid) {
			intid++;
			i = 0;
		}
	}
	return intid;
}

/* Addresses for foreign pages, as large as Linux takes them; what its root's cells can't say is left out. */
static int add_unused(void *fdt, int node, const struct ranges *unused)
{
	int err = 0;

	for (unsigned int i = 0; i < unused->count && err == 0; i++) {
		uint64_t base = ALIGN_UP(unused->r[i].base, UNUSED_UNIT);
		uint64_t end = ALIGN_DOWN(range_end(&unused->r[i]), UNUSED_UNIT);

		if (base < end && (fdt_address_cells(fdt, 0) == 2 || end >> 32 == 0))
			err = append_reg(fdt, node, base, end - base);
	}
	return err;
}

/* What makes the kernel look for Xen (Linux, bindings/arm/xen.txt). */
static int add_hypervisor(void *fdt, const struct dom0dt_in *in)
{
	static const char compatible[] = "xen,xen-4.17\0xen,xen";
	const uint32_t interrupt[] = { 1, dom0dt_xen_ppi(in->host) - 16, 0xf08 }; /* level-low */
	unsigned int version;
	int node = fdt_add_subnode(fdt, 0, "hypervisor");
	uint32_t gic_phandle = fdt_get_phandle(fdt, hostdt_find_gic(fdt, &version));
	int err = node < 0 ? node : 0;

	if (err == 0)
		err = fdt_setprop(fdt, node, "compatible", compatible, sizeof(compatible));
	if (err == 0)
		err = append_reg(fdt, node, in->grants, DOM0DT_GRANTS_SIZE);
	if (err == 0 && in->unused)
		err = add_unused(fdt, node, in->unused);
	for (size_t i = 0; i < ARRAY_SIZE(interrupt) && err == 0; i++)
		err = fdt_appendprop_u32(fdt, node, "interrupts", interrupt[i]);
	if (err == 0 && gic_phandle)
		err = fdt_setprop_u32(fdt, node, "interrupt-parent", gic_phandle);
	return err;
}

static int edit_gic_v2(void *fdt, int node, const struct gic_config *g)
{
	int err = append_reg(fdt, node, g->gicd.raw, g->gicd_size);

	return err ? err : append_reg(fdt, node, g->gicc.raw, dom0dt_gicc_size(g));
}

static int edit_gic_v3(void *fdt, int node, const struct gic_config *g, unsigned int nr_vcpus)
{
	uint64_t size = nr_vcpus * DOM0DT_REDIST_SIZE;
	int err;

	if (size > g->redist[0].size) {
		log_err("dom0_max_vcpus: %u vCPUs need 0x%llx bytes of redistributors, the host's "
		        "first "
		        "region has 0x%llx; at most %u can be given",
		        nr_vcpus, (unsigned long long)size, (unsigned long long)g->redist[0].size,
		        (unsigned int)(g->redist[0].size / DOM0DT_REDIST_SIZE));
		return -FDT_ERR_BADVALUE;
	}
	fdt_delprop(fdt, node, "redistributor-stride");
	fdt_delprop(fdt, node, "#redistributor-regions");
	err = append_reg(fdt, node, g->gicd.raw, g->gicd_size);
	return err ? err : append_reg(fdt, node, g->redist[0].base.raw, size);
}

/*
 * In place: other nodes refer to it by its phandle. Its children (ITS, v2m) are gone, its address
 * cells stay: interrupt-map entries are as long as those say.
 */
static int edit_gic(void *fdt, const struct dom0dt_in *in)
{
	static const char *const gone[] = {
		"reg",        "interrupts", "interrupts-extended", "interrupt-names",
		"mbi-ranges", "mbi-alias",  "msi-controller",      "#msi-cells"
	};
	const struct gic_config *g = &in->host->gic;
	unsigned int version;
	int node = hostdt_find_gic(fdt, &version);
	int err = node < 0 ? node : remove_subnodes(fdt, node);

	for (size_t i = 0; i < ARRAY_SIZE(gone) && err == 0; i++)
		fdt_delprop(fdt, node, gone[i]);
	if (err)
		return err;
	return version == 2 ? edit_gic_v2(fdt, node, g) : edit_gic_v3(fdt, node, g, in->nr_vcpus);
}

/* The first three interrupts; the hypervisor's timers are Dormouse's. */
static int edit_timer(void *fdt, const struct dom0dt_in *in)
{
	/* By position: without a secure one its place is filled; nobody uses it at EL1. */
	const uint32_t intid[] = { in->host->timer.sec_phys ? in->host->timer.sec_phys
		                                            : in->host->timer.phys,
		                   in->host->timer.phys, in->host->timer.virt };
	int node = hostdt_find_timer(fdt);
	int err = node < 0 ? node : 0;

	fdt_delprop(fdt, node, "interrupts");
	fdt_delprop(fdt, node, "interrupts-extended");
	fdt_delprop(fdt, node, "interrupt-names");
	for (size_t i = 0; i < 3 * ARRAY_SIZE(intid) && err == 0; i++) {
		const uint32_t spec[] = { 1, intid[i / 3] - 16, 4 }; /* PPI, number, level-high */

		err = fdt_appendprop_u32(fdt, node, "interrupts", spec[i % 3]);
	}
	return err;
}

/* What is emulated knows no DMA and no clock to switch off. */
static int edit_uart(void *fdt, const struct dom0dt_in *in)
{
	static const char *const list[] = { "arm,pl011", NULL };
	uint64_t base, size;
	int node = -1;

	while ((node = dt_next_compatible(fdt, node, list)) >= 0) {
		if (dt_reg(fdt, node, 0, &base, &size) != 0 || base != in->host->uart.base.raw)
			continue;
		fdt_delprop(fdt, node, "dmas");
		fdt_delprop(fdt, node, "dma-names");
	}
	return 0;
}

/* --- /chosen ----------------------------------------------------------------------------- */

static int remove_chosen_properties(void *fdt, int chosen)
{
	static const char *const prefixes[] = { "xen,",
		                                "dormouse,",
		                                "linux,uefi-",
		                                "linux,initrd-",
		                                "bootargs",
		                                "linux,elfcorehdr",
		                                "linux,usable-memory-range" };
	int prop = fdt_first_property_offset(fdt, chosen);

	while (prop >= 0) {
		const char *name = NULL;
		bool gone = false;
		int err;

		fdt_getprop_by_offset(fdt, prop, &name, NULL);
		for (size_t i = 0; name && i < ARRAY_SIZE(prefixes); i++)
			gone |= has_prefix(name, prefixes[i]);
		if (!gone) {
			prop = fdt_next_property_offset(fdt, prop);
			continue;
		}
		err = fdt_delprop(fdt, chosen, name);
		if (err)
			return err;
		prop = fdt_first_property_offset(fdt, chosen);
	}
	return 0;
}

static int edit_chosen(void *fdt, const struct dom0dt_in *in)
{
	const struct range *rd = &in->ramdisk;
	int chosen = fdt_path_offset(fdt, "/chosen");
	int err;

	if (chosen == -FDT_ERR_NOTFOUND)
		chosen = fdt_add_subnode(fdt, 0, "chosen");
	if (chosen < 0)
		return chosen;
	err = remove_subnodes(fdt, chosen);
	if (err == 0)
		err = remove_chosen_properties(fdt, chosen);
	if (err == 0 && in->host->dom0_bootargs[0])
		err = fdt_setprop_string(fdt, chosen, "bootargs", in->host->dom0_bootargs);
	if (err == 0 && rd->size)
		err = fdt_setprop_u64(fdt, chosen, "linux,initrd-start", rd->base);
	if (err == 0 && rd->size)
		err = fdt_setprop_u64(fdt, chosen, "linux,initrd-end", range_end(rd));
	return err;
}

static int remove_reservations(void *fdt)
{
	int err = 0;

	/* What they cover is not in Dom0's banks. */
	while (err == 0 && fdt_num_mem_rsv(fdt) > 0)
		err = fdt_del_mem_rsv(fdt, 0);
	return err;
}

static const struct {
	const char *what;
	int (*edit)(void *fdt, const struct dom0dt_in *in);
} edits[] = {
	/* A new node goes before its brothers: the last of these is the first in the tree. */
	{ "timer", edit_timer },  { "interrupt controller", edit_gic },
	{ "UART", edit_uart },    { "/chosen", edit_chosen },
	{ "psci", add_psci },     { "cpus", add_cpus },
	{ "memory", add_memory }, { "hypervisor", add_hypervisor },
};

static int failed(const char *what, int fdt_err, uint64_t size)
{
	if (fdt_err == -FDT_ERR_NOSPACE) {
		log_err("Dom0's device tree: %s does not fit into %u bytes", what,
		        (unsigned int)size);
		return -ENOSPC;
	}
	log_err("Dom0's device tree: cannot write %s (%s)", what, fdt_strerror(fdt_err));
	return -EINVAL;
}

int dom0dt_build(const struct dom0dt_in *in, void *out, uint64_t size)
{
	int err = fdt_open_into(in->host->fdt, out, (int)size);

	if (err == 0)
		err = remove_reservations(out);
	if (err == 0)
		err = remove_nodes(out, in);
	if (err == 0)
		err = remove_aliases(out);
	if (err)
		return failed("the host's part", err, size);
	for (size_t i = 0; i < ARRAY_SIZE(edits); i++) {
		err = edits[i].edit(out, in);
		if (err)
			return failed(edits[i].what, err, size);
	}
	err = fdt_pack(out);
	return err ? failed("the end", err, size) : 0;
}
