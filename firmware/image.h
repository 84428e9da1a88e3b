/* SPDX-License-Identifier: Apache-2.0 */
/* What may be loaded, and where; pure. */
#ifndef FW_IMAGE_H
#define FW_IMAGE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "psci.h"

#define IMAGE_HEAD 4096 /* bytes of an Image that image_check() wants to see */

struct image {
	uint64_t text_offset; /* from a 2 MiB boundary */
	uint64_t size;	      /* memory needed from there: file and what follows it */
};

/*
 * Is this an arm64 Image (Linux Documentation/arm64/booting), complete? @head: its first bytes,
 * IMAGE_HEAD or @file_size if that is less. NULL and @image filled in, or what is wrong.
 */
const char *image_check(const void *head, uint64_t file_size, struct image *image);

#define PLACE_ALIGN   0x200000ULL
#define MAX_RESERVED 64

struct places {
	const struct ram_bank *banks;
	unsigned int bank_count;
	struct ram_bank reserved[MAX_RESERVED];
	unsigned int reserved_count;
};

/* False if the list is full. */
bool place_reserve(struct places *p, uint64_t base, uint64_t size);

/*
 * Finds the lowest 2 MiB boundary with room for @size bytes in one bank that overlaps
 * nothing reserved, and reserves it. 0 if there is none.
 */
uint64_t place_find(struct places *p, uint64_t size);

#endif /* FW_IMAGE_H */
