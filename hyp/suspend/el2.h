/* SPDX-License-Identifier: Apache-2.0 */
/* EL2's control registers on the boot CPU, a row of the suspend table. No locks. */
#ifndef DM_SUSPEND_EL2_H
#define DM_SUSPEND_EL2_H

/* Keeps them. Always 0. */
int el2_suspend(void);
/*
 * After the common bring-up: what every CPU gets at boot, then what was kept laid over it. -EIO if
 * the translation regime that we run on isn't the one that was left.
 */
int el2_resume(void);

#endif
