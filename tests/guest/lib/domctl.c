/* SPDX-License-Identifier: Apache-2.0 */
#include "domctl.h"

#include <stddef.h>

#define __XEN_TOOLS__ 1
#include <xen/xen.h>
#include <xen/domctl.h>

static int64_t domctl(struct xen_domctl *op)
{
	register uint64_t x0 __asm__("x0") = (uintptr_t)op;
	register uint64_t x16 __asm__("x16") = __HYPERVISOR_domctl;

	op->interface_version = XEN_DOMCTL_INTERFACE_VERSION;
	op->domain = 0;
	__asm__ volatile("hvc #0xea1" : "+r"(x0), "+r"(x16)::"memory");
	return (int64_t)x0;
}

int64_t domctl_cap(unsigned int percent)
{
	struct xen_domctl op = { .cmd = XEN_DOMCTL_scheduler_op };

	op.u.scheduler_op.sched_id = XEN_SCHEDULER_CREDIT;
	op.u.scheduler_op.cmd = XEN_DOMCTL_SCHEDOP_putinfo;
	op.u.scheduler_op.u.credit.weight = 256;
	op.u.scheduler_op.u.credit.cap = (uint16_t)percent;
	return domctl(&op);
}

static int64_t affinity(uint32_t cmd, unsigned int vcpu, uint64_t *cpus)
{
	struct xen_domctl op = { .cmd = cmd };

	op.u.vcpuaffinity.vcpu = vcpu;
	op.u.vcpuaffinity.flags = XEN_VCPUAFFINITY_HARD;
	set_xen_guest_handle(op.u.vcpuaffinity.cpumap_hard.bitmap, (uint8_t *)cpus);
	op.u.vcpuaffinity.cpumap_hard.nr_bits = 64;
	return domctl(&op);
}

int64_t domctl_pin(unsigned int vcpu, uint64_t cpus)
{
	return affinity(XEN_DOMCTL_setvcpuaffinity, vcpu, &cpus);
}

int64_t domctl_affinity(unsigned int vcpu, uint64_t *cpus)
{
	*cpus = 0;
	return affinity(XEN_DOMCTL_getvcpuaffinity, vcpu, cpus);
}

int64_t domctl_cpu_of(unsigned int vcpu)
{
	struct xen_domctl op = { .cmd = XEN_DOMCTL_getvcpuinfo };
	int64_t err;

	op.u.getvcpuinfo.vcpu = vcpu;
	err = domctl(&op);
	return err ? err : op.u.getvcpuinfo.cpu;
}
