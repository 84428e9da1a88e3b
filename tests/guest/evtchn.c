/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Event channels for real: a guest to itself, and to another one that runs beside it (evtchn_peer.c, "peer=1"). Upcalls
 * are taken as Linux takes them.
 */
#include "evtchn.h"

#include "libc.h"
#include "psci.h"
#include "smp.h"
#include "timer.h"

static uint8_t shared_page[PAGE] __attribute__((aligned(4096)));
static struct vcpu_info infos[MAX_CPUS] __attribute__((aligned(4096)));
struct shared_info *const shared = (struct shared_info *)shared_page;
volatile uint32_t event_count[NR_EVENTS];

int64_t hypercall(uint64_t nr, uint64_t a0, uint64_t a1, uint64_t a2)
{
	register uint64_t x0 __asm__("x0") = a0;
	register uint64_t x1 __asm__("x1") = a1;
	register uint64_t x2 __asm__("x2") = a2;
	register uint64_t x16 __asm__("x16") = nr;

	__asm__ volatile("hvc #0xea1"
			 : "+r"(x0), "+r"(x1), "+r"(x2), "+r"(x16)::"x3", "x4", "memory");
	return (int64_t)x0;
}

int64_t event_op(uint32_t op, void *arg)
{
	return hypercall(__HYPERVISOR_event_channel_op, op, (uintptr_t)arg, 0);
}

void events_taken(uint32_t intid)
{
	struct vcpu_info *info = &infos[this_cpu()->id];
	uint64_t sel;

	if (intid != plat.xen_intid)
		return;
	__atomic_store_n(&info->evtchn_upcall_pending, 0, __ATOMIC_SEQ_CST);
	sel = __atomic_exchange_n(&info->evtchn_pending_sel, 0, __ATOMIC_SEQ_CST);
	for (; sel; sel &= sel - 1) {
		unsigned int w = (unsigned int)__builtin_ctzl(sel);
		uint64_t bits = __atomic_load_n(&shared->evtchn_pending[w], __ATOMIC_SEQ_CST) &
				~__atomic_load_n(&shared->evtchn_mask[w], __ATOMIC_SEQ_CST);

		for (; bits; bits &= bits - 1) {
			uint32_t port = w * 64 + (uint32_t)__builtin_ctzl(bits);

			__atomic_fetch_and(&shared->evtchn_pending[w], ~(bits & -bits), __ATOMIC_SEQ_CST);
			if (port < NR_EVENTS)
				event_count[port]++;
			event_hook(port);
		}
	}
}

bool events_map(void)
{
	struct xen_add_to_physmap add = { .domid = DOMID_SELF, .space = XENMAPSPACE_shared_info,
					  .gpfn = (uintptr_t)shared / PAGE };

	return hypercall(__HYPERVISOR_memory_op, XENMEM_add_to_physmap, (uintptr_t)&add, 0) == 0;
}

bool events_start_cpu(unsigned int n)
{
	struct vcpu_register_vcpu_info r = { .mfn = (uintptr_t)&infos[n] / PAGE,
					     .offset = (uintptr_t)&infos[n] % PAGE };

	return hypercall(__HYPERVISOR_vcpu_op, VCPUOP_register_vcpu_info, n, (uintptr_t)&r) == 0;
}

void events_on(void)
{
	this_cpu()->irq_hook = events_taken;
	gic_set_edge(plat.xen_intid, false);
	gic_set_priority(plat.xen_intid, 0xa0);
	gic_enable(plat.xen_intid);
	irq_enable();
}

uint64_t event_mask(uint32_t port, bool on)
{
	uint64_t *word = &shared->evtchn_mask[port / 64];

	return on ? __atomic_fetch_or(word, BIT(port % 64), __ATOMIC_SEQ_CST) :
		    __atomic_fetch_and(word, ~BIT(port % 64), __ATOMIC_SEQ_CST);
}
