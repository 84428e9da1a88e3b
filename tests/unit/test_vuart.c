/* SPDX-License-Identifier: Apache-2.0 */
/* The virtual PL011, register by register, and as Linux's driver uses it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>
#include "core/console.h"
#include "fake_cpu.h"
#include "lib/err.h"
#include "mm/page.h"
#include "virt/vgic/vgic.h"
#include "virt/vmmio.h"
#include "virt/vuart.h"

#define BASE   0x9000000
#define DR     0x00
#define FR     0x18
#define LCRH   0x2c
#define CR     0x30
#define IFLS   0x34
#define IMSC   0x38
#define RIS    0x3c
#define MIS    0x40
#define ICR    0x44
#define FEN    0x10
#define RXFE   0x10
#define RXFF   0x40
#define TXFE   0x80
#define INT_RX 0x10
#define INT_TX 0x20
#define INT_RT 0x40

static struct domain d;
static struct vcpu v = { .domain = &d };
static bool line;
static unsigned int line_changes;
static char console[600];
static unsigned int console_len;

void vgic_line(struct domain *who, unsigned int vcpu, uint32_t vintid, bool high)
{
	assert_ptr_equal(who, &d);
	assert_int_equal(vintid, 33);
	line = high;
	line_changes++;
}

void console_domain_put(struct domain *who, char c)
{
	assert_ptr_equal(who, &d);
	assert_int_equal(fake_locks_held, 0); /* it takes the console's lock */
	console[console_len++] = c;
}

static uint64_t rd(uint64_t reg)
{
	uint64_t value = ~0ULL;

	assert_true(vmmio_read(&v, ipa_make(BASE + reg), 4, &value));
	assert_int_equal(fake_locks_held, 0);
	return value;
}

static void wr(uint64_t reg, uint64_t value)
{
	assert_true(vmmio_write(&v, ipa_make(BASE + reg), 4, value));
	assert_int_equal(fake_locks_held, 0);
}

static int setup(void **state)
{
	memset(&d, 0, sizeof(d));
	line = false;
	line_changes = 0;
	console_len = 0;
	return vuart_create(&d, ipa_make(BASE), 33);
}

static int teardown(void **state)
{
	vuart_destroy(&d);
	vuart_destroy(&d); /* one that has none */
	page_free(d.vmmio, page_order(sizeof(*d.vmmio)));
	return 0;
}

static void creating(void **state)
{
	unsigned int before;

	assert_int_equal(vuart_create(&d, ipa_make(BASE), 33), -EEXIST);
	before = fake_pages_out;
	fake_page_budget = 0;
	assert_int_equal(vuart_create(&d, ipa_make(0x1000), 33), -ENOMEM);
	fake_page_budget = -1;
	assert_int_equal(fake_pages_out, before);
	assert_false(vuart_input(&(struct domain) { .id = 5 }, 'x'));
}

static void reset_values(void **state)
{
	static const struct {
		uint64_t reg, value;
	} want[] = {
		{ DR, 0 },   { 0x04, 0 },   { FR, 0x97 },   { 0x20, 0 }, { 0x24, 0 },  { 0x28, 0 },
		{ LCRH, 0 }, { CR, 0x300 }, { IFLS, 0x12 }, { IMSC, 0 }, { RIS, 0 },   { MIS, 0 },
		{ ICR, 0 },  { 0x48, 0 },   { 0x08, 0 },    { 0x80, 0 }, { 0xfdc, 0 },
	};
	/* Linux's AMBA bus matches PeriphID 0x00341011, CID 0xb105f00d. */
	uint32_t pid = 0, cid = 0;

	for (unsigned int i = 0; i < ARRAY_SIZE(want); i++)
		assert_int_equal(rd(want[i].reg), want[i].value);
	for (unsigned int i = 0; i < 4; i++) {
		pid |= (uint32_t)rd(0xfe0 + 4 * i) << (8 * i);
		cid |= (uint32_t)rd(0xff0 + 4 * i) << (8 * i);
	}
	assert_int_equal(pid, 0x00341011);
	assert_int_equal(cid, 0xb105f00d);
}

