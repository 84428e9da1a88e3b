/* SPDX-License-Identifier: Apache-2.0 */
#include "tap.h"

#include "psci.h"

static uint32_t checks, failures;
static const char *skipped;

bool tap_check(bool ok, const char *file, int line, const char *fmt, ...)
{
	va_list ap;

	__atomic_fetch_add(&checks, 1, __ATOMIC_RELAXED);
	if (ok)
		return true;
	/* The first few say it; a loop of checks must not drown them. */
	if (__atomic_fetch_add(&failures, 1, __ATOMIC_RELAXED) >= 8)
		return false;
	va_start(ap, fmt);
	print_lock();
	print_locked("# %s:%d: ", file, line);
	vprint_locked(fmt, ap);
	print_locked("\n");
	print_unlock();
	va_end(ap);
	return false;
}

void tap_skip(const char *why)
{
	skipped = why;
}

static void run_one(unsigned int n, const struct test *t)
{
	checks = 0;
	failures = 0;
	skipped = 0;
	t->run();
	if (!checks && !skipped)
		print("# nothing was checked\n");
	if (failures || (!checks && !skipped))
		print("not ok %u - %s\n", n, t->name);
	else if (!checks)
		print("ok %u - %s # SKIP %s\n", n, t->name, skipped);
	else
		print("ok %u - %s\n", n, t->name);
}

void tap_run(void)
{
	print("TAP version 13\n1..%u\n", guest_nr_tests);
	for (unsigned int i = 0; i < guest_nr_tests; i++)
		run_one(i + 1, &guest_tests[i]);
	print("# end\n");
}

void tap_bail(const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	/* Not locked: the lock's holder may be who failed. */
	print_locked("\nBail out! ");
	vprint_locked(fmt, ap);
	print_locked("\n");
	va_end(ap);
	psci_system_off();
}
