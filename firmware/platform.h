/* SPDX-License-Identifier: Apache-2.0 */
/*
 * QEMU's `virt` machine as EL3 sees it with secure=on: what has to be known before the device
 * tree can be read, and what the device tree doesn't tell the secure side. Everything else (RAM,
 * CPUs, GIC) is read from the device tree. Plain macros: assembly includes this file too.
 */
#ifndef FW_PLATFORM_H
#define FW_PLATFORM_H

#define FLASH_BASE	0x00000000 /* secure flash: this image, read-only */
#define SECRAM_BASE	0x0e000000 /* secure RAM, kept across resets */
#define SECRAM_SIZE	0x01000000
#define GICD_BASE	0x08000000 /* the secondaries' gate (entry.S); the same for GICv2 and v3 */
#define UART_BASE	0x09000000 /* non-secure console */
#define RTC_BASE	0x09010000
#define FWCFG_BASE	0x09020000
#define GPIO_BASE	0x09030000 /* non-secure PL061: the keys */
#define SEC_UART_BASE	0x09040000 /* secure PL011: this firmware's log */
#define SEC_GPIO_BASE	0x090b0000 /* secure PL061: power-off and reset */
#define RAM_BASE	0x40000000
#define DTB_BASE	RAM_BASE   /* where QEMU puts its device tree at each reset ... */
#define DTB_AREA	0x00100000 /* ... rewriting all of this */

/*
 * CPUs are numbered Aff1 * 16 + Aff0: QEMU makes clusters of 16 with GICv3, and with GICv2 there
 * are at most 8 CPUs, all in cluster 0.
 */
#define CPUS_PER_CLUSTER 16
#define MAX_CPUS	 512
#define STACK_SIZE	 0x2000

#endif /* FW_PLATFORM_H */
