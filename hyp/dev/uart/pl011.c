/* SPDX-License-Identifier: Apache-2.0 */
/*
 * PrimeCell UART, PL011 (DDI 0183). One port: the machine's console.
 *
 * Baud rate and frame format are those that the firmware left, if it left any: only the firmware
 * knows what the other end expects.
 */
#include "dev/uart/uart.h"

#include "arch/barrier.h"
#include "arch/counter.h"
#include "arch/mmio.h"
#include "lib/err.h"
#include "lib/log.h"

/* Register offsets (DDI 0183, table 3-1). */
#define UARTDR    0x000
#define UARTFR    0x018
#define UARTIBRD  0x024
#define UARTFBRD  0x028
#define UARTLCR_H 0x02c
#define UARTCR    0x030
#define UARTIFLS  0x034
#define UARTIMSC  0x038
#define UARTICR   0x044
#define UARTDMACR 0x048
#define UARTPID0  0xfe0 /* 4 of PeriphID, 4 of PCellID, a byte in each word */

#define DR_BREAK BIT(10)

#define FR_BUSY BIT(3)
#define FR_RXFE BIT(4)
#define FR_TXFF BIT(5)

#define LCR_H_FEN   BIT(4)
#define LCR_H_8BITS (BIT(5) | BIT(6))

#define CR_UARTEN BIT(0)
#define CR_TXE    BIT(8)
#define CR_RXE    BIT(9)

/* Receive level, and receive time-out: characters below the level of the FIFO's trigger. */
#define INT_RX  BIT(4)
#define INT_RT  BIT(6)
#define INT_ALL 0x7ff

/* 115200 Baud from 24 MHz, where the firmware left nothing: UARTCLK / 16 / 115200 = 13 + 1/64. */
#define DEFAULT_IBRD 13
#define DEFAULT_FBRD 1

#define FIFO_DEPTH 32 /* the deepest there is: r1p5 */

/* Longer than a character takes at 1200 Baud, and than a full FIFO at 9600. */
#define PUT_LIMIT_MS   20
#define FLUSH_LIMIT_MS 100

/* What resume() puts back, in the order it is written; while UARTCR is 0. */
enum saved_reg {
	SAVED_IBRD,
	SAVED_FBRD,
	SAVED_LCR_H, /* after the divisors: this write latches them (DDI 0183 3.3.6) */
	SAVED_IFLS,
	SAVED_DMACR,
	SAVED_IMSC,
	SAVED_CR, /* last: switches the port on */
	NR_SAVED,
};

static const struct {
	uint16_t offset;
	uint16_t mask; /* implemented bits */
} saved_regs[NR_SAVED] = {
	[SAVED_IBRD] = { UARTIBRD, 0xffff }, [SAVED_FBRD] = { UARTFBRD, 0x3f },
	[SAVED_LCR_H] = { UARTLCR_H, 0xff }, [SAVED_IFLS] = { UARTIFLS, 0x3f },
	[SAVED_DMACR] = { UARTDMACR, 0x7 },  [SAVED_IMSC] = { UARTIMSC, INT_ALL },
	[SAVED_CR] = { UARTCR, 0xff87 },
};

static struct {
	uintptr_t base;
	bool stuck; /* the last wait for room failed: don't wait again until there is some */
	uint32_t saved[NR_SAVED];
	/* Characters that resume() took out of the FIFO before it lost them. */
	char stash[FIFO_DEPTH];
	unsigned int stash_head, stash_len;
} port;

static uint32_t rd(uint32_t reg)
{
	return mmio_read32(port.base + reg);
}

static void wr(uint32_t reg, uint32_t v)
{
	mmio_write32(port.base + reg, v);
}

/* Until the flag is clear. 0 or -ETIMEDOUT. */
static int wait_flag(uint32_t flag, uint64_t ms)
{
	uint64_t end = counter_now() + counter_from_ms(ms);
	bool late;

	do {
		/* The clock first: a CPU that lost time between the two still gets its last look.
		 */
		late = counter_now() > end;
		if (!(rd(UARTFR) & flag))
			return 0;
		cpu_relax();
	} while (!late);
	return -ETIMEDOUT;
}

static bool is_pl011(void)
{
	/* Part 0x011, designer 0x41, any revision; PrimeCell class (DDI 0183 3.3.15, 3.3.16). */
	static const struct {
		uint8_t mask;
		uint8_t value;
	} id[8] = {
		{ 0xff, 0x11 }, { 0xff, 0x10 }, { 0x0f, 0x04 }, { 0x00, 0x00 },
		{ 0xff, 0x0d }, { 0xff, 0xf0 }, { 0xff, 0x05 }, { 0xff, 0xb1 },
	};

	for (unsigned int i = 0; i < ARRAY_SIZE(id); i++)
		if ((rd(UARTPID0 + 4 * i) & id[i].mask) != id[i].value)
			return false;
	return true;
}

