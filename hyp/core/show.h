/* SPDX-License-Identifier: Apache-2.0 */
/* What a console key shows of the domains. Takes no locks: the picture may be a moment old. */
#ifndef DM_CORE_SHOW_H
#define DM_CORE_SHOW_H

/* Logs every domain and vCPU; pc is that of the last exit. */
void show_domains(void);

#endif
