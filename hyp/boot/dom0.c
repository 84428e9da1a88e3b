/* SPDX-License-Identifier: Apache-2.0 */
#include "boot/dom0.h"

#include <libfdt.h>

#include "arch/cache.h"
#include "boot/dom0dev.h"
#include "boot/dom0dt.h"
#include "boot/dt.h"
#include "core/domain.h"
#include "core/irq.h"
#include "core/p2m.h"
#include "lib/bitmap.h"
#include "lib/err.h"
#include "lib/log.h"
#include "lib/string.h"
#include "mm/page.h"
#include "virt/vgic/vgic.h"

_Static_assert(HOST_MAX_CPUS <= MAX_VCPUS_PER_DOMAIN, "one vCPU a CPU must be possible");

/* Too large for an 8 KiB stack; the boot CPU alone runs this, once. */
static struct ranges device_pages;

static int map_ram(struct domain *d, const struct boot_plan *p)
{
	int err = 0;

	for (unsigned int i = 0; i < p->dom0.count && err == 0; i++) {
		const struct range *r = &p->dom0.r[i];

		err = p2m_add_fixed(d, r->base >> PAGE_SHIFT, pa_make(r->base), r->size);
		if (err)
			log_err("Dom0: cannot map its RAM at 0x%llx, %u MiB (error %d)",
			        (unsigned long long)r->base, (unsigned int)(r->size / MIB), err);
	}
	return err;
}

/* A window that the CPU's addresses don't reach is no error: nothing can be there. */
static int map_devices(struct domain *d, const struct host_info *h, const struct boot_plan *p,
                       const struct passthrough *passed, const void *tree)
{
	int err = dom0dev_pages(h, p, passed, tree, &device_pages);

	for (unsigned int i = 0; i < device_pages.count && err == 0; i++) {
		const struct range *r = &device_pages.r[i];

		err = stage2_map(&d->s2, ipa_make(r->base), pa_make(r->base), r->size,
		                 STAGE2_DEVICE);
		if (err == -ERANGE) {
			log_warn("Dom0: no device access to 0x%llx, 0x%llx bytes: beyond its "
			         "addresses",
			         (unsigned long long)r->base, (unsigned long long)r->size);
			err = 0;
		}
		if (err)
			log_err("Dom0: cannot map devices at 0x%llx, 0x%llx bytes (error %d)",
			        (unsigned long long)r->base, (unsigned long long)r->size, err);
	}
	return err;
}

/* GICv2: the guest's CPU interface is the hardware's virtual one, at the host's GICC address. */
static int map_gicv(struct domain *d, const struct gic_config *g)
{
	int err;

	if (g->version != 2)
		return 0;
	err = stage2_map(&d->s2, ipa_make(g->gicc.raw), g->gicv, dom0dt_gicc_size(g),
	                 STAGE2_DEVICE);
	if (err)
		log_err("Dom0: cannot map the virtual CPU interface (error %d)", err);
	return err;
}

static int create_devices(struct domain *d, const struct host_info *h)
{
	const struct guest_devices devices = {
		.gic = {
			.version = h->gic.version,
			.nr_spis = (unsigned int)ALIGN_UP(
				gic_limits.nr_spis_end - GIC_FIRST_SPI, 32),
			.gicd = ipa_make(h->gic.gicd.raw),
			.gicr = ipa_make(h->gic.redist[0].base.raw),
		},
		.uart = { h->uart.base.raw, h->uart.size ? h->uart.intid : 0 },
		.rtc = { h->rtc.base.raw, h->rtc.size ? h->rtc.intid : 0 },
	};

	return guest_create_devices(d, "Dom0", &devices);
}

/* --- interrupts -------------------------------------------------------------------------- */

/* irq_assign() keeps the name for good; the tree is Dom0's to overwrite. */
struct names {
	char *at;
	size_t room;
};

static const char *keep_name(struct names *n, const char *name)
{
	size_t size = strlen(name) + 1;
	char *kept;

	if (size > n->room) {
		n->at = page_alloc(0);
		n->room = n->at ? PAGE_SIZE : 0;
	}
	if (size > n->room)
		return NULL;
	kept = n->at;
	memcpy(kept, name, size);
	n->at += size;
	n->room -= size;
	return kept;
}

