/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A hook that doesn't come back is noticed by the machine's watchdog: each is given its row's limit and a grace time.
 * What fires then is below EL2; the journal's open record tells the next boot which hook it was.
 *
 * The boot CPU alone.
 */
#ifndef DM_SUSPEND_DEADLINE_H
#define DM_SUSPEND_DEADLINE_H

#include "lib/types.h"

struct suspend_step;

/* Seconds that a hook may take beyond its limit; 0: any time. Boot. */
void deadline_set_grace(uint32_t seconds);

/* Before a hook is called, which is to take so many milliseconds more. */
void deadline_begin(const struct suspend_step *s, uint32_t more_ms);
/* After the walk. */
void deadline_end(void);

#endif
