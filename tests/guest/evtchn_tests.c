/* SPDX-License-Identifier: Apache-2.0 */
/* This guest is Dom0. */
#include "abi/dormouse.h"
#include "evtchn.h"
#include "libc.h"
#include "smp.h"
#include "timer.h"

static volatile uint32_t total;
static uint8_t pages[4][PAGE] __attribute__((aligned(4096)));
static struct grant_entry_v1 table[PAGE / 8] __attribute__((aligned(4096)));
static uint8_t windows[4][PAGE] __attribute__((aligned(4096))); /* where others' pages appear */
static uint32_t peer_port;

static void count(uint32_t port)
{
	(void)port;
	total++;
}

void (*event_hook)(uint32_t port) = count;

static uint32_t upcalls(unsigned int cpu)
{
	return cpu_nr(cpu)->irq_count[plat.xen_intid];
}

static uint32_t bind_ipi(unsigned int vcpu)
{
	struct evtchn_bind_ipi b = { .vcpu = vcpu };

	check_eq(event_op(EVTCHNOP_bind_ipi, &b), 0);
	event_count[b.port % NR_EVENTS] = 0;
	return b.port;
}

static int64_t send(uint32_t port)
{
	struct evtchn_send s = { .port = port };

	return event_op(EVTCHNOP_send, &s);
}

static int64_t unmask(uint32_t port)
{
	struct evtchn_unmask u = { .port = port };

	return event_op(EVTCHNOP_unmask, &u);
}

static int64_t close(uint32_t port)
{
	struct evtchn_close c = { .port = port };

	return event_op(EVTCHNOP_close, &c);
}

static uint32_t status(unsigned int dom, uint32_t port)
{
	struct evtchn_status s = { .dom = (domid_t)dom, .port = port };

	return check_eq(event_op(EVTCHNOP_status, &s), 0) ? s.status : ~0u;
}

/* --- events ------------------------------------------------------------------------------ */

static void set_up(void)
{
	check(plat.xen_intid >= 16 && plat.xen_intid < 32);
	need(events_map());
	check(events_map()); /* again, as after a kexec */
	irq_disable();
	for (unsigned int n = 0; n < plat.nr_cpus; n++)
		check(events_start_cpu(n));
	gic_forget();
	events_on();
	/* Told to look, in case. */
	check(wait_for(upcalls(0) == 1, WAIT_MS));
}

static void to_itself(void)
{
	uint32_t port = bind_ipi(0);

	need(port);
	gic_forget_here();
	check_eq(send(port), 0);
	check(wait_for(event_count[port] == 1, WAIT_MS));
	check_eq(upcalls(0), 1);
	for (unsigned int i = 2; i <= 100; i++) {
		check_eq(send(port), 0);
		check(wait_for(event_count[port] == i, WAIT_MS));
	}
	check_eq(upcalls(0), 100);
	check_eq(close(port), 0);
}

static void loop(void)
{
	struct evtchn_alloc_unbound alloc = { .dom = DOMID_SELF, .remote_dom = DOMID_SELF };
	struct evtchn_bind_interdomain bind = { .remote_dom = DOMID_SELF };
	uint32_t a, b;

	check_eq(event_op(EVTCHNOP_alloc_unbound, &alloc), 0);
	a = bind.remote_port = alloc.port;
	event_count[a] = 0;
	check_eq(send(a), 0);
	check_eq(event_op(EVTCHNOP_bind_interdomain, &bind), 0);
	b = bind.local_port;
	need(a && b && a != b);
	check_eq(status(DOMID_SELF, b), EVTCHNSTAT_interdomain);
	check(wait_for(event_count[b] > 0, WAIT_MS)); /* pending from the start */
	check_eq(send(b), 0);
	check(wait_for(event_count[a] == 1, WAIT_MS));
	check_eq(event_op(EVTCHNOP_bind_interdomain, &bind), -EINVAL);
	check_eq(close(a), 0);
	check_eq(status(DOMID_SELF, a), EVTCHNSTAT_closed);
	check_eq(status(DOMID_SELF, b), EVTCHNSTAT_unbound);
	check_eq(send(b), 0);
	check_eq(close(b), 0);
	check_eq(close(b), -EINVAL);
}

