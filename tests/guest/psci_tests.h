/* SPDX-License-Identifier: Apache-2.0 */
/* The tests of psci_cpu.c, for psci.c's table. */
#ifndef GUEST_PSCI_TESTS_H
#define GUEST_PSCI_TESTS_H

void cpu_on_errors(void);
void cpu_on_state(void);
void cpu_on_32(void);
void cpu_on_off_cycles(void);
void boot_cpu_off(void);
void cpu_suspend_errors(void);
void cpu_suspend_standby(void);
void cpu_suspend_power_down(void);
void cpu_suspend_on_others(void);
void affinity_info(void);
void node_hw_state(void);
void stat(void);
void system_suspend_errors(void);

#endif
