/* SPDX-License-Identifier: Apache-2.0 */
/* The virtual GIC's two targets differ in the version alone. */
#ifndef FUZZ_VGIC_H
#define FUZZ_VGIC_H

#include "fuzz.h"

void fuzz_vgic(struct input *in, unsigned int version);

#endif
