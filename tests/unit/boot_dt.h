/* SPDX-License-Identifier: Apache-2.0 */
/* Device trees of QEMU's virt machine, as our firmware hands them over. */
#ifndef TEST_BOOT_DT_H
#define TEST_BOOT_DT_H

#include "boot/hostdt.h"

#define DT_ROOM (128 * 1024)

#define DT_KERNEL      0x48000000
#define DT_KERNEL_SIZE (33 * MIB + 12345)
#define DT_INITRD      0x4c000000
#define DT_INITRD_SIZE (5 * MIB + 100)

/*
 * QEMU's tree with the firmware's additions, in a buffer of DT_ROOM with room to edit. free() it.
 */
void *dt_load(unsigned int gic, unsigned int cpus, unsigned int mib);
/* The same as it is in the file: exact size, nothing added. */
void *dt_load_raw(unsigned int gic, unsigned int cpus, unsigned int mib);
/* A node below /chosen with that name, compatible list and place. */
void dt_add_module(void *fdt, const char *name, const char *compatible, int len, uint64_t base,
                   uint64_t size, const char *bootargs);

struct dt_case {
	unsigned int gic, cpus, mib;
};
extern const struct dt_case dt_cases[];
extern const size_t dt_case_count;

int dt_must(int err);
int dt_node(const void *fdt, const char *path);

#endif
