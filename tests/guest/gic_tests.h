/* SPDX-License-Identifier: Apache-2.0 */
/* The tests of gic_irq.c and gic_smp.c, for gic.c's table; and what they share. */
#ifndef GUEST_GIC_TESTS_H
#define GUEST_GIC_TESTS_H

#include "gic.h"
#include "platform.h"
#include "smp.h"
#include "tap.h"
#include "timer.h"

/*
 * SPIs that software may play with: those of QEMU's virtio-mmio slots, empty here (under Dormouse
 * they are backed by physical ones), and some that no device has.
 */
#define SPI_DEVICE 48
#define SPI_FREE   144
#define NR_SPIS    32

/* Masked at the CPU, all of ours off, level, clean, priority 0xa0, to CPU 0; nothing counted. */
void gic_clean(void);
static inline uint32_t taken(uint32_t intid)
{
	return this_cpu()->irq_count[intid];
}
/* A moment in which something that must not come could. */
static inline void settle(void)
{
	dsb();
	isb();
	delay_us(200);
}

void one_interrupt(void);
void nothing_pending(void);
void disabled_not_taken(void);
void withdrawn(void);
void distributor_off(void);
void priority_mask(void);
void many_in_order(void);
void many_split(void);
void preemption(void);
void split_eoi(void);
void pended_while_active(void);
void ppi_by_software(void);
void device_level(void);

void routing(void);
void rerouted_while_pending(void);
void one_of_many(void);
void on_each_cpu(void);
void sgi_all_to_all(void);
void sgi_to_others(void);
void sgi_sources(void);
void sgi_all_at_once(void);
void sgi_ping_pong(void);
void sgi_pending_registers(void);
void redistributor_of_another(void);
void spi_storm(void);

#endif
