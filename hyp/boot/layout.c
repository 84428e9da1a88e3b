/* SPDX-License-Identifier: Apache-2.0 */
#include "boot/layout.h"

#include "boot/domumap.h"
#include "lib/err.h"
#include "lib/log.h"
#include "lib/string.h"

#define BLOCK (2 * MIB) /* what stage 2 maps with one level 2 descriptor */

/*
 * Fixed: stage 1 and 2 tables, Dom0's domain, vGIC, journal. A CPU: stack, struct cpu, a vCPU or
 * two.
 */
#define HEAP_FIXED   MIB
#define HEAP_PER_CPU (48 * KIB)
/* A domain's vCPUs, virtual devices and stage 2 tables; 64 vCPUs take 1.5 MiB. */
#define DOMAIN_OWN   BLOCK

/* Too large for an 8 KiB stack; the boot CPU alone runs this. */
static struct ranges work, free_work;

uint64_t layout_heap_size(unsigned int nr_cpus)
{
	return HEAP_FIXED + nr_cpus * HEAP_PER_CPU;
}

/* Is its RAM chosen here, rather than by the page allocator? */
static bool is_given(const struct host_domain *d)
{
	return d->direct_map || d->nr_banks;
}

static uint64_t domain_size(const struct host_domain *d)
{
	return (is_given(d) ? 0 : d->memory) + DOMAIN_OWN;
}

uint64_t layout_domains_size(const struct host_info *h)
{
	uint64_t size = 0;

	for (unsigned int i = 0; i < h->nr_domains; i++)
		size += domain_size(&h->domains[i]);
	return size;
}

static bool has_dom0(const struct layout_in *in)
{
	return hostdt_module(in->host, HOST_MODULE_KERNEL);
}

static unsigned int mib(uint64_t bytes)
{
	return (unsigned int)DIV_ROUND_UP(bytes, MIB);
}

static struct range pages_of(const struct range *r)
{
	uint64_t base = ALIGN_DOWN(r->base, PAGE_SIZE);

	return (struct range) { .base = base, .size = ALIGN_UP(range_end(r), PAGE_SIZE) - base };
}

static int in_pieces(void)
{
	log_err("memory: more than %u separate pieces; fewer reserved regions are needed",
	        RANGES_MAX);
	return -ENOSPC;
}

int layout_check(const struct layout_in *in)
{
	const struct host_info *h = in->host;
	const struct range image = pages_of(&in->image);

	if (!has_dom0(in) && h->nr_domains == 0) {
		log_err("device tree: no kernel for Dom0 below /chosen: add a node compatible with "
		        "\"multiboot,kernel\", \"multiboot,module\" and its reg");
		return -ENODEV;
	}
	if (!ranges_contain(&h->ram, image.base, image.size)) {
		log_err("memory: Dormouse's image at 0x%llx lies outside the RAM of the device "
		        "tree",
		        (unsigned long long)image.base);
		return -EINVAL;
	}
	for (unsigned int i = 0; i < h->nr_modules; i++) {
		const struct host_module *m = &h->modules[i];
		const char *against = range_overlap(&m->at, &in->image)   ? "Dormouse's image"
		                      : range_overlap(&m->at, &h->fdt_at) ? "the device tree"
		                                                          : NULL;

		for (unsigned int j = 0; j < i; j++)
			if (range_overlap(&m->at, &h->modules[j].at))
				against = h->modules[j].name;
		if (against) {
			log_err("module %s at 0x%llx overlaps %s; the boot loader must load it "
			        "elsewhere",
			        m->name, (unsigned long long)m->at.base, against);
			return -EINVAL;
		}
		if (!ranges_contain(&h->ram, m->at.base, m->at.size)) {
			log_err("module %s at 0x%llx, %u MiB, does not lie in RAM; "
			        "the machine needs more memory, or the boot loader another address",
			        m->name, (unsigned long long)m->at.base, mib(m->at.size));
			return -EINVAL;
		}
	}
	return 0;
}

static int remove_pages(struct ranges *rs, const struct range *r)
{
	const struct range p = pages_of(r);

	return r->size ? ranges_remove(rs, p.base, p.size) : 0;
}

