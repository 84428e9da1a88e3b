/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The suspend journal: a ring of records (abi/dormouse.h) in RAM. Each record carries its own
 * magic, version, sequence number and checksum, so that the ring can be taken over after a warm
 * reset (it is kept as suspend.c has it: __noinit), and a record torn by one is recognised. A step's record is written before its hook is
 * called and again when it is back: what hung is seen.
 *
 * Locks: none; one writer (the boot CPU while it walks the table). A reader on another CPU copies a
 * record and takes it only if its checksum fits.
 */
#ifndef DM_SUSPEND_JOURNAL_H
#define DM_SUSPEND_JOURNAL_H

#include "abi/dormouse.h"
#include "lib/types.h"

#define JOURNAL_RECORDS 512

struct journal {
	uint32_t magic; /* DM_JOURNAL_MAGIC */
	uint32_t records;
	uint64_t sequence; /* the last one given out */
	uint32_t cycle;    /* the last one begun */
	uint32_t ended;    /* enum journal_ended of this boot */
	struct dm_journal_record ring[JOURNAL_RECORDS];
};

/* How the boot before this one ended. */
enum journal_ended {
	JOURNAL_CUT_SHORT, /* nobody said that it would */
	JOURNAL_ORDERLY,   /* somebody asked for a reset */
	JOURNAL_PANIC,     /* Dormouse gave up, by a panic or another last word */
	JOURNAL_UNKNOWN,   /* there was none that has left a journal */
};

/*
 * Keeps the records that are there if it looks like a journal (a warm reset), marked DM_JOURNAL_EARLIER, else empties
 * it. The cycles' numbers go on.
 */
enum journal_ended journal_init(struct journal *j);

/* This boot is about to end so. */
void journal_end(struct journal *j, enum journal_ended how);

/* A new cycle's number. */
uint32_t journal_next_cycle(struct journal *j);

/* Fills in magic, checksum, sequence and version itself. Returns the sequence number. */
uint64_t journal_append(struct journal *j, const struct dm_journal_record *r);
/* Replaces the record of that number, if the ring still has it. */
void journal_update(struct journal *j, uint64_t sequence, const struct dm_journal_record *r);

/*
 * Copies the first intact record with a number >= *sequence to *out and moves *sequence behind it.
 * False when there is none.
 */
bool journal_next(const struct journal *j, uint64_t *sequence, struct dm_journal_record *out);

/* One JSON object, no newline; names are made printable. As print_format() in size and result. */
size_t journal_json(const struct dm_journal_record *r, char *buf, size_t size);

/* As in the JSON: "devices", "suspend", "did-not-sleep". "?" when out of range. */
const char *journal_phase_name(unsigned int phase);
const char *journal_dir_name(unsigned int dir);
const char *journal_outcome_name(unsigned int outcome);

#endif
