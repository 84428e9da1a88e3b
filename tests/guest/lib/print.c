/* SPDX-License-Identifier: Apache-2.0 */
#include "print.h"

#include <stdbool.h>
#include <stdint.h>

#include "sysreg.h"

#define UART      console_uart
#define UART_DR   0x00
#define UART_FR   0x18
#define UART_LCRH 0x2c
#define UART_CR   0x30
#define UART_IMSC 0x38
#define FR_RXFE   BIT(4)
#define FR_TXFF   BIT(5)

static uintptr_t console_uart;
static uint32_t lock;

void console_init(uintptr_t uart)
{
	console_uart = uart;
	write32(UART + UART_IMSC, 0);
	write32(UART + UART_LCRH, 0x70); /* 8 bits, FIFOs */
	write32(UART + UART_CR, 0x301);  /* UARTEN, TXE, RXE */
}

static void put(char c)
{
	if (c == '\n')
		put('\r');
	/* Bounded: a console that never drains must not hide the result of a test. */
	for (unsigned int i = 0; i < 10000000 && (read32(UART + UART_FR) & FR_TXFF); i++)
		;
	write32(UART + UART_DR, (uint8_t)c);
}

int console_get(void)
{
	return read32(UART + UART_FR) & FR_RXFE ? -1 : (int)(read32(UART + UART_DR) & 0xff);
}

static void put_number(uint64_t v, unsigned int base, bool negative, int width, char fill)
{
	char buf[24];
	int n = 0;

	do {
		buf[n++] = "0123456789abcdef"[v % base];
		v /= base;
	} while (v);
	if (negative)
		buf[n++] = '-';
	for (int i = n; i < width; i++)
		put(fill);
	while (n)
		put(buf[--n]);
}

static uint64_t get_unsigned(va_list *ap, int longs)
{
	return longs ? va_arg(*ap, uint64_t) : va_arg(*ap, uint32_t);
}

static void put_signed(va_list *ap, int longs, int width, char fill)
{
	int64_t v = longs ? va_arg(*ap, int64_t) : va_arg(*ap, int32_t);

	put_number(v < 0 ? -(uint64_t)v : (uint64_t)v, 10, v < 0, width, fill);
}

static void put_string(const char *s)
{
	while (*s)
		put(*s++);
}

void vprint_locked(const char *fmt, va_list args)
{
	va_list ap;

	va_copy(ap, args);
	for (; *fmt; fmt++) {
		int width = 0, longs = 0;
		char fill = ' ';

		if (*fmt != '%') {
			put(*fmt);
			continue;
		}
		fmt++;
		if (*fmt == '0')
			fill = *fmt++;
		while (*fmt >= '0' && *fmt <= '9')
			width = width * 10 + *fmt++ - '0';
		for (; *fmt == 'l'; fmt++)
			longs++;
		if (*fmt == 's')
			put_string(va_arg(ap, const char *));
		else if (*fmt == 'c')
			put((char)va_arg(ap, int));
		else if (*fmt == 'd')
			put_signed(&ap, longs, width, fill);
		else if (*fmt == 'u')
			put_number(get_unsigned(&ap, longs), 10, false, width, fill);
		else if (*fmt == 'x')
			put_number(get_unsigned(&ap, longs), 16, false, width, fill);
		else
			put(*fmt);
	}
	va_end(ap);
}

void print_locked(const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	vprint_locked(fmt, ap);
	va_end(ap);
}

void print_lock(void)
{
	while (__atomic_exchange_n(&lock, 1, __ATOMIC_ACQUIRE))
		;
}

void print_unlock(void)
{
	__atomic_store_n(&lock, 0, __ATOMIC_RELEASE);
}

void print(const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	print_lock();
	vprint_locked(fmt, ap);
	print_unlock();
	va_end(ap);
}
