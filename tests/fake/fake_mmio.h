/* SPDX-License-Identifier: Apache-2.0 */
/* Device registers of host tests. An access that no model has mapped, or that isn't aligned, ends
 * the test. */
#ifndef FAKE_MMIO_H
#define FAKE_MMIO_H

#include "lib/types.h"

/* size: 1, 2, 4 or 8 bytes. */
typedef uint64_t fake_mmio_read_fn(void *ctx, uint64_t offset, unsigned int size);
typedef void fake_mmio_write_fn(void *ctx, uint64_t offset, unsigned int size, uint64_t v);

void fake_mmio_map(uintptr_t base, uint64_t size, fake_mmio_read_fn *read,
                   fake_mmio_write_fn *write, void *ctx);
void fake_mmio_reset(void); /* unmaps everything */

/* Called after each access; NULL: nobody watches. */
typedef void fake_mmio_watch_fn(bool write, uintptr_t addr, unsigned int size, uint64_t v);
void fake_mmio_watch(fake_mmio_watch_fn *fn);

#endif