static void written_bits(void **state)
{
	static const struct {
		uint64_t reg, mask;
	} regs[] = { { 0x20, 0xff }, { 0x24, 0xffff }, { 0x28, 0x3f },  { LCRH, 0xff },
		     { CR, 0xff87 }, { IFLS, 0x3f },   { IMSC, 0x7ff }, { 0x48, 0x7 } };

	for (unsigned int i = 0; i < ARRAY_SIZE(regs); i++) {
		wr(regs[i].reg, 0xffffffff);
		assert_int_equal(rd(regs[i].reg), regs[i].mask);
		wr(regs[i].reg, 0);
		assert_int_equal(rd(regs[i].reg), 0);
	}
	/* Read-only and reserved ones ignore writes. */
	wr(FR, 0xff);
	wr(RIS, 0xff);
	wr(MIS, 0xff);
	wr(0xfe0, 0xff);
	wr(0x80, 0xff);
	assert_int_equal(rd(FR), 0x97);
	assert_int_equal(rd(RIS), 0);
	assert_int_equal(rd(0xfe0), 0x11);
}

static void access_sizes(void **state)
{
	uint64_t value;

	assert_true(vmmio_read(&v, ipa_make(BASE + FR), 2, &value));
	assert_true(vmmio_read(&v, ipa_make(BASE + FR), 1, &value));
	assert_true(vmmio_write(&v, ipa_make(BASE + DR), 1, 'b'));
	assert_true(vmmio_write(&v, ipa_make(BASE + DR), 2, 'h'));
	assert_int_equal(console_len, 2);
	assert_false(vmmio_read(&v, ipa_make(BASE + DR), 8, &value));
	assert_false(vmmio_read(&v, ipa_make(BASE + FR + 1), 1, &value));
	assert_false(vmmio_write(&v, ipa_make(BASE + FR + 2), 2, 0));
}

static void transmitting(void **state)
{
	wr(IMSC, INT_TX);
	assert_false(line); /* nothing was sent: the level wasn't passed */
	for (unsigned int i = 0; i < 100; i++) {
		wr(DR, 'a' + i % 26);
		assert_true(rd(FR) & TXFE);
	}
	assert_int_equal(console_len, 100);
	assert_memory_equal(console, "abcdefghijklmnopqrstuvwxyzabc", 29);
	assert_int_equal(rd(RIS), INT_TX);
	assert_int_equal(rd(MIS), INT_TX);
	assert_true(line);
	wr(ICR, INT_TX);
	assert_false(line);
	assert_int_equal(rd(RIS), 0);
	wr(DR, 'x');
	assert_true(line);
	wr(IMSC, 0);
	assert_false(line);
	assert_int_equal(rd(RIS), INT_TX);
}

static void receiving_without_fifo(void **state)
{
	wr(IMSC, INT_RX | INT_RT);
	assert_true(vuart_input(&d, 'a'));
	assert_true(line);
	assert_int_equal(rd(RIS), INT_RX | INT_RT);
	assert_int_equal(rd(FR) & (RXFE | RXFF), RXFF);
	assert_true(vuart_input(&d, 'b'));
	assert_int_equal(rd(DR), 'a');
	assert_true(line); /* the next one moved up */
	assert_int_equal(rd(DR), 'b');
	assert_false(line);
	assert_int_equal(rd(FR) & (RXFE | RXFF), RXFE);
	assert_int_equal(rd(DR), 0);
}

static void receive_levels(void **state)
{
	static const unsigned int trigger[] = { 4, 8, 16, 24, 28 };

	wr(LCRH, FEN);
	for (unsigned int sel = 0; sel < ARRAY_SIZE(trigger); sel++) {
		wr(IFLS, sel << 3);
		for (unsigned int n = 1; n <= 32; n++) {
			assert_true(vuart_input(&d, 'c'));
			assert_int_equal(!!(rd(RIS) & INT_RX), n >= trigger[sel]);
			assert_true(rd(RIS) & INT_RT);
		}
		assert_true(rd(FR) & RXFF);
		for (unsigned int n = 32; n-- > 0;) {
			assert_int_equal(rd(DR), 'c');
			assert_int_equal(!!(rd(RIS) & INT_RX), n >= trigger[sel]);
			assert_int_equal(!!(rd(RIS) & INT_RT), n > 0);
		}
	}
}

