/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Every hypercall, from Dom0 and from a domain, in sequences: numbers, operations, structures, what
 * lies behind the structures' addresses, and the guests' memory (grant entries, event words) come
 * from the input. What a structure means is known here, so that most calls get past their first
 * checks; some are left wholly to chance.
 */
#include "abi/domu.h"
#include "core/p2m.h"
#include "fuzz_gic.h"
#include "fuzz_machine.h"
#include "virt/grant.h"
#include "virt/hypercall/hypercall.h"
#include "virt/hypercall/xen_abi.h"
#include "virt/hypercall/xen_domain.h"

#include "abi/dormouse.h"

/* The guest's memory: arguments in its first page, what they point to in the second. */
#define RAM_GFN    (MACHINE_RAM >> PAGE_SHIFT)
#define ARGS       MACHINE_RAM
#define BUFFER     (MACHINE_RAM + PAGE_SIZE)
#define GRANTS_GFN (DOMU_GRANTS >> PAGE_SHIFT)
#define INFO_GFN   (RAM_GFN + 64)

/* What Linux does first: shared_info and the grant table are mapped. A few entries grant pages to
 * the other domain. */
static void start_xen(struct domain *d, uint16_t other)
{
	FUZZ_CHECK(p2m_map_xen_page(d, INFO_GFN, d->xen->shared_info, false) == 0);
	FUZZ_CHECK(grant_map_frame(d, GRANTS_GFN, d, 0) == 0);
	for (uint32_t i = 1; i < 4; i++) {
		const struct grant_entry_v1 e = {
			.flags = GTF_permit_access | (i == 3 ? GTF_readonly : 0),
			.domid = other,
			.frame = RAM_GFN + 4 + i,
		};

		machine_poke(d->vcpus[0], (GRANTS_GFN << PAGE_SHIFT) + i * sizeof(e), &e,
		             sizeof(e));
	}
}

void fuzz_setup(void)
{
	machine_boot(2);
	start_xen(domains[0], 1);
	start_xen(domains[1], 0);
}

/* --- values as the structures have them ------------------------------------------------------ */

static uint16_t domid(struct input *in)
{
	static const uint16_t ids[] = {
		0, 1, 1, 2, 3, DOMID_SELF, DOMID_FIRST_RESERVED, 63, 64, DOMID_INVALID
	};

	return ids[in_below(in, ARRAY_SIZE(ids))];
}

static uint64_t gfn(struct input *in)
{
	switch (in_below(in, 8)) {
	case 0:
		return GRANTS_GFN + in_below(in, 4);
	case 1:
		return INFO_GFN;
	case 2:
		return RAM_GFN + 512 + in_below(in, 4) * 512UL;
	case 3:
		return in_number(in);
	default:
		return RAM_GFN + in_below(in, 20);
	}
}

/* Mostly memory that is there. */
static uint64_t buffer(struct input *in)
{
	switch (in_below(in, 16)) {
	case 0:
		return 0;
	case 1:
		return in_number(in);
	case 2:
		return MACHINE_HOLE;
	case 3:
		return MACHINE_RAM + MACHINE_RAM_PAGES * PAGE_SIZE -
		       in_below(in, 64); /* goes over the end */
	case 4:
		return GRANTS_GFN << PAGE_SHIFT;
	default:
		return BUFFER + 8UL * in_below(in, 64);
	}
}

/* Fills what is in no other way given. */
static void raw(struct input *in, void *to, size_t size)
{
	if (in_once_in(in, 8))
		in_bytes(in, to, size);
}

