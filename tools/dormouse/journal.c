// SPDX-License-Identifier: Apache-2.0
#include "journal.h"

#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "json.h"
#include "say.h"
#include "spec.h"
#include "table.h"
#include "verbs.h"

#define CHUNK 64

const char *const journal_phase_words[] = { "check", "freeze", "cpus", "devices",
	                                    "core",  "commit", NULL };
const char *const journal_outcome_words[] = { "none",   "slept", "did-not-sleep",
	                                      "failed", "test",  NULL };
static const char *const dir_words[] = { "suspend", "resume", "undo" };

_Static_assert(ARRAY_SIZE(journal_phase_words) == DM_NR_PHASES + 1, "words");
_Static_assert(ARRAY_SIZE(journal_outcome_words) == DM_NR_OUTCOMES + 1, "words");
_Static_assert(ARRAY_SIZE(dir_words) == DM_NR_DIRS, "words");

/* --- records ----------------------------------------------------------------------------- */

static uint32_t crc32_of(const uint8_t *p, size_t n)
{
	uint32_t crc = ~0u;

	while (n--) {
		crc ^= *p++;
		for (int i = 0; i < 8; i++)
			crc = crc >> 1 ^ (crc & 1 ? 0xedb88320 : 0);
	}
	return ~crc;
}

bool journal_valid(const struct dm_journal_record *r)
{
	const size_t skipped = offsetof(struct dm_journal_record, sequence);

	return r->magic == DM_JOURNAL_RECORD_MAGIC && r->version == DM_JOURNAL_VERSION &&
	       r->phase < DM_NR_PHASES && r->dir < DM_NR_DIRS && r->outcome < DM_NR_OUTCOMES &&
	       r->checksum == crc32_of((const uint8_t *)r + skipped, sizeof(*r) - skipped);
}

int journal_read(uint64_t from, struct dm_journal_record **out)
{
	struct dm_journal_record *all = NULL;
	uint64_t cursor = from;
	int n = 0, got;

	do {
		all = xrealloc(all, (size_t)(n + CHUNK) * sizeof(all[0]));
		got = ctl_journal(&cursor, all + n, CHUNK);
		if (got < 0) {
			free(all);
			return got;
		}
		for (int i = 0, at = n; i < got; i++) {
			if (journal_valid(&all[at + i]))
				all[n++] = all[at + i];
		}
	} while (got);
	*out = all;
	return n;
}

/* A name out of a record, printable and terminated. */
struct name {
	char text[DM_JOURNAL_OWNER_SIZE + 1];
};

static struct name name_of(const char *field, size_t size)
{
	struct name n = { "" };

	for (size_t i = 0; i < size && field[i]; i++)
		n.text[i] = isprint((unsigned char)field[i]) ? field[i] : '?';
	return n;
}

#define NAME(field) (name_of(field, sizeof(field)).text)

/* Ticks are up to 2^64 and some are 1 GHz: no product of them. */
static uint64_t ns_of(uint64_t ticks, uint32_t ticks_per_second)
{
	if (ticks_per_second == 0)
		return 0;
	return ticks / ticks_per_second * 1000000000 +
	       ticks % ticks_per_second * 1000000000 / ticks_per_second;
}

static const char *psci_name(int result)
{
	static const char *const names[] = {
		"SUCCESS",    "NOT_SUPPORTED",   "INVALID_PARAMETERS", "DENIED",
		"ALREADY_ON", "ON_PENDING",      "INTERNAL_FAILURE",   "NOT_PRESENT",
		"DISABLED",   "INVALID_ADDRESS",
	};

	return result <= 0 && -result < (int)ARRAY_SIZE(names) ? names[-result] : NULL;
}

const char *journal_result_text(const struct dm_journal_record *r, char *buf, size_t size)
{
	bool commit = r->phase == DM_PHASE_COMMIT;

	if (r->kind == DM_JOURNAL_STEP && r->flags & DM_JOURNAL_OPEN)
		snprintf(buf, size, "(no return)");
	else if (r->result == 0)
		snprintf(buf, size, "ok");
	else if (commit && r->result == 1)
		snprintf(buf, size, "did not sleep");
	else if (commit && psci_name(r->result))
		snprintf(buf, size, "PSCI %s", psci_name(r->result));
	else if (r->result < 0 && r->result > -4096 && strerrorname_np(-r->result))
		snprintf(buf, size, "%s", strerrorname_np(-r->result));
	else
		snprintf(buf, size, "%d", r->result);
	return buf;
}

