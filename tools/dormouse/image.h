/* SPDX-License-Identifier: Apache-2.0 */
/* The arm64 Image (Linux, Documentation/arch/arm64/booting.rst), and where a domain gets what. */
#ifndef TOOL_IMAGE_H
#define TOOL_IMAGE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define IMAGE_HEADER 64 /* bytes that image_parse() wants to see */

struct image {
	uint64_t text_offset; /* from a 2 MiB boundary; also where execution starts */
	uint64_t size;        /* bytes it takes when it runs, BSS included; at least the file's */
};

/* data[n] is the file's begin. NULL, or what is wrong with it. */
const char *image_parse(const void *data, size_t n, uint64_t file_size, struct image *out);

struct places {
	uint64_t kernel, ramdisk, dtb; /* guest physical addresses */
};

/*
 * As for a dom0less domain: the kernel at the start of RAM, the rest 128 MiB behind it or, in less
 * RAM, right behind the kernel. False: *needed is set to the MiB of RAM that would do.
 */
bool image_place(const struct image *kernel, uint64_t ramdisk_size, uint64_t dtb_size, uint64_t ram,
                 struct places *out, uint64_t *needed);

#endif
