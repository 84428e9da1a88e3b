/* SPDX-License-Identifier: Apache-2.0 */
/* Hypercall 48: include/abi/dormouse.h has its interface. */
#ifndef DM_VIRT_HYPERCALL_DORMOUSE_H
#define DM_VIRT_HYPERCALL_DORMOUSE_H

/* Boot: what DM_OP_INFO calls this version; the string stays. */
void dormouse_set_version(const char *version);

#endif
