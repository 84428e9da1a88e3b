/* SPDX-License-Identifier: Apache-2.0 */
#include <stdlib.h>
#include <string.h>
#include "fake_cpu.h"
#include "mm/page.h"

int fake_page_budget = -1;
unsigned int fake_pages_out;
static bool forbidden;

#define MAX_BLOCKS 4096
static void *blocks[MAX_BLOCKS]; /* handed out, for fake_pages_reset() */

void *page_alloc(unsigned int order)
{
	size_t size = (size_t)PAGE_SIZE << order;
	void *p;

	if (forbidden)
		fake_die("page_alloc() while forbidden");
	if (!fake_page_budget)
		return NULL;
	if (fake_page_budget > 0)
		fake_page_budget--;
	p = aligned_alloc(size, size);
	if (p) {
		memset(p, 0, size);
		for (unsigned int i = 0; i < MAX_BLOCKS; i++)
			if (!blocks[i]) {
				blocks[i] = p;
				break;
			}
		fake_pages_out++;
	}
	return p;
}

void page_free(void *block, unsigned int order)
{
	(void)order;
	if (forbidden)
		fake_die("page_free() while forbidden");
	if (!block)
		fake_die("page_free(NULL)");
	for (unsigned int i = 0; i < MAX_BLOCKS; i++)
		if (blocks[i] == block)
			blocks[i] = NULL;
	fake_pages_out--;
	free(block);
}

void fake_pages_reset(void)
{
	for (unsigned int i = 0; i < MAX_BLOCKS; i++) {
		free(blocks[i]);
		blocks[i] = NULL;
	}
	fake_pages_out = 0;
	fake_page_budget = -1;
	forbidden = false;
}

unsigned int page_order(uint64_t size)
{
	unsigned int order = 0;

	while ((PAGE_SIZE << order) < size)
		order++;
	return order;
}

void page_forbid(bool on)
{
	forbidden = on;
}
