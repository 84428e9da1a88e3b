/* SPDX-License-Identifier: Apache-2.0 */
/* Domains as users name them. */
#ifndef TOOL_DOMAINS_H
#define TOOL_DOMAINS_H

#include <stdbool.h>
#include <stddef.h>

#include "ctl.h"

/* All of them, malloc'ed, by ascending id. The count, or -errno. */
int domains_read(struct dm_domain **out);

/* The domain with that name or id. False after a message. */
bool domain_find(const char *word, struct dm_domain *out);
/* The domain with that id, as it is now. 0 or -errno, and then *out isn't written; -ESRCH: it isn't there. */
int domain_get(uint16_t domid, struct dm_domain *out);
/* Any domain of that name? */
bool domain_name_used(const char *name);

/* "running", "suspended, paused" */
const char *domain_state_text(const struct dm_domain *d);

/*
 * Looks every poll_ms until `done` says so. 0, or -ETIMEDOUT after timeout_ms (0: none), or what
 * ctl_*() said.
 */
int domain_wait(uint16_t domid, bool (*done)(const struct dm_domain *d), unsigned int poll_ms,
                uint64_t timeout_ms, struct dm_domain *out);

/* Domain "name": the sentence; -err's words if err. Returns STATUS_FAIL. */
int domain_failed(const struct dm_domain *d, const char *what, int err);

#endif