struct call {
	uint64_t nr, a[HYPERCALL_ARGS];
	size_t size; /* of arg */
	bool listed;
	uint64_t list[3];
	union {
		uint8_t bytes[256];
		struct xen_memory_reservation reservation;
		struct xen_add_to_physmap add;
		struct xen_add_to_physmap_batch batch;
		struct xen_remove_from_physmap remove;
		struct xen_mem_acquire_resource resource;
		uint16_t domid;
		struct gnttab_map_grant_ref map[3];
		struct gnttab_unmap_grant_ref unmap[3];
		struct gnttab_copy copy[3];
		struct gnttab_query_size query_size;
		struct gnttab_cache_flush flush;
		struct evtchn_alloc_unbound alloc_unbound;
		struct evtchn_bind_interdomain bind_interdomain;
		struct evtchn_bind_virq bind_virq;
		struct evtchn_bind_ipi bind_ipi;
		struct evtchn_status status;
		struct evtchn_bind_vcpu bind_vcpu;
		struct evtchn_reset reset;
		uint32_t port;
		struct sched_shutdown shutdown;
		struct sched_remote_shutdown remote_shutdown;
		struct sched_poll poll;
		struct sched_watchdog watchdog;
		struct vcpu_register_vcpu_info info;
		struct xen_hvm_param param;
		struct xen_domctl domctl;
		struct xen_sysctl sysctl;
		struct xen_platform_op platform;
		struct dm_op dm;
		struct multicall_entry multicall[4];
	} arg;
};

typedef void build_fn(struct input *in, struct call *c);

/* Frame numbers that go with the call; where they will be. Sometimes what is somewhere already. */
static uint64_t listed(struct input *in, struct call *c)
{
	if (in_once_in(in, 8))
		return buffer(in);
	for (unsigned int i = 0; i < ARRAY_SIZE(c->list); i++)
		c->list[i] = gfn(in);
	c->listed = true;
	return BUFFER;
}

#define POINTS(c, n)    ((c)->a[n] = ARGS)
#define SIZED(c, field) ((c)->size = sizeof((c)->arg.field))

/* --- memory ---------------------------------------------------------------------------------- */

static void build_memory(struct input *in, struct call *c)
{
	static const uint8_t ops[] = {
		XENMEM_decrease_reservation,   XENMEM_populate_physmap,    XENMEM_add_to_physmap,
		XENMEM_add_to_physmap_batch,   XENMEM_remove_from_physmap, XENMEM_acquire_resource,
		XENMEM_current_reservation,    XENMEM_maximum_reservation, XENMEM_maximum_gpfn,
		XENMEM_get_sharing_freed_pages
	};
	uint8_t op = ops[in_below(in, ARRAY_SIZE(ops))];

	c->a[0] = op | (in_once_in(in, 16) ? in_number(in) << 6 : 0);
	POINTS(c, 1);
	switch (op) {
	case XENMEM_decrease_reservation:
	case XENMEM_populate_physmap:
		SIZED(c, reservation);
		c->arg.reservation.domid = domid(in);
		c->arg.reservation.nr_extents = in_once_in(in, 8) ? in_number(in) : in_below(in, 4);
		c->arg.reservation.extent_order = in_once_in(in, 4) ? in_below(in, 20) : 0;
		c->arg.reservation.extent_start.q = listed(in, c);
		break;
	case XENMEM_add_to_physmap:
		SIZED(c, add);
		c->arg.add.domid = domid(in);
		c->arg.add.space = in_below(in, 5);
		c->arg.add.idx = in_once_in(in, 8) ? in_number(in) : in_below(in, 4);
		c->arg.add.gpfn = gfn(in);
		break;
	case XENMEM_add_to_physmap_batch:
		SIZED(c, batch);
		c->arg.batch.domid = domid(in);
		c->arg.batch.space = in_once_in(in, 8) ? in_u16(in) : XENMAPSPACE_gmfn_foreign;
		c->arg.batch.size = in_once_in(in, 8) ? in_u16(in) : in_below(in, 6);
		c->arg.batch.u.foreign_domid = domid(in);
		c->arg.batch.idxs.q = buffer(in);
		c->arg.batch.gpfns.q = buffer(in);
		c->arg.batch.errs.q = buffer(in);
		break;
	case XENMEM_remove_from_physmap:
		SIZED(c, remove);
		c->arg.remove.domid = domid(in);
		c->arg.remove.gpfn = gfn(in);
		break;
	case XENMEM_acquire_resource:
		SIZED(c, resource);
		c->arg.resource.domid = domid(in);
		c->arg.resource.type = in_once_in(in, 8) ? in_u8(in) : XENMEM_resource_grant_table;
		c->arg.resource.nr_frames =
		        in_once_in(in, 8) ? (uint32_t)in_number(in) : in_below(in, 4);
		c->arg.resource.frame = in_once_in(in, 8) ? in_number(in) : in_below(in, 3);
		c->arg.resource.frame_list.q = buffer(in);
		break;
	default:
		SIZED(c, domid);
		c->arg.domid = domid(in);
		break;
	}
}

