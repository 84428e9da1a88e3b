// SPDX-License-Identifier: Apache-2.0
/* Xen's calls: by 4.17's public headers. */
#include "ctl.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include <xen/xen.h>
#include <xen/domctl.h>
#include <xen/memory.h>
#include <xen/sysctl.h>
#include <xen/version.h>

#include "ctl_call.h"
#include "say.h"

#define MAP_WORDS 1 /* 64-bit words of a CPU mask */

/* --- the three ways to call --------------------------------------------------------------- */

static int domctl(uint32_t cmd, uint16_t domid, struct xen_domctl *op)
{
	op->cmd = cmd;
	op->interface_version = XEN_DOMCTL_INTERFACE_VERSION;
	op->domain = domid;
	return ctl_call(__HYPERVISOR_domctl, 0, NULL, op, sizeof(*op));
}

static int sysctl(uint32_t cmd, struct xen_sysctl *op)
{
	op->cmd = cmd;
	op->interface_version = XEN_SYSCTL_INTERFACE_VERSION;
	return ctl_call(__HYPERVISOR_sysctl, 0, NULL, op, sizeof(*op));
}

static int version(unsigned int cmd, void *arg, size_t size)
{
	const uint64_t args[2] = { cmd, 0 };

	return ctl_call(__HYPERVISOR_xen_version, 1, args, arg, size);
}

/* --- the host ---------------------------------------------------------------------------- */

static int read_versions(struct ctl_host *out)
{
	xen_compile_info_t compile = { 0 };
	xen_platform_parameters_t platform = { 0 };
	char nothing[8] = { 0 };
	int ret = version(XENVER_version, nothing, sizeof(nothing));

	if (ret < 0)
		return ret;
	out->major = (unsigned int)ret >> 16;
	out->minor = (unsigned int)ret & 0xffff;
	version(XENVER_extraversion, out->extra, sizeof(out->extra));
	version(XENVER_capabilities, out->capabilities, sizeof(out->capabilities));
	version(XENVER_changeset, out->changeset, sizeof(out->changeset));
	version(XENVER_commandline, out->commandline, sizeof(out->commandline));
	version(XENVER_compile_info, &compile, sizeof(compile));
	version(XENVER_platform_parameters, &platform, sizeof(platform));
	snprintf(out->compiler, sizeof(out->compiler), "%.63s", compile.compiler);
	snprintf(out->compile_by, sizeof(out->compile_by), "%.15s", compile.compile_by);
	snprintf(out->compile_domain, sizeof(out->compile_domain), "%.31s", compile.compile_domain);
	snprintf(out->compile_date, sizeof(out->compile_date), "%.31s", compile.compile_date);
	out->extra[sizeof(out->extra) - 1] = 0;
	out->capabilities[sizeof(out->capabilities) - 1] = 0;
	out->changeset[sizeof(out->changeset) - 1] = 0;
	out->commandline[sizeof(out->commandline) - 1] = 0;
	out->virt_start = platform.virt_start;
	ret = version(XENVER_pagesize, nothing, sizeof(nothing));
	out->page_size = ret > 0 ? (unsigned int)ret : CTL_PAGE;
	return 0;
}

static int scheduler(uint32_t *id)
{
	struct xen_sysctl op = { 0 };
	int err = sysctl(XEN_SYSCTL_sched_id, &op);

	*id = op.u.sched_id.sched_id;
	return err;
}

int ctl_host(struct ctl_host *out)
{
	struct xen_sysctl op = { 0 };
	const struct xen_sysctl_physinfo *info = &op.u.physinfo;
	int err;

	*out = (struct ctl_host) { 0 };
	err = sysctl(XEN_SYSCTL_physinfo, &op);
	if (err)
		return err;
	out->cpu_khz = info->cpu_khz;
	out->nr_cpus = info->nr_cpus;
	out->max_cpu_id = info->max_cpu_id;
	out->nr_nodes = info->nr_nodes;
	out->cores_per_socket = info->cores_per_socket;
	out->threads_per_core = info->threads_per_core;
	out->total_pages = info->total_pages;
	out->free_pages = info->free_pages;
	out->outstanding_pages = info->outstanding_pages;
	out->hvm = info->capabilities & XEN_SYSCTL_PHYSCAP_hvm;
	out->hap = info->capabilities & XEN_SYSCTL_PHYSCAP_hap;
	out->gnttab_v1 = info->capabilities & XEN_SYSCTL_PHYSCAP_gnttab_v1;
	out->gnttab_v2 = info->capabilities & XEN_SYSCTL_PHYSCAP_gnttab_v2;
	err = scheduler(&out->scheduler);
	if (err)
		out->scheduler = 0;
	return read_versions(out);
}

