/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A fuzzing guest: each vCPU does one random thing after the other, from `seed=N` on the command line. What faults is
 * skipped; it ends when it has shot itself, or when somebody destroys it. Says now and then how much it has done.
 */
#include "fuzz.h"

#include "abi/domu.h"
#include "gic.h"
#include "libc.h"
#include "psci.h"
#include "smp.h"
#include "tap.h"
#include "timer.h"

#define SAY_MS	     500
#define TICK_US	     500  /* wakes who waits */
#define DEADLY_ONE_IN 30000 /* operations */

static struct fuzzer fuzzers[MAX_CPUS];
static uint32_t codes[MAX_CPUS][1024] __attribute__((aligned(4096)));
static uint8_t scratches[MAX_CPUS][SCRATCH_SIZE] __attribute__((aligned(4096)));

uint64_t fuzz_random(struct fuzzer *f)
{
	/* splitmix64 */
	uint64_t z = f->chance += 0x9e3779b97f4a7c15;

	z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9;
	z = (z ^ z >> 27) * 0x94d049bb133111eb;
	return z ^ z >> 31;
}

uint32_t fuzz_below(struct fuzzer *f, uint32_t below)
{
	return (uint32_t)(fuzz_random(f) >> 32) % below;
}

uint64_t fuzz_value(struct fuzzer *f)
{
	uint64_t r = fuzz_random(f);

	switch (fuzz_below(f, 10)) {
	case 0:
	case 1:
		return r % 16;
	case 2:
		return r & 0xff;
	case 3:
	case 4:
		return (uintptr_t)f->scratch + (r % SCRATCH_SIZE & ~(r >> 60));
	case 5: /* a frame of its RAM */
		return (plat.ram_base + r % plat.ram_size) >> 12;
	case 6:
		return BIT(r % 64 == 30 ? 31 : r % 64) - (r >> 63); /* 1 << 30 is its own code */
	case 7:
		return ~(r % 8);
	case 8:
		return 0x7ff0 + r % 16; /* Xen's special domains */
	default:
		return r;
	}
}

void fuzz_fill_scratch(struct fuzzer *f)
{
	uint64_t *p = (uint64_t *)(void *)f->scratch;
	unsigned int words = 8u << fuzz_below(f, 4);

	for (unsigned int i = 0; i < words; i++) {
		uint64_t v = fuzz_value(f);

		/* Structures have 32-bit fields, too. */
		p[i] = fuzz_below(f, 3) ? v : (v & 0xffffffff) | fuzz_value(f) << 32;
	}
}

void fuzz_execute(struct fuzzer *f, const uint32_t *words, unsigned int count, uint64_t x0, uint64_t x1)
{
	static const uint32_t ret = 0xd65f03c0;
	uint32_t *p = f->code;

	memcpy(p, words, count * 4);
	p[count] = ret;
	for (unsigned int i = 0; i <= count; i += 4)
		__asm__ volatile("dc cvau, %0" ::"r"(&p[i]) : "memory");
	dsb();
	for (unsigned int i = 0; i <= count; i += 4)
		__asm__ volatile("ic ivau, %0" ::"r"(&p[i]) : "memory");
	dsb();
	isb();
	exc_arm();
	fuzz_call(p, x0, x1);
	exc_disarm();
}

static const struct {
	void (*fn)(struct fuzzer *f);
	unsigned int weight;
} kinds[] = {
	{ fuzz_hypercall, 30 }, { fuzz_smccc, 12 }, { fuzz_sysreg, 25 },   { fuzz_device, 30 },
	{ fuzz_fetch, 2 },      { fuzz_exception, 3 }, { fuzz_suspend, 1 },
};

/* Whatever comes while a fuzzed instruction has unmasked interrupts: a level that nobody ends must not come for ever. */
static void hush(uint32_t intid)
{
	if (intid >= 16)
		write32(gic_reg(GICD_ICENABLER, 1, intid), 1u << intid % 32);
}

/* Now and then what has been fuzzed away is put right, so that there is an end to waiting. */
static void recover(struct fuzzer *f)
{
	if (f->ops % 64)
		return;
	this_cpu()->irq_hook = hush;
	if (f->ops % 4096 == 0)
		gic_init_cpu();
	gic_enable(plat.timer_virt);
}

static void one(struct fuzzer *f)
{
	unsigned int sum = 0, n;

	for (unsigned int i = 0; i < ARRAY_SIZE(kinds); i++)
		sum += kinds[i].weight;
	n = fuzz_below(f, sum);
	f->deadly = !fuzz_below(f, DEADLY_ONE_IN);
	recover(f);
	for (unsigned int i = 0; i < ARRAY_SIZE(kinds); i++) {
		if (n < kinds[i].weight) {
			kinds[i].fn(f);
			break;
		}
		n -= kinds[i].weight;
	}
	f->ops++;
	/* A fuzzed timer wakes nobody. */
	sysreg_write(cntv_tval_el0, ticks_us(TICK_US));
	sysreg_write(cntv_ctl_el0, CTL_ENABLE);
}

static void fuzz_on(void *arg)
{
	struct fuzzer *f = arg;

	gic_enable(plat.timer_virt);
	irq_disable();
	for (;;)
		one(f);
}

/* Who was off, or has started over, goes on. */
static void call_back(void)
{
	for (unsigned int n = 1; n < plat.nr_cpus; n++) {
		psci(PSCI_CPU_ON64, cpu_nr(n)->mpidr, (uintptr_t)secondary_entry, n);
		if (!cpu_nr(n)->work)
			smp_run(n, fuzz_on, &fuzzers[n]);
	}
}

static uint64_t seed(void)
{
	const char *at = plat.bootargs;

	for (; at && *at; at++)
		if (!memcmp(at, "seed=", 5))
			return strtoul(at + 5, 0, 10);
	return 1;
}

static void say(void)
{
	uint64_t ops = 0;

	for (unsigned int i = 0; i < plat.nr_cpus; i++)
		ops += fuzzers[i].ops;
	write32(DOMU_UART + 0x30, 0x301); /* UARTCR: on, as far as it can be known */
	print("# %lu operations\n", ops);
}

static void start(unsigned int n, uint64_t from)
{
	struct fuzzer *f = &fuzzers[n];

	f->chance = from * 0x100000001b3 + n;
	f->cpu = n;
	f->code = codes[n];
	f->scratch = scratches[n];
}

static void fuzz(void)
{
	uint64_t next = 0, from = seed();

	fuzz_map_alias();
	for (unsigned int n = 0; n < plat.nr_cpus; n++)
		start(n, from);
	smp_start_all();
	call_back();
	gic_enable(plat.timer_virt);
	irq_disable();
	for (;;) {
		one(&fuzzers[0]);
		if (passed(next)) {
			say();
			call_back();
			next = deadline_ms(SAY_MS);
		}
	}
}

GUEST_TESTS({ "fuzz", fuzz });
