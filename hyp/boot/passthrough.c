/* SPDX-License-Identifier: Apache-2.0 */
#include "boot/passthrough.h"

#include <libfdt.h>

#include "boards/quirks.h"
#include "boot/domumap.h"
#include "boot/dt.h"
#include "lib/err.h"
#include "lib/log.h"
#include "lib/string.h"

#define MAX_INTID 991 /* the last that a virtual GIC can have */

/* What is being read. */
struct reader {
	const struct host_info *h;
	struct passthrough *out;
	const struct host_domain *d;
	unsigned int domain;
	struct domain_ram ram; /* its guest addresses */
	const void *fdt;       /* its partial tree */
	int node;              /* in that: the device */
	const char *name;
};

static int wrong(const struct reader *r, const char *what)
{
	log_err("domain %s: device %s: %s", r->d->name, r->name, what);
	return -EINVAL;
}

static int too_many(const struct reader *r)
{
	log_err("domain %s: device %s: more than %u registers or interrupts in all are passed through", r->d->name,
	        r->name, PASSED_MAX);
	return -ENOSPC;
}

/* --- registers --------------------------------------------------------------------------- */

static bool touches(uint64_t base, uint64_t size, const struct range *with)
{
	const struct range own = { base, size };
	const struct range whole = { ALIGN_DOWN(with->base, PAGE_SIZE),
		                     ALIGN_UP(range_end(with), PAGE_SIZE) -
		                             ALIGN_DOWN(with->base, PAGE_SIZE) };

	return with->size && range_overlap(&own, &whole);
}

static bool is_dormouses(const struct host_info *h, uint64_t base, uint64_t size)
{
	const struct gic_config *g = &h->gic;
	const struct range own[] = {
		{ g->gicd.raw, g->gicd_size },      { g->gicc.raw, g->gicc_size },
		{ g->gich.raw, g->gich_size },      { g->gicv.raw, g->gicv_size },
		{ h->uart.base.raw, h->uart.size }, { h->rtc.base.raw, h->rtc.size },
	};
	bool is = false;

	for (size_t i = 0; i < ARRAY_SIZE(own); i++)
		is |= touches(base, size, &own[i]);
	for (unsigned int i = 0; i < g->nr_redist_regions; i++)
		is |= touches(base, size,
		              &(struct range) { g->redist[i].base.raw, g->redist[i].size });
	return is;
}

static const char *guest_conflict(const struct reader *r, const struct passed_region *n)
{
	const struct range at = { n->guest, n->size };
	const char *what = domumap_taken(n->guest, n->size);

	for (unsigned int i = 0; i < r->ram.count; i++)
		if (range_overlap(&r->ram.bank[i], &at))
			what = "RAM";
	for (unsigned int i = 0; i < r->out->nr_regions; i++) {
		const struct passed_region *o = &r->out->region[i];

		if (o->domain == n->domain &&
		    range_overlap(&(struct range) { o->guest, o->size }, &at))
			what = "another device";
	}
	return what;
}

/* Small devices may share a page, which then goes to the domain once. */
static bool is_there(const struct passthrough *p, const struct passed_region *n)
{
	for (unsigned int i = 0; i < p->nr_regions; i++) {
		const struct passed_region *o = &p->region[i];

		if (o->domain == n->domain && o->host == n->host && o->guest == n->guest && o->size == n->size)
			return true;
	}
	return false;
}

static int add_region(struct reader *r, uint64_t host, uint64_t size, uint64_t guest)
{
	const struct passed_region n = { r->domain, host, guest, size };
	const char *what;

	if (!size || !IS_ALIGNED(host | guest | size, PAGE_SIZE) || host + size < host ||
	    guest + size < guest)
		return wrong(r, "xen,reg must be in whole 4 KiB pages");
	if (ranges_touch(&r->h->ram, host, size))
		return wrong(r, "xen,reg is RAM of the machine");
	if (is_dormouses(r->h, host, size))
		return wrong(r, "its registers are Dormouse's own, or in the same page");
	if (is_there(r->out, &n))
		return 0;
	if (ranges_touch(&r->out->pages, host, size))
		return wrong(r, "its registers (or its page) are passed through already");
	what = guest_conflict(r, &n);
	if (what) {
		log_err("domain %s: device %s: at its 0x%llx there is %s; give it another address in xen,reg",
		        r->d->name, r->name, (unsigned long long)guest, what);
		return -EINVAL;
	}
	if (r->out->nr_regions == PASSED_MAX || ranges_add(&r->out->pages, host, size))
		return too_many(r);
	r->out->region[r->out->nr_regions++] = n;
	return 0;
}

