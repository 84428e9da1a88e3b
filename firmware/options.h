/* SPDX-License-Identifier: Apache-2.0 */
/* What QEMU's command line asks of the firmware (docs/firmware.md lists it); pure. */
#ifndef FW_OPTIONS_H
#define FW_OPTIONS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum gic_mode {
	GIC_KEEP,
	GIC_LOSE,
	GIC_POISON,
};

/* How a call ends, but for PSCI's errors, which are negative. */
enum turn_value {
	TURN_OK,
	TURN_EARLY,  /* SYSTEM_SUSPEND: SUCCESS at the caller's next instruction, not having slept */
	TURN_ABSENT, /* SYSTEM_SUSPEND: neither advertised nor there; alone */
	TURN_LOST,   /* CPU_ON: SUCCESS, and the CPU never comes */
	TURN_HANG,   /* CPU_OFF: the CPU neither goes off nor comes back */
};

#define TURN_SELF (-1) /* wake_cpu: the CPU that called */

/* What is to happen each time, in turn; the last one goes on for ever. */
#define TURNS_MAX 80
struct turns {
	unsigned int count; /* 0: not told */
	int value[TURNS_MAX];
};

struct options {
	struct turns gic;      /* enum gic_mode, by sleeps; not told: boot.c decides */
	struct turns suspend;  /* enum turn_value or an error, by calls of SYSTEM_SUSPEND */
	struct turns wake_cpu; /* CPU number or TURN_SELF, by sleeps */
	int cpu_on_fail;       /* CPU number; -1: none */
	struct turns cpu_on;   /* enum turn_value or an error, by CPU_ONs of that CPU */
	int cpu_off_fail;      /* the same for CPU_OFF */
	struct turns cpu_off;
	bool suspend_hang; /* SYSTEM_SUSPEND never returns, and doesn't sleep either */
	bool watchdog;
	int wake_after;	       /* ticks from the power's return to a wake-up for no reason; -1: none */
	int wake_step;	       /* and so many more each time */
	bool verbose;
	bool times;	       /* log the ticks of each sleep's call and of the entry before it */
	bool idle_states; /* describe CPU_SUSPEND states in the device tree */
};

extern struct options options;

/*
 * Parses @text ("KEY=VALUE,KEY=VALUE", may be empty) over the defaults into @o. Returns NULL, or
 * what is wrong, in @error.
 */
const char *options_parse(struct options *o, const char *text, char *error, size_t size);

/* The value of turn @n, from 0 on; @t isn't empty. */
int options_turn(const struct turns *t, unsigned int n);

/*
 * For who takes cases from this table: "KEY: WORD=VALUE WORD=VALUE..." of the @n-th key that takes
 * words. False if there are no more.
 */
bool options_describe(unsigned int n, char *buf, size_t size);

#endif /* FW_OPTIONS_H */