/* Everything that is loaded and still to be read: the modules and the host's tree. */
static int remove_sources(struct ranges *rs, const struct host_info *h, const struct range *except)
{
	int err = remove_pages(rs, &h->fdt_at);

	for (unsigned int i = 0; i < h->nr_modules && err == 0; i++)
		if (&h->modules[i].at != except)
			err = remove_pages(rs, &h->modules[i].at);
	return err;
}

int layout_remove_sources(const struct host_info *h, struct ranges *rs)
{
	return remove_sources(rs, h, NULL);
}

int layout_remove_kept(const struct host_info *h, struct ranges *rs)
{
	int err = 0;

	for (unsigned int i = 0; i < h->nr_modules && err == 0; i++) {
		const struct host_module *m = &h->modules[i];

		if (m->domain && (m->kind == HOST_MODULE_DEVICE_TREE ||
		                  !h->domains[m->domain - 1].no_reboot))
			err = remove_pages(rs, &m->at);
	}
	return err;
}

/* --- RAM of domains at fixed addresses --------------------------------------------------- */

static int remove_given(struct ranges *rs, const struct layout_in *in, const struct boot_plan *p)
{
	int err = 0;

	for (unsigned int i = 0; i < in->host->nr_domains; i++)
		for (unsigned int j = 0; j < p->given[i].count && err == 0; j++)
			err = ranges_remove(rs, p->given[i].bank[j].base, p->given[i].bank[j].size);
	return err;
}

/* Into `work`: RAM that holds nothing, but for Dormouse's heap, which may not have a place yet. */
static int find_empty(const struct layout_in *in, const struct boot_plan *p)
{
	const struct range image = pages_of(&in->image);
	int err;

	work = in->host->ram;
	err = ranges_remove_all(&work, &in->host->unusable);
	if (err == 0)
		err = ranges_remove_all(&work, &in->host->reserved);
	if (err == 0)
		err = remove_sources(&work, in->host, NULL);
	if (err == 0)
		err = ranges_remove(&work, image.base, image.size);
	return err ? err : remove_given(&work, in, p);
}

/* What is in the way of static memory. */
static const char *in_the_way(const struct layout_in *in, const struct boot_plan *p,
                              const struct range *r)
{
	const struct host_info *h = in->host;

	for (unsigned int i = 0; i < h->nr_modules; i++)
		if (range_overlap(&h->modules[i].at, r))
			return h->modules[i].name;
	for (unsigned int i = 0; i < h->nr_domains; i++)
		for (unsigned int j = 0; j < p->given[i].count; j++)
			if (range_overlap(&p->given[i].bank[j], r))
				return h->domains[i].name;
	if (range_overlap(&in->image, r))
		return "Dormouse's image";
	if (range_overlap(&h->fdt_at, r))
		return "the device tree";
	return ranges_touch(&h->unusable, r->base, r->size) ||
	                       ranges_touch(&h->reserved, r->base, r->size)
	               ? "reserved memory"
	               : "a hole in the RAM";
}

static int give_static(const struct layout_in *in, struct boot_plan *p, unsigned int index)
{
	const struct host_domain *d = &in->host->domains[index];
	int err;

	for (unsigned int i = 0; i < d->nr_banks; i++) {
		const struct range *r = &d->bank[i];
		const char *what = d->direct_map ? domumap_taken(r->base, r->size) : NULL;

		err = find_empty(in, p);
		if (err)
			return in_pieces();
		if (!what && !ranges_contain(&work, r->base, r->size))
			what = in_the_way(in, p, r);
		if (what) {
			log_err("domain %s: xen,static-mem at 0x%llx, %u MiB: there is %s; give it "
			        "another place",
			        d->name, (unsigned long long)r->base, mib(r->size), what);
			return -EINVAL;
		}
		p->given[index].bank[p->given[index].count++] = *r;
	}
	return 0;
}

