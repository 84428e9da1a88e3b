/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The neighbour of a fuzzing guest: does small work all the time and looks whether it comes out right. Says "watch: N beats"
 * every second, and "watch: WRONG: ..." when something isn't as it should be, which is for tests/proof/fuzz_guest.py.
 */
#include "exc.h"
#include "gic.h"
#include "libc.h"
#include "psci.h"
#include "smp.h"
#include "tap.h"
#include "timer.h"

#include <xen/xen.h>
#include <xen/version.h>

#define WORDS	 (1 << 19) /* 4 MiB */
#define PART	 (WORDS / 32)
#define BEAT_MS	 20
#define TICK_US	 5000
#define LATE_MS	 5000  /* of a tick, on a host that is loaded: what is later was lost */
#define ANSWER_MS 20000
#define SPI	 40    /* nobody's: pended by hand */

static uint64_t memory[WORDS];
static uint64_t round_of[32];
static volatile uint64_t due[2], latest[2], ticks[2];
static volatile uint32_t spis;
static volatile bool echo;

#define wrong(...)                             \
	do {                                   \
		print("watch: WRONG: " __VA_ARGS__); \
		print("\n");                   \
	} while (0)

static uint64_t pattern(uint64_t i, uint64_t round)
{
	uint64_t z = i * 0x9e3779b97f4a7c15 + round;

	return (z ^ z >> 29) * 0xbf58476d1ce4e5b9;
}

static void fill(unsigned int part)
{
	round_of[part]++;
	for (uint64_t i = part * PART; i < (part + 1ul) * PART; i++)
		memory[i] = pattern(i, round_of[part]);
}

static void compare(unsigned int part)
{
	for (uint64_t i = part * PART; i < (part + 1ul) * PART; i++) {
		if (memory[i] != pattern(i, round_of[part])) {
			wrong("word %lu of memory is %lx, should be %lx", i, memory[i], pattern(i, round_of[part]));
			return;
		}
	}
}

static void on_irq(uint32_t intid)
{
	unsigned int cpu = this_cpu()->id;
	uint64_t now = count_virt();

	if (intid == SPI)
		spis++;
	if (intid != plat.timer_virt)
		return;
	if (now - due[cpu] > latest[cpu])
		latest[cpu] = now - due[cpu];
	if ((int64_t)(now - due[cpu]) < 0)
		wrong("a tick of CPU %u came %ld ticks early", cpu, (long)(due[cpu] - now));
	ticks[cpu]++;
	due[cpu] = now + ticks_us(TICK_US);
	sysreg_write(cntv_cval_el0, due[cpu]);
}

static void tick(void *arg)
{
	struct cpu *c = this_cpu();

	(void)arg;
	c->irq_hook = on_irq;
	due[c->id] = count_virt() + ticks_us(TICK_US);
	sysreg_write(cntv_cval_el0, due[c->id]);
	sysreg_write(cntv_ctl_el0, CTL_ENABLE);
	gic_enable(plat.timer_virt);
	sysreg_write(tpidrro_el0, 0x7700 + c->id);
}

static void answer(void *arg)
{
	if (sysreg_read(tpidrro_el0) != 0x7701)
		wrong("TPIDRRO_EL0 of CPU 1 is %lx", sysreg_read(tpidrro_el0));
	compare(*(const unsigned int *)arg);
	echo = true;
}

static int64_t xen_version(void)
{
	register uint64_t x0 __asm__("x0") = XENVER_version;
	register uint64_t x1 __asm__("x1") = 0;
	register uint64_t x16 __asm__("x16") = __HYPERVISOR_xen_version;

	__asm__ volatile("hvc #0xea1" : "+r"(x0), "+r"(x1), "+r"(x16)::"x2", "x3", "x4", "memory");
	return (int64_t)x0;
}

static void calls(int64_t version)
{
	if (xen_version() != version)
		wrong("Xen's version is %lx", (uint64_t)xen_version());
	if (psci(PSCI_VERSION, 0, 0, 0) != 0x10001)
		wrong("PSCI's version");
	if (psci(PSCI_AFFINITY_INFO64, cpu_nr(1)->mpidr, 0, 0) != PSCI_AFFINITY_ON)
		wrong("CPU 1 is not on");
	if (sysreg_read(tpidrro_el0) != 0x7700)
		wrong("TPIDRRO_EL0 of CPU 0 is %lx", sysreg_read(tpidrro_el0));
}

static void interrupts(void)
{
	static uint32_t pended;

	if (gic_priority(SPI) != 0x60 || !gic_is_enabled(SPI) || !gic_is_edge(SPI))
		wrong("the GIC's registers have changed");
	gic_pend(SPI);
	pended++;
	if (!wait_for(spis >= pended, ANSWER_MS) || spis != pended)
		wrong("interrupt %u came %u times, should be %u", SPI, spis, pended);
}

static void other_cpu(unsigned int part)
{
	static unsigned int arg;

	arg = part;
	echo = false;
	smp_run(1, answer, &arg);
	if (!wait_for(echo && !__atomic_load_n(&cpu_nr(1)->busy, __ATOMIC_ACQUIRE), ANSWER_MS))
		wrong("CPU 1 does not answer");
}

static void punctuality(void)
{
	for (unsigned int i = 0; i < 2; i++) {
		uint64_t before = ticks[i];

		if (latest[i] > ticks_us(LATE_MS * 1000) || !wait_for(ticks[i] != before, LATE_MS))
			wrong("a tick of CPU %u came %lu us late", i, latest[i] * 1000000 / sysreg_read(cntfrq_el0));
	}
}

static void setup(void)
{
	gic_set_priority(SPI, 0x60);
	gic_set_edge(SPI, true);
	gic_set_target(SPI, 0);
	gic_enable(SPI);
	for (unsigned int part = 0; part < 32; part++)
		fill(part);
	tick(0);
	irq_enable();
	smp_start(1);
	smp_run(1, tick, 0);
	smp_join(1);
}

static void watch(void)
{
	uint64_t beats = 0, next = 0, second = 0, rtc = 0;
	int64_t version = xen_version();

	setup();
	for (;; beats++) {
		unsigned int part = (unsigned int)(beats % 32);

		compare(part);
		fill(part);
		other_cpu((part + 16) % 32);
		calls(version);
		interrupts();
		punctuality();
		if (read32(plat.rtc) < rtc)
			wrong("the RTC went back");
		rtc = read32(plat.rtc);
		if (passed(second)) {
			print("watch: %lu beats, latest %lu us\n", beats,
			      (latest[0] > latest[1] ? latest[0] : latest[1]) * 1000000 / sysreg_read(cntfrq_el0));
			latest[0] = latest[1] = 0;
			second = deadline_ms(1000);
		}
		next = deadline_ms(BEAT_MS);
		while (!passed(next))
			wfi();
	}
}

GUEST_TESTS({ "watch", watch });
