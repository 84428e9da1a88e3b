/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a boot that didn't end as it should has left behind: where in which cycle, the last lines of its log (those of a
 * suspend were never on the console), and its last cycle's records.
 */
#ifndef DM_SUSPEND_LASTBOOT_H
#define DM_SUSPEND_LASTBOOT_H

#include "suspend/journal.h"

/* Boot, once the journal has been taken over; `how` is journal_init()'s. Nothing to say after an orderly end. */
void lastboot_report(const struct journal *j, enum journal_ended how);

#endif
