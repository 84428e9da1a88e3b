/* SPDX-License-Identifier: Apache-2.0 */
/* A domain besides Dom0: its RAM, what is loaded into it, its virtual and passed-through devices. */
#ifndef DM_BOOT_DOMU_H
#define DM_BOOT_DOMU_H

#include "boot/domudt.h"
#include "boot/guest.h"
#include "boot/hostdt.h"
#include "boot/layout.h"
#include "boot/passthrough.h"

/* What all of them are made from. */
struct domu_in {
	const struct host_info *host;
	const struct boot_plan *plan;
	const struct passthrough *passed;
};

/*
 * Makes host->domains[index] with domain id index + 1. Its modules must still be there, and all RAM
 * be mapped in EL2. 0, or -ENOMEM, -EINVAL, -EBUSY, -ENOSPC after log_err(); then out->domain is what has been made of it, or NULL.
 *
 * Once it has been made and destroyed it can be made again, unless it is no_reboot: from its kernel and ramdisk, and the
 * device tree of the first time, which is kept. The machine's device tree is read the first time only.
 */
int domu_build(const struct domu_in *in, unsigned int index, struct guest *out);

/* The same in pieces, for a machine that runs: only domu.c looks into it. */
struct domu_job {
	const struct domu_in *in;
	unsigned int index;
	uint64_t slice; /* bytes to write in one piece, but for a block of 2 MiB */
	struct guest guest;
	struct domain_ram ram; /* guest addresses */
	struct domu_places at;
	unsigned int stage, bank, order;
	uint64_t done; /* bytes of this stage, of this bank */
};

/*
 * domu_build()'s errors; then domu_step(), until it returns something else than -EAGAIN. -EBUSY, without a word: others still
 * have its RAM mapped; it may be called again.
 */
int domu_begin(struct domu_job *j, const struct domu_in *in, unsigned int index, uint64_t slice);
int domu_step(struct domu_job *j);

#endif
