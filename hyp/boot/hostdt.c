/* SPDX-License-Identifier: Apache-2.0 */
#include "boot/hostdt.h"

#include <libfdt.h>

#include "abi/smc_wdt.h"
#include "boot/chosen.h"
#include "boot/domnode.h"
#include "boot/dt.h"
#include "lib/err.h"
#include "lib/log.h"
#include "lib/string.h"

static const char *const uart_compatible[] = { "arm,pl011", NULL };
static const char *const rtc_compatible[] = { "arm,pl031", NULL };
static const char *const timer_compatible[] = { "arm,armv8-timer", NULL };
static const char *const psci_compatible[] = { "arm,psci-1.0", "arm,psci-0.2", NULL };
static const char *const watchdog_compatible[] = { SMC_WDT_COMPATIBLE, NULL };
static const char *const gic_v2_compatible[] = { "arm,cortex-a15-gic", "arm,gic-400",
	                                         "arm,cortex-a7-gic", NULL };
static const char *const gic_v3_compatible[] = { "arm,gic-v3", NULL };

/* First enabled node after `node` that is compatible, or a negative value. */
static int next_enabled(const void *fdt, int node, const char *const *list)
{
	do {
		node = dt_next_compatible(fdt, node, list);
	} while (node >= 0 && !dt_reachable(fdt, node));
	return node;
}

int hostdt_find_gic(const void *fdt, unsigned int *version)
{
	int node = next_enabled(fdt, -1, gic_v2_compatible);

	*version = 2;
	if (node < 0) {
		node = next_enabled(fdt, -1, gic_v3_compatible);
		*version = 3;
	}
	return node;
}

int hostdt_find_timer(const void *fdt)
{
	return next_enabled(fdt, -1, timer_compatible);
}

static bool device_at(const struct host_info *h, int node, struct host_device *d)
{
	uint64_t base, size;

	if (node < 0 || dt_reg(h->fdt, node, 0, &base, &size) != 0 || size == 0)
		return false;
	*d = (struct host_device) { .base = pa_make(base), .size = size, .node = node };
	if (h->gic_node < 0 || dt_interrupt(h->fdt, h->gic_node, node, 0, &d->intid) != 0)
		d->intid = 0;
	return true;
}

/* The node that /chosen/stdout-path names ("path:options", or an alias), or a negative value. */
static int stdout_node(const void *fdt)
{
	int chosen = fdt_path_offset(fdt, "/chosen");
	const char *path = chosen >= 0 ? dt_string(fdt, chosen, "stdout-path") : NULL;
	const char *end = path ? strchr(path, ':') : NULL;

	if (!path)
		return -1;
	return dt_path(fdt, path, end ? (size_t)(end - path) : strlen(path));
}

static void find_uart(struct host_info *h)
{
	int node = stdout_node(h->fdt);

	if (node < 0 || !dt_compatible(h->fdt, node, uart_compatible) ||
	    !dt_reachable(h->fdt, node))
		node = next_enabled(h->fdt, -1, uart_compatible);
	if (device_at(h, node, &h->uart))
		h->uart_compatible = dt_compatible(h->fdt, node, uart_compatible);
}

int hostdt_open(const void *fdt, struct host_info *h)
{
	int err;

	dt_index(NULL);
	memset(h, 0, sizeof(*h));
	h->gic_node = -1;
	h->bootargs = "";
	h->dom0_bootargs = "";
	if (!fdt || !IS_ALIGNED((uintptr_t)fdt, 8)) {
		log_err("device tree: none at %p: the boot loader must pass its address, 8-byte "
		        "aligned, in x0",
		        fdt);
		return -EINVAL;
	}
	err = fdt_check_header(fdt);
	if (err == 0 && (fdt_totalsize(fdt) > HOST_MAX_DTB || fdt_version(fdt) < 17))
		err = -FDT_ERR_BADVERSION;
	if (err == 0)
		err = dt_check(fdt, fdt_totalsize(fdt));
	if (err) {
		log_err("device tree: what is at %p is broken (%s): pass a version 17 tree of at "
		        "most 2 MiB in x0",
		        fdt, fdt_strerror(err));
		return -EINVAL;
	}
	dt_index(fdt);
	h->fdt = fdt;
	h->fdt_at = (struct range) { .base = ptr_pa(fdt).raw, .size = fdt_totalsize(fdt) };
	h->gic_node = hostdt_find_gic(fdt, &h->gic.version);
	find_uart(h);
	chosen_read_modules(h);
	chosen_read_bootargs(h);
	return 0;
}

