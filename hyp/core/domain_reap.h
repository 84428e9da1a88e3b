/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The end of domains, and when memory that other CPUs may be looking at can be freed. docs/locking.md has the argument.
 */
#ifndef DM_CORE_DOMAIN_REAP_H
#define DM_CORE_DOMAIN_REAP_H

#include "core/cpu.h"
#include "core/domain.h"

/* CPU_WORK_QUIESCE: c, in its main loop, has no handler under way, and nothing of a dying domain loaded. */
void domain_quiesce(struct cpu *c);

/*
 * CPU_WORK_REAP: the boot CPU, in its main loop, goes a step on with each domain that is being destroyed. As the suspend engine
 * runs there, too, no step meets a suspend; what is asked for meanwhile waits for its end.
 */
void domain_reap(struct cpu *c);

/* core/domain.c's: hooks in reverse order, and the memory of the structures. */
void domain_stop_modules(struct domain *d);
void domain_destroy_modules(struct domain *d);
void domain_free(struct domain *d);
/* core/domain_table.c's. An id, or -ENOSPC, -EEXIST, -EINVAL. */
int domain_take_id(uint16_t wanted);
void domain_give_id(unsigned int id);
/* Into the table, which is what takes the id from then on, and out of it. */
void domain_publish(struct domain *d);
void domain_unpublish(struct domain *d);
/* One that reboots has gone: it will be made anew. */
void domain_rebuild(unsigned int boot_number);
/* Goes on with that. True if there is more to do. */
bool domain_rebuild_some(void);
/* Tells the state hook. */
void domain_state_changed(struct domain *d);

#endif
