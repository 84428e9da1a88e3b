/* SPDX-License-Identifier: Apache-2.0 */
/* The arm64 Image format (Linux, Documentation/arch/arm64/booting.rst). Pure. */
#ifndef DM_BOOT_IMAGE_H
#define DM_BOOT_IMAGE_H

#include "lib/types.h"

#define IMAGE_ALIGN (2 * MIB) /* of the address that text_offset is counted from */

struct image_info {
	uint64_t text_offset; /* bytes from a 2 MiB boundary; also where execution starts */
	uint64_t image_size; /* bytes it occupies when it runs, BSS included; at least the file's */
};

/*
 * Is it a kernel that can be started? data holds size bytes; name is for messages. 0, or -EINVAL
 * after log_err().
 */
int image_parse(const char *name, const void *data, uint64_t size, struct image_info *out);

#endif
