/* SPDX-License-Identifier: Apache-2.0 */
#include "virt/vmmio.h"

#include "lib/err.h"
#include "mm/page.h"

int vmmio_register(struct domain *d, const struct vmmio_region *r)
{
	struct vmmio *m = d->vmmio;
	unsigned int at;

	if (!m) {
		m = page_alloc(page_order(sizeof(*m)));
		if (!m)
			return -ENOMEM;
		d->vmmio = m;
	}
	if (m->count == VMMIO_MAX_REGIONS)
		return -ENOSPC;
	for (at = 0; at < m->count && m->regions[at].base.raw < r->base.raw; at++)
		;
	if (at > 0 && r->base.raw - m->regions[at - 1].base.raw < m->regions[at - 1].size)
		return -EEXIST;
	if (at < m->count && m->regions[at].base.raw - r->base.raw < r->size)
		return -EEXIST;

	for (unsigned int i = m->count; i > at; i--)
		m->regions[i] = m->regions[i - 1];
	m->regions[at] = *r;
	m->count++;
	return 0;
}

void vmmio_destroy(struct domain *d)
{
	if (d->vmmio)
		page_free(d->vmmio, page_order(sizeof(*d->vmmio)));
	d->vmmio = NULL;
}
