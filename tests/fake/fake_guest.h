/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Guest memory for tests of hypercall handlers (guest_copy.c): a guest's virtual address is the host's. Only
 * what has been given to the guest can be copied from or to; all else is -EFAULT.
 */
#ifndef FAKE_GUEST_H
#define FAKE_GUEST_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define FAKE_GUEST_RANGES 32

/* p[size] can be read by the guest and, if writable, written. */
void fake_guest_give(void *p, size_t size, bool writable);
/* Takes everything away again. */
void fake_guest_reset(void);

static inline uint64_t fake_guest_va(const volatile void *p)
{
	return (uint64_t)(uintptr_t)p;
}

#endif
