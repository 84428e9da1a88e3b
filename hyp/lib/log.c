/* SPDX-License-Identifier: Apache-2.0 */
#include <stdarg.h>
#include "lib/log.h"
#include "lib/print.h"
#include "lib/string.h"

#define LOG_PREFIX   "(dormouse) "
#define LOG_LINE_MAX 512

#define RING_MAGIC   0x676c6d64u /* "dmlg" */
#define END_MAX      ((uint64_t)1 << 48)

static struct {
	log_sink_fn *sink; /* constant after boot, but for a panic */
	log_lock_fn *lock;
	log_clean_fn *clean;
	uint64_t start;          /* constant after boot: ring.end then */
	char line[LOG_LINE_MAX]; /* lock: here and not on the stack, which is small */
} logger;

static struct {
	uint32_t magic;
	uint32_t size;
	uint64_t end;              /* lock: bytes written since power-up */
	char bytes[LOG_RING_SIZE]; /* lock: byte number n is at n % LOG_RING_SIZE */
} ring __noinit;

/* Apart: an initial value would put the whole ring into the image. */
enum log_level log_threshold = LOG_INFO;

static char last_error[LOG_LINE_MAX]; /* lock */

const char *log_last_error(void)
{
	return last_error;
}

void log_set_sink(log_sink_fn *sink)
{
	logger.sink = sink;
}

void log_set_lock(log_lock_fn *lock)
{
	logger.lock = lock;
}

void log_set_level(enum log_level level)
{
	log_threshold = level;
}

void log_set_clean(log_clean_fn *clean)
{
	logger.clean = clean;
}

void log_take_over(void)
{
	if (ring.magic != RING_MAGIC || ring.size != LOG_RING_SIZE || ring.end > END_MAX)
		ring.end = 0;
	ring.magic = RING_MAGIC;
	ring.size = LOG_RING_SIZE;
	logger.start = ring.end;
}

static void clean(const void *p, size_t size)
{
	if (logger.clean)
		logger.clean(p, size);
}

/* The bytes first: a reset in between loses the line, and nothing else. */
static void ring_append(const char *text, size_t len)
{
	while (len) {
		size_t at = ring.end % LOG_RING_SIZE;
		size_t part = min_u64(len, LOG_RING_SIZE - at);

		memcpy(ring.bytes + at, text, part);
		clean(ring.bytes + at, part);
		ring.end += part;
		text += part;
		len -= part;
	}
	clean(&ring, offsetof(__typeof__(ring), bytes));
}

void log_vline(enum log_level level, const char *fmt, va_list ap)
{
	const size_t prefix = sizeof(LOG_PREFIX) - 1;
	const size_t room =
	        LOG_LINE_MAX - prefix - 1; /* of the text; the newline takes the zero's place */
	/* Whoever takes the lock gives the same one back, should a panic remove it meanwhile. */
	log_lock_fn *lock = logger.lock;
	size_t len;

	if (level > log_threshold)
		return;
	if (lock)
		lock(true);

	memcpy(logger.line, LOG_PREFIX, prefix);
	len = min_u64(print_vformat(logger.line + prefix, room, fmt, ap), room - 1) + prefix;
	if (level == LOG_ERR) {
		logger.line[len] = '\0';
		str_copy(last_error, logger.line + prefix, sizeof(last_error));
	}
	logger.line[len++] = '\n';
	ring_append(logger.line, len);
	if (logger.sink)
		logger.sink(logger.line, len);

	if (lock)
		lock(false);
}

void log_line(enum log_level level, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	log_vline(level, fmt, ap);
	va_end(ap);
}

uint64_t log_start(void)
{
	return logger.start;
}

uint64_t log_end(void)
{
	return __atomic_load_n(&ring.end, __ATOMIC_RELAXED);
}

size_t log_read(uint64_t *pos, char *buf, size_t size)
{
	log_lock_fn *lock = logger.lock;
	size_t copied = 0;

	if (lock)
		lock(true);

	if (*pos > ring.end)
		*pos = ring.end;
	if (ring.end - *pos > LOG_RING_SIZE)
		*pos = ring.end - LOG_RING_SIZE;
	while (copied < size && *pos < ring.end) {
		size_t at = *pos % LOG_RING_SIZE;
		size_t part = min_u64(min_u64(ring.end - *pos, size - copied), LOG_RING_SIZE - at);

		memcpy(buf + copied, ring.bytes + at, part);
		*pos += part;
		copied += part;
	}

	if (lock)
		lock(false);
	return copied;
}