static void masked(void)
{
	uint32_t port = bind_ipi(0);

	need(port);
	gic_forget_here();
	event_mask(port, true);
	check_eq(send(port), 0);
	check_eq(send(port), 0);
	delay_us(2000);
	check_eq(event_count[port], 0);
	check_eq(upcalls(0), 0);
	check_eq(shared->evtchn_pending[port / 64] & BIT(port % 64), BIT(port % 64));
	check_eq(unmask(port), 0);
	check(wait_for(event_count[port] == 1, WAIT_MS));
	check_eq(upcalls(0), 1);
	check_eq(unmask(port), 0);
	delay_us(2000);
	check_eq(upcalls(0), 1);
	close(port);
}

/* While the CPU takes no interrupts they become one. */
static void interrupts_off(void)
{
	uint32_t a = bind_ipi(0), b = bind_ipi(0);

	need(a && b);
	gic_forget_here();
	irq_disable();
	check_eq(send(a), 0);
	check_eq(send(b), 0);
	check_eq(send(a), 0);
	check(gic_is_pending(plat.xen_intid));
	check_eq(upcalls(0), 0);
	irq_enable();
	check(wait_for(event_count[a] == 1 && event_count[b] == 1, WAIT_MS));
	check_eq(upcalls(0), 1);
	/* A pending upcall ends a WFI. */
	irq_disable();
	check_eq(send(a), 0);
	wfi();
	irq_enable();
	check(wait_for(event_count[a] == 2, WAIT_MS));
	close(a);
	close(b);
}

static void enable_here(void *arg)
{
	(void)arg;
	gic_forget_here();
	events_on();
}

static void other_cpu(void)
{
	struct evtchn_bind_vcpu move;
	struct evtchn_bind_virq virq = { .virq = VIRQ_CONSOLE, .vcpu = 1 };
	uint32_t port;

	skip_if(plat.nr_cpus < 2, "one CPU");
	need(smp_start(1));
	smp_run(1, enable_here, 0);
	need(smp_join(1));
	check(wait_for(upcalls(1) <= 1, WAIT_MS));
	port = bind_ipi(1);
	need(port);
	for (unsigned int i = 1; i <= 50; i++) {
		check_eq(send(port), 0);
		check(wait_for(event_count[port] == i, WAIT_MS));
	}
	check(upcalls(1) >= 50);
	move = (struct evtchn_bind_vcpu){ .port = port, .vcpu = 0 };
	check_eq(event_op(EVTCHNOP_bind_vcpu, &move), -EINVAL);
	move.vcpu = plat.nr_cpus;
	check_eq(event_op(EVTCHNOP_bind_vcpu, &move), -ENOENT);
	check_eq(event_op(EVTCHNOP_bind_virq, &virq), -EINVAL);
	/* Sent while it is off, taken when it is on again: nothing is set up anew. */
	check(smp_stop(1));
	check_eq(send(port), 0);
	delay_us(2000);
	check_eq(event_count[port], 50);
	check(smp_start(1));
	smp_run(1, enable_here, 0);
	check(smp_join(1));
	check(wait_for(event_count[port] == 51, WAIT_MS));
	close(port);
	smp_stop(1);
}

