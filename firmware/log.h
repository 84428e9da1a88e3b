/* SPDX-License-Identifier: Apache-2.0 */
/* The firmware's log, on the secure UART; and its last words, on both UARTs. */
#ifndef FW_LOG_H
#define FW_LOG_H

#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>

/* Sets the secure UART up; CPU 0, after each reset. */
void log_init(void);

/*
 * One line (a newline is added), prefixed with the time in seconds. Formats: %s %c %d %u %x with
 * an optional `l`, `0` and width. Any CPU, any time; lines don't mix.
 */
void log_line(const char *fmt, ...) __attribute__((format(printf, 1, 2)));

/* The same, only if the firmware was started with verbose=1. */
void log_verbose(const char *fmt, ...) __attribute__((format(printf, 1, 2)));

/*
 * "dormouse-firmware: fatal: ..." on the normal world's console and in the log, then power off.
 * The harness looks for this prefix: a power-off from here has no exit status of its own.
 */
void fatal(const char *fmt, ...) __attribute__((noreturn, format(printf, 1, 2)));

/* "dormouse-firmware: ..." on the normal world's console and in the log, going on. */
void warn(const char *fmt, ...) __attribute__((format(printf, 1, 2)));

#endif /* FW_LOG_H */
