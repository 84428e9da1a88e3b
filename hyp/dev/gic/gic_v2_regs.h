/* SPDX-License-Identifier: Apache-2.0 */
/*
 * GICv2's registers (IHI 0048), as software without access to the secure side sees them, or on a GIC
 * without the Security Extensions. Those with a field for each line are in gic_line.c.
 */
#ifndef DM_DEV_GIC_GIC_V2_REGS_H
#define DM_DEV_GIC_GIC_V2_REGS_H

/* Distributor (4.3). */
#define GICD_CTLR	0x000
#define GICD_TYPER	0x004
#define GICD_ITARGETSR	0x800 /* a byte each; 0 to 31 read-only: the reading CPU's own interface */
#define GICD_SGIR	0xf00
#define GICD_CPENDSGIR	0xf10 /* a byte for each SGI, a bit for each source */
#define GICD_SPENDSGIR	0xf20

#define GICD_CTLR_ENABLE	     BIT(0)
#define GICD_TYPER_LINES(v)	     FIELD(v, 4, 0)
#define GICD_TYPER_CPUS(v)	     FIELD(v, 7, 5)
#define GICD_SGIR_TARGETS_SHIFT	     16

/* CPU interface (4.4). */
#define GICC_CTLR 0x0000
#define GICC_PMR  0x0004
#define GICC_BPR  0x0008
#define GICC_IAR  0x000c
#define GICC_EOIR 0x0010
#define GICC_APR  0x00d0 /* 4 words */
#define GICC_IIDR 0x00fc
#define GICC_DIR  0x1000
#define GICC_SIZE 0x1004

#define GICC_CTLR_ENABLE  BIT(0)
/* Both bypasses off: with the interface off, the legacy lines would reach the CPU (2.3). */
#define GICC_CTLR_NOBYP	  (BIT(5) | BIT(6))
#define GICC_CTLR_EOIMODE BIT(9)
#define GICC_IIDR_ARCH(v) FIELD(v, 19, 16)
#define GICC_IIDR_QEMU	  0x0002043b
#define GICC_IAR_INTID(v) FIELD(v, 9, 0)
#define GICC_IAR_CPU_SHIFT 10

/* Virtual interface control (5.3). */
#define GICH_HCR   0x000
#define GICH_VTR   0x004
#define GICH_VMCR  0x008
#define GICH_ELRSR 0x030 /* 2 words */
#define GICH_APR   0x0f0
#define GICH_LR	   0x100

#define GICH_VTR_LRS(v)	      (FIELD(v, 5, 0) + 1)
#define GICH_VTR_PRIO_BITS(v) (FIELD(v, 31, 29) + 1)

#define GICH_LR_HW	       BIT(31)
#define GICH_LR_GROUP1	       BIT(30)
#define GICH_LR_STATE_SHIFT    28
#define GICH_LR_PRIORITY_SHIFT 23 /* 5 bits: the upper ones of 8 */
#define GICH_LR_EOI	       BIT(19)
#define GICH_LR_PINTID_SHIFT   10
#define GICH_LR_CPU_SHIFT      10

#endif