static void refusals(void)
{
	struct evtchn_bind_interdomain bind = { .remote_dom = 77, .remote_port = 1 };
	struct evtchn_bind_virq virq = { .virq = NR_VIRQS };
	struct evtchn_bind_ipi ipi = { .vcpu = 1000 };
	struct evtchn_alloc_unbound alloc = { .dom = 77 };

	check_eq(event_op(EVTCHNOP_bind_interdomain, &bind), -ESRCH);
	check_eq(event_op(EVTCHNOP_bind_virq, &virq), -EINVAL);
	check_eq(event_op(EVTCHNOP_bind_ipi, &ipi), -ENOENT);
	check_eq(event_op(EVTCHNOP_alloc_unbound, &alloc), -ESRCH);
	check_eq(send(0), -EINVAL);
	check_eq(send(4095), -EINVAL);
	check_eq(send(4096), -EINVAL);
	check_eq(send(~0u), -EINVAL);
	check_eq(unmask(4096), -EINVAL);
	check_eq(close(0), -EINVAL);
	check_eq(hypercall(__HYPERVISOR_event_channel_op, EVTCHNOP_send, NOWHERE, 0), -EFAULT);
	/* Linux asks for the FIFO ABI first, and goes on with the other. */
	check_eq(event_op(EVTCHNOP_init_control, pages), -ENOSYS);
	check_eq(event_op(99, pages), -ENOSYS);
	virq.virq = VIRQ_DOM_EXC;
	check_eq(event_op(EVTCHNOP_bind_virq, &virq), 0);
	check_eq(event_op(EVTCHNOP_bind_virq, &virq), -EEXIST);
	check_eq(close(virq.port), 0);
}

/* The page's own bits are the guest's to ruin. */
static void hostile_page(void)
{
	uint32_t port = bind_ipi(0);

	need(port);
	irq_disable();
	memset(shared, 0xff, PAGE);
	check_eq(send(port), 0);
	check_eq(unmask(port), 0);
	check_eq(close(port), 0);
	memset(shared, 0, PAGE);
	irq_enable();
	port = bind_ipi(0);
	check(events_map());
	check_eq(send(port), 0);
	check(wait_for(event_count[port] == 1, WAIT_MS));
	close(port);
}

/* --- grants ------------------------------------------------------------------------------ */

static int16_t map(unsigned int dom, uint32_t ref, void *at, bool readonly, uint32_t *handle)
{
	struct gnttab_map_grant_ref op = {
		.host_addr = (uintptr_t)at,
		.flags = GNTMAP_host_map | (readonly ? GNTMAP_readonly : 0),
		.ref = ref,
		.dom = (domid_t)dom,
	};

	check_eq(hypercall(__HYPERVISOR_grant_table_op, GNTTABOP_map_grant_ref, (uintptr_t)&op, 1), 0);
	*handle = op.handle;
	return op.status;
}

static int16_t unmap(uint32_t handle, void *at)
{
	struct gnttab_unmap_grant_ref op = { .host_addr = (uintptr_t)at, .handle = handle };

	check_eq(hypercall(__HYPERVISOR_grant_table_op, GNTTABOP_unmap_grant_ref, (uintptr_t)&op, 1), 0);
	return op.status;
}

static int16_t copy_from_grant(unsigned int dom, uint32_t ref, void *to, uint16_t len)
{
	struct gnttab_copy op = { .source = { .u.ref = ref, .domid = (domid_t)dom },
				  .dest = { .u.gmfn = (uintptr_t)to / PAGE,
					    .domid = DOMID_SELF,
					    .offset = (uintptr_t)to % PAGE },
				  .len = len,
				  .flags = GNTCOPY_source_gref };

	check_eq(hypercall(__HYPERVISOR_grant_table_op, GNTTABOP_copy, (uintptr_t)&op, 1), 0);
	return op.status;
}

static void grant_table(void)
{
	struct gnttab_query_size q = { .dom = DOMID_SELF };
	struct xen_add_to_physmap add = { .domid = DOMID_SELF, .space = XENMAPSPACE_grant_table,
					  .gpfn = (uintptr_t)table / PAGE };
	struct gnttab_set_version version = { .version = 2 };

	check_eq(hypercall(__HYPERVISOR_grant_table_op, GNTTABOP_query_size, (uintptr_t)&q, 1), 0);
	check_eq(q.status, GNTST_okay);
	check_eq(q.max_nr_frames, 64);
	check_eq(hypercall(__HYPERVISOR_memory_op, XENMEM_add_to_physmap, (uintptr_t)&add, 0), 0);
	table[511].frame = 0x1234;
	check_eq(hypercall(__HYPERVISOR_memory_op, XENMEM_add_to_physmap, (uintptr_t)&add, 0), 0);
	check_eq(table[511].frame, 0x1234);
	check_eq(hypercall(__HYPERVISOR_grant_table_op, GNTTABOP_set_version, (uintptr_t)&version, 1),
		 -ENOSYS);
	check_eq(version.version, 1);
	check_eq(hypercall(__HYPERVISOR_grant_table_op, 99, (uintptr_t)&q, 1), -ENOSYS);
	check_eq(hypercall(__HYPERVISOR_grant_table_op, GNTTABOP_copy, NOWHERE, 1), -EFAULT);
	add.idx = 64;
	check_eq(hypercall(__HYPERVISOR_memory_op, XENMEM_add_to_physmap, (uintptr_t)&add, 0), -EINVAL);
}

