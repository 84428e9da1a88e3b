/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the files of the virtual GIC share.
 *
 * Where an interrupt is: in a list register of its home vCPU (lr != VGIC_NO_LR), only while that
 * vCPU is loaded on a CPU; or in its home's queue, if it wants a list register; or nowhere. Every
 * change of its state goes through vgic_update(), which moves it.
 *
 * Pending is split: latch (an edge, or a write of ISPENDR), line (the level) and sources (GICv2
 * SGIs) are what no list register holds yet; lr_pending is what one holds.
 *
 * Locks: everything not marked constant is guarded by vgic.lock of the domain.
 */
#ifndef DM_VIRT_VGIC_VGIC_PRIV_H
#define DM_VIRT_VGIC_VGIC_PRIV_H

#include "core/domain_power.h"
#include "dev/gic/gic.h"
#include "lib/types.h"
#include "virt/vgic/vgic.h"
#include "virt/vmmio.h"

#define VGIC_NO_LR       0xff
#define VGIC_NO_VCPU     0xff
#define VGIC_NO_CPU      0xff
#define VGIC_NR_SGIS     GIC_NR_SGIS
#define VGIC_NR_PRIVATE  32
#define VGIC_END_INTIDS  1020 /* 1020-1023 are special (IHI 0048 2.2.1, IHI 0069 2.2.1) */
#define VGIC_MAX_SPIS    992
#define VGIC_V2_VCPUS    8
#define VGIC_QUEUE_WORDS 16
#define VGIC_ROW_SLOTS	 33

#define VGIC_GICD_V2_SIZE (4 * KIB)
#define VGIC_GICD_V3_SIZE (64 * KIB)
#define VGIC_GICR_FRAME   (64 * KIB)
#define VGIC_GICR_STRIDE  (2 * VGIC_GICR_FRAME)

/* xx_IIDR: our own product number; implementer 0x43b, as the architecture's. */
#define VGIC_IIDR 0x4400143bU

struct vgic_irq {
	uint32_t route;   /* v3 SPIs: Aff3.Aff2.Aff1.Aff0 as written to IROUTER */
	uint16_t pintid;  /* constant; with hw */
	uint8_t priority; /* implemented bits only */
	uint8_t targets;  /* v2 SPIs: ITARGETSR */
	uint8_t target;   /* vCPU that targets or route name, or VGIC_NO_VCPU */
	uint8_t home;     /* vCPU whose queue or list register it is in, or was last */
	uint8_t lr;       /* list register of home, or VGIC_NO_LR */
	uint8_t sources;  /* v2 SGIs: senders whose SGI is pending and not in a list register */
	uint8_t source;   /* v2 SGIs: sender of the one that is active or in a list register */
	uint8_t acked_by; /* hw_active SPIs: the CPU that took the physical one, or VGIC_NO_CPU */

	bool enabled : 1;
	bool edge : 1;
	bool line : 1;
	bool latch : 1;
	bool active : 1; /* as last seen, while in a list register */
	bool queued : 1;
	bool lr_pending : 1; /* as last seen */
	bool lr_latch : 1;   /* what is pending in the list register came from latch or sources */

	bool hw : 1;        /* constant */
	bool hw_active : 1; /* the physical one is active on our behalf */
	/*
	 * Its list register isn't tied to the physical one, because the guest made it pending
	 * itself, or another CPU took that: we see its end (LR.EOI) and deactivate the physical one, if that is active.
	 */
	bool by_hand : 1;

	/* Asked for by the guest, done when the list register can be reached. */
	bool drop_pending : 1;
	bool drop_active : 1;
	bool raise_active : 1;
};
_Static_assert(sizeof(struct vgic_irq) == 16, "there are up to 1020 of them a domain");

