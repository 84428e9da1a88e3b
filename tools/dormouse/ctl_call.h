/* SPDX-License-Identifier: Apache-2.0 */
/* Between ctl.c and ctl_xen.c: a hypercall through the kernel. */
#ifndef TOOL_CTL_CALL_H
#define TOOL_CTL_CALL_H

#include <stddef.h>
#include <stdint.h>

#include <xenforeignmemory.h>

/* Memory that the hypervisor can reach at any time; ends the program when there is none. */
void *ctl_buffer(size_t size);
void ctl_buffer_free(void *p);

/*
 * Hypercall nr with a copy of arg[size] as its argument `at`, the others from args; what came back
 * is copied to arg. The call's result, or -errno.
 */
int ctl_call(unsigned int nr, unsigned int at, const uint64_t args[2], void *arg, size_t size);

xenforeignmemory_handle *ctl_foreign(void);

#endif
