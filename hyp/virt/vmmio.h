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
/* True if some emulation answered; false: nothing there, or it refused. */
bool vmmio_read(struct vcpu *v, ipa_t ipa, unsigned int size, uint64_t *value);
bool vmmio_write(struct vcpu *v, ipa_t ipa, unsigned int size, uint64_t value);

/* A load or store that aborted, from ESR_EL2's ISS (Arm ARM D17.2.37, "Data Abort"). */
struct vmmio_insn {
	unsigned int size; /* bytes */
	unsigned int reg;  /* 31: the zero register */
	bool write;
	bool sign; /* a load that extends the sign */
	bool wide; /* into all 64 bits of the register, else 32 */
};
/*
 * False: not something to emulate: no syndrome (a pair, a write-back, a vector), cache maintenance,
 * a walk, or not a translation fault.
 */
bool vmmio_decode(uint64_t iss, struct vmmio_insn *insn);
/* What a load puts into its register for the bytes that were read. */
uint64_t vmmio_extend(const struct vmmio_insn *insn, uint64_t raw);

#endif
