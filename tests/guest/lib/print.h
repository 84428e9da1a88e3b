/* SPDX-License-Identifier: Apache-2.0 */
/* Text on the PL011 (DDI 0183). */
#ifndef GUEST_PRINT_H
#define GUEST_PRINT_H

#include <stdarg.h>
#include <stdint.h>

void console_init(uintptr_t uart); /* a PL011 */
int console_get(void);             /* a character that has come in, or -1 */
/* %s %c %d %u %x %p, l and ll, a width with or without leading 0. One CPU at a time. */
void print(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
/* The pieces of a line that is printed in one go: take the lock first. */
void print_lock(void);
void print_unlock(void);
void vprint_locked(const char *fmt, va_list ap);
void print_locked(const char *fmt, ...) __attribute__((format(printf, 1, 2)));

#endif
