/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The one way to bring EL2 up on a CPU. Cold boot, a secondary's start and the resume after SYSTEM_SUSPEND
 * come in by three doors (arch/head.S) which differ only in the parameter block they load.
 */
#ifndef DM_ARCH_BRINGUP_H
#define DM_ARCH_BRINGUP_H

#include "lib/types.h"

struct arch_cpu;

/* MAIR_EL2 for every CPU; mm/el2map.c uses the attribute's number. */
#define EL2_ATTR_NORMAL 0 /* write-back, read and write allocate */
#define EL2_ATTR_DEVICE 1 /* Device-nGnRE */
#define EL2_MAIR	(0xffULL << (8 * EL2_ATTR_NORMAL) | 0x04ULL << (8 * EL2_ATTR_DEVICE))

struct bringup {
	/* Read with the MMU off: whoever fills the block in cleans it to the point of coherency. */
	uint64_t mair;
	uint64_t tcr;
	uint64_t ttbr0;
	uint64_t sctlr;
	uint64_t vbar;
	uint64_t tpidr; /* struct arch_cpu * */
	uint64_t sp;
	uint64_t entry; /* void (*)(uint64_t arg), called with MMU and caches on; doesn't return */
	uint64_t arg;
};

/* Fills in what is the same for every CPU and every door: the translation regime and the vectors. */
void bringup_init(struct bringup *b, paddr_t root_table);
/* Entry point for PSCI CPU_ON and SYSTEM_SUSPEND, x0 = physical address of a struct bringup. */
paddr_t bringup_door(void);

/*
 * What EL2 makes of the guest-facing controls: the same for all domains, given once by main.c from virt's
 * tables, loaded on every CPU at every bring-up.
 */
struct el2_config {
	uint64_t hcr;
	uint64_t cptr;
	uint64_t mdcr;
	uint64_t cnthctl;
	uint64_t hstr;
	uint64_t vtcr;
};
void el2_config_set(const struct el2_config *c);
/* On the calling CPU. Also zeroes the controls of extensions that Dormouse doesn't use (fine-grained traps, HCRX). */
void el2_config_load(void);

#endif
