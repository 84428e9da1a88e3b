/* SPDX-License-Identifier: Apache-2.0 */
/* What the boot loader says below /chosen: modules and command lines. hostdt.c's part. Pure. */
#ifndef DM_BOOT_CHOSEN_H
#define DM_BOOT_CHOSEN_H

#include "boot/hostdt.h"

/*
 * Quiet, since there is no console yet. A module that is broken gets size 0; of too many just the
 * number.
 */
void chosen_read_modules(struct host_info *h);
/* Adds those below a domain's node; domain as in struct host_module. */
void chosen_read_domain_modules(struct host_info *h, int node, unsigned int domain);
/* After chosen_read_modules(): whose `bootargs` is which (docs/boot.md). */
void chosen_read_bootargs(struct host_info *h);
/* What chosen_read_modules() didn't say. 0, -EINVAL or -ENOSPC, after log_err(). */
int chosen_check_modules(struct host_info *h);

#endif
