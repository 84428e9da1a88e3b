/* SPDX-License-Identifier: Apache-2.0 */
/* Apart from string.c, because host tests have a C library for the rest. */
#include "lib/string.h"

size_t str_copy(char *dst, const char *src, size_t size)
{
	size_t len = 0;

	if (!size)
		return strlen(src);
	for (; len < size - 1 && src[len]; len++)
		dst[len] = src[len];
	dst[len] = '\0';
	return len + strlen(src + len);
}
