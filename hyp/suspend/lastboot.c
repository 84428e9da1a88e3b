/* SPDX-License-Identifier: Apache-2.0 */
#include "suspend/lastboot.h"

#include "arch/counter.h"
#include "lib/log.h"
#include "lib/string.h"

#define BEFORE     "before the reset: "
#define LOG_PREFIX "(dormouse) "
#define TAIL_BYTES 1024 /* of the log */

/* Too large for the stack; the boot CPU alone runs this. */
static char text[400];
static struct dm_journal_record record;

/* Nested reports of a machine that resets again and again would hide the first. */
static void print_line(const char *line)
{
	const size_t prefix = sizeof(LOG_PREFIX) - 1;

	if (strncmp(line, LOG_PREFIX, prefix) == 0)
		line += prefix;
	if (*line && strncmp(line, BEFORE, sizeof(BEFORE) - 1) != 0)
		log_info(BEFORE "%s", line);
}

/* A reset may have torn them: what isn't text doesn't come through. */
static void print_log(void)
{
	uint64_t end = log_start();
	uint64_t at = end > TAIL_BYTES ? end - TAIL_BYTES : 0;
	bool whole = at == 0;
	size_t len = 0;
	char c;

	while (at < end && log_read(&at, &c, 1) && at <= end) {
		if (c != '\n') {
			if (len < sizeof(text) - 1)
				text[len++] = (char)(c >= ' ' && c <= '~' ? c : '?');
			continue;
		}
		text[len] = '\0';
		if (whole)
			print_line(text);
		whole = true;
		len = 0;
	}
}

static void print_records(const struct journal *j)
{
	uint64_t sequence = 1;

	while (journal_next(j, &sequence, &record)) {
		if (record.cycle != j->cycle)
			continue;
		journal_json(&record, text, sizeof(text));
		log_info(BEFORE "%s", text);
	}
}

enum progress {
	NEVER,   /* no cycle is known of */
	OVER,    /* the last one came to its end */
	BETWEEN, /* it was under way, no hook was */
	IN_HOOK, /* text and record say which */
};

static enum progress find_last(const struct journal *j)
{
	enum progress p = NEVER;
	uint64_t sequence = 1;
	struct dm_journal_record open;

	while (journal_next(j, &sequence, &record)) {
		if (record.cycle != j->cycle || record.kind == DM_JOURNAL_THAW)
			continue;
		p = record.kind == DM_JOURNAL_CYCLE ? OVER : BETWEEN;
		if (record.kind == DM_JOURNAL_STEP && record.flags & DM_JOURNAL_OPEN) {
			open = record;
			p = IN_HOOK;
		}
	}
	if (p == IN_HOOK)
		record = open;
	return p;
}

static void print_where(const struct journal *j, const char *how)
{
	uint64_t us;

	switch (find_last(j)) {
	case NEVER:
		log_warn("the last boot %s; it had not suspended", how);
		break;
	case OVER:
		log_warn("the last boot %s, after cycle %u", how, j->cycle);
		break;
	case BETWEEN:
		log_warn("the last boot %s in cycle %u, between two steps", how, j->cycle);
		break;
	case IN_HOOK:
		us = counter_to_ns(record.start) / 1000;
		record.step[sizeof(record.step) - 1] = '\0';
		log_warn("the last boot %s in cycle %u, step %s (%s), CPU %u, begun %lu.%06lu s after power-up", how,
			 j->cycle, record.step, journal_dir_name(record.dir), record.cpu, us / 1000000, us % 1000000);
		break;
	}
}

void lastboot_report(const struct journal *j, enum journal_ended how)
{
	static const char *const words[] = {
		[JOURNAL_CUT_SHORT] = "was cut short",
		[JOURNAL_PANIC] = "ended in a panic",
	};

	if (how == JOURNAL_ORDERLY || how == JOURNAL_UNKNOWN)
		return;
	print_where(j, words[how]);
	print_log();
	print_records(j);
}
