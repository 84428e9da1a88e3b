/* SPDX-License-Identifier: Apache-2.0 */
/* Addresses that firmware.ld defines. */
#ifndef FW_LAYOUT_H
#define FW_LAYOUT_H

#include <stdint.h>

extern uint64_t __data_start[], __kept_start[], __kept_end[];

#endif /* FW_LAYOUT_H */
