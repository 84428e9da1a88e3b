/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The firmware's watchdog (abi/smc_wdt.h), natively; under Dormouse there is none for a guest. Before the tests the
 * guest hangs as thoroughly as it can: interrupts masked at the CPU and at the GIC. What its memory holds afterwards
 * says whether the watchdog came, and when.
 */
#include "abi/smc_wdt.h"
#include "gic.h"
#include "psci.h"
#include "smp.h"
#include "timer.h"

#define GIVE_UP_MS 10000

/* At the end of RAM: neither the image nor what the firmware loads is there. */
#define TRACE_MAGIC 0x7761746368646f67ul
struct trace {
	uint64_t magic, pattern[500];
	uint64_t armed, last_alive; /* count_virt() */
};

static struct trace *trace(void)
{
	return (struct trace *)(plat.ram_base + plat.ram_size - 4096);
}

static struct trace before; /* the reset, if there was one */

static int32_t call(uint32_t what, uint32_t arg, uint32_t *r1, uint32_t *r2)
{
	struct smccc_regs r = { .x = { plat.watchdog ? plat.watchdog : SMC_WDT_ID, what, arg } };

	smccc_call(&r);
	if (r1)
		*r1 = (uint32_t)r.x[1];
	if (r2)
		*r2 = (uint32_t)r.x[2];
	return (int32_t)r.x[0];
}

static void hang(struct trace *t)
{
	uint64_t end = deadline_ms(GIVE_UP_MS);

	irq_disable();
	gic_set_pmr(0);
	t->armed = count_virt();
	call(SMC_WDT_SET_TIMEOUT, 1, 0, 0);
	call(SMC_WDT_ENABLE, 1, 0, 0);
	while (!passed(end)) {
		t->last_alive = count_virt();
		cache_clean(t, sizeof(*t));
	}
	call(SMC_WDT_ENABLE, 0, 0, 0);
	tap_bail("a hang went on for %u ms", GIVE_UP_MS);
}

void before_tests(void);

/* Called by start.c. */
void before_tests(void)
{
	struct trace *t = trace();

	before = *t;
	if (plat.dormouse || before.magic == TRACE_MAGIC)
		return;
	if (!plat.watchdog)
		tap_bail("the firmware has no watchdog");
	for (unsigned int i = 0; i < ARRAY_SIZE(t->pattern); i++)
		t->pattern[i] = i * 0x9e3779b97f4a7c15ul;
	t->magic = TRACE_MAGIC;
	hang(t);
}

/* A second and not much more, for the emulator's sake; memory is kept. */
static void a_hang_is_caught(void)
{
	uint64_t lived = before.last_alive - before.armed;

	skip_if(plat.dormouse, "Dormouse keeps it to itself");
	need(before.magic == TRACE_MAGIC);
	checkf(lived > ticks_us(900000) && lived < ticks_us(4000000), "lived %lu of %lu ticks a second", lived,
	       sysreg_read(cntfrq_el0));
	for (unsigned int i = 0; i < ARRAY_SIZE(before.pattern); i++)
		checkf(before.pattern[i] == i * 0x9e3779b97f4a7c15ul, "word %u is %lx", i, before.pattern[i]);
	trace()->magic = 0;
}

static void not_for_guests(void)
{
	skip_if(!plat.dormouse, "natively it is there");
	check(!plat.watchdog);
	for (uint32_t what = SMC_WDT_INIT; what <= SMC_WDT_TIMELEFT; what++)
		check_eq(call(what, 1, 0, 0), PSCI_NOT_SUPPORTED);
}

static uint32_t shortest, longest;

static bool is_there(void)
{
	return call(SMC_WDT_INIT, 0, &shortest, &longest) == PSCI_SUCCESS;
}

static void range(void)
{
	skip_if(plat.dormouse, "Dormouse keeps it to itself");
	need(is_there());
	check(shortest >= 1);
	check(longest >= 60);
}

static void bad_arguments(void)
{
	skip_if(plat.dormouse, "Dormouse keeps it to itself");
	need(is_there());
	check_eq(call(SMC_WDT_SET_TIMEOUT, shortest - 1, 0, 0), PSCI_INVALID_PARAMETERS);
	check_eq(call(SMC_WDT_SET_TIMEOUT, longest + 1, 0, 0), PSCI_INVALID_PARAMETERS);
	check_eq(call(SMC_WDT_SET_TIMEOUT, ~0u, 0, 0), PSCI_INVALID_PARAMETERS);
	check_eq(call(SMC_WDT_ENABLE, 2, 0, 0), PSCI_INVALID_PARAMETERS);
	check_eq(call(5, 0, 0, 0), PSCI_NOT_SUPPORTED);
	check_eq(call(~0u, 0, 0, 0), PSCI_NOT_SUPPORTED);
}

