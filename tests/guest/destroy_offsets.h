/* SPDX-License-Identifier: Apache-2.0 */
/* What destroy_regs.S knows of struct entry_state; destroy.h asserts each of them. */
#ifndef GUEST_DESTROY_OFFSETS_H
#define GUEST_DESTROY_OFFSETS_H

#define ENTRY_SP     (31 * 8)
#define ENTRY_PSTATE (32 * 8)
#define ENTRY_TIMERS (33 * 8)
#define ENTRY_FP     (38 * 8)
#define ENTRY_FPSR   (ENTRY_FP + 32 * 16)
#define ENTRY_LIST   (ENTRY_FPSR + 16)

#endif
