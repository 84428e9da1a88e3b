/* SPDX-License-Identifier: Apache-2.0 */
/* The machine's sleep as Dom0's Linux does it, by the files below /sys. */
#ifndef TOOL_SLEEP_H
#define TOOL_SLEEP_H

#include <stdbool.h>
#include <stdint.h>

/* Before "/sys/..."; tests put a folder of their own there. */
extern const char *sleep_root;

enum sleep_end {
	SLEEP_DONE,    /* Linux says that it went and came back */
	SLEEP_EARLY,   /* a wake-up event came before; nothing was lost, nothing slept */
	SLEEP_REFUSED, /* the hypervisor said DENIED */
	SLEEP_ERROR,   /* anything else; a message has been printed */
};

/*
 * Suspends to RAM, with the RTC's alarm after wake_in_ms (0: none). Wake-up events from here on
 * either wake the machine or make it SLEEP_EARLY.
 */
enum sleep_end sleep_now(uint64_t wake_in_ms);

#endif
