/* SPDX-License-Identifier: Apache-2.0 */
/* The PL011 driver against a model of its registers (DDI 0183). */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>
#include "dev/uart/uart.h"
#include "fake_cpu.h"
#include "fake_mmio.h"
#include "lib/err.h"

#define BASE 0x9000000ul

static struct {
	uint16_t rx[32]; /* with error bits */
	unsigned int rx_len;
	char tx[64];
	unsigned int tx_len;
	unsigned int full_polls; /* reads of FR for which there is no room; ~0: for ever */
	unsigned int busy_polls;
	unsigned int polls;
	uint16_t ibrd, fbrd, lcr_h, cr, ifls, imsc, icr, dmacr;
	bool divisor_latched;
	uint8_t id[8];
	unsigned int broken;
	const char *last;
} m;

static const struct uart_ops *uart = &pl011_ops;

static void broke(const char *what)
{
	m.broken++;
	m.last = what;
}

static bool count_down(unsigned int *polls)
{
	if (*polls && *polls != ~0u)
		(*polls)--;
	return *polls;
}

static uint64_t model_read(void *ctx, uint64_t off, unsigned int size)
{
	uint16_t v;

	(void)ctx;
	(void)size;
	if (off >= 0xfe0)
		return m.id[(off - 0xfe0) / 4];
	switch (off) {
	case 0x000:
		if (!m.rx_len) {
			broke("read of an empty FIFO");
			return 0;
		}
		v = m.rx[0];
		memmove(m.rx, m.rx + 1, --m.rx_len * sizeof(m.rx[0]));
		return v;
	case 0x018:
		m.polls++;
		return (count_down(&m.busy_polls) ? BIT(3) : 0) | (m.rx_len ? 0 : BIT(4)) |
		       (count_down(&m.full_polls) ? BIT(5) : 0);
	case 0x024:
		return m.ibrd;
	case 0x028:
		return m.fbrd;
	case 0x02c:
		return m.lcr_h;
	case 0x030:
		return m.cr;
	case 0x034:
		return m.ifls;
	case 0x038:
		return m.imsc;
	case 0x048:
		return m.dmacr;
	}
	broke("read of a reserved register");
	return 0;
}

static void model_write(void *ctx, uint64_t off, unsigned int size, uint64_t v)
{
	(void)ctx;
	(void)size;
	switch (off) {
	case 0x000:
		if (m.full_polls)
			broke("character into a full FIFO");
		m.tx[m.tx_len++ % sizeof(m.tx)] = (char)v;
		return;
	case 0x024:
	case 0x028:
		if (m.cr & 1)
			broke("divisor written while enabled");
		*(off == 0x024 ? &m.ibrd : &m.fbrd) = (uint16_t)v;
		m.divisor_latched = false;
		return;
	case 0x02c:
		if (m.cr & 1)
			broke("LCR_H written while enabled");
		if (!(v & BIT(4)))
			m.rx_len = 0;
		m.lcr_h = (uint16_t)v;
		m.divisor_latched = true;
		return;
	case 0x030:
		if (v & 1 && !m.divisor_latched)
			broke("enabled without the divisor latched");
		m.cr = (uint16_t)v;
		return;
	case 0x034:
		m.ifls = (uint16_t)v;
		return;
	case 0x038:
		m.imsc = (uint16_t)v;
		return;
	case 0x044:
		m.icr |= (uint16_t)v;
		return;
	case 0x048:
		m.dmacr = (uint16_t)v;
		return;
	}
	broke("write to a reserved register");
}

/* As after power-up (DDI 0183, table 3-1). */
static void power_up(void)
{
	m.rx_len = 0;
	m.full_polls = m.busy_polls = 0;
	m.ibrd = m.fbrd = m.lcr_h = m.imsc = m.dmacr = m.icr = 0;
	m.cr = 0x300;
	m.ifls = 0x12;
	m.divisor_latched = true;
}

static void receive(uint16_t c)
{
	m.rx[m.rx_len++] = c;
}

