/* SPDX-License-Identifier: Apache-2.0 */
/* What a Dom0 may ask about its own domain, by Xen's domctl (public/domctl.h). 0 or a negated Xen errno. */
#ifndef GUEST_DOMCTL_H
#define GUEST_DOMCTL_H

#include <stdint.h>

/* The most that all vCPUs together get, in percent of one CPU; 0: no cap. */
int64_t domctl_cap(unsigned int percent);
/* The CPUs that the vCPU may run on: bit n for CPU n. */
int64_t domctl_pin(unsigned int vcpu, uint64_t cpus);
int64_t domctl_affinity(unsigned int vcpu, uint64_t *cpus);
/* The CPU that it is on or was last. */
int64_t domctl_cpu_of(unsigned int vcpu);

#endif
