/* SPDX-License-Identifier: Apache-2.0 */
/* Domains besides Dom0 below /chosen (`xen,domain`). hostdt.c's part. Pure. */
#ifndef DM_BOOT_DOMNODE_H
#define DM_BOOT_DOMNODE_H

#include "boot/hostdt.h"

/*
 * Fills in h->domains, and adds their modules to h->modules. After the GIC is known. 0; -EINVAL: a
 * node says something that is wrong or not offered; -ENOSPC: too many. After log_err() with the
 * domain's name.
 */
int domnode_read_all(struct host_info *h);

#endif
