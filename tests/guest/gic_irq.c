/* SPDX-License-Identifier: Apache-2.0 */
/* Interrupts taken by one CPU: state, masks, order, preemption, ends. */
#include "gic_tests.h"

static const uint32_t firsts[] = { SPI_DEVICE, SPI_FREE };
/* static: bugprone-macro-parentheses: first names the variable that it declares */
#define FOR_EACH_KIND(first) \
	for (const uint32_t *first = firsts; first < &firsts[ARRAY_SIZE(firsts)]; first++)

/* What a handler sees of its own interrupt. */
static struct {
	bool active, pending;
	uint8_t running;
} seen;

static void look(uint32_t intid)
{
	seen.active = gic_is_active(intid);
	seen.pending = gic_is_pending(intid);
	seen.running = gic_rpr();
}

void nothing_pending(void)
{
	gic_clean();
	check_eq(gic_intid(gic_ack()), SPURIOUS);
	check_eq(gic_intid(gic_hppir()), SPURIOUS);
	check_eq(gic_rpr() & 0xf0, 0xf0); /* idle */
}

void one_interrupt(void)
{
	gic_clean();
	FOR_EACH_KIND(first) {
		for (int edge = 0; edge < 2; edge++) {
			uint32_t i = *first + 3;

			gic_forget();
			gic_set_edge(i, edge);
			gic_set_priority(i, 0x60);
			gic_enable(i);
			gic_pend(i);
			check(gic_is_pending(i));
			check(!gic_is_active(i));
			check(wait_for(gic_intid(gic_hppir()) == i, 1000));
			this_cpu()->irq_hook = look;
			irq_enable();
			check(wait_for(taken(i) == 1, 1000));
			settle();
			irq_disable();
			check_eq(taken(i), 1);
			check(seen.active);
			check(!seen.pending);
			check_eq(seen.running & 0xf0, 0x60);
			check(!gic_is_active(i));
			check(!gic_is_pending(i));
			check_eq(gic_rpr() & 0xf0, 0xf0);
			gic_disable(i);
		}
	}
	gic_clean();
}

void disabled_not_taken(void)
{
	gic_clean();
	FOR_EACH_KIND(first) {
		uint32_t i = *first + 5;

		gic_pend(i);
		irq_enable();
		settle();
		check_eq(taken(i), 0);
		check(gic_is_pending(i));
		gic_enable(i);
		check(wait_for(taken(i) == 1, 1000));
		irq_disable();
		/* Enabled and pending, and disabled before it is taken. */
		gic_pend(i);
		settle();
		gic_disable(i);
		irq_enable();
		settle();
		check_eq(taken(i), 1);
		check(gic_is_pending(i));
		gic_enable(i);
		check(wait_for(taken(i) == 2, 1000));
		settle();
		irq_disable();
		check_eq(taken(i), 2);
	}
	gic_clean();
}

void withdrawn(void)
{
	gic_clean();
	FOR_EACH_KIND(first) {
		uint32_t i = *first + 6;

		for (int edge = 0; edge < 2; edge++) {
			gic_disable(i);
			gic_set_edge(i, edge);
			gic_enable(i);
			gic_pend(i);
			settle();
			gic_unpend(i);
			check(!gic_is_pending(i));
			irq_enable();
			settle();
			irq_disable();
			check_eq(taken(i), 0);
		}
	}
	gic_clean();
}

void distributor_off(void)
{
	uint32_t on = read32(plat.gicd + GICD_CTLR), i = SPI_FREE;

	gic_clean();
	gic_enable(i);
	write32(plat.gicd + GICD_CTLR, on & ~3u);
	gic_pend(i);
	irq_enable();
	settle();
	check_eq(taken(i), 0);
	check(gic_is_pending(i));
	write32(plat.gicd + GICD_CTLR, on);
	check(wait_for(taken(i) == 1, 1000));
	gic_clean();
}

void priority_mask(void)
{
	gic_clean();
	FOR_EACH_KIND(first) {
		uint32_t i = *first + 7;

		gic_set_priority(i, 0x80);
		gic_enable(i);
		gic_set_pmr(0x80);
		check_eq(gic_pmr(), 0x80);
		gic_pend(i);
		irq_enable();
		settle();
		check_eq(taken(i), 0); /* only what is more urgent than the mask */
		gic_set_pmr(0);
		settle();
		check_eq(taken(i), 0);
		check_eq(gic_intid(gic_ack()), SPURIOUS);
		gic_set_pmr(0x90);
		check(wait_for(taken(i) == 1, 1000));
		irq_disable();
		gic_set_pmr(0xf0);
		gic_disable(i);
	}
	gic_clean();
}

