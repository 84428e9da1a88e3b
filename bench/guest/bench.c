/* SPDX-License-Identifier: Apache-2.0 */
#include "bench.h"

#include "libc.h"

extern char bench_vectors_v2[], bench_vectors_v3[], vectors[];

struct bench_cpu bench_cpus[MAX_CPUS];

void bench_begin(void)
{
	struct bench_cpu *b = &bench_cpus[this_cpu()->id];

	irq_disable();
	*b = (struct bench_cpu){ .gicc = plat.gicc };
	sysreg_write(tpidr_el0, (uintptr_t)b);
	sysreg_write(vbar_el1, (uintptr_t)(plat.gic_version == 3 ? bench_vectors_v3 : bench_vectors_v2));
	irq_enable();
}

void bench_end(void)
{
	irq_disable();
	sysreg_write(vbar_el1, (uintptr_t)vectors);
	irq_enable();
}

uint64_t bench_overhead(void)
{
	uint64_t t0 = count();
	uint64_t t1 = count();

	return t1 - t0;
}

static void sort(uint64_t *v, unsigned int n)
{
	for (unsigned int i = 1; i < n; i++) {
		for (unsigned int j = i; j && v[j] < v[j - 1]; j--) {
			uint64_t t = v[j];

			v[j] = v[j - 1];
			v[j - 1] = t;
		}
	}
}

void bench_report(const char *name, const uint64_t *costs, unsigned int n)
{
	static uint64_t sorted[BENCH_RUNS];

	memcpy(sorted, costs, n * sizeof(*costs));
	sort(sorted, n);
	print("# bench %s %u %lu %lu %lu\n", name, n, sorted[0], sorted[n / 2], sorted[n - 1]);
}

/* "only=NAME" in bootargs: that one, for ever, to be traced (bench/trace). */
static bool is_only(const char *name)
{
	size_t n = strlen(name);

	for (const char *p = plat.bootargs; *p; p++) {
		if (!memcmp(p, "only=", 5))
			return !memcmp(p + 5, name, n) && (p[5 + n] == ' ' || !p[5 + n]);
	}
	return false;
}

/* Where bench/trace cuts. */
__attribute__((noinline)) void bench_mark(void)
{
	__asm__ volatile("");
}

void bench_run(const char *name, bench_once_fn *once, uint64_t overhead)
{
	static uint64_t costs[BENCH_RUNS];

	if (is_only(name))
		print("# again and again: %s\n", name);
	for (unsigned int i = 0; i < BENCH_WARM + BENCH_RUNS || is_only(name); i++) {
		uint64_t cost;

		bench_mark();
		cost = once() - overhead;
		if (i >= BENCH_WARM && i < BENCH_WARM + BENCH_RUNS)
			costs[i - BENCH_WARM] = cost;
	}
	bench_report(name, costs, BENCH_RUNS);
}
