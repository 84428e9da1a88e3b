/* SPDX-License-Identifier: Apache-2.0 */
#include "boot/dt.h"

#include <libfdt.h>

#include "lib/err.h"
#include "lib/string.h"

#define CELL 4u

/*
 * Devicetree bindings, interrupt-controller/arm,gic.yaml and arm,gic-v3.yaml: first cell of a
 * specifier.
 */
static const struct {
	uint32_t first; /* INTID of number 0 */
	uint32_t count;
} gic_types[] = {
	{ .first = 32, .count = 988 },    /* SPI */
	{ .first = 16, .count = 16 },     /* PPI */
	{ .first = 4096, .count = 1024 }, /* extended SPI */
	{ .first = 1056, .count = 64 },   /* extended PPI */
};

/*
 * A flattened tree has no way up: libfdt goes through all of it from the start, twice, for each parent. So the tree
 * that is read most has its nodes listed. One with more of them isn't listed, only slow.
 */
#define INDEX_NODES 1024
#define INDEX_DEPTH 16

static struct {
	const void *fdt; /* NULL: none */
	unsigned int count;
	struct place {
		int node, parent;
		uint32_t phandle;
		int compatible_len;
		const char *compatible; /* NULL: it has none */
	} at[INDEX_NODES]; /* in the tree's order, which is that of the offsets */
} listed;

void dt_index(const void *fdt)
{
	int up[INDEX_DEPTH] = { -1 };
	int depth = 0;

	listed.fdt = NULL;
	listed.count = 0;
	for (int node = fdt ? 0 : -1; node >= 0 && depth >= 0; node = fdt_next_node(fdt, node, &depth)) {
		struct place *p;

		if (listed.count == INDEX_NODES || depth + 1 >= INDEX_DEPTH)
			return;
		p = &listed.at[listed.count++];
		*p = (struct place) {
			.node = node,
			.parent = up[depth],
			.phandle = fdt_get_phandle(fdt, node),
		};
		p->compatible = fdt_getprop(fdt, node, "compatible", &p->compatible_len);
		up[depth + 1] = node;
	}
	listed.fdt = fdt;
}

/* NULL: that tree isn't listed, or has no such node. */
static const struct place *place_of(const void *fdt, int node)
{
	unsigned int from = 0, end = fdt == listed.fdt ? listed.count : 0;

	while (from < end) {
		unsigned int mid = (from + end) / 2;

		if (listed.at[mid].node == node)
			return &listed.at[mid];
		if (listed.at[mid].node < node)
			from = mid + 1;
		else
			end = mid;
	}
	return NULL;
}

int dt_parent(const void *fdt, int node)
{
	const struct place *p = place_of(fdt, node);

	if (!p)
		return fdt_parent_offset(fdt, node);
	return p->parent >= 0 ? p->parent : -FDT_ERR_NOTFOUND;
}

/* As fdt_node_offset_by_phandle(). */
static int by_phandle(const void *fdt, uint32_t phandle)
{
	if (fdt != listed.fdt)
		return fdt_node_offset_by_phandle(fdt, phandle);
	if (phandle == 0 || phandle == UINT32_MAX)
		return -FDT_ERR_BADPHANDLE;
	for (unsigned int i = 0; i < listed.count; i++)
		if (listed.at[i].phandle == phandle)
			return listed.at[i].node;
	return -FDT_ERR_NOTFOUND;
}

int dt_check(const void *fdt, uint64_t size)
{
	int err = size < sizeof(struct fdt_header) ? -FDT_ERR_TRUNCATED : fdt_check_full(fdt, size);

	for (int node = err ? -1 : 0; node >= 0; node = fdt_next_node(fdt, node, NULL)) {
		int prop;

		fdt_for_each_property_offset(prop, fdt, node)
		{
			int len;

			if (!fdt_get_property_by_offset(fdt, prop, &len) || len < 0)
				return -FDT_ERR_BADSTRUCTURE;
		}
	}
	return err;
}

int dt_path(const void *fdt, const char *path, size_t len)
{
	const char *rest = memchr(path, '/', len);
	const char *alias;

	if (rest != path) {
		alias = fdt_get_alias_namelen(fdt, path, (int)(rest ? (size_t)(rest - path) : len));
		if (!alias || *alias != '/')
			return -FDT_ERR_BADPATH;
	}
	return fdt_path_offset_namelen(fdt, path, (int)len);
}

uint64_t dt_cells(const void *p, unsigned int n)
{
	const fdt32_t *cells = p;
	uint64_t value = 0;

	for (unsigned int i = 0; i < n; i++)
		value = value << 32 | fdt32_ld(&cells[i]);
	return value;
}

const char *dt_string(const void *fdt, int node, const char *name)
{
	int len;
	const char *s = fdt_getprop(fdt, node, name, &len);

	return s && len > 0 && s[len - 1] == '\0' ? s : NULL;
}

