/* SPDX-License-Identifier: Apache-2.0 */
/* Checks on images, and room for them; pure. */
#include "image.h"
#include "lib/string.h"

#define IMAGE_MAGIC	 0x644d5241 /* "ARM\x64" */
#define IMAGE_BIG_ENDIAN 1ULL
#define PE_MAGIC	 0x00004550 /* "PE\0\0" */
#define PE_SECTIONS_MAX	 16

static uint64_t le(const void *head, size_t offset, size_t bytes)
{
	const unsigned char *p = (const unsigned char *)head + offset;
	uint64_t val = 0;

	while (bytes--)
		val = val << 8 | p[bytes];
	return val;
}

/*
 * An Image with an EFI stub is a PE file too, whose section table says how long the file is: the
 * only way to notice that its end is missing.
 */
static bool pe_complete(const void *head, uint64_t file_size)
{
	size_t limit = file_size < IMAGE_HEAD ? (size_t)file_size : IMAGE_HEAD;
	uint64_t pe = le(head, 60, 4), table, sections;

	if (!pe)
		return true;
	if (pe > limit - 24 || le(head, (size_t)pe, 4) != PE_MAGIC)
		return pe <= limit - 24; /* something else: no statement */
	sections = le(head, (size_t)pe + 6, 2);
	table = pe + 24 + le(head, (size_t)pe + 20, 2);
	if (sections > PE_SECTIONS_MAX || table + sections * 40 > limit)
		return true;
	for (; sections; sections--, table += 40) {
		uint64_t raw = le(head, (size_t)table + 16, 4), at = le(head, (size_t)table + 20, 4);

		if (at + raw > file_size)
			return false;
	}
	return true;
}

const char *image_check(const void *head, uint64_t file_size, struct image *image)
{
	if (file_size < 64)
		return "too short for an arm64 Image";
	if (le(head, 56, 4) != IMAGE_MAGIC)
		return "not an arm64 Image";
	if (le(head, 24, 8) & IMAGE_BIG_ENDIAN)
		return "a big-endian Image";
	image->text_offset = le(head, 8, 8);
	image->size = le(head, 16, 8);
	if (!image->size || image->text_offset >= PLACE_ALIGN)
		return "an Image with a bad header";
	if (image->size >> 40)
		return "an Image with a bad size";
	if (!pe_complete(head, file_size))
		return "a truncated Image";
	if (image->size < file_size)
		image->size = file_size;
	return NULL;
}

bool place_reserve(struct places *p, uint64_t base, uint64_t size)
{
	if (p->reserved_count == MAX_RESERVED)
		return false;
	p->reserved[p->reserved_count++] = (struct ram_bank){ .base = base, .size = size };
	return true;
}

static uint64_t align_up(uint64_t addr)
{
	return (addr + PLACE_ALIGN - 1) & ~(PLACE_ALIGN - 1);
}

/* The end of something reserved that overlaps [addr, addr + size), or 0. */
static uint64_t obstacle(const struct places *p, uint64_t addr, uint64_t size)
{
	for (unsigned int i = 0; i < p->reserved_count; i++) {
		const struct ram_bank *r = &p->reserved[i];

		if (addr < r->base + r->size && r->base < addr + size)
			return r->base + r->size;
	}
	return 0;
}

uint64_t place_find(struct places *p, uint64_t size)
{
	for (unsigned int i = 0; i < p->bank_count; i++) {
		const struct ram_bank *b = &p->banks[i];
		uint64_t addr = align_up(b->base), end;

		while (addr >= b->base && addr - b->base <= b->size &&
		       size <= b->size - (addr - b->base)) {
			end = obstacle(p, addr, size);
			if (end) {
				addr = align_up(end);
				continue;
			}
			return place_reserve(p, addr, size) ? addr : 0;
		}
	}
	return 0;
}