/* 1:1, so it keeps off its own virtual devices. The highest place: Dom0 likes the low ones. */
static int give_direct(const struct layout_in *in, struct boot_plan *p, unsigned int index)
{
	const struct host_domain *d = &in->host->domains[index];
	int err = find_empty(in, p);

	if (err == 0)
		err = ranges_remove(&work, p->heap.base, p->heap.size);
	if (err == 0)
		err = domumap_remove(&work);
	if (err)
		return in_pieces();
	for (unsigned int i = work.count; i-- > 0;) {
		uint64_t end = ALIGN_DOWN(range_end(&work.r[i]), BLOCK);

		if (end < d->memory || end - d->memory < work.r[i].base)
			continue;
		p->given[index].bank[p->given[index].count++] =
			(struct range) { end - d->memory, d->memory };
		return 0;
	}
	log_err("domain %s: direct-map: no %u MiB in one piece; give it less, or several pieces by "
	        "xen,static-mem, or give the machine more RAM",
	        d->name, mib(d->memory));
	return -ENOMEM;
}

static int give_ram(const struct layout_in *in, struct boot_plan *p, bool fixed)
{
	int err = 0;

	for (unsigned int i = 0; i < in->host->nr_domains && err == 0; i++) {
		const struct host_domain *d = &in->host->domains[i];

		if (fixed && d->nr_banks)
			err = give_static(in, p, i);
		else if (!fixed && d->direct_map && !d->nr_banks)
			err = give_direct(in, p, i);
	}
	return err;
}

void layout_guest_ram(const struct host_info *h, const struct boot_plan *p, unsigned int index,
                      struct domain_ram *out)
{
	const struct host_domain *d = &h->domains[index];
	uint64_t at = DOMU_RAM;

	*out = p->given[index];
	if (out->count == 0)
		out->bank[out->count++].size = d->memory;
	for (unsigned int i = 0; i < out->count && !d->direct_map; i++) {
		out->bank[i].base = at;
		at += out->bank[i].size;
	}
}

/* --- Dormouse's and Dom0's --------------------------------------------------------------- */

/*
 * The heap: behind the image and on to the end of that 2 MiB block, so that Dom0 loses no second
 * one; if something is in the way, the lowest hole.
 */
static int place_heap(const struct layout_in *in, struct boot_plan *p)
{
	const struct range image = pages_of(&in->image);
	uint64_t need = layout_heap_size(in->nr_cpus);
	uint64_t behind = range_end(&image);
	uint64_t block_end = ALIGN_UP(behind + need, BLOCK);
	uint64_t base;
	int err;

	err = find_empty(in, p);
	if (err)
		return in_pieces();

	if (ranges_contain(&work, behind, block_end - behind)) {
		p->heap = (struct range) { .base = behind, .size = block_end - behind };
	} else if (ranges_contain(&work, behind, need)) {
		p->heap = (struct range) { .base = behind, .size = need };
	} else if (ranges_find(&work, need, BLOCK, 0, &base) == 0 ||
	           ranges_find(&work, need, PAGE_SIZE, 0, &base) == 0) {
		p->heap = (struct range) { .base = base, .size = need };
	} else {
		log_err("memory: no %u KiB in one piece for Dormouse itself; the machine needs "
		        "more RAM",
		        (unsigned int)(need / KIB));
		return -ENOMEM;
	}
	p->own = image;
	return 0;
}

/* Into `work`: all RAM that Dormouse itself doesn't take, and that is nobody's yet. */
static int find_free(const struct layout_in *in, const struct boot_plan *p)
{
	int err;

	work = in->host->ram;
	err = ranges_remove_all(&work, &in->host->unusable);
	if (err == 0)
		err = ranges_remove(&work, p->own.base, p->own.size);
	if (err == 0)
		err = ranges_remove(&work, p->heap.base, p->heap.size);
	if (err == 0)
		err = remove_given(&work, in, p);
	return err ? err : layout_remove_kept(in->host, &work);
}

