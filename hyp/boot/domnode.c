/* SPDX-License-Identifier: Apache-2.0 */
#include "boot/domnode.h"

#include <libfdt.h>

#include "boot/chosen.h"
#include "boot/dt.h"
#include "core/domain_power.h"
#include "lib/err.h"
#include "lib/log.h"
#include "lib/string.h"

#define MEMORY_UNIT    (2 * MIB)   /* what is allocated for a domain is in blocks of it */
#define MEMORY_MAX     (256 * GIB) /* its sums don't wrap; a 40-bit IPA holds it */
#define SPIS_USUAL     64
#define SPIS_MAX       960 /* INTIDs 32 to 991; the rest up to 1019 is no multiple of 32 */
#define GICV2_MAX_CPUS 8   /* IHI 0048 1.3.2 */

static const char *const domain_compatible[] = { "xen,domain", NULL };

/* What Xen knows and a guest would miss if it were passed over in silence. */
static const struct {
	const char *property;
	const char *what;
} not_offered[] = {
	{ "domain-cpupool", "CPU pools" },
};

static void check_offered(const struct host_info *h, const struct host_domain *d)
{
	for (size_t i = 0; i < ARRAY_SIZE(not_offered); i++) {
		const char *property = not_offered[i].property;

		if (fdt_getprop(h->fdt, d->node, property, NULL))
			log_warn("domain %s: %s ignored: %s not offered", d->name, property,
			         not_offered[i].what);
	}
}

/* The name's end would get lost, and with it what tells two domains apart. */
static int read_name(const struct host_info *h, struct host_domain *d)
{
	const char *given = dt_string(h->fdt, d->node, "dormouse,name");
	const char *name = given ? given : fdt_get_name(h->fdt, d->node, NULL);
	const char *at = given ? NULL : strchr(name, '@');
	size_t len = at ? (size_t)(at - name) : strlen(name);
	bool taken;

	if (len == 0 || len >= sizeof(d->name)) {
		log_err("device tree: a domain's name (%s) must have 1 to %u characters", name,
		        (unsigned int)sizeof(d->name) - 1);
		return -EINVAL;
	}
	memcpy(d->name, name, len);
	d->name[len] = '\0';
	taken = strcmp(d->name, "dom0") == 0;
	for (unsigned int i = 0; i < h->nr_domains; i++)
		taken |= strcmp(h->domains[i].name, d->name) == 0;
	if (!taken)
		return 0;
	log_err("device tree: the name of domain %s is taken; give it another by dormouse,name",
	        d->name);
	return -EINVAL;
}

static int read_memory(const struct host_info *h, struct host_domain *d)
{
	int len;
	const void *cells = fdt_getprop(h->fdt, d->node, "memory", &len);
	uint64_t kib;

	if (!cells || (len != 4 && len != 8)) {
		log_err("domain %s: %s: give its RAM as a 64-bit number of KiB", d->name,
		        cells ? "memory is broken" : "no memory property");
		return -EINVAL;
	}
	kib = dt_cells(cells, (unsigned int)len / 4);
	if (kib == 0 || kib > MEMORY_MAX / KIB) {
		log_err("domain %s: memory = %llu KiB: 1 KiB to %u GiB can be given", d->name,
		        (unsigned long long)kib, (unsigned int)(MEMORY_MAX / GIB));
		return -EINVAL;
	}
	d->memory = ALIGN_UP(kib * KIB, MEMORY_UNIT);
	return 0;
}

static int bad_static_mem(const struct host_domain *d, const char *why)
{
	log_err("domain %s: xen,static-mem %s", d->name, why);
	return -EINVAL;
}

/* Cells as the property's own (Xen up to 4.16) say, or those of the domain's parent. */
static unsigned int static_cells(const struct host_info *h, const struct host_domain *d,
                                 const char *own, int parents)
{
	return dt_u32(h->fdt, d->node, own, parents < 0 ? 0 : (uint32_t)parents);
}

