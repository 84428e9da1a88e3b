/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Device trees as inputs: a mutator that knows nodes and properties (fuzz_dt.c is linked to the
 * targets that want it), and trees to begin with (seeds/).
 */
#ifndef FUZZ_DT_H
#define FUZZ_DT_H

#include "fuzz.h"

/* The input's bytes in memory that ends where they end, so that a look beyond is seen; free() it.
 */
void *fuzz_dt_tree(struct input *in, size_t *size);

#endif
