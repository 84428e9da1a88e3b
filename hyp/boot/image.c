/* SPDX-License-Identifier: Apache-2.0 */
#include "boot/image.h"

#include "lib/err.h"
#include "lib/log.h"
#include "lib/string.h"

/* All little-endian, whatever the kernel is. */
struct image_header {
	uint32_t code[2];
	uint64_t text_offset;
	uint64_t image_size;
	uint64_t flags;
	uint64_t reserved[3];
	uint32_t magic;
	uint32_t pe_offset;
};
_Static_assert(sizeof(struct image_header) == 64, "booting.rst: 64-byte header");
_Static_assert(offsetof(struct image_header, magic) == 0x38, "booting.rst: magic at 0x38");

#define IMAGE_MAGIC      0x644d5241 /* "ARM\x64" */
#define IMAGE_FLAG_BE    BIT(0)
#define IMAGE_OLD_OFFSET 0x80000 /* of images from before image_size was there (Linux 3.17) */
#define IMAGE_MAX_SIZE   GIB     /* more is garbage: keeps the sums below from wrapping */

static const struct {
	const char *magic;
	unsigned int len;
	const char *what;
} others[] = {
	{ "\x1f\x8b", 2, "gzip-compressed: unpack it first (gunzip)" },
	{ "\xfd\x37zXZ", 5, "xz-compressed: unpack it first (xz -d)" },
	{ "\x28\xb5\x2f\xfd", 4, "zstd-compressed: unpack it first (zstd -d)" },
	{ "\x7f"
	  "ELF",
	  4, "an ELF file: give arch/arm64/boot/Image instead of vmlinux" },
};

static const char *what_else(const void *data, uint64_t size)
{
	for (size_t i = 0; i < ARRAY_SIZE(others); i++)
		if (size >= others[i].len && memcmp(data, others[i].magic, others[i].len) == 0)
			return others[i].what;
	return "give an arm64 Linux Image";
}

int image_parse(const char *name, const void *data, uint64_t size, struct image_info *out)
{
	struct image_header h;

	if (size < sizeof(h)) {
		log_err("module %s at %p: not an arm64 Image (%u bytes are less than its header); "
		        "give an arm64 Linux Image",
		        name, data, (unsigned int)size);
		return -EINVAL;
	}
	memcpy(&h, data, sizeof(h));
	if (h.magic != IMAGE_MAGIC) {
		log_err("module %s at %p: not an arm64 Image (no magic at 0x38); %s", name, data,
		        what_else(data, size));
		return -EINVAL;
	}
	if (h.flags & IMAGE_FLAG_BE) {
		log_err("module %s at %p: a big-endian kernel; only little-endian ones can be "
		        "started",
		        name, data);
		return -EINVAL;
	}
	if (h.image_size == 0)
		h.text_offset = IMAGE_OLD_OFFSET;
	if (h.text_offset >= IMAGE_ALIGN || !IS_ALIGNED(h.text_offset, PAGE_SIZE) ||
	    h.image_size > IMAGE_MAX_SIZE || size > IMAGE_MAX_SIZE) {
		log_err("module %s at %p: its arm64 Image header is broken (text_offset 0x%llx, "
		        "image_size 0x%llx)",
		        name, data, (unsigned long long)h.text_offset,
		        (unsigned long long)h.image_size);
		return -EINVAL;
	}
	out->text_offset = h.text_offset;
	out->image_size = max_u64(h.image_size, size);
	return 0;
}