/* 15 levels, several interrupts on each. */
static uint8_t level(unsigned int n)
{
	return (uint8_t)(n * 7 % 15 << 4);
}

static uint32_t nth(unsigned int n)
{
	return firsts[n / NR_SPIS] + n % NR_SPIS;
}

/* More than any GIC has list registers, all pending at once: each once, most urgent first. */
static void many(unsigned int count)
{
	struct cpu *c = this_cpu();
	uint8_t last = 0;

	for (unsigned int n = 0; n < count; n++) {
		gic_set_priority(nth(n), level(n));
		gic_set_edge(nth(n), n & 1);
		gic_enable(nth(n));
	}
	for (unsigned int n = 0; n < count; n++)
		gic_pend(nth(n));
	settle();
	irq_enable();
	check(wait_for(c->irq_logged >= count, 5000));
	settle();
	irq_disable();
	check_eq(c->irq_logged, count);
	for (unsigned int n = 0; n < count; n++)
		checkf(taken(nth(n)) == 1, "INTID %u taken %u times", nth(n), taken(nth(n)));
	for (unsigned int k = 0; k < count && k < c->irq_logged; k++) {
		uint32_t i = gic_intid(c->irq_log[k]);

		checkf(gic_priority(i) >= last, "INTID %u, priority 0x%x, came after 0x%x", i,
		       gic_priority(i), last);
		last = gic_priority(i);
		check(!gic_is_active(i));
		check(!gic_is_pending(i));
	}
	check_eq(gic_rpr() & 0xf0, 0xf0);
}

void many_in_order(void)
{
	gic_clean();
	many(17);
	gic_clean();
	many(NR_SPIS);
	gic_clean();
	many(2 * NR_SPIS);
	gic_clean();
}

static void end_in_two(uint32_t intid)
{
	gic_eoi(intid);
	gic_dir(intid);
}

void many_split(void)
{
	gic_clean();
	gic_set_eoimode(true);
	this_cpu()->manual_eoi = true;
	this_cpu()->irq_hook = end_in_two;
	many(2 * NR_SPIS);
	gic_clean();
}

/* Nested: the handlers of the outer ones raise the next ones and let interrupts in. */
#define OUTER (SPI_FREE + 0)
#define EQUAL (SPI_FREE + 1)
#define INNER (SPI_DEVICE + 2)
#define LEAST (SPI_DEVICE + 3)
static uint32_t in_outer[4], depth, deepest;

static void nest(uint32_t intid)
{
	depth++;
	deepest = depth > deepest ? depth : deepest;
	if (intid == OUTER) {
		gic_pend(EQUAL);
		gic_pend(LEAST);
		gic_pend(INNER);
		irq_enable();
		wait_for(taken(INNER) == 1, 1000);
		settle();
		irq_disable();
		in_outer[0] = taken(INNER);
		in_outer[1] = taken(EQUAL);
		in_outer[2] = taken(LEAST);
	}
	depth--;
}

void preemption(void)
{
	gic_clean();
	depth = deepest = 0;
	gic_set_priority(OUTER, 0x80);
	gic_set_priority(EQUAL, 0x80);
	gic_set_priority(INNER, 0x40);
	gic_set_priority(LEAST, 0xc0);
	gic_enable(OUTER);
	gic_enable(EQUAL);
	gic_enable(INNER);
	gic_enable(LEAST);
	this_cpu()->irq_hook = nest;
	gic_pend(OUTER);
	irq_enable();
	check(wait_for(taken(LEAST) == 1, 2000));
	settle();
	irq_disable();
	check_eq(in_outer[0], 1);
	check_eq(in_outer[1], 0);
	check_eq(in_outer[2], 0);
	check_eq(deepest, 2);
	check_eq(taken(OUTER), 1);
	check_eq(taken(EQUAL), 1);
	check_eq(taken(INNER), 1);
	gic_clean();
}

