/* SPDX-License-Identifier: Apache-2.0 */
/*
 * State that must survive the reset of SYSTEM_SUSPEND: everything marked KEPT, sealed by a magic
 * number and a checksum. A reset that finds the seal intact is a wake-up, any other a cold boot.
 */
#ifndef FW_KEPT_H
#define FW_KEPT_H

#include <stdbool.h>

#define KEPT __attribute__((section(".bss.kept")))

/* Seals, and cleans all that is kept out of the caches. Nothing KEPT may change after this. */
void kept_seal(void);

/* Breaks the seal: the next reset is a cold boot. */
void kept_break(void);

/* Called from entry.S with the MMU off. */
bool kept_valid(void);

#endif /* FW_KEPT_H */
