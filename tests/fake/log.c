/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <cmocka.h>
#include "fake_cpu.h"
#include "lib/log.h"
#include "lib/panic.h"

char fake_last_log[256];
unsigned int fake_logs;
enum log_level log_threshold = LOG_DEBUG;
char fake_last_panic[256];

void log_line(enum log_level level, const char *fmt, ...)
{
	va_list ap;

	(void)level;
	va_start(ap, fmt);
	vsnprintf(fake_last_log, sizeof(fake_last_log), fmt, ap);
	va_end(ap);
	fake_logs++;
}

static void end(const char *fmt, va_list ap)
{
	vsnprintf(fake_last_panic, sizeof(fake_last_panic), fmt, ap);
	/* Comes back to expect_assert_failure(), or fails the test with the text. */
	mock_assert(0, fake_last_panic, __FILE__, __LINE__);
}

void panic(const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	end(fmt, ap);
	va_end(ap);
	abort();
}

void fatal(const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	end(fmt, ap);
	va_end(ap);
	abort();
}
