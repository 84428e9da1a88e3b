/* SPDX-License-Identifier: Apache-2.0 */
/* Cold boot: from QEMU's device tree and fw_cfg to the first instruction at EL2. */
#ifndef FW_BOOT_H
#define FW_BOOT_H

#include <stdbool.h>
#include "psci.h"

#define MAX_BANKS 16

/* Non-secure RAM; constant after boot. */
extern struct ram_bank ram[MAX_BANKS];
extern unsigned int ram_count;

void boot(void) __attribute__((noreturn));

/* A kernel or module in memory. */
struct loaded {
	uint64_t addr, size;
	uint64_t entry; /* Images only */
};

/*
 * Loads fw_cfg item @key of @size bytes to a place of its own; @what names it in messages. Fatal
 * if it doesn't fit, or, for an Image, if it isn't a complete one.
 */
struct loaded load_blob(const char *what, uint16_t key, uint32_t size);
struct loaded load_image(const char *what, uint16_t key, uint32_t size);

/*
 * The domains' modules (fw_cfg files opt/dormouse/module/DOMAIN/KIND): whether there are any; loads
 * them and describes them in /chosen (modules.c).
 */
bool modules_present(void);
void modules_load(void);

#endif /* FW_BOOT_H */
