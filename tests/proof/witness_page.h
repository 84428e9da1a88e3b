/* SPDX-License-Identifier: Apache-2.0 */
/*
 * By which a witness (tests/guest/witness.c) shows how it fares: the last page of its RAM, which the fault matrix reads in the
 * machine's memory. Only the guest writes it.
 */
#ifndef PROOF_WITNESS_PAGE_H
#define PROOF_WITNESS_PAGE_H

#include <stdint.h>

#define WITNESS_MAGIC 0x5353454e54495744ul /* "DWITNESS" */

struct witness_page {
	uint64_t magic;  /* written last of all at the start */
	uint64_t rounds; /* of its work: all its memory and registers looked at */
	uint64_t errors;
	uint64_t ticks;  /* interrupts of its timer */
	uint64_t sleeps; /* calls of SYSTEM_SUSPEND */
	uint64_t wakes;  /* came back through its entry point */
};

#endif
