/* SPDX-License-Identifier: Apache-2.0 */
#include "lib/string.h"

/*
 * The compiler must not turn these loops into calls of themselves. Words are copied only when both
 * ends are aligned: the code may run with the MMU off, where unaligned accesses fault.
 */
#define NO_IDIOM __attribute__((optimize("no-tree-loop-distribute-patterns")))
#ifdef __clang__
#undef NO_IDIOM
#define NO_IDIOM __attribute__((no_builtin("memcpy", "memset", "memmove", "strlen")))
#endif

static bool both_aligned(const void *a, const void *b)
{
	return (((uintptr_t)a | (uintptr_t)b) & 7) == 0;
}

NO_IDIOM void *memcpy(void *dst, const void *src, size_t n)
{
	uint8_t *d = dst;
	const uint8_t *s = src;

	if (both_aligned(d, s)) {
		/* Word by word, in this order: memmove() counts on it. */
		for (; n >= 32; n -= 32, d += 32, s += 32) {
			uint64_t *to = (uint64_t *)(void *)d;
			const uint64_t *from = (const uint64_t *)(const void *)s;

			to[0] = from[0];
			to[1] = from[1];
			to[2] = from[2];
			to[3] = from[3];
		}
		for (; n >= 8; n -= 8, d += 8, s += 8)
			*(uint64_t *)(void *)d = *(const uint64_t *)(const void *)s;
	}
	while (n--)
		*d++ = *s++;
	return dst;
}

NO_IDIOM void *memmove(void *dst, const void *src, size_t n)
{
	uint8_t *d = dst;
	const uint8_t *s = src;

	if (d <= s || d >= s + n)
		return memcpy(dst, src, n);
	d += n;
	s += n;
	if (both_aligned(d, s)) {
		for (; n >= 8; n -= 8) {
			d -= 8;
			s -= 8;
			*(uint64_t *)(void *)d = *(const uint64_t *)(const void *)s;
		}
	}
	while (n--)
		*--d = *--s;
	return dst;
}

NO_IDIOM void *memset(void *dst, int c, size_t n)
{
	uint8_t *d = dst;
	uint64_t word = (uint8_t)c * 0x0101010101010101ULL;

	if (both_aligned(d, d)) {
		for (; n >= 32; n -= 32, d += 32) {
			uint64_t *to = (uint64_t *)(void *)d;

			to[0] = to[1] = to[2] = to[3] = word;
		}
		for (; n >= 8; n -= 8, d += 8)
			*(uint64_t *)(void *)d = word;
	}
	while (n--)
		*d++ = (uint8_t)c;
	return dst;
}

int memcmp(const void *a, const void *b, size_t n)
{
	const uint8_t *x = a;
	const uint8_t *y = b;

	for (; n; n--, x++, y++) {
		if (*x != *y)
			return *x - *y;
	}
	return 0;
}

/* The C library's interface drops the const here and in strchr(); so must we. */
static char *unconst(const char *s)
{
	return (char *)(uintptr_t)s;
}

void *memchr(const void *s, int c, size_t n)
{
	const char *p = s;

	for (; n; n--, p++) {
		if (*p == (char)c)
			return unconst(p);
	}
	return NULL;
}

NO_IDIOM size_t strlen(const char *s)
{
	const char *p = s;

	while (*p)
		p++;
	return (size_t)(p - s);
}

size_t strnlen(const char *s, size_t max)
{
	size_t n = 0;

	while (n < max && s[n])
		n++;
	return n;
}

int strcmp(const char *a, const char *b)
{
	while (*a && *a == *b) {
		a++;
		b++;
	}
	return (uint8_t)*a - (uint8_t)*b;
}

int strncmp(const char *a, const char *b, size_t n)
{
	for (; n; n--, a++, b++) {
		if (*a != *b || !*a)
			return (uint8_t)*a - (uint8_t)*b;
	}
	return 0;
}

char *strchr(const char *s, int c)
{
	for (;; s++) {
		if (*s == (char)c)
			return unconst(s);
		if (!*s)
			return NULL;
	}
}

char *strrchr(const char *s, int c)
{
	const char *found = NULL;

	for (;; s++) {
		if (*s == (char)c)
			found = s;
		if (!*s)
			return unconst(found);
	}
}

static int digit_value(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'a' && c <= 'z')
		return c - 'a' + 10;
	if (c >= 'A' && c <= 'Z')
		return c - 'A' + 10;
	return 99;
}

unsigned long strtoul(const char *s, char **end, int base)
{
	unsigned long v = 0;

	if ((base == 0 || base == 16) && s[0] == '0' && (s[1] == 'x' || s[1] == 'X') &&
	    digit_value(s[2]) < 16) {
		s += 2;
		base = 16;
	} else if (base == 0) {
		base = s[0] == '0' ? 8 : 10;
	}
	for (; digit_value(*s) < base; s++)
		v = v * (unsigned long)base + (unsigned long)digit_value(*s);
	if (end)
		*end = unconst(s);
	return v;
}
