/* SPDX-License-Identifier: Apache-2.0 */
#include "virt/vmmio.h"

#include "lib/err.h"
#include "mm/page.h"

#define ISS_ISV   BIT(24)
#define ISS_SSE   BIT(21)
#define ISS_SF    BIT(15)
#define ISS_FNV   BIT(10)
#define ISS_CM    BIT(8)
#define ISS_S1PTW BIT(7)
#define ISS_WNR   BIT(6)

#define DFSC_TYPE_TRANSLATION 1 /* DFSC 0b0001LL, LL the level */

bool vmmio_decode(uint64_t iss, struct vmmio_insn *insn)
{
	if (!(iss & ISS_ISV) || (iss & (ISS_FNV | ISS_CM | ISS_S1PTW)))
		return false;
	if (FIELD(iss, 5, 2) != DFSC_TYPE_TRANSLATION)
		return false;
	*insn = (struct vmmio_insn) {
		.size = 1U << FIELD(iss, 23, 22),
		.reg = FIELD(iss, 20, 16),
		.write = iss & ISS_WNR,
		.sign = iss & ISS_SSE,
		.wide = iss & ISS_SF,
	};
	return true;
}

uint64_t vmmio_extend(const struct vmmio_insn *insn, uint64_t raw)
{
	unsigned int bits = insn->size * 8;
	uint64_t value = raw & MASK(bits - 1, 0);

	if (insn->sign && (value & BIT(bits - 1)))
		value |= ~MASK(bits - 1, 0);
	return insn->wide ? value : value & MASK(31, 0);
}

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

/* The region that has all of the access, and where in it. */
static const struct vmmio_region *find(struct vcpu *v, ipa_t ipa, unsigned int size,
                                       struct vmmio_access *a)
{
	const struct vmmio *m = v->domain->vmmio;

	/* A device would take an alignment fault before it looked at the address (Arm ARM B2.5.2).
	 */
	if (!m || !IS_ALIGNED(ipa.raw, size))
		return NULL;
	for (unsigned int i = 0; i < m->count; i++) {
		const struct vmmio_region *r = &m->regions[i];
		uint64_t offset = ipa.raw - r->base.raw;

		if (offset < r->size && size <= r->size - offset) {
			*a = (struct vmmio_access) { .offset = offset, .size = size };
			return r;
		}
	}
	return NULL;
}

bool vmmio_read(struct vcpu *v, ipa_t ipa, unsigned int size, uint64_t *value)
{
	struct vmmio_access a;
	const struct vmmio_region *r = find(v, ipa, size, &a);

	return r && r->ops->read(v, r->ctx, a, value);
}

bool vmmio_write(struct vcpu *v, ipa_t ipa, unsigned int size, uint64_t value)
{
	struct vmmio_access a;
	const struct vmmio_region *r = find(v, ipa, size, &a);

	return r && r->ops->write(v, r->ctx, a, value & MASK(size * 8 - 1, 0));
}
