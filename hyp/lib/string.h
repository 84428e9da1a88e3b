/* SPDX-License-Identifier: Apache-2.0 */
/* The part of <string.h> and <stdlib.h> that the hypervisor and libfdt use (C11, section 7.24). */
#ifndef DM_LIB_STRING_H
#define DM_LIB_STRING_H

#include "lib/types.h"

void *memcpy(void *dst, const void *src, size_t n);
void *memmove(void *dst, const void *src, size_t n);
void *memset(void *dst, int c, size_t n);
int memcmp(const void *a, const void *b, size_t n);
void *memchr(const void *s, int c, size_t n);
size_t strlen(const char *s);
size_t strnlen(const char *s, size_t max);
int strcmp(const char *a, const char *b);
int strncmp(const char *a, const char *b, size_t n);
char *strchr(const char *s, int c);
char *strrchr(const char *s, int c);
unsigned long strtoul(const char *s, char **end, int base);

/*
 * Copies src into dst[size], cut if need be, always terminated when size > 0.
 * Returns strlen(src): a result >= size says that it was cut.
 */
size_t str_copy(char *dst, const char *src, size_t size);

#endif
