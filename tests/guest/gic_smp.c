/* SPDX-License-Identifier: Apache-2.0 */
/* Interrupts between CPUs: routes of SPIs, SGIs, another's redistributor. */
#include "gic_tests.h"

static uint32_t taken_by(unsigned int n, uint32_t intid)
{
	return __atomic_load_n(&cpu_nr(n)->irq_count[intid], __ATOMIC_ACQUIRE);
}

/* Ours: one is smp.h's, and natively the secure side may keep the upper ones (here: 15). */
static bool sgi_usable(uint32_t sgi)
{
	return sgi != SGI_WORK && (sgi < 15 || plat.dormouse || plat.qemu_psci);
}

/* static: bugprone-macro-parentheses: sgi names the variable that it declares */
#define FOR_EACH_SGI(sgi)                       \
	for (uint32_t sgi = 0; sgi < 16; sgi++) \
		if (sgi_usable(sgi))

static uint32_t taken_by_all(uint32_t intid)
{
	uint32_t sum = 0;

	for (unsigned int n = 0; n < plat.nr_cpus; n++)
		sum += taken_by(n, intid);
	return sum;
}

void routing(void)
{
	static const uint32_t spis[] = { SPI_DEVICE + 1, SPI_FREE + 1 };

	need(smp_start_all());
	gic_clean();
	irq_enable();
	for (unsigned int k = 0; k < ARRAY_SIZE(spis); k++) {
		gic_enable(spis[k]);
		for (unsigned int n = 0; n < plat.nr_cpus; n++) {
			gic_set_target(spis[k], n);
			gic_forget();
			gic_pend(spis[k]);
			check(wait_for(taken_by(n, spis[k]) == 1, 2000));
			settle();
			check_eq(taken_by_all(spis[k]), 1);
			check(!gic_is_active(spis[k]));
		}
	}
	gic_clean();
}

/* It waits for CPU 0, which takes none; then another is to have it. */
void rerouted_while_pending(void)
{
	static const uint32_t spis[] = { SPI_DEVICE + 2, SPI_FREE + 2 };
	unsigned int to = plat.nr_cpus - 1;

	skip_if(plat.nr_cpus == 1, "one CPU");
	/* IHI 0048 4.3.12: a change of target has an effect on a pending interrupt. */
	skip_if(plat.gic_version == 2 && !plat.dormouse, "QEMU's GICv2 does not move it");
	need(smp_start_all());
	gic_clean();
	for (unsigned int k = 0; k < ARRAY_SIZE(spis); k++) {
		gic_enable(spis[k]);
		gic_pend(spis[k]);
		settle();
		check_eq(taken_by_all(spis[k]), 0);
		gic_set_target(spis[k], to);
		check(wait_for(taken_by(to, spis[k]) == 1, 2000));
		irq_enable();
		settle();
		irq_disable();
		check_eq(taken_by_all(spis[k]), 1);
	}
	gic_clean();
}

/* Any CPU may have it: one does. v2: several targets; v3: GICD_IROUTER.Interrupt_Routing_Mode. */
void one_of_many(void)
{
	uint32_t i = SPI_FREE + 3;

	/* IHI 0048 3.1.2: SPIs are all of the 1-N model. */
	skip_if(plat.gic_version == 2 && !plat.dormouse, "QEMU's GICv2 gives it to several");
	need(smp_start_all());
	gic_clean();
	if (plat.gic_version == 3)
		write64(plat.gicd + GICD_IROUTER + i * 8, BIT(31));
	else
		write8(plat.gicd + GICD_ITARGETSR + i, (uint8_t)((1u << plat.nr_cpus) - 1));
	gic_enable(i);
	irq_enable();
	for (uint32_t k = 1; k <= 50; k++) {
		gic_pend(i);
		need(wait_for(taken_by_all(i) >= k, 2000));
	}
	settle();
	check_eq(taken_by_all(i), 50);
	gic_clean();
}

/* What gic_irq.c does on the boot CPU, everywhere: a share of the SPIs for each. */
void on_each_cpu(void)
{
	need(smp_start_all());
	gic_clean();
	irq_enable();
	for (unsigned int k = 0; k < NR_SPIS; k++) {
		gic_set_target(SPI_FREE + k, k % plat.nr_cpus);
		gic_set_target(SPI_DEVICE + k, (k + 1) % plat.nr_cpus);
		gic_enable(SPI_FREE + k);
		gic_enable(SPI_DEVICE + k);
	}
	for (uint32_t round = 1; round <= 5; round++) {
		for (unsigned int k = 0; k < NR_SPIS; k++) {
			gic_pend(SPI_FREE + k);
			gic_pend(SPI_DEVICE + k);
		}
		for (unsigned int k = 0; k < NR_SPIS; k++) {
			check(wait_for(taken_by(k % plat.nr_cpus, SPI_FREE + k) == round, 2000));
			check(wait_for(taken_by((k + 1) % plat.nr_cpus, SPI_DEVICE + k) == round,
			               2000));
		}
	}
	settle();
	for (unsigned int k = 0; k < NR_SPIS; k++) {
		check_eq(taken_by_all(SPI_FREE + k), 5);
		check_eq(taken_by_all(SPI_DEVICE + k), 5);
	}
	gic_clean();
}

