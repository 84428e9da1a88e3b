/* SPDX-License-Identifier: Apache-2.0 */
/* The device tree of a domain that is created. Pure. */
#ifndef TOOL_DTB_H
#define TOOL_DTB_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "abi/dormouse.h"

struct dtb_in {
	unsigned int vcpus;
	uint64_t ram;                 /* bytes */
	const char *cmdline;          /* NULL: none */
	uint64_t ramdisk;             /* its address */
	uint64_t ramdisk_size;        /* 0: none */
	const char *cpu_compatible;   /* NULL: "arm,armv8" */
	uint32_t timer_ppis[3];       /* INTIDs: secure, non-secure, virtual */
	bool xen;                     /* with Xen's node */
	struct dm_op_devices devices; /* as DM_OP_DEVICES told */
};

/* Affinity fields of vCPU n, as Xen numbers them: 16 in a cluster. */
uint64_t dtb_mpidr(unsigned int n);

/* A malloc'ed tree, its size in *size; NULL with *why set. */
void *dtb_build(const struct dtb_in *in, size_t *size, const char **why);

/* What Dom0's own tree (/proc/device-tree; root is put before it) says about CPUs and timer. */
void dtb_read_host(const char *root, struct dtb_in *in, char *cpu_compatible, size_t size);

#endif