static void pasted_text_waits_in_the_queue(void **state)
{
	unsigned int n = 0;

	wr(LCRH, FEN);
	wr(IMSC, INT_RX | INT_RT);
	while (vuart_input(&d, (char)('0' + n % 10)))
		n++;
	assert_int_equal(n, 256);
	/* As Linux does it: clear all, then read until empty. */
	for (unsigned int i = 0; i < n; i++) {
		assert_true(line);
		assert_int_equal(rd(DR), '0' + i % 10);
	}
	assert_true(rd(FR) & RXFE);
	assert_false(line);
	assert_true(vuart_input(&d, 'z'));
	assert_int_equal(rd(DR), 'z');
}

/*
 * A driver that clears, drains part and then unmasks must not wait for ever: the refill counts as
 * arrival.
 */
static void startup_with_input_waiting(void **state)
{
	for (unsigned int i = 0; i < 100; i++)
		assert_true(vuart_input(&d, 'q'));
	wr(LCRH, FEN);
	wr(ICR, 0x7ff);
	for (unsigned int i = 0; i < 64; i++)
		rd(DR);
	wr(IMSC, INT_RX | INT_RT);
	assert_true(line);
}

static void clearing_with_data_left(void **state)
{
	wr(LCRH, FEN);
	wr(IMSC, INT_RT);
	assert_true(vuart_input(&d, 'a'));
	wr(ICR, INT_RT);
	assert_false(line);
	assert_true(vuart_input(&d, 'b'));
	assert_true(line);
}

static void loopback(void **state)
{
	wr(CR, 0x381);
	wr(DR, 'L');
	assert_int_equal(console_len, 0);
	assert_int_equal(rd(DR), 'L');
}

static void line_changes_only_when_it_does(void **state)
{
	wr(IMSC, INT_RT | INT_RX);
	for (unsigned int i = 0; i < 10; i++)
		vuart_input(&d, 'a');
	assert_int_equal(line_changes, 1);
}

static size_t output(uint64_t *cursor, char *buf, size_t size)
{
	size_t n = vuart_output(&d, cursor, buf, size);

	assert_int_equal(fake_locks_held, 0);
	return n;
}

static void output_is_kept(void **state)
{
	uint64_t cursor = 0;
	char buf[8];

	assert_int_equal(output(&cursor, buf, sizeof(buf)), 0);
	for (const char *c = "hello, world"; *c; c++)
		wr(DR, (uint8_t)*c);
	assert_int_equal(output(&cursor, buf, 5), 5);
	assert_memory_equal(buf, "hello", 5);
	assert_int_equal(cursor, 5);
	assert_int_equal(output(&cursor, buf, sizeof(buf)), 7);
	assert_memory_equal(buf, ", world", 7);
	assert_int_equal(output(&cursor, buf, sizeof(buf)), 0);
	assert_int_equal(cursor, 12);
	/* What is fed back isn't sent. */
	wr(CR, 0x381);
	wr(DR, 'L');
	assert_int_equal(output(&cursor, buf, sizeof(buf)), 0);
	assert_int_equal(vuart_output(&(struct domain) { .id = 5 }, &cursor, buf, 1), 0);
}

static void old_output_is_skipped(void **state)
{
	static char all[VUART_OUTPUT + 1];
	uint64_t cursor = 0;

	for (unsigned int i = 0; i < VUART_OUTPUT + 10; i++) {
		console_len = 0;
		wr(DR, '0' + i % 10);
	}
	assert_int_equal(output(&cursor, all, sizeof(all)), VUART_OUTPUT);
	assert_int_equal(cursor, VUART_OUTPUT + 10);
	for (unsigned int i = 0; i < VUART_OUTPUT; i++)
		assert_int_equal(all[i], '0' + i % 10);
	/* A cursor that is ahead of everything: what comes next. */
	cursor = ~0ULL;
	assert_int_equal(output(&cursor, all, 1), 0);
	assert_int_equal(cursor, VUART_OUTPUT + 10);
}

#define T(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(creating),
		T(reset_values),
		T(written_bits),
		T(access_sizes),
		T(transmitting),
		T(receiving_without_fifo),
		T(receive_levels),
		T(pasted_text_waits_in_the_queue),
		T(startup_with_input_waiting),
		T(clearing_with_data_left),
		T(loopback),
		T(line_changes_only_when_it_does),
		T(output_is_kept),
		T(old_output_is_skipped),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
