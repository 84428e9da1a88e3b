/* SPDX-License-Identifier: Apache-2.0 */
/* Between the scheduler and the vCPUs' life (core/domain.h is what others use). */
#ifndef DM_CORE_VCPU_H
#define DM_CORE_VCPU_H

#include "core/domain.h"

/* Powered on (or about to be) and no reason not to run. v->lock is held. */
bool vcpu_runnable_locked(const struct vcpu *v);

/* v's EL1 state into the calling CPU's registers; what was there is unloaded first. v is running here. */
void vcpu_load(struct vcpu *v);
/* The reverse for whatever is loaded here. None of it runs. */
void vcpu_unload(void);
/* Runs the loaded v until a handler leaves. */
void vcpu_enter_guest(struct vcpu *v);

/* Allocates v for d. 0 or -ENOMEM. */
int vcpu_create(struct domain *d, unsigned int id);
/* The modules' hooks of that name; v may have been created in part only. */
void vcpu_stop(struct vcpu *v);
void vcpu_destroy(struct vcpu *v);
/* Then v itself, which nobody knows any more. NULL is fine. */
void vcpu_free(struct vcpu *v);

#endif
