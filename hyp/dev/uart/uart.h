/* SPDX-License-Identifier: Apache-2.0 */
/* A physical serial port behind const ops; the console (core/console.h) is its only user. */
#ifndef DM_DEV_UART_UART_H
#define DM_DEV_UART_UART_H

#include "lib/types.h"

struct uart_ops {
	const char *compatible; /* device tree */
	/* Registers at base, mapped already. 0 or -ENODEV (not what it should be). */
	int (*init)(paddr_t base);
	/* As it is. Waits, bounded, for room; what there is none for in time is lost. How many were not. */
	size_t (*write)(const char *text, size_t len);
	int (*get)(void); /* a character, or -1 */
	/* Interrupt on received characters; get() until -1 quiets it. */
	void (*rx_irq)(bool on);
	/* Bounded wait until the last bit has left. 0 or -ETIMEDOUT. */
	int (*flush)(void);
	/* Host suspend: flush, keep the configuration / put it all back. RX interrupt stays a wake-up source. */
	int (*suspend)(void);
	int (*resume)(void);
};

extern const struct uart_ops pl011_ops;

/* The driver for that compatible string, or NULL. */
const struct uart_ops *uart_find(const char *compatible);

#endif
