/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Exceptions that a test expects. An instruction between exc_arm() and exc_disarm() that takes a
 * synchronous exception is skipped, and what it was is kept. Any other exception ends the guest.
 */
#ifndef GUEST_EXC_H
#define GUEST_EXC_H

#include <stdbool.h>
#include <stdint.h>

#include "cpu.h"

struct exc {
	bool taken;
	uint64_t esr, far, elr;
};

/* ESR_ELx.EC, Arm ARM D13.2.37. */
#define EC_UNKNOWN   0x00
#define EC_HVC64     0x16
#define EC_SYSREG    0x18
#define EC_IABT_SAME 0x21
#define EC_DABT_SAME 0x25
#define FSC_EXTERNAL 0x10 /* synchronous external abort, not on a table walk */

static inline unsigned int exc_ec(const struct exc *e)
{
	return e->esr >> 26;
}

void exc_arm(void);
struct exc exc_disarm(void);
/* UNDEFINED, as an instruction that doesn't exist: EC 0. */
bool exc_is_undef(struct exc e);
/* An external data abort with FAR = address. */
bool exc_is_abort(struct exc e, uint64_t address);

/* Runs one instruction (a string, operands as in an asm statement) that may trap. */
#define TRY(...)                               \
	({                                     \
		exc_arm();                     \
		__asm__ volatile(__VA_ARGS__); \
		exc_disarm();                  \
	})

void exc_handle(struct frame *f, unsigned int vector);

#endif
