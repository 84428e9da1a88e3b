/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Which frames somebody besides their owner uses, and how often: a sparse count by physical page. A frame that nobody
 * shares takes no memory here; 2 MiB of which at least one frame is shared take some 1100 bytes.
 *
 * Locks: its own; then the page allocator's.
 */
#ifndef DM_MM_SHARE_H
#define DM_MM_SHARE_H

#include "lib/types.h"

/* One more user of the frame that has pa. 0, -ENOMEM, or -ENOSPC (65535 already). */
int share_get(paddr_t pa);
/* One less. The last one's going frees the frame if it has been orphaned. */
void share_put(paddr_t pa);
/*
 * The owner gives the frame up: false if nobody else uses it (then the caller frees it), true if it will be page_free()d
 * when the last user goes.
 */
bool share_orphan(paddr_t pa);
/* Is any of the 2^order frames from pa on (aligned) shared? */
bool share_any(paddr_t pa, unsigned int order);

#endif
