/* SPDX-License-Identifier: Apache-2.0 */
#include "arch/counter.h"

#include "arch/barrier.h"
#include "arch/sysreg.h"

#define NS_PER_S 1000000000ULL

uint64_t counter_now(void)
{
	isb();
	return sysreg_read(cntpct_el0);
}

uint64_t counter_hz(void)
{
	return sysreg_read(cntfrq_el0);
}

/* Seconds and the rest apart, so that the product doesn't overflow. */
uint64_t counter_to_ns(uint64_t ticks)
{
	uint64_t hz = counter_hz();

	return ticks / hz * NS_PER_S + ticks % hz * NS_PER_S / hz;
}

uint64_t counter_from_ns(uint64_t ns)
{
	uint64_t hz = counter_hz();

	return ns / NS_PER_S * hz + ns % NS_PER_S * hz / NS_PER_S;
}