static int setup(void **state)
{
	static const uint8_t id[8] = { 0x11, 0x10, 0x34, 0x00, 0x0d, 0xf0, 0x05, 0xb1 };

	(void)state;
	fake_cpu_reset();
	fake_mmio_reset();
	fake_counter_step = 100000;
	memset(&m, 0, sizeof(m));
	memcpy(m.id, id, sizeof(id));
	power_up();
	fake_mmio_map(BASE, 0x1000, model_read, model_write, NULL);
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	if (m.broken)
		fail_msg("%u rules broken, last: %s", m.broken, m.last);
	return 0;
}

static void start(void)
{
	m.ibrd = 26;
	m.fbrd = 3;
	m.lcr_h = 0x70;
	m.cr = 0x301;
	assert_int_equal(uart->init(pa_make(BASE)), 0);
}

static void test_find(void **state)
{
	(void)state;
	assert_ptr_equal(uart_find("arm,pl011"), &pl011_ops);
	assert_null(uart_find("ns16550a"));
	assert_null(uart_find(""));
}

static void test_init(void **state)
{
	(void)state;
	/* Left unconfigured: the default rate. */
	assert_int_equal(uart->init(pa_make(BASE)), 0);
	assert_int_equal(m.ibrd, 13);
	assert_int_equal(m.fbrd, 1);
	assert_int_equal(m.lcr_h, 0x70);
	assert_int_equal(m.cr, 0x301);

	/* Configured: left alone, whatever rate and frame it is. */
	m.ibrd = 4;
	m.fbrd = 5;
	m.lcr_h = 0x7e;
	m.cr = 0xc301;
	m.imsc = 0x7ff;
	m.dmacr = 3;
	assert_int_equal(uart->init(pa_make(BASE)), 0);
	assert_int_equal(m.ibrd, 4);
	assert_int_equal(m.fbrd, 5);
	assert_int_equal(m.lcr_h, 0x7e);
	assert_int_equal(m.cr, 0xc301);
	assert_int_equal(m.imsc, 0);
	assert_int_equal(m.dmacr, 0);

	/* A rate, but switched off: the rate is kept. */
	m.cr = 0;
	assert_int_equal(uart->init(pa_make(BASE)), 0);
	assert_int_equal(m.ibrd, 4);
	assert_int_equal(m.cr, 0x301);
}

static void test_init_fails(void **state)
{
	(void)state;
	for (unsigned int i = 0; i < 8; i++) {
		uint8_t good = m.id[i];

		if (i == 3)
			continue;
		m.id[i] ^= 0x01;
		assert_int_equal(uart->init(pa_make(BASE)), -ENODEV);
		m.id[i] = good;
	}
	assert_int_equal(m.cr, 0x300);
	m.id[2] = 0x14; /* another revision */
	assert_int_equal(uart->init(pa_make(BASE)), 0);
}

static bool put(char c)
{
	return uart->write(&c, 1) == 1;
}

static void test_put(void **state)
{
	(void)state;
	start();
	m.full_polls = 5;
	assert_true(put('a'));
	assert_true(put('\xff'));
	assert_memory_equal(m.tx, "a\xff", 2);

	/* Stuck: given up after a bounded wait, the next one at once, until there is room again. */
	m.full_polls = ~0u;
	m.polls = 0;
	assert_false(put('b'));
	assert_true(m.polls > 10 && m.polls < 1000);
	m.polls = 0;
	assert_false(put('c'));
	assert_int_equal(m.polls, 1);
	m.full_polls = 0;
	assert_true(put('d'));
	assert_int_equal(m.tx[2], 'd');
	m.full_polls = 5;
	assert_true(put('e'));
	assert_int_equal(uart->write("fg\n", 3), 3);
	assert_memory_equal(m.tx + 3, "efg\n", 4);

	/* One that comes too late doesn't cost the rest more than a look each. */
	m.full_polls = ~0u;
	m.polls = 0;
	assert_int_equal(uart->write("hijk", 4), 0);
	assert_true(m.polls > 10 && m.polls < 1000);
}