/* The lowest `want` bytes of `work` are Dom0's banks; the rest is spare. */
static int cut_banks(const struct layout_in *in, struct boot_plan *p, uint64_t want)
{
	const struct host_info *h = in->host;
	int err = 0;

	p->dom0.count = 0;
	p->spare = work;
	for (unsigned int i = 0; i < work.count && want && err == 0; i++) {
		uint64_t take = min_u64(want, work.r[i].size);

		/* Cut where a 2 MiB block ends, so that stage 2 needs no page of descriptors. */
		if (take < work.r[i].size)
			take = min_u64(ALIGN_UP(work.r[i].base + take, BLOCK) - work.r[i].base,
			               work.r[i].size);
		err = ranges_add(&p->dom0, work.r[i].base, take);
		want -= min_u64(want, take);
	}
	if (err == 0)
		err = ranges_remove_all(&p->spare, &p->dom0);
	if (err == 0)
		err = ranges_remove_all(&p->spare, &h->reserved);
	/* A reserved region is described to Dom0 as memory, wherever it lies. */
	for (unsigned int i = 0; has_dom0(in) && i < h->reserved.count && err == 0; i++) {
		const struct range *r = &h->reserved.r[i];

		if (ranges_contain(&h->ram, r->base, r->size) && !range_overlap(r, &p->own) &&
		    !ranges_touch(&h->unusable, r->base, r->size))
			err = ranges_add(&p->dom0, r->base, r->size);
	}
	return err;
}

/* Bytes in whole 2 MiB blocks of the spare RAM, without those that hold what is still to be read. */
static int count_blocks(const struct layout_in *in, const struct boot_plan *p, uint64_t *bytes)
{
	int err;

	free_work = p->spare;
	err = remove_sources(&free_work, in->host, NULL);
	*bytes = 0;
	for (unsigned int i = 0; i < free_work.count; i++) {
		uint64_t first = ALIGN_UP(free_work.r[i].base, BLOCK);
		uint64_t end = ALIGN_DOWN(range_end(&free_work.r[i]), BLOCK);

		*bytes += end > first ? end - first : 0;
	}
	return err;
}

static int no_room_for_domains(const struct layout_in *in, uint64_t left)
{
	const struct host_info *h = in->host;
	unsigned int i = 0;

	while (i + 1 < h->nr_domains && domain_size(&h->domains[i]) <= left)
		left -= domain_size(&h->domains[i++]);
	log_err("domain %s: its %u MiB (and %u more for Dormouse) do not fit: %u MiB are left for "
	        "it; %s or give the machine more RAM",
	        h->domains[i].name, mib(h->domains[i].memory), mib(DOMAIN_OWN), mib(left),
	        in->dom0_mem ? "reduce dom0_mem=" : "give the domains less");
	return -ENOMEM;
}

/*
 * Dom0's banks: the lowest dom0_mem bytes of what is left, or all but what the other domains take.
 * Blocks with modules in them come too late for those, so Dom0 may have to get less than the rest.
 */
static int choose_banks(const struct layout_in *in, struct boot_plan *p)
{
	uint64_t need = layout_domains_size(in->host);
	uint64_t total, have = 0, want = ~(uint64_t)0;
	int err = find_free(in, p);

	total = ranges_total(&work);
	if (in->dom0_mem > total)
		log_warn("dom0_mem=%uM: there are only %u MiB for Dom0; it gets them all",
		         mib(in->dom0_mem), mib(total));
	if (!has_dom0(in))
		want = 0;
	else if (in->dom0_mem)
		want = ALIGN_UP(in->dom0_mem, BLOCK);
	else if (need)
		want = total > need ? ALIGN_DOWN(total - need, BLOCK) : 0;
	while (err == 0) {
		uint64_t lacking;

		err = cut_banks(in, p, want);
		if (err == 0 && need)
			err = count_blocks(in, p, &have);
		if (err || have >= need)
			break;
		lacking = ALIGN_UP(need - have, BLOCK);
		if (!has_dom0(in) || in->dom0_mem || want <= lacking)
			return no_room_for_domains(in, have);
		want -= lacking;
	}
	return err ? in_pieces() : 0;
}

/* Dom0's RAM where nothing is that must not be overwritten. */
static int free_room(const struct layout_in *in, const struct boot_plan *p,
                     const struct range *except)
{
	int err;

	work = p->dom0;
	err = ranges_remove_all(&work, &in->host->reserved);
	if (err == 0)
		err = remove_sources(&work, in->host, except);
	if (err == 0)
		err = remove_pages(&work, &p->kernel.to);
	if (err == 0)
		err = remove_pages(&work, &p->ramdisk.to);
	return err ? in_pieces() : 0;
}

