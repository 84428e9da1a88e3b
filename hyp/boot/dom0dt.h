/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Dom0's device tree, made from the host's: what Dormouse keeps for itself goes, what it emulates
 * is described as the emulation is, everything else stays. Pure. docs/boot.md lists what changes.
 */
#ifndef DM_BOOT_DOM0DT_H
#define DM_BOOT_DOM0DT_H

#include "boot/hostdt.h"
#include "boot/passthrough.h"
#include "boot/ranges.h"
#include "lib/types.h"

#define DOM0DT_REDIST_SIZE (128 * KIB) /* a virtual redistributor, IHI 0069 12.10 */

struct dom0dt_in {
	const struct host_info *host;
	const struct ranges *banks;
	unsigned int nr_vcpus;
	struct range ramdisk; /* size 0: none */
	uint64_t grants;      /* DOM0DT_GRANTS_SIZE of addresses where Dom0 has nothing */
	const struct ranges *unused; /* more of such; NULL: none */
	const struct passthrough *passed; /* to other domains */
};

#define DOM0DT_GRANTS_SIZE (256 * KIB) /* 64 frames of a grant table */

/* The interrupt (an INTID) that tells Dom0 of events: the first PPI that is nobody else's on this machine. */
uint32_t dom0dt_xen_ppi(const struct host_info *h);

/* Bytes to give to dom0dt_build(): the host's tree and what may come to it. */
uint64_t dom0dt_size(const struct host_info *h, unsigned int nr_vcpus);

/*
 * Writes the tree to out[size]; its header says how long it got. 0; -ENOSPC: size is too small;
 * -EINVAL: the host's tree has something that cannot be edited, or too few redistributors for
 * nr_vcpus. After log_err().
 */
int dom0dt_build(const struct dom0dt_in *in, void *out, uint64_t size);

/* What Dom0's CPU interface occupies at the host's GICC address (GICv2); GICV is mapped there. */
uint64_t dom0dt_gicc_size(const struct gic_config *g);

/* MPIDR_EL1 affinity of vCPU n: 16 at affinity level 0, as GICv3's SGIs can address. */
static inline uint64_t dom0dt_mpidr(unsigned int n)
{
	return (n & 0xf) | (uint64_t)(n >> 4) << 8;
}

#endif