/* --- grants and events ------------------------------------------------------------------------ */

static uint32_t ref(struct input *in)
{
	return in_once_in(in, 8) ? (uint32_t)in_number(in) : in_below(in, 8);
}

/* Few of them, so that what is mapped is unmapped again. */
static uint64_t grant_gfn(struct input *in)
{
	return in_once_in(in, 16) ? gfn(in) : RAM_GFN + 128 + in_below(in, 3);
}

static void build_copy_side(struct input *in, struct gnttab_copy_ptr *p, bool is_ref)
{
	p->domid = domid(in);
	p->offset = in_once_in(in, 4) ? in_u16(in) : 8 * in_u8(in);
	if (is_ref)
		p->u.ref = ref(in);
	else
		p->u.gmfn = gfn(in);
}

static void build_grant_copy(struct input *in, struct gnttab_copy *op)
{
	op->flags = in_once_in(in, 8) ? in_u16(in) : in_below(in, 4);
	op->len = in_once_in(in, 4) ? in_u16(in) : 4 * in_u8(in);
	build_copy_side(in, &op->source, op->flags & GNTCOPY_source_gref);
	build_copy_side(in, &op->dest, op->flags & GNTCOPY_dest_gref);
	if (!(op->flags & GNTCOPY_source_gref) && in_u8(in) & 7)
		op->source.domid = DOMID_SELF;
	if (!(op->flags & GNTCOPY_dest_gref) && in_u8(in) & 7)
		op->dest.domid = DOMID_SELF;
}

static void build_grant(struct input *in, struct call *c)
{
	static const uint8_t ops[] = { GNTTABOP_map_grant_ref,   GNTTABOP_map_grant_ref,
		                       GNTTABOP_unmap_grant_ref, GNTTABOP_copy,
		                       GNTTABOP_query_size,      GNTTABOP_set_version,
		                       GNTTABOP_get_version,     GNTTABOP_cache_flush };
	uint8_t op = ops[in_below(in, ARRAY_SIZE(ops))];
	unsigned int n = 1 + in_below(in, 3);

	c->a[0] = op | (in_once_in(in, 32) ? in_number(in) << 8 : 0);
	c->a[2] = in_once_in(in, 16) ? in_number(in) : n;
	POINTS(c, 1);
	c->size = sizeof(c->arg.copy);
	for (unsigned int i = 0; i < n; i++) {
		switch (op) {
		case GNTTABOP_map_grant_ref:
			c->arg.map[i].dom = domid(in);
			c->arg.map[i].ref = ref(in);
			c->arg.map[i].flags =
			        GNTMAP_host_map | (in_u8(in) & 1 ? GNTMAP_readonly : 0);
			if (in_once_in(in, 16))
				c->arg.map[i].flags = in_u32(in);
			c->arg.map[i].host_addr = grant_gfn(in) << PAGE_SHIFT;
			break;
		case GNTTABOP_unmap_grant_ref:
			c->arg.unmap[i].handle = ref(in);
			c->arg.unmap[i].host_addr = grant_gfn(in) << PAGE_SHIFT;
			break;
		case GNTTABOP_copy:
			build_grant_copy(in, &c->arg.copy[i]);
			break;
		}
	}
	if (op == GNTTABOP_query_size)
		c->arg.query_size.dom = domid(in);
	else if (op == GNTTABOP_cache_flush)
		c->arg.flush = (struct gnttab_cache_flush) {
			.a.dev_bus_addr = in_number(in),
			.length = in_u16(in),
			.offset = in_u16(in),
			.op = in_below(in, 5),
		};
	else if (op >= GNTTABOP_set_version)
		raw(in, c->arg.bytes, 8);
}

static uint32_t port(struct input *in)
{
	return in_once_in(in, 16) ? (uint32_t)in_number(in) : in_below(in, 10);
}

