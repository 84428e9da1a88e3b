/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The page by which a domain of the soak (tests/proof/soak.py) shows how it fares: the rig finds it in the machine's
 * memory by its magic and number, and reads it while the domain runs, sleeps or hangs. soak_pages.py has the same layout.
 * The domain writes all of it but `todo`.
 */
#ifndef PROOF_SOAK_PAGE_H
#define PROOF_SOAK_PAGE_H

#include <stddef.h>
#include <stdint.h>

#define SOAK_MAGIC 0x4b414f53554f4d44ul /* "DMOUSOAK" */

enum soak_todo {
	SOAK_WORK,  /* never sleeps unless its sleep key is pressed */
	SOAK_ALARM, /* works for a moment, sleeps until its own alarm, over and over */
	SOAK_PAIR,  /* sleeps until its peer's event, answers it, over and over */
};

struct soak_page {
	uint64_t magic;  /* written last of all at the start; the rig takes it away when the domain is to end */
	uint64_t number; /* "id=" of its command line: no two domains of a run have the same */
	uint64_t todo;   /* enum soak_todo; the rig may change it */
	uint64_t doing;  /* the one that it has come to */
	uint64_t beat;   /* counts the rounds of its work */
	uint64_t error;  /* the line of its source that found something wrong; it stops then */
	uint64_t got, wanted; /* what that was */

	uint64_t sleeps;    /* came back through its entry point */
	uint64_t asleep;    /* 1 from before the call until it is back */
	uint64_t by_key;    /* 1 from its sleep key until something has woken it */
	uint64_t armed;     /* alarms set, and what became of them */
	uint64_t alarms;
	uint64_t cancelled; /* something else woke it before */
	uint64_t typed;     /* characters from its console */
	uint64_t keys;      /* presses that it has seen */
	uint64_t sent, received; /* events of a pair */
	uint64_t timers, sgis, checked;

	/* Of one moment; stamp is odd while they are being written. */
	uint64_t stamp;
	uint64_t virt, phys; /* counters; a Linux guest has no phys */
	uint64_t clock_ns;   /* its clock since 1970: the RTC's seconds, or Linux's */

	uint64_t disk_writes, disk_reads; /* blocks, compared */
	char said[256]; /* by a Linux guest's kernel, and should not have been */
};

#endif
