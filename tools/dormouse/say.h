/* SPDX-License-Identifier: Apache-2.0 */
/* What all of the tool uses: exit statuses, messages, memory that is there. */
#ifndef TOOL_SAY_H
#define TOOL_SAY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

/* As xl's. */
#define STATUS_OK    0
#define STATUS_FAIL  1
#define STATUS_USAGE 2

#define ARRAY_SIZE(a) (sizeof(a) / sizeof((a)[0]))

/* "dormouse", or "xl" when it was called so. */
extern const char *program_name;

/* "NAME: message" on stderr, with a newline. */
void say_error(const char *format, ...) __attribute__((format(printf, 1, 2)));
void say_warning(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* "no such domain" and the like for -err, in the hypervisor's sense; strerror() for the rest. */
const char *say_errno(int err);

/* These end the program when there is no memory. */
void *xcalloc(size_t n, size_t size);
void *xrealloc(void *p, size_t size);
char *xstrdup(const char *s);
char *xformat(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* A whole decimal, octal or hexadecimal number with nothing behind it. */
bool parse_u64(const char *s, uint64_t max, uint64_t *out);
/* "30", "30s", "500ms", "5m", "2h": milliseconds. */
bool parse_duration(const char *s, uint64_t *ms);
/* "0-3,5", "^1", "all": bits; false with *why set to what is wrong. */
bool parse_cpus(const char *s, uint64_t *mask, const char **why);

#endif
