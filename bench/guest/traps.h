/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BENCH_TRAPS_H
#define BENCH_TRAPS_H

void bench_calls(void);
void bench_mmio(void);
void bench_sysregs(void);

void bench_sgi_self(void);
void bench_ping_pong(void);
void bench_timer(void);
void bench_wfi(void);

#endif
