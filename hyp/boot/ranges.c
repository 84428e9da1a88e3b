/* SPDX-License-Identifier: Apache-2.0 */
#include "boot/ranges.h"

#include "lib/err.h"
#include "lib/string.h"

static void drop(struct ranges *rs, unsigned int i)
{
	memmove(&rs->r[i], &rs->r[i + 1], (rs->count - i - 1) * sizeof(rs->r[0]));
	rs->count--;
}

static int insert(struct ranges *rs, unsigned int i, uint64_t base, uint64_t size)
{
	if (rs->count == RANGES_MAX)
		return -ENOSPC;
	memmove(&rs->r[i + 1], &rs->r[i], (rs->count - i) * sizeof(rs->r[0]));
	rs->r[i] = (struct range) { .base = base, .size = size };
	rs->count++;
	return 0;
}

int ranges_add(struct ranges *rs, uint64_t base, uint64_t size)
{
	uint64_t end = base + size;
	unsigned int i = 0;

	if (size == 0)
		return 0;
	if (end < base)
		return -ERANGE;
	while (i < rs->count && range_end(&rs->r[i]) < base)
		i++;
	/* From i on: what touches the new one becomes part of it. */
	while (i < rs->count && rs->r[i].base <= end) {
		base = min_u64(base, rs->r[i].base);
		end = max_u64(end, range_end(&rs->r[i]));
		drop(rs, i);
	}
	return insert(rs, i, base, end - base);
}

int ranges_remove(struct ranges *rs, uint64_t base, uint64_t size)
{
	uint64_t end = base + size;

	if (size == 0)
		return 0;
	if (end < base)
		return -ERANGE;
	for (unsigned int i = 0; i < rs->count;) {
		uint64_t old_base = rs->r[i].base;
		uint64_t old_end = range_end(&rs->r[i]);

		if (old_end <= base || old_base >= end) {
			i++;
			continue;
		}
		drop(rs, i);
		/* There is room for one, since one was dropped. */
		if (old_base < base)
			insert(rs, i++, old_base, base - old_base);
		if (old_end > end && insert(rs, i++, end, old_end - end) != 0)
			return -ENOSPC;
	}
	return 0;
}

int ranges_add_all(struct ranges *rs, const struct ranges *other)
{
	int err = 0;

	for (unsigned int i = 0; i < other->count && err == 0; i++)
		err = ranges_add(rs, other->r[i].base, other->r[i].size);
	return err;
}

int ranges_remove_all(struct ranges *rs, const struct ranges *other)
{
	int err = 0;

	for (unsigned int i = 0; i < other->count && err == 0; i++)
		err = ranges_remove(rs, other->r[i].base, other->r[i].size);
	return err;
}

bool ranges_contain(const struct ranges *rs, uint64_t base, uint64_t size)
{
	for (unsigned int i = 0; i < rs->count; i++)
		if (base >= rs->r[i].base && base < range_end(&rs->r[i]))
			return size <= range_end(&rs->r[i]) - base;
	return false;
}

bool ranges_touch(const struct ranges *rs, uint64_t base, uint64_t size)
{
	const struct range what = { .base = base, .size = size };

	for (unsigned int i = 0; i < rs->count; i++)
		if (range_overlap(&rs->r[i], &what))
			return true;
	return false;
}

uint64_t ranges_total(const struct ranges *rs)
{
	uint64_t total = 0;

	for (unsigned int i = 0; i < rs->count; i++)
		total += rs->r[i].size;
	return total;
}

void ranges_trim_pages(struct ranges *rs)
{
	for (unsigned int i = 0; i < rs->count;) {
		uint64_t base = ALIGN_UP(rs->r[i].base, PAGE_SIZE);
		uint64_t end = ALIGN_DOWN(range_end(&rs->r[i]), PAGE_SIZE);

		if (base >= end) {
			drop(rs, i);
			continue;
		}
		rs->r[i] = (struct range) { .base = base, .size = end - base };
		i++;
	}
}

int ranges_find(const struct ranges *rs, uint64_t size, uint64_t align, uint64_t offset,
                uint64_t *base)
{
	for (unsigned int i = 0; i < rs->count; i++) {
		const struct range *r = &rs->r[i];
		uint64_t lowest = r->base > offset ? r->base - offset : 0;
		uint64_t at = ALIGN_UP(lowest, align);

		if (at < lowest || at + offset < r->base || at + offset > range_end(r))
			continue;
		if (size <= range_end(r) - (at + offset)) {
			*base = at;
			return 0;
		}
	}
	return -ENOENT;
}
