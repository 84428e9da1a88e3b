/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A watchdog for the normal world, called by SMC (abi/smc_wdt.h). It counts with the secure physical timer, whose
 * interrupt is in group 0 and comes to EL3 whatever the levels below have masked. When nobody says in time that all is
 * well, every CPU's registers are shown (watchdog_report.c) and the machine is reset; RAM is kept.
 */
#ifndef FW_WATCHDOG_H
#define FW_WATCHDOG_H

#include <stdbool.h>
#include <stdint.h>
#include "smc.h"

/* A call from below: was it for the watchdog? Then its results are in @frame. */
bool watchdog_call(struct frame *frame);

/* The timer's interrupt on this CPU. @frame: what it interrupted; NULL: the CPU is parked. */
void watchdog_tick(const struct frame *frame);

/*
 * It stands still while the machine sleeps: from just before the reset, until the CPU that is to go on leaves EL3, or
 * the machine doesn't sleep after all. It then has its full time again. That CPU.
 */
void watchdog_pause(void);
void watchdog_continue(void);

/* Every CPU's registers in the log, and in short on the console. @frame as above. */
void report_all(const struct frame *frame);
/* Those of CPU @number, another one. */
void report_other(unsigned int number);
/* The firmware's SGI on this CPU: does somebody ask for its registers? */
void report_answer(const struct frame *frame);

#endif /* FW_WATCHDOG_H */