struct vgic_vcpu {
	struct vcpu *v;            /* constant */
	const struct cpu *cpu;     /* whose list registers are in use for it, or NULL: not loaded */
	const struct cpu *last_cpu; /* where it was loaded last: its SPIs are routed there */
	uint32_t used;              /* list registers that hold something, as far as we know */
	uint32_t hcr;               /* what set_hcr() was last given */
	uint64_t queue_words;       /* bit n: queue[n] isn't 0 */
	uint64_t queue[VGIC_QUEUE_WORDS]; /* by INTID */
	uint16_t lr_vintid[GIC_MAX_LRS];
	struct gic_vcpu_state cpuif; /* valid while not loaded */
	struct vgic_irq private[VGIC_NR_PRIVATE];
};
_Static_assert(sizeof(struct vgic_vcpu) <= PAGE_SIZE, "one page each");

struct vgic {
	struct spinlock lock;
	struct domain *domain; /* constant, like all down to hw_ppis */
	unsigned int version;
	unsigned int nr_intids; /* 32 + SPIs, at most VGIC_END_INTIDS */
	unsigned int nr_spis;   /* as configured: a multiple of 32 */
	uint8_t prio_mask;
	uint32_t lr_mask;
	struct vgic_irq *spis;
	uint64_t spis_on[VGIC_QUEUE_WORDS]; /* by INTID: those that are enabled */
	uint32_t hw_ppis;
	uint8_t first_row[VGIC_ROW_SLOTS]; /* constant; vgic_index_rows() */
	bool enabled;   /* GICD_CTLR: the group that this guest has */
	uint64_t kicks; /* vCPUs to kick when the lock is dropped */
	/* Became pending and enabled since the lock was taken; 0, which is an SGI: nothing. */
	uint32_t wake_vintid;
};
_Static_assert(MAX_VCPUS_PER_DOMAIN <= 64, "vgic.kicks has one bit for each");

static inline struct vgic_vcpu *vgic_vcpu_of(const struct vgic *g, unsigned int vcpu)
{
	return g->domain->vcpus[vcpu]->vgic;
}

/* NULL if there is none; vv may be NULL for SPIs only. */
static inline struct vgic_irq *vgic_irq_of(const struct vgic *g, struct vgic_vcpu *vv,
                                           uint32_t intid)
{
	if (intid < VGIC_NR_PRIVATE)
		return vv ? &vv->private[intid] : NULL;
	return intid < g->nr_intids ? &g->spis[intid - VGIC_NR_PRIVATE] : NULL;
}

/* Without what a list register holds. */
static inline bool vgic_irq_pending(const struct vgic_irq *irq)
{
	return irq->latch || irq->sources || (irq->line && !irq->edge);
}

static inline bool vgic_irq_deliverable(const struct vgic *g, const struct vgic_irq *irq)
{
	return irq->enabled && g->enabled && !irq->active && vgic_irq_pending(irq);
}

/*
 * Would it wake a suspended domain? Not SGIs, which nobody is on to send, and not what belongs to
 * the vCPU's own power: hardware-backed PPIs, those of vCPUs that are off. Neither the group's enable
 * nor priority masks count: the guest may have switched its CPU interface off before it went. The
 * domain's switches do (WAKE_*). vv is ignored for SPIs.
 */
static inline bool vgic_irq_wakes(const struct vgic *g, const struct vgic_vcpu *vv,
                                  const struct vgic_irq *irq, uint32_t intid)
{
	/* static: analyzer-null-dereference: who iterates stays below nr_intids */
	if (!irq->enabled || intid < VGIC_NR_SGIS)
		return false;
	/* power: an old value does no harm, a vCPU that goes on or off isn't asleep yet. */
	if (intid < VGIC_NR_PRIVATE && (irq->hw || vv->v->power == VCPU_OFF))
		return false;
	if (!vgic_irq_pending(irq) && (irq->lr == VGIC_NO_LR || !irq->lr_pending))
		return false;
	return domain_irq_may_wake(g->domain, intid);
}

static inline bool vgic_is_v2_sgi(const struct vgic *g, uint32_t intid)
{
	return intid < VGIC_NR_SGIS && g->version == 2;
}

/* It becomes pending, by an edge or, as a v2 SGI, from that vCPU. */
static inline void vgic_latch(const struct vgic *g, struct vgic_irq *irq, uint32_t intid, unsigned int from)
{
	if (vgic_is_v2_sgi(g, intid))
		irq->sources |= (uint8_t)BIT(from);
	else
		irq->latch = true;
}

