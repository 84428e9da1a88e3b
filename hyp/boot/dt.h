/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Reading a flattened device tree (Devicetree Specification 0.4) above libfdt: addresses translated
 * to the CPU's view, interrupts to GIC INTIDs. Pure. Nodes are libfdt offsets; malformed properties
 * are errors, never read beyond their end.
 */
#ifndef DM_BOOT_DT_H
#define DM_BOOT_DT_H

#include "lib/types.h"

/*
 * 0, or libfdt's error: the tree of at most size bytes may be read. More than fdt_check_full(), which lets pass a
 * property of length -1 to -8, for its walk wraps (libfdt 1.6).
 */
int dt_check(const void *fdt, uint64_t size);

/*
 * From now on what goes up in that tree, or to a phandle, is quick; until it changes or moves, before which dt_index()
 * is called again (NULL: none is). One tree at a time; boot CPU.
 */
void dt_index(const void *fdt);
/* As fdt_parent_offset(). */
int dt_parent(const void *fdt, int node);

/* Property as a zero-terminated string, or NULL: absent or not terminated. */
const char *dt_string(const void *fdt, int node, const char *name);
/*
 * The node at a path of len characters, absolute or an alias and what follows it; a negative libfdt error. An alias
 * is an absolute path (DTSpec 0.4, 3.3): one that leads to another isn't followed, since it might lead back.
 * What isn't a constant path goes through this, never to fdt_path_offset().
 */
int dt_path(const void *fdt, const char *path, size_t len);
/* First cell of a property, or def. */
uint32_t dt_u32(const void *fdt, int node, const char *name, uint32_t def);
/* n (1 or 2) cells from p on. */
uint64_t dt_cells(const void *p, unsigned int n);

/* Which of list[] (ended by NULL) node is compatible with; NULL if none. */
const char *dt_compatible(const void *fdt, int node, const char *const *list);
/*
 * First node after `node` (-1: the first) compatible with one of list[]; libfdt's error code at the
 * end.
 */
int dt_next_compatible(const void *fdt, int node, const char *const *list);

/* status of the node alone, and of it and all its ancestors. */
bool dt_okay(const void *fdt, int node);
bool dt_reachable(const void *fdt, int node);

/*
 * Entry i of `reg`, as a CPU address. 0; -ENOENT: no such entry, or not in the CPU's address space
 * (no `ranges` on the way up: an I2C device, a CPU); -EINVAL: malformed.
 */
int dt_reg(const void *fdt, int node, unsigned int i, uint64_t *base, uint64_t *size);

/* Entry i of a bus's `ranges`: the window's CPU address and size. As dt_reg(). */
int dt_window(const void *fdt, int bus, unsigned int i, uint64_t *base, uint64_t *size);

/*
 * Interrupt i of the node, from `interrupts` or `interrupts-extended`, as an INTID of the GIC node
 * `gic`. 0; -ENOENT: no such entry; -ENODEV: it goes to another controller; -EINVAL: malformed.
 */
int dt_interrupt(const void *fdt, int gic, int node, unsigned int i, uint32_t *intid);

/* Entry i of `interrupt-map` (a PCI host's), in the same way. */
int dt_map_interrupt(const void *fdt, int gic, int node, unsigned int i, uint32_t *intid);

#endif