int ctl_read_log(char *buf, size_t size, uint32_t *index, bool clear)
{
	char *buffer = ctl_buffer(size);
	struct xen_sysctl op = { .u.readconsole = {
		                         .clear = clear,
		                         .incremental = !clear,
		                         .index = *index,
		                         .count = (uint32_t)size,
		                 } };
	int ret;

	set_xen_guest_handle(op.u.readconsole.buffer, buffer);
	ret = sysctl(XEN_SYSCTL_readconsole, &op);
	if (ret == 0) {
		ret = op.u.readconsole.count <= size ? (int)op.u.readconsole.count : -EPROTO;
		*index = op.u.readconsole.index;
	}
	if (ret > 0)
		memcpy(buf, buffer, (size_t)ret);
	ctl_buffer_free(buffer);
	return ret;
}

/* --- domains ----------------------------------------------------------------------------- */

int ctl_domaininfo(uint16_t domid, struct ctl_domaininfo *out)
{
	struct xen_domctl op = { 0 };
	const struct xen_domctl_getdomaininfo *info = &op.u.getdomaininfo;
	int err = domctl(XEN_DOMCTL_getdomaininfo, domid, &op);

	if (err)
		return err;
	/* An unknown id gives the next domain. */
	if (info->domain != domid)
		return -ESRCH;
	out->running = info->flags & XEN_DOMINF_running;
	out->blocked = info->flags & XEN_DOMINF_blocked;
	out->max_vcpus = info->max_vcpu_id + 1;
	memcpy(out->uuid, info->handle, sizeof(out->uuid));
	return 0;
}

static int affinity(uint32_t cmd, uint16_t domid, unsigned int vcpu, uint64_t *cpus)
{
	uint64_t *map = ctl_buffer(MAP_WORDS * sizeof(*map));
	struct xen_domctl op = { .u.vcpuaffinity = {
		                         .vcpu = vcpu,
		                         .flags = XEN_VCPUAFFINITY_HARD,
		                         .cpumap_hard.nr_bits = MAP_WORDS * 64,
		                 } };
	int err;

	*map = *cpus;
	set_xen_guest_handle(op.u.vcpuaffinity.cpumap_hard.bitmap, (uint8_t *)map);
	err = domctl(cmd, domid, &op);
	*cpus = *map;
	ctl_buffer_free(map);
	return err;
}

int ctl_set_affinity(uint16_t domid, unsigned int vcpu, uint64_t cpus)
{
	return affinity(XEN_DOMCTL_setvcpuaffinity, domid, vcpu, &cpus);
}

int ctl_vcpu(uint16_t domid, unsigned int vcpu, struct ctl_vcpu *out)
{
	struct xen_domctl op = { .u.getvcpuinfo.vcpu = vcpu };
	const struct xen_domctl_getvcpuinfo *info = &op.u.getvcpuinfo;
	int err = domctl(XEN_DOMCTL_getvcpuinfo, domid, &op);

	if (err)
		return err;
	*out = (struct ctl_vcpu) {
		.online = info->online,
		.running = info->running,
		.blocked = info->blocked,
		.cpu = info->cpu,
		.cpu_time_ns = info->cpu_time,
	};
	return affinity(XEN_DOMCTL_getvcpuaffinity, domid, vcpu, &out->affinity);
}

static int sched(uint32_t cmd, uint16_t domid, unsigned int *weight, unsigned int *cap)
{
	struct xen_domctl op = { .u.scheduler_op = {
		                         .cmd = cmd,
		                         /* credit and credit2 have the same fields. */
		                         .u.credit2 = { .weight = (uint16_t)*weight,
		                                        .cap = (uint16_t)*cap },
		                 } };
	int err = scheduler(&op.u.scheduler_op.sched_id);

	if (err)
		return err;
	err = domctl(XEN_DOMCTL_scheduler_op, domid, &op);
	*weight = op.u.scheduler_op.u.credit2.weight;
	*cap = op.u.scheduler_op.u.credit2.cap;
	return err;
}

int ctl_sched_get(uint16_t domid, unsigned int *weight, unsigned int *cap)
{
	*weight = *cap = 0;
	return sched(XEN_DOMCTL_SCHEDOP_getinfo, domid, weight, cap);
}

int ctl_sched_set(uint16_t domid, unsigned int weight, unsigned int cap)
{
	return sched(XEN_DOMCTL_SCHEDOP_putinfo, domid, &weight, &cap);
}

