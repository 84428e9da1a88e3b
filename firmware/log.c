/* SPDX-License-Identifier: Apache-2.0 */
/* Log lines over PL011 (DDI 0183), see log.h. */
#include "lib/string.h"
#include "lock.h"
#include "lib/print.h"
#include "log.h"
#include "options.h"
#include "platform.h"
#include "power.h"
#include "sysreg.h"

#define UARTDR	  0x000
#define UARTFR	  0x018
#define UARTIBRD  0x024
#define UARTFBRD  0x028
#define UARTLCR_H 0x02c
#define UARTCR	  0x030
#define UARTIMSC  0x038

#define FR_TXFF	  (1U << 5)
#define LCR_8N1_FIFO 0x70
#define CR_ON	  0x301 /* UARTEN, TXE, RXE */

#define LINE_MAX     400
#define TX_WAIT_US   100000 /* a full FIFO at 115200 baud takes about 3 ms */

static struct lock log_lock;

uint64_t ticks_to_us(uint64_t t)
{
	uint64_t freq = read_sysreg(cntfrq_el0);

	if (!freq)
		return 0;
	return t / freq * 1000000 + t % freq * 1000000 / freq;
}

bool wait32(uint64_t addr, uint32_t mask, uint32_t want, unsigned int us)
{
	uint64_t start = ticks();

	while ((read32(addr) & mask) != want) {
		if (ticks_to_us(ticks() - start) > us)
			return (read32(addr) & mask) == want;
	}
	return true;
}

void log_init(void)
{
	/* The lock may be left over from a CPU that a reset from outside has stopped. */
	log_lock.held = 0;
	write32(SEC_UART_BASE + UARTCR, 0);
	write32(SEC_UART_BASE + UARTIMSC, 0);
	write32(SEC_UART_BASE + UARTIBRD, 13); /* 115200 baud from 24 MHz */
	write32(SEC_UART_BASE + UARTFBRD, 1);
	write32(SEC_UART_BASE + UARTLCR_H, LCR_8N1_FIFO);
	write32(SEC_UART_BASE + UARTCR, CR_ON);
}

static void uart_puts(uint64_t base, const char *s)
{
	for (; *s; s++) {
		/* Nobody reads: drop the character, a log must not stop the machine. */
		if (wait32(base + UARTFR, FR_TXFF, 0, TX_WAIT_US))
			write32(base + UARTDR, (unsigned char)*s);
	}
}

static void log_va(const char *prefix, bool console, const char *fmt, va_list ap)
{
	char line[LINE_MAX], stamp[24];
	uint64_t us = ticks_to_us(ticks());

	print_vformat(line, sizeof(line), fmt, ap);
	print_format(stamp, sizeof(stamp), "[%5lu.%06lu] ", us / 1000000, us % 1000000);
	lock_take(&log_lock);
	uart_puts(SEC_UART_BASE, stamp);
	uart_puts(SEC_UART_BASE, prefix);
	uart_puts(SEC_UART_BASE, line);
	uart_puts(SEC_UART_BASE, "\r\n");
	if (console) {
		write32(UART_BASE + UARTCR, read32(UART_BASE + UARTCR) | CR_ON);
		uart_puts(UART_BASE, prefix);
		uart_puts(UART_BASE, line);
		uart_puts(UART_BASE, "\r\n");
	}
	lock_drop(&log_lock);
}

void log_line(const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	log_va("", false, fmt, ap);
	va_end(ap);
}

void log_verbose(const char *fmt, ...)
{
	va_list ap;

	if (!options.verbose)
		return;
	va_start(ap, fmt);
	log_va("", false, fmt, ap);
	va_end(ap);
}

void warn(const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	log_va("dormouse-firmware: ", true, fmt, ap);
	va_end(ap);
}

void fatal(const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	log_va("dormouse-firmware: fatal: ", true, fmt, ap);
	va_end(ap);
	machine_off();
}
