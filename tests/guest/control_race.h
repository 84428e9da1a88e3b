/* SPDX-License-Identifier: Apache-2.0 */
#ifndef GUEST_CONTROL_RACE_H
#define GUEST_CONTROL_RACE_H

/* A test: several CPUs of Dom0 rule the same domain. */
void others_at_it(void);

#endif
