/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a domain besides Dom0 finds where (docs/memory-map.md). Whoever writes such a domain's
 * device tree goes by this: Dormouse for those of its own device tree, the tool for those it
 * creates. Guest physical addresses; where Xen's guests have such a device, it is where they have
 * it.
 */
#ifndef ABI_DOMU_H
#define ABI_DOMU_H

#define DOMU_GICD      0x03001000
#define DOMU_GICD_V2   0x1000
#define DOMU_GICD_V3   0x10000
#define DOMU_GICC      0x03002000 /* GICv2 */
#define DOMU_GICC_SIZE 0x2000
#define DOMU_GICR      0x03020000 /* GICv3; one after the other, in the order of the vCPUs */
#define DOMU_GICR_SIZE 0x20000    /* of one vCPU */

#define DOMU_UART         0x22000000 /* PL011 */
#define DOMU_UART_INTID   32
#define DOMU_RTC          0x22010000 /* PL031 */
#define DOMU_RTC_INTID    33
#define DOMU_GPIO         0x22020000 /* PL061; its keys are gpio-keys, high while pressed */
#define DOMU_GPIO_INTID   34
#define DOMU_GPIO_POWER   3 /* the lines of the keys */
#define DOMU_GPIO_SLEEP   4
#define DOMU_GPIO_RESTART 5

#define DOMU_GRANTS      0x38000000 /* where it may have its grant table put; no RAM */
#define DOMU_GRANTS_SIZE 0x01000000
#define DOMU_XEN_PPI     31 /* the interrupt of its event channels, an INTID */

/* RAM: one bank, and what does not fit in a second one. */
#define DOMU_RAM       0x40000000
#define DOMU_RAM_SIZE  0xc0000000
#define DOMU_RAM2      0x200000000
#define DOMU_RAM2_SIZE 0xfe00000000

#endif /* ABI_DOMU_H */
