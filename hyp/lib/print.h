/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Formatted text. Conversions: %s %c %d %i %u %x %p %%, with '0', '-', '#' (0x), a width or '*', a
 * precision for %s, and the length modifiers l, ll, z. Anything else is printed as it stands.
 */
#ifndef DM_LIB_PRINT_H
#define DM_LIB_PRINT_H

#include <stdarg.h>
#include "lib/types.h"

/*
 * Writes at most size - 1 characters and a terminating zero (none if size is 0).
 * Returns the length the whole text has, as C11's vsnprintf does.
 */
size_t print_vformat(char *buf, size_t size, const char *fmt, va_list ap) __printf_like(3, 0);
size_t print_format(char *buf, size_t size, const char *fmt, ...) __printf_like(3, 4);

#endif
