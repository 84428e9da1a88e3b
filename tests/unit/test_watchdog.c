/* SPDX-License-Identifier: Apache-2.0 */
/* A domain's watchdogs: numbers, deadlines, and that they stand still while they are held. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>
#include "core/timer.h"
#include "core/watchdog.h"
#include "fake_cpu.h"
#include "lib/err.h"

#define SECOND 1000000000UL /* the fake counter's */

struct domain *domains[MAX_DOMAINS];
static struct domain a = { .id = 1 }, b = { .id = 5 };
static struct timer *armed;
static unsigned int shut[MAX_DOMAINS];

struct domain *domain_by_id(uint16_t id)
{
	return domains[id];
}

void domain_shutdown(struct domain *d, enum domain_shutdown_reason reason)
{
	assert_int_equal(reason, DOMAIN_WATCHDOG);
	assert_int_equal(fake_locks_held, 0);
	shut[d->id]++;
	watchdog_stop(d);
}

void timer_set(struct timer *t, uint64_t deadline)
{
	t->deadline = deadline;
	armed = t;
}

void timer_cancel(struct timer *t)
{
	armed = NULL;
}

/* Time passes, and the timer fires when it is due, not before. */
static void pass(uint64_t seconds)
{
	uint64_t end = fake_counter + seconds * SECOND;

	while (armed && armed->deadline <= end) {
		struct timer *t = armed;

		if (fake_counter < t->deadline)
			fake_counter = t->deadline;
		armed = NULL;
		t->fn(t);
	}
	fake_counter = end;
}

static int setup(void **state)
{
	watchdog_stop(&a);
	watchdog_stop(&b);
	assert_null(armed);
	fake_cpu_reset();
	fake_counter_step = 0;
	fake_counter = 77 * SECOND;
	memset(shut, 0, sizeof(shut));
	a.watchdog_holds = b.watchdog_holds = 0;
	domains[1] = &a;
	domains[5] = &b;
	return 0;
}

static void test_numbers(void **state)
{
	assert_int_equal(watchdog_set(&a, 0, 0), -EINVAL);
	assert_int_equal(watchdog_set(&a, 3, 1), -EINVAL);
	assert_int_equal(watchdog_set(&a, 0xffffffff, 1), -EINVAL);
	assert_int_equal(watchdog_set(&a, 1, 1), -EINVAL); /* not armed */
	assert_int_equal(watchdog_set(&a, 1, 0), -EINVAL);
	assert_int_equal(watchdog_set(&a, 0, 10), 1);
	assert_int_equal(watchdog_set(&a, 0, 10), 2);
	assert_int_equal(watchdog_set(&a, 0, 10), -ENOSPC);
	assert_int_equal(watchdog_set(&b, 0, 10), 1); /* each domain has its own */
	assert_int_equal(watchdog_set(&a, 1, 0), 0);
	assert_int_equal(watchdog_set(&a, 1, 5), -EINVAL);
	assert_int_equal(watchdog_set(&a, 0, 10), 1);
	assert_int_equal(watchdog_set(&a, 2, 0), 0);
	assert_int_equal(watchdog_set(&a, 1, 0), 0);
	assert_int_equal(watchdog_set(&b, 1, 0), 0);
	assert_null(armed);
}

static void test_runs_out(void **state)
{
	assert_int_equal(watchdog_set(&a, 0, 10), 1);
	assert_int_equal(watchdog_set(&b, 0, 20), 1);
	pass(9);
	assert_int_equal(shut[1], 0);
	assert_int_equal(watchdog_set(&a, 1, 10), 0); /* fed */
	pass(9);
	assert_int_equal(shut[1], 0);
	pass(1);
	assert_int_equal(shut[1], 1);
	assert_int_equal(shut[5], 0);
	pass(1);
	assert_int_equal(shut[1], 1); /* once */
	assert_int_equal(shut[5], 1);
	assert_null(armed);
}

/* The longest there is neither wraps nor fires at once. */
static void test_longest(void **state)
{
	assert_int_equal(watchdog_set(&a, 0, 0xffffffff), 1);
	assert_int_equal(watchdog_set(&a, 0, 1), 2);
	assert_int_equal(watchdog_set(&a, 2, 0), 0);
	pass(1000000);
	assert_int_equal(shut[1], 0);
	assert_int_equal(armed->deadline, 77 * SECOND + 0xffffffffUL * SECOND);
}

static void test_held(void **state)
{
	assert_int_equal(watchdog_set(&a, 0, 10), 1);
	assert_int_equal(watchdog_set(&b, 0, 100), 1);
	pass(7);
	watchdog_hold(&a);
	pass(50);
	watchdog_hold(&a); /* the machine sleeps, too */
	pass(20);
	watchdog_release(&a);
	pass(20);
	assert_int_equal(shut[1], 0);
	watchdog_release(&a);
	pass(2);
	assert_int_equal(shut[1], 0);
	pass(1);
	assert_int_equal(shut[1], 1); /* what was left: three seconds */
	assert_int_equal(shut[5], 1); /* and the other one's went on */
}

/* Held at the moment when it is due, or armed while held: neither lost nor early. */
static void test_held_at_the_edge(void **state)
{
	assert_int_equal(watchdog_set(&a, 0, 10), 1);
	fake_counter += 10 * SECOND; /* due, but its timer hasn't fired yet */
	watchdog_hold(&a);
	pass(100);
	assert_int_equal(shut[1], 0);
	assert_int_equal(watchdog_set(&a, 0, 5), 2);
	watchdog_release(&a);
	pass(0);
	assert_int_equal(shut[1], 1);

	setup(state);
	watchdog_hold(&a);
	assert_int_equal(watchdog_set(&a, 0, 5), 1);
	pass(100);
	watchdog_release(&a);
	pass(4);
	assert_int_equal(shut[1], 0);
	pass(1);
	assert_int_equal(shut[1], 1);
}

/* Down by another way, or taken away: nothing is left of it. */
static void test_stopped(void **state)
{
	assert_int_equal(watchdog_set(&a, 0, 10), 1);
	assert_int_equal(watchdog_set(&b, 0, 30), 1);
	watchdog_stop(&a);
	watchdog_stop(&a);
	memset(&a.watchdog_link, 0x55, sizeof(a.watchdog_link)); /* may be freed */
	domains[1] = NULL;
	pass(30);
	assert_int_equal(shut[1], 0);
	assert_int_equal(shut[5], 1);
	memset(&a.watchdog_link, 0, sizeof(a.watchdog_link));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(test_numbers, setup),
		cmocka_unit_test_setup(test_runs_out, setup),
		cmocka_unit_test_setup(test_longest, setup),
		cmocka_unit_test_setup(test_held, setup),
		cmocka_unit_test_setup(test_held_at_the_edge, setup),
		cmocka_unit_test_setup(test_stopped, setup),
	};

	return cmocka_run_group_tests_name("watchdog", tests, NULL, NULL);
}
