/* SPDX-License-Identifier: Apache-2.0 */
/* The order of a panic's last words, and that it needs no lock. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>
#include "lib/log.h"
#include "lib/panic.h"

static jmp_buf out;
static char story[600];

static void tell(const char *what)
{
	strcat(story, what);
	strcat(story, ";");
}

static void begin(void)
{
	tell("begin");
}

static void dump(void)
{
	tell("dump");
	log_err("x0 = 1");
}

static void end(void)
{
	tell("end");
	longjmp(out, 1);
}

static void sink(const char *line, size_t len)
{
	strncat(story, line, len - 1);
	strcat(story, ";");
}

static void lock(bool take)
{
	fail_msg("the log's lock may be held for ever");
}

/* panic() is for once in a life: the second here is what a second CPU would do. */
static void last_words(void **state)
{
	log_set_sink(sink);
	log_set_lock(lock);
	panic_set_begin(begin);
	panic_set_hook(dump);
	panic_set_end(end);
	if (!setjmp(out))
		panic("no %s", "way");
	assert_string_equal(story, "begin;(dormouse) panic: no way;dump;(dormouse) x0 = 1;end;");
	story[0] = '\0';
	if (!setjmp(out))
		fatal("me too");
	assert_string_equal(story, "end;");
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(last_words) };

	return cmocka_run_group_tests(tests, NULL, NULL);
}
