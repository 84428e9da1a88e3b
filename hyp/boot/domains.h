/* SPDX-License-Identifier: Apache-2.0 */
/* All domains that the host's tree describes: built one after the other, then started. */
#ifndef DM_BOOT_DOMAINS_H
#define DM_BOOT_DOMAINS_H

#include "boot/hostdt.h"
#include "boot/layout.h"

/*
 * Makes Dom0, if there is one, gives the RAM that isn't its to the page allocator, makes the others
 * from that, and starts them all. After gic_init(), console and alarm queue (their interrupts are
 * Dormouse's), the vCPU modules and the scheduler. The host's tree and the modules are gone
 * afterwards (but those of domains that can reboot): h's strings and nodes must not be used any more; *h and *p stay. 0, or -ENOMEM, -ENOSPC, -EINVAL
 * after log_err(); then none has been started.
 */
int boot_domains(const struct host_info *h, const struct boot_plan *p);

/* domain_rebuild_fn: number is the domain's index in h->domains + 1. */
int boot_rebuild(unsigned int number);

#endif
