/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include "arch/mmio.h"
#include "fake_cpu.h"
#include "snapshot.h"

void snapshot_start(struct snapshot *s)
{
	s->nr = 0;
}

void snapshot_add(struct snapshot *s, const char *name, unsigned int index, uint64_t value)
{
	if (s->nr == SNAPSHOT_MAX)
		fake_die("snapshot is full");
	s->reg[s->nr].name = name;
	s->reg[s->nr].index = index;
	s->reg[s->nr++].value = value;
}

void snapshot_mmio(struct snapshot *s, const struct snapshot_range *r)
{
	for (unsigned int i = 0; i < r->count; i++) {
		uintptr_t addr = r->from + i * r->stride;

		snapshot_add(s, r->name, i, r->stride == 8 ? mmio_read64(addr) : mmio_read32(addr));
	}
}

void snapshot_assert_equal(const struct snapshot *before, const struct snapshot *after)
{
	assert_int_equal(before->nr, after->nr);
	for (unsigned int i = 0; i < before->nr; i++)
		if (before->reg[i].value != after->reg[i].value)
			fail_msg("%s[%u]: %#lx before, %#lx after", before->reg[i].name,
			         before->reg[i].index, (unsigned long)before->reg[i].value,
			         (unsigned long)after->reg[i].value);
}
