/* SPDX-License-Identifier: Apache-2.0 */
/* XEN_SYSCTL_*: what the tools ask about the machine. The lengths of all loops are Dormouse's. */
#include "arch/counter.h"
#include "core/console.h"
#include "core/domain.h"
#include "lib/err.h"
#include "lib/log.h"
#include "lib/string.h"
#include "mm/page.h"
#include "virt/hypercall/control.h"
#include "virt/hypercall/guest_copy.h"
#include "virt/hypercall/hypercall.h"

#define PIECE    256 /* of the log at a time, on the stack */
#define MAX_KEYS 32

/* The op has been copied from the caller and, on 0, is copied back. */
typedef int sysctl_fn(struct vcpu *v, struct xen_sysctl *op);

static uint64_t cleared; /* log_end() when the log was cleared last; a race of two shows one of
                            their states */

static int readconsole(struct vcpu *v, struct xen_sysctl *op)
{
	struct xen_sysctl_readconsole *c = &op->u.readconsole;
	uint64_t end = log_end();
	uint64_t pos = __atomic_load_n(&cleared, __ATOMIC_RELAXED);
	uint32_t behind = (uint32_t)end - c->index;
	uint32_t done = 0;
	char piece[PIECE];

	/* The caller's index is the low half; further behind than the ring reaches is as far as it
	 * does. */
	if (c->incremental && behind <= end - pos)
		pos = end - behind;
	while (done < c->count) {
		size_t n = log_read(&pos, piece, min_u64(PIECE, c->count - done));

		if (!n)
			break;
		if (guest_copy_to(v, c->buffer.q + done, piece, n))
			return -EFAULT;
		done += (uint32_t)n;
		if (pos >= end)
			break; /* what has come since is for the next call */
	}
	if (c->clear)
		__atomic_store_n(&cleared, end, __ATOMIC_RELAXED);
	c->count = done;
	c->index = (uint32_t)pos;
	return 0;
}

static int physinfo(struct vcpu *v, struct xen_sysctl *op)
{
	struct xen_sysctl_physinfo *p = &op->u.physinfo;
	struct domain *dom0 = domain_get(DOMID_DOM0);
	struct page_stats pages;

	(void)v;
	page_stats(&pages);
	memset(p, 0, sizeof(*p));
	p->threads_per_core = 1;
	p->cores_per_socket = nr_cpus;
	p->nr_cpus = control_nr_online();
	p->max_cpu_id = nr_cpus - 1;
	p->nr_nodes = 1;
	p->cpu_khz = (uint32_t)(counter_hz() / 1000);
	p->capabilities =
	        XEN_SYSCTL_PHYSCAP_hvm | XEN_SYSCTL_PHYSCAP_hap | XEN_SYSCTL_PHYSCAP_gnttab_v1;
	/* Dom0's RAM has never been the allocator's. */
	p->total_pages = pages.total_pages + (dom0 ? dom0->tot_pages : 0);
	p->free_pages = pages.free_pages;
	if (dom0)
		domain_put(dom0);
	return 0;
}

static int sched_id(struct vcpu *v, struct xen_sysctl *op)
{
	(void)v;
	op->u.sched_id.sched_id = CONTROL_SCHEDULER;
	return 0;
}

static int getdomaininfolist(struct vcpu *v, struct xen_sysctl *op)
{
	struct xen_sysctl_getdomaininfolist *l = &op->u.getdomaininfolist;
	struct xen_domctl_getdomaininfo info;
	struct domain *d;
	uint32_t id = l->first_domain;
	uint32_t n = 0;

	while (n < l->max_domains && id < DOMID_FIRST_RESERVED) {
		d = domain_get_next((uint16_t)id);
		if (!d)
			break;
		id = d->id + 1U;
		control_domain_info(d, &info);
		domain_put(d);
		if (guest_copy_to_at(v, l->buffer.q, n++, &info, sizeof(info)))
			return -EFAULT;
	}
	l->num_domains = n;
	return 0;
}

