/* SPDX-License-Identifier: Apache-2.0 */
#include "suspend/journal.h"

#include "arch/cache.h"
#include "arch/counter.h"
#include "arch/crc.h"
#include "lib/print.h"
#include "lib/string.h"

static const char *const phases[] = {
	[DM_PHASE_CHECK] = "check",     [DM_PHASE_FREEZE] = "freeze", [DM_PHASE_CPUS] = "cpus",
	[DM_PHASE_DEVICES] = "devices", [DM_PHASE_CORE] = "core",     [DM_PHASE_COMMIT] = "commit",
};

static const char *const dirs[] = {
	[DM_DIR_SUSPEND] = "suspend",
	[DM_DIR_RESUME] = "resume",
	[DM_DIR_UNDO] = "undo",
};

static const char *const outcomes[] = {
	[DM_OUTCOME_NONE] = "none",     [DM_OUTCOME_SLEPT] = "slept",
	[DM_OUTCOME_FAILED] = "failed", [DM_OUTCOME_DID_NOT_SLEEP] = "did-not-sleep",
	[DM_OUTCOME_TEST] = "test",
};

_Static_assert(ARRAY_SIZE(phases) == DM_NR_PHASES, "a name for each phase");
_Static_assert(ARRAY_SIZE(dirs) == DM_NR_DIRS, "a name for each direction");
_Static_assert(ARRAY_SIZE(outcomes) == DM_NR_OUTCOMES, "a name for each outcome");

const char *journal_phase_name(unsigned int phase)
{
	return phase < ARRAY_SIZE(phases) ? phases[phase] : "?";
}

const char *journal_dir_name(unsigned int dir)
{
	return dir < ARRAY_SIZE(dirs) ? dirs[dir] : "?";
}

const char *journal_outcome_name(unsigned int outcome)
{
	return outcome < ARRAY_SIZE(outcomes) ? outcomes[outcome] : "?";
}

/* CRC-32 of IEEE 802.3, four bits at a time: a record is written twice a step, so this is most of what a suspend costs. */
static uint32_t crc32_by_table(uint32_t crc, const uint8_t *p, size_t n)
{
	static const uint32_t table[16] = {
		0x00000000, 0x1db71064, 0x3b6e20c8, 0x26d930ac, 0x76dc4190, 0x6b6b51f4,
		0x4db26158, 0x5005713c, 0xedb88320, 0xf00f9344, 0xd6d6a3e8, 0xcb61b38c,
		0x9b64c2b0, 0x86d3d2d4, 0xa00ae278, 0xbdbdf21c,
	};

	while (n--) {
		crc ^= *p++;
		crc = crc >> 4 ^ table[crc & 15];
		crc = crc >> 4 ^ table[crc & 15];
	}
	return crc;
}

static uint32_t checksum(const struct dm_journal_record *r)
{
	const size_t from = offsetof(struct dm_journal_record, sequence);
	const uint64_t *p = &r->sequence;
	uint32_t crc = ~0u;

	_Static_assert((sizeof(*r) - offsetof(struct dm_journal_record, sequence)) % sizeof(*p) == 0,
	               "whole words");
	if (!crc32_by_cpu())
		return ~crc32_by_table(crc, (const uint8_t *)r + from, sizeof(*r) - from);
#pragma GCC unroll 16
	for (size_t i = 0; i < (sizeof(*r) - from) / sizeof(*p); i++)
		crc = crc32_add(crc, p[i]);
	return ~crc;
}

/* No journal gets that far; a record that says so would make the numbers behind it wrap. */
#define SEQUENCE_MAX (UINT64_MAX / 2)

static struct dm_journal_record *slot(struct journal *j, uint64_t sequence)
{
	return &j->ring[(sequence - 1) % JOURNAL_RECORDS];
}

static bool intact(const struct dm_journal_record *r)
{
	return r->magic == DM_JOURNAL_RECORD_MAGIC && r->version == DM_JOURNAL_VERSION &&
	       r->checksum == checksum(r);
}

/* Out of the caches, which a reset empties. */
static void clean_header(const struct journal *j)
{
	dcache_clean(j, offsetof(struct journal, ring));
}

/* The header counts as one more witness only: what the records say is what holds. */
static void take_over(struct journal *j)
{
	j->sequence = 0;
	j->cycle = 0;
	for (unsigned int i = 0; i < JOURNAL_RECORDS; i++) {
		struct dm_journal_record *r = &j->ring[i];

		if (!intact(r) || !r->sequence || r->sequence > SEQUENCE_MAX ||
		    slot(j, r->sequence) != r) {
			memset(r, 0, sizeof(*r));
			continue;
		}
		r->flags |= DM_JOURNAL_EARLIER;
		r->checksum = checksum(r);
		j->sequence = max_u64(j->sequence, r->sequence);
		if (r->cycle > j->cycle)
			j->cycle = r->cycle;
	}
}

enum journal_ended journal_init(struct journal *j)
{
	enum journal_ended how = JOURNAL_UNKNOWN;

	if (j->magic == DM_JOURNAL_MAGIC && j->records == JOURNAL_RECORDS)
		how = j->ended < JOURNAL_UNKNOWN ? (enum journal_ended)j->ended : JOURNAL_CUT_SHORT;
	else
		memset(j, 0, sizeof(*j));
	take_over(j);
	j->magic = DM_JOURNAL_MAGIC;
	j->records = JOURNAL_RECORDS;
	j->ended = JOURNAL_CUT_SHORT;
	dcache_clean(j, sizeof(*j));
	return how;
}

