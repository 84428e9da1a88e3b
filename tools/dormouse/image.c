// SPDX-License-Identifier: Apache-2.0
#include "image.h"

#include <string.h>

#include "abi/domu.h"

#define MIB        (1024 * 1024ull)
#define ALIGNMENT  (2 * MIB)
#define FAR_BEHIND (128 * MIB) /* where Xen's tools put what goes with the kernel */
#define DTB_ALIGN  (64 * 1024ull)
#define DTB_MAX    ALIGNMENT /* the boot protocol's */

/* Fields of the header that are looked at; all little-endian. */
#define TEXT_OFFSET 8
#define IMAGE_SIZE  16
#define FLAGS       24
#define MAGIC       56

#define FLAG_BIG_ENDIAN 1

static uint64_t le64(const uint8_t *p)
{
	uint64_t value = 0;

	for (int i = 7; i >= 0; i--)
		value = value << 8 | p[i];
	return value;
}

static uint64_t align_up(uint64_t value, uint64_t to)
{
	return (value + to - 1) / to * to;
}

const char *image_parse(const void *data, size_t n, uint64_t file_size, struct image *out)
{
	static const uint8_t gzip[] = { 0x1f, 0x8b }, elf[] = { 0x7f, 'E', 'L', 'F' };
	const uint8_t *p = data;

	if (n >= sizeof(gzip) && memcmp(p, gzip, sizeof(gzip)) == 0)
		return "it is compressed; unpack it first (gunzip)";
	if (n >= sizeof(elf) && memcmp(p, elf, sizeof(elf)) == 0)
		return "it is an ELF file; a kernel has to be an arm64 Image "
		       "(arch/arm64/boot/Image)";
	if (n < IMAGE_HEADER || memcmp(p + MAGIC, "ARM\x64", 4) != 0)
		return "it is not an arm64 Image";
	out->text_offset = le64(p + TEXT_OFFSET);
	out->size = le64(p + IMAGE_SIZE);
	if (le64(p + FLAGS) & FLAG_BIG_ENDIAN)
		return "it is big-endian";
	/* Before Linux 3.17 there was no size, and the offset was this whatever the field said. */
	if (out->size == 0) {
		out->size = file_size;
		out->text_offset = 0x80000;
	}
	if (out->text_offset >= ALIGNMENT || out->size > 1024 * MIB)
		return "its header is damaged";
	if (out->size < file_size)
		out->size = file_size;
	return NULL;
}

bool image_place(const struct image *kernel, uint64_t ramdisk_size, uint64_t dtb_size, uint64_t ram,
                 struct places *out, uint64_t *needed)
{
	uint64_t kernel_end = align_up(kernel->text_offset + kernel->size, ALIGNMENT);
	uint64_t behind = align_up(ramdisk_size, DTB_ALIGN) + align_up(dtb_size, DTB_ALIGN);
	uint64_t at = kernel_end > FAR_BEHIND ? kernel_end : FAR_BEHIND;

	/* All of it in the first bank. */
	if (ram > DOMU_RAM_SIZE)
		ram = DOMU_RAM_SIZE;
	if (at + behind > ram)
		at = kernel_end;
	*needed = align_up(kernel_end + behind, MIB) / MIB;
	if (dtb_size > DTB_MAX || at + behind > ram)
		return false;
	out->kernel = DOMU_RAM + kernel->text_offset;
	out->ramdisk = DOMU_RAM + at;
	out->dtb = out->ramdisk + align_up(ramdisk_size, DTB_ALIGN);
	return true;
}
