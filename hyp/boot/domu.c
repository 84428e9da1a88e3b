/* SPDX-License-Identifier: Apache-2.0 */
#include "boot/domu.h"

#include "arch/cache.h"
#include "boot/domudt.h"
#include "boot/image.h"
#include "core/irq.h"
#include "core/p2m.h"
#include "lib/err.h"
#include "lib/log.h"
#include "lib/string.h"
#include "mm/page.h"
#include "mm/share.h"
#include "mm/stage2.h"
#include "virt/hypercall/xen_domain.h"

#define BLOCK_ORDER 9 /* 2 MiB: never from the scraps that Dormouse itself lives on */

/* --- memory ------------------------------------------------------------------------------ */

static int cannot_map(const struct domain *d, uint64_t at, int err)
{
	log_err("domain %s: cannot map its RAM at 0x%llx (error %d)", d->name, (unsigned long long)at,
	        err);
	return err;
}

/*
 * The largest blocks there are. The allocator has zeroed them by EL2's cached view: out with it,
 * since the guest starts with its caches off, and a line written back later would undo its stores.
 */
static int give_block(struct domu_job *j)
{
	struct domain *d = j->guest.domain;
	uint64_t size = j->ram.bank[0].size, at = j->ram.bank[0].base + j->done;
	void *block = NULL;
	int err;

	while (j->order >= BLOCK_ORDER && !block) {
		uint64_t wanted = PAGE_SIZE << j->order;

		if (wanted <= size - j->done && (wanted <= j->slice || j->order == BLOCK_ORDER))
			block = page_alloc(j->order);
		if (!block)
			j->order--;
	}
	if (!block) {
		log_err("domain %s: memory for %u of its %u MiB is missing", d->name,
		        (unsigned int)((size - j->done) / MIB), (unsigned int)(size / MIB));
		return -ENOMEM;
	}
	dcache_clean_invalidate(block, PAGE_SIZE << j->order);
	err = p2m_add_block(d, at >> PAGE_SHIFT, block, j->order);
	if (err) {
		page_free(block, j->order);
		return cannot_map(d, at, err);
	}
	j->done += PAGE_SIZE << j->order;
	return 0;
}

/* Frames of one that is made again which others still have mapped (grants, the control domain). */
static bool is_shared(const struct range *bank)
{
	bool is = false;

	for (uint64_t at = bank->base; at < range_end(bank) && !is; at += PAGE_SIZE << BLOCK_ORDER)
		is = share_any(pa_make(at), BLOCK_ORDER);
	return is;
}

/* RAM that stays its own. */
static int give_of_bank(struct domu_job *j, const struct range *bank)
{
	uint64_t size = min_u64(j->slice, bank->size - j->done);
	uint64_t at = j->ram.bank[j->bank].base;
	void *ram = pa_ptr(pa_make(bank->base + j->done));
	int err;

	if (j->done == 0 && is_shared(bank))
		return -EBUSY;
	memset(ram, 0, size);
	dcache_clean_invalidate(ram, size);
	j->done += size;
	if (j->done < bank->size)
		return 0;
	err = p2m_add_fixed(j->guest.domain, at >> PAGE_SHIFT, pa_make(bank->base), bank->size);
	return err ? cannot_map(j->guest.domain, at, err) : 0;
}

static int give_ram(struct domu_job *j)
{
	const struct domain_ram *given = &j->in->plan->given[j->index];
	int err = given->count ? give_of_bank(j, &given->bank[j->bank]) : give_block(j);

	if (err == 0 && j->done == j->ram.bank[j->bank].size) {
		j->bank++;
		j->done = 0;
	}
	return err;
}

/* Into its RAM, and out of the caches. */
static void put(struct domain *d, uint64_t ipa, const void *from, uint64_t size)
{
	const uint8_t *next = from;
	struct stage2_entry e;

	while (size && stage2_lookup(&d->s2, ipa_make(ipa), &e) == 0) {
		uint64_t n = min_u64(size, e.contiguous);
		void *to = pa_ptr(e.pa);

		memcpy(to, next, n);
		dcache_clean_invalidate(to, n);
		icache_sync(to, n);
		next += n;
		ipa += n;
		size -= n;
	}
}

/* True: all of it is there. */
static bool put_module(struct domu_job *j, uint64_t ipa, const struct host_module *m)
{
	uint64_t size = min_u64(j->slice, m->at.size - j->done);

	put(j->guest.domain, ipa + j->done, pa_ptr(pa_make(m->at.base + j->done)), size);
	j->done += size;
	if (j->done < m->at.size)
		return false;
	j->done = 0;
	return true;
}