static void own_grant(void)
{
	uint32_t a, b;

	memset(pages[0], 0x11, PAGE);
	table[8] = (struct grant_entry_v1){ .flags = GTF_permit_access | GTF_readonly,
					    .domid = 0,
					    .frame = (uint32_t)((uintptr_t)pages[0] / PAGE) };
	check_eq(map(0, 8, windows[0], false, &a), GNTST_general_error);
	need(map(0, 8, windows[0], true, &a) == GNTST_okay);
	check_eq(windows[0][5], 0x11);
	*(volatile uint8_t *)&pages[0][5] = 0x22;
	check_eq(*(volatile uint8_t *)&windows[0][5], 0x22);
	check_eq(table[8].flags, GTF_permit_access | GTF_readonly | GTF_reading);
	check_eq(map(0, 8, windows[1], true, &b), GNTST_okay);
	check_eq(unmap(a, windows[0]), GNTST_okay);
	check_eq(unmap(a, windows[0]), GNTST_bad_handle);
	check_eq(table[8].flags, GTF_permit_access | GTF_readonly | GTF_reading);
	check_eq(*(volatile uint8_t *)&windows[1][5], 0x22);
	check_eq(unmap(b, windows[1]), GNTST_okay);
	check_eq(table[8].flags, GTF_permit_access | GTF_readonly);
	check_eq(copy_from_grant(0, 8, pages[1] + 100, 10), GNTST_okay);
	check_eq(pages[1][105], 0x22);
	check_eq(pages[1][110], 0);
	check_eq(copy_from_grant(0, 8, pages[1] + PAGE - 9, 10), GNTST_bad_copy_arg);
	check_eq(copy_from_grant(0, 9, pages[1], 10), GNTST_general_error);
	check_eq(map(77, 8, windows[0], true, &a), GNTST_bad_domain);
	check_eq(map(0, 512, windows[0], true, &a), GNTST_bad_gntref);
}

/* --- a domain that never runs ------------------------------------------------------------ */

#define GUEST_GFN 0x40000ul

static struct xen_domctl domctl;

static int64_t do_domctl(uint32_t cmd, unsigned int domid)
{
	domctl.cmd = cmd;
	domctl.interface_version = XEN_DOMCTL_INTERFACE_VERSION;
	domctl.domain = (domid_t)domid;
	return hypercall(__HYPERVISOR_domctl, (uintptr_t)&domctl, 0, 0);
}

static uint64_t free_pages(void)
{
	static struct xen_sysctl s;

	s.cmd = XEN_SYSCTL_physinfo;
	s.interface_version = XEN_SYSCTL_INTERFACE_VERSION;
	check_eq(hypercall(__HYPERVISOR_sysctl, (uintptr_t)&s, 0, 0), 0);
	return s.u.physinfo.free_pages;
}

static unsigned int make_domain(void)
{
	xen_pfn_t gfn = GUEST_GFN;
	struct xen_memory_reservation r = { .nr_extents = 1 };

	memset(&domctl, 0, sizeof(domctl));
	domctl.u.createdomain = (struct xen_domctl_createdomain){
		.flags = XEN_DOMCTL_CDF_hvm | XEN_DOMCTL_CDF_hap,
		.max_vcpus = 1,
		.max_evtchn_port = 3,
		.max_grant_frames = 2,
		.max_maptrack_frames = -1,
		.grant_opts = 1,
	};
	if (!check_eq(do_domctl(XEN_DOMCTL_createdomain, 0xffff), 0))
		return 0;
	r.domid = domctl.domain;
	memset(&domctl.u, 0, sizeof(domctl.u));
	domctl.u.max_mem.max_memkb = 64;
	check_eq(do_domctl(XEN_DOMCTL_max_mem, r.domid), 0);
	set_xen_guest_handle(r.extent_start, &gfn);
	check_eq(hypercall(__HYPERVISOR_memory_op, XENMEM_populate_physmap, (uintptr_t)&r, 0), 1);
	return r.domid;
}