static void wake_text(const struct dm_journal_record *r, char *buf, size_t size)
{
	if (r->wake_intid == DM_JOURNAL_NO_WAKE)
		snprintf(buf, size, "nothing known");
	else
		snprintf(buf, size, "interrupt %u (%s, owner %s)", r->wake_intid, NAME(r->device),
		         NAME(r->owner));
}

/* The step in which an earlier boot ended, and the cycle with it. */
static bool is_cut_short(const struct dm_journal_record *r)
{
	const uint32_t cut = DM_JOURNAL_OPEN | DM_JOURNAL_EARLIER;

	return r->kind == DM_JOURNAL_STEP && (r->flags & cut) == cut;
}

static bool ends_cycle(const struct dm_journal_record *r)
{
	/* static: clang-analyzer-core.NullDereference: n is 0 where there is no record */
	return r->kind == DM_JOURNAL_CYCLE || is_cut_short(r);
}

void journal_cycle_text(const struct dm_journal_record *r, uint32_t ticks_per_second, char *buf,
                        size_t size)
{
	uint64_t ms = ns_of(r->asleep, ticks_per_second) / 1000000;
	char wake[96], result[32];

	if (is_cut_short(r)) {
		snprintf(buf, size, "cut short by a reset in step %s (%s)", NAME(r->step), dir_words[r->dir]);
		return;
	}
	wake_text(r, wake, sizeof(wake));
	switch (r->outcome) {
	case DM_OUTCOME_SLEPT:
		snprintf(buf, size, "slept %llu.%03llu s, woken by %s",
		         (unsigned long long)(ms / 1000), (unsigned long long)(ms % 1000), wake);
		break;
	case DM_OUTCOME_DID_NOT_SLEEP:
		snprintf(buf, size, "did not sleep, a wake-up was pending: %s", wake);
		break;
	case DM_OUTCOME_TEST:
		/* The record's phase is that of a failed step; the table of steps shows how far. */
		snprintf(buf, size, "test: turned back as it was told to");
		break;
	default:
		snprintf(buf, size, "failed: step %s: %s", NAME(r->step),
		         journal_result_text(r, result, sizeof(result)));
	}
}

/* --- printing ---------------------------------------------------------------------------- */

/* When a counter value was, as Dom0's clock has it. Not known if a reset has set the counter back. */
static void when_text(uint64_t ticks, const struct dm_op_info *info, char *buf, size_t size)
{
	uint64_t ago = ns_of(info->now_ticks - ticks, info->ticks_per_second) / 1000000000;
	time_t when = time(NULL) - (time_t)ago;
	struct tm tm;

	if (ticks > info->now_ticks) {
		snprintf(buf, size, "-");
		return;
	}
	localtime_r(&when, &tm);
	strftime(buf, size, "%Y-%m-%d %H:%M:%S", &tm);
}

void journal_print_cycles(const struct dm_journal_record *r, size_t n,
                          const struct dm_op_info *info, FILE *out)
{
	char when[32], text[192];
	struct table t;

	table_begin(&t, "rlrl", "Cycle|Began|Awake again (s)|What happened");
	for (size_t i = 0; i < n; i++) {
		if (!ends_cycle(&r[i]))
			continue;
		when_text(r[i].start, info, when, sizeof(when));
		journal_cycle_text(&r[i], info->ticks_per_second, text, sizeof(text));
		table_cell(&t, "%u", r[i].cycle);
		table_cell(&t, "%s", when);
		if (r[i].kind == DM_JOURNAL_CYCLE)
			table_cell(&t, "%.3f",
			           (double)ns_of(r[i].end - r[i].start, info->ticks_per_second) / 1e9);
		else
			table_cell(&t, "-");
		table_cell(&t, "%s%s", text, r[i].flags & DM_JOURNAL_EARLIER ? "; an earlier boot" : "");
	}
	table_end(&t, out);
}

static void cell_ms(struct table *t, const struct dm_journal_record *r, uint32_t hz)
{
	uint64_t ns;

	if (!r || r->flags & DM_JOURNAL_OPEN) {
		table_cell(t, "-");
		return;
	}
	/* The sleep is in the time of the step that slept; it isn't work. */
	ns = ns_of(r->end - r->start, hz);
	table_cell(t, "%.3f%s", (double)ns / 1e6, r->flags & DM_JOURNAL_LATE ? "!" : "");
}