/* --- devices ----------------------------------------------------------------------------- */

static int create_devices(struct domain *d, const struct domu_in *in, unsigned int index)
{
	const struct host_domain *config = &in->host->domains[index];
	uint32_t intid = in->passed->max_intid[index];
	unsigned int passed = intid ? (unsigned int)ALIGN_UP(intid + 1 - GIC_FIRST_SPI, 32) : 0;
	const struct guest_devices devices = {
		.gic = {
			.version = in->host->gic.version,
			.nr_spis = passed > config->nr_spis ? passed : config->nr_spis,
			.gicd = ipa_make(DOMU_GICD),
			.gicr = ipa_make(DOMU_GICR),
		},
		.uart = { DOMU_UART, config->vpl011 ? DOMU_UART_INTID : 0 },
		.rtc = { DOMU_RTC, DOMU_RTC_INTID },
		.gpio = { DOMU_GPIO, DOMU_GPIO_INTID },
	};
	int err = vgic_map_gicv(d, &in->host->gic);

	if (err)
		log_err("domain %s: cannot map the virtual CPU interface (error %d)", d->name, err);
	return err ? err : guest_create_devices(d, d->name, &devices);
}

static int pass_interrupt(struct domain *d, const struct passed_interrupt *n)
{
	int err = irq_assign(n->intid, n->name, d, n->intid);

	if (err == 0)
		err = vgic_assign_hw(d, n->intid, n->intid);
	if (err == -EBUSY)
		log_err("domain %s: device %s: its interrupt %u is in use, by another device on that line",
		        d->name, n->name, n->intid);
	else if (err)
		log_err("domain %s: device %s: interrupt %u can't be assigned (error %d)", d->name,
		        n->name, n->intid, err);
	return err;
}

static int pass_devices(struct domain *d, const struct passthrough *p, unsigned int domain)
{
	int err = 0;

	for (unsigned int i = 0; i < p->nr_regions && err == 0; i++) {
		const struct passed_region *r = &p->region[i];

		if (r->domain != domain)
			continue;
		err = stage2_map(&d->s2, ipa_make(r->guest), pa_make(r->host), r->size,
		                 STAGE2_DEVICE);
		if (err)
			log_err("domain %s: cannot map a device at 0x%llx (error %d)", d->name,
			        (unsigned long long)r->guest, err);
	}
	for (unsigned int i = 0; i < p->nr_interrupts && err == 0; i++)
		if (p->interrupt[i].domain == domain)
			err = pass_interrupt(d, &p->interrupt[i]);
	return err;
}

/* --- the device tree --------------------------------------------------------------------- */

/* That of each domain that can be made again. */
static struct {
	void *tree;
	uint64_t size; /* 0: not yet made */
} kept[HOST_MAX_DOMAINS];

static int put_tree(struct domu_job *j)
{
	const struct host_info *h = j->in->host;
	const struct host_module *kernel = hostdt_domain_module(h, j->index + 1, HOST_MODULE_KERNEL);
	const struct domudt_in in = {
		.host = h,
		.domain = &h->domains[j->index],
		.bootargs = kernel->bootargs,
		.ramdisk = j->at.ramdisk,
		.ram = j->ram,
		.partial = passthrough_tree(h, j->index + 1),
	};
	struct domain *d = j->guest.domain;
	unsigned int order = page_order(j->at.dtb.size);
	void *tree = kept[j->index].tree;
	int err;

	if (tree) {
		put(d, j->at.dtb.base, tree, j->at.dtb.size);
		return 0;
	}
	tree = page_alloc(order);
	if (!tree) {
		log_err("domain %s: no memory for its device tree", d->name);
		return -ENOMEM;
	}
	err = domudt_build(&in, tree, j->at.dtb.size);
	if (err == 0)
		put(d, j->at.dtb.base, tree, j->at.dtb.size);
	if (err || in.domain->no_reboot) {
		page_free(tree, order);
		return err;
	}
	kept[j->index].tree = tree;
	kept[j->index].size = j->at.dtb.size;
	return 0;
}

/* --- all of it --------------------------------------------------------------------------- */

enum stage { GIVE_RAM, PUT_TREE, PUT_KERNEL, PUT_RAMDISK, BUILT };

