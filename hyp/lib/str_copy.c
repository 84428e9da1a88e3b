/* SPDX-License-Identifier: Apache-2.0 */
/* Apart from string.c, because host tests have a C library for the rest. */
#include "lib/string.h"

size_t str_copy(char *dst, const char *src, size_t size)
{
	size_t len = strlen(src);

	if (size) {
		size_t n = len < size ? len : size - 1;

		memcpy(dst, src, n);
		dst[n] = '\0';
	}
	return len;
}
