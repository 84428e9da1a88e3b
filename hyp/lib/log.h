/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The log: a ring in RAM that keeps the last LOG_RING_SIZE bytes, and a sink (the console, once
 * there is one) that gets each line as it is written. Any layer may log; it never fails, allocates
 * or waits. A line is "(dormouse) " + the text + newline. Callers pass no trailing newline.
 * The ring is kept through a reset that keeps RAM, so that the next boot has the last lines before it.
 *
 * Locks: takes the log lock (a leaf, see docs/locking.md); the sink is called under it, so that
 * lines of several CPUs don't mix.
 */
#ifndef DM_LIB_LOG_H
#define DM_LIB_LOG_H

#include <stdarg.h>
#include "lib/types.h"

#define LOG_RING_SIZE 16384

enum log_level {
	LOG_ERR,   /* something is wrong and somebody must act */
	LOG_WARN,  /* something is odd; the system goes on */
	LOG_INFO,  /* milestones; printed by default */
	LOG_DEBUG, /* for `loglevel=debug` */
};

typedef void log_sink_fn(const char *line, size_t len);
typedef void log_lock_fn(bool take);
typedef void log_clean_fn(const volatile void *p, size_t size);

/* The sink and the lock come from higher layers; before they are set, lines go to the ring only. */
void log_set_sink(log_sink_fn *sink);
void log_set_lock(log_lock_fn *lock);
void log_set_level(enum log_level level);
extern enum log_level log_threshold; /* what log_set_level() was given */
/* Puts what was written where a reset keeps it: out of the caches. */
void log_set_clean(log_clean_fn *clean);

/* First of all at boot: takes over what a reset has left of the ring, or begins with an empty one. */
void log_take_over(void);

void log_line(enum log_level level, const char *fmt, ...) __printf_like(2, 3);
void log_vline(enum log_level level, const char *fmt, va_list ap) __printf_like(2, 0);

#define log_err(...)   log_line(LOG_ERR, __VA_ARGS__)
#define log_warn(...)  log_line(LOG_WARN, __VA_ARGS__)
#define log_info(...)  log_line(LOG_INFO, __VA_ARGS__)
/* Looked at before the call: these are where guests pass by often. */
#define log_debug(...)                                  \
	do {                                            \
		if (unlikely(log_threshold >= LOG_DEBUG)) \
			log_line(LOG_DEBUG, __VA_ARGS__); \
	} while (0)

/* The text of the last log_err(), or "". For boot's fatal(): what exactly was wrong. The boot CPU alone. */
const char *log_last_error(void);

/*
 * Copies up to size bytes of the ring, from byte number *pos on, into buf and
 * moves *pos behind them. Bytes already overwritten are skipped. Returns how many were copied.
 */
size_t log_read(uint64_t *pos, char *buf, size_t size);
/*
 * Where this boot's lines begin, and where log_read() would go on with what comes next. Bytes before the start, of an
 * earlier boot, may be torn.
 */
uint64_t log_start(void);
uint64_t log_end(void);

#endif