static int plain(uint32_t cmd, uint16_t domid)
{
	struct xen_domctl op = { 0 };

	return domctl(cmd, domid, &op);
}

int ctl_pause(uint16_t domid)
{
	return plain(XEN_DOMCTL_pausedomain, domid);
}

int ctl_unpause(uint16_t domid)
{
	return plain(XEN_DOMCTL_unpausedomain, domid);
}

int ctl_destroy(uint16_t domid)
{
	return plain(XEN_DOMCTL_destroydomain, domid);
}

/* --- making a domain --------------------------------------------------------------------- */

int ctl_create(const uint8_t uuid[16], unsigned int vcpus, uint16_t *domid)
{
	struct xen_domctl op = { .u.createdomain = {
		                         .flags = XEN_DOMCTL_CDF_hvm | XEN_DOMCTL_CDF_hap,
		                         .max_vcpus = vcpus,
		                         .max_evtchn_port = 1023,
		                         .max_grant_frames = -1,
		                         .max_maptrack_frames = -1,
		                         .grant_opts = XEN_DOMCTL_GRANT_version(1),
		                         .arch.gic_version = XEN_DOMCTL_CONFIG_GIC_NATIVE,
		                 } };
	int err;

	memcpy(op.u.createdomain.handle, uuid, sizeof(op.u.createdomain.handle));
	err = domctl(XEN_DOMCTL_createdomain, DM_DOMID_NONE, &op);
	*domid = op.domain;
	return err;
}

int ctl_max_vcpus(uint16_t domid, unsigned int vcpus)
{
	struct xen_domctl op = { .u.max_vcpus.max = vcpus };

	return domctl(XEN_DOMCTL_max_vcpus, domid, &op);
}

int ctl_max_memory(uint16_t domid, uint64_t kib)
{
	struct xen_domctl op = { .u.max_mem.max_memkb = kib };

	return domctl(XEN_DOMCTL_max_mem, domid, &op);
}

int ctl_populate(uint16_t domid, uint64_t gfn, unsigned int n, unsigned int order)
{
	const uint64_t args[2] = { XENMEM_populate_physmap, 0 };
	xen_pfn_t *extents = ctl_buffer(n * sizeof(extents[0]));
	struct xen_memory_reservation op = {
		.nr_extents = n,
		.extent_order = order,
		.domid = domid,
	};
	int ret;

	for (unsigned int i = 0; i < n; i++)
		extents[i] = gfn + ((uint64_t)i << order);
	set_xen_guest_handle(op.extent_start, extents);
	ret = ctl_call(__HYPERVISOR_memory_op, 1, args, &op, sizeof(op));
	ctl_buffer_free(extents);
	return ret;
}

void *ctl_map(uint16_t domid, uint64_t gfn, unsigned int n)
{
	xen_pfn_t *pages;
	void *at;
	int err;

	if (!ctl_foreign())
		return NULL;
	pages = xcalloc(n, sizeof(pages[0]));
	for (unsigned int i = 0; i < n; i++)
		pages[i] = gfn + i;
	at = xenforeignmemory_map(ctl_foreign(), domid, PROT_READ | PROT_WRITE, n, pages, NULL);
	err = errno;
	free(pages);
	errno = err;
	return at;
}

void ctl_unmap(void *at, unsigned int n)
{
	xenforeignmemory_unmap(ctl_foreign(), at, n);
}

int ctl_flush(uint16_t domid, uint64_t gfn, unsigned int n)
{
	struct xen_domctl op = { .u.cacheflush = { .start_pfn = gfn, .nr_pfns = n } };

	return domctl(XEN_DOMCTL_cacheflush, domid, &op);
}

int ctl_set_entry(uint16_t domid, uint64_t pc, uint64_t x0)
{
	vcpu_guest_context_t *context = ctl_buffer(sizeof(*context));
	struct xen_domctl op = { .u.vcpucontext.vcpu = 0 };
	int err;

	/* EL1h with everything masked; MMU and caches off, reserved bits as they have to be. */
	*context = (vcpu_guest_context_t) {
		.flags = VGCF_online,
		.sctlr = 0x00c50078,
		.user_regs = { .pc64 = pc, .x0 = x0, .cpsr = 0x1c5 },
	};
	set_xen_guest_handle(op.u.vcpucontext.ctxt, context);
	err = domctl(XEN_DOMCTL_setvcpucontext, domid, &op);
	ctl_buffer_free(context);
	return err;
}
