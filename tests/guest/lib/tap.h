/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A guest is a table of tests; each is one point of the Test Anything Protocol on the console.
 * A test that checked nothing and wasn't skipped has failed.
 */
#ifndef GUEST_TAP_H
#define GUEST_TAP_H

#include <stdbool.h>

#include "print.h"
#include "sysreg.h"

struct test {
	const char *name;
	void (*run)(void);
};
extern const struct test guest_tests[];
extern const unsigned int guest_nr_tests;

#define GUEST_TESTS(...)                                   \
	const struct test guest_tests[] = { __VA_ARGS__ }; \
	const unsigned int guest_nr_tests = ARRAY_SIZE(guest_tests)

/* Counts a check of the running test; on failure prints file, line and what it says. Any CPU. */
bool tap_check(bool ok, const char *file, int line, const char *fmt, ...)
        __attribute__((format(printf, 4, 5)));
#define check(cond)       tap_check((cond), __FILE__, __LINE__, "%s", #cond)
#define checkf(cond, ...) tap_check((cond), __FILE__, __LINE__, __VA_ARGS__)
#define check_eq(got, want)                                                                       \
	({                                                                                        \
		uint64_t got_ = (uint64_t)(got), want_ = (uint64_t)(want);                        \
		tap_check(got_ == want_, __FILE__, __LINE__, "%s is 0x%lx, should be %s = 0x%lx", \
		          #got, got_, #want, want_);                                              \
	})
/* Ends the test, a void function, if it fails. */
#define need(cond)                \
	do {                      \
		if (!check(cond)) \
			return;   \
	} while (0)

void tap_skip(const char *why);
#define skip_if(cond, why)             \
	do {                           \
		if (cond) {            \
			tap_skip(why); \
			return;        \
		}                      \
	} while (0)

void tap_run(void);
/* "Bail out!": nothing more can be tested. Powers off. */
void tap_bail(const char *fmt, ...) __attribute__((noreturn, format(printf, 1, 2)));

#endif