static int pl011_flush(void)
{
	/* BUSY covers the FIFO and the shift register (DDI 0183 3.3.3). */
	int err = wait_flag(FR_BUSY, FLUSH_LIMIT_MS);

	port.stuck = err != 0;
	return err;
}

static int pl011_init(paddr_t base)
{
	port.base = base.raw;
	port.stuck = false;
	port.stash_len = 0;
	if (!is_pl011())
		return -ENODEV;
	wr(UARTIMSC, 0);
	wr(UARTDMACR, 0);
	if ((rd(UARTCR) & (CR_UARTEN | CR_TXE)) != (CR_UARTEN | CR_TXE) || !rd(UARTIBRD)) {
		wr(UARTCR, 0);
		if (!rd(UARTIBRD)) {
			wr(UARTIBRD, DEFAULT_IBRD);
			wr(UARTFBRD, DEFAULT_FBRD);
		}
		wr(UARTLCR_H, LCR_H_8BITS | LCR_H_FEN);
	}
	wr(UARTICR, INT_ALL);
	wr(UARTCR, rd(UARTCR) | CR_UARTEN | CR_TXE | CR_RXE);
	return 0;
}

/* False: given up, the character is lost. */
static bool put(char c)
{
	if (rd(UARTFR) & FR_TXFF) {
		if (port.stuck)
			return false;
		if (wait_flag(FR_TXFF, PUT_LIMIT_MS)) {
			port.stuck = true;
			return false;
		}
	}
	port.stuck = false;
	wr(UARTDR, (uint8_t)c);
	return true;
}

static size_t pl011_write(const char *text, size_t len)
{
	size_t sent = 0;

	for (size_t i = 0; i < len; i++)
		sent += put(text[i]);
	return sent;
}

static int pl011_get(void)
{
	if (port.stash_len) {
		port.stash_len--;
		return (uint8_t)port.stash[port.stash_head++];
	}
	/* At most a FIFO's worth of breaks in one go: a line held low must not keep us here. */
	for (unsigned int i = 0; i < FIFO_DEPTH && !(rd(UARTFR) & FR_RXFE); i++) {
		uint32_t v = rd(UARTDR);

		if (!(v & DR_BREAK))
			return (int)(v & 0xff);
	}
	return -1;
}

static void pl011_rx_irq(bool on)
{
	wr(UARTIMSC, on ? INT_RX | INT_RT : 0);
}

static int pl011_suspend(void)
{
	int err = pl011_flush();

	if (err) {
		log_err("pl011: still transmitting after %u ms", FLUSH_LIMIT_MS);
		return err;
	}
	for (unsigned int i = 0; i < NR_SAVED; i++)
		port.saved[i] = rd(saved_regs[i].offset);
	return 0;
}

static bool kept(void)
{
	for (unsigned int i = 0; i < NR_SAVED; i++)
		if ((rd(saved_regs[i].offset) ^ port.saved[i]) & saved_regs[i].mask)
			return false;
	return true;
}

static int pl011_resume(void)
{
	unsigned int n;

	port.stuck = false;
	/*
	 * A port that kept its power has the character that woke us in its FIFO and its interrupt
	 * pending: not a bit of it must change.
	 */
	if (kept())
		return 0;

	/*
	 * Otherwise program it as after power-up (DDI 0183 3.3.8): off, FIFOs flushed. What was
	 * received is taken out first. The loop ends after a FIFO's worth, whatever the flags say.
	 */
	port.stash_head = 0;
	port.stash_len = 0;
	for (n = 0; n < FIFO_DEPTH && !(rd(UARTFR) & FR_RXFE); n++) {
		uint32_t v = rd(UARTDR);

		if (!(v & DR_BREAK))
			port.stash[port.stash_len++] = (char)v;
	}
	wr(UARTCR, 0);
	wr(UARTIMSC, 0);
	wr(UARTLCR_H, 0);
	wr(UARTICR, INT_ALL);
	for (unsigned int i = 0; i < NR_SAVED; i++)
		wr(saved_regs[i].offset, port.saved[i]);
	return 0;
}

const struct uart_ops pl011_ops = {
	.compatible = "arm,pl011",
	.init = pl011_init,
	.write = pl011_write,
	.get = pl011_get,
	.rx_irq = pl011_rx_irq,
	.flush = pl011_flush,
	.suspend = pl011_suspend,
	.resume = pl011_resume,
};
