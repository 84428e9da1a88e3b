/* SPDX-License-Identifier: Apache-2.0 */
#include "fuzz_dt.h"

#include <libfdt.h>
#include <stdlib.h>

#include "boot/dt.h"
#include "lib/types.h"

size_t LLVMFuzzerMutate(uint8_t *data, size_t size, size_t max_size);
size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t max_size, unsigned int seed);

void *fuzz_dt_tree(struct input *in, size_t *size)
{
	size_t n = in->left;
	struct fdt_header *tree =
	        aligned_alloc(16, ALIGN_UP(n < sizeof(*tree) ? sizeof(*tree) : n, 16));

	memset(tree, 0, sizeof(*tree));
	in_bytes(in, tree, n);
	/* Whoever hands a tree over has as much memory as its header says. */
	if (n >= sizeof(*tree) && fdt_totalsize(tree) > n)
		fdt_set_totalsize(tree, (uint32_t)n);
	*size = n;
	return tree;
}

/* --- the mutator ---------------------------------------------------------------------------------
 */

struct random {
	uint64_t state;
};

static uint32_t below(struct random *r, uint32_t n)
{
	r->state = r->state * 6364136223846793005 + 1442695040888963407;
	return (uint32_t)(r->state >> 33) % n;
}

#define PICK(r, array) ((array)[below(r, ARRAY_SIZE(array))])

static int any_node(const void *fdt, struct random *r)
{
	int nodes = 0, depth = 0, chosen = 0;

	for (int n = 0; n >= 0 && depth >= 0; n = fdt_next_node(fdt, n, &depth))
		if (below(r, ++nodes) == 0)
			chosen = n;
	return chosen;
}

/* The name of a property of the node, or one that means something. */
static const char *any_name(const void *fdt, int node, struct random *r)
{
	static const char *const known[] = {
		"reg",
		"ranges",
		"interrupts",
		"interrupt-parent",
		"#address-cells",
		"#size-cells",
		"compatible",
		"status",
		"interrupt-map",
		"interrupt-map-mask",
		"interrupts-extended",
		"no-map",
		"memory",
		"cpus",
		"xen,static-mem",
		"direct-map",
		"xen,reg",
		"xen,path",
		"bootargs",
		"xen,passthrough",
		"device_type",
		"#interrupt-cells",
		"redistributor-stride",
		"#redistributor-regions",
		"nr_spis",
		"vpl011",
		"dormouse,host-suspend",
		"dormouse,time",
		"dormouse,wake-sources",
		"phandle",
		"reusable",
		"method",
		"xen,force-assign-without-iommu",
		"xen,dom0-bootargs",
		"xen,xen-bootargs",
		"xen,enhanced",
	};
	const char *chosen = NULL;
	int count = 0, at;

	fdt_for_each_property_offset (at, fdt, node) {
		const char *name = NULL;

		(void)fdt_getprop_by_offset(fdt, at, &name, NULL);
		if (name && below(r, ++count) == 0)
			chosen = name;
	}
	return chosen && below(r, 4) ? chosen : PICK(r, known);
}

static uint32_t any_cell(struct random *r)
{
	static const uint32_t cells[] = { 0,          1,          2,          3,
		                          4,          0x1000,     0xfff,      0x40000000,
		                          0x48000000, 0x7ffff000, 0xfffff000, 0xffffffff,
		                          0x80000000, 0x8000000,  0x10000,    0x200000,
		                          987,        988 };

	return below(r, 4) ? PICK(r, cells) : (uint32_t)r->state;
}

static void change_value(void *fdt, struct random *r)
{
	int node = any_node(fdt, r), len;
	const char *name = any_name(fdt, node, r);
	const uint8_t *old = fdt_getprop(fdt, node, name, &len);
	uint8_t value[256] = { 0 };
	uint32_t cell = cpu_to_fdt32(any_cell(r));
	int size = old && len < 200 ? len : 0;

	if (size)
		memcpy(value, old, (size_t)size);
	switch (below(r, 6)) {
	case 0: /* a cell */
		if (size >= 4)
			memcpy(value + below(r, (uint32_t)size / 4) * 4, &cell, 4);
		break;
	case 1: /* one more */
		memcpy(value + size, &cell, 4);
		size += 4;
		break;
	case 2: /* shorter */
		size = size ? (int)below(r, (uint32_t)size) : 0;
		break;
	case 3: /* twice */
		memcpy(value + size, value, (size_t)size < 56 ? (size_t)size : 56);
		size += size < 56 ? size : 56;
		break;
	case 4:
		size = (int)LLVMFuzzerMutate(value, (size_t)size, sizeof(value));
		break;
	default: /* another's value */
		old = fdt_getprop(fdt, any_node(fdt, r), name, &len);
		size = old && len < 200 ? len : 0;
		if (size)
			memcpy(value, old, (size_t)size);
		break;
	}
	(void)fdt_setprop(fdt, node, name, value, size);
}

static void add_node(void *fdt, struct random *r)
{
	static const char *const names[] = { "memory@0",  "module@1",    "a",     "cpu@2",
		                             "x@9000000", "passthrough", "timer", "b@1" };
	int from = any_node(fdt, r), to = any_node(fdt, r), at, len;
	const char *name = PICK(r, names);

	to = fdt_add_subnode(fdt, to, name);
	/* A copy of another one's properties; offsets behind the new node have moved. */
	if (to < 0)
		return;
	from = from < to ? from : any_node(fdt, r);
	for (int i = 0; i < 8; i++) {
		uint8_t value[256];
		char kept[64];
		const char *key;
		const void *p;
		int n = 0;

		fdt_for_each_property_offset (at, fdt, from)
			if (n++ == i)
				break;
		p = at >= 0 ? fdt_getprop_by_offset(fdt, at, &key, &len) : NULL;
		if (!p || len > (int)sizeof(value) || strlen(key) >= sizeof(kept))
			return;
		memcpy(value, p, (size_t)len);
		strcpy(kept, key);
		(void)fdt_appendprop(fdt, to, kept, value, len);
	}
}

static void change(void *fdt, struct random *r)
{
	int node = any_node(fdt, r);

	switch (below(r, 10)) {
	case 0:
		if (node)
			(void)fdt_del_node(fdt, node);
		break;
	case 1:
		(void)fdt_delprop(fdt, node, any_name(fdt, node, r));
		break;
	case 2:
	case 3:
		add_node(fdt, r);
		break;
	case 4:
		(void)fdt_add_mem_rsv(fdt, (uint64_t)any_cell(r) & ~0xfffu, any_cell(r));
		break;
	default:
		change_value(fdt, r);
		break;
	}
}

size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t max_size, unsigned int seed)
{
	struct random r = { .state = seed };
	size_t room = size + 2048 < max_size ? size + 2048 : max_size;
	uint8_t *fdt;

	/* Now and then the bytes as they are: the tree's own structure is input, too. */
	if (below(&r, 8) == 0 || size < sizeof(struct fdt_header) || fdt_check_header(data) ||
	    fdt_totalsize(data) > size || dt_check(data, size))
		return LLVMFuzzerMutate(data, size, max_size);
	fdt = malloc(room);
	if (fdt_open_into(data, fdt, (int)room) == 0) {
		for (uint32_t n = 1 + below(&r, 3); n; n--)
			change(fdt, &r);
		fdt_pack(fdt);
		size = fdt_totalsize(fdt);
		memcpy(data, fdt, size);
	}
	free(fdt);
	return size;
}