static int read_static_mem(const struct host_info *h, struct host_domain *d)
{
	int chosen = fdt_path_offset(h->fdt, "/chosen");
	int bus = fdt_getprop(h->fdt, chosen, "#address-cells", NULL) ? chosen : 0;
	unsigned int ac = static_cells(h, d, "#xen,static-mem-address-cells",
	                               fdt_address_cells(h->fdt, bus));
	unsigned int sc = static_cells(h, d, "#xen,static-mem-size-cells",
	                               fdt_size_cells(h->fdt, bus));
	uint64_t sum = 0;
	int len;
	const uint8_t *p = fdt_getprop(h->fdt, d->node, "xen,static-mem", &len);

	if (!p)
		return 0;
	if (ac < 1 || ac > 2 || sc < 1 || sc > 2 || len == 0 || len % (int)(4 * (ac + sc)))
		return bad_static_mem(d, "is broken: give <address size>, in the cells of /chosen");
	for (; len > 0; len -= (int)(4 * (ac + sc)), p += 4 * (ac + sc)) {
		struct range *r = &d->bank[d->nr_banks];

		if (d->nr_banks == HOST_MAX_BANKS)
			return bad_static_mem(d, "has more than 4 pieces");
		d->nr_banks++;
		*r = (struct range) { dt_cells(p, ac), dt_cells(p + 4 * ac, sc) };
		if (r->size == 0 || r->size > MEMORY_MAX || r->base > BIT(48) ||
		    !IS_ALIGNED(r->base | r->size, MEMORY_UNIT))
			return bad_static_mem(d, "must be in whole blocks of 2 MiB");
		for (struct range *other = d->bank; other < r; other++)
			if (range_overlap(other, r))
				return bad_static_mem(d, "has the same memory twice");
		sum += r->size;
	}
	if (sum == d->memory)
		return 0;
	log_err("domain %s: xen,static-mem is %u MiB, but memory is %u MiB: make them the same", d->name,
	        (unsigned int)(sum / MIB), (unsigned int)(d->memory / MIB));
	return -EINVAL;
}

static int read_number(const struct host_info *h, const struct host_domain *d, const char *name,
                       uint32_t usual, uint32_t max, unsigned int *out)
{
	int len;
	const void *cell = fdt_getprop(h->fdt, d->node, name, &len);

	*out = usual;
	if (cell)
		*out = len == 4 ? (unsigned int)dt_cells(cell, 1) : 0;
	if (*out >= 1 && *out <= max)
		return 0;
	log_err("domain %s: %s = %u: 1 to %u can be given", d->name, name, *out, max);
	return -EINVAL;
}

static int read_policies(const struct host_info *h, struct host_domain *d)
{
	const char *host_suspend = dt_string(h->fdt, d->node, "dormouse,host-suspend");
	const char *time = dt_string(h->fdt, d->node, "dormouse,time");

	d->host_suspend_given = host_suspend;
	if (host_suspend && host_suspend_policy_parse(host_suspend, &d->host_suspend)) {
		log_err("domain %s: dormouse,host-suspend = \"%s\": \"freeze\", \"require\" and "
		        "\"veto\" are offered",
		        d->name, host_suspend);
		return -EINVAL;
	}
	if (time && time_policy_parse(time, &d->time_policy)) {
		log_err("domain %s: dormouse,time = \"%s\": \"continuous\" and \"frozen\" are "
		        "offered",
		        d->name, time);
		return -EINVAL;
	}
	return 0;
}

/* The sources that are on, a string each; without the property all are. "none" for none. */
static int read_wakeup(const struct host_info *h, struct host_domain *d)
{
	const char *property = "dormouse,wakeup";
	int count = fdt_stringlist_count(h->fdt, d->node, property);

	if (!fdt_getprop(h->fdt, d->node, property, NULL))
		return 0;
	d->wake_off = WAKE_ALL;
	for (int i = 0; i < count; i++) {
		const char *name = fdt_stringlist_get(h->fdt, d->node, property, i, NULL);
		enum wake_source source;

		if (count == 1 && strcmp(name, "none") == 0)
			return 0;
		if (wake_source_parse(name, &source)) {
			log_err("domain %s: %s: \"%s\" is none of alarm, console, device, event, "
			        "key, command (or none alone)",
			        d->name, property, name);
			return -EINVAL;
		}
		d->wake_off &= ~(uint32_t)source;
	}
	if (count >= 1)
		return 0;
	log_err("domain %s: %s is no list of strings", d->name, property);
	return -EINVAL;
}

static int read_sleep(const struct host_info *h, struct host_domain *d)
{
	int err = read_policies(h, d);

	if (err == 0)
		err = read_number(h, d, "dormouse,veto-timeout-ms", DOMAIN_VETO_MS_USUAL,
		                  DOMAIN_VETO_MS_MAX, &d->veto_timeout_ms);
	return err ? err : read_wakeup(h, d);
}

