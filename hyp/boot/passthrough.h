/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Devices of the machine that go to domains besides Dom0. A domain's partial device tree says so as Xen's does
 * (docs/misc/arm/passthrough.txt there); docs/boot.md has what it may hold. Pure: reads the trees alone.
 */
#ifndef DM_BOOT_PASSTHROUGH_H
#define DM_BOOT_PASSTHROUGH_H

#include "boot/hostdt.h"
#include "boot/layout.h"
#include "boot/ranges.h"
#include "lib/types.h"

#define PASSED_MAX 64

struct passed_region {
	unsigned int domain; /* as struct host_module's */
	uint64_t host, guest, size;
};

struct passed_interrupt {
	unsigned int domain;
	uint32_t intid;   /* the domain's as well */
	const char *name; /* the device's; in the partial tree, which stays */
};

struct passthrough {
	unsigned int nr_regions, nr_interrupts, nr_paths;
	struct passed_region region[PASSED_MAX];
	struct passed_interrupt interrupt[PASSED_MAX];
	const char *path[PASSED_MAX];  /* of the host's nodes */
	struct ranges pages;           /* all regions, the host's addresses */
	bool dma[HOST_MAX_DOMAINS];    /* some of its devices may do DMA */
	uint32_t max_intid[HOST_MAX_DOMAINS]; /* 0: it has none */
};

/*
 * The partial trees of all domains; their modules must be mapped. 0; -EINVAL: something is wrong in one, or goes to two;
 * -ENOSPC: too much of something. After log_err().
 */
int passthrough_read(const struct host_info *h, const struct boot_plan *p, struct passthrough *out);

/* Is this node of the host's (or Dom0's) tree a device that Dom0 must not find? */
bool passthrough_is_taken(const struct passthrough *p, const void *tree, int node);

/* The partial tree of domains[domain - 1], NULL if it has none. */
const void *passthrough_tree(const struct host_info *h, unsigned int domain);

#endif
