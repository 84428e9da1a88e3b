/* SPDX-License-Identifier: Apache-2.0 */
#include "abi/domu.h"
#include "virt/vgic/vgic.h"

/* The second page has GICC_DIR: SBSA puts it into the next frame of 64 KiB. */
int vgic_map_gicv(struct domain *d, const struct gic_config *g)
{
	uint64_t second = g->gicv_size >= 128 * KIB ? 64 * KIB : PAGE_SIZE;
	int err;

	if (g->version != 2)
		return 0;
	err = stage2_map(&d->s2, ipa_make(DOMU_GICC), g->gicv, PAGE_SIZE, STAGE2_DEVICE);
	if (err)
		return err;
	return stage2_map(&d->s2, ipa_make(DOMU_GICC + PAGE_SIZE), pa_make(g->gicv.raw + second),
			  PAGE_SIZE, STAGE2_DEVICE);
}
