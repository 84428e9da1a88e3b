/* SPDX-License-Identifier: Apache-2.0 */
/* The verbs' functions: an exit status each. And what tests look at apart. */
#ifndef TOOL_VERBS_H
#define TOOL_VERBS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "args.h"
#include "ctl.h"

int verb_list(const struct args *a);
int verb_vcpu_list(const struct args *a);
int verb_domid(const struct args *a);
int verb_domname(const struct args *a);
int verb_rename(const struct args *a);
int verb_info(const struct args *a);
int verb_dmesg(const struct args *a);
int verb_pause(const struct args *a);
int verb_unpause(const struct args *a);
int verb_suspend(const struct args *a);
int verb_resume(const struct args *a);
int verb_shutdown(const struct args *a);
int verb_reboot(const struct args *a);
int verb_destroy(const struct args *a);
int verb_create(const struct args *a);
int verb_console(const struct args *a);
int verb_sched(const struct args *a);
int verb_vcpu_pin(const struct args *a);
int verb_sleep(const struct args *a);
int verb_ready(const struct args *a);
int verb_blockers(const struct args *a);
int verb_wakeup(const struct args *a);
int verb_policy(const struct args *a);
int verb_journal(const struct args *a);
int verb_top(const struct args *a);
int verb_help_verb(const struct args *a);

/* The whole program, but for main(): its exit status. */
int tool_run(int argc, char **argv);

/* xl's six letters. */
void list_state_letters(const struct dm_domain *d, bool running, bool blocked, char out[7]);
/* "0-2,5", or "all" if no CPU of the host's is missing. */
void list_cpus(uint64_t mask, uint64_t host, char *out, size_t size);
uint64_t list_host_cpus(void);
unsigned long list_mib(uint64_t pages);

/* Until Ctrl-] or the domain's end, as `console` does. */
int console_attach(uint16_t domid);

/* The newest cycle's line, as `sleep` prints it; false if there is none after `after`. */
bool journal_report_last(uint64_t after, FILE *out);

#endif
