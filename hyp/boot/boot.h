/* SPDX-License-Identifier: Apache-2.0 */
/* From the host's tree and the command line to the plan. */
#ifndef DM_BOOT_BOOT_H
#define DM_BOOT_BOOT_H

#include "boot/cmdline.h"
#include "boot/hostdt.h"
#include "boot/layout.h"

/*
 * After hostdt_parse() and cmdline_parse(), before the page allocator and anything that writes
 * outside the image. Applies maxcpus= to h->nr_cpus: `boot_mpidr` (affinity fields) becomes
 * h->mpidr[0]. Reads the header of Dom0's kernel, if there is one. image: Dormouse itself, to the end of its .bss and
 * boot stacks. 0, or as layout_plan(); -EINVAL also for a kernel that isn't one, and for a boot CPU
 * that the tree doesn't know.
 */
int boot_plan(struct host_info *h, const struct boot_options *o, const struct range *image,
              uint64_t boot_mpidr, struct boot_plan *out);

/* Gives the heap, which must be mapped, to the page allocator. boot_domains() adds the spare RAM. */
void boot_add_pages(const struct boot_plan *p);

/*
 * Maps in EL2 what drivers and the loading of guests need: all RAM but the image, which has its own
 * permissions, and what no-map forbids; the GIC, UART and RTC. 0, -ENOSPC or -ENOMEM, after
 * log_err().
 */
int boot_map(const struct host_info *h, const struct range *image);

#endif
