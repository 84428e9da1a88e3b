/* SPDX-License-Identifier: Apache-2.0 */
#include "arch/mmio.h"
#include "fake_cpu.h"
#include "fake_mmio.h"

#define MAX_REGIONS 64

static struct region {
	uintptr_t base;
	uint64_t size;
	fake_mmio_read_fn *read;
	fake_mmio_write_fn *write;
	void *ctx;
} regions[MAX_REGIONS];
static unsigned int nr_regions;
static fake_mmio_watch_fn *watch;

void fake_mmio_map(uintptr_t base, uint64_t size, fake_mmio_read_fn *read,
                   fake_mmio_write_fn *write, void *ctx)
{
	if (nr_regions == MAX_REGIONS)
		fake_die("too many fake devices");
	regions[nr_regions++] = (struct region) {
		.base = base, .size = size, .read = read, .write = write, .ctx = ctx
	};
}

void fake_mmio_reset(void)
{
	nr_regions = 0;
	watch = NULL;
}

void fake_mmio_watch(fake_mmio_watch_fn *fn)
{
	watch = fn;
}

static struct region *find(uintptr_t addr, unsigned int size, const char *what)
{
	if (addr % size)
		fake_die("misaligned %s of %u bytes at %#lx", what, size, (unsigned long)addr);
	for (unsigned int i = 0; i < nr_regions; i++) {
		struct region *r = &regions[i];

		if (addr >= r->base && addr + size <= r->base + r->size)
			return r;
	}
	fake_die("%s of %u bytes at %#lx: nothing there", what, size, (unsigned long)addr);
}

static uint64_t do_read(uintptr_t addr, unsigned int size)
{
	struct region *r = find(addr, size, "read");
	uint64_t v = r->read(r->ctx, addr - r->base, size);

	if (watch)
		watch(false, addr, size, v);
	return v;
}

static void do_write(uintptr_t addr, unsigned int size, uint64_t v)
{
	struct region *r = find(addr, size, "write");

	r->write(r->ctx, addr - r->base, size, v);
	if (watch)
		watch(true, addr, size, v);
}

#define ACCESSORS(bits)                                         \
	uint##bits##_t mmio_read##bits(uintptr_t addr)          \
	{                                                       \
		return (uint##bits##_t)do_read(addr, bits / 8); \
	}                                                       \
	void mmio_write##bits(uintptr_t addr, uint##bits##_t v) \
	{                                                       \
		do_write(addr, bits / 8, v);                    \
	}

ACCESSORS(8)
ACCESSORS(16)
ACCESSORS(32)
ACCESSORS(64)
