/* SPDX-License-Identifier: Apache-2.0 */
/* What a panic shows: registers and a stack trace. */
#ifndef DM_ARCH_REPORT_H
#define DM_ARCH_REPORT_H

#include "lib/types.h"

/* Logs the call chain from the frame pointer on, as addresses relative to the image (for addr2line). */
void report_stack(uintptr_t frame_pointer);
/* Logs EL2's system registers that matter. */
void report_sysregs(void);
/* For the panic hook: the caller's chain. */
void report_here(void);

#endif