/* <host address, size, guest address>, in the cells of the node's parent. */
static int read_registers(struct reader *r)
{
	int parent = dt_parent(r->fdt, r->node);
	int ac = fdt_address_cells(r->fdt, parent), sc = fdt_size_cells(r->fdt, parent);
	int len, err = 0, entry = 4 * (2 * ac + sc);
	const uint8_t *p = fdt_getprop(r->fdt, r->node, "xen,reg", &len);

	if (ac < 1 || ac > 2 || sc < 1 || sc > 2 || len < entry || len % entry)
		return wrong(r, "xen,reg is not <address size guest-address>, in its parent's cells");
	for (; len && err == 0; len -= entry, p += entry)
		err = add_region(r, dt_cells(p, (unsigned int)ac),
		                 dt_cells(p + 4 * ac, (unsigned int)sc),
		                 dt_cells(p + 4 * (ac + sc), (unsigned int)ac));
	return err;
}

/* --- interrupts -------------------------------------------------------------------------- */

static int add_interrupt(struct reader *r, uint32_t intid)
{
	struct passthrough *p = r->out;
	const char *what = domumap_interrupt(intid);

	if (intid < GIC_FIRST_SPI)
		return wrong(r, "an interrupt private to a CPU can't be passed through");
	if (what || intid > MAX_INTID) {
		log_err("domain %s: device %s: interrupt %u %s%s", r->d->name, r->name, intid,
		        what ? "is the domain's " : "can't be virtual", what ? what : "");
		return -EINVAL;
	}
	if (r->d->nr_spis_given && intid - GIC_FIRST_SPI >= r->d->nr_spis) {
		log_err("domain %s: device %s: interrupt %u needs nr_spis = %u", r->d->name, r->name,
		        intid, intid - GIC_FIRST_SPI + 1);
		return -EINVAL;
	}
	for (unsigned int i = 0; i < p->nr_interrupts; i++) {
		if (p->interrupt[i].intid == intid && p->interrupt[i].domain == r->domain)
			return 0;
		if (p->interrupt[i].intid == intid)
			return wrong(r, "its interrupt is passed through to another domain");
	}
	if (p->nr_interrupts == PASSED_MAX)
		return too_many(r);
	p->interrupt[p->nr_interrupts++] =
		(struct passed_interrupt) { r->domain, intid, r->name };
	if (intid > p->max_intid[r->domain - 1])
		p->max_intid[r->domain - 1] = intid;
	return 0;
}

/* The number of the i-th of the guest's specifiers, if it is one that a GIC understands. */
static bool is_different(const struct reader *r, unsigned int i, uint32_t intid)
{
	int len;
	const uint8_t *p = fdt_getprop(r->fdt, r->node, "interrupts", &len);

	return p && len % 12 == 0 && (unsigned int)len / 12 > i && dt_cells(p + 12 * i, 1) == 0 &&
	       dt_cells(p + 12 * i + 4, 1) + GIC_FIRST_SPI != intid;
}

/* The host's, by the same numbers for the guest; those of other controllers are not Dormouse's business. */
static int read_interrupts(struct reader *r, int host)
{
	int err = 0;

	for (unsigned int i = 0; err == 0 || err == -ENODEV; i++) {
		uint32_t intid;

		err = dt_interrupt(r->h->fdt, r->h->gic_node, host, i, &intid);
		if (err)
			continue;
		if (is_different(r, i, intid)) {
			log_err("domain %s: device %s: its interrupt is %u on the machine, SPI %u; interrupts must say "
			        "the same",
			        r->d->name, r->name, intid, intid - GIC_FIRST_SPI);
			return -EINVAL;
		}
		err = add_interrupt(r, intid);
		if (err)
			return err;
	}
	return err == -EINVAL ? wrong(r, "the machine's node has broken interrupts") : 0;
}

/* --- devices ----------------------------------------------------------------------------- */

static int node_at(const void *fdt, const char *path)
{
	return dt_path(fdt, path, strlen(path));
}

static int read_host_node(struct reader *r, const char *path)
{
	const struct host_info *h = r->h;
	int node = node_at(h->fdt, path);

	if (node < 0) {
		log_err("domain %s: device %s: xen,path: the machine has no %s", r->d->name, r->name,
		        path);
		return -EINVAL;
	}
	if (node == 0 || node == h->gic_node || node == h->timer_node ||
	    (h->uart.size && node == h->uart.node) || (h->rtc.size && node == h->rtc.node))
		return wrong(r, "xen,path leads to what is Dormouse's own");
	for (unsigned int i = 0; i < r->out->nr_paths; i++)
		if (node_at(h->fdt, r->out->path[i]) == node)
			return wrong(r, "it is passed through already");
	if (r->out->nr_paths == PASSED_MAX)
		return too_many(r);
	r->out->path[r->out->nr_paths++] = path;
	return read_interrupts(r, node);
}