/* Each to each, itself too; the next when the one before was seen. */
static void send_to_all(void *arg)
{
	uint32_t sgi = (uint32_t)(uintptr_t)arg;

	for (unsigned int n = 0; n < plat.nr_cpus; n++) {
		uint32_t before = taken_by(n, sgi);

		gic_send_sgi(sgi, n);
		check(wait_for(taken_by(n, sgi) == before + 1, 5000));
	}
}

void sgi_all_to_all(void)
{
	need(smp_start_all());
	gic_clean();
	irq_enable();
	FOR_EACH_SGI(sgi) {
		/* static: clang-analyzer-core.DivideZero: we run on one of them */
		unsigned int from = sgi % plat.nr_cpus;

		if (from) {
			smp_run(from, send_to_all, (void *)(uintptr_t)sgi);
			smp_join(from);
		} else {
			send_to_all((void *)(uintptr_t)sgi);
		}
		for (unsigned int n = 0; n < plat.nr_cpus; n++)
			check_eq(taken_by(n, sgi), 1);
		/* v2: the source is in bits 12:10 of what was acknowledged (IHI 0048 4.4.4). */
		if (plat.gic_version == 2)
			check_eq(this_cpu()->irq_log[this_cpu()->irq_logged - 1] >> 10 & 7, from);
	}
	/* All senders at the same time, a number for each. */
	gic_forget();
	for (unsigned int n = 1; n < plat.nr_cpus; n++)
		smp_run(n, send_to_all, (void *)(uintptr_t)n);
	send_to_all(0);
	for (unsigned int n = 1; n < plat.nr_cpus; n++)
		smp_join(n);
	for (unsigned int n = 0; n < plat.nr_cpus; n++)
		for (unsigned int sgi = 0; sgi < plat.nr_cpus; sgi++)
			check_eq(taken_by(n, sgi), 1);
	irq_disable();
}

void sgi_to_others(void)
{
	need(smp_start_all());
	gic_clean();
	irq_enable();
	for (uint32_t k = 1; k <= 20; k++) {
		gic_send_sgi_others(5);
		for (unsigned int n = 1; n < plat.nr_cpus; n++)
			check(wait_for(taken_by(n, 5) == k, 2000));
	}
	settle();
	check_eq(taken(5), 0);
	if (plat.gic_version == 2) {
		write32(plat.gicd + GICD_SGIR, 2u << 24 | 6); /* to the caller only */
		check(wait_for(taken(6) == 1, 1000));
		check_eq(taken_by_all(6), 1);
	}
	irq_disable();
}

static void send_nine(void *arg)
{
	(void)arg;
	gic_send_sgi(9, 0);
}

/* The same SGI from several: on v2 one for each source, and the sources told apart. */
void sgi_sources(void)
{
	struct cpu *c = this_cpu();
	uint32_t sources = 0;

	skip_if(plat.gic_version == 3, "a GICv3 keeps one");
	skip_if(plat.nr_cpus == 1, "one CPU");
	need(smp_start_all());
	gic_clean();
	for (unsigned int n = 1; n < plat.nr_cpus; n++) {
		smp_run(n, send_nine, 0);
		smp_join(n);
	}
	send_nine(0);
	settle();
	check_eq(taken(9), 0);
	irq_enable();
	check(wait_for(taken(9) == plat.nr_cpus, 2000));
	settle();
	irq_disable();
	check_eq(taken(9), plat.nr_cpus);
	for (unsigned int k = 0; k < c->irq_logged && k < plat.nr_cpus; k++)
		sources |= 1u << (c->irq_log[k] >> 10 & 7);
	check_eq(sources, (1u << plat.nr_cpus) - 1);
}

void sgi_all_at_once(void)
{
	struct cpu *c = this_cpu();
	uint32_t count = 0;
	uint8_t last = 0;

	gic_clean();
	FOR_EACH_SGI(sgi)
	gic_set_priority(sgi, (uint8_t)(sgi * 5 % 15 << 4));
	FOR_EACH_SGI(sgi) {
		gic_send_sgi(sgi, 0);
		count++;
	}
	settle();
	irq_enable();
	check(wait_for(c->irq_logged == count, 2000));
	settle();
	irq_disable();
	check_eq(c->irq_logged, count);
	for (uint32_t k = 0; k < count; k++) {
		uint8_t prio = gic_priority(gic_intid(c->irq_log[k]));

		check(prio >= last);
		last = prio;
	}
	FOR_EACH_SGI(sgi) {
		check_eq(taken(sgi), 1);
		gic_set_priority(sgi, 0xa0);
	}
}

#define PINGS 100
static void pong(uint32_t intid)
{
	if (intid == 1)
		gic_send_sgi(2, 0);
}

