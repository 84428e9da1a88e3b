/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Emulated MMIO: which device emulation answers an access that stage 2 doesn't map.
 * The table of a domain is built with it and constant while it runs, so lookups take no lock.
 */
#ifndef DM_VIRT_VMMIO_H
#define DM_VIRT_VMMIO_H

#include "core/domain.h"
#include "lib/types.h"

struct vmmio_access {
	uint64_t offset;   /* from the region's base */
	unsigned int size; /* 1, 2, 4 or 8 bytes; naturally aligned (others never get here) */
};

struct vmmio_ops {
	/*
	 * ctx is the region's. A register that isn't there reads as 0 and ignores writes, where its
	 * manual says so (RAZ/WI); false makes the guest take an external abort: a wrong access
	 * size for that device or a hole.
	 */
	bool (*read)(struct vcpu *v, void *ctx, struct vmmio_access a, uint64_t *value);
	bool (*write)(struct vcpu *v, void *ctx, struct vmmio_access a, uint64_t value);
};

struct vmmio_region {
	ipa_t base;
	uint64_t size;
	const struct vmmio_ops *ops;
	void *ctx;
};

#define VMMIO_MAX_REGIONS 16
struct vmmio {
	struct vmmio_region regions[VMMIO_MAX_REGIONS]; /* sorted by base */
	unsigned int count;
};

/* While building the domain. 0, -ENOMEM, -ENOSPC, -EEXIST (overlaps). */
int vmmio_register(struct domain *d, const struct vmmio_region *r);
/* The table goes; what it refers to is its creators'. */
void vmmio_destroy(struct domain *d);

/* The region that has all of the access; NULL: none. */
static inline const struct vmmio_region *vmmio_find(const struct vcpu *v, ipa_t ipa, unsigned int size)
{
	const struct vmmio *m = v->domain->vmmio;

	/* A device would take an alignment fault before it looked at the address (Arm ARM B2.5.2). */
	if (unlikely(!m || !IS_ALIGNED(ipa.raw, size)))
		return NULL;
	for (const struct vmmio_region *r = m->regions, *end = r + m->count; r < end; r++) {
		uint64_t offset = ipa.raw - r->base.raw;

		if (offset < r->size && size <= r->size - offset)
			return r;
	}
	return NULL;
}

/* True if some emulation answered; false: nothing there, or it refused. Inline: there is one trap that they are for. */
static inline bool vmmio_read(struct vcpu *v, ipa_t ipa, unsigned int size, uint64_t *value)
{
	const struct vmmio_region *r = vmmio_find(v, ipa, size);

	return r && r->ops->read(v, r->ctx, (struct vmmio_access){ ipa.raw - r->base.raw, size }, value);
}

static inline bool vmmio_write(struct vcpu *v, ipa_t ipa, unsigned int size, uint64_t value)
{
	const struct vmmio_region *r = vmmio_find(v, ipa, size);

	return r && r->ops->write(v, r->ctx, (struct vmmio_access){ ipa.raw - r->base.raw, size },
				  value & MASK(size * 8 - 1, 0));
}

/* A load or store that aborted, from ESR_EL2's ISS (Arm ARM D17.2.37, "Data Abort"). */
struct vmmio_insn {
	unsigned int size; /* bytes */
	unsigned int reg;  /* 31: the zero register */
	bool write;
	bool sign; /* a load that extends the sign */
	bool wide; /* into all 64 bits of the register, else 32 */
};

#define VMMIO_ISS_ISV	       BIT(24)
#define VMMIO_ISS_SSE	       BIT(21)
#define VMMIO_ISS_SF	       BIT(15)
#define VMMIO_ISS_FNV	       BIT(10)
#define VMMIO_ISS_CM	       BIT(8)
#define VMMIO_ISS_S1PTW	       BIT(7)
#define VMMIO_ISS_WNR	       BIT(6)
#define VMMIO_ISS_DFSC_TYPE    MASK(5, 2) /* DFSC is the type and, in bits 1 and 0, the level */
#define VMMIO_ISS_DFSC_TRANSLATION BIT(2)

/*
 * False: not something to emulate: no syndrome (a pair, a write-back, a vector), cache maintenance,
 * a walk, or not a translation fault.
 */
static inline bool vmmio_decode(uint64_t iss, struct vmmio_insn *insn)
{
	const uint64_t looked_at = VMMIO_ISS_ISV | VMMIO_ISS_FNV | VMMIO_ISS_CM | VMMIO_ISS_S1PTW |
				   VMMIO_ISS_DFSC_TYPE;

	if ((iss & looked_at) != (VMMIO_ISS_ISV | VMMIO_ISS_DFSC_TRANSLATION))
		return false;
	*insn = (struct vmmio_insn) {
		.size = 1U << FIELD(iss, 23, 22),
		.reg = FIELD(iss, 20, 16),
		.write = iss & VMMIO_ISS_WNR,
		.sign = iss & VMMIO_ISS_SSE,
		.wide = iss & VMMIO_ISS_SF,
	};
	return true;
}

/* What a load puts into its register for the bytes that were read. */
static inline uint64_t vmmio_extend(const struct vmmio_insn *insn, uint64_t raw)
{
	unsigned int shift = 64 - insn->size * 8;
	uint64_t value = raw << shift;

	value = insn->sign ? (uint64_t)((int64_t)value >> shift) : value >> shift;
	return insn->wide ? value : value & MASK(31, 0);
}

#endif
