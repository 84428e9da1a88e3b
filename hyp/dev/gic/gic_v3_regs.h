/* SPDX-License-Identifier: Apache-2.0 */
/*
 * GICv3's registers (IHI 0069) as seen from the non-secure side, or with one security state (DS = 1):
 * the bits used here are the same in both. Those with a field for each line are in gic_line.c.
 */
#ifndef DM_DEV_GIC_GIC_V3_REGS_H
#define DM_DEV_GIC_GIC_V3_REGS_H

/* Distributor (12.9). */
#define GICD_CTLR     0x0000
#define GICD_TYPER    0x0004
#define GICD_IROUTER  0x6000 /* 8 bytes each, from INTID 32 on */
#define GICD_IROUTERE 0x8000 /* the same for extended SPIs, from 4096 on */
#define GICD_PIDR2    0xffe8

#define GICD_CTLR_GRP1	     BIT(1) /* EnableGrp1A; EnableGrp1 with DS = 1 */
#define GICD_CTLR_ARE	     BIT(4)
#define GICD_CTLR_RWP	     BIT(31)
#define GICD_TYPER_LINES(v)  FIELD(v, 4, 0)
#define GICD_TYPER_ESPI	     BIT(8)
#define GICD_TYPER_ESPIS(v)  (32 * (FIELD(v, 31, 27) + 1))
#define PIDR2_ARCH(v)	     FIELD(v, 7, 4)

/* Redistributor: RD_base frame (12.11), then the SGI_base frame with the lines. */
#define GICR_CTLR      0x0000
#define GICR_TYPER     0x0008
#define GICR_WAKER     0x0014
#define GICR_PROPBASER 0x0070
#define GICR_PENDBASER 0x0078
#define GICR_PIDR2     0xffe8
#define GICR_SGI_FRAME 0x10000
#define GICR_FRAMES_V3 0x20000 /* RD_base and SGI_base */
#define GICR_FRAMES_V4 0x40000 /* and VLPI_base, reserved */

#define GICR_CTLR_LPIS	      BIT(0)
#define GICR_CTLR_RWP	      BIT(3)
#define GICR_CTLR_DPG	      MASK(26, 24)
#define GICR_TYPER_VLPIS      BIT(1)
#define GICR_TYPER_LAST	      BIT(4)
#define GICR_TYPER_PPINUM(v)  FIELD(v, 31, 27)
#define GICR_WAKER_SLEEP      BIT(1)
#define GICR_WAKER_ASLEEP     BIT(2)

/* Affinity 3.2.1.0 in 32 bits, as GICR_TYPER[63:32] has it, of an MPIDR_EL1. */
#define AFFINITY32(mpidr) (FIELD(mpidr, 39, 32) << 24 | FIELD(mpidr, 23, 0))

/* CPU interface (12.2): encodings, for assemblers that don't know the names. */
#define ICC_PMR_EL1	S3_0_C4_C6_0
#define ICC_AP1R0_EL1	S3_0_C12_C9_0
#define ICC_AP1R1_EL1	S3_0_C12_C9_1
#define ICC_AP1R2_EL1	S3_0_C12_C9_2
#define ICC_AP1R3_EL1	S3_0_C12_C9_3
#define ICC_DIR_EL1	S3_0_C12_C11_1
#define ICC_SGI1R_EL1	S3_0_C12_C11_5
#define ICC_IAR1_EL1	S3_0_C12_C12_0
#define ICC_EOIR1_EL1	S3_0_C12_C12_1
#define ICC_BPR1_EL1	S3_0_C12_C12_3
#define ICC_CTLR_EL1	S3_0_C12_C12_4
#define ICC_SRE_EL1	S3_0_C12_C12_5
#define ICC_IGRPEN1_EL1 S3_0_C12_C12_7
#define ICC_SRE_EL2	S3_4_C12_C9_5

#define ICC_CTLR_EOIMODE      BIT(1)
#define ICC_CTLR_PRIO_BITS(v) (FIELD(v, 10, 8) + 1)
#define ICC_SRE_SRE	      BIT(0)
#define ICC_SRE_ALL	      0xf /* SRE, no FIQ or IRQ bypass, Enable: EL1 may use its own */
#define ICC_SRE_EL1_ALL	      0x7

/* Virtual interface control (12.4). */
#define ICH_AP0R0_EL2 S3_4_C12_C8_0
#define ICH_AP0R1_EL2 S3_4_C12_C8_1
#define ICH_AP0R2_EL2 S3_4_C12_C8_2
#define ICH_AP0R3_EL2 S3_4_C12_C8_3
#define ICH_AP1R0_EL2 S3_4_C12_C9_0
#define ICH_AP1R1_EL2 S3_4_C12_C9_1
#define ICH_AP1R2_EL2 S3_4_C12_C9_2
#define ICH_AP1R3_EL2 S3_4_C12_C9_3
#define ICH_HCR_EL2   S3_4_C12_C11_0
#define ICH_VTR_EL2   S3_4_C12_C11_1
#define ICH_ELRSR_EL2 S3_4_C12_C11_5
#define ICH_VMCR_EL2  S3_4_C12_C11_7

/* X(n, ICH_LR<n>_EL2). */
#define ICH_LRS(X)                                                                             \
	X(0, S3_4_C12_C12_0) X(1, S3_4_C12_C12_1) X(2, S3_4_C12_C12_2) X(3, S3_4_C12_C12_3)    \
	X(4, S3_4_C12_C12_4) X(5, S3_4_C12_C12_5) X(6, S3_4_C12_C12_6) X(7, S3_4_C12_C12_7)    \
	X(8, S3_4_C12_C13_0) X(9, S3_4_C12_C13_1) X(10, S3_4_C12_C13_2) X(11, S3_4_C12_C13_3)  \
	X(12, S3_4_C12_C13_4) X(13, S3_4_C12_C13_5) X(14, S3_4_C12_C13_6) X(15, S3_4_C12_C13_7)

#define ICH_VTR_LRS(v)	      (FIELD(v, 4, 0) + 1)
#define ICH_VTR_PRE_BITS(v)   (FIELD(v, 28, 26) + 1)
#define ICH_VTR_PRIO_BITS(v)  (FIELD(v, 31, 29) + 1)

#define ICH_LR_STATE_SHIFT    62
#define ICH_LR_HW	      BIT(61)
#define ICH_LR_GROUP1	      BIT(60)
#define ICH_LR_PRIORITY_SHIFT 48
#define ICH_LR_EOI	      BIT(41) /* with HW = 0 */
#define ICH_LR_PINTID_SHIFT   32

#endif
