/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The always-on island: devices that a real SoC would keep powered in suspend so that they can
 * wake it, and that QEMU's reset does or doesn't reset depending on its version: the console's
 * PL011, the keys' PL061, the PL031.
 */
#ifndef FW_ISLANDS_H
#define FW_ISLANDS_H

void islands_save(void);
void islands_restore(void);

/* Makes devices whose line was asserted across the reset assert it again at the GIC. */
void islands_kick(void);

#endif /* FW_ISLANDS_H */
