/* SPDX-License-Identifier: Apache-2.0 */
/* The device tree: read from QEMU's, completed, handed over. All failures are fatal. */
#ifndef FW_DT_H
#define FW_DT_H

#include <stddef.h>
#include <stdint.h>

/* The working copy, for libfdt. */
extern void *const dt_blob;

/* Takes a working copy of the tree at @addr. */
void dt_open(uint64_t addr);

/* Fills in RAM banks (boot.h), CPUs (cpu.h) and gic_place (gic.h). */
void dt_read_platform(void);
uint64_t dt_ram_total(void);

/* PSCI, CPU enable methods, wake-up keys, reserved memory, secure devices. */
void dt_fix_machine(void);

/* Properties of /chosen. An empty string (any old one goes too) or initrd is left out. */
void dt_chosen_string(const char *name, const char *value);
void dt_chosen_initrd(uint64_t addr, uint64_t size);

/*
 * Building blocks for modules.c: adds a node (or finds it), sets properties. @node is an offset
 * that any addition before it in the tree makes stale.
 */
int dt_add_node(int parent, const char *name);
void dt_set(int node, const char *name, const void *value, int len);
void dt_set_u32(int node, const char *name, uint32_t value);
void dt_set_string(int node, const char *name, const char *value);
int dt_chosen(void);

/* Writes the finished tree to @addr, at most @room bytes. */
void dt_publish(uint64_t addr, uint64_t room);

#endif /* FW_DT_H */