static uint32_t vcpu(struct input *in)
{
	return in_once_in(in, 16) ? (uint32_t)in_number(in) : in_below(in, 3);
}

static void build_event(struct input *in, struct call *c)
{
	uint32_t op = in_below(in, EVTCHNOP_reset + 2);

	c->a[0] = op;
	POINTS(c, 1);
	c->size = 32;
	switch (op) {
	case EVTCHNOP_alloc_unbound:
		c->arg.alloc_unbound.dom = domid(in);
		c->arg.alloc_unbound.remote_dom = domid(in);
		break;
	case EVTCHNOP_bind_interdomain:
		c->arg.bind_interdomain.remote_dom = domid(in);
		c->arg.bind_interdomain.remote_port = port(in);
		break;
	case EVTCHNOP_bind_virq:
		c->arg.bind_virq.virq = in_u8(in) % 26;
		c->arg.bind_virq.vcpu = vcpu(in);
		break;
	case EVTCHNOP_bind_ipi:
		c->arg.bind_ipi.vcpu = vcpu(in);
		break;
	case EVTCHNOP_status:
		c->arg.status.dom = domid(in);
		c->arg.status.port = port(in);
		break;
	case EVTCHNOP_bind_vcpu:
		c->arg.bind_vcpu.port = port(in);
		c->arg.bind_vcpu.vcpu = vcpu(in);
		break;
	case EVTCHNOP_reset:
		c->arg.reset.dom = domid(in);
		break;
	default:
		c->arg.port = port(in);
		break;
	}
}

/* --- what is small -----------------------------------------------------------------------------
 */

static void build_sched(struct input *in, struct call *c)
{
	uint32_t op = in_below(in, 8);

	/* Going down is an end: rare. */
	if (op == SCHEDOP_shutdown && !in_once_in(in, 8))
		op = SCHEDOP_watchdog;
	c->a[0] = op;
	POINTS(c, 1);
	c->size = 16;
	switch (op) {
	case SCHEDOP_shutdown:
		c->arg.shutdown.reason = in_below(in, 6);
		break;
	case SCHEDOP_poll:
		c->arg.poll.ports.q = buffer(in);
		c->arg.poll.nr_ports = in_once_in(in, 8) ? in_u8(in) : in_below(in, 4);
		break;
	case SCHEDOP_remote_shutdown:
		c->arg.remote_shutdown.domain_id = domid(in);
		c->arg.remote_shutdown.reason = in_below(in, 6);
		break;
	case SCHEDOP_watchdog:
		c->arg.watchdog.id = in_below(in, 4);
		c->arg.watchdog.timeout =
		        in_once_in(in, 4) ? (uint32_t)in_number(in) : in_below(in, 4);
		break;
	}
}

static void build_vcpu(struct input *in, struct call *c)
{
	c->a[0] = in_u8(in) & 3 ? VCPUOP_register_vcpu_info : in_below(in, 14);
	c->a[1] = vcpu(in);
	POINTS(c, 2);
	SIZED(c, info);
	c->arg.info.mfn = gfn(in);
	c->arg.info.offset = in_once_in(in, 8) ? in_u16(in) : 8 * in_u8(in);
}

static void build_hvm(struct input *in, struct call *c)
{
	c->a[0] = in_below(in, 3);
	POINTS(c, 1);
	SIZED(c, param);
	c->arg.param.domid = domid(in);
	c->arg.param.index = in_u8(in) % 44;
	c->arg.param.value = in_number(in);
}

static void build_version(struct input *in, struct call *c)
{
	c->a[0] = in_below(in, 12);
	c->a[1] = in_u8(in) & 1 ? ARGS : buffer(in);
	c->size = 8;
	raw(in, c->arg.bytes, 8);
}

static void build_console(struct input *in, struct call *c)
{
	c->a[0] = in_below(in, 3);
	c->a[1] = in_once_in(in, 8) ? in_number(in) : in_u16(in) % 600;
	c->a[2] = buffer(in);
}

