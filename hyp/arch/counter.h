/* SPDX-License-Identifier: Apache-2.0 */
/* The system counter (Arm ARM D11): always on, the same for all CPUs, never goes back. */
#ifndef DM_ARCH_COUNTER_H
#define DM_ARCH_COUNTER_H

#include "lib/types.h"

/* Ticks since power-up. With an ISB, so that it isn't read ahead of what came before. */
uint64_t counter_now(void);
/* Ticks a second; never 0 (boot refuses such a machine). */
uint64_t counter_hz(void);
uint64_t counter_to_ns(uint64_t ticks);
uint64_t counter_from_ns(uint64_t ns);
static inline uint64_t counter_from_ms(uint64_t ms)
{
	return counter_from_ns(ms * 1000000);
}

#endif