/*
 * A place that hides no source from being read later; failing that, one that overlaps its own
 * source, which memmove() is good for. -ENOENT: none.
 */
static int place(const struct layout_in *in, const struct boot_plan *p,
                 const struct range *own_source, uint64_t align, uint64_t offset, struct range *to)
{
	const struct range *except[] = { NULL, own_source };
	uint64_t base;
	int err = -ENOENT;

	for (size_t i = 0; i < ARRAY_SIZE(except) && err == -ENOENT; i++) {
		err = free_room(in, p, except[i]);
		if (err == 0)
			err = ranges_find(&work, to->size, align, offset, &base);
	}
	if (err == 0)
		to->base = base + offset;
	return err;
}

static int place_ramdisk(const struct layout_in *in, struct boot_plan *p, const struct range *at)
{
	bool can_stay;
	int err;

	p->ramdisk.from = *at;
	err = free_room(in, p, at);
	if (err)
		return err;
	/* Linux wants it page-aligned only by convention; staying saves its size and the time. */
	can_stay = IS_ALIGNED(at->base, PAGE_SIZE) && ranges_contain(&work, at->base, at->size);
	p->ramdisk.to = *at;
	return can_stay ? 0 : place(in, p, at, PAGE_SIZE, 0, &p->ramdisk.to);
}

static int no_room(const struct layout_in *in, const struct boot_plan *p, uint64_t ramdisk_size)
{
	uint64_t need = ALIGN_UP(in->kernel.text_offset + in->kernel.image_size, BLOCK) +
	                ALIGN_UP(ramdisk_size, BLOCK) + BLOCK;
	unsigned int have = mib(ranges_total(&p->dom0));

	if (in->dom0_mem)
		log_err("dom0_mem=%uM: the kernel (needs %u MiB) and the ramdisk (%u MiB) do not "
		        "fit beside "
		        "the loaded modules; give at least %uM, better twice that",
		        mib(in->dom0_mem), mib(in->kernel.image_size), mib(ramdisk_size),
		        mib(need));
	else
		log_err("memory: %u MiB for Dom0 (other domains: %u): the kernel (needs %u MiB) "
		        "and the ramdisk (%u MiB) do not fit beside the loaded modules; the "
		        "machine needs more RAM",
		        have, mib(layout_domains_size(in->host)), mib(in->kernel.image_size),
		        mib(ramdisk_size));
	return -ENOMEM;
}

static int place_dom0(const struct layout_in *in, struct boot_plan *p)
{
	const struct host_module *kernel = hostdt_module(in->host, HOST_MODULE_KERNEL);
	const struct host_module *ramdisk = hostdt_module(in->host, HOST_MODULE_RAMDISK);
	struct range to = { .size = in->kernel.image_size };
	int err;

	err = place(in, p, &kernel->at, IMAGE_ALIGN, in->kernel.text_offset, &to);
	if (err == 0) {
		p->kernel.from = kernel->at;
		p->kernel.to = to;
		if (ramdisk)
			err = place_ramdisk(in, p, &ramdisk->at);
	}
	if (err == 0) {
		to.size = in->dtb_size;
		/*
		 * 64 KiB, so that small trees cross no 2 MiB boundary (booting.rst of old kernels).
		 */
		err = place(in, p, NULL, 64 * KIB, 0, &to);
		p->dtb = to;
	}
	return err == -ENOENT ? no_room(in, p, ramdisk ? ramdisk->at.size : 0) : err;
}

int layout_plan(const struct layout_in *in, struct boot_plan *out)
{
	unsigned int nr_vcpus = out->nr_vcpus;
	int err;

	memset(out, 0, sizeof(*out));
	out->nr_vcpus = nr_vcpus;
	err = layout_check(in);
	if (err == 0)
		err = give_ram(in, out, true);
	if (err == 0)
		err = place_heap(in, out);
	if (err == 0)
		err = give_ram(in, out, false);
	if (err == 0)
		err = choose_banks(in, out);
	if (err == 0 && has_dom0(in))
		err = place_dom0(in, out);
	return err;
}
