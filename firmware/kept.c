/* SPDX-License-Identifier: Apache-2.0 */
/* The seal over the state kept through SYSTEM_SUSPEND's reset (kept.h). */
#include <stdint.h>
#include "kept.h"
#include "layout.h"
#include "mmu.h"

#define SEAL_MAGIC 0x706565736d726f64ULL /* "dormseep" */

static struct {
	uint64_t magic, sum;
} seal __attribute__((section(".bss.noinit")));

/* Sum that notices zeroes, swaps and single changes; position-dependent by the multiplication. */
static uint64_t checksum(void)
{
	uint64_t sum = SEAL_MAGIC;

	/* static: comparePointers: both are the linker's, of one section */
	for (const uint64_t *p = __kept_start; p < __kept_end; p++)
		sum = (sum ^ *p) * 0x100000001b3ULL + (sum >> 47);
	return sum;
}

void kept_seal(void)
{
	seal.sum = checksum();
	seal.magic = SEAL_MAGIC;
	cache_clean(__data_start, __kept_end);
	cache_clean(&seal, &seal + 1);
}

void kept_break(void)
{
	seal.magic = 0;
	cache_clean(&seal, &seal + 1);
}

bool kept_valid(void)
{
	return seal.magic == SEAL_MAGIC && seal.sum == checksum();
}
