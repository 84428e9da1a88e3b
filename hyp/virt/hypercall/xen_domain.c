/* SPDX-License-Identifier: Apache-2.0 */
#include "virt/hypercall/xen_domain.h"

#include "arch/cache.h"
#include "core/p2m.h"
#include "lib/err.h"
#include "mm/page.h"

static size_t domain_size(unsigned int nr_vcpus)
{
	return sizeof(struct xen_domain) + nr_vcpus * sizeof(struct xen_vcpu);
}

int xen_domain_init(struct domain *d)
{
	struct xen_domain *x = page_alloc(page_order(domain_size(d->nr_vcpus)));

	if (!x)
		return -ENOMEM;
	x->nr_vcpus = d->nr_vcpus;
	x->shared_info = page_alloc(0);
	if (!x->shared_info) {
		page_free(x, page_order(domain_size(d->nr_vcpus)));
		return -ENOMEM;
	}
	/* Who looks at it with caches off sees zeroes. */
	dcache_clean(x->shared_info, PAGE_SIZE);
	for (unsigned int i = 0; i < d->nr_vcpus; i++) {
		struct xen_vcpu *v = &x->vcpus[i];

		v->info = i < XEN_LEGACY_MAX_VCPUS ? &x->shared_info->vcpu_info[i] : &v->unregistered;
		v->gpa = XEN_NOT_REGISTERED;
	}
	d->xen = x;
	return 0;
}

void xen_domain_destroy(struct domain *d)
{
	struct xen_domain *x = d->xen;

	if (!x)
		return;
	for (unsigned int i = 0; i < x->nr_vcpus; i++) {
		if (x->vcpus[i].gpa != XEN_NOT_REGISTERED)
			p2m_put_frame(x->vcpus[i].frame);
	}
	p2m_free_xen_page(x->shared_info);
	page_free(x, page_order(domain_size(x->nr_vcpus)));
	d->xen = NULL;
}
