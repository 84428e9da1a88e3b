/* SPDX-License-Identifier: Apache-2.0 */
#ifndef DM_VIRT_HYPERCALL_CONSOLE_IO_H
#define DM_VIRT_HYPERCALL_CONSOLE_IO_H

#include "core/console.h"

/* console_input_fn: to d's UART or, of Dom0, to its hypervisor console. */
bool console_io_input(struct domain *d, char c);

#endif