uint32_t dt_u32(const void *fdt, int node, const char *name, uint32_t def)
{
	int len;
	const void *p = fdt_getprop(fdt, node, name, &len);

	return p && len >= (int)CELL ? (uint32_t)dt_cells(p, 1) : def;
}

const char *dt_compatible(const void *fdt, int node, const char *const *list)
{
	const struct place *p = place_of(fdt, node);
	int len = p ? p->compatible_len : 0;
	const char *prop = p ? p->compatible : fdt_getprop(fdt, node, "compatible", &len);

	for (; prop && *list; list++)
		if (fdt_stringlist_contains(prop, len, *list))
			return *list;
	return NULL;
}

int dt_next_compatible(const void *fdt, int node, const char *const *list)
{
	do {
		node = fdt_next_node(fdt, node, NULL);
	} while (node >= 0 && !dt_compatible(fdt, node, list));
	return node;
}

bool dt_okay(const void *fdt, int node)
{
	const char *status = dt_string(fdt, node, "status");

	return !status || strcmp(status, "okay") == 0 || strcmp(status, "ok") == 0;
}

bool dt_reachable(const void *fdt, int node)
{
	for (; node >= 0; node = dt_parent(fdt, node))
		if (!dt_okay(fdt, node))
			return false;
	return true;
}

struct bus {
	int node;
	unsigned int addr_cells; /* of its children */
	unsigned int size_cells;
};

static int bus_get(const void *fdt, int node, struct bus *b)
{
	int addr_cells = fdt_address_cells(fdt, node);
	int size_cells = fdt_size_cells(fdt, node);

	if (addr_cells < 0 || size_cells < 0)
		return -EINVAL;
	*b = (struct bus) { .node = node, .addr_cells = addr_cells, .size_cells = size_cells };
	return 0;
}

/* The window of a bus's `ranges` that holds addr: addr as its parent sees it. */
static int through_ranges(const void *fdt, const struct bus *child, const struct bus *parent,
                          uint64_t *addr)
{
	unsigned int entry = (child->addr_cells + parent->addr_cells + child->size_cells) * CELL;
	int len;
	const uint8_t *p = fdt_getprop(fdt, child->node, "ranges", &len);

	if (!p)
		return -ENOENT;
	if (len == 0)
		return 0;
	if (child->addr_cells > 2 || parent->addr_cells > 2 || child->size_cells > 2 || entry == 0)
		return -ENOENT;
	for (; len >= (int)entry; p += entry, len -= (int)entry) {
		uint64_t from = dt_cells(p, child->addr_cells);
		const uint8_t *to = p + child->addr_cells * CELL;
		uint64_t size = dt_cells(to + parent->addr_cells * CELL, child->size_cells);

		if (*addr >= from && *addr - from < size) {
			*addr = *addr - from + dt_cells(to, parent->addr_cells);
			return 0;
		}
	}
	return -ENOENT;
}

/* From an address on bus `node` to the CPU's. */
static int translate(const void *fdt, int node, uint64_t *addr)
{
	struct bus child, parent;
	int err = bus_get(fdt, node, &child);

	while (err == 0 && child.node != 0) {
		int up = dt_parent(fdt, child.node);

		if (up < 0)
			return -EINVAL;
		err = bus_get(fdt, up, &parent);
		if (err == 0)
			err = through_ranges(fdt, &child, &parent, addr);
		child = parent;
	}
	return err;
}

/* As the bus has it, untranslated. */
static int reg_entry(const void *fdt, int node, unsigned int i, uint64_t *base, uint64_t *size)
{
	int len, err;
	const uint8_t *p = fdt_getprop(fdt, node, "reg", &len);
	int up = p ? dt_parent(fdt, node) : -1;
	struct bus bus;
	unsigned int entry;

	if (up < 0)
		return -ENOENT;
	err = bus_get(fdt, up, &bus);
	if (err)
		return err;
	if (bus.addr_cells == 0 || bus.addr_cells > 2 || bus.size_cells == 0 || bus.size_cells > 2)
		return -ENOENT;
	entry = (bus.addr_cells + bus.size_cells) * CELL;
	if (len % (int)entry)
		return -EINVAL;
	if (i >= (unsigned int)len / entry)
		return -ENOENT;
	p += i * entry;
	*base = dt_cells(p, bus.addr_cells);
	*size = dt_cells(p + bus.addr_cells * CELL, bus.size_cells);
	return *base + *size < *base ? -EINVAL : 0;
}

int dt_reg(const void *fdt, int node, unsigned int i, uint64_t *base, uint64_t *size)
{
	int err = reg_entry(fdt, node, i, base, size);

	if (err == 0)
		err = translate(fdt, dt_parent(fdt, node), base);
	return err == 0 && *base + *size < *base ? -EINVAL : err;
}