/* Its grant table at `at`, as the toolstack gets it. */
static bool show_table(unsigned int domid, void *at)
{
	xen_pfn_t gfn = (uintptr_t)at / PAGE;
	struct xen_mem_acquire_resource r = { .domid = (domid_t)domid,
					      .type = XENMEM_resource_grant_table,
					      .nr_frames = 1 };

	set_xen_guest_handle(r.frame_list, &gfn);
	return check_eq(hypercall(__HYPERVISOR_memory_op, XENMEM_acquire_resource, (uintptr_t)&r, 0), 0);
}

/* What we have of it stays good when it is destroyed, and comes back when we let go. */
static void destroyed(void)
{
	struct evtchn_alloc_unbound alloc = { .remote_dom = 0 };
	struct evtchn_bind_interdomain bind;
	struct evtchn_bind_virq virq = { .virq = VIRQ_DOM_EXC };
	struct grant_entry_v1 *its = (struct grant_entry_v1 *)windows[2];
	struct xen_remove_from_physmap rm = { .domid = DOMID_SELF,
					      .gpfn = (uintptr_t)windows[2] / PAGE };
	uint64_t before = free_pages();
	uint32_t handle = 0;
	unsigned int domid = make_domain();

	need(domid && show_table(domid, its));
	its[8] = (struct grant_entry_v1){ .flags = GTF_permit_access, .domid = 0, .frame = GUEST_GFN };
	need(map(domid, 8, windows[3], false, &handle) == GNTST_okay);
	windows[3][7] = 0x77;
	check_eq(its[8].flags, GTF_permit_access | GTF_reading | GTF_writing);
	alloc.dom = (domid_t)domid;
	for (uint32_t port = 1; port <= 3; port++) {
		check_eq(event_op(EVTCHNOP_alloc_unbound, &alloc), 0);
		check_eq(alloc.port, port);
	}
	check_eq(event_op(EVTCHNOP_alloc_unbound, &alloc), -28); /* ENOSPC: as it was created */
	bind = (struct evtchn_bind_interdomain){ .remote_dom = (domid_t)domid, .remote_port = 2 };
	check_eq(event_op(EVTCHNOP_bind_interdomain, &bind), 0);
	check_eq(send(bind.local_port), 0);
	check_eq(status(domid, 2), EVTCHNSTAT_interdomain);
	check_eq(event_op(EVTCHNOP_bind_virq, &virq), 0);
	event_count[virq.port] = 0;

	check_eq(do_domctl(XEN_DOMCTL_destroydomain, domid), 0);
	check(wait_for(event_count[virq.port] > 0, WAIT_MS));
	check_eq(status(DOMID_SELF, bind.local_port), EVTCHNSTAT_unbound);
	check_eq(send(bind.local_port), 0);
	check_eq(*(volatile uint8_t *)&windows[3][7], 0x77);
	check_eq(its[8].frame, GUEST_GFN);
	check_eq(copy_from_grant(domid, 8, pages[1], 10), GNTST_bad_domain);
	check_eq(unmap(handle, windows[3]), GNTST_okay);
	check_eq(hypercall(__HYPERVISOR_memory_op, XENMEM_remove_from_physmap, (uintptr_t)&rm, 0), 0);
	close(bind.local_port);
	close(virq.port);
	check(wait_for(free_pages() + 4 >= before, WAIT_MS)); /* but for our own tables' growth */
}

/* --- a domain beside us ------------------------------------------------------------------ */

static struct peer_page *peer(void)
{
	return (struct peer_page *)windows[0];
}

