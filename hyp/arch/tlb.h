/* SPDX-License-Identifier: Apache-2.0 */
/*
 * TLB maintenance (Arm ARM D8.13). Each function completes (DSB ISH) before it returns and
 * reaches all CPUs of the inner shareable domain, unless it says otherwise.
 */
#ifndef DM_ARCH_TLB_H
#define DM_ARCH_TLB_H

#include "lib/types.h"

/* All stage 1 entries of EL2. */
void tlb_flush_el2(void);

/*
 * All entries, stage 1 and 2, of the VMID in `vttbr` (a VTTBR_EL2 value). Loads VTTBR_EL2 with it
 * for the time and puts the old value back.
 */
void tlb_flush_guest(uint64_t vttbr);

/* Stage 1's entries of the VMID in VTTBR_EL2, of this CPU alone. */
void tlb_flush_stage1_here(void);

/* As tlb_flush_guest() for one 4 KiB page's stage 2 translation, and the stage 1 entries that may combine with it. */
void tlb_flush_ipa(uint64_t vttbr, ipa_t ipa);

/* All stage 1 and 2 entries of all VMIDs. */
void tlb_flush_all_guests(void);

#endif
