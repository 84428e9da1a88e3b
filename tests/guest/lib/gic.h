/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The interrupt controller as its registers are: GICv2 (IHI 0048) and GICv3 (IHI 0069), the view of
 * the non-secure side. What differs between the two is behind these functions; what a test wants to
 * see raw it reads by gic_reg().
 */
#ifndef GUEST_GIC_H
#define GUEST_GIC_H

#include <stdbool.h>
#include <stdint.h>

#include "cpu.h"

/* Distributor; those of INTIDs below 32 are, on v3, at the same offsets in GICR's SGI_base. */
#define GICD_CTLR       0x000
#define GICD_TYPER      0x004
#define GICD_IIDR       0x008
#define GICD_IGROUPR    0x080
#define GICD_ISENABLER  0x100
#define GICD_ICENABLER  0x180
#define GICD_ISPENDR    0x200
#define GICD_ICPENDR    0x280
#define GICD_ISACTIVER  0x300
#define GICD_ICACTIVER  0x380
#define GICD_IPRIORITYR 0x400
#define GICD_ITARGETSR  0x800
#define GICD_ICFGR      0xc00
#define GICD_SGIR       0xf00
#define GICD_CPENDSGIR  0xf10
#define GICD_SPENDSGIR  0xf20
#define GICD_IROUTER    0x6000
#define GICD_PIDR2      0xffe8 /* v3; v2: 0xfe8 */

#define GICR_CTLR  0x0000
#define GICR_IIDR  0x0004
#define GICR_TYPER 0x0008
#define GICR_WAKER 0x0014
#define GICR_PIDR2 0xffe8
#define GICR_SGI   0x10000
#define GICR_FRAME 0x20000

#define GICC_CTLR  0x00
#define GICC_PMR   0x04
#define GICC_BPR   0x08
#define GICC_IAR   0x0c
#define GICC_EOIR  0x10
#define GICC_RPR   0x14
#define GICC_HPPIR 0x18
#define GICC_DIR   0x1000

#define SPURIOUS 1023

/* Belongs to smp.h: tells an idle CPU of work. Neither counted nor logged. */
#define SGI_WORK 14

void gic_init(void);             /* the distributor: all SPIs off, level, priority 0xa0, to CPU 0 */
void gic_init_cpu(void);         /* the calling CPU's part: all off but SGIs; PMR open; EOImode 0 */
void gic_cpu_interface_on(void); /* only the interface: after a power-down that kept the rest */
void gic_exit_cpu(void);
unsigned int gic_nr_intids(void); /* one beyond the last SPI */

/* Address of an interrupt's register: bits 1, 2, 8, or 32 per interrupt at that offset. */
uintptr_t gic_reg(unsigned int offset, unsigned int bits, uint32_t intid);
/* For the one-bit registers. */
void gic_set_bit(unsigned int offset, uint32_t intid);
bool gic_bit(unsigned int offset, uint32_t intid);

#define gic_enable(i) gic_set_bit(GICD_ISENABLER, i)
void gic_disable(uint32_t intid); /* and waits until that has taken effect */
#define gic_pend(i)       gic_set_bit(GICD_ISPENDR, i)
#define gic_unpend(i)     gic_set_bit(GICD_ICPENDR, i)
#define gic_is_pending(i) gic_bit(GICD_ISPENDR, i)
#define gic_is_active(i)  gic_bit(GICD_ISACTIVER, i)
#define gic_is_enabled(i) gic_bit(GICD_ISENABLER, i)

void gic_set_priority(uint32_t intid, uint8_t prio);
uint8_t gic_priority(uint32_t intid);
void gic_set_edge(uint32_t intid, bool edge);
bool gic_is_edge(uint32_t intid);
void gic_set_target(uint32_t intid, unsigned int cpu);

/* CPU interface of the caller. */
uint32_t gic_ack(void); /* raw IAR */
void gic_eoi(uint32_t iar);
void gic_dir(uint32_t iar);
void gic_set_eoimode(bool split);
void gic_set_pmr(uint8_t pmr);
uint8_t gic_pmr(void);
uint8_t gic_rpr(void);
uint32_t gic_hppir(void);
static inline uint32_t gic_intid(uint32_t iar)
{
	return iar & 0x3ff;
}

void gic_send_sgi(uint32_t sgi, unsigned int cpu);
void gic_send_sgi_others(uint32_t sgi); /* to all but the caller */

/* The IRQ exception: acknowledges, counts, logs, calls the hook, ends it. */
void gic_handle_irq(void);
/* Forgets counts and log of the caller, of all CPUs. */
void gic_forget_here(void);
void gic_forget(void);

#endif
