/* SPDX-License-Identifier: Apache-2.0 */
/* The suspend journal, read out. */
#ifndef TOOL_JOURNAL_H
#define TOOL_JOURNAL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

#include "abi/dormouse.h"

extern const char *const journal_phase_words[];   /* by enum dm_journal_phase; NULL-terminated */
extern const char *const journal_outcome_words[]; /* by enum dm_journal_outcome */

/* Is it one, whole and of this version? */
bool journal_valid(const struct dm_journal_record *r);

/* All valid records from sequence number `from` on, malloc'ed. The count, or -errno. */
int journal_read(uint64_t from, struct dm_journal_record **out);

/* "ok", "EIO", "PSCI DENIED", "did not sleep", "(no return)" */
const char *journal_result_text(const struct dm_journal_record *r, char *buf, size_t size);
/* "slept 5.0 s, woken by interrupt 34 (rtc, owner dom0)" */
void journal_cycle_text(const struct dm_journal_record *r, uint32_t ticks_per_second, char *buf,
                        size_t size);

/* n records, oldest first. */
void journal_print_cycles(const struct dm_journal_record *r, size_t n,
                          const struct dm_op_info *info, FILE *out);
void journal_print_steps(const struct dm_journal_record *r, size_t n, uint32_t cycle,
                         uint32_t ticks_per_second, FILE *out);
void journal_print_json(const struct dm_journal_record *r, size_t n, uint32_t ticks_per_second,
                        FILE *out);

#endif