static void build_platform(struct input *in, struct call *c)
{
	POINTS(c, 0);
	SIZED(c, platform);
	c->arg.platform.cmd = in_once_in(in, 8) ? in_u8(in) : XENPF_settime64;
	c->arg.platform.interface_version =
	        in_once_in(in, 8) ? in_u32(in) : XENPF_INTERFACE_VERSION;
	c->arg.platform.u.settime64.secs = in_number(in);
	c->arg.platform.u.settime64.nsecs = in_u32(in);
}

/* --- the control interface ----------------------------------------------------------------------
 */

static void build_create(struct input *in, struct xen_domctl_createdomain *d)
{
	d->flags = in_once_in(in, 16) ? in_u32(in) : XEN_DOMCTL_CDF_hvm | XEN_DOMCTL_CDF_hap;
	d->grant_opts = in_once_in(in, 16) ? in_u8(in) : 1;
	d->max_vcpus = in_once_in(in, 16) ? in_u8(in) : 1 + in_below(in, 3);
	d->max_evtchn_port = in_once_in(in, 4) ? (uint32_t)in_number(in) : 4095;
	d->max_grant_frames = in_once_in(in, 8) ? (int32_t)in_u32(in) : 4;
	d->arch.gic_version = in_once_in(in, 8) ? in_u8(in) : XEN_DOMCTL_CONFIG_GIC_NATIVE;
	d->arch.nr_spis = in_once_in(in, 4) ? in_u16(in) : 0;
}

static void bitmap(struct input *in, struct xenctl_bitmap *b)
{
	b->bitmap.q = buffer(in);
	b->nr_bits = in_once_in(in, 4) ? (uint32_t)in_number(in) : in_below(in, 70);
}

/* static: function-length: one switch, a case for each of the calls */
static void build_domctl(struct input *in, struct call *c)
{
	static const uint8_t cmds[] = {
		XEN_DOMCTL_createdomain,
		XEN_DOMCTL_createdomain,
		XEN_DOMCTL_destroydomain,
		XEN_DOMCTL_pausedomain,
		XEN_DOMCTL_unpausedomain,
		XEN_DOMCTL_getdomaininfo,
		XEN_DOMCTL_setvcpuaffinity,
		XEN_DOMCTL_max_mem,
		XEN_DOMCTL_setvcpucontext,
		XEN_DOMCTL_getvcpucontext,
		XEN_DOMCTL_getvcpuinfo,
		XEN_DOMCTL_max_vcpus,
		XEN_DOMCTL_scheduler_op,
		XEN_DOMCTL_setdomainhandle,
		XEN_DOMCTL_getvcpuaffinity,
		XEN_DOMCTL_resumedomain,
		XEN_DOMCTL_set_address_size,
		XEN_DOMCTL_get_address_size,
		XEN_DOMCTL_setnodeaffinity,
		XEN_DOMCTL_getnodeaffinity,
		XEN_DOMCTL_cacheflush,
		XEN_DOMCTL_get_paging_mempool_size,
		XEN_DOMCTL_set_paging_mempool_size,
	};
	struct xen_domctl *d = &c->arg.domctl;

	POINTS(c, 0);
	SIZED(c, domctl);
	raw(in, d, sizeof(*d));
	d->cmd = in_once_in(in, 32) ? in_u8(in) : cmds[in_below(in, ARRAY_SIZE(cmds))];
	d->interface_version = in_once_in(in, 64) ? in_u32(in) : XEN_DOMCTL_INTERFACE_VERSION;
	d->domain = domid(in);
	switch (d->cmd) {
	case XEN_DOMCTL_createdomain:
		build_create(in, &d->u.createdomain);
		break;
	case XEN_DOMCTL_max_mem:
		d->u.max_mem.max_memkb = in_once_in(in, 4) ? in_number(in) : 4 * in_u8(in);
		break;
	case XEN_DOMCTL_setvcpucontext:
	case XEN_DOMCTL_getvcpucontext:
		d->u.vcpucontext.vcpu = vcpu(in);
		d->u.vcpucontext.ctxt.q = buffer(in);
		break;
	case XEN_DOMCTL_getvcpuinfo:
		d->u.getvcpuinfo.vcpu = vcpu(in);
		break;
	case XEN_DOMCTL_setvcpuaffinity:
	case XEN_DOMCTL_getvcpuaffinity:
		d->u.vcpuaffinity.vcpu = vcpu(in);
		d->u.vcpuaffinity.flags = in_below(in, 5);
		bitmap(in, &d->u.vcpuaffinity.cpumap_hard);
		bitmap(in, &d->u.vcpuaffinity.cpumap_soft);
		break;
	case XEN_DOMCTL_setnodeaffinity:
	case XEN_DOMCTL_getnodeaffinity:
		bitmap(in, &d->u.nodeaffinity.nodemap);
		break;
	case XEN_DOMCTL_scheduler_op:
		d->u.scheduler_op.sched_id = in_once_in(in, 8) ? in_u8(in) : XEN_SCHEDULER_CREDIT2;
		d->u.scheduler_op.cmd = in_below(in, 5);
		d->u.scheduler_op.u.credit2.weight = in_u16(in);
		d->u.scheduler_op.u.credit2.cap = in_u8(in);
		break;
	case XEN_DOMCTL_cacheflush:
		d->u.cacheflush.start_pfn = gfn(in);
		d->u.cacheflush.nr_pfns = in_once_in(in, 4) ? in_number(in) : in_u8(in);
		break;
	}
}

