/* SPDX-License-Identifier: Apache-2.0 */
/* Where in the suspend path a moment fell, by the times in Dormouse's journal. */
#include "abi/dormouse.h"
#include "libc.h"
#include "print.h"
#include "sweep.h"
#include "sysreg.h"
#include "tap.h"

#define MAX_RECORDS 64 /* of one cycle: two for each row, the thaws, its own */

static struct dm_journal_record records[MAX_RECORDS];
static unsigned int nr_records;

static int64_t journal_read(struct dm_op *op)
{
	register uint64_t x0 __asm__("x0") = (uintptr_t)op;
	register uint64_t x16 __asm__("x16") = DM_HYPERCALL;

	__asm__ volatile("hvc #0xea1" : "+r"(x0), "+r"(x16)::"x1", "x2", "x3", "x4", "memory");
	return (int64_t)x0;
}

static void read_on(void)
{
	static uint64_t cursor;
	static struct dm_op op;

	nr_records = 0;
	do {
		memset(&op, 0, sizeof(op));
		op.version = DM_OP_VERSION;
		op.op = DM_OP_JOURNAL;
		op.u.list.cursor = cursor;
		op.u.list.buffer = (uintptr_t)&records[nr_records];
		op.u.list.max = MAX_RECORDS - nr_records;
		if (journal_read(&op))
			tap_bail("DM_OP_JOURNAL fails");
		cursor = op.u.list.cursor;
		nr_records += op.u.list.count;
	} while (op.u.list.count && nr_records < MAX_RECORDS);
}

static const char *dir_name(const struct dm_journal_record *r)
{
	static const char *const names[] = { "down", "up", "undo" };

	return r->dir < DM_NR_DIRS ? names[r->dir] : "?";
}

static char outcome_letter(const struct dm_journal_record *r)
{
	static const char letters[DM_NR_OUTCOMES] = "-SDFT";

	return r->outcome < DM_NR_OUTCOMES ? letters[r->outcome] : '?';
}

static void place(const struct dm_journal_record *r, uint64_t moment, struct cycle *c)
{
	if (r->start > moment || (c->offset >= 0 && r->start < moment - (uint64_t)c->offset))
		return;
	c->offset = (int64_t)(moment - r->start);
	c->dir = dir_name(r);
	c->step = moment < r->end ? r->step : "between";
}

void journal_look(uint64_t moment, uint64_t called, struct cycle *c)
{
	read_on();
	*c = (struct cycle){ .outcome = '?', .step = "call", .dir = "down", .offset = -1 };
	for (unsigned int i = 0; i < nr_records; i++) {
		const struct dm_journal_record *r = &records[i];

		if (r->kind == DM_JOURNAL_STEP) {
			place(r, moment, c);
			if (r->phase == DM_PHASE_COMMIT)
				c->commit = r->start;
		} else if (r->kind == DM_JOURNAL_CYCLE) {
			c->outcome = outcome_letter(r);
			c->wake_intid = r->wake_intid;
			c->begin = r->start;
			c->end = r->end;
		}
	}
	if (c->offset < 0)
		c->offset = (int64_t)(moment - called);
	else if (moment >= c->end)
		c->step = "answer";
}

void journal_print(uint64_t called)
{
	for (unsigned int i = 0; i < nr_records; i++) {
		const struct dm_journal_record *r = &records[i];

		if (r->kind == DM_JOURNAL_STEP)
			print("row %s %s %ld %ld\n", r->step, dir_name(r),
			      (int64_t)(r->start - called), (int64_t)(r->end - called));
	}
}