/* Of each of a guest's list registers. v2 guests see one security state and use group 0; v3 guests are Non-secure: group 1. */
static inline uint64_t vgic_lr_group(const struct vgic *g)
{
	const struct gic_lr group1 = { .group1 = 1 };

	return g->version == 3 ? group1.raw : 0;
}

/* Are its list registers this CPU's? */
static inline bool vgic_is_here(const struct vgic_vcpu *vv)
{
	return vv->cpu == this_cpu();
}

/* vgic.c. Drops the lock, then kicks whom it must; never `quiet`, which may be NULL. */
void vgic_unlock_and_tell(struct vgic *g, const struct vcpu *quiet);
static inline void vgic_unlock(struct vgic *g, const struct vcpu *quiet)
{
	if (unlikely(g->kicks || g->wake_vintid))
		vgic_unlock_and_tell(g, quiet);
	else
		spin_unlock(&g->lock);
}
/* Makes every interrupt of the domain find its place anew: after GICD_CTLR. */
void vgic_update_all(struct vgic *g);
/* Points the physical SPI at the CPU of its virtual target. */
void vgic_follow_target(struct vgic *g, const struct vgic_irq *irq, uint32_t intid);

/* Has the guest asked for something that waits for its list register? */
static inline bool vgic_has_requests(const struct vgic_irq *irq)
{
	return irq->drop_pending || irq->drop_active || irq->raise_active;
}

/* vgic_fast.c. An SGI from one vCPU to another (or to itself). intid below 16. */
void vgic_send_sgi(struct vgic *g, const struct vcpu *from, unsigned int to, uint32_t intid);

/* vgic_lr.c. vv is that of a private interrupt, ignored for SPIs. */
void vgic_update(struct vgic *g, struct vgic_vcpu *vv, struct vgic_irq *irq, uint32_t intid);
/* A hardware-backed level was taken, but its line has fallen since: it isn't pending any more. */
bool vgic_level_is_gone(const struct vgic_vcpu *vv, const struct vgic_irq *irq, uint32_t intid);
/* Reads its list register back if it is in one; asks the other CPU to, if it's that one's. */
void vgic_refresh(struct vgic *g, struct vgic_irq *irq);
/* vv's list register is here or holds nothing of it: its state goes to memory, for vgic_update() to
 * place. */
void vgic_pull(struct vgic *g, struct vgic_vcpu *vv, struct vgic_irq *irq, uint32_t intid);
/* Those of the vCPU that is loaded here: the most urgent of the queue into list registers; all of
 * them out. */
void vgic_fill(struct vgic *g, struct vgic_vcpu *vv);
void vgic_take_all_out(struct vgic *g, struct vgic_vcpu *vv);
void vgic_set_hcr(struct vgic_vcpu *vv, uint32_t bits);
void vgic_refresh_all(struct vgic *g, struct vgic_vcpu *vv);

/* vgic_vcpu.c */
/* vv is loaded here: what others have asked of it is done, what waits and has room goes into list registers. */
void vgic_flush_here(struct vgic *g, struct vgic_vcpu *vv);
void vgic_vcpu_reset(struct vcpu *v);
void vgic_vcpu_load(struct vcpu *v);
void vgic_vcpu_save(struct vcpu *v);

/* vgic_mmio.c: the register files as tables. */

/* An access: to whose registers. */
struct vgic_mmio {
	struct vgic *g;
	struct vgic_vcpu *vv; /* whose banked ones; NULL: INTIDs below 32 aren't here */
};

/* Access sizes in bytes are their own bits. */
#define VGIC_W8  1
#define VGIC_W32 4
#define VGIC_W64 8

/*
 * A register or an array of them. Missing functions: reads as zero, ignores writes (RAZ/WI).
 * With `bits` it has a field of 1, 2 or 8 bits per INTID; get() gives one, set() takes one. Fields
 * of one bit are write-one-to-act: set() is called for ones only.
 */
