/* SPDX-License-Identifier: Apache-2.0 */
/* The suspend journal: numbering, wrap-around, take-over after a warm reset, JSON. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>
#include "fake_cpu.h"
#include "fake_sysreg.h"
#include "suspend/journal.h"

static struct journal j;

static void fresh(void)
{
	memset(&j, 0xa5, sizeof(j));
	journal_init(&j);
}

static struct dm_journal_record step(uint32_t cycle, const char *name)
{
	struct dm_journal_record r = {
		.kind = DM_JOURNAL_STEP,
		.phase = DM_PHASE_DEVICES,
		.dir = DM_DIR_SUSPEND,
		.cycle = cycle,
		.start = 100,
		.end = 250,
	};

	snprintf(r.step, sizeof(r.step), "%s", name);
	return r;
}

/* The checksum of what the record now holds: of IEEE 802.3, written anew here. */
static void refit(struct dm_journal_record *r)
{
	const size_t from = offsetof(struct dm_journal_record, sequence);
	uint32_t crc = ~0u;

	for (size_t i = from; i < sizeof(*r); i++) {
		crc ^= ((const uint8_t *)r)[i];
		for (unsigned int bit = 0; bit < 8; bit++)
			crc = crc & 1 ? crc >> 1 ^ 0xedb88320u : crc >> 1;
	}
	r->checksum = ~crc;
}

static unsigned int count(uint64_t *first, uint64_t *last)
{
	struct dm_journal_record r;
	uint64_t seq = 0;
	unsigned int n = 0;

	while (journal_next(&j, &seq, &r)) {
		if (!n++)
			*first = r.sequence;
		*last = r.sequence;
	}
	return n;
}

/* A record with a good checksum, but a number that no journal has: behind it numbers would wrap. */
static void test_impossible_numbers_are_dropped(void **state)
{
	static const uint64_t numbers[] = { UINT64_MAX, UINT64_MAX - 1, (uint64_t)1 << 63, 0 };
	struct dm_journal_record r = step(1, "rtc");

	for (unsigned int i = 0; i < sizeof(numbers) / sizeof(numbers[0]); i++) {
		uint64_t first = 0, last = 0;

		fresh();
		j.sequence = numbers[i] - 1;
		journal_append(&j, &r);
		journal_init(&j);
		assert_int_equal(j.sequence, 0);
		assert_int_equal(journal_append(&j, &r), 1);
		assert_int_equal(count(&first, &last), 1);
		assert_int_equal(last, 1);
	}
}

static void test_garbage_is_emptied(void **state)
{
	struct dm_journal_record r;
	uint64_t seq = 0;

	fresh();
	assert_false(journal_next(&j, &seq, &r));
	assert_int_equal(journal_next_cycle(&j), 1);
	/* Nor does the memory of a cold start that happens to hold the header's magic. */
	memset(&j, 0x5a, sizeof(j));
	j.magic = DM_JOURNAL_MAGIC;
	j.records = JOURNAL_RECORDS;
	journal_init(&j);
	assert_false(journal_next(&j, &seq, &r));
	assert_int_equal(j.sequence, 0);
	assert_int_equal(j.cycle, 0);
}

static void test_wrap(void **state)
{
	uint64_t first = 0, last = 0;

	fresh();
	for (unsigned int i = 0; i < 3 * JOURNAL_RECORDS + 7; i++) {
		struct dm_journal_record r = step(i, "rtc");

		assert_int_equal(journal_append(&j, &r), i + 1);
		assert_int_equal(count(&first, &last),
		                 i < JOURNAL_RECORDS ? i + 1 : JOURNAL_RECORDS);
		assert_int_equal(last, i + 1);
		assert_int_equal(first, i < JOURNAL_RECORDS ? 1 : i + 2 - JOURNAL_RECORDS);
	}
}

static void test_update(void **state)
{
	struct dm_journal_record r = step(1, "rtc"), out;
	uint64_t seq, at = 0;

	fresh();
	r.flags = DM_JOURNAL_OPEN;
	seq = journal_append(&j, &r);
	r.flags = 0;
	r.result = -5;
	journal_update(&j, seq, &r);
	assert_true(journal_next(&j, &at, &out));
	assert_int_equal(out.result, -5);
	assert_int_equal(out.flags, 0);
	assert_int_equal(out.sequence, seq);
	assert_false(journal_next(&j, &at, &out));
	/* Gone from the ring, or never there. */
	for (unsigned int i = 0; i < JOURNAL_RECORDS; i++)
		journal_append(&j, &r);
	r.result = 77;
	journal_update(&j, seq, &r);
	journal_update(&j, 0, &r);
	journal_update(&j, j.sequence + 1, &r);
	at = 0;
	while (journal_next(&j, &at, &out))
		assert_int_equal(out.result, -5);
}

