/* SPDX-License-Identifier: Apache-2.0 */
/* Stands in for hyp/virt/hypercall/guest_copy.c, see fake_guest.h. */
#include <string.h>
#include "fake_cpu.h"
#include "fake_guest.h"
#include "lib/err.h"
#include "virt/hypercall/guest_copy.h"

static struct {
	uint64_t base;
	uint64_t size;
	bool writable;
} ranges[FAKE_GUEST_RANGES];
static unsigned int nr_ranges;

void fake_guest_reset(void)
{
	nr_ranges = 0;
}

void fake_guest_give(void *p, size_t size, bool writable)
{
	if (nr_ranges == FAKE_GUEST_RANGES)
		fake_die("no room for another range of guest memory");
	ranges[nr_ranges].base = fake_guest_va(p);
	ranges[nr_ranges].size = size;
	ranges[nr_ranges++].writable = writable;
}

static bool allowed(uint64_t va, uint64_t size, bool write)
{
	for (unsigned int i = 0; i < nr_ranges; i++) {
		if (va >= ranges[i].base && va - ranges[i].base <= ranges[i].size &&
		    size <= ranges[i].size - (va - ranges[i].base) && (!write || ranges[i].writable))
			return true;
	}
	return size == 0;
}

int guest_copy_from(struct vcpu *v, void *to, uint64_t va, size_t size)
{
	if (!allowed(va, size, false))
		return -EFAULT;
	memcpy(to, (const void *)(uintptr_t)va, size);
	return 0;
}

int guest_copy_to(struct vcpu *v, uint64_t va, const void *from, size_t size)
{
	if (!allowed(va, size, true))
		return -EFAULT;
	memcpy((void *)(uintptr_t)va, from, size);
	return 0;
}
