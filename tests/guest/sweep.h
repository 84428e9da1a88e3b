/* SPDX-License-Identifier: Apache-2.0 */
/* What the parts of the sweep share: sweep.c has the loop, sweep_source.c what interrupts it. */
#ifndef GUEST_SWEEP_H
#define GUEST_SWEEP_H

#include <stdbool.h>
#include <stdint.h>

/* --- sweep_spin.S ------------------------------------------------------------------------- */

/* Comes back always as many instructions after the counter was `when`. False: too late for that. */
bool spin_until(uint64_t when);
/* The last counter value before an interrupt's handler made the flag non-zero; 0: none until the deadline. */
uint64_t watch(const volatile uint32_t *flag, uint64_t deadline);

/* --- sweep_source.c ----------------------------------------------------------------------- */

/* Numbers in bootargs. */
enum { LEVEL, EDGE, KEY };

/* Something that raises its interrupt at a moment that is known to the tick. Times are of CNTPCT. */
struct source {
	const char *name;
	uint32_t intid;
	/* Once: sets it up and measures it. False: it does not do what it should. */
	bool (*prepare)(void);
	/* Arms it; when it will raise its interrupt, far enough ahead for sleep_until(); 0: it failed. */
	uint64_t (*arm)(void);
	/* In the handler, and before arm(). */
	void (*quiet)(void);
};

/* The alarm off, whatever the source is. */
void rtc_quiet(void);

/* By its number in bootargs. NULL: none. */
struct source *source_find(int64_t number);

#define AHEAD 20000 /* ticks that a wake-up from idling takes at most */

/* Idles until then, interrupts unmasked meanwhile. */
void sleep_until(uint64_t when);
/* Interrupts of the source that were taken since boot. */
extern volatile uint32_t taken;

/* --- sweep_journal.c ---------------------------------------------------------------------- */

/* One request as Dormouse's journal has it. */
struct cycle {
	char outcome; /* its first letter, '?': no record */
	uint32_t wake_intid;
	uint64_t commit; /* when the row of the phase commit began; 0: it didn't */
	uint64_t begin, end;
	/* Where the moment asked for fell: the row's name, its direction, ticks from its start. */
	const char *step, *dir;
	int64_t offset;
};

/* Reads on from where the last call stopped, to the end. */
void journal_look(uint64_t moment, uint64_t called, struct cycle *c);
/* The last cycle's rows, one line each, ticks from `called`. */
void journal_print(uint64_t called);

#endif