/* Where in its RAM what goes. */
static int place(struct domu_job *j)
{
	const struct host_info *h = j->in->host;
	const struct host_domain *config = &h->domains[j->index];
	const struct host_module *kernel = hostdt_domain_module(h, j->index + 1, HOST_MODULE_KERNEL);
	const struct host_module *ramdisk =
		hostdt_domain_module(h, j->index + 1, HOST_MODULE_RAMDISK);
	const struct domudt_in in = {
		.domain = config,
		.bootargs = kernel->bootargs,
		.partial = passthrough_tree(h, j->index + 1),
	};
	bool again = kept[j->index].size;
	struct image_info image;
	int err = image_parse(again ? config->name : kernel->name, pa_ptr(pa_make(kernel->at.base)),
	                      kernel->at.size, &image);

	if (err) {
		log_err("domain %s: its kernel cannot be started: %s", config->name,
		        "give an arm64 Linux Image, unpacked");
		return err;
	}
	layout_guest_ram(h, j->in->plan, j->index, &j->ram);
	err = domudt_place(config, &j->ram.bank[0], &image, ramdisk ? ramdisk->at.size : 0,
	                   again ? kept[j->index].size : domudt_size(&in), &j->at);
	j->guest.entry = j->at.entry;
	j->guest.dtb = j->at.dtb.base;
	return err;
}

static void set_policies(struct domain *d, const struct domu_in *in, unsigned int index)
{
	const struct host_domain *config = &in->host->domains[index];

	d->host_suspend = config->host_suspend;
	d->time_policy = config->time_policy;
	d->veto_timeout_ms = config->veto_timeout_ms;
	d->wake_off = config->wake_off;
	d->xen_ppi = DOMU_XEN_PPI;
	d->direct_mapped = config->direct_map;
	/* Its device would go on writing to memory that sleeps: the driver has to have stopped it. */
	if (in->passed->dma[index] && !config->host_suspend_given)
		d->host_suspend = HOST_SUSPEND_REQUIRE;
	d->boot_number = config->no_reboot ? 0 : index + 1;
}

int domu_begin(struct domu_job *j, const struct domu_in *in, unsigned int index, uint64_t slice)
{
	const struct host_domain *config = &in->host->domains[index];
	struct domain *d = domain_create((uint16_t)(index + 1), config->name, config->nr_vcpus);
	int err;

	*j = (struct domu_job) { .in = in, .index = index, .slice = slice, .order = PAGE_MAX_ORDER };
	j->guest.domain = d;
	if (!d) {
		log_err("domain %s: no memory for a domain of %u vCPUs", config->name,
		        config->nr_vcpus);
		return -ENOMEM;
	}
	set_policies(d, in, index);
	err = create_devices(d, in, index);
	if (err == 0 && config->xenstore)
		err = xen_await_xenstore(d);
	if (err == 0)
		err = pass_devices(d, in->passed, index + 1);
	return err ? err : place(j);
}

int domu_step(struct domu_job *j)
{
	const struct host_info *h = j->in->host;
	const struct host_module *m;
	int err;

	switch ((enum stage)j->stage) {
	case GIVE_RAM:
		err = give_ram(j);
		if (err)
			return err;
		j->stage += j->bank == j->ram.count;
		return -EAGAIN;
	case PUT_TREE:
		err = put_tree(j);
		if (err)
			return err;
		j->stage++;
		return -EAGAIN;
	case PUT_KERNEL:
		m = hostdt_domain_module(h, j->index + 1, HOST_MODULE_KERNEL);
		j->stage += put_module(j, j->at.entry, m);
		return -EAGAIN;
	case PUT_RAMDISK:
		m = hostdt_domain_module(h, j->index + 1, HOST_MODULE_RAMDISK);
		if (m && !put_module(j, j->at.ramdisk.base, m))
			return -EAGAIN;
		j->stage++;
		break;
	case BUILT:
		break;
	}
	log_info("domain %u, %s: %u vCPUs, %u MiB", j->guest.domain->id, j->guest.domain->name,
	         j->guest.domain->nr_vcpus, (unsigned int)(h->domains[j->index].memory / MIB));
	return 0;
}

int domu_build(const struct domu_in *in, unsigned int index, struct guest *out)
{
	struct domu_job j;
	int err = domu_begin(&j, in, index, UINT64_MAX);

	if (err == 0) {
		do {
			err = domu_step(&j);
		} while (err == -EAGAIN);
	}
	*out = j.guest;
	return err;
}
