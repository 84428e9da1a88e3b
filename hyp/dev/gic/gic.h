/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The physical interrupt controller: GICv2 (IHI 0048) or GICv3 (IHI 0069), one const ops table each,
 * picked once at boot from the device tree.
 *
 * EL2 uses EOImode = 1: gic->eoi() drops the priority, gic->deactivate() ends the interrupt. An
 * interrupt that belongs to a guest is only dropped here; the guest's own EOI deactivates it through
 * a list register with HW = 1.
 *
 * INTIDs: 0-15 SGI, 16-31 PPI, 32-1019 SPI, 1056-1119 extended PPI, 4096-5119 extended SPI (v3 only).
 * SGIs and PPIs are those of the calling CPU.
 *
 * Locks: calls on SPIs read-modify-write shared registers only under gic's own lock (a leaf); calls on
 * SGIs/PPIs and on the virtual interface act on the calling CPU and need none.
 */
#ifndef DM_DEV_GIC_GIC_H
#define DM_DEV_GIC_GIC_H

#include "lib/types.h"

#define GIC_NR_SGIS	16
#define GIC_FIRST_SPI	32
#define GIC_SPURIOUS	1023
#define GIC_MAX_SPI	1019
#define GIC_MAX_LRS	16
#define GIC_FIRST_EPPI	1056
#define GIC_LAST_EPPI	1119
#define GIC_FIRST_ESPI	4096
#define GIC_LAST_ESPI	5119

/* What ack() returns. */
#define GIC_IAR_SOURCE_SHIFT 24
static inline uint32_t gic_iar_intid(uint32_t iar)
{
	return iar & 0xffffff;
}

/* Priorities that EL2 gives: guests' interrupts below its own. Lower is more urgent. */
#define GIC_PRIO_IPI   0x80
#define GIC_PRIO_HYP   0x90
#define GIC_PRIO_GUEST 0xa0

enum gic_lr_state {
	GIC_LR_INVALID = 0,
	GIC_LR_PENDING = 1,
	GIC_LR_ACTIVE = 2,
	GIC_LR_PENDING_ACTIVE = 3,
};

/*
 * A list register (IHI 0048 5.3.8 GICH_LRn, IHI 0069 12.4 ICH_LR<n>_EL2): the fields of both, laid out as GICv3 has them, so that
 * there it goes in and out as it is, but for eoi.
 */
struct gic_lr {
	union {
		struct {
			uint64_t vintid : 32;
			uint64_t pintid : 13; /* with hw: the physical INTID that the guest's deactivation ends; else 0 */
			uint64_t source : 3;  /* GICv2 SGIs: the sending vCPU */
			uint64_t priority : 8; /* as the guest's GICD_IPRIORITYR has it */
			uint64_t eoi : 1;     /* without hw: maintenance interrupt when the guest ends it */
			uint64_t unused : 3;
			uint64_t group1 : 1; /* virtual group 1 (v2 guests use group 0 view; both versions take it as given) */
			uint64_t hw : 1;
			uint64_t state : 2; /* enum gic_lr_state */
		};
		uint64_t raw;
	};
};
_Static_assert(sizeof(struct gic_lr) == 8, "goes by register");

/* The virtual CPU interface's state apart from the LRs; saved and loaded when vCPUs switch. */
struct gic_vcpu_state {
	uint32_t vmcr;	   /* GICH_VMCR or ICH_VMCR_EL2 */
	uint32_t apr[2][4]; /* [0][n]: GICH_APR / ICH_AP0Rn_EL2, [1][n]: ICH_AP1Rn_EL2 */
	uint64_t sre_el1;  /* v3: ICC_SRE_EL1 as seen by the guest is constant; kept for completeness */
};

/* Bits for set_hcr(): which maintenance interrupts are wanted. */
#define GIC_HCR_EN    BIT(0) /* virtual interface on */
#define GIC_HCR_UIE   BIT(1) /* underflow: none or one LR valid */
#define GIC_HCR_NPIE  BIT(3) /* no pending LR */

/* What the device tree says; boot fills it in. Sizes in bytes, v2: gicc/gich/gicv; v3: redist regions. */
#define GIC_MAX_REDIST_REGIONS 8
struct gic_config {
	unsigned int version; /* 2 or 3 */
	paddr_t gicd;
	uint64_t gicd_size;
	paddr_t gicc;
	uint64_t gicc_size;
	paddr_t gich;
	uint64_t gich_size;
	paddr_t gicv;
	uint64_t gicv_size;
	struct {
		paddr_t base;
		uint64_t size;
	} redist[GIC_MAX_REDIST_REGIONS];
	unsigned int nr_redist_regions;
	uint64_t redist_stride; /* 0: as GICR_TYPER.VLPIS says */
	uint32_t maintenance_intid; /* PPI */
};

/* A register of a dump: the manual's name, its number (those that stand alone: 0), its value. */
typedef void gic_dump_fn(void *ctx, const char *name, unsigned int n, uint64_t value);

struct gic_ops {
	unsigned int version;