int dt_window(const void *fdt, int bus, unsigned int i, uint64_t *base, uint64_t *size)
{
	int len, err;
	const uint8_t *p = fdt_getprop(fdt, bus, "ranges", &len);
	int up = p ? dt_parent(fdt, bus) : -1;
	struct bus child, parent;
	unsigned int entry;

	if (up < 0)
		return -ENOENT;
	err = bus_get(fdt, bus, &child);
	if (err == 0)
		err = bus_get(fdt, up, &parent);
	if (err)
		return err;
	entry = (child.addr_cells + parent.addr_cells + child.size_cells) * CELL;
	if (parent.addr_cells > 2 || child.size_cells > 2 || entry == 0 || len % (int)entry)
		return -EINVAL;
	if (i >= (unsigned int)len / entry)
		return -ENOENT;
	p += i * entry + child.addr_cells * CELL;
	*base = dt_cells(p, parent.addr_cells);
	*size = dt_cells(p + parent.addr_cells * CELL, child.size_cells);
	err = translate(fdt, up, base);
	return err == 0 && *base + *size < *base ? -EINVAL : err;
}

/* The controller that the node's `interrupts` go to (2.4.1): inherited from above. */
static int interrupt_parent(const void *fdt, int node)
{
	for (; node >= 0; node = dt_parent(fdt, node)) {
		uint32_t phandle = dt_u32(fdt, node, "interrupt-parent", 0);

		if (phandle)
			return by_phandle(fdt, phandle);
	}
	return node;
}

static int decode(const uint8_t *spec, unsigned int cells, uint32_t *intid)
{
	uint64_t type, number;

	if (cells < 3)
		return -EINVAL;
	type = dt_cells(spec, 1);
	number = dt_cells(spec + CELL, 1);
	if (type >= ARRAY_SIZE(gic_types) || number >= gic_types[type].count)
		return -EINVAL;
	*intid = gic_types[type].first + (uint32_t)number;
	return 0;
}

static int extended_interrupt(const void *fdt, int gic, const uint8_t *p, int len, unsigned int i,
                              uint32_t *intid)
{
	while (len >= (int)CELL) {
		int target = by_phandle(fdt, (uint32_t)dt_cells(p, 1));
		uint32_t cells = target >= 0 ? dt_u32(fdt, target, "#interrupt-cells", 0) : 0;

		p += CELL;
		len -= (int)CELL;
		if (target < 0 || cells > 8 || len < (int)(cells * CELL))
			return -EINVAL;
		if (i-- == 0)
			return target == gic ? decode(p, cells, intid) : -ENODEV;
		p += cells * CELL;
		len -= (int)(cells * CELL);
	}
	return -ENOENT;
}

int dt_interrupt(const void *fdt, int gic, int node, unsigned int i, uint32_t *intid)
{
	int len, target;
	uint32_t cells;
	const uint8_t *p = fdt_getprop(fdt, node, "interrupts-extended", &len);

	if (p)
		return extended_interrupt(fdt, gic, p, len, i, intid);
	p = fdt_getprop(fdt, node, "interrupts", &len);
	if (!p)
		return -ENOENT;
	target = interrupt_parent(fdt, node);
	if (target < 0)
		return -EINVAL;
	cells = dt_u32(fdt, target, "#interrupt-cells", 0);
	if (cells < 1 || cells > 8 || len % (int)(cells * CELL))
		return -EINVAL;
	/* Whosever they are: who asks for one after the other must come to an end. */
	if (i >= (unsigned int)len / (cells * CELL))
		return -ENOENT;
	return target == gic ? decode(p + i * cells * CELL, cells, intid) : -ENODEV;
}

int dt_map_interrupt(const void *fdt, int gic, int node, unsigned int i, uint32_t *intid)
{
	int len;
	const uint8_t *p = fdt_getprop(fdt, node, "interrupt-map", &len);
	unsigned int key = (dt_u32(fdt, node, "#address-cells", 0) +
	                    dt_u32(fdt, node, "#interrupt-cells", 0)) *
	                   CELL;

	/*
	 * Devicetree Specification 2.4.3: child address, child specifier, parent, its address, its
	 * specifier.
	 */
	while (p && key <= 32 && len >= (int)(key + CELL)) {
		int target = by_phandle(fdt, (uint32_t)dt_cells(p + key, 1));
		unsigned int addr, cells, rest;

		if (target < 0)
			return -EINVAL;
		addr = dt_u32(fdt, target, "#address-cells", 0);
		cells = dt_u32(fdt, target, "#interrupt-cells", 0);
		if (addr > 4 || cells > 8)
			return -EINVAL;
		rest = (addr + cells) * CELL;
		p += key + CELL;
		len -= (int)(key + CELL);
		if (len < (int)rest)
			return -EINVAL;
		if (i-- == 0)
			return target == gic ? decode(p + addr * CELL, cells, intid) : -ENODEV;
		p += rest;
		len -= (int)rest;
	}
	return -ENOENT;
}