static void build_sysctl(struct input *in, struct call *c)
{
	static const uint8_t cmds[] = { XEN_SYSCTL_readconsole,       XEN_SYSCTL_physinfo,
		                        XEN_SYSCTL_sched_id,          XEN_SYSCTL_debug_keys,
		                        XEN_SYSCTL_getdomaininfolist, XEN_SYSCTL_cputopoinfo,
		                        XEN_SYSCTL_numainfo,          XEN_SYSCTL_cpupool_op };
	struct xen_sysctl *s = &c->arg.sysctl;

	POINTS(c, 0);
	SIZED(c, sysctl);
	raw(in, s, sizeof(*s));
	s->cmd = in_once_in(in, 32) ? in_u8(in) : cmds[in_below(in, ARRAY_SIZE(cmds))];
	s->interface_version = in_once_in(in, 64) ? in_u32(in) : XEN_SYSCTL_INTERFACE_VERSION;
	switch (s->cmd) {
	case XEN_SYSCTL_readconsole:
		s->u.readconsole.incremental = in_u8(in) & 1;
		s->u.readconsole.clear = in_u8(in) & 1;
		s->u.readconsole.index = (uint32_t)in_number(in);
		s->u.readconsole.count = in_once_in(in, 4) ? (uint32_t)in_number(in) : in_u8(in);
		s->u.readconsole.buffer.q = buffer(in);
		break;
	case XEN_SYSCTL_debug_keys:
		s->u.debug_keys.keys.q = buffer(in);
		s->u.debug_keys.nr_keys =
		        in_once_in(in, 8) ? (uint32_t)in_number(in) : in_below(in, 4);
		break;
	case XEN_SYSCTL_getdomaininfolist:
		s->u.getdomaininfolist.first_domain = domid(in);
		s->u.getdomaininfolist.max_domains =
		        in_once_in(in, 4) ? (uint32_t)in_number(in) : in_below(in, 5);
		s->u.getdomaininfolist.buffer.q = buffer(in);
		break;
	case XEN_SYSCTL_cputopoinfo:
		s->u.cputopoinfo.num_cpus = in_u8(in);
		s->u.cputopoinfo.cputopo.q = buffer(in);
		break;
	case XEN_SYSCTL_numainfo:
		s->u.numainfo.num_nodes = in_below(in, 3);
		s->u.numainfo.meminfo.q = buffer(in);
		s->u.numainfo.distance.q = buffer(in);
		break;
	case XEN_SYSCTL_cpupool_op:
		s->u.cpupool_op.op = in_below(in, 8);
		s->u.cpupool_op.cpupool_id = in_below(in, 3);
		bitmap(in, &s->u.cpupool_op.cpumap);
		break;
	}
}

