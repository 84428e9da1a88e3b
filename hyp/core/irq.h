/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Who gets a physical interrupt: Dormouse itself (a handler) or a domain (its virtual GIC).
 * Tables are filled at boot (and later by domain building); the interrupt path only reads them.
 *
 * Locks: irq_lock (a leaf) for changes.
 */
#ifndef DM_CORE_IRQ_H
#define DM_CORE_IRQ_H

#include "core/cpu.h"
#include "lib/types.h"

struct domain;

typedef void irq_handler_fn(uint32_t intid, void *ctx);

/*
 * Dormouse's own interrupt. The handler runs on the CPU that took it, with interrupts masked and before
 * deactivation. A level interrupt's device must be quiet when the handler returns. 0, -EBUSY, -EINVAL.
 * name (constant string) is what the journal calls the device. PPIs: registered once, enabled by each
 * CPU with irq_enable(). SPIs start disabled, too.
 */
int irq_request(uint32_t intid, const char *name, irq_handler_fn *fn, void *ctx);

/*
 * As irq_request(), for a CPU's own interrupt that belongs to whichever vCPU is loaded there: it stays active, because
 * the guest's own EOI ends it (list register with HW = 1). If fn finds no vCPU it deactivates it itself.
 */
int irq_request_forwarded(uint32_t intid, const char *name, irq_handler_fn *fn, void *ctx);

/* A device's interrupt handed to a domain as virtual SPI `vintid`. 0, -EBUSY, -EINVAL. */
int irq_assign(uint32_t intid, const char *name, struct domain *owner, uint32_t vintid);

/* Takes back all that owner has: off, neither pending nor active, nobody's. */
void irq_release_all(const struct domain *owner);

void irq_enable(uint32_t intid);
void irq_disable(uint32_t intid);

/* A wake-up source of the machine? (Dormouse's own: set by the driver; a domain's: enabled in its vGIC.) */
void irq_set_wake(uint32_t intid, bool on);

struct irq_info {
	const char *name;	/* "" if nobody's */
	struct domain *owner;	/* NULL: Dormouse or nobody */
	uint32_t vintid;
	bool hyp;		/* Dormouse's own */
	bool wake;		/* irq_set_wake */
};
/* Also for unused INTIDs (then all empty). */
void irq_lookup(uint32_t intid, struct irq_info *out);
/* The name of the device that is handed to owner as vintid, "" if none is. */
const char *irq_name_of(const struct domain *owner, uint32_t vintid);

/* All that may wake the machine now: assigned ones that are enabled, own ones with wake set and enabled. By INTID, SPIs. */
#define IRQ_WAKE_WORDS (1024 / 64)
void irq_wake_mask(uint64_t mask[IRQ_WAKE_WORDS]);

/*
 * SPIs: the CPU that takes it from now on. One that isn't online gets the boot CPU instead, until
 * irq_route_restore() finds it back.
 */
void irq_set_target(uint32_t intid, unsigned int cpu);

/* Allocates the table; gic_limits are known. 0 or -ENOMEM. Boot. */
int irq_init(void);
/* Each CPU at bring-up: enables those of its PPIs that irq_enable() was called for on any CPU. */
void irq_init_cpu(void);

/* All SPIs to the boot CPU (design, phase "cpus"), and back to where they were. */
void irq_route_to_boot_cpu(void);
void irq_route_restore(void);

/* Takes and dispatches everything pending on this CPU. Called from the guest's IRQ exit and the idle loop. */
void irq_dispatch(void);
/* One of them, the most urgent; false: there was none. What else is pending interrupts again as soon as a guest runs. */
bool irq_take_one(void);

/* How an assigned interrupt reaches its domain: virt's function, handed down by main.c. Priority is dropped, it is still active. */
typedef void irq_guest_fn(struct domain *d, uint32_t vintid, uint32_t intid);
void irq_set_guest_fn(irq_guest_fn *fn);

#endif