/*
 * Without an IOMMU a device sees the machine's addresses: only a guest whose RAM is there can use its DMA. What is not
 * known to do none is taken to do some.
 */
static int check_dma(struct reader *r, bool forced)
{
	if (dt_compatible(r->fdt, r->node, quirk_devices_without_dma))
		return 0;
	r->out->dma[r->domain - 1] = true;
	if (r->d->direct_map || forced) {
		log_warn("domain %s: device %s may do DMA: it can reach all memory, there is no IOMMU",
		         r->d->name, r->name);
		return 0;
	}
	return wrong(r, "may do DMA, and would miss RAM that isn't 1:1 (no IOMMU): give the domain direct-map, "
	                "or the device, if it does none, xen,force-assign-without-iommu");
}

/* What has none (keys behind a GPIO controller) may be passed by its xen,path alone. */
static bool has_registers(const struct reader *r, const char *path)
{
	int node = node_at(r->h->fdt, path);

	return node >= 0 && fdt_getprop(r->h->fdt, node, "reg", NULL);
}

static int read_device(struct reader *r)
{
	const char *path = dt_string(r->fdt, r->node, "xen,path");
	bool regs = fdt_getprop(r->fdt, r->node, "xen,reg", NULL);
	bool forced = fdt_getprop(r->fdt, r->node, "xen,force-assign-without-iommu", NULL);
	int err = 0;

	if (!path && !regs)
		return forced || fdt_getprop(r->fdt, r->node, "xen,path", NULL)
		               ? wrong(r, "it has no xen,path and xen,reg")
		               : 0;
	if (!forced && !path)
		return wrong(r, "it has a xen,reg, but no xen,path");
	if (!forced && !regs && has_registers(r, path))
		return wrong(r, "it has a xen,path, but no xen,reg");
	err = check_dma(r, forced);
	if (err == 0 && regs)
		err = read_registers(r);
	return err == 0 && path ? read_host_node(r, path) : err;
}

static int read_tree(struct reader *r, const struct host_module *m)
{
	int top, depth = 0, err;

	r->fdt = pa_ptr(pa_make(m->at.base));
	err = dt_check(r->fdt, m->at.size);
	top = err ? err : fdt_path_offset(r->fdt, "/passthrough");
	if (top < 0) {
		log_err("domain %s: partial device tree %s: %s", r->d->name, m->name,
		        err ? fdt_strerror(err) : "it has no /passthrough node");
		return -EINVAL;
	}
	for (r->node = fdt_next_node(r->fdt, top, &depth); r->node >= 0 && depth > 0 && err == 0;
	     r->node = fdt_next_node(r->fdt, r->node, &depth)) {
		r->name = fdt_get_name(r->fdt, r->node, NULL);
		err = read_device(r);
	}
	return err;
}

int passthrough_read(const struct host_info *h, const struct boot_plan *p, struct passthrough *out)
{
	int err = 0;

	memset(out, 0, sizeof(*out));
	for (unsigned int i = 0; i < h->nr_domains && err == 0; i++) {
		const struct host_module *m = hostdt_domain_module(h, i + 1, HOST_MODULE_DEVICE_TREE);
		struct reader r = { .h = h, .out = out, .d = &h->domains[i], .domain = i + 1 };

		if (!m)
			continue;
		layout_guest_ram(h, p, i, &r.ram);
		err = read_tree(&r, m);
	}
	return err;
}

bool passthrough_is_taken(const struct passthrough *p, const void *tree, int node)
{
	uint64_t base, size;

	/* Xen's bindings: so marked, it isn't Dom0's. */
	if (fdt_getprop(tree, node, "xen,passthrough", NULL))
		return true;
	for (unsigned int i = 0; i < p->nr_paths; i++)
		if (node_at(tree, p->path[i]) == node)
			return true;
	/* What shares a page with it went along. */
	for (unsigned int i = 0; p->nr_regions && dt_reg(tree, node, i, &base, &size) == 0; i++)
		if (ranges_touch(&p->pages, base, size))
			return true;
	return false;
}

const void *passthrough_tree(const struct host_info *h, unsigned int domain)
{
	const struct host_module *m = hostdt_domain_module(h, domain, HOST_MODULE_DEVICE_TREE);

	return m ? pa_ptr(pa_make(m->at.base)) : NULL;
}
