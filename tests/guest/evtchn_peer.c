/* SPDX-License-Identifier: Apache-2.0 */
/* The other end, in a domain of its own. It has nothing to say on the console. */
#include "evtchn.h"

#include "libc.h"
#include "psci.h"
#include "smp.h"
#include "sysreg.h"

static struct grant_entry_v1 table[PAGE / sizeof(struct grant_entry_v1)] __attribute__((aligned(4096)));
static uint8_t page[PAGE] __attribute__((aligned(4096)));
static volatile bool came;

static struct peer_page *shown(void)
{
	return (struct peer_page *)page;
}

static void on_event(uint32_t port)
{
	came |= port == PEER_PORT;
}

static void answer(void)
{
	struct evtchn_send send = { .port = PEER_PORT };

	event_op(EVTCHNOP_send, &send);
}

static void sleep(bool mask)
{
	const uint64_t args[4] = { PSCI_SYSTEM_SUSPEND64, (uintptr_t)resume_entry, 1 };
	struct evtchn_unmask unmask = { .port = PEER_PORT };
	int64_t result = 0;

	if (mask)
		event_mask(PEER_PORT, true);
	if (psci_suspend_call(args, plat.psci_hvc, &result)) {
		gic_cpu_interface_on();
		shown()->sleeps++;
	} else {
		shown()->refused++;
	}
	if (mask)
		event_op(EVTCHNOP_unmask, &unmask);
}

static bool offer(void)
{
	struct evtchn_alloc_unbound alloc = { .dom = DOMID_SELF, .remote_dom = 0 };
	struct xen_add_to_physmap add = { .domid = DOMID_SELF, .space = XENMAPSPACE_grant_table,
					  .gpfn = (uintptr_t)table / PAGE };

	if (!events_map() || !events_start_cpu(0) ||
	    hypercall(__HYPERVISOR_memory_op, XENMEM_add_to_physmap, (uintptr_t)&add, 0))
		return false;
	memset(page, 0x5a, PAGE);
	memset(page, 0, sizeof(struct peer_page));
	table[PEER_REF].frame = table[PEER_RO].frame = (uint32_t)((uintptr_t)page / PAGE);
	__atomic_thread_fence(__ATOMIC_RELEASE); /* the entry is whole before it is valid */
	table[PEER_REF].flags = GTF_permit_access;
	table[PEER_RO].flags = GTF_permit_access | GTF_readonly;
	/* Last: who can bind it finds the rest. */
	return event_op(EVTCHNOP_alloc_unbound, &alloc) == 0 && alloc.port == PEER_PORT;
}

void peer_run(void)
{
	event_hook = on_event;
	if (!offer())
		psci_system_off();
	events_on();
	for (;;) {
		irq_disable();
		if (!came)
			wfi(); /* a pending interrupt ends it */
		irq_enable();
		if (!came)
			continue;
		came = false;
		shown()->events++;
		if (shown()->todo == PEER_ECHO) {
			answer();
			continue;
		}
		irq_disable();
		sleep(shown()->todo == PEER_MASK);
		came = false;
		irq_enable();
		shown()->todo = PEER_ECHO;
		answer();
	}
}