/* Sent and answered from the handler; none lost, none twice. */
void sgi_ping_pong(void)
{
	skip_if(plat.nr_cpus == 1, "one CPU");
	need(smp_start_all());
	gic_clean();
	for (unsigned int n = 1; n < plat.nr_cpus; n++)
		cpu_nr(n)->irq_hook = pong;
	irq_enable();
	for (unsigned int n = 1; n < plat.nr_cpus; n++) {
		gic_forget();
		for (uint32_t k = 1; k <= PINGS; k++) {
			gic_send_sgi(1, n);
			if (!check(wait_for(taken(2) == k, 5000)))
				return;
		}
		check_eq(taken_by(n, 1), PINGS);
	}
	irq_disable();
	for (unsigned int n = 1; n < plat.nr_cpus; n++)
		cpu_nr(n)->irq_hook = 0;
}

void sgi_pending_registers(void)
{
	skip_if(plat.gic_version == 2 && !plat.dormouse, "QEMU itself ends on GICD_CPENDSGIR");
	gic_clean();
	if (plat.gic_version == 2) {
		uintptr_t set = plat.gicd + GICD_SPENDSGIR, clear = plat.gicd + GICD_CPENDSGIR;

		write8(set + 3, 1); /* SGI 3 from CPU 0 */
		check_eq(read32(set), 1u << 24);
		check_eq(read32(clear), 1u << 24);
		check(gic_is_pending(3));
		write8(clear + 3, 1);
		check_eq(read32(set), 0);
		check(!gic_is_pending(3));
		write32(set, 1u << 16); /* SGI 2 */
	} else {
		gic_pend(3);
		check(gic_is_pending(3));
		gic_unpend(3);
		check(!gic_is_pending(3));
		gic_pend(2);
	}
	irq_enable();
	check(wait_for(taken(2) == 1, 1000));
	settle();
	irq_disable();
	check_eq(taken(2), 1);
	check_eq(taken(3), 0);
}

#define PPI_FREE 20

/* Private interrupts are reached by their CPU's redistributor, from any CPU. */
void redistributor_of_another(void)
{
	skip_if(plat.gic_version == 2, "a GICv3's");
	skip_if(plat.nr_cpus == 1, "one CPU");
	need(smp_start_all());
	gic_clean();
	irq_enable();
	for (unsigned int n = 1; n < plat.nr_cpus; n++) {
		uintptr_t sgi_base = cpu_nr(n)->gicr + GICR_SGI;

		write8(sgi_base + GICD_IPRIORITYR + PPI_FREE, 0x30);
		check_eq(read8(sgi_base + GICD_IPRIORITYR + PPI_FREE), 0x30);
		write32(sgi_base + GICD_ISENABLER, 1u << PPI_FREE);
		check(read32(sgi_base + GICD_ISENABLER) & 1u << PPI_FREE);
		write32(sgi_base + GICD_ISPENDR, 1u << PPI_FREE);
		check(wait_for(taken_by(n, PPI_FREE) == 1, 2000));
		write32(sgi_base + GICD_ISPENDR, 1u << 4);
		check(wait_for(taken_by(n, 4) == 1, 2000));
		write32(sgi_base + GICD_ICENABLER, 1u << PPI_FREE);
		check_eq(taken_by_all(PPI_FREE), n);
		check_eq(taken_by_all(4), n);
	}
	irq_disable();
}

/* Every CPU raises its own SPI, aimed at its neighbour, and SGIs, for a while: counts are exact. */
static uint32_t storm_rounds(void)
{
	return plat.nr_cpus > 2 ? 20 : 100; /* each waits for another, on the host's few CPUs */
}

static void storm(void *arg)
{
	/* static: clang-analyzer-core.DivideZero: we run on one of them */
	unsigned int me = this_cpu()->id, next = (me + 1) % plat.nr_cpus;
	uint32_t spi = SPI_DEVICE + 16 + me, sgi = me % 8;

	(void)arg;
	for (uint32_t k = 1; k <= storm_rounds(); k++) {
		gic_pend(spi);
		gic_send_sgi(sgi, next);
		if (!check(wait_for(taken_by(next, spi) == k && taken_by(next, sgi) == k, 10000)))
			return;
	}
}

void spi_storm(void)
{
	need(smp_start_all());
	gic_clean();
	for (unsigned int n = 0; n < plat.nr_cpus; n++) {
		gic_set_target(SPI_DEVICE + 16 + n, (n + 1) % plat.nr_cpus);
		gic_set_edge(SPI_DEVICE + 16 + n, true);
		gic_enable(SPI_DEVICE + 16 + n);
	}
	irq_enable();
	for (unsigned int n = 1; n < plat.nr_cpus; n++)
		smp_run(n, storm, 0);
	storm(0);
	for (unsigned int n = 1; n < plat.nr_cpus; n++)
		smp_join(n);
	settle();
	for (unsigned int n = 0; n < plat.nr_cpus; n++)
		check_eq(taken_by_all(SPI_DEVICE + 16 + n), storm_rounds());
	gic_clean();
	need(smp_stop_all());
}
