/* SPDX-License-Identifier: Apache-2.0 */
/* What boards have that must be treated in its own way: const data only, no code. */
#ifndef DM_BOARDS_QUIRKS_H
#define DM_BOARDS_QUIRKS_H

/*
 * Devices that Dom0 must not see although Dormouse has no driver for them; compatible strings,
 * ended by NULL.
 */
extern const char *const quirk_hidden_devices[];

/* Devices that are known to do no DMA of their own, and may be passed through without an IOMMU; the same. */
extern const char *const quirk_devices_without_dma[];

#endif
