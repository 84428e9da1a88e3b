/* SPDX-License-Identifier: Apache-2.0 */
#include <stdarg.h>
#include "lib/log.h"
#include "lib/panic.h"
#include "lib/print.h"

static struct {
	panic_hook_fn *begin;
	panic_hook_fn *dump;
	panic_hook_fn *end;
	unsigned int depth; /* atomic: how many have come here */
	char text[256];     /* of the first */
} last_words;

void panic_set_hook(panic_hook_fn *hook)
{
	last_words.dump = hook;
}

void panic_set_begin(panic_hook_fn *begin)
{
	last_words.begin = begin;
}

void panic_set_end(panic_hook_fn *end)
{
	last_words.end = end;
}

static void call(panic_hook_fn *hook)
{
	if (hook)
		hook();
}

static __noreturn void halt(void)
{
	for (;;)
		__asm__ volatile("" ::: "memory");
}

/* Some seconds at most, on any machine; there may be no clock to ask any more. */
#define LAST_WORDS_SPINS (1U << 27)

/*
 * A second CPU, or a panic within the panic, must not garble the first one's words. Which of the
 * two it is can't be told here, so both give the first some time to finish before they end it
 * themselves.
 */
static __noreturn void stop(const char *kind, bool dump, const char *fmt, va_list ap)
{
	unsigned int depth = __atomic_fetch_add(&last_words.depth, 1, __ATOMIC_ACQ_REL);

	if (depth == 0) {
		/* Whoever holds the log's lock may be stopped, or be us. */
		log_set_lock(NULL);
		call(last_words.begin);
		print_vformat(last_words.text, sizeof(last_words.text), fmt, ap);
		log_line(LOG_ERR, "%s: %s", kind, last_words.text);
		if (dump)
			call(last_words.dump);
	} else {
		for (volatile unsigned int i = 0; i < LAST_WORDS_SPINS; i++)
			;
	}
	if (depth < 3)
		call(last_words.end);
	halt();
}

void panic(const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	stop("panic", true, fmt, ap);
	/* Unreachable, but va_start() wants its end (C11 7.16.1). */
	va_end(ap);
}

void fatal(const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	stop("fatal", false, fmt, ap);
	/* Unreachable, but va_start() wants its end (C11 7.16.1). */
	va_end(ap);
}
