/* SPDX-License-Identifier: Apache-2.0 */
/* struct bench_cpu as the assembly knows it; bench.h compares. */
#define BENCH_COUNT 0
#define BENCH_TIME  8
#define BENCH_IAR   16
#define BENCH_GICC  24
