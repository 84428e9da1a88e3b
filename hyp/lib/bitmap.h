/* SPDX-License-Identifier: Apache-2.0 */
/* Bit sets in arrays of 64-bit words. No locking of their own. */
#ifndef DM_LIB_BITMAP_H
#define DM_LIB_BITMAP_H

#include "lib/types.h"

#define BITMAP_WORDS(bits) DIV_ROUND_UP(bits, 64)

static inline bool bitmap_test(const uint64_t *map, unsigned int bit)
{
	return (map[bit / 64] >> (bit % 64)) & 1;
}

static inline void bitmap_set(uint64_t *map, unsigned int bit)
{
	map[bit / 64] |= BIT(bit % 64);
}

static inline void bitmap_clear(uint64_t *map, unsigned int bit)
{
	map[bit / 64] &= ~BIT(bit % 64);
}

static inline void bitmap_assign(uint64_t *map, unsigned int bit, bool value)
{
	if (value)
		bitmap_set(map, bit);
	else
		bitmap_clear(map, bit);
}

/* The first set bit at or after `from`, or `bits` if there is none. */
unsigned int bitmap_next(const uint64_t *map, unsigned int bits, unsigned int from);

/* static: bugprone-macro-parentheses: bit is a variable, map a pointer's name */
#define bitmap_for_each(bit, map, bits) \
	for (bit = bitmap_next(map, bits, 0); bit < (bits); bit = bitmap_next(map, bits, bit + 1))

#endif
