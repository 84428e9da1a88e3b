/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Xenstore, if there is one in this Dom0: the names of domains that Xen's own tools made, ours for
 * them, and requests to guests that have no keys. Without xenstored nothing of this does anything.
 */
#ifndef TOOL_STORE_H
#define TOOL_STORE_H

#include <stdint.h>

/* malloc'ed, or NULL if it isn't known. */
char *store_name(uint16_t domid);
void store_set_name(uint16_t domid, const char *name);
/* What is left there of a domain that is gone. */
void store_forget(uint16_t domid);
/* "poweroff" or "reboot", to the guest's Xen driver. 0, or -EOPNOTSUPP without Xenstore, or -errno.
 */
int store_ask(uint16_t domid, const char *what);

#endif