static void test_warm_reset(void **state)
{
	uint64_t first = 0, last = 0;
	struct dm_journal_record r = step(1, "rtc");

	fresh();
	for (unsigned int i = 0; i < JOURNAL_RECORDS + 20; i++) {
		r.cycle = i / 10;
		journal_append(&j, &r);
	}
	j.sequence = 3; /* the header was torn */
	j.cycle = 0;
	journal_init(&j);
	assert_int_equal(count(&first, &last), JOURNAL_RECORDS);
	assert_int_equal(last, JOURNAL_RECORDS + 20);
	assert_int_equal(journal_next_cycle(&j), (JOURNAL_RECORDS + 19) / 10 + 1);
}

/* Each bit that flips anywhere in a record takes that one out, and only that one. */
static void test_damage(void **state)
{
	struct dm_journal_record r = step(1, "rtc");
	uint64_t first, last;

	for (unsigned int bit = 0; bit < 8 * sizeof(r); bit++) {
		fresh();
		for (unsigned int i = 0; i < 3; i++)
			journal_append(&j, &r);
		((uint8_t *)&j.ring[1])[bit / 8] ^= 1 << bit % 8;
		assert_int_equal(count(&first, &last), 2);
		journal_init(&j);
		assert_int_equal(count(&first, &last), 2);
		assert_int_equal(last, 3);
	}
}

static void test_earlier_boots_are_marked(void **state)
{
	struct dm_journal_record r = step(1, "rtc"), out;
	uint64_t seq = 0;

	fresh();
	r.flags = DM_JOURNAL_OPEN;
	journal_append(&j, &r);
	journal_init(&j);
	journal_append(&j, &r);
	assert_true(journal_next(&j, &seq, &out));
	assert_int_equal(out.flags, DM_JOURNAL_OPEN | DM_JOURNAL_EARLIER);
	assert_true(journal_next(&j, &seq, &out));
	assert_int_equal(out.flags, DM_JOURNAL_OPEN);
}

/* What an older Dormouse, or a newer one, left there isn't understood, so it is no record. */
static void test_other_version(void **state)
{
	struct dm_journal_record r = step(1, "rtc");
	uint64_t first = 0, last = 0;

	fresh();
	for (unsigned int i = 0; i < 3; i++)
		journal_append(&j, &r);
	j.ring[1].version++;
	refit(&j.ring[1]);
	assert_int_equal(journal_init(&j), JOURNAL_CUT_SHORT);
	assert_int_equal(count(&first, &last), 2);
	/* Right in itself, but for another place: the ring had another size. */
	j.ring[0].sequence = 2;
	refit(&j.ring[0]);
	journal_init(&j);
	assert_int_equal(count(&first, &last), 1);
	assert_int_equal(last, 3);
}

static void test_how_it_ended(void **state)
{
	memset(&j, 0xa5, sizeof(j));
	assert_int_equal(journal_init(&j), JOURNAL_UNKNOWN);
	assert_int_equal(journal_init(&j), JOURNAL_CUT_SHORT);
	journal_end(&j, JOURNAL_ORDERLY);
	assert_int_equal(journal_init(&j), JOURNAL_ORDERLY);
	assert_int_equal(journal_init(&j), JOURNAL_CUT_SHORT);
	journal_end(&j, JOURNAL_PANIC);
	assert_int_equal(journal_init(&j), JOURNAL_PANIC);
	j.ended = 77;
	assert_int_equal(journal_init(&j), JOURNAL_CUT_SHORT);
	j.magic++;
	assert_int_equal(journal_init(&j), JOURNAL_UNKNOWN);
}

/* A reset empties the caches: what is written is in memory when the call returns. */
static void test_out_of_the_caches(void **state)
{
	struct dm_journal_record r = step(1, "rtc");

	fresh();
	journal_append(&j, &r);
	assert_ptr_equal(fake_maintenance.last_clean, &j.ring[0]);
	assert_int_equal(fake_maintenance.last_clean_size, sizeof(r));
	journal_append(&j, &r);
	journal_update(&j, 1, &r);
	assert_ptr_equal(fake_maintenance.last_clean, &j.ring[0]);
	journal_end(&j, JOURNAL_PANIC);
	assert_ptr_equal(fake_maintenance.last_clean, &j);
}