static bool is_step(const struct dm_journal_record *r, uint32_t cycle)
{
	return r->kind == DM_JOURNAL_STEP && r->cycle == cycle;
}

/* The way up of a step that has gone down, or NULL. */
static const struct dm_journal_record *way_up(const struct dm_journal_record *r, size_t n,
                                              const struct dm_journal_record *down)
{
	for (const struct dm_journal_record *up = down + 1; up < r + n; up++) {
		if (is_step(up, down->cycle) && up->dir != DM_DIR_SUSPEND &&
		    strncmp(up->step, down->step, sizeof(up->step)) == 0)
			return up;
	}
	return NULL;
}

static void print_thaws(const struct dm_journal_record *r, size_t n, uint32_t cycle, uint32_t hz,
                        FILE *out)
{
	for (size_t i = 0; i < n; i++) {
		if (r[i].kind != DM_JOURNAL_THAW || r[i].cycle != cycle)
			continue;
		fprintf(out, "domain %s went on after %.3f s%s", NAME(r[i].owner),
		        (double)ns_of(r[i].end - r[i].start, hz) / 1e9,
		        r[i].flags & DM_JOURNAL_UNAWARE ? ", unaware of it" : "");
		if (r[i].asleep)
			fprintf(out, "; its counter was held back %.3f s",
			        (double)ns_of(r[i].asleep, hz) / 1e9);
		fputc('\n', out);
	}
}

void journal_print_steps(const struct dm_journal_record *r, size_t n, uint32_t cycle,
                         uint32_t ticks_per_second, FILE *out)
{
	char result[32], up_result[32];
	struct table t;

	table_begin(&t, "llrrrl", "Phase|Step|CPU|Down (ms)|Up (ms)|Result");
	for (size_t i = 0; i < n; i++) {
		const struct dm_journal_record *up;

		if (!is_step(&r[i], cycle) || r[i].dir != DM_DIR_SUSPEND)
			continue;
		up = way_up(r, n, &r[i]);
		table_cell(&t, "%s", journal_phase_words[r[i].phase]);
		table_cell(&t, "%s", NAME(r[i].step));
		table_cell(&t, "%u", r[i].cpu);
		cell_ms(&t, &r[i], ticks_per_second);
		cell_ms(&t, up, ticks_per_second);
		journal_result_text(&r[i], result, sizeof(result));
		if (up && up->result)
			table_cell(&t, "%s, %s: %s", result, dir_words[up->dir],
			           journal_result_text(up, up_result, sizeof(up_result)));
		else
			table_cell(&t, "%s%s", result,
			           up && up->dir == DM_DIR_UNDO ? ", undone" : "");
	}
	table_end(&t, out);
	print_thaws(r, n, cycle, ticks_per_second, out);
}

/* --- JSON: the members that key `j` of the hypervisor's console prints --------------------- */

static void json_step(struct json *j, const struct dm_journal_record *r)
{
	json_string(j, "phase", journal_phase_words[r->phase]);
	json_string(j, "step", NAME(r->step));
	json_string(j, "dir", dir_words[r->dir]);
	json_uint(j, "cpu", r->cpu);
	if (r->flags & DM_JOURNAL_LATE)
		json_bool(j, "late", true);
}

static void json_cycle(struct json *j, const struct dm_journal_record *r, uint32_t hz)
{
	json_string(j, "outcome", journal_outcome_words[r->outcome]);
	json_int(j, "wake_intid",
	         r->wake_intid == DM_JOURNAL_NO_WAKE ? -1 : (int64_t)r->wake_intid);
	json_string(j, "wake_device", NAME(r->device));
	json_string(j, "wake_owner", NAME(r->owner));
	json_string(j, "failed_step", NAME(r->step));
	json_uint(j, "asleep_ns", ns_of(r->asleep, hz));
}

static void json_thaw(struct json *j, const struct dm_journal_record *r, uint32_t hz)
{
	json_string(j, "domain", NAME(r->owner));
	json_bool(j, "unaware", r->flags & DM_JOURNAL_UNAWARE);
	json_uint(j, "held_ns", ns_of(r->asleep, hz));
}

