/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The suspend journal as a warm reset leaves it (suspend/journal.c), and the tool that reads what
 * it is given (tools/dormouse/journal.c). An input is a history: records written, memory damaged,
 * warm resets.
 */
#include "suspend/journal.h"

#include <stdio.h>
#include <stdlib.h>

#include "fake_cpu.h"
#include "fuzz.h"
#include "tool_capture.h"
#include "tool_ctl.h"

/* The tool's, whose header has the same name. */
int journal_read(uint64_t from, struct dm_journal_record **out);
void journal_print_cycles(const struct dm_journal_record *r, size_t n,
                          const struct dm_op_info *info, FILE *out);
void journal_print_steps(const struct dm_journal_record *r, size_t n, uint32_t cycle,
                         uint32_t ticks_per_second, FILE *out);
void journal_print_json(const struct dm_journal_record *r, size_t n, uint32_t ticks_per_second,
                        FILE *out);

#define LINE_SIZE 400 /* as suspend_print_journal() has it */

static struct journal j, other;
static FILE *nowhere;

void fuzz_setup(void)
{
	nowhere = fopen("/dev/null", "w");
	fake_reset();
	journal_init(&j);
	journal_init(&other);
}

static void text(struct input *in, char *to, size_t size)
{
	static const char *const words[] = { "rtc", "dom0", "", "firmware", "\"\\", "dormouse" };
	unsigned int which = in_below(in, ARRAY_SIZE(words) + 2);

	if (which < ARRAY_SIZE(words))
		snprintf(to, size, "%s", words[which]);
	else
		in_bytes(in, to, size);
}

static struct dm_journal_record record(struct input *in)
{
	struct dm_journal_record r = {
		.kind = in_below(in, 4),
		.phase = in_below(in, DM_NR_PHASES + 1),
		.dir = in_below(in, DM_NR_DIRS + 1),
		.outcome = in_below(in, DM_NR_OUTCOMES + 1),
		.flags = in_u8(in),
		.cycle = in_u8(in),
	};

	if (in_once_in(in, 4))
		r.cycle = in_u32(in);
	r.result = in_once_in(in, 4) ? (int32_t)in_u32(in) : (int8_t)in_u8(in);
	r.start = in_number(in);
	r.end = in_number(in);
	r.asleep = in_number(in);
	r.wake_intid = (uint32_t)in_number(in);
	text(in, r.step, sizeof(r.step));
	text(in, r.device, sizeof(r.device));
	text(in, r.owner, sizeof(r.owner));
	return r;
}

/* A record that some other journal has left where this one's is: whole, but not of this history. */
static void strange(struct input *in)
{
	struct dm_journal_record r = record(in);
	uint64_t sequence = in_number(in);
	unsigned int to = in_u16(in) % JOURNAL_RECORDS;

	other.sequence = sequence - 1;
	journal_append(&other, &r);
	if (in_u8(in) & 3)
		to = (unsigned int)((sequence - 1) % JOURNAL_RECORDS);
	j.ring[to] = other.ring[(sequence - 1) % JOURNAL_RECORDS];
}

static void damage(struct input *in)
{
	size_t at = in_u32(in) % sizeof(j);

	((uint8_t *)&j)[at] = in_u8(in);
}

/* print: each as the console would print it, which takes its time. */
static void read_all(bool print)
{
	struct dm_journal_record r;
	uint64_t sequence = 0, last = 0;
	unsigned int n = 0;
	char line[LINE_SIZE];

	while (journal_next(&j, &sequence, &r)) {
		FUZZ_CHECK(++n <= JOURNAL_RECORDS);
		FUZZ_CHECK(r.sequence > last && sequence == r.sequence + 1);
		FUZZ_CHECK(r.sequence <= j.sequence);
		last = r.sequence;
		if (!print)
			continue;
		FUZZ_CHECK(journal_json(&r, line, sizeof(line)) < sizeof(line));
		assert_json(line);
	}
}

static void warm_reset(bool print)
{
	uint64_t before;

	journal_init(&j);
	read_all(print);
	/* What is written from here on is read. */
	before = j.sequence;
	journal_append(&j, &(struct dm_journal_record) { .cycle = journal_next_cycle(&j) });
	FUZZ_CHECK(j.sequence == before + 1 && j.sequence);
	read_all(false);
}

/* What the ring has, valid or not, comes to the tool. */
static void tool(struct input *in)
{
	unsigned int from = in_u16(in) % JOURNAL_RECORDS;
	struct dm_journal_record *all;
	char *json;
	size_t size;
	FILE *out;
	int n;

	fake.nr_records = 0;
	for (unsigned int i = 0; i < JOURNAL_RECORDS && fake.nr_records < ARRAY_SIZE(fake.records);
	     i++) {
		const struct dm_journal_record *r = &j.ring[(from + i) % JOURNAL_RECORDS];

		/* The hypervisor goes on behind what it has given. */
		if (r->sequence && r->sequence != UINT64_MAX)
			fake.records[fake.nr_records++] = *r;
	}
	fake.info.ticks_per_second = in_u8(in) & 1 ? 62500000 : (uint32_t)in_number(in);
	fake.info.now_ticks = in_number(in);
	n = journal_read(0, &all);
	FUZZ_CHECK(n >= 0);
	journal_print_cycles(all, (size_t)n, &fake.info, nowhere);
	journal_print_steps(all, (size_t)n, in_u8(in), fake.info.ticks_per_second, nowhere);
	out = open_memstream(&json, &size);
	journal_print_json(all, (size_t)n, fake.info.ticks_per_second, out);
	fclose(out);
	assert_json(json);
	free(json);
	free(all);
}

static void one_step(struct input *in)
{
	struct dm_journal_record r;

	switch (in_below(in, 7)) {
	case 0:
	case 1:
		r = record(in);
		journal_append(&j, &r);
		break;
	case 2:
		r = record(in);
		journal_update(&j, in_number(in), &r);
		break;
	case 3:
		strange(in);
		break;
	case 4:
	case 5:
		damage(in);
		break;
	default:
		warm_reset(false);
		break;
	}
}

void fuzz_one(struct input *in)
{
	bool read_by_tool = in_once_in(in, 4);

	for (unsigned int i = 0; i < 12 && in_more(in); i++)
		one_step(in);
	if (read_by_tool)
		tool(in);
	else
		warm_reset(true);
}
