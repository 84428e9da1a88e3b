/* SPDX-License-Identifier: Apache-2.0 */
/* Two domains with the policy "veto", one quick and one slow, over sleeps that follow close upon each other. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
#include "core/domain.h"
#include "core/domain_power.h"
#include "core/timer.h"
#include "fake_cpu.h"
#include "fake_sysreg.h"
#include "lib/err.h"
#include "suspend/ask.h"
#include "suspend/freeze.h"

#define GRACE_MS 2000
#define VETO_MS  5000
enum { DOM0, QUICK, SLOW };

static struct vcpu vcpu;
static struct vcpu *vcpus[] = { &vcpu };
static struct domain doms[] = {
	[DOM0] = { .id = 0, .name = "dom0", .privileged = true, .vcpus = vcpus, .nr_vcpus = 1 },
	[QUICK] = { .id = 1, .name = "quick" },
	[SLOW] = { .id = 2, .name = "slow" },
};
struct domain *domains[MAX_DOMAINS] = { &doms[DOM0], &doms[QUICK], &doms[SLOW] };
static unsigned int keys[ARRAY_SIZE(doms)], wakes[ARRAY_SIZE(doms)];
static struct timer *grace;

struct domain *domain_by_id(uint16_t id)
{
	return domains[id];
}

int domain_pause_sync(struct domain *d)
{
	d->pause_count++;
	return 0;
}

void domain_unpause(struct domain *d)
{
	assert_true(d->pause_count);
	d->pause_count--;
}

int domain_suspend_request(struct domain *d)
{
	if (d->state != DOMAIN_RUNNING)
		return -EBUSY;
	keys[d->id]++;
	return 0;
}

uint32_t domain_veto_ms(const struct domain *d)
{
	return VETO_MS;
}

bool domain_wake(struct domain *d, uint32_t vintid, bool slept)
{
	if (d->state != DOMAIN_SUSPENDED)
		return false;
	d->state = DOMAIN_RUNNING;
	wakes[d->id]++;
	return true;
}

void timer_set(struct timer *t, uint64_t deadline)
{
	t->deadline = deadline;
	grace = t;
}

void timer_cancel(struct timer *t)
{
	grace = NULL;
}

static void pass_grace(void)
{
	struct timer *t = grace;

	assert_non_null(t);
	grace = NULL;
	fake_counter = t->deadline;
	t->fn(t);
}

static bool name_it(void *ctx, const struct suspend_blocker *b)
{
	fail_msg("%s: %s", b->name, b->reason);
	return true;
}

/* All have suspended who were asked: the machine sleeps, and Dom0 is back. */
static void sleep_and_wake(void)
{
	freeze_ask_over(true);
	assert_true(freeze_blockers(name_it, NULL));
	assert_int_equal(freeze_domains(), 0);
	freeze_unloaded();
	freeze_thaw(true);
	freeze_ask_over(false);
	freeze_ask_done();
	vcpu.run_since = ++fake_counter;
}

static int setup(void **state)
{
	fake_sysreg_reset();
	fake_counter = 1000;
	grace = NULL;
	freeze_set_grace(GRACE_MS);
	for (unsigned int i = 0; i < ARRAY_SIZE(doms); i++) {
		doms[i].state = DOMAIN_RUNNING;
		doms[i].pause_count = 0;
		doms[i].host_suspend = i == DOM0 ? HOST_SUSPEND_FREEZE : HOST_SUSPEND_VETO;
		doms[i].vgpio = (void *)&doms[i];
		keys[i] = wakes[i] = 0;
	}
	return 0;
}

static void both_sleep_once(void)
{
	assert_int_equal(ask_all(1), 2);
	doms[QUICK].state = doms[SLOW].state = DOMAIN_SUSPENDED;
	assert_false(ask_waits());
	sleep_and_wake();
	assert_int_equal(wakes[QUICK] + wakes[SLOW], 0);
}

static void test_each_goes_on_after_the_grace_time(void **state)
{
	both_sleep_once();
	pass_grace();
	assert_int_equal(wakes[QUICK], 1);
	assert_int_equal(wakes[SLOW], 1);
	assert_int_equal(doms[QUICK].pause_count, 0);
}

/*
 * The next sleep is asked for within the grace time, and the slow one, which an alarm of its own has woken since, takes
 * longer than that: the quick one, whose turn comes meanwhile, sleeps on, as it would only have to be asked again.
 */
static void test_asked_again_within_the_grace_time(void **state)
{
	both_sleep_once();
	doms[SLOW].state = DOMAIN_RUNNING;
	assert_int_equal(ask_all(2), 1);
	assert_true(ask_waits());
	pass_grace();
	assert_int_equal(doms[QUICK].pause_count, 0);
	assert_int_equal(doms[QUICK].state, DOMAIN_SUSPENDED);
	doms[SLOW].state = DOMAIN_SUSPENDED;
	sleep_and_wake();
	pass_grace();
	assert_int_equal(keys[QUICK], 1);
	assert_int_equal(keys[SLOW], 2);
	assert_int_equal(wakes[QUICK], 1);
	assert_int_equal(wakes[SLOW], 1);
}

/* The same, but the request comes to nothing: both go on then. */
static void test_asked_again_in_vain(void **state)
{
	both_sleep_once();
	doms[SLOW].state = DOMAIN_RUNNING;
	assert_int_equal(ask_all(2), 1);
	pass_grace();
	assert_int_equal(wakes[QUICK], 0);
	freeze_ask_over(false);
	freeze_ask_done();
	assert_int_equal(wakes[QUICK], 1);
	assert_int_equal(doms[SLOW].state, DOMAIN_RUNNING);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(test_each_goes_on_after_the_grace_time, setup),
		cmocka_unit_test_setup(test_asked_again_within_the_grace_time, setup),
		cmocka_unit_test_setup(test_asked_again_in_vain, setup),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
