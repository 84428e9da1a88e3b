/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Domains with the policy "veto" are asked by their sleep key, before anything is stopped; the request waits, for a
 * while, and nothing else does. Those that have suspended for the machine's sake go on when it is back, or when it
 * doesn't sleep after all.
 *
 * Boot CPU only.
 */
#ifndef DM_SUSPEND_ASK_H
#define DM_SUSPEND_ASK_H

#include "lib/types.h"

/* Presses the sleep key of each that runs. Returns how many there are. */
unsigned int ask_all(uint32_t cycle);
/* Does one of them run still, and has time left? */
bool ask_waits(void);
/* The request that ask_all() was for is over, whatever came of it. */
void ask_close(void);
/* That one goes on, if it has suspended because it was asked; not before ask_close() if another request is being served. */
void ask_done(unsigned int id);
/* That one is being destroyed. */
void ask_forget(unsigned int id);

#endif
