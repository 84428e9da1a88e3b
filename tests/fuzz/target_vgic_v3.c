/* SPDX-License-Identifier: Apache-2.0 */
/* The virtual GICv3: see fuzz_vgic.c. */
#include "fuzz_vgic.h"

void fuzz_setup(void)
{
}

void fuzz_one(struct input *in)
{
	fuzz_vgic(in, 3);
}
