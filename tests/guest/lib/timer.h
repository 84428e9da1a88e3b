/* SPDX-License-Identifier: Apache-2.0 */
/* The generic timer, Arm ARM D11. */
#ifndef GUEST_TIMER_H
#define GUEST_TIMER_H

#include <stdbool.h>
#include <stdint.h>

#include "sysreg.h"

#define CTL_ENABLE  1ul
#define CTL_IMASK   2ul
#define CTL_ISTATUS 4ul

static inline uint64_t count_virt(void)
{
	isb();
	return sysreg_read(cntvct_el0);
}

static inline uint64_t count_phys(void)
{
	isb();
	return sysreg_read(cntpct_el0);
}

static inline uint64_t ticks_us(uint64_t us)
{
	return sysreg_read(cntfrq_el0) * us / 1000000;
}

static inline uint64_t deadline_ms(uint64_t ms)
{
	return count_virt() + ticks_us(ms * 1000);
}

static inline bool passed(uint64_t deadline)
{
	return (int64_t)(count_virt() - deadline) >= 0;
}

static inline void delay_us(uint64_t us)
{
	uint64_t until = count_virt() + ticks_us(us);

	while (!passed(until))
		yield();
}

#endif