struct assignment {
	struct domain *d;
	struct names names;
	uint64_t done[BITMAP_WORDS(1024)];
	unsigned int count;
};

static int assign_spi(void *ctx, const char *name, uint32_t intid)
{
	struct assignment *a = ctx;
	const char *kept;
	int err;

	if (bitmap_test(a->done, intid))
		return 0;
	bitmap_set(a->done, intid);
	kept = keep_name(&a->names, name);
	if (!kept) {
		log_err("Dom0: no memory for the name of %s", name);
		return -ENOMEM;
	}
	err = irq_assign(intid, kept, a->d, intid);
	if (err == 0)
		err = vgic_assign_hw(a->d, intid, intid);
	if (err == -ENOMEM) {
		log_err("Dom0: no memory for interrupt %u of %s", intid, name);
		return err;
	}
	/* The device is there all the same; a shared line may be Dormouse's own. */
	if (err)
		log_warn("Dom0: %s goes without interrupt %u (error %d)", name, intid, err);
	else
		a->count++;
	return 0;
}

static int assign_interrupts(struct domain *d, const struct host_info *h, const void *tree)
{
	struct assignment a = { .d = d };
	int err = dom0dev_for_each_spi(h, tree, assign_spi, &a);

	if (err == 0)
		log_debug("Dom0: %u interrupts of devices", a.count);
	return err;
}

/* --- memory ------------------------------------------------------------------------------ */

/*
 * To where it will run. The guest starts with its caches off: what is written must be in memory,
 * also what follows the file (.bss), which Linux clears with caches off.
 */
static void put(const struct placed *what)
{
	void *to = pa_ptr(pa_make(what->to.base));
	const void *from = pa_ptr(pa_make(what->from.base));

	if (to != from)
		memmove(to, from, what->from.size);
	dcache_clean_invalidate(to, what->to.size);
	icache_sync(to, what->from.size);
}

static int build(struct domain *d, const struct host_info *h, const struct boot_plan *p,
                 const struct passthrough *passed, const void *tree)
{
	int err = map_ram(d, p);

	if (err == 0)
		err = map_devices(d, h, p, passed, tree);
	if (err == 0)
		err = map_gicv(d, &h->gic);
	if (err == 0)
		err = create_devices(d, h);
	return err ? err : assign_interrupts(d, h, tree);
}

int dom0_build(const struct host_info *h, const struct boot_plan *p,
               const struct passthrough *passed, struct guest *out)
{
	const struct dom0dt_in dt = {
		.host = h,
		.banks = &p->dom0,
		.nr_vcpus = p->nr_vcpus,
		.ramdisk = p->ramdisk.to,
		/* What Dormouse and others have of the RAM isn't at these addresses for Dom0. */
		.grants = p->heap.base,
		.unused = &p->spare,
		.passed = passed,
	};
	void *tree = pa_ptr(pa_make(p->dtb.base));
	struct domain *d;
	int err = dom0dt_build(&dt, tree, p->dtb.size);

	if (err)
		return err;
	dt_index(tree);
	d = domain_create(DOMID_DOM0, "dom0", p->nr_vcpus);
	if (!d) {
		log_err("Dom0: no memory for a domain of %u vCPUs; give fewer by dom0_max_vcpus=",
		        p->nr_vcpus);
		return -ENOMEM;
	}
	d->xen_ppi = dom0dt_xen_ppi(h);
	d->direct_mapped = true;
	err = build(d, h, p, passed, tree);
	if (err)
		return err;
	/* The plan's places hide no source from being read: any order will do. */
	put(&p->kernel);
	if (p->ramdisk.to.size)
		put(&p->ramdisk);
	dcache_clean(tree, p->dtb.size);
	log_info("Dom0: %u vCPUs, %u MiB, kernel at 0x%llx, ramdisk at 0x%llx, device tree at "
	         "0x%llx",
	         p->nr_vcpus, (unsigned int)(ranges_total(&p->dom0) / MIB),
	         (unsigned long long)p->kernel.to.base, (unsigned long long)p->ramdisk.to.base,
	         (unsigned long long)p->dtb.base);
	*out = (struct guest) { .domain = d, .entry = p->kernel.to.base, .dtb = p->dtb.base };
	return 0;
}