static void test_get(void **state)
{
	(void)state;
	start();
	assert_int_equal(uart->get(), -1);
	receive('x');
	receive(BIT(10)); /* a break */
	receive(0xff | BIT(8));
	assert_int_equal(uart->get(), 'x');
	assert_int_equal(uart->get(), 0xff);
	assert_int_equal(uart->get(), -1);
	uart->rx_irq(true);
	assert_int_equal(m.imsc, BIT(4) | BIT(6));
	uart->rx_irq(false);
	assert_int_equal(m.imsc, 0);
}

static void test_flush(void **state)
{
	(void)state;
	start();
	m.busy_polls = 20;
	assert_int_equal(uart->flush(), 0);
	m.busy_polls = ~0u;
	assert_int_equal(uart->flush(), -ETIMEDOUT);
	fake_logs = 0;
	assert_int_equal(uart->suspend(), -ETIMEDOUT);
	assert_int_equal(fake_logs, 1);
}

/* Power kept: nothing is touched, the character that woke us is still there, its interrupt too. */
static void test_resume_kept(void **state)
{
	(void)state;
	start();
	uart->rx_irq(true);
	m.icr = 0;
	assert_int_equal(uart->suspend(), 0);
	assert_int_equal(m.imsc, BIT(4) | BIT(6));
	receive('w');
	assert_int_equal(uart->resume(), 0);
	assert_int_equal(m.icr, 0);
	assert_int_equal(m.rx_len, 1);
	assert_int_equal(uart->get(), 'w');
}

static void check_restored(void)
{
	assert_int_equal(m.ibrd, 26);
	assert_int_equal(m.fbrd, 3);
	assert_int_equal(m.lcr_h, 0x70);
	assert_int_equal(m.cr, 0x301);
	assert_int_equal(m.ifls, 0x21);
	assert_int_equal(m.dmacr, 0);
	assert_int_equal(m.imsc, BIT(4) | BIT(6));
	assert_int_equal(m.icr, 0x7ff);
}

static void test_resume_lost(void **state)
{
	(void)state;
	start();
	m.ifls = 0x21;
	uart->rx_irq(true);
	assert_int_equal(uart->suspend(), 0);
	power_up();
	assert_int_equal(uart->resume(), 0);
	check_restored();
	assert_int_equal(uart->get(), -1);
}

/* Garbage in any one register is enough to program it anew; what was received isn't lost. */
static void test_resume_poison(void **state)
{
	uint16_t *const regs[] = { &m.ibrd, &m.fbrd, &m.lcr_h, &m.cr, &m.ifls, &m.imsc, &m.dmacr };

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(regs); i++) {
		setup(NULL);
		start();
		m.ifls = 0x21;
		uart->rx_irq(true);
		assert_int_equal(uart->suspend(), 0);
		m.icr = 0;
		*regs[i] ^= 0x5;
		receive('1');
		receive(BIT(10));
		receive('2');
		assert_int_equal(uart->resume(), 0);
		check_restored();
		receive('3');
		assert_int_equal(uart->get(), '1');
		assert_int_equal(uart->get(), '2');
		assert_int_equal(uart->get(), '3');
		assert_int_equal(uart->get(), -1);
		assert_true(put('p'));
	}
}

/* A receive FIFO that never gets empty, a transmitter that never gets done: resume still ends. */
static void test_resume_ends(void **state)
{
	(void)state;
	start();
	assert_int_equal(uart->suspend(), 0);
	m.cr = 0;
	m.busy_polls = ~0u;
	for (unsigned int i = 0; i < 32; i++)
		receive('z');
	assert_int_equal(uart->resume(), 0);
	assert_int_equal(m.cr, 0x301);
	for (unsigned int i = 0; i < 32; i++)
		assert_int_equal(uart->get(), 'z');
	assert_int_equal(uart->get(), -1);
}

#define T(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(test_find),        T(test_init),        T(test_init_fails),
		T(test_put),         T(test_get),         T(test_flush),
		T(test_resume_kept), T(test_resume_lost), T(test_resume_poison),
		T(test_resume_ends),
	};

	return cmocka_run_group_tests_name("pl011", tests, NULL, NULL);
}