	/* Distributor, once, on the boot CPU: all SPIs off, level, GIC_PRIO_GUEST, to the boot CPU. 0 or -errno. */
	int (*init)(const struct gic_config *cfg);
	/*
	 * This CPU's redistributor/banked registers, CPU interface and virtual interface. Also the
	 * way back of a CPU that was off; the distributor must be up (the boot CPU, whose own part
	 * resume() restores, does not call it before that). Afterwards SGIs are enabled with
	 * GIC_PRIO_IPI, PPIs disabled with GIC_PRIO_GUEST.
	 * 0, -ENODEV (no interface or redistributor for this CPU), -ETIMEDOUT.
	 */
	int (*init_cpu)(void);
	/* With gic_limits.misses_guest_eoi: an access that changes nothing. Otherwise NULL. */
	void (*nudge)(void);
	/* Quiet this CPU's interface before CPU_OFF: no more interrupts are taken here. */
	void (*exit_cpu)(void);

	/*
	 * gic_iar_intid() of the result is the INTID; 1020 to 1023: none. On v2 SGIs the source CPU's
	 * interface is above it: eoi() and deactivate() want the whole value.
	 */
	uint32_t (*ack)(void);
	void (*eoi)(uint32_t iar);	  /* priority drop */
	void (*deactivate)(uint32_t iar);

	void (*set_enabled)(uint32_t intid, bool on);
	bool (*is_enabled)(uint32_t intid);
	void (*set_pending)(uint32_t intid, bool on);
	bool (*is_pending)(uint32_t intid);
	void (*set_active)(uint32_t intid, bool on);
	bool (*is_active)(uint32_t intid);
	void (*set_edge)(uint32_t intid, bool edge); /* only while disabled */
	void (*set_priority)(uint32_t intid, uint8_t priority);
	/* SPIs only. cpu is Dormouse's CPU number (struct cpu.id); its MPIDR or interface number is known since init_cpu there. */
	void (*set_target)(uint32_t intid, unsigned int cpu);

	void (*send_sgi)(uint32_t sgi, unsigned int cpu); /* with a DSB before: the partner reads what we wrote */

	/* Virtual interface of the calling CPU. */
	void (*set_hcr)(uint32_t bits);
	struct gic_lr (*read_lr)(unsigned int n);
	void (*write_lr)(unsigned int n, struct gic_lr lr);
	void (*clear_lr)(unsigned int n);
	uint64_t (*empty_lrs)(void); /* GICH_ELRSR: bit n set when LR n holds nothing */
	void (*save_vcpu)(struct gic_vcpu_state *s);
	void (*load_vcpu)(const struct gic_vcpu_state *s);
	void (*reset_vcpu)(struct gic_vcpu_state *s);

	/*
	 * Host suspend, on the boot CPU with the others off and interrupts masked (design, phase "core").
	 * suspend() saves the distributor, the calling CPU's banked registers, CPU interface and virtual
	 * interface; then disables every interrupt that is not in wake[] (bitmap by INTID, SPIs) and
	 * leaves those enabled for the firmware to see. Pending edges are saved too.
	 * resume() brings all of it back from nothing (or from garbage); undo() after a failure.
	 * Edges in wake[] that the hardware has pending at resume() stay pending: one of them woke us.
	 * undo() is also for a firmware call that came back without having slept: it assumes that the
	 * hardware is as suspend() left it, resume() assumes nothing.
	 * All bounded; 0, -ETIMEDOUT, or -EINVAL (resume or undo without suspend).
	 */
	int (*suspend)(const uint64_t *wake);
	int (*resume)(void);
	int (*undo)(void);
	/*
	 * Between suspend() and resume(): an SPI of wake[] that was enabled at suspend() and is pending, in
	 * the hardware or as an edge that suspend() saved; levels first, then by INTID. After a reset,
	 * before resume(), that is what woke: the hardware's own enable bits aren't looked at, and its
	 * configuration, which decides what is pending, is brought back for it. GIC_SPURIOUS if none.
	 * Else, with nothing saved: an enabled, pending SPI of wake[] in the hardware.
	 */
	uint32_t (*pending_wake)(const uint64_t *wake);

	/*
	 * How it is set up, register by register in a constant order, for whoever compares two moments: the distributor,
	 * and the calling CPU's part. Without what goes on by itself: pending and active bits, the active priorities,
	 * and the virtual interface, which is the loaded vCPU's.
	 */
	void (*dump_shared)(gic_dump_fn *fn, void *ctx);
	void (*dump_cpu)(gic_dump_fn *fn, void *ctx);
};

/* Set by gic_init(); constant afterwards. */
extern const struct gic_ops *gic;
extern const struct gic_ops gic_v2_ops;
extern const struct gic_ops gic_v3_ops;

struct gic_limits {
	unsigned int nr_spis_end; /* first INTID beyond the SPIs: 32 to 1020 */
	unsigned int nr_espis;	  /* extended SPIs, from GIC_FIRST_ESPI on */
	unsigned int nr_eppis;	  /* extended PPIs, from GIC_FIRST_EPPI on */
	unsigned int nr_lrs;
	unsigned int nr_prio_bits; /* of the virtual interface */
	unsigned int max_cpus;	   /* 8 on v2 */
	/*
	 * QEMU's GICv2: when a guest ends a physical interrupt through a list register whose line is high
	 * (again), nobody is told before the next access to or event of the controller. Found by its
	 * GICC_IIDR. Then gic->nudge() is wanted before WFI, and events now and then while a guest runs.
	 */
	bool misses_guest_eoi;
};
/* Valid after gic_init(). */
extern struct gic_limits gic_limits;

/* Picks the ops by cfg->version, maps nothing (boot has mapped the registers) and calls init(). 0, -ENODEV (unknown version), -errno. */
int gic_init(const struct gic_config *cfg);

#endif