void journal_end(struct journal *j, enum journal_ended how)
{
	j->ended = how;
	clean_header(j);
}

uint32_t journal_next_cycle(struct journal *j)
{
	++j->cycle;
	clean_header(j);
	return j->cycle;
}

static void put(struct journal *j, uint64_t sequence, const struct dm_journal_record *r)
{
	struct dm_journal_record *to = slot(j, sequence);

	*to = *r;
	to->magic = DM_JOURNAL_RECORD_MAGIC;
	to->version = DM_JOURNAL_VERSION;
	to->sequence = sequence;
	to->checksum = checksum(to);
	dcache_clean(to, sizeof(*to));
}

uint64_t journal_append(struct journal *j, const struct dm_journal_record *r)
{
	put(j, ++j->sequence, r);
	return j->sequence;
}

void journal_update(struct journal *j, uint64_t sequence, const struct dm_journal_record *r)
{
	if (sequence && sequence <= j->sequence && j->sequence - sequence < JOURNAL_RECORDS)
		put(j, sequence, r);
}

bool journal_next(const struct journal *j, uint64_t *sequence, struct dm_journal_record *out)
{
	uint64_t last = j->sequence;
	uint64_t first = last > JOURNAL_RECORDS ? last - JOURNAL_RECORDS + 1 : 1;
	uint64_t n = max_u64(*sequence, first);

	for (; n <= last; n++) {
		*out = j->ring[(n - 1) % JOURNAL_RECORDS];
		if (intact(out) && out->sequence == n) {
			*sequence = n + 1;
			return true;
		}
	}
	*sequence = max_u64(n, *sequence);
	return false;
}

/* A record's name as it may stand between quotes, whatever the bytes are. */
static const char *clean(char *to, const char *from, size_t size)
{
	size_t i;

	for (i = 0; i < size - 1 && from[i]; i++) {
		bool plain = from[i] >= ' ' && from[i] <= '~' && from[i] != '"' && from[i] != '\\';

		to[i] = plain ? from[i] : '?';
	}
	to[i] = '\0';
	return to;
}

static const char *earlier(const struct dm_journal_record *r)
{
	return r->flags & DM_JOURNAL_EARLIER ? ",\"earlier_boot\":true" : "";
}

static size_t step_json(const struct dm_journal_record *r, char *buf, size_t size)
{
	char step[DM_JOURNAL_STEP_SIZE];
	char end[64] = "\"end_ns\":null,\"result\":null";

	if (!(r->flags & DM_JOURNAL_OPEN))
		print_format(end, sizeof(end), "\"end_ns\":%lu,\"result\":%d",
		             counter_to_ns(r->end), r->result);
	return print_format(buf, size,
	                    "{\"cycle\":%u,\"kind\":\"step\",\"phase\":\"%s\",\"step\":\"%s\","
	                    "\"dir\":\"%s\",\"cpu\":%u,\"start_ns\":%lu,%s%s%s}",
	                    r->cycle, journal_phase_name(r->phase),
	                    clean(step, r->step, sizeof(step)), journal_dir_name(r->dir), r->cpu,
	                    counter_to_ns(r->start), end,
	                    r->flags & DM_JOURNAL_LATE ? ",\"late\":true" : "", earlier(r));
}

static size_t cycle_json(const struct dm_journal_record *r, char *buf, size_t size)
{
	char step[DM_JOURNAL_STEP_SIZE];
	char device[DM_JOURNAL_DEVICE_SIZE];
	char owner[DM_JOURNAL_OWNER_SIZE];

	return print_format(buf, size,
	                    "{\"cycle\":%u,\"kind\":\"cycle\",\"outcome\":\"%s\",\"result\":%d,"
	                    "\"wake_intid\":%d,\"wake_device\":\"%s\",\"wake_owner\":\"%s\","
	                    "\"failed_step\":\"%s\",\"start_ns\":%lu,\"end_ns\":%lu,"
	                    "\"asleep_ns\":%lu%s}",
	                    r->cycle, journal_outcome_name(r->outcome), r->result,
	                    (int)r->wake_intid, clean(device, r->device, sizeof(device)),
	                    clean(owner, r->owner, sizeof(owner)),
	                    clean(step, r->step, sizeof(step)), counter_to_ns(r->start),
	                    counter_to_ns(r->end), counter_to_ns(r->asleep), earlier(r));
}

static size_t thaw_json(const struct dm_journal_record *r, char *buf, size_t size)
{
	char owner[DM_JOURNAL_OWNER_SIZE];

	return print_format(buf, size,
	                    "{\"cycle\":%u,\"kind\":\"thaw\",\"domain\":\"%s\",\"unaware\":%s,"
	                    "\"start_ns\":%lu,\"end_ns\":%lu,\"held_ns\":%lu%s}",
	                    r->cycle, clean(owner, r->owner, sizeof(owner)),
	                    r->flags & DM_JOURNAL_UNAWARE ? "true" : "false",
	                    counter_to_ns(r->start), counter_to_ns(r->end),
	                    counter_to_ns(r->asleep), earlier(r));
}

size_t journal_json(const struct dm_journal_record *r, char *buf, size_t size)
{
	static size_t (*const by_kind[])(const struct dm_journal_record *r, char *buf,
	                                 size_t size) = {
		[DM_JOURNAL_STEP] = step_json,
		[DM_JOURNAL_CYCLE] = cycle_json,
		[DM_JOURNAL_THAW] = thaw_json,
	};

	return by_kind[r->kind < ARRAY_SIZE(by_kind) ? r->kind : DM_JOURNAL_STEP](r, buf, size);
}
