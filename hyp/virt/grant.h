/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Grant tables, version 1 (public/grant_table.h): a domain says in a table which of its pages which other domain may use;
 * that one maps them, or has the hypervisor copy. docs/events-and-grants.md tells how it works.
 *
 * Statuses are Xen's GNTST_*, as int16_t.
 *
 * Locks: grant_table.lock, one domain's at a time; of what is called under it, only the page allocator has one. The caller
 * holds no p2m lock and nothing below.
 */
#ifndef DM_VIRT_GRANT_H
#define DM_VIRT_GRANT_H

#include "core/domain.h"
#include "lib/types.h"

#define GRANT_MAX_FRAMES   64  /* pages of a table, 512 entries each */
#define GRANT_MAPS_DOM0	   256 /* pages with 256 mappings each that Dom0 may have at a time */
#define GRANT_MAPS_DOMU	   64

struct gnttab_map_grant_ref; /* Xen's */
struct gnttab_unmap_grant_ref;
struct gnttab_copy;

/* For a domain being built, d->xen is there: 0 or -ENOMEM. */
int grant_init(struct domain *d);
/* How many frames its table may have, 1 to GRANT_MAX_FRAMES; more than that is that. */
void grant_set_limit(struct domain *d, uint32_t max_frames);
/* struct domain_module's. What others have mapped of it they keep until they unmap it. */
void grant_stop(struct domain *d);
void grant_destroy(struct domain *d);

/*
 * Frame `index` of owner's table appears at d's gfn; the table grows up to there. owner may be d. 0; -EINVAL: over the limit; -ENOMEM,
 * or what p2m_map_xen_page() says.
 */
int grant_map_frame(struct domain *d, uint64_t gfn, struct domain *owner, uint32_t index);
void grant_size(struct domain *d, uint32_t *nr_frames, uint32_t *max_frames);

/* By d. Input was copied from the guest; output and the status are filled in. */
void grant_map(struct domain *d, struct gnttab_map_grant_ref *op);
void grant_unmap(struct domain *d, struct gnttab_unmap_grant_ref *op);
void grant_copy(struct domain *d, struct gnttab_copy *op);

#endif