/* Xen's bindings: absent means none of it. */
static int read_enhanced(const struct host_info *h, struct host_domain *d)
{
	static const struct {
		const char *value;
		bool xen, xenstore;
	} known[] = {
		{ "", true, true },
		{ "enabled", true, true },
		{ "no-xenstore", true, false },
		{ "disabled", false, false },
	};
	int len;
	const void *property = fdt_getprop(h->fdt, d->node, "xen,enhanced", &len);
	const char *value = len ? dt_string(h->fdt, d->node, "xen,enhanced") : "";

	if (!property)
		return 0;
	for (size_t i = 0; value && i < ARRAY_SIZE(known); i++) {
		if (strcmp(value, known[i].value) != 0)
			continue;
		d->xen = known[i].xen;
		d->xenstore = known[i].xenstore;
		return 0;
	}
	log_err("domain %s: xen,enhanced: \"enabled\", \"no-xenstore\" and \"disabled\" are offered", d->name);
	return -EINVAL;
}

static int read_modules(struct host_info *h, const struct host_domain *d)
{
	unsigned int first = h->nr_modules;
	unsigned int own = h->nr_domains + 1;

	chosen_read_domain_modules(h, d->node, own);
	for (unsigned int i = first; i < h->nr_modules && i < HOST_MAX_MODULES; i++) {
		if (h->modules[i].kind != HOST_MODULE_OTHER)
			continue;
		log_err("domain %s: module %s is neither a kernel, a ramdisk nor a device tree",
		        d->name, h->modules[i].name);
		return -EINVAL;
	}
	/* Too many modules in all: chosen_check_modules() says so. */
	if (h->nr_modules > HOST_MAX_MODULES || hostdt_domain_module(h, own, HOST_MODULE_KERNEL))
		return 0;
	log_err("domain %s: no kernel: add a node compatible with \"multiboot,kernel\", "
	        "\"multiboot,module\" and its reg below its node",
	        d->name);
	return -EINVAL;
}

static int read_domain(struct host_info *h, struct host_domain *d)
{
	uint32_t max_cpus = h->gic.version == 2 ? GICV2_MAX_CPUS : HOST_MAX_CPUS;
	int len, err = read_name(h, d);
	const void *vpl011 = fdt_getprop(h->fdt, d->node, "vpl011", &len);

	if (err == 0) {
		check_offered(h, d);
		err = read_memory(h, d);
	}
	if (err == 0)
		err = read_static_mem(h, d);
	if (err == 0)
		err = read_sleep(h, d);
	if (err == 0)
		err = read_enhanced(h, d);
	/* Xen's bindings: cpus is required. */
	if (err == 0)
		err = read_number(h, d, "cpus", 0, max_cpus, &d->nr_vcpus);
	if (err == 0)
		err = read_number(h, d, "nr_spis", SPIS_USUAL, SPIS_MAX, &d->nr_spis);
	d->nr_spis = (unsigned int)ALIGN_UP(d->nr_spis, 32);
	d->nr_spis_given = fdt_getprop(h->fdt, d->node, "nr_spis", NULL);
	d->direct_map = fdt_getprop(h->fdt, d->node, "direct-map", NULL);
	d->no_reboot = fdt_getprop(h->fdt, d->node, "dormouse,no-reboot", NULL);
	/* Empty, or a number: 0 for none. */
	d->vpl011 = vpl011 && (len < 4 || dt_cells(vpl011, 1) != 0);
	return err ? err : read_modules(h, d);
}

int domnode_read_all(struct host_info *h)
{
	int chosen = fdt_path_offset(h->fdt, "/chosen");
	int node;

	/* A negative parent would make libfdt walk the root's. */
	for (node = chosen < 0 ? chosen : fdt_first_subnode(h->fdt, chosen); node >= 0;
	     node = fdt_next_subnode(h->fdt, node)) {
		struct host_domain *d;
		int err;

		if (!dt_compatible(h->fdt, node, domain_compatible) || !dt_okay(h->fdt, node))
			continue;
		if (h->nr_domains == HOST_MAX_DOMAINS) {
			log_err("device tree: more than %u domains below /chosen",
			        HOST_MAX_DOMAINS);
			return -ENOSPC;
		}
		d = &h->domains[h->nr_domains];
		*d = (struct host_domain) { .node = node };
		err = read_domain(h, d);
		if (err)
			return err;
		h->nr_domains++;
	}
	return 0;
}
