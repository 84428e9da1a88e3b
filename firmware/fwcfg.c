/* SPDX-License-Identifier: Apache-2.0 */
/* fw_cfg over DMA (QEMU docs/specs/fw_cfg). All of its numbers are big-endian. */
#include "fwcfg.h"
#include "lib/string.h"
#include "log.h"
#include "platform.h"
#include "sysreg.h"

#define REG_DATA     (FWCFG_BASE + 0x00)
#define REG_SELECTOR (FWCFG_BASE + 0x08)
#define REG_DMA	     (FWCFG_BASE + 0x10)

#define KEY_SIGNATURE 0x00
#define KEY_ID	      0x01
#define KEY_DIR	      0x19
#define ID_DMA	      0x02
#define SIGNATURE     0x51454d55 /* "QEMU" */

#define DMA_ERROR  0x01
#define DMA_READ   0x02
#define DMA_SELECT 0x08

/* One transfer; keeps the device from holding QEMU's lock for the whole of a big file. */
#define CHUNK	   (16U << 20)
#define MAX_FILES  128
#define TIMEOUT_US 10000000

struct dma {
	uint32_t control, length;
	uint64_t address;
};

struct dir_entry {
	uint32_t size;
	uint16_t key, reserved;
	char name[FWCFG_NAME_MAX];
};

_Static_assert(sizeof(struct dma) == 16, "FWCfgDmaAccess");
_Static_assert(sizeof(struct dir_entry) == 64, "FWCfgFile");

/* In the area of QEMU's own device tree, which the normal world doesn't get. */
static struct dma *const dma = (struct dma *)DTB_BASE;
static char *const bounce = (char *)DTB_BASE + 0x1000;

static struct fwcfg_file files[MAX_FILES];
static unsigned int file_count;

static void transfer(uint32_t control, uint64_t dst, uint32_t length)
{
	volatile uint32_t *status = &dma->control;
	uint64_t start = ticks();

	dma->control = __builtin_bswap32(control);
	dma->length = __builtin_bswap32(length);
	dma->address = __builtin_bswap64(dst);
	dsb_sy(); /* the block before the doorbell */
	write64(REG_DMA, __builtin_bswap64((uint64_t)dma));
	while (__builtin_bswap32(*status) & ~(uint32_t)DMA_ERROR) {
		if (ticks_to_us(ticks() - start) > TIMEOUT_US)
			fatal("fw_cfg does not answer");
	}
	if (__builtin_bswap32(*status) & DMA_ERROR)
		fatal("fw_cfg reports an error (%u bytes to %lx)", length, (unsigned long)dst);
}

void fwcfg_load(uint16_t key, uint64_t dst, uint32_t size)
{
	uint32_t control = (uint32_t)key << 16 | DMA_SELECT | DMA_READ;

	while (size) {
		uint32_t n = size < CHUNK ? size : CHUNK;

		transfer(control, dst, n);
		control = DMA_READ;
		dst += n;
		size -= n;
	}
}

void fwcfg_read(uint16_t key, void *dst, uint32_t size)
{
	if (size > FWCFG_SMALL)
		fatal("fw_cfg item %x has %u bytes, more than expected", key, size);
	fwcfg_load(key, (uint64_t)bounce, size);
	memcpy(dst, bounce, size);
}

uint32_t fwcfg_u32(uint16_t key)
{
	uint32_t val;

	fwcfg_read(key, &val, sizeof(val));
	return val;
}

static uint32_t signature(void)
{
	uint32_t val = 0;

	__asm__ volatile("strh %w0, [%1]" : : "r"(0), "r"((uint64_t)REG_SELECTOR) : "memory");
	for (unsigned int i = 0; i < 4; i++) {
		uint32_t byte;

		__asm__ volatile("ldrb %w0, [%1]" : "=r"(byte) : "r"((uint64_t)REG_DATA) : "memory");
		val = val << 8 | byte;
	}
	return val;
}

void fwcfg_init(void)
{
	uint32_t count;

	if (signature() != SIGNATURE)
		fatal("no fw_cfg device");
	if (!(fwcfg_u32(KEY_ID) & ID_DMA))
		fatal("fw_cfg has no DMA interface");
	fwcfg_read(KEY_DIR, &count, sizeof(count));
	file_count = __builtin_bswap32(count);
	if (file_count > MAX_FILES)
		fatal("fw_cfg has %u files, more than %u", file_count, MAX_FILES);
	fwcfg_load(KEY_DIR, (uint64_t)bounce, 4 + file_count * sizeof(struct dir_entry));
	for (unsigned int i = 0; i < file_count; i++) {
		struct dir_entry e;

		memcpy(&e, bounce + 4 + i * sizeof(e), sizeof(e));
		memcpy(files[i].name, e.name, FWCFG_NAME_MAX);
		files[i].name[FWCFG_NAME_MAX - 1] = '\0';
		files[i].key = __builtin_bswap16(e.key);
		files[i].size = __builtin_bswap32(e.size);
	}
}

unsigned int fwcfg_files(void)
{
	return file_count;
}

const struct fwcfg_file *fwcfg_file(unsigned int index)
{
	return &files[index];
}

const struct fwcfg_file *fwcfg_find(const char *name)
{
	for (unsigned int i = 0; i < file_count; i++) {
		if (!strcmp(files[i].name, name))
			return &files[i];
	}
	return NULL;
}
