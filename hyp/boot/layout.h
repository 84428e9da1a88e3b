/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Who gets which RAM: Dormouse's heap, Dom0's banks, and where in them its kernel, ramdisk and
 * device tree go. Pure, but for one static work area: the boot CPU only. docs/memory-map.md has the
 * picture.
 */
#ifndef DM_BOOT_LAYOUT_H
#define DM_BOOT_LAYOUT_H

#include "boot/hostdt.h"
#include "boot/image.h"
#include "boot/ranges.h"
#include "lib/types.h"

struct layout_in {
	const struct host_info *host;
	struct range image;       /* Dormouse itself: text to end of .bss and boot stacks */
	struct image_info kernel; /* of the kernel module */
	uint64_t dom0_mem;        /* bytes; 0: all */
	unsigned int nr_cpus;     /* that the heap must do for */
	uint64_t dtb_size;        /* room for Dom0's device tree */
};

struct placed {
	struct range from; /* as loaded; size 0: there is none */
	struct range to;   /* in Dom0's RAM; size is what it occupies there */
};

/* RAM of a domain besides Dom0 at addresses that are fixed: the machine's, each of whole 2 MiB blocks. */
struct domain_ram {
	unsigned int count; /* 0: the page allocator's, wherever */
	struct range bank[HOST_MAX_BANKS];
};

/* RAM is 1:1 for Dom0, so all of these are physical addresses as well as Dom0's. */
struct boot_plan {
	struct range own;   /* image and heap: what Dormouse takes; whole pages */
	struct range heap;  /* for page_add_range() at once; need not follow the image */
	struct ranges dom0; /* Dom0's RAM banks; none: there is no Dom0 */
	struct ranges
	        spare; /* RAM that Dom0 doesn't get; modules and the host's tree may lie in it */
	struct placed kernel; /* to.base includes text_offset: Dom0's entry point */
	struct placed ramdisk;
	struct range dtb;      /* Dom0's device tree is made here */
	unsigned int nr_vcpus; /* Dom0's */
	struct domain_ram given[HOST_MAX_DOMAINS]; /* as host_info.domains */
};

/*
 * Is there a kernel (or a domain besides Dom0), and did the boot loader put everything into RAM, one thing at a place? Then
 * modules may be read. in->kernel isn't looked at. 0; -ENODEV: no kernel module; -EINVAL: the rest.
 * After log_err().
 */
int layout_check(const struct layout_in *in);

/*
 * layout_check()'s errors; -ENOMEM: it doesn't fit; -ENOSPC: memory in too many pieces. Each after
 * log_err(). Leaves nr_vcpus alone.
 */
int layout_plan(const struct layout_in *in, struct boot_plan *out);

/* RAM of domains[index] at its own (guest) addresses: given at the same or from DOMU_RAM on. */
void layout_guest_ram(const struct host_info *h, const struct boot_plan *p, unsigned int index,
                      struct domain_ram *out);

/*
 * Bytes of RAM that the domains besides Dom0 take of the page allocator's: whole 2 MiB blocks, with what Dormouse needs
 * for each.
 */
uint64_t layout_domains_size(const struct host_info *h);

/* Takes the pages of all modules and of the host's tree out of rs. 0 or -ENOSPC. */
int layout_remove_sources(const struct host_info *h, struct ranges *rs);
/* The same for what stays for good: the modules of domains that are built anew when they reboot, partial device trees. */
int layout_remove_kept(const struct host_info *h, struct ranges *rs);

/* Bytes of heap that Dormouse wants for that many CPUs. */
uint64_t layout_heap_size(unsigned int nr_cpus);

#endif
