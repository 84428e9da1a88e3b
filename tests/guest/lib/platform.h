/* SPDX-License-Identifier: Apache-2.0 */
/* What the device tree says. */
#ifndef GUEST_PLATFORM_H
#define GUEST_PLATFORM_H

#include <stdbool.h>
#include <stdint.h>

#include "cpu.h"

#define MAX_RAM 16

struct platform {
	unsigned int nr_cpus;
	uint64_t ram_base, ram_size; /* the first range */
	struct {
		uint64_t base, size;
	} ram[MAX_RAM];
	unsigned int nr_ram;
	unsigned int gic_version;
	uintptr_t gicd, gicc, gicr;
	uint64_t gicr_size;
	bool psci_hvc;                   /* the conduit; else SMC */
	uint32_t timer_phys, timer_virt; /* INTIDs */
	uintptr_t rtc;                   /* PL031; 0: none */
	uint32_t rtc_intid;
	uintptr_t uart, gpio; /* PL011, PL061; 0: none */
	uint32_t uart_intid, gpio_intid;
	uintptr_t xen_grants; /* where Xen's grant table may be put; 0: no Xen */
	uint32_t xen_intid;   /* of its events */
	const char *bootargs;
	uint32_t watchdog;    /* function of the firmware's, abi/smc_wdt.h; 0: none */
	/* From bootargs. */
	bool dormouse;    /* "dormouse=1": under the hypervisor */
	bool qemu_psci;   /* "psci=qemu": QEMU's own PSCI, which lacks much */
	bool shared_cpus; /* "shared=1": more vCPUs than CPUs */
	bool peer;        /* "peer=1": the other one of two domains */
	bool refused;     /* "refused=1": the firmware refuses the first suspend */
};
extern struct platform plat;

void platform_init(const void *dtb);
/* The console's PL011: QEMU's, if the device tree doesn't say otherwise. Before all else. */
uintptr_t platform_uart(const void *dtb);
/* "KEY=NUMBER" of bootargs (decimal, may be negative), or what there is instead of it. */
int64_t platform_number(const char *key, int64_t otherwise);

#endif
