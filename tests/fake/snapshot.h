/* SPDX-License-Identifier: Apache-2.0 */
/* All registers of a device as software reads them, to compare before and after. */
#ifndef FAKE_SNAPSHOT_H
#define FAKE_SNAPSHOT_H

#include "lib/types.h"

struct snapshot_range {
	const char *name;
	uintptr_t from;
	unsigned int count, stride; /* registers of `stride` bytes each: 4 or 8 */
};

#define SNAPSHOT_MAX 4096
struct snapshot {
	unsigned int nr;
	struct {
		const char *name;
		unsigned int index;
		uint64_t value;
	} reg[SNAPSHOT_MAX];
};

void snapshot_start(struct snapshot *s);
void snapshot_mmio(struct snapshot *s, const struct snapshot_range *r);
void snapshot_add(struct snapshot *s, const char *name, unsigned int index, uint64_t value);
/* Fails the test with the first register that differs. */
void snapshot_assert_equal(const struct snapshot *before, const struct snapshot *after);

#endif
