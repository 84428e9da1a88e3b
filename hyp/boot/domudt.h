/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a domain besides Dom0 finds where: its address map (docs/memory-map.md), where its kernel,
 * ramdisk and device tree go, and that tree. Pure.
 */
#ifndef DM_BOOT_DOMUDT_H
#define DM_BOOT_DOMUDT_H

#include "abi/domu.h"
#include "boot/hostdt.h"
#include "boot/image.h"
#include "boot/layout.h"
#include "boot/ranges.h"
#include "lib/types.h"

struct domu_places {
	uint64_t entry;       /* the kernel's, text_offset included */
	struct range ramdisk; /* size 0: none */
	struct range dtb;
};

/*
 * In a piece of its RAM: kernel at the start, ramdisk and device tree 128 MiB behind it or, in less RAM, right
 * behind the kernel. 0, or -ENOMEM after log_err() with the domain's name.
 */
int domudt_place(const struct host_domain *d, const struct range *bank,
                 const struct image_info *kernel, uint64_t ramdisk_size, uint64_t dtb_size, struct domu_places *out);

struct domudt_in {
	const struct host_info *host;
	const struct host_domain *domain;
	struct domain_ram ram; /* its addresses */
	const void *partial;   /* tree whose /passthrough comes along; NULL: none */
	const char *bootargs; /* NULL: none */
	struct range ramdisk; /* size 0: none */
};

/* Bytes to give to domudt_build(). */
uint64_t domudt_size(const struct domudt_in *in);

/* Writes the tree to out[size]. 0, or -ENOSPC after log_err(). */
int domudt_build(const struct domudt_in *in, void *out, uint64_t size);

#endif
