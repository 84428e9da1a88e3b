/* SPDX-License-Identifier: Apache-2.0 */
#include "tiny.h"

extern const uint8_t tiny_start[], tiny_end[];

static uint8_t window[PAGE] __attribute__((aligned(4096))); /* where a page of the domain appears */

int64_t hypercall(uint64_t nr, uint64_t a0, uint64_t a1)
{
	register uint64_t x0 __asm__("x0") = a0;
	register uint64_t x1 __asm__("x1") = a1;
	register uint64_t x16 __asm__("x16") = nr;

	__asm__ volatile("hvc #0xea1"
			 : "+r"(x0), "+r"(x1), "+r"(x16)::"x2", "x3", "x4", "memory");
	return (int64_t)x0;
}

struct xen_domctl domctl;
struct xen_sysctl sysctl;
struct dm_op op;

int64_t do_domctl(uint32_t cmd, unsigned int domid)
{
	domctl.cmd = cmd;
	domctl.interface_version = XEN_DOMCTL_INTERFACE_VERSION;
	domctl.domain = (domid_t)domid;
	return hypercall(__HYPERVISOR_domctl, (uintptr_t)&domctl, 0);
}

int64_t do_sysctl(uint32_t cmd)
{
	sysctl.cmd = cmd;
	sysctl.interface_version = XEN_SYSCTL_INTERFACE_VERSION;
	return hypercall(__HYPERVISOR_sysctl, (uintptr_t)&sysctl, 0);
}

int64_t do_op(uint32_t nr)
{
	op.version = DM_OP_VERSION;
	op.op = nr;
	return hypercall(DM_HYPERCALL, (uintptr_t)&op, 0);
}

uint64_t free_pages(void)
{
	memset(&sysctl, 0, sizeof(sysctl));
	check_eq(do_sysctl(XEN_SYSCTL_physinfo), 0);
	return sysctl.u.physinfo.free_pages;
}

/* --- the domain -------------------------------------------------------------------------- */

static unsigned int make(void)
{
	memset(&domctl, 0, sizeof(domctl));
	domctl.u.createdomain = (struct xen_domctl_createdomain){
		.flags = XEN_DOMCTL_CDF_hvm | XEN_DOMCTL_CDF_hap,
		.max_vcpus = 2,
		.max_evtchn_port = 1023,
		.max_grant_frames = -1,
		.max_maptrack_frames = -1,
		.grant_opts = 1,
	};
	if (!check_eq(do_domctl(XEN_DOMCTL_createdomain, 0xffff), 0))
		return 0;
	check_eq(domctl.u.createdomain.arch.gic_version,
		 plat.gic_version == 2 ? XEN_DOMCTL_CONFIG_GIC_V2 : XEN_DOMCTL_CONFIG_GIC_V3);
	return domctl.domain;
}

static bool give_ram(unsigned int domid)
{
	static xen_pfn_t gfns[RAM_PAGES];
	struct xen_memory_reservation r = { .nr_extents = RAM_PAGES, .domid = (domid_t)domid };

	memset(&domctl, 0, sizeof(domctl));
	domctl.u.max_mem.max_memkb = RAM_PAGES * 4;
	check_eq(do_domctl(XEN_DOMCTL_max_mem, domid), 0);
	for (unsigned int i = 0; i < RAM_PAGES; i++)
		gfns[i] = DOMU_RAM / PAGE + i;
	set_xen_guest_handle(r.extent_start, gfns);
	return check_eq(hypercall(__HYPERVISOR_memory_op, XENMEM_populate_physmap, (uintptr_t)&r),
			RAM_PAGES);
}

/* The domain's page appears in window[]. */
static bool show(unsigned int domid, uint64_t gfn)
{
	static xen_ulong_t from;
	static xen_pfn_t to;
	static int err;
	struct xen_add_to_physmap_batch b = {
		.domid = DOMID_SELF, .space = XENMAPSPACE_gmfn_foreign, .size = 1
	};

	from = gfn;
	to = (uintptr_t)window / PAGE;
	b.u.foreign_domid = (domid_t)domid;
	set_xen_guest_handle(b.idxs, &from);
	set_xen_guest_handle(b.gpfns, &to);
	set_xen_guest_handle(b.errs, &err);
	return check_eq(hypercall(__HYPERVISOR_memory_op, XENMEM_add_to_physmap_batch,
				  (uintptr_t)&b), 0) &&
	       check_eq(err, 0);
}

/* window[] is our own RAM again. */
void hide(void)
{
	struct xen_remove_from_physmap rm = { .domid = DOMID_SELF, .gpfn = (uintptr_t)window / PAGE };
	static xen_pfn_t gfn;
	struct xen_memory_reservation r = { .nr_extents = 1, .domid = DOMID_SELF };

	gfn = rm.gpfn;
	set_xen_guest_handle(r.extent_start, &gfn);
	check_eq(hypercall(__HYPERVISOR_memory_op, XENMEM_remove_from_physmap, (uintptr_t)&rm), 0);
	check_eq(hypercall(__HYPERVISOR_memory_op, XENMEM_populate_physmap, (uintptr_t)&r), 1);
}

