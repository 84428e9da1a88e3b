/* SPDX-License-Identifier: Apache-2.0 */
#include "lib/bitmap.h"

unsigned int bitmap_next(const uint64_t *map, unsigned int bits, unsigned int from)
{
	while (from < bits) {
		uint64_t rest = map[from / 64] >> (from % 64);

		if (rest) {
			from += (unsigned int)__builtin_ctzll(rest);
			return from < bits ? from : bits;
		}
		from = (from / 64 + 1) * 64;
	}
	return bits;
}