/* --- memory and CPUs --------------------------------------------------------------------- */

static int too_many(int err, const char *what)
{
	if (err == -ENOSPC)
		log_err("device tree: %s has more than %u separate ranges", what, RANGES_MAX);
	else if (err)
		log_err("device tree: %s is broken: an address and a size that don't belong "
		        "together",
		        what);
	return err;
}

static int add_regs(const struct host_info *h, int node, struct ranges *to)
{
	uint64_t base, size;
	int err = 0;

	for (unsigned int i = 0; err == 0; i++) {
		err = dt_reg(h->fdt, node, i, &base, &size);
		if (err == 0)
			err = ranges_add(to, base, size);
	}
	return err == -ENOENT ? 0 : err;
}

static int read_ram(struct host_info *h)
{
	int node, err = 0;

	fdt_for_each_subnode(node, h->fdt, 0)
	{
		const char *type = dt_string(h->fdt, node, "device_type");

		if (type && strcmp(type, "memory") == 0 && dt_okay(h->fdt, node) && err == 0)
			err = add_regs(h, node, &h->ram);
	}
	if (err)
		return too_many(err, "memory");
	ranges_trim_pages(&h->ram);
	if (h->ram.count == 0) {
		log_err("device tree: no memory node: the machine's RAM is unknown; "
		        "the boot loader must add one with device_type = \"memory\" and reg");
		return -ENODEV;
	}
	return 0;
}

/* Outwards to whole pages: a page with a reserved byte in it is reserved. */
static int reserve(struct ranges *to, uint64_t base, uint64_t size)
{
	uint64_t first = ALIGN_DOWN(base, PAGE_SIZE);

	return ranges_add(to, first, ALIGN_UP(base + size, PAGE_SIZE) - first);
}

static int read_reserved(struct host_info *h)
{
	int parent = fdt_path_offset(h->fdt, "/reserved-memory");
	int node, err = 0;
	uint64_t base, size;

	for (int i = 0; i < fdt_num_mem_rsv(h->fdt) && err == 0; i++)
		if (fdt_get_mem_rsv(h->fdt, i, &base, &size) == 0)
			err = reserve(&h->unusable, base, size);
	if (parent < 0 || err)
		return too_many(err, "/memreserve/");
	fdt_for_each_subnode(node, h->fdt, parent)
	{
		bool no_map = fdt_getprop(h->fdt, node, "no-map", NULL);

		if (!dt_okay(h->fdt, node))
			continue;
		for (unsigned int i = 0; err == 0 && dt_reg(h->fdt, node, i, &base, &size) == 0;
		     i++) {
			err = reserve(no_map ? &h->unusable : &h->reserved, base, size);
			if (err == 0 && no_map)
				err = reserve(&h->no_map, base, size);
		}
	}
	return too_many(err, "/reserved-memory");
}

static int read_cpus(struct host_info *h)
{
	int cpus = fdt_path_offset(h->fdt, "/cpus");
	int node;

	/* A negative parent would make libfdt walk the root's. */
	for (node = cpus < 0 ? cpus : fdt_first_subnode(h->fdt, cpus); node >= 0;
	     node = fdt_next_subnode(h->fdt, node)) {
		const char *type = dt_string(h->fdt, node, "device_type");
		const char *method = dt_string(h->fdt, node, "enable-method");
		int len;
		const void *reg = fdt_getprop(h->fdt, node, "reg", &len);

		if (!type || strcmp(type, "cpu") != 0 || !dt_okay(h->fdt, node))
			continue;
		if (!reg || (len != 4 && len != 8)) {
			log_warn("device tree: %s has no usable reg; left off",
			         fdt_get_name(h->fdt, node, NULL));
			continue;
		}
		if (method && strcmp(method, "psci") != 0)
			log_warn("device tree: %s starts by \"%s\", not by PSCI",
			         fdt_get_name(h->fdt, node, NULL), method);
		if (h->nr_cpus == HOST_MAX_CPUS) {
			log_warn("device tree: more than %u CPUs; the rest stay off",
			         HOST_MAX_CPUS);
			break;
		}
		if (h->nr_cpus == 0)
			h->cpu_compatible = dt_string(h->fdt, node, "compatible");
		h->mpidr[h->nr_cpus++] = dt_cells(reg, (unsigned int)len / 4);
	}
	if (h->nr_cpus == 0) {
		log_err("device tree: no CPU below /cpus: how many there are is unknown; the boot "
		        "loader "
		        "must pass the machine's own tree");
		return -ENODEV;
	}
	return 0;
}

