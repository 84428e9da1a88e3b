/* SPDX-License-Identifier: Apache-2.0 */
/* The ring and its sink. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>
#include "lib/log.h"

static char sunk[2048];
static unsigned int lines;
static bool locked;
static unsigned int takes;

static void sink(const char *line, size_t len)
{
	assert_true(locked);
	assert_true(len < sizeof(sunk));
	memcpy(sunk, line, len);
	sunk[len] = '\0';
	lines++;
}

static void lock(bool take)
{
	assert_int_equal(locked, !take);
	locked = take;
	takes += take;
}

static int setup(void **state)
{
	log_set_lock(lock);
	log_set_sink(sink);
	log_set_level(LOG_INFO);
	lines = 0;
	return 0;
}

static void a_line(void **state)
{
	uint64_t pos = log_end();
	char buf[100];
	size_t n;

	log_info("hello %d", 5);
	assert_string_equal(sunk, "(dormouse) hello 5\n");
	assert_false(locked);
	n = log_read(&pos, buf, sizeof(buf));
	assert_int_equal(n, 19);
	assert_memory_equal(buf, "(dormouse) hello 5\n", n);
	assert_int_equal(pos, log_end());
	assert_int_equal(log_read(&pos, buf, sizeof(buf)), 0);
}

static void levels(void **state)
{
	uint64_t end = log_end();

	log_debug("not wanted");
	assert_int_equal(lines, 0);
	assert_int_equal(log_end(), end);
	log_set_level(LOG_DEBUG);
	log_debug("wanted");
	assert_int_equal(lines, 1);
	log_set_level(LOG_ERR);
	log_warn("not wanted");
	log_err("wanted");
	assert_int_equal(lines, 2);
}

static void long_lines_are_cut_at_their_end(void **state)
{
	char big[1500];
	size_t len;

	memset(big, 'x', sizeof(big) - 1);
	big[sizeof(big) - 1] = '\0';
	log_info("%s", big);
	len = strlen(sunk);
	assert_in_range(len, 500, 512);
	assert_int_equal(sunk[len - 1], '\n');
	assert_int_equal(sunk[len - 2], 'x');
	for (size_t i = 0; i < len; i++)
		assert_int_not_equal(sunk[i], 0);
}

/* Reads everything from *pos on in odd pieces; the last lines must come out whole and in order. */
static void wrap(void **state)
{
	static char all[LOG_RING_SIZE + 1];
	uint64_t pos = 0;
	char piece[37];
	size_t have = 0, n;
	unsigned int first, last = 3000;
	char *p;

	for (unsigned int i = 0; i <= last; i++)
		log_info("line %06u", i);
	while ((n = log_read(&pos, piece, sizeof(piece)))) {
		assert_true(have + n <= LOG_RING_SIZE);
		memcpy(all + have, piece, n);
		have += n;
	}
	assert_int_equal(have, LOG_RING_SIZE);
	assert_int_equal(pos, log_end());
	all[have] = '\0';
	p = strchr(all, '\n') + 1;
	assert_int_equal(sscanf(p, "(dormouse) line %u", &first), 1);
	for (unsigned int i = first; i <= last; i++) {
		char want[40];

		snprintf(want, sizeof(want), "(dormouse) line %06u\n", i);
		assert_memory_equal(p, want, strlen(want));
		p += strlen(want);
	}
	assert_int_equal(*p, '\0');
}

static void a_position_in_the_future(void **state)
{
	uint64_t pos = log_end() + 100;
	char c;

	assert_int_equal(log_read(&pos, &c, 1), 0);
	assert_int_equal(pos, log_end());
}

static void without_sink_and_lock(void **state)
{
	uint64_t pos = log_end();
	char buf[64];
	unsigned int before = takes;

	log_set_lock(NULL);
	log_set_sink(NULL);
	log_info("early");
	assert_int_equal(log_read(&pos, buf, sizeof(buf)), strlen("(dormouse) early\n"));
	assert_int_equal(takes, before);
	assert_int_equal(lines, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(a_line, setup),
		cmocka_unit_test_setup(levels, setup),
		cmocka_unit_test_setup(long_lines_are_cut_at_their_end, setup),
		cmocka_unit_test_setup(wrap, setup),
		cmocka_unit_test_setup(a_position_in_the_future, setup),
		cmocka_unit_test_setup(without_sink_and_lock, setup),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