static void build_dormouse(struct input *in, struct call *c)
{
	struct dm_op *o = &c->arg.dm;

	POINTS(c, 0);
	SIZED(c, dm);
	raw(in, o, sizeof(*o));
	o->version = in_once_in(in, 64) ? in_u32(in) : DM_OP_VERSION;
	o->op = in_below(in, DM_NR_OPS + 1);
	if (o->op == DM_OP_DOMAINS || o->op == DM_OP_JOURNAL || o->op == DM_OP_BLOCKERS) {
		o->u.list = (struct dm_op_list) {
			.cursor = in_number(in),
			.buffer = buffer(in),
			.max = in_once_in(in, 4) ? in_u32(in) : in_below(in, 5),
		};
		return;
	}
	if (o->op == DM_OP_FAULTS) {
		o->u.faults =
		        (struct dm_op_faults) { .buffer = buffer(in), .size = in_u16(in) % 300 };
		return;
	}
	o->u.domid = domid(in);
	switch (o->op) {
	case DM_OP_WAKEUP:
		o->u.wakeup.change = in_u8(in);
		o->u.wakeup.sources = in_u8(in);
		break;
	case DM_OP_POLICY:
		o->u.policy.set = in_below(in, 9);
		o->u.policy.host_suspend = in_below(in, 4);
		o->u.policy.time = in_below(in, 3);
		o->u.policy.veto_ms = in_once_in(in, 4) ? (uint32_t)in_number(in) : in_u16(in);
		break;
	case DM_OP_KEY:
		o->u.key.key = in_below(in, DM_NR_KEYS + 1);
		break;
	case DM_OP_TEST:
		o->u.phase = in_below(in, 8);
		break;
	case DM_OP_CONSOLE_READ:
	case DM_OP_CONSOLE_WRITE:
		o->u.console.size = in_once_in(in, 4) ? (uint32_t)in_number(in) : in_u16(in) % 600;
		o->u.console.buffer = buffer(in);
		o->u.console.cursor = in_number(in);
		break;
	case DM_OP_NAME:
		o->u.name.set = in_below(in, 3);
		in_bytes(in, o->u.name.name, in_below(in, 33));
		break;
	case DM_OP_DEVICES:
		o->u.devices.add = in_below(in, 9);
		break;
	}
}

/* --- several at once ---------------------------------------------------------------------------
 */

static void build_multicall(struct input *in, struct call *c);

static const struct {
	uint16_t nr;
	build_fn *build;
} calls[] = {
	{ __HYPERVISOR_platform_op, build_platform },
	{ __HYPERVISOR_memory_op, build_memory },
	{ __HYPERVISOR_memory_op, build_memory },
	{ __HYPERVISOR_xen_version, build_version },
	{ __HYPERVISOR_console_io, build_console },
	{ __HYPERVISOR_grant_table_op, build_grant },
	{ __HYPERVISOR_grant_table_op, build_grant },
	{ __HYPERVISOR_vcpu_op, build_vcpu },
	{ __HYPERVISOR_sched_op, build_sched },
	{ __HYPERVISOR_event_channel_op, build_event },
	{ __HYPERVISOR_event_channel_op, build_event },
	{ __HYPERVISOR_hvm_op, build_hvm },
	{ __HYPERVISOR_sysctl, build_sysctl },
	{ __HYPERVISOR_domctl, build_domctl },
	{ __HYPERVISOR_domctl, build_domctl },
	{ DM_HYPERCALL, build_dormouse },
	{ __HYPERVISOR_multicall, build_multicall },
};

/* Entries whose arguments are all in one place: each call's structure is the last one's. */
static void build_multicall(struct input *in, struct call *c)
{
	unsigned int n = 1 + in_below(in, 3);
	struct call one;

	for (unsigned int i = 0; i < n; i++) {
		unsigned int which = in_below(in, ARRAY_SIZE(calls) - 1);

		memset(&one, 0, sizeof(one));
		calls[which].build(in, &one);
		c->arg.multicall[i].op = in_once_in(in, 16) ? in_u16(in) : calls[which].nr;
		for (unsigned int k = 0; k < HYPERCALL_ARGS; k++)
			c->arg.multicall[i].args[k] = one.a[k] == ARGS ? BUFFER : one.a[k];
	}
	POINTS(c, 0);
	c->size = n * sizeof(c->arg.multicall[0]);
	c->a[1] = in_once_in(in, 16) ? in_number(in) : n;
}