/* --- what the machine must have ---------------------------------------------------------- */

static bool mentions_gic(const char *s)
{
	for (; *s; s++)
		if (strncmp(s, "gic", 3) == 0)
			return true;
	return false;
}

static int unknown_gic(const struct host_info *h)
{
	int node = -1;

	while ((node = fdt_next_node(h->fdt, node, NULL)) >= 0) {
		const char *compatible = dt_string(h->fdt, node, "compatible");

		if (!compatible || !mentions_gic(compatible) ||
		    !fdt_getprop(h->fdt, node, "interrupt-controller", NULL))
			continue;
		log_err("device tree: unknown interrupt controller \"%s\" (%s): Dormouse drives "
		        "GICv2 with "
		        "virtualization (arm,gic-400, arm,cortex-a15-gic) and GICv3 (arm,gic-v3)",
		        compatible, fdt_get_name(h->fdt, node, NULL));
		return -ENODEV;
	}
	log_err("device tree: no interrupt controller: a GICv2 (arm,gic-400, arm,cortex-a15-gic) "
	        "or a GICv3 "
	        "(arm,gic-v3) is needed");
	return -ENODEV;
}

static int gic_reg(const struct host_info *h, unsigned int i, const char *what, paddr_t *base,
                   uint64_t *size)
{
	if (dt_reg(h->fdt, h->gic_node, i, &base->raw, size) == 0 && *size)
		return 0;
	log_err("device tree: GIC %s has no registers for its %s (reg entry %u): without them "
	        "no guest can be given interrupts",
	        fdt_get_name(h->fdt, h->gic_node, NULL), what, i);
	return -ENODEV;
}

static int read_gic_v2(struct host_info *h)
{
	struct gic_config *g = &h->gic;
	int err = gic_reg(h, 1, "CPU interface", &g->gicc, &g->gicc_size);

	if (err == 0)
		err = gic_reg(h, 2, "virtual interface control", &g->gich, &g->gich_size);
	if (err == 0)
		err = gic_reg(h, 3, "virtual CPU interface", &g->gicv, &g->gicv_size);
	return err;
}

static int read_gic_v3(struct host_info *h)
{
	struct gic_config *g = &h->gic;
	uint32_t regions = dt_u32(h->fdt, h->gic_node, "#redistributor-regions", 1);
	int len, err = 0;
	const void *stride = fdt_getprop(h->fdt, h->gic_node, "redistributor-stride", &len);

	if (regions == 0 || regions > GIC_MAX_REDIST_REGIONS) {
		log_err("device tree: GIC has %u redistributor regions: 1 to %u can be handled",
		        regions, GIC_MAX_REDIST_REGIONS);
		return -ENODEV;
	}
	for (unsigned int i = 0; i < regions && err == 0; i++)
		err = gic_reg(h, 1 + i, "redistributors", &g->redist[i].base, &g->redist[i].size);
	g->nr_redist_regions = regions;
	if (stride && (len == 4 || len == 8))
		g->redist_stride = dt_cells(stride, (unsigned int)len / 4);
	return err;
}