static void test_json(void **state)
{
	struct dm_journal_record r = step(1, "rtc");
	char buf[400];
	size_t len;

	r.cpu = 3;
	r.result = -110;
	len = journal_json(&r, buf, sizeof(buf));
	assert_int_equal(len, strlen(buf));
	assert_string_equal(buf,
	                    "{\"cycle\":1,\"kind\":\"step\",\"phase\":\"devices\",\"step\":\"rtc\","
	                    "\"dir\":\"suspend\",\"cpu\":3,\"start_ns\":100,\"end_ns\":250,"
	                    "\"result\":-110}");
	r.flags = DM_JOURNAL_OPEN;
	journal_json(&r, buf, sizeof(buf));
	assert_non_null(strstr(buf, "\"start_ns\":100,\"end_ns\":null,\"result\":null}"));

	r = (struct dm_journal_record) {
		.kind = DM_JOURNAL_CYCLE,
		.outcome = DM_OUTCOME_SLEPT,
		.cycle = 2,
		.start = 1,
		.end = 2,
		.asleep = 5000,
		.wake_intid = 34,
		.device = "rtc",
		.owner = "dom0",
	};
	journal_json(&r, buf, sizeof(buf));
	assert_string_equal(buf,
	                    "{\"cycle\":2,\"kind\":\"cycle\",\"outcome\":\"slept\",\"result\":0,"
	                    "\"wake_intid\":34,\"wake_device\":\"rtc\",\"wake_owner\":\"dom0\","
	                    "\"failed_step\":\"\",\"start_ns\":1,\"end_ns\":2,\"asleep_ns\":5000}");
	r.wake_intid = DM_JOURNAL_NO_WAKE;
	journal_json(&r, buf, sizeof(buf));
	assert_non_null(strstr(buf, "\"wake_intid\":-1,"));

	r = (struct dm_journal_record) {
		.kind = DM_JOURNAL_THAW,
		.cycle = 3,
		.flags = DM_JOURNAL_UNAWARE,
		.start = 10,
		.end = 30,
		.asleep = 20,
		.owner = "web",
	};
	journal_json(&r, buf, sizeof(buf));
	assert_string_equal(buf, "{\"cycle\":3,\"kind\":\"thaw\",\"domain\":\"web\",\"unaware\":true,"
	                         "\"start_ns\":10,\"end_ns\":30,\"held_ns\":20}");
}

/* By the CPU or by the table: what one has written the other takes for whole. */
static void test_checksum(void **state)
{
	struct dm_journal_record r;
	uint64_t seq = 0;

	for (unsigned int by_cpu = 0; by_cpu < 2; by_cpu++) {
		*fake_sysreg(id_aa64isar0_el1) = (uint64_t)by_cpu << 16;
		fresh();
		srand(by_cpu);
		for (unsigned int n = 0; n < 200; n++) {
			for (size_t i = 0; i < sizeof(r); i++)
				((uint8_t *)&r)[i] = rand();
			journal_append(&j, &r);
			r = j.ring[n];
			refit(&r);
			assert_int_equal(j.ring[n].checksum, r.checksum);
		}
		*fake_sysreg(id_aa64isar0_el1) = (uint64_t)!by_cpu << 16;
		seq = 0;
		for (unsigned int n = 0; n < 200; n++)
			assert_true(journal_next(&j, &seq, &r));
		j.ring[7].owner[3] ^= 1;
		seq = 8;
		assert_true(journal_next(&j, &seq, &r));
		assert_int_equal(r.sequence, 9);
	}
	*fake_sysreg(id_aa64isar0_el1) = 0;
}

/* Whatever the bytes are, the line stays one line of printable ASCII and fits the log's. */
static void test_json_of_noise(void **state)
{
	struct dm_journal_record r;
	char buf[400];

	srand(1);
	for (unsigned int n = 0; n < 2000; n++) {
		unsigned int quotes = 0;

		for (size_t i = 0; i < sizeof(r); i++)
			((uint8_t *)&r)[i] = rand();
		assert_true(journal_json(&r, buf, sizeof(buf)) < sizeof(buf));
		for (const char *p = buf; *p; p++) {
			assert_true(*p >= ' ' && *p <= '~' && *p != '\\');
			quotes += *p == '"';
		}
		assert_int_equal(quotes % 2, 0);
		assert_int_equal(buf[strlen(buf) - 1], '}');
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_garbage_is_emptied),
		cmocka_unit_test(test_impossible_numbers_are_dropped),
		cmocka_unit_test(test_wrap),
		cmocka_unit_test(test_update),
		cmocka_unit_test(test_warm_reset),
		cmocka_unit_test(test_damage),
		cmocka_unit_test(test_earlier_boots_are_marked),
		cmocka_unit_test(test_other_version),
		cmocka_unit_test(test_how_it_ended),
		cmocka_unit_test(test_out_of_the_caches),
		cmocka_unit_test(test_checksum),
		cmocka_unit_test(test_json),
		cmocka_unit_test(test_json_of_noise),
	};

	return cmocka_run_group_tests_name("journal", tests, NULL, NULL);
}