struct vgic_reg {
	uint32_t start; /* offset */
	uint32_t end;   /* the first byte behind */
	uint8_t widths; /* VGIC_W8 | ... */
	uint8_t bits;
	uint16_t first; /* INTID at start */
	bool constant;  /* read() needs no lock */
	uint32_t (*get)(const struct vgic_mmio *m, struct vgic_irq *irq, uint32_t intid);
	void (*set)(const struct vgic_mmio *m, struct vgic_irq *irq, uint32_t intid,
	            uint32_t value);
	uint64_t (*read)(const struct vgic_mmio *m, uint32_t offset, unsigned int size);
	void (*write)(const struct vgic_mmio *m, uint32_t offset, unsigned int size,
	              uint64_t value);
};

/* Sorted by start, without overlap. What is in no row is reserved: RAZ/WI (IHI 0069 12.1.4). */
struct vgic_regs {
	const struct vgic_reg *regs;
	unsigned int count; /* without VGIC_LAST_ROW, which ends each search */
	uint32_t size;
	bool indexed; /* the distributor's: vgic.first_row says where to begin; elsewhere at the top */
};
#define VGIC_LAST_ROW { .start = UINT32_MAX, .end = UINT32_MAX }

/* While the vGIC is made: where t's rows are, by 128 bytes of the first 4 KiB; the last slot is for all behind them. */
void vgic_index_rows(struct vgic *g, const struct vgic_regs *t);

bool vgic_mmio_read(const struct vgic_mmio *m, const struct vgic_regs *t, struct vmmio_access a,
                    uint64_t *value);
bool vgic_mmio_write(const struct vgic_mmio *m, const struct vgic_regs *t, struct vmmio_access a,
                     uint64_t value);

uint32_t vgic_get_enable(const struct vgic_mmio *m, struct vgic_irq *irq, uint32_t intid);
void vgic_set_enable(const struct vgic_mmio *m, struct vgic_irq *irq, uint32_t intid, uint32_t v);
void vgic_clear_enable(const struct vgic_mmio *m, struct vgic_irq *irq, uint32_t intid, uint32_t v);
uint32_t vgic_get_pending(const struct vgic_mmio *m, struct vgic_irq *irq, uint32_t intid);
void vgic_set_pending(const struct vgic_mmio *m, struct vgic_irq *irq, uint32_t intid, uint32_t v);
void vgic_clear_pending(const struct vgic_mmio *m, struct vgic_irq *irq, uint32_t intid,
                        uint32_t v);
uint32_t vgic_get_active(const struct vgic_mmio *m, struct vgic_irq *irq, uint32_t intid);
void vgic_set_active(const struct vgic_mmio *m, struct vgic_irq *irq, uint32_t intid, uint32_t v);
void vgic_clear_active(const struct vgic_mmio *m, struct vgic_irq *irq, uint32_t intid, uint32_t v);
uint32_t vgic_get_priority(const struct vgic_mmio *m, struct vgic_irq *irq, uint32_t intid);
void vgic_set_priority(const struct vgic_mmio *m, struct vgic_irq *irq, uint32_t intid, uint32_t v);
uint32_t vgic_get_config(const struct vgic_mmio *m, struct vgic_irq *irq, uint32_t intid);
void vgic_set_config(const struct vgic_mmio *m, struct vgic_irq *irq, uint32_t intid, uint32_t v);
uint64_t vgic_read_iidr(const struct vgic_mmio *m, uint32_t offset, unsigned int size);
void vgic_write_ctlr_enable(const struct vgic_mmio *m, bool on);

/* vgic_v2.c, vgic_v3.c */
extern const struct vgic_regs vgic_v2_gicd;
extern const struct vgic_regs vgic_v3_gicd;
extern const struct vgic_regs vgic_v3_rd;
extern const struct vgic_regs vgic_v3_sgi;
int vgic_v2_register(struct domain *d, const struct vgic_config *cfg);
int vgic_v3_register(struct domain *d, const struct vgic_config *cfg);

#endif