static int read_gic(struct host_info *h)
{
	int err;

	if (h->gic_node < 0)
		return unknown_gic(h);
	err = gic_reg(h, 0, "distributor", &h->gic.gicd, &h->gic.gicd_size);
	if (err == 0)
		err = h->gic.version == 2 ? read_gic_v2(h) : read_gic_v3(h);
	if (err)
		return err;
	if (dt_interrupt(h->fdt, h->gic_node, h->gic_node, 0, &h->gic.maintenance_intid) != 0 ||
	    h->gic.maintenance_intid >= GIC_FIRST_SPI) {
		log_err("device tree: GIC %s names no maintenance interrupt (a PPI in interrupts): "
		        "guests' interrupts cannot be kept up without it",
		        fdt_get_name(h->fdt, h->gic_node, NULL));
		return -ENODEV;
	}
	return 0;
}

/* Devicetree bindings, timer/arm,arch_timer.yaml: by position, unless they are named. */
static const struct {
	const char *name;
	size_t offset;
} timer_interrupts[] = {
	{ "sec-phys", offsetof(struct host_info, timer.sec_phys) },
	{ "phys", offsetof(struct host_info, timer.phys) },
	{ "virt", offsetof(struct host_info, timer.virt) },
	{ "hyp-phys", offsetof(struct host_info, timer.hyp) },
};

static int read_timer(struct host_info *h)
{
	int node = hostdt_find_timer(h->fdt);
	bool named = node >= 0 && fdt_getprop(h->fdt, node, "interrupt-names", NULL);

	h->timer_node = node;
	for (unsigned int i = 0; node >= 0 && i < ARRAY_SIZE(timer_interrupts); i++) {
		uint32_t *out = (uint32_t *)(void *)((uint8_t *)h + timer_interrupts[i].offset);
		int index = (int)i;

		if (named)
			index = fdt_stringlist_search(h->fdt, node, "interrupt-names",
			                              timer_interrupts[i].name);
		if (index < 0 ||
		    dt_interrupt(h->fdt, h->gic_node, node, (unsigned int)index, out) != 0 ||
		    *out >= GIC_FIRST_SPI)
			*out = 0;
	}
	if (h->timer.virt && h->timer.hyp && h->timer.phys)
		return 0;
	log_err("device tree: %s: Dormouse needs the hypervisor timer for itself and the physical "
	        "and virtual "
	        "ones for guests; the tree must have an arm,armv8-timer node with its four PPIs",
	        node < 0 ? "no timer" : "the timer lacks interrupts");
	return -ENODEV;
}

static int read_psci(struct host_info *h)
{
	int node = next_enabled(h->fdt, -1, psci_compatible);
	const char *method = node >= 0 ? dt_string(h->fdt, node, "method") : NULL;

	if (node < 0) {
		log_err("device tree: no PSCI (arm,psci-0.2 or later): CPUs cannot be started nor "
		        "the machine "
		        "switched off without such firmware at EL3");
		return -ENODEV;
	}
	if (!method || strcmp(method, "smc") != 0) {
		log_err("device tree: PSCI is called by \"%s\": from EL2 only smc reaches firmware "
		        "at EL3",
		        method ? method : "(no method)");
		return -ENODEV;
	}
	h->psci_smc = true;
	return 0;
}

static void read_watchdog(struct host_info *h)
{
	int node = next_enabled(h->fdt, -1, watchdog_compatible);

	if (node < 0)
		return;
	h->watchdog.function = dt_u32(h->fdt, node, "arm,smc-id", SMC_WDT_ID);
	h->watchdog.report = dt_u32(h->fdt, node, "dormouse,smc-report-id", 0);
	h->watchdog.stops_asleep = fdt_getprop(h->fdt, node, "dormouse,stops-asleep", NULL);
}

int hostdt_parse(struct host_info *h)
{
	static int (*const parts[])(struct host_info * h) = {
		read_ram,  read_reserved,        read_cpus, read_gic, read_timer,
		read_psci, domnode_read_all,     chosen_check_modules,
	};
	int err = 0;

	for (size_t i = 0; i < ARRAY_SIZE(parts) && err == 0; i++)
		err = parts[i](h);
	if (err)
		return err;
	device_at(h, next_enabled(h->fdt, -1, rtc_compatible), &h->rtc);
	read_watchdog(h);
	if (!h->uart.size)
		log_warn("device tree: no UART that Dormouse drives (arm,pl011): there will be no "
		         "console");
	return 0;
}