static bool load(unsigned int domid)
{
	if (!show(domid, DOMU_RAM / PAGE))
		return false;
	/* static: comparePointers: both are tiny.S's */
	memcpy(window, tiny_start, (size_t)(tiny_end - tiny_start));
	cache_clean(window, PAGE);
	memset(&domctl, 0, sizeof(domctl));
	domctl.u.cacheflush.start_pfn = DOMU_RAM / PAGE;
	domctl.u.cacheflush.nr_pfns = 1000; /* beyond its RAM, and more than one call does */
	return check_eq(do_domctl(XEN_DOMCTL_cacheflush, domid), 0);
}

static bool set_context(unsigned int domid)
{
	static struct vcpu_guest_context c;

	memset(&c, 0, sizeof(c));
	c.flags = VGCF_online;
	c.user_regs.x0 = LAST_PAGE * PAGE;
	c.user_regs.pc64 = DOMU_RAM;
	c.user_regs.cpsr = 0x1c5;
	c.sctlr = 0x00c50078;
	memset(&domctl, 0, sizeof(domctl));
	set_xen_guest_handle(domctl.u.vcpucontext.ctxt, &c);
	return check_eq(do_domctl(XEN_DOMCTL_setvcpucontext, domid), 0);
}

static bool add_devices(unsigned int domid)
{
	memset(&op, 0, sizeof(op));
	op.u.devices.domid = (uint16_t)domid;
	op.u.devices.add = DM_DEVICE_UART | DM_DEVICE_RTC | DM_DEVICE_KEYS;
	if (!check_eq(do_op(DM_OP_DEVICES), 0))
		return false;
	check_eq(op.u.devices.uart.base, DOMU_UART);
	check_eq(op.u.devices.gic_version, plat.gic_version);
	op.u.devices.add = 0;
	check_eq(do_op(DM_OP_DEVICES), 0);
	op.u.devices.add = DM_DEVICE_RTC;
	return check_eq(do_op(DM_OP_DEVICES), -EEXIST);
}

static bool name_it(unsigned int domid, const char *name)
{
	memset(&op, 0, sizeof(op));
	op.u.name.domid = (uint16_t)domid;
	op.u.name.set = 1;
	memcpy(op.u.name.name, name, strlen(name) + 1);
	return check_eq(do_op(DM_OP_NAME), 0);
}

/* A domain that is ready to run, paused once; its last page is in window[]. */
unsigned int build(void)
{
	unsigned int domid = make();

	if (!domid || !add_devices(domid) || !name_it(domid, "tiny") || !give_ram(domid) ||
	    !load(domid) || !set_context(domid) || !show(domid, LAST_PAGE))
		return 0;
	return domid;
}

volatile uint64_t *const counter = (volatile uint64_t *)window;

/* It works without caches, we with ours. */
void look(void)
{
	cache_clean(window, PAGE);
}

uint64_t counted(void)
{
	__asm__ volatile("dc civac, %0\n\tdsb sy" ::"r"(window) : "memory");
	return counter[0];
}

void tell(uint64_t todo)
{
	counter[1] = todo;
	cache_clean(window, 16);
}

/* It counts, within a time that a busy host needs. */
bool counts(void)
{
	uint64_t before = counted(), end = deadline_ms(WAIT_MS);

	while (counted() == before)
		if (passed(end))
			return false;
	return true;
}

bool stands_still(void)
{
	uint64_t before = counted();

	delay_us(20000);
	return counted() == before;
}

const struct xen_domctl_getdomaininfo *info(unsigned int domid)
{
	memset(&domctl, 0, sizeof(domctl));
	check_eq(do_domctl(XEN_DOMCTL_getdomaininfo, domid), 0);
	check_eq(domctl.domain, domid);
	return &domctl.u.getdomaininfo;
}

struct dm_domain listed;

const struct dm_domain *state_of(unsigned int domid)
{
	memset(&op, 0, sizeof(op));
	op.u.list.cursor = domid;
	op.u.list.max = 1;
	op.u.list.buffer = (uintptr_t)&listed;
	check_eq(do_op(DM_OP_DOMAINS), 0);
	check_eq(op.u.list.count, 1);
	check_eq(listed.domid, domid);
	return &listed;
}

bool comes_to(unsigned int domid, uint8_t state)
{
	uint64_t end = deadline_ms(WAIT_MS);

	while (state_of(domid)->state != state)
		if (passed(end))
			return false;
	return true;
}

uint64_t console_cursor;

/* It has said this since we last listened. */
bool says(unsigned int domid, const char *what)
{
	static char text[8];
	uint64_t end = deadline_ms(WAIT_MS);
	size_t want = strlen(what), got = 0;

	while (got < want && !passed(end)) {
		memset(&op, 0, sizeof(op));
		op.u.console.domid = (uint16_t)domid;
		op.u.console.cursor = console_cursor;
		op.u.console.buffer = (uintptr_t)(text + got);
		op.u.console.size = (uint32_t)(sizeof(text) - got);
		if (!check_eq(do_op(DM_OP_CONSOLE_READ), 0))
			return false;
		console_cursor = op.u.console.cursor;
		got += op.u.console.count;
	}
	return checkf(got == want && !memcmp(text, what, want), "it says %.*s, not %s", (int)got,
		      text, what);
}

void destroy(unsigned int domid)
{
	check_eq(do_domctl(XEN_DOMCTL_destroydomain, domid), 0);
	check_eq(do_domctl(XEN_DOMCTL_pausedomain, domid), -ESRCH);
	hide();
}
