/* SPDX-License-Identifier: Apache-2.0 */
/* Which physical devices Dom0 gets: all that are enabled in its device tree and not Dormouse's. */
#ifndef DM_BOOT_DOM0DEV_H
#define DM_BOOT_DOM0DEV_H

#include "boot/hostdt.h"
#include "boot/layout.h"
#include "boot/passthrough.h"
#include "boot/ranges.h"
#include "lib/types.h"

/*
 * Pages, 1:1, of all the devices passed; never RAM, the GIC, what is emulated or passed through.
 * 0; -ENOSPC: too many pieces. Pure. out need not be empty before.
 */
int dom0dev_pages(const struct host_info *h, const struct boot_plan *p,
                  const struct passthrough *passed, const void *tree, struct ranges *out);

/*
 * Calls fn for each SPI of each device passed (several times, if devices share one) until one
 * fails.
 */
typedef int dom0dev_spi_fn(void *ctx, const char *name, uint32_t intid);
int dom0dev_for_each_spi(const struct host_info *h, const void *tree, dom0dev_spi_fn *fn,
                         void *ctx);

#endif
