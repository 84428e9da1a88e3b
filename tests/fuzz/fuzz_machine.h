/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Dormouse on a pretended machine of two CPUs: all of core/, virt/ and suspend/ is the real code;
 * the GIC, the RTC, the UART and the firmware are stand-ins, and so is the guest: what it does next
 * comes from the input. Traps come in by trap_handlers, so that an input goes the way that a
 * guest's instruction goes.
 *
 * Domains: Dom0, and "domu" (id 1) with all emulated devices; more can be made by the control
 * interface.
 */
#ifndef FUZZ_MACHINE_H
#define FUZZ_MACHINE_H

#include "core/domain.h"
#include "fuzz.h"

#define MACHINE_RAM       0x40000000UL
#define MACHINE_RAM_PAGES 16
#define MACHINE_HOLE                                                                               \
	BIT(39) /* guest virtual addresses with that bit fault, the others are guest physical ones \
	         */

#define MACHINE_PPI_TIMER 26
#define MACHINE_PPI_VIRT  27
#define MACHINE_PPI_PHYS  30
#define MACHINE_SPI_UART  33
#define MACHINE_SPI_RTC   34
#define MACHINE_SPI_WIRE  40 /* a device's, given to domu */

/* What v does next: calls machine_trap() as a rule. True: it goes on in the guest. */
typedef bool machine_guest_fn(struct vcpu *v, struct input *in);

/* fuzz_setup(): the machine has booted and both domains are started. */
void machine_boot(unsigned int gic_version);
/* fuzz_one(): runs it for the input's length; then every domain is destroyed, and every page must
 * be back. */
void machine_run(struct input *in, machine_guest_fn *guest);

/* v traps with that syndrome (ESR_EL2). True: it goes on in the guest. */
bool machine_trap(struct vcpu *v, uint64_t esr);
/* A load or store by v that stage 2 doesn't map; the value is in x1. */
bool machine_mmio(struct vcpu *v, uint64_t ipa, unsigned int size, bool write);
bool machine_hvc(struct vcpu *v, unsigned int imm);

/* v writes its memory, as a store would; what isn't there stays as it is. */
void machine_poke(struct vcpu *v, uint64_t ipa, const void *from, size_t size);

#endif
