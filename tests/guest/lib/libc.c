/* SPDX-License-Identifier: Apache-2.0 */
/* The C library's part that the compiler, its stack protector and libfdt need. */
#include "libc.h"

#include "tap.h"

uintptr_t __stack_chk_guard = 0x5bd1e995c0dedead;

void __stack_chk_fail(void)
{
	tap_bail("stack overflow");
}

void *memcpy(void *restrict dst, const void *restrict src, size_t n)
{
	uint8_t *d = dst;
	const uint8_t *s = src;

	while (n--)
		*d++ = *s++;
	return dst;
}

void *memmove(void *dst, const void *src, size_t n)
{
	uint8_t *d = dst;
	const uint8_t *s = src;

	if (d < s)
		return memcpy(dst, src, n);
	while (n--)
		d[n] = s[n];
	return dst;
}

void *memset(void *dst, int c, size_t n)
{
	uint8_t *d = dst;

	while (n--)
		*d++ = (uint8_t)c;
	return dst;
}

int memcmp(const void *a, const void *b, size_t n)
{
	const uint8_t *x = a, *y = b;

	for (; n; n--, x++, y++)
		if (*x != *y)
			return *x - *y;
	return 0;
}

void *memchr(const void *s, int c, size_t n)
{
	for (const uint8_t *p = s; n--; p++)
		if (*p == (uint8_t)c)
			return (void *)(uintptr_t)p;
	return 0;
}

size_t strlen(const char *s)
{
	size_t n = 0;

	while (s[n])
		n++;
	return n;
}

size_t strnlen(const char *s, size_t max)
{
	size_t n = 0;

	while (n < max && s[n])
		n++;
	return n;
}

char *strchr(const char *s, int c)
{
	for (;; s++) {
		if (*s == (char)c)
			return (char *)(uintptr_t)s;
		if (!*s)
			return 0;
	}
}

char *strrchr(const char *s, int c)
{
	char *found = 0;

	for (;; s++) {
		if (*s == (char)c)
			found = (char *)(uintptr_t)s;
		if (!*s)
			return found;
	}
}

unsigned long strtoul(const char *restrict s, char **restrict end, int base)
{
	unsigned long v = 0;

	for (; *s >= '0' && *s <= '9'; s++)
		v = v * (unsigned long)base + (unsigned long)(*s - '0');
	if (end)
		*end = (char *)(uintptr_t)s;
	return v;
}