static void time_left(void)
{
	uint32_t left = 0;

	skip_if(plat.dormouse, "Dormouse keeps it to itself");
	check_eq(call(SMC_WDT_TIMELEFT, 0, 0, 0), PSCI_DISABLED);
	check_eq(call(SMC_WDT_PET, 0, 0, 0), PSCI_SUCCESS);
	check_eq(call(SMC_WDT_SET_TIMEOUT, 60, 0, 0), PSCI_SUCCESS);
	check_eq(call(SMC_WDT_TIMELEFT, 0, 0, 0), PSCI_DISABLED);
	check_eq(call(SMC_WDT_ENABLE, 1, 0, 0), PSCI_SUCCESS);
	delay_us(1100000);
	check_eq(call(SMC_WDT_TIMELEFT, 0, &left, 0), PSCI_SUCCESS);
	checkf(left >= 30 && left <= 59, "%u s are left", left);
	check_eq(call(SMC_WDT_PET, 0, 0, 0), PSCI_SUCCESS);
	check_eq(call(SMC_WDT_TIMELEFT, 0, &left, 0), PSCI_SUCCESS);
	checkf(left >= 31 && left <= 60, "%u s are left", left);
	/* A new time-out begins anew, too. */
	check_eq(call(SMC_WDT_SET_TIMEOUT, 90, 0, 0), PSCI_SUCCESS);
	check_eq(call(SMC_WDT_TIMELEFT, 0, &left, 0), PSCI_SUCCESS);
	checkf(left > 60 && left <= 90, "%u s are left", left);
	check_eq(call(SMC_WDT_ENABLE, 0, 0, 0), PSCI_SUCCESS);
	check_eq(call(SMC_WDT_TIMELEFT, 0, 0, 0), PSCI_DISABLED);
}

static void stopped_is_stopped(void)
{
	skip_if(plat.dormouse, "Dormouse keeps it to itself");
	check_eq(call(SMC_WDT_SET_TIMEOUT, 1, 0, 0), PSCI_SUCCESS);
	check_eq(call(SMC_WDT_ENABLE, 1, 0, 0), PSCI_SUCCESS);
	check_eq(call(SMC_WDT_ENABLE, 0, 0, 0), PSCI_SUCCESS);
	delay_us(1500000);
	check(true); /* we are here */
}

static void pet_here(void *arg)
{
	int32_t *result = arg;

	*result = call(SMC_WDT_PET, 0, 0, 0);
}

/* Whoever says that all is well: it is one watchdog. And the CPU whose timer it is may go off. */
static void petted_from_another_cpu(void)
{
	int32_t result = -1;

	skip_if(plat.dormouse, "Dormouse keeps it to itself");
	skip_if(plat.nr_cpus == 1, "one CPU");
	need(smp_start(1));
	check_eq(call(SMC_WDT_SET_TIMEOUT, 2, 0, 0), PSCI_SUCCESS);
	check_eq(call(SMC_WDT_ENABLE, 1, 0, 0), PSCI_SUCCESS);
	for (unsigned int i = 0; i < 3; i++) {
		delay_us(900000);
		smp_run(1, pet_here, &result);
		need(smp_join(1));
		check_eq(result, PSCI_SUCCESS);
	}
	need(smp_stop(1));
	delay_us(800000);
	check_eq(call(SMC_WDT_PET, 0, 0, 0), PSCI_SUCCESS);
	/* CPU 1's timer fires in the firmware meanwhile, and finds that it is early. */
	delay_us(1500000);
	check_eq(call(SMC_WDT_ENABLE, 0, 0, 0), PSCI_SUCCESS);
	need(smp_start(1));
	need(smp_stop(1));
}

GUEST_TESTS({ "a hang is caught, everything masked", a_hang_is_caught }, { "not for guests", not_for_guests },
            { "its range", range }, { "bad arguments", bad_arguments }, { "the time that is left", time_left },
            { "stopped is stopped", stopped_is_stopped },
            { "petted from another CPU", petted_from_another_cpu }, );
