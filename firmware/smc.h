/* SPDX-License-Identifier: Apache-2.0 */
/* Exceptions taken to EL3, and the calls among them. */
#ifndef FW_SMC_H
#define FW_SMC_H

#include <stddef.h>
#include <stdint.h>

/* The interrupted context, as vectors.S lays it out. */
struct frame {
	uint64_t x[31];
	uint64_t elr, spsr;
	uint64_t pad;
};

_Static_assert(sizeof(struct frame) == 272, "FRAME_SIZE in vectors.S");
_Static_assert(offsetof(struct frame, elr) == 248, "vectors.S");
_Static_assert(offsetof(struct frame, spsr) == 256, "vectors.S");

/* Called from vectors.S; el3_fiq() also by a parked CPU, which has no frame (NULL). */
void el3_sync(struct frame *frame);
void el3_fiq(struct frame *frame);
void el3_unexpected(struct frame *frame) __attribute__((noreturn));

#endif /* FW_SMC_H */
