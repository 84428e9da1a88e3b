/* SPDX-License-Identifier: Apache-2.0 */
/* Dormouse's own command line. Pure. docs/boot.md lists the options. */
#ifndef DM_BOOT_CMDLINE_H
#define DM_BOOT_CMDLINE_H

#include "lib/log.h"
#include "lib/types.h"

#define CMDLINE_DEBUG_POWER_SIZE 128
#define CMDLINE_DOM0_GRACE_MS    2000 /* unless told */
#define CMDLINE_DOM0_GRACE_MAX   60000
#define CMDLINE_HANG_LIMIT_S     20 /* unless told */
#define CMDLINE_HANG_LIMIT_MAX   3600

struct boot_options {
	uint64_t dom0_mem;           /* bytes; 0: all there is */
	unsigned int dom0_max_vcpus; /* 0: one a CPU */
	bool dom0_vcpus_pin;         /* Dom0's vCPU n runs on CPU n alone */
	unsigned int max_cpus;       /* 0: all there are */
	enum log_level loglevel;
	unsigned int dom0_grace_ms;  /* after a wake-up, until the other domains go on */
	unsigned int hang_limit_s;   /* a step of a suspend may take so much longer than its limit; 0: for ever */
	bool panic_reset;            /* after a panic the machine starts again, rather than switching off */
	bool debug_power;                               /* fault injection is allowed */
	char debug_power_arg[CMDLINE_DEBUG_POWER_SIZE]; /* suspend_init() reads it */
};

/*
 * Words separated by blanks; the last of several counts. An unknown one is named in a warning and
 * skipped. 0, or -EINVAL after log_err() said which value is wrong and what is allowed.
 */
int cmdline_parse(const char *line, struct boot_options *out);

#endif