void journal_print_json(const struct dm_journal_record *r, size_t n, uint32_t ticks_per_second,
                        FILE *out)
{
	static const char *const kinds[] = { "step", "cycle", "thaw" };
	struct json j;

	json_begin(&j, out);
	json_array(&j, NULL);
	for (size_t i = 0; i < n; i++, r++) {
		/* static: analyzer-null-dereference: n is 0 where there is no record */
		if (r->kind >= ARRAY_SIZE(kinds))
			continue;
		json_object(&j, NULL);
		json_uint(&j, "sequence", r->sequence);
		json_uint(&j, "cycle", r->cycle);
		json_string(&j, "kind", kinds[r->kind]);
		if (r->kind == DM_JOURNAL_STEP)
			json_step(&j, r);
		else if (r->kind == DM_JOURNAL_CYCLE)
			json_cycle(&j, r, ticks_per_second);
		else
			json_thaw(&j, r, ticks_per_second);
		if (r->flags & DM_JOURNAL_EARLIER)
			json_bool(&j, "earlier_boot", true);
		json_uint(&j, "start_ns", ns_of(r->start, ticks_per_second));
		if (r->flags & DM_JOURNAL_OPEN) {
			json_null(&j, "end_ns");
			json_null(&j, "result");
		} else {
			json_uint(&j, "end_ns", ns_of(r->end, ticks_per_second));
			json_int(&j, "result", r->result);
		}
		json_object_end(&j);
	}
	json_array_end(&j);
	json_end(&j);
}

/* --- the verb ---------------------------------------------------------------------------- */

static const struct dm_journal_record *last_cycle(const struct dm_journal_record *r, int n)
{
	for (int i = n; i > 0; i--) {
		if (ends_cycle(&r[i - 1]))
			return &r[i - 1];
	}
	return NULL;
}

/* Where the last `wanted` cycles begin. */
static int skip_cycles(const struct dm_journal_record *r, int n, uint64_t wanted)
{
	const struct dm_journal_record *last = last_cycle(r, n);
	int i = 0;

	while (last && i < n && r[i].cycle + wanted <= last->cycle)
		i++;
	return i;
}

bool journal_report_last(uint64_t after, FILE *out)
{
	const struct dm_journal_record *last;
	struct dm_journal_record *all;
	struct dm_op_info info;
	char text[192];
	int n;

	if (ctl_info(&info))
		return false;
	n = journal_read(after + 1, &all);
	if (n < 0)
		return false;
	last = last_cycle(all, n);
	if (last) {
		journal_cycle_text(last, info.ticks_per_second, text, sizeof(text));
		fprintf(out, "cycle %u: %s\n", last->cycle, text);
	}
	free(all);
	return last;
}

int verb_journal(const struct args *a)
{
	const struct dm_journal_record *last;
	struct dm_journal_record *all = NULL;
	uint64_t wanted = UINT32_MAX, cycle = 0;
	struct dm_op_info info;
	int n, first;

	if (a->opt['n'] && (!parse_u64(a->opt['n'], UINT32_MAX, &wanted) || wanted == 0)) {
		say_error("\"%s\" is no number of sleeps", a->opt['n']);
		return STATUS_USAGE;
	}
	if (a->opt['c'] && !parse_u64(a->opt['c'], UINT32_MAX, &cycle)) {
		say_error("\"%s\" is no number of a cycle", a->opt['c']);
		return STATUS_USAGE;
	}
	n = ctl_info(&info);
	if (n == 0)
		n = journal_read(0, &all);
	if (n < 0) {
		say_error("can't read the journal: %s", say_errno(n));
		return STATUS_FAIL;
	}
	first = skip_cycles(all, n, wanted);
	last = last_cycle(all, n);
	if (a->opt[OPT_JSON]) {
		journal_print_json(all + first, (size_t)(n - first), info.ticks_per_second, stdout);
	} else if (!last) {
		puts("The machine has not slept yet.");
	} else {
		journal_print_cycles(all + first, (size_t)(n - first), &info, stdout);
		if (!a->opt['s']) {
			if (!a->opt['c'])
				cycle = last->cycle;
			printf("\nSteps of cycle %llu:\n", (unsigned long long)cycle);
			journal_print_steps(all, (size_t)n, (uint32_t)cycle, info.ticks_per_second,
			                    stdout);
		}
	}
	free(all);
	return STATUS_OK;
}