/* Keys of Dormouse's console, without those that stop the machine. */
static int debug_keys(struct vcpu *v, struct xen_sysctl *op)
{
	char keys[MAX_KEYS];

	if (op->u.debug_keys.nr_keys > MAX_KEYS)
		return -EINVAL;
	if (guest_copy_from(v, keys, op->u.debug_keys.keys.q, op->u.debug_keys.nr_keys))
		return -EFAULT;
	for (uint32_t i = 0; i < op->u.debug_keys.nr_keys; i++)
		if (keys[i] != '!')
			console_press(keys[i]);
	return 0;
}

static int cputopoinfo(struct vcpu *v, struct xen_sysctl *op)
{
	struct xen_sysctl_cputopoinfo *t = &op->u.cputopoinfo;

	for (uint32_t i = 0; t->cputopo.q && i < nr_cpus && i < t->num_cpus; i++) {
		const struct xen_sysctl_cputopo cpu = { .core = i };

		if (guest_copy_to_at(v, t->cputopo.q, i, &cpu, sizeof(cpu)))
			return -EFAULT;
	}
	t->num_cpus = nr_cpus;
	return 0;
}

/* One node, at distance 10 from itself, as ACPI's SLIT has it. */
static int numainfo(struct vcpu *v, struct xen_sysctl *op)
{
	struct xen_sysctl_numainfo *n = &op->u.numainfo;
	const uint32_t distance = 10;
	struct xen_sysctl_meminfo mem;
	struct page_stats pages;

	page_stats(&pages);
	mem.memsize = pages.total_pages * PAGE_SIZE;
	mem.memfree = pages.free_pages * PAGE_SIZE;
	if (n->num_nodes && n->meminfo.q && guest_copy_to(v, n->meminfo.q, &mem, sizeof(mem)))
		return -EFAULT;
	if (n->num_nodes && n->distance.q &&
	    guest_copy_to(v, n->distance.q, &distance, sizeof(distance)))
		return -EFAULT;
	n->num_nodes = 1;
	return 0;
}

/* One pool, number 0, with all CPUs and domains. */
static int cpupool_op(struct vcpu *v, struct xen_sysctl *op)
{
	struct xen_sysctl_cpupool_op *p = &op->u.cpupool_op;
	uint32_t nr_domains = 0;

	if (p->op == XEN_SYSCTL_CPUPOOL_OP_FREEINFO)
		return control_bitmap_put(v, &p->cpumap, 0, nr_cpus);
	if (p->op != XEN_SYSCTL_CPUPOOL_OP_INFO)
		return -EOPNOTSUPP;
	if (p->cpupool_id)
		return -ENOENT;
	for (uint32_t i = 0; i < MAX_DOMAINS; i++)
		nr_domains += !!domain_by_id((uint16_t)i);
	p->sched_id = CONTROL_SCHEDULER;
	p->n_dom = nr_domains;
	return control_bitmap_put(v, &p->cpumap, control_online_cpus(), nr_cpus);
}

static sysctl_fn *const sysctls[] = {
	[XEN_SYSCTL_readconsole] = readconsole, [XEN_SYSCTL_physinfo] = physinfo,
	[XEN_SYSCTL_sched_id] = sched_id,       [XEN_SYSCTL_getdomaininfolist] = getdomaininfolist,
	[XEN_SYSCTL_debug_keys] = debug_keys,   [XEN_SYSCTL_cputopoinfo] = cputopoinfo,
	[XEN_SYSCTL_numainfo] = numainfo,       [XEN_SYSCTL_cpupool_op] = cpupool_op,
};

int64_t hypercall_sysctl(struct vcpu *v, const uint64_t a[HYPERCALL_ARGS])
{
	struct xen_sysctl op;
	int err;

	if (guest_copy_from(v, &op, a[0], sizeof(op)))
		return -EFAULT;
	if (op.interface_version != XEN_SYSCTL_INTERFACE_VERSION)
		return -EACCES;
	if (op.cmd >= ARRAY_SIZE(sysctls) || !sysctls[op.cmd])
		return -ENOSYS;
	err = sysctls[op.cmd](v, &op);
	if (err)
		return err;
	return guest_copy_to(v, a[0], &op, sizeof(op));
}
