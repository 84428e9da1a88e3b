/* SPDX-License-Identifier: Apache-2.0 */
/* QEMU's fw_cfg device, through its DMA interface: what QEMU's command line gives to a firmware. */
#ifndef FW_FWCFG_H
#define FW_FWCFG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Items with a fixed key. */
#define FWCFG_KERNEL_SIZE  0x08
#define FWCFG_INITRD_SIZE  0x0b
#define FWCFG_KERNEL_DATA  0x11
#define FWCFG_INITRD_DATA  0x12
#define FWCFG_CMDLINE_SIZE 0x14
#define FWCFG_CMDLINE_DATA 0x15

#define FWCFG_NAME_MAX 56

struct fwcfg_file {
	char name[FWCFG_NAME_MAX];
	uint16_t key;
	uint32_t size;
};

/*
 * Reads the directory. QEMU's device tree must have been copied away before: control block and
 * bounce buffer are in non-secure RAM, where it was. Fatal if the device is missing.
 */
void fwcfg_init(void);

unsigned int fwcfg_files(void);
const struct fwcfg_file *fwcfg_file(unsigned int index);

/* NULL if there is no such file. */
const struct fwcfg_file *fwcfg_find(const char *name);

/* The first @size bytes of item @key, to non-secure RAM @dst. Fatal if the device reports an error. */
void fwcfg_load(uint16_t key, uint64_t dst, uint32_t size);

/* The same for at most FWCFG_SMALL bytes, to anywhere. */
#define FWCFG_SMALL 0x10000
void fwcfg_read(uint16_t key, void *dst, uint32_t size);

/* A 32-bit little-endian item. */
uint32_t fwcfg_u32(uint16_t key);

#endif /* FW_FWCFG_H */