/* --- what the guest does ------------------------------------------------------------------------
 */

static bool hypercall(struct vcpu *v, struct input *in)
{
	static struct call c;
	unsigned int which = in_below(in, ARRAY_SIZE(calls));

	memset(&c, 0, sizeof(c));
	c.nr = calls[which].nr;
	calls[which].build(in, &c);
	if (in_once_in(in, 32))
		c.a[in_below(in, HYPERCALL_ARGS)] = in_number(in);
	machine_poke(v, ARGS, c.arg.bytes, c.size);
	if (c.listed)
		machine_poke(v, BUFFER, c.list, sizeof(c.list));
	memcpy(v->regs.x, c.a, sizeof(c.a));
	v->regs.x[16] = in_once_in(in, 64) ? in_number(in) : c.nr;
	return machine_hvc(v, 0xea1);
}

/* A grant entry, or any word of its grant table or shared_info. */
static bool write_shared(struct vcpu *v, struct input *in)
{
	union {
		struct grant_entry_v1 entry;
		uint64_t word;
	} value;
	uint64_t at = (GRANTS_GFN + in_below(in, 2)) << PAGE_SHIFT;

	if (in_u8(in) & 3) {
		value.entry = (struct grant_entry_v1) {
			.flags = in_u8(in) & 7
			                 ? GTF_permit_access | (in_u8(in) & 1 ? GTF_readonly : 0)
			                 : in_u16(in),
			.domid = domid(in),
			.frame = (uint32_t)gfn(in),
		};
		at += ref(in) % 512 * sizeof(value.entry);
	} else {
		value.word = in_number(in);
		at = (in_u8(in) & 1 ? INFO_GFN << PAGE_SHIFT : at) +
		     in_below(in, 140) * sizeof(value.word);
	}
	machine_poke(v, at, &value, sizeof(value));
	return true;
}

/* What buffers hold: frame numbers, ports, names, bitmaps. */
static bool write_buffer(struct vcpu *v, struct input *in)
{
	uint64_t words[8];
	unsigned int n = 1 + in_below(in, ARRAY_SIZE(words));

	for (unsigned int i = 0; i < n; i++)
		words[i] = in_u8(in) & 1 ? gfn(in) : in_number(in);
	machine_poke(v, BUFFER + 8UL * in_below(in, 64), words, n * sizeof(words[0]));
	return true;
}

/* PC, PSTATE and registers that start a vCPU. */
static bool write_context(struct vcpu *v, struct input *in)
{
	struct vcpu_guest_context c = { .flags = VGCF_online };

	c.user_regs.pc64 = MACHINE_RAM;
	c.user_regs.cpsr = in_once_in(in, 4) ? in_u32(in) : 0x3c5;
	if (in_once_in(in, 8))
		c.flags = in_u8(in);
	machine_poke(v, BUFFER, &c, 256);
	machine_poke(v, BUFFER + 256, (uint8_t *)&c + 256, sizeof(c) - 256);
	return true;
}

static bool guest(struct vcpu *v, struct input *in)
{
	switch (in_below(in, 24)) {
	case 0:
		return machine_trap(v, 0x01UL << 26 | BIT(25)); /* WFI */
	case 1:
	case 2:
	case 3:
		return write_shared(v, in);
	case 4:
	case 5:
		return write_buffer(v, in);
	case 6:
		return write_context(v, in);
	case 7:
		(void)fuzz_gic_guest_ack();
		(void)fuzz_gic_guest_end();
		return true;
	case 8: /* PSCI: another vCPU, or the domain's sleep */
		v->regs.x[0] = in_once_in(in, 8) ? 0xc400000e : 0xc4000003;
		v->regs.x[1] = v->regs.x[0] == 0xc4000003 ? in_below(in, 2) : MACHINE_RAM;
		v->regs.x[2] = MACHINE_RAM;
		return machine_hvc(v, 0);
	default:
		return hypercall(v, in);
	}
}

void fuzz_one(struct input *in)
{
	machine_run(in, guest);
}