static bool ask_peer(enum peer_todo what)
{
	uint32_t answers = event_count[peer_port];

	peer()->todo = what;
	return check_eq(send(peer_port), 0) &&
	       (what != PEER_ECHO || check(wait_for(event_count[peer_port] > answers, WAIT_MS)));
}

static void two_domains(void)
{
	struct evtchn_bind_interdomain bind = { .remote_dom = PEER, .remote_port = PEER_PORT };
	uint32_t handle, ro;
	uint64_t start;

	need(wait_for(event_op(EVTCHNOP_bind_interdomain, &bind) == 0, WAIT_MS));
	peer_port = bind.local_port;
	/* Pending from the start, and that isn't its answer. */
	check(wait_for(event_count[peer_port] > 0, WAIT_MS));
	event_count[peer_port] = 0;
	check_eq(status(PEER, PEER_PORT), EVTCHNSTAT_interdomain);
	need(map(PEER, PEER_REF, windows[0], false, &handle) == GNTST_okay);
	start = count_virt();
	for (uint32_t i = 1; i <= 100; i++) {
		if (!ask_peer(PEER_ECHO))
			return;
		check_eq(peer()->events, i);
	}
	print("# a round trip takes %lu us\n", (count_virt() - start) / ticks_us(100));
	check_eq(map(PEER, PEER_RO, windows[1], false, &ro), GNTST_general_error);
	check_eq(map(PEER, PEER_RO, windows[1], true, &ro), GNTST_okay);
	check_eq(*(volatile uint8_t *)&windows[1][PAGE - 1], 0x5a);
	check_eq(copy_from_grant(PEER, PEER_RO, pages[2], PAGE), GNTST_okay);
	check_eq(pages[2][PAGE - 1], 0x5a);
	check_eq(unmap(ro, windows[1]), GNTST_okay);
}

static uint8_t state_of(unsigned int domid)
{
	static struct dm_domain d;
	static struct dm_op op;

	memset(&op, 0, sizeof(op));
	op.version = DM_OP_VERSION;
	op.op = DM_OP_DOMAINS;
	op.u.list = (struct dm_op_list){ .cursor = domid, .buffer = (uintptr_t)&d, .max = 1 };
	check_eq(hypercall(DM_HYPERCALL, (uintptr_t)&op, 0, 0), 0);
	return d.domid == domid ? d.state : 0xff;
}

/* It sleeps until an event comes, whether its port is masked or not. */
static void wakes(enum peer_todo how)
{
	uint32_t sleeps, answers;

	need(peer_port);
	sleeps = peer()->sleeps;
	answers = event_count[peer_port];
	need(ask_peer(how));
	need(wait_for(state_of(PEER) == DM_STATE_SUSPENDED, WAIT_MS));
	delay_us(20000);
	check_eq(state_of(PEER), DM_STATE_SUSPENDED);
	check_eq(event_count[peer_port], answers);
	check_eq(send(peer_port), 0);
	check(wait_for(event_count[peer_port] > answers, WAIT_MS));
	check_eq(peer()->sleeps, sleeps + 1);
	check_eq(peer()->refused, 0);
	/* All is as it was. */
	check(wait_for(peer()->todo == PEER_ECHO, WAIT_MS));
	ask_peer(PEER_ECHO);
}

static void event_wakes(void)
{
	wakes(PEER_SLEEP);
}

static void masked_event_wakes(void)
{
	wakes(PEER_MASK);
}

GUEST_TESTS({ "shared_info, vcpu_info, the upcall", set_up }, { "an event to itself", to_itself },
	    { "a channel to itself", loop }, { "masked and unmasked", masked },
	    { "with interrupts off", interrupts_off }, { "another vCPU", other_cpu },
	    { "what is refused", refusals }, { "a page full of ones", hostile_page },
	    { "the grant table", grant_table }, { "its own grants", own_grant },
	    { "a domain is destroyed", destroyed }, { "two domains", two_domains },
	    { "an event wakes", event_wakes }, { "a masked event wakes", masked_event_wakes }, );
