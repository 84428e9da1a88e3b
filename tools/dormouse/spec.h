/* SPDX-License-Identifier: Apache-2.0 */
/* What a configuration file says about the domain that is to be made. */
#ifndef TOOL_SPEC_H
#define TOOL_SPEC_H

#include "abi/dormouse.h"
#include "config.h"

#define SPEC_MAX_VCPUS 64

enum spec_action {
	ACTION_DESTROY,
	ACTION_RESTART,
	ACTION_RENAME_RESTART,
	ACTION_PRESERVE,
	NR_ACTIONS
};

struct spec {
	char *name;
	char *kernel;
	char *ramdisk; /* NULL: none */
	char *cmdline; /* NULL: none */
	uint8_t uuid[16];
	uint64_t memory_mib;
	uint64_t maxmem_mib; /* at least memory_mib */
	uint64_t vcpus;
	uint64_t affinity[SPEC_MAX_VCPUS]; /* 0: any */
	uint64_t weight;                   /* 0: the default */
	uint64_t cap;
	int on_poweroff, on_reboot, on_crash; /* enum spec_action */
	int host_suspend, time;               /* enum dm_host_suspend, dm_time */
	uint64_t veto_ms;                     /* 0: the default */
	uint32_t wake_sources;
	uint64_t xen; /* 1: it is told that it runs on Xen, as xl's domains are */
};

/*
 * Fills *s from c. Errors and warnings go to c->errors, all of them; false if there was an error.
 * spec_free() in both cases.
 */
bool spec_read(struct spec *s, struct config *c);
void spec_free(struct spec *s);

/* Words of the policies, shared with `policy` and `wakeup`; NULL-terminated, by number. */
extern const char *const spec_host_suspend_words[];
extern const char *const spec_time_words[];
extern const char *const spec_wake_words[]; /* bit n of DM_WAKE_* */
extern const char *const spec_action_words[];
/* The number of the word, or -1. */
int spec_word(const char *const words[], const char *word);
/* "alarm, console and key" */
char *spec_word_list(const char *const words[], const char *last);

/* Why it can't be a domain's name, or NULL. */
const char *spec_bad_name(const char *name);
void spec_uuid_text(const uint8_t uuid[16], char out[37]);

#endif
