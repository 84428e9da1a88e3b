/* SPDX-License-Identifier: Apache-2.0 */
/* The tests of sysreg_state.c and sysreg_mmio.c, for sysreg.c's table. */
#ifndef GUEST_SYSREG_TESTS_H
#define GUEST_SYSREG_TESTS_H

#include "exc.h"
#include "platform.h"
#include "tap.h"

void gpr_over_exits(void);
void fp_over_exits(void);
void flags_over_exits(void);
void fp_over_interrupts(void);
void state_of_each_cpu(void);
void el1_registers_of_each_cpu(void);

void hole_read(void);
void hole_write(void);
void hole_fetch(void);
void hole_sizes(void);
void hypervisor_memory(void);
void mmio_registers(void);
void mmio_sizes(void);
void mmio_sign(void);
void mmio_zero_register(void);
void mmio_no_syndrome(void);

/* state.S: see there. */
typedef void state_fn(uint64_t *gpr);
uint64_t gpr_survive(unsigned int kind, uint64_t seed);
void fp_fill(uint64_t seed);
uint64_t fp_differs(uint64_t seed);

#endif
