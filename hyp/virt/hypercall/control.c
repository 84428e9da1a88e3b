/* SPDX-License-Identifier: Apache-2.0 */
#include "virt/hypercall/control.h"

#include "core/domain_power.h"
#include "core/sched.h"
#include "lib/err.h"
#include "lib/string.h"
#include "virt/hypercall/guest_copy.h"

int control_bitmap_put(struct vcpu *v, const struct xenctl_bitmap *to, uint64_t bits,
                       unsigned int nr_bits)
{
	uint32_t bytes = DIV_ROUND_UP((uint64_t)to->nr_bits, 8);
	uint8_t piece[64];

	if (to->nr_bits > CONTROL_MAX_BITMAP)
		return -EINVAL;
	if (nr_bits < 64)
		bits &= BIT(nr_bits) - 1;
	memset(piece, 0, sizeof(piece));
	memcpy(piece, &bits, sizeof(bits)); /* both are little-endian */
	for (uint32_t at = 0; at < bytes; at += sizeof(piece)) {
		if (guest_copy_to(v, to->bitmap.q + at, piece, min_u64(bytes - at, sizeof(piece))))
			return -EFAULT;
		memset(piece, 0, sizeof(bits));
	}
	return 0;
}

int control_bitmap_get(struct vcpu *v, const struct xenctl_bitmap *from, uint64_t *bits)
{
	uint64_t got = 0;

	if (guest_copy_from(v, &got, from->bitmap.q,
	                    min_u64(DIV_ROUND_UP((uint64_t)from->nr_bits, 8), sizeof(got))))
		return -EFAULT;
	*bits = from->nr_bits < 64 ? got & (BIT(from->nr_bits) - 1) : got;
	return 0;
}

uint64_t control_online_cpus(void)
{
	uint64_t set = 0;

	for_each_cpu(i)
		if (__atomic_load_n(&cpus[i]->online, __ATOMIC_RELAXED))
			set |= BIT(i);
	return set;
}

unsigned int control_nr_online(void)
{
	unsigned int n = 0;

	for (uint64_t set = control_online_cpus(); set; set &= set - 1)
		n++;
	return n;
}

/*
 * A domain that has suspended itself and can wake by itself is blocked, as far as Xen's tools go:
 * of one that has shut down to suspend they take leave (xl's daemon ends, xenstored forgets it).
 * One that only a command wakes is what they know it as.
 */
static uint32_t state_flags(struct domain *d)
{
	enum domain_state state = __atomic_load_n(&d->state, __ATOMIC_ACQUIRE);
	uint32_t reason = XEN_DOMINF_shutdownmask;
	uint32_t flags = 0;

	if (state == DOMAIN_SUSPENDED && !(domain_wake_get(d) & ~(uint32_t)WAKE_COMMAND))
		reason = DOMAIN_SUSPEND;
	else if (state == DOMAIN_SHUTDOWN || state == DOMAIN_CRASHED)
		reason = d->shutdown_reason;
	if (reason != XEN_DOMINF_shutdownmask)
		flags |= XEN_DOMINF_shutdown;
	if (d->dying)
		flags |= XEN_DOMINF_dying;
	if (d->control_pauses)
		flags |= XEN_DOMINF_paused;
	return flags | reason << XEN_DOMINF_shutdownshift;
}

void control_domain_info(struct domain *d, struct xen_domctl_getdomaininfo *out)
{
	bool blocked = true;

	memset(out, 0, sizeof(*out));
	out->domain = d->id;
	out->flags = XEN_DOMINF_hvm_guest | XEN_DOMINF_hap | state_flags(d);
	for (unsigned int i = 0; i < d->nr_vcpus; i++) {
		struct sched_info info;

		sched_vcpu_info(d->vcpus[i], &info);
		out->cpu_time += info.cpu_time_ns;
		out->nr_online_vcpus += info.online;
		if (info.online && info.running)
			out->flags |= XEN_DOMINF_running;
		if (info.online && !info.blocked)
			blocked = false;
	}
	if (domain_is_suspended(d)) {
		out->flags &= ~(uint32_t)XEN_DOMINF_running;
		blocked = true;
	}
	if (blocked)
		out->flags |= XEN_DOMINF_blocked;
	out->tot_pages = d->tot_pages;
	out->max_pages = d->max_pages;
	out->shared_info_frame = ~0ULL; /* the guest puts it where it wants */
	out->max_vcpu_id = d->nr_vcpus - 1;
	out->gpaddr_bits = (uint8_t)d->s2.ipa_bits;
	memcpy(out->handle, d->handle, sizeof(out->handle));
}
