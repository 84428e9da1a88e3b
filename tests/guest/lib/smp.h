/* SPDX-License-Identifier: Apache-2.0 */
/* The other CPUs: started by PSCI, given work, sent away again. */
#ifndef GUEST_SMP_H
#define GUEST_SMP_H

#include "cpu.h"
#include "platform.h"
#include "tap.h"

/* Starts CPU n, and waits (bounded) until it is there, interrupts unmasked, GIC set up. */
bool smp_start(unsigned int n);
bool smp_start_all(void);
/* Runs fn on CPU n; smp_join() waits for its end. False after too long. */
void smp_run(unsigned int n, void (*fn)(void *arg), void *arg);
bool smp_join(unsigned int n);
/* Sends CPU n to CPU_OFF and waits until AFFINITY_INFO says so. */
bool smp_stop(unsigned int n);
bool smp_stop_all(void);

/* Waits until cond, at most ms milliseconds. True if it came. */
#define wait_for(cond, ms)                       \
	({                                       \
		uint64_t end_ = deadline_ms(ms); \
		bool ok_ = (cond);               \
		while (!ok_ && !passed(end_)) {  \
			yield();                 \
			ok_ = (cond);            \
		}                                \
		ok_;                             \
	})

#endif