/* EOImode 1: the end drops the priority; the interrupt stays active until deactivated. */
void split_eoi(void)
{
	gic_clean();
	gic_set_eoimode(true);
	this_cpu()->manual_eoi = true;
	FOR_EACH_KIND(first) {
		uint32_t i = *first + 8, other = *first + 9;

		gic_set_edge(i, true);
		gic_set_priority(other, 0xc0);
		gic_enable(i);
		gic_enable(other);
		gic_pend(i);
		check(wait_for(gic_intid(gic_hppir()) == i, 1000));
		need(gic_intid(gic_ack()) == i);
		check_eq(gic_rpr() & 0xf0, 0xa0);
		gic_eoi(i);
		check_eq(gic_rpr() & 0xf0, 0xf0);
		check(gic_is_active(i));
		/* Itself again: not while active. Another, less urgent: yes. */
		gic_pend(i);
		settle();
		check_eq(gic_intid(gic_ack()), SPURIOUS);
		gic_pend(other);
		check(wait_for(gic_intid(gic_hppir()) == other, 1000));
		need(gic_intid(gic_ack()) == other);
		gic_eoi(other);
		gic_dir(other);
		check(!gic_is_active(other));
		gic_dir(i);
		need(checkf(wait_for(gic_intid(gic_hppir()) == i, 1000), "INTID %u again", i));
		need(gic_intid(gic_ack()) == i);
		gic_eoi(i);
		gic_dir(i);
		check(!gic_is_active(i));
		check(!gic_is_pending(i));
		check_eq(gic_intid(gic_ack()), SPURIOUS);
	}
	gic_clean();
}

static uint32_t pend_again;

static void pend_in_handler(uint32_t intid)
{
	if (pend_again) {
		pend_again--;
		gic_pend(intid);
		seen.pending = gic_is_pending(intid);
		seen.active = gic_is_active(intid);
	}
}

void pended_while_active(void)
{
	gic_clean();
	this_cpu()->irq_hook = pend_in_handler;
	FOR_EACH_KIND(first) {
		uint32_t i = *first + 10;

		for (int edge = 0; edge < 2; edge++) {
			gic_disable(i);
			gic_set_edge(i, edge);
			gic_enable(i);
			gic_forget();
			pend_again = 3;
			gic_pend(i);
			irq_enable();
			wait_for(taken(i) == 4, 1000);
			settle();
			irq_disable();
			checkf(taken(i) == 4, "INTID %u, %s: taken %u times of 4", i,
			       edge ? "edge" : "level", taken(i));
			check(seen.pending && seen.active);
			check(!gic_is_pending(i) && !gic_is_active(i));
		}
	}
	gic_clean();
}

/* A private interrupt that no device of QEMU's drives. */
#define PPI_FREE 20

void ppi_by_software(void)
{
	skip_if(plat.gic_version == 2 && !plat.dormouse, "QEMU's GICv2 forgets it");
	gic_clean();
	gic_set_priority(PPI_FREE, 0x50);
	gic_pend(PPI_FREE);
	check(gic_is_pending(PPI_FREE));
	irq_enable();
	settle();
	check_eq(taken(PPI_FREE), 0);
	gic_enable(PPI_FREE);
	check(wait_for(taken(PPI_FREE) == 1, 1000));
	settle();
	irq_disable();
	check_eq(taken(PPI_FREE), 1);
	check(!gic_is_pending(PPI_FREE) && !gic_is_active(PPI_FREE));
	gic_disable(PPI_FREE);
}

/* PL031 (DDI 0224): data, match, load, control, mask, raw status, masked status, clear. */
#define RTC_DR   0x00
#define RTC_MR   0x04
#define RTC_IMSC 0x10
#define RTC_RIS  0x14
#define RTC_ICR  0x1c

static void quiet_third(uint32_t intid)
{
	seen.pending = gic_is_pending(intid);
	seen.active = gic_is_active(intid);
	if (taken(intid) == 3)
		write32(plat.rtc + RTC_ICR, 1);
	dsb();
}

void device_level(void)
{
	uint32_t i = plat.rtc_intid;

	skip_if(!plat.rtc, "no PL031");
	gic_clean();
	gic_set_edge(i, false);
	gic_set_target(i, 0);
	gic_set_priority(i, 0xa0);
	write32(plat.rtc + RTC_ICR, 1);
	check(!gic_is_pending(i));
	write32(plat.rtc + RTC_MR, read32(plat.rtc + RTC_DR) + 1);
	write32(plat.rtc + RTC_IMSC, 1);
	check(wait_for(read32(plat.rtc + RTC_RIS) & 1, 5000));
	check(wait_for(gic_is_pending(i), 1000));
	gic_unpend(i);
	check(gic_is_pending(i)); /* the line is what counts */
	this_cpu()->irq_hook = quiet_third;
	gic_enable(i);
	irq_enable();
	check(wait_for(taken(i) == 3, 1000));
	delay_us(5000);
	irq_disable();
	check_eq(taken(i), 3);
	check(seen.active);
	check(seen.pending); /* active and pending: the line was up */
	check(!gic_is_pending(i));
	write32(plat.rtc + RTC_IMSC, 0);
	gic_disable(i);
	gic_clean();
}
