/* SPDX-License-Identifier: Apache-2.0 */
/* What the firmware itself needs to know from the device tree. */
#include <libfdt.h>
#include "boot.h"
#include "cpu.h"
#include "dt.h"
#include "gic.h"
#include "lib/string.h"
#include "log.h"
#include "mmu.h"
#include "platform.h"

#define RAM_MAX_END (1ULL << 39) /* what the EL3 map covers */

/* Up to two cells as a number. */
static uint64_t cells(const fdt32_t *p, int n)
{
	uint64_t val = 0;

	while (n--)
		val = val << 32 | fdt32_to_cpu(*p++);
	return val;
}

/* Entry @i of @node's reg property, with the root's cell counts; false past the end. */
static bool reg_entry(int node, unsigned int i, uint64_t *base, uint64_t *size)
{
	int ac = fdt_address_cells(dt_blob, 0), sc = fdt_size_cells(dt_blob, 0), len;
	const fdt32_t *reg = fdt_getprop(dt_blob, node, "reg", &len);

	if (!reg || ac < 1 || ac > 2 || sc < 1 || sc > 2)
		return false;
	if ((int)(i + 1) * (ac + sc) * 4 > len)
		return false;
	reg += (int)i * (ac + sc);
	*base = cells(reg, ac);
	*size = cells(reg + ac, sc);
	return true;
}

static bool enabled(int node)
{
	const char *status = fdt_getprop(dt_blob, node, "status", NULL);

	return !status || !strcmp(status, "okay") || !strcmp(status, "ok");
}

static bool has_type(int node, const char *type)
{
	const char *t = fdt_getprop(dt_blob, node, "device_type", NULL);

	return t && !strcmp(t, type);
}

static void read_ram(void)
{
	int node;

	fdt_for_each_subnode(node, dt_blob, 0) {
		struct ram_bank b;

		if (!has_type(node, "memory") || !enabled(node))
			continue;
		for (unsigned int i = 0; reg_entry(node, i, &b.base, &b.size); i++) {
			if (!b.size || ram_count == MAX_BANKS)
				continue;
			if (b.base >= RAM_MAX_END || b.size > RAM_MAX_END - b.base)
				fatal("RAM at %lx is beyond 512 GiB", (unsigned long)b.base);
			ram[ram_count++] = b;
		}
	}
	if (!ram_count)
		fatal("no RAM in the device tree");
}

static void read_cpus(void)
{
	int parent = fdt_path_offset(dt_blob, "/cpus"), node, ac;

	if (parent < 0)
		fatal("no CPUs in the device tree");
	ac = fdt_address_cells(dt_blob, parent);
	fdt_for_each_subnode(node, dt_blob, parent) {
		int len;
		const fdt32_t *reg = fdt_getprop(dt_blob, node, "reg", &len);
		uint64_t mpidr;
		unsigned int n;

		if (!has_type(node, "cpu") || !reg || ac < 1 || ac > 2 || len < ac * 4)
			continue;
		mpidr = cells(reg, ac);
		n = cpu_number(mpidr & 0xffff);
		if (mpidr >> 16 || (mpidr & 0xff) >= CPUS_PER_CLUSTER || n >= MAX_CPUS)
			fatal("CPU with affinity %lx: more CPUs than this firmware knows",
			      (unsigned long)mpidr);
		cpus[n].present = true;
		cpus[n].mpidr = mpidr;
		if (n >= cpu_count)
			cpu_count = n + 1;
	}
	if (!cpu_count || !cpus[0].present)
		fatal("no CPU 0 in the device tree");
}

static void read_gic_v3(int node)
{
	uint64_t base, size;

	gic_place.version = 3;
	reg_entry(node, 0, &gic_place.gicd, &size);
	for (unsigned int i = 0; i < 4 && reg_entry(node, 1 + i, &base, &size); i++) {
		gic_place.gicr[i].base = base;
		gic_place.gicr[i].size = size;
		gic_place.gicr_count++;
		if (base >> 32)
			mmu_add_device(base, size);
	}
}

static void read_gic(void)
{
	int node = fdt_node_offset_by_compatible(dt_blob, -1, "arm,gic-v3");
	uint64_t size;

	if (node >= 0) {
		read_gic_v3(node);
		return;
	}
	node = fdt_node_offset_by_compatible(dt_blob, -1, "arm,cortex-a15-gic");
	if (node < 0)
		node = fdt_node_offset_by_compatible(dt_blob, -1, "arm,gic-400");
	if (node < 0)
		return;
	gic_place.version = 2;
	reg_entry(node, 0, &gic_place.gicd, &size);
	reg_entry(node, 1, &gic_place.gicc, &size);
	if (!reg_entry(node, 2, &gic_place.gich, &size))
		gic_place.gich = 0;
}

void dt_read_platform(void)
{
	read_ram();
	read_cpus();
	read_gic();
}

uint64_t dt_ram_total(void)
{
	uint64_t total = 0;

	for (unsigned int i = 0; i < ram_count; i++)
		total += ram[i].size;
	return total;
}
