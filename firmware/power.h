/* SPDX-License-Identifier: Apache-2.0 */
/* The machine's power: off, reset, suspend to RAM. */
#ifndef FW_POWER_H
#define FW_POWER_H

#include <stdint.h>
#include "options.h"

void machine_off(void) __attribute__((noreturn));
void machine_reset(void) __attribute__((noreturn));

/*
 * SYSTEM_SUSPEND for the calling CPU, arguments checked, no other CPU on (the caller holds
 * power_lock and keeps it). Returns only if the machine did not sleep: an enabled interrupt was
 * pending.
 */
void power_suspend_locked(uint64_t entry, uint64_t context);

/* CPU 0 after the reset that power_suspend_locked() made: waits for a wake-up, goes back. */
void power_wake(void) __attribute__((noreturn));

/* The machine is about to be entered, after power-up or a wake-up: for the option times. */
void power_entering(void);

/* An interrupt was taken to EL3, which was at @frame (NULL: a parked CPU): power_drop() is told. */
struct frame;
void power_interrupted(struct frame *frame);

/* drop.S */
void power_drop(uint64_t reg, uint32_t value);
extern const char power_drop_store[], power_drop_stopped[];

/* What becomes of the GIC in the sleep under way, or in the last one; before the first, in that. */
enum gic_mode power_gic_mode(void);

#endif /* FW_POWER_H */
