/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The interrupt controller as the firmware uses it: everything given to the normal world (group
 * 1) except one SGI and one PPI of its own (group 0, which the normal world can neither see nor
 * change), and the state that SYSTEM_SUSPEND keeps, loses or poisons.
 */
#ifndef FW_GIC_H
#define FW_GIC_H

#include <stdbool.h>
#include <stdint.h>
#include "platform.h"

#define FW_SGI	 15 /* wakes parked CPUs, and asks others for their registers */
#define FW_TIMER 29 /* the secure physical timer's PPI: the watchdog */
#define FW_INTS	 (1U << FW_SGI | 1U << FW_TIMER)

#define GIC_MAX_WORDS 32 /* interrupts / 32, including SGIs and PPIs in word 0 */

/* Distributor registers that both versions have (IHI 0048 4.3, IHI 0069 12.9). */
#define GICD_CTLR	0x000
#define GICD_TYPER	0x004
#define GICD_IGROUPR	0x080
#define GICD_ISENABLER	0x100
#define GICD_ICENABLER	0x180
#define GICD_ISPENDR	0x200
#define GICD_ICPENDR	0x280
#define GICD_ISACTIVER	0x300
#define GICD_ICACTIVER	0x380
#define GICD_IPRIORITYR 0x400
#define GICD_ITARGETSR	0x800
#define GICD_ICFGR	0xc00
#define GICD_NSACR	0xe00

#define GICD_CTLR_GRP0 (1U << 0) /* also the gate of entry.S: set once after a reset, never cleared */
#define GICD_CTLR_GRP1 (1U << 1)

/* Lowest priority value the normal world can set or see; four interrupts a word. */
#define PRIORITY_NS 0x80808080U

/* The banked part of one CPU: SGIs and PPIs. */
struct gic_banked {
	uint32_t enable, pend, active, group, cfg[2], prio[8];
};

/* Shared interrupts; index 0 of each array is unused (banked). */
struct gic_shared {
	uint32_t ctlr;
	uint32_t group[GIC_MAX_WORDS], enable[GIC_MAX_WORDS], pend[GIC_MAX_WORDS];
	uint32_t active[GIC_MAX_WORDS], cfg[GIC_MAX_WORDS * 2], prio[GIC_MAX_WORDS * 8];
};

/* All functions run at EL3 with the MMU on. "Self" is the calling CPU. */
struct gic_ops {
	const char *name;

	/*
	 * Distributor to what a cold boot of this firmware hands over: everything in group 1,
	 * disabled, inactive, not pending, lowest non-secure priority. Doesn't touch the gate.
	 * CPU 0 only.
	 */
	void (*init)(void);

	/* Self's SGIs and PPIs likewise, then interface_reset(). After each machine reset. */
	void (*cpu_init)(unsigned int self);

	/* Self's CPU interface to its reset state, with only the firmware's own able to signal. */
	void (*interface_reset)(void);

	/* Sends FW_SGI to CPU @target. */
	void (*kick)(unsigned int target);

	/* Takes and ends the firmware's own interrupt that is pending: its number; -1: none. */
	int (*take)(void);

	/*
	 * An enabled, pending, inactive group 1 interrupt that is shared or self's own; -1: none.
	 * Only after save(): it looks at the words that were enabled then.
	 */
	int (*pending)(void);

	/*
	 * Lets all that pending() looks at signal the caller, as far as it is routed there, and back to
	 * what save() found.
	 */
	void (*listen)(bool on);

	/* Keeps the state of everything (all CPUs, v2: self) for what follows. */
	void (*save)(void);

	/*
	 * After the reset, on CPU 0: lets the shared interrupts that were enabled at save()
	 * signal CPU 0 (arm); the first of them pending, or -1 (woken); back to the state of
	 * init() and cpu_init(), except that pending edges of woken sources stay (disarm).
	 */
	void (*arm)(void);
	int (*woken)(void);
	void (*disarm)(void);

	/* CPU 0, after disarm(): puts back what save() kept; or overwrites it with garbage. */
	void (*restore)(void);
	void (*poison)(void);

	/* On the CPU that resumes, last: what only it can restore or poison (banked registers). */
	void (*resume_cpu)(unsigned int self);
};

extern const struct gic_ops *gic;
extern const struct gic_ops gic_v2, gic_v3;

/* Addresses from the device tree; the numbers they have on `virt` are not assumed. */
struct gic_place {
	unsigned int version; /* 2 or 3; 0 none found */
	uint64_t gicd, gicc, gich;
	struct {
		uint64_t base, size;
	} gicr[4];
	unsigned int gicr_count;
};

extern struct gic_place gic_place;

/* Picks the driver for what gic_place says and what this CPU has; fatal if they disagree. */
void gic_select(void);

/* Lets the other CPUs out of entry.S. Everything they need must be in place. */
void gic_open_gate(void);

/* Shared-interrupt parts common to both versions (gic_dist.c). */
extern struct gic_shared gic_kept_shared;
unsigned int gicd_words(void);
void gicd_init_shared(void);
void gicd_save_shared(void);
void gicd_arm_shared(void);
int gicd_pending_shared(void);
int gicd_woken_shared(void);
void gicd_disarm_shared(void);
void gicd_restore_shared(void);
void gicd_poison_shared(void);
/* Banked registers at @base: GICD itself (v2) or SGI_base of a redistributor (v3). */
void gic_banked_init(uint64_t base);
void gic_banked_save(uint64_t base, struct gic_banked *b);
void gic_banked_restore(uint64_t base, const struct gic_banked *b);
void gic_banked_poison(uint64_t base);
int gic_banked_pending(uint64_t base);

#endif /* FW_GIC_H */
