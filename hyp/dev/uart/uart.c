/* SPDX-License-Identifier: Apache-2.0 */
/* The serial port drivers by what the device tree calls them. */
#include "dev/uart/uart.h"

#include "lib/string.h"

static const struct uart_ops *const drivers[] = {
	&pl011_ops,
};

const struct uart_ops *uart_find(const char *compatible)
{
	for (size_t i = 0; i < ARRAY_SIZE(drivers); i++)
		if (!strcmp(drivers[i]->compatible, compatible))
			return drivers[i];
	return NULL;
}
