/* SPDX-License-Identifier: Apache-2.0 */
/* The vGIC's core: what is pending reaches the guest, once, in order, wherever its vCPU is. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "fake_cpu.h"
#include "lib/err.h"
#include "vgic_harness.h"

#define SPI 40

static int make(void **state, unsigned int version)
{
	(void)state;
	assert_int_equal(harness_create(version, 4, 64, 4), 0);
	harness_on();
	load(0);
	return 0;
}

static int v2(void **state)
{
	return make(state, 2);
}

static int v3(void **state)
{
	return make(state, 3);
}

static int down(void **state)
{
	(void)state;
	check_invariants();
	harness_destroy();
	return 0;
}

static void edge_is_delivered_once(void **state)
{
	(void)state;
	set_edge(0, SPI, true);
	vgic_edge(dom, 0, SPI);
	assert_true(get_bit(0, ISPENDR, SPI));
	assert_int_equal(guest_ack(0), HARNESS_SPURIOUS); /* not enabled */

	set_bit(0, ISENABLER, SPI);
	assert_int_equal(guest_ack(0), SPI);
	assert_false(get_bit(0, ISPENDR, SPI));
	assert_true(get_bit(0, ISACTIVER, SPI));
	guest_eoi(0, SPI);
	assert_false(get_bit(0, ISACTIVER, SPI));
	assert_int_equal(guest_ack(0), HARNESS_SPURIOUS);
	/* The list register that it left is used again. */
	vgic_edge(dom, 0, SPI);
	assert_int_equal(guest_ack(0), SPI);
	guest_eoi(0, SPI);
}

static void edge_while_active_comes_again(void **state)
{
	(void)state;
	set_edge(0, SPI, true);
	set_bit(0, ISENABLER, SPI);
	vgic_edge(dom, 0, SPI);
	assert_int_equal(guest_ack(0), SPI);
	vgic_edge(dom, 0, SPI);
	vgic_edge(dom, 0, SPI); /* merges */
	assert_true(get_bit(0, ISPENDR, SPI) && get_bit(0, ISACTIVER, SPI));
	guest_eoi(0, SPI);
	assert_int_equal(guest_ack(0), SPI);
	guest_eoi(0, SPI);
	assert_int_equal(guest_ack(0), HARNESS_SPURIOUS);
}

static void edge_while_pending_merges(void **state)
{
	(void)state;
	set_edge(0, SPI, true);
	set_bit(0, ISENABLER, SPI);
	vgic_edge(dom, 0, SPI);
	vgic_edge(dom, 0, SPI);
	assert_int_equal(guest_ack(0), SPI);
	guest_eoi(0, SPI);
	assert_int_equal(guest_ack(0), HARNESS_SPURIOUS);
}

static void level_comes_again_while_high(void **state)
{
	(void)state;
	set_bit(0, ISENABLER, SPI);
	vgic_line(dom, 0, SPI, true);
	for (int i = 0; i < 3; i++) {
		assert_int_equal(guest_ack(0), SPI);
		guest_eoi(0, SPI);
	}
	assert_int_equal(guest_ack(0), SPI);
	vgic_line(dom, 0, SPI, false);
	assert_false(find_lr(0, SPI)->eoi); /* its end needs no exit any more */
	guest_eoi(0, SPI);
	assert_int_equal(guest_ack(0), HARNESS_SPURIOUS);
}

static void level_that_drops_is_taken_back(void **state)
{
	(void)state;
	set_bit(0, ISENABLER, SPI);
	vgic_line(dom, 0, SPI, true);
	assert_non_null(find_lr(0, SPI));
	vgic_line(dom, 0, SPI, false);
	assert_int_equal(guest_ack(0), HARNESS_SPURIOUS);
	/* ISPENDR on top of the level outlives it. */
	vgic_line(dom, 0, SPI, true);
	set_bit(0, ISPENDR, SPI);
	vgic_line(dom, 0, SPI, false);
	assert_int_equal(guest_ack(0), SPI);
	guest_eoi(0, SPI);
	assert_int_equal(guest_ack(0), HARNESS_SPURIOUS);
}

static void disable_takes_back_and_keeps(void **state)
{
	(void)state;
	set_edge(0, SPI, true);
	set_bit(0, ISENABLER, SPI);
	vgic_edge(dom, 0, SPI);
	set_bit(0, ICENABLER, SPI);
	assert_int_equal(guest_ack(0), HARNESS_SPURIOUS);
	assert_true(get_bit(0, ISPENDR, SPI));
	set_bit(0, ISENABLER, SPI);
	assert_int_equal(guest_ack(0), SPI);
	guest_eoi(0, SPI);
}

static void group_disable_takes_back_and_keeps(void **state)
{
	(void)state;
	set_bit(0, ISENABLER, SPI);
	set_bit(0, ISPENDR, SPI);
	wr(0, GICD_BASE, 0);
	assert_int_equal(guest_ack(0), HARNESS_SPURIOUS);
	assert_false(vgic_pending(dom->vcpus[0]));
	wr(0, GICD_BASE, 3);
	assert_true(vgic_pending(dom->vcpus[0]));
	assert_int_equal(guest_ack(0), SPI);
	guest_eoi(0, SPI);
}

static void icpendr_clears(void **state)
{
	(void)state;
	set_edge(0, SPI, true);
	set_bit(0, ISENABLER, SPI);
	vgic_edge(dom, 0, SPI);
	set_bit(0, ICPENDR, SPI);
	assert_false(get_bit(0, ISPENDR, SPI));
	assert_int_equal(guest_ack(0), HARNESS_SPURIOUS);
	/* A level can't be cleared so. */
	set_edge(0, SPI, false);
	vgic_line(dom, 0, SPI, true);
	set_bit(0, ICPENDR, SPI);
	assert_true(get_bit(0, ISPENDR, SPI));
	vgic_line(dom, 0, SPI, false);
}

static void active_bits_are_writable(void **state)
{
	(void)state;
	set_bit(0, ISENABLER, SPI);
	set_bit(0, ISACTIVER, SPI);
	assert_true(get_bit(0, ISACTIVER, SPI));
	set_bit(0, ISPENDR, SPI);
	assert_int_equal(guest_ack(0), HARNESS_SPURIOUS); /* active: not again */
	set_bit(0, ICACTIVER, SPI);
	assert_false(get_bit(0, ISACTIVER, SPI));
	assert_int_equal(guest_ack(0), SPI);
	set_bit(0, ICACTIVER, SPI);
	assert_null(find_lr(0, SPI));
	phys_cpu[0].nr_prios = 0;
}

/* More than list registers, each once, most urgent first. */
static void overflow_keeps_the_order(void **state)
{
	(void)state;
	for (uint32_t i = 0; i < 20; i++) {
		set_edge(0, SPI + i, true);
		set_bit(0, ISENABLER, SPI + i);
		set_prio(0, SPI + i, (uint8_t)(0xf0 - i * 8));
	}
	for (uint32_t i = 0; i < 20; i++)
		vgic_edge(dom, 0, SPI + i);
	check_invariants();
	assert_true(phys_cpu[0].hcr & GIC_HCR_UIE);
	for (uint32_t i = 20; i-- > 0;) {
		assert_int_equal(guest_ack(0), SPI + i);
		guest_eoi(0, SPI + i);
	}
	assert_int_equal(guest_ack(0), HARNESS_SPURIOUS);
	assert_false(phys_cpu[0].hcr & GIC_HCR_UIE);
}

/* Nested deeper than there are list registers: the least urgent active ones wait in memory. */
static void deep_nesting_loses_no_end(void **state)
{
	const uint32_t depth = 12;

	(void)state;
	for (uint32_t i = 0; i < depth; i++) {
		set_edge(0, SPI + i, true);
		set_bit(0, ISENABLER, SPI + i);
		set_prio(0, SPI + i, (uint8_t)(0xf0 - i * 8));
		vgic_edge(dom, 0, SPI + i);
		assert_int_equal(guest_ack(0), SPI + i);
		check_invariants();
	}
	for (uint32_t i = depth; i-- > 0;)
		guest_eoi(0, SPI + i);
	for (uint32_t i = 0; i < depth; i++)
		assert_false(get_bit(0, ISACTIVER, SPI + i));
}

static void eoimode_1_keeps_active_in_place(void **state)
{
	(void)state;
	phys_cpu[0].cpuif.vmcr = BIT(9);
	for (uint32_t i = 0; i < 5; i++) {
		set_edge(0, SPI + i, true);
		set_bit(0, ISENABLER, SPI + i);
		set_prio(0, SPI + i, (uint8_t)(0xf0 - i * 8));
		vgic_edge(dom, 0, SPI + i);
		assert_int_equal(guest_ack(0), i < 4 ? SPI + i : HARNESS_SPURIOUS);
	}
	for (uint32_t i = 0; i < 4; i++) /* not in the order of priority */
		guest_eoi(0, SPI + i);
	assert_int_equal(guest_ack(0), SPI + 4);
	guest_eoi(0, SPI + 4);
}

static void sgi_v2_each_source_once(void **state)
{
	(void)state;
	for (unsigned int from = 0; from < 3; from++)
		wr(from, GICD_BASE + 0xf00, 1 << 16 | 5); /* to vCPU 0, SGI 5 */
	wr(2, GICD_BASE + 0xf00, 1 << 16 | 5);
	assert_int_equal(rd(0, GICD_BASE + 0xf24), 0x0700);
	for (unsigned int from = 0; from < 3; from++) {
		assert_int_equal(guest_ack(0), 5);
		assert_int_equal(guest_source, from);
		if (from == 1) /* again, while the same one is active */
			wr(1, GICD_BASE + 0xf00, 1 << 16 | 5);
		guest_eoi(0, 5);
		if (from == 1) {
			assert_int_equal(guest_ack(0), 5);
			assert_int_equal(guest_source, 1);
			guest_eoi(0, 5);
		}
	}
	assert_int_equal(guest_ack(0), HARNESS_SPURIOUS);

	/* SPENDSGIR, CPENDSGIR. */
	assert_true(mmio_write(0, GICD_BASE + 0xf20 + 3, 1, 0x0f));
	assert_true(mmio_write(0, GICD_BASE + 0xf10 + 3, 1, 0x0b));
	assert_int_equal(guest_ack(0), 3);
	assert_int_equal(guest_source, 2);
	guest_eoi(0, 3);
	assert_int_equal(guest_ack(0), HARNESS_SPURIOUS);
	/* ISPENDR doesn't set them (IHI 0048 4.3.7). */
	set_bit(0, ISPENDR, 3);
	assert_int_equal(guest_ack(0), HARNESS_SPURIOUS);
}

static void sgi_v2_filters(void **state)
{
	(void)state;
	for (unsigned int i = 1; i < 4; i++)
		load(i);
	wr(1, GICD_BASE + 0xf00, 1 << 24 | 0xff << 16 | 2); /* all but self */
	assert_int_equal(guest_ack(1), HARNESS_SPURIOUS);
	for (unsigned int i = 0; i < 4; i++) {
		if (i == 1)
			continue;
		assert_int_equal(guest_ack(i), 2);
		assert_int_equal(guest_source, 1);
		guest_eoi(i, 2);
	}
	wr(2, GICD_BASE + 0xf00, 2 << 24 | 0xff << 16 | 9); /* self */
	assert_int_equal(guest_ack(2), 9);
	guest_eoi(2, 9);
	wr(2, GICD_BASE + 0xf00, 3 << 24 | 0xff << 16 | 9); /* reserved */
	wr(2, GICD_BASE + 0xf00, 0xf0 << 16 | 9);           /* nobody there */
	for (unsigned int i = 0; i < 4; i++)
		assert_int_equal(guest_ack(i), HARNESS_SPURIOUS);
}

static void sgi_v3(void **state)
{
	(void)state;
	for (unsigned int i = 0; i < 4; i++) {
		load(i);
		set_bit(i, ISENABLER, 7);
	}
	on_cpu_of(1);
	take_kicks();
	vgic_sgi_sysreg(dom->vcpus[1], 7UL << 24 | 0x5); /* 0 and 2 */
	assert_int_equal(take_kicks(), 0x5);
	for (unsigned int i = 0; i < 4; i++) {
		bool hit = i == 0 || i == 2;

		assert_int_equal(guest_ack(i), hit ? 7 : HARNESS_SPURIOUS);
		if (hit)
			guest_eoi(i, 7);
	}
	on_cpu_of(1);
	vgic_sgi_sysreg(dom->vcpus[1], BIT(40) | 7UL << 24); /* all but self */
	for (unsigned int i = 0; i < 4; i++) {
		assert_int_equal(guest_ack(i), i == 1 ? HARNESS_SPURIOUS : 7);
		if (i != 1)
			guest_eoi(i, 7);
	}
	/* Affinities that nobody has, a range selector. */
	on_cpu_of(1);
	vgic_sgi_sysreg(dom->vcpus[1], 7UL << 24 | 0xfff0);
	vgic_sgi_sysreg(dom->vcpus[1], 7UL << 24 | 1UL << 16 | 0xffff);
	vgic_sgi_sysreg(dom->vcpus[1], 7UL << 24 | 1UL << 32 | 0xffff);
	vgic_sgi_sysreg(dom->vcpus[1], 7UL << 24 | 1UL << 48 | 0xffff);
	vgic_sgi_sysreg(dom->vcpus[1], 7UL << 24 | 1UL << 44 | 0xffff);
	for (unsigned int i = 0; i < 4; i++)
		assert_int_equal(guest_ack(i), HARNESS_SPURIOUS);
}

/* The path whose length matters: one look at the old list register, one write, no kick. */
static void sgi_to_self_is_short(void **state)
{
	(void)state;
	set_bit(0, ISENABLER, 7);
	for (int i = 0; i < 3; i++) {
		unsigned int reads = phys_cpu[0].lr_reads, writes = phys_cpu[0].lr_writes;

		take_kicks();
		vgic_sgi_sysreg(dom->vcpus[0], 7UL << 24 | 1);
		assert_int_equal(take_kicks(), 0);
		assert_false(vgic_needs_flush(dom->vcpus[0]));
		assert_true(phys_cpu[0].lr_reads - reads <= 1);
		assert_int_equal(phys_cpu[0].lr_writes - writes, 1);
		assert_int_equal(guest_ack(0), 7);
		guest_eoi(0, 7);
	}
	/* The loaded vCPU waits: then it must be woken. */
	dom->vcpus[0]->blocked = BIT(VCPU_BLOCK_WFI);
	vgic_sgi_sysreg(dom->vcpus[0], 7UL << 24 | 1);
	assert_int_equal(take_kicks(), 1);
	assert_int_equal(guest_ack(0), 7);
	guest_eoi(0, 7);
}

/* Again, while its list register is empty but not read back: who is about to wait for it must not find nothing. */
static void comes_again_before_its_end_was_read(void **state)
{
	(void)state;
	load(1);
	set_edge(0, SPI, true);
	route(SPI, 1);
	set_bit(0, ISENABLER, SPI);
	on_cpu_of(0);
	vgic_edge(dom, 0, SPI);
	assert_int_equal(guest_ack(1), SPI);
	guest_eoi(1, SPI);
	on_cpu_of(0);
	take_kicks();
	vgic_edge(dom, 0, SPI);
	assert_int_equal(take_kicks(), BIT(1));
	on_cpu_of(1);
	assert_true(vgic_pending(dom->vcpus[1]));
	assert_int_equal(guest_ack(1), SPI);
}

static void other_cpus_vcpu_is_kicked(void **state)
{
	(void)state;
	load(1);
	set_edge(0, SPI, true);
	route(SPI, 1);
	set_bit(0, ISENABLER, SPI);
	on_cpu_of(0);
	take_kicks();
	vgic_edge(dom, 0, SPI);
	assert_int_equal(take_kicks(), BIT(1));
	assert_true(vgic_needs_flush(dom->vcpus[1]));
	assert_true(vgic_pending(dom->vcpus[1]));
	assert_int_equal(guest_ack(1), SPI);
	/* Disabled from afar while it is pending there again. */
	guest_eoi(1, SPI);
	vgic_edge(dom, 0, SPI);
	on_cpu_of(0);
	set_bit(0, ICENABLER, SPI);
	assert_true(take_kicks() & BIT(1));
	assert_int_equal(guest_ack(1), HARNESS_SPURIOUS);
	/* Routed back with it pending. */
	on_cpu_of(0);
	set_bit(0, ISENABLER, SPI);
	route(SPI, 0);
	assert_int_equal(guest_ack(1), HARNESS_SPURIOUS);
	assert_int_equal(guest_ack(0), SPI);
	guest_eoi(0, SPI);
}

static void active_of_another_cpu_is_seen_at_second_look(void **state)
{
	(void)state;
	load(1);
	route(SPI, 1);
	set_bit(0, ISENABLER, SPI);
	set_bit(0, ISPENDR, SPI);
	assert_int_equal(guest_ack(1), SPI);
	on_cpu_of(0);
	take_kicks();
	get_bit(0, ISACTIVER, SPI);
	assert_true(take_kicks() & BIT(1));
	on_cpu_of(1);
	vgic_flush(dom->vcpus[1]);
	on_cpu_of(0);
	assert_true(get_bit(0, ISACTIVER, SPI));
	guest_eoi(1, SPI);
	on_cpu_of(0);
	get_bit(0, ISACTIVER, SPI);
	on_cpu_of(1);
	vgic_flush(dom->vcpus[1]);
	on_cpu_of(0);
	assert_false(get_bit(0, ISACTIVER, SPI));
}

static void switch_keeps_everything(void **state)
{
	(void)state;
	for (uint32_t i = 0; i < 6; i++) {
		set_edge(0, SPI + i, true);
		set_bit(0, ISENABLER, SPI + i);
		vgic_edge(dom, 0, SPI + i);
	}
	assert_int_equal(guest_ack(0), SPI);
	vgic_edge(dom, 0, SPI); /* active and pending */
	phys_cpu[0].cpuif.vmcr = 0x1234;
	unload(0);
	check_invariants();
	assert_true(get_bit(0, ISACTIVER, SPI) && get_bit(0, ISPENDR, SPI));
	assert_true(vgic_pending(dom->vcpus[0]));
	phys_cpu[0].cpuif.vmcr = 0;
	load(0);
	assert_int_equal(phys_cpu[0].cpuif.vmcr, 0x1234);
	guest_eoi(0, SPI);
	for (uint32_t i = 0; i < 6; i++) {
		uint32_t intid = guest_ack(0);

		assert_true(intid >= SPI && intid < SPI + 6);
		guest_eoi(0, intid);
	}
	assert_int_equal(guest_ack(0), HARNESS_SPURIOUS);
	assert_false(vgic_pending(dom->vcpus[0]));
}

/* Of equals the active one must be in a list register: the guest can end it, and only it, at once.
 */
static void active_before_equals(void **state)
{
	(void)state;
	for (uint32_t i = 0; i < 8; i++) {
		set_edge(0, SPI + i, true);
		set_bit(0, ISENABLER, SPI + i);
	}
	vgic_edge(dom, 0, SPI + 7);
	assert_int_equal(guest_ack(0), SPI + 7);
	unload(0);
	for (uint32_t i = 0; i < 7; i++)
		vgic_edge(dom, 0, SPI + i);
	load(0);
	assert_int_equal(guest_ack(0), HARNESS_SPURIOUS);
	guest_eoi(0, SPI + 7);
	for (uint32_t i = 0; i < 7; i++) {
		uint32_t intid = guest_ack(0);

		assert_true(intid >= SPI && intid < SPI + 7);
		guest_eoi(0, intid);
	}
	assert_int_equal(guest_ack(0), HARNESS_SPURIOUS);
}

/* Equals don't push each other out: a full house costs no list register accesses per interrupt but
 * its own. */
static void equals_stay(void **state)
{
	(void)state;
	for (uint32_t i = 0; i < 8; i++) {
		set_edge(0, SPI + i, true);
		set_bit(0, ISENABLER, SPI + i);
	}
	for (uint32_t i = 4; i < 8; i++)
		vgic_edge(dom, 0, SPI + i);
	phys_cpu[0].lr_writes = 0;
	for (uint32_t i = 0; i < 4; i++)
		vgic_edge(dom, 0, SPI + i);
	assert_int_equal(phys_cpu[0].lr_writes, 0);
}

static void arrives_while_not_loaded(void **state)
{
	(void)state;
	set_bit(0, ISENABLER, SPI);
	unload(0);
	take_kicks();
	vgic_line(dom, 0, SPI, true);
	assert_int_equal(take_kicks(), 1);
	load(0);
	assert_int_equal(guest_ack(0), SPI);
	unload(0);
	vgic_line(dom, 0, SPI, false);
	load(0);
	guest_eoi(0, SPI);
	assert_int_equal(guest_ack(0), HARNESS_SPURIOUS);
}

static void hw_spi_follows_the_guest(void **state)
{
	(void)state;
	assert_int_equal(vgic_assign_hw(dom, SPI, 50), 0);
	assert_int_equal(vgic_assign_hw(dom, SPI, 50), -EBUSY);
	assert_int_equal(vgic_assign_hw(dom, 2000, 50), -EINVAL);
	assert_int_equal(vgic_assign_hw(dom, SPI + 1, 20), -EINVAL);
	assert_int_equal(vgic_assign_hw(dom, 5, 27), -EINVAL);
	assert_int_equal(vgic_assign_hw(dom, 27, 50), -EINVAL);

	set_edge(0, SPI, true);
	assert_true(phys_spi[50].edge);
	route(SPI, 2);
	assert_int_equal(phys_spi[50].target, 2);
	route(SPI, 0);
	assert_int_equal(phys_spi[50].target, 0);
	set_bit(0, ISENABLER, SPI);
	assert_true(phys_spi[50].enabled);
	set_edge(0, SPI, false); /* enabled: ignored (UNPREDICTABLE) */
	assert_true(phys_spi[50].edge && irq_of(0, SPI)->edge);

	phys_fire(0, 50, SPI);
	assert_true(find_lr(0, SPI)->hw);
	assert_int_equal(find_lr(0, SPI)->pintid, 50);
	assert_int_equal(guest_ack(0), SPI);
	assert_true(phys_spi[50].active);
	guest_eoi(0, SPI);
	assert_false(phys_spi[50].active);
	phys_fire(0, 50, SPI);
	assert_int_equal(guest_ack(0), SPI);
	guest_eoi(0, SPI);

	set_bit(0, ICENABLER, SPI);
	assert_false(phys_spi[50].enabled);
}

static void hw_spi_disabled_in_flight_stays_pending(void **state)
{
	(void)state;
	assert_int_equal(vgic_assign_hw(dom, SPI, 50), 0);
	set_bit(0, ISENABLER, SPI);
	phys_fire(0, 50, SPI);
	set_bit(0, ICENABLER, SPI);
	assert_int_equal(guest_ack(0), HARNESS_SPURIOUS);
	assert_true(phys_spi[50].active); /* it can't fire again meanwhile */
	set_bit(0, ISENABLER, SPI);
	assert_int_equal(guest_ack(0), SPI);
	unload(0);
	assert_true(phys_spi[50].active);
	load(0);
	guest_eoi(0, SPI);
	assert_false(phys_spi[50].active);
}

static void hw_spi_guest_writes_its_state(void **state)
{
	(void)state;
	assert_int_equal(vgic_assign_hw(dom, SPI, 50), 0);
	set_bit(0, ISENABLER, SPI);
	/* Pending by the guest's own doing: nothing physical in it. */
	set_bit(0, ISPENDR, SPI);
	assert_true(get_bit(0, ISPENDR, SPI));
	assert_int_equal(guest_ack(0), SPI);
	phys_fire(0, 50, SPI); /* now it comes really, too */
	guest_eoi(0, SPI);
	assert_int_equal(guest_ack(0), SPI);
	assert_true(phys_spi[50].active);
	guest_eoi(0, SPI);
	assert_false(phys_spi[50].active);
	assert_int_equal(guest_ack(0), HARNESS_SPURIOUS);
	/* And again while the real one is active. */
	phys_fire(0, 50, SPI);
	assert_int_equal(guest_ack(0), SPI);
	set_bit(0, ISPENDR, SPI);
	guest_eoi(0, SPI);
	assert_int_equal(guest_ack(0), SPI);
	guest_eoi(0, SPI);
	assert_false(phys_spi[50].active);
	assert_int_equal(guest_ack(0), HARNESS_SPURIOUS);
	phys_fire(0, 50, SPI);
	/* Cleared before it was taken: the physical one must be able to fire again. */
	set_bit(0, ICPENDR, SPI);
	assert_false(phys_spi[50].active);
	assert_int_equal(guest_ack(0), HARNESS_SPURIOUS);

	phys_fire(0, 50, SPI);
	assert_int_equal(guest_ack(0), SPI);
	set_bit(0, ICACTIVER, SPI);
	assert_false(phys_spi[50].active);
	assert_false(get_bit(0, ISACTIVER, SPI));
	phys_cpu[0].nr_prios = 0;

	set_bit(0, ISACTIVER, SPI);
	assert_true(phys_spi[50].active);
	set_bit(0, ICACTIVER, SPI);
	assert_false(phys_spi[50].active);

	/* The same while the vCPU is on another CPU. */
	load(1);
	route(SPI, 1);
	phys_fire(1, 50, SPI);
	assert_int_equal(guest_ack(1), SPI);
	on_cpu_of(0);
	set_bit(0, ICACTIVER, SPI);
	assert_true(vgic_needs_flush(dom->vcpus[1]));
	on_cpu_of(1);
	vgic_flush(dom->vcpus[1]);
	assert_false(phys_spi[50].active);
	assert_null(find_lr(1, SPI));
	phys_cpu[1].nr_prios = 0;
}

/* The line of a physical level falls after it was taken, before the guest took it: as if it had
 * never been. */
static void hw_level_that_drops_is_taken_back(void **state)
{
	(void)state;
	assert_int_equal(vgic_assign_hw(dom, SPI, 50), 0);
	assert_int_equal(vgic_assign_hw(dom, 27, 27), 0);
	set_bit(0, ISENABLER, SPI);
	set_bit(0, ISENABLER, 27);
	for (int disabled = 0; disabled < 2; disabled++) {
		phys_fire(0, 50, SPI);
		phys_fire(0, 27, 27);
		if (disabled) {
			set_bit(0, ICENABLER, SPI);
			set_bit(0, ICENABLER, 27);
		}
		assert_true(get_bit(0, ISPENDR, SPI) && get_bit(0, ISPENDR, 27));
		phys_spi[50].line = false;
		phys_cpu[0].ppi[27].line = false;
		assert_false(get_bit(0, ISPENDR, SPI) || get_bit(0, ISPENDR, 27));
		assert_false(phys_spi[50].active || phys_cpu[0].ppi[27].active);
		assert_int_equal(guest_ack(0), HARNESS_SPURIOUS);
		assert_false(vgic_pending(dom->vcpus[0]));
	}
}

static void hw_spi_moves_with_its_vcpu(void **state)
{
	static struct cpu *cpu1;

	(void)state;
	assert_int_equal(vgic_assign_hw(dom, SPI, 50), 0);
	assert_int_equal(phys_spi[50].target, 0);
	unload(0);
	fake_cpu = 1;
	cpu1 = this_cpu();
	dom->vcpus[0]->cpu = cpu1;
	vgic_vcpu_module.load(dom->vcpus[0]);
	assert_int_equal(phys_spi[50].target, 1);
	vgic_vcpu_module.save(dom->vcpus[0]);
}

/* Taken on one CPU, ended on another: it must be able to fire again, also where active SPIs are each CPU's own. */
static void hw_spi_ends_on_another_cpu(void **state)
{
	(void)state;
	assert_int_equal(vgic_assign_hw(dom, SPI, 50), 0);
	set_bit(0, ISENABLER, SPI);
	for (unsigned int acked = 0; acked < 2; acked++) {
		load(0);
		phys_fire(0, 50, SPI);
		if (acked)
			assert_int_equal(guest_ack(0), SPI);
		unload(0);
		phys_cpu[1].nr_prios = phys_cpu[0].nr_prios; /* the guest's, which load() brings along */
		memcpy(phys_cpu[1].prios, phys_cpu[0].prios, sizeof(phys_cpu[1].prios));
		phys_cpu[0].nr_prios = 0;
		harness_shift = 1;
		load(0);
		if (!acked)
			assert_int_equal(guest_ack(0), SPI);
		guest_eoi(0, SPI);
		assert_false(phys_spi[50].active);
		unload(0);
		harness_shift = 0;
	}
	/* Taken by a CPU that its vCPU has left. */
	harness_shift = 1;
	load(0);
	phys_fire(0, 50, SPI);
	assert_int_equal(guest_ack(0), SPI);
	guest_eoi(0, SPI);
	assert_false(phys_spi[50].active);
	unload(0);
	harness_shift = 0;
	load(0);
}

/* In no list register and no queue in between, for it was disabled; and disabled already when it fired. */
static void hw_spi_waits_disabled_for_another_cpu(void **state)
{
	(void)state;
	assert_int_equal(vgic_assign_hw(dom, SPI, 50), 0);
	for (unsigned int late = 0; late < 2; late++) {
		load(1);
		route(SPI, 1);
		set_bit(1, late ? ICENABLER : ISENABLER, SPI);
		phys_fire(1, 50, SPI);
		set_bit(1, ICENABLER, SPI);
		load(0);
		route(SPI, 0);
		set_bit(0, ISENABLER, SPI);
		assert_int_equal(guest_ack(0), SPI);
		guest_eoi(0, SPI);
		assert_false(phys_spi[50].active);
	}
}

/* What another vCPU asks of one's physical PPI waits for its own CPU: a look before it waits must not miss it. */
static void hw_ppi_changed_from_afar_is_seen_before_waiting(void **state)
{
	(void)state;
	assert_int_equal(vgic_assign_hw(dom, 27, 27), 0);
	load(1);
	phys_fire(1, 27, 27); /* not enabled */
	load(0);
	wr(0, bit_reg(1, ISACTIVER, 27), BIT(27));
	wr(0, bit_reg(1, ISENABLER, 27), BIT(27));
	wr(0, bit_reg(1, ICACTIVER, 27), BIT(27));
	on_cpu_of(1);
	assert_true(vgic_pending(dom->vcpus[1]));
	assert_int_equal(guest_ack(1), 27);
	guest_eoi(1, 27);
}

/* Two vCPUs share a CPU and its timer PPI. */
static void hw_ppi_belongs_to_each_vcpu(void **state)
{
	struct phys_irq *ppi = &phys_cpu[0].ppi[27];

	(void)state;
	harness_destroy();
	assert_int_equal(harness_create(3, 8, 64, 4), 0);
	harness_on();
	assert_int_equal(vgic_assign_hw(dom, 27, 27), 0);
	assert_int_equal(vgic_assign_hw(dom, 27, 27), -EBUSY);
	set_bit(0, ISENABLER, 27);
	set_bit(4, ISENABLER, 27);

	load(0);
	phys_fire(0, 27, 27);
	assert_int_equal(guest_ack(0), 27);
	load(4); /* same CPU */
	assert_false(ppi->active);
	phys_fire(0, 27, 27);
	assert_int_equal(guest_ack(4),
	                 HARNESS_SPURIOUS); /* vCPU 0's priority is still the model's */
	phys_cpu[0].nr_prios = 0;
	assert_int_equal(guest_ack(4), 27);
	guest_eoi(4, 27);
	assert_false(ppi->active);
	load(0);
	assert_true(ppi->active);
	phys_cpu[0].nr_prios = 1;
	guest_eoi(0, 27);
	assert_false(ppi->active);
	load(4);
	assert_false(ppi->active);

	/* Pending but not enabled: comes along, too. */
	set_bit(4, ICENABLER, 27);
	phys_fire(0, 27, 27);
	load(0);
	assert_false(ppi->active);
	load(4);
	assert_true(ppi->active);
	set_bit(4, ISENABLER, 27);
	assert_int_equal(guest_ack(4), 27);
	guest_eoi(4, 27);

	/* Its state written from another CPU's vCPU (v3: any redistributor is in reach). */
	set_bit(4, ICENABLER, 27);
	phys_fire(0, 27, 27);
	load(1);
	take_kicks();
	wr(1, bit_reg(4, ICPENDR, 27), BIT(27));
	assert_true(take_kicks() & BIT(4));
	assert_true(ppi->active);
	on_cpu_of(4);
	vgic_flush(dom->vcpus[4]);
	assert_false(ppi->active);
	assert_false(get_bit(4, ISPENDR, 27));
}

static void reset_ends_what_is_active(void **state)
{
	struct vcpu *v = dom->vcpus[0];

	(void)state;
	assert_int_equal(vgic_assign_hw(dom, SPI, 50), 0);
	for (uint32_t i = 0; i < 3; i++) {
		set_edge(0, SPI + i, true);
		set_bit(0, ISENABLER, SPI + i);
	}
	phys_fire(0, 50, SPI);
	assert_int_equal(guest_ack(0), SPI);
	vgic_edge(dom, 0, SPI + 1);
	vgic_edge(dom, 0, SPI + 2);
	phys_cpu[0].cpuif.vmcr = 0xff;
	unload(0);
	vgic_vcpu_module.reset(v);
	phys_cpu[0].nr_prios = 0;
	assert_false(phys_spi[50].active);
	assert_true(phys_spi[50].enabled);
	load(0);
	assert_int_equal(phys_cpu[0].cpuif.vmcr, 0);
	assert_int_equal(guest_ack(0), SPI + 1);
	guest_eoi(0, SPI + 1);
	assert_int_equal(guest_ack(0), SPI + 2);
	/* And while it is loaded. */
	vgic_edge(dom, 0, SPI + 1);
	vgic_vcpu_module.reset(v);
	phys_cpu[0].nr_prios = 0;
	assert_int_equal(guest_ack(0), SPI + 1);
	guest_eoi(0, SPI + 1);
	assert_int_equal(guest_ack(0), HARNESS_SPURIOUS);
}

static void pending_and_wake(void **state)
{
	struct vcpu *v = dom->vcpus[0];
	uint32_t vintid = 0;

	(void)state;
	assert_false(vgic_pending(v));
	assert_false(vgic_wake_pending(dom, true, 0, &vintid));
	vgic_line(dom, 0, SPI, true);
	assert_false(vgic_pending(v));
	assert_false(vgic_wake_pending(dom, true, 0, &vintid)); /* not enabled */
	set_bit(0, ISENABLER, SPI);
	assert_true(vgic_pending(v));
	assert_true(vgic_wake_pending(dom, true, 0, &vintid));
	assert_int_equal(vintid, SPI);
	wr(0, GICD_BASE, 0);
	assert_false(vgic_pending(v));
	assert_true(vgic_wake_pending(dom, true, 0, &vintid));
	wr(0, GICD_BASE, 3);
	assert_int_equal(guest_ack(0), SPI);
	assert_false(vgic_pending(v)); /* taken */
	vgic_line(dom, 0, SPI, false);
	guest_eoi(0, SPI);
	assert_false(vgic_wake_pending(dom, true, 0, &vintid));

	/* No SGI and no timer wakes a machine; a PPI of a device or of Dormouse does. */
	assert_int_equal(vgic_assign_hw(dom, 27, 27), 0);
	set_bit(0, ISENABLER, 27);
	set_bit(0, ISENABLER, 3);
	phys_fire(0, 27, 27);
	vgic_edge(dom, 0, 3);
	assert_false(vgic_wake_pending(dom, true, 0, &vintid));
	set_bit(0, ISENABLER, 31);
	vgic_line(dom, 0, 31, true);
	unload(0);
	assert_true(vgic_wake_pending(dom, true, 0, &vintid));
	assert_int_equal(vintid, 31);
	assert_false(vgic_wake_pending(dom, false, 0, &vintid));
	vgic_edge(dom, 0, SPI);
	assert_true(vgic_wake_pending(dom, false, 0, &vintid));
	assert_int_equal(vintid, SPI);
	assert_false(vgic_wake_pending(dom, false, SPI, &vintid));

	/* What is switched off doesn't count, by what the interrupt is. */
	domain_name_irq(dom, SPI, "rtc", WAKE_ALARM);
	dom->xen_ppi = 31;
	dom->wake_off = WAKE_ALARM;
	assert_false(vgic_wake_pending(dom, false, 0, &vintid));
	assert_true(vgic_wake_pending(dom, true, 0, &vintid));
	assert_int_equal(vintid, 31);
	dom->wake_off = WAKE_EVENT | WAKE_DEVICE | WAKE_COMMAND;
	assert_true(vgic_wake_pending(dom, true, 0, &vintid));
	assert_int_equal(vintid, SPI);
	dom->wake_off = WAKE_ALL;
	assert_false(vgic_wake_pending(dom, true, 0, &vintid));
	dom->wake_off = 0;
	set_bit(0, ICPENDR, SPI);
	dom->vcpus[0]->power = VCPU_OFF;
	assert_false(vgic_wake_pending(dom, true, 0, &vintid));
}

/* Goes to sleep, lets `raise` happen; who woke it, or 0. */
static uint32_t woken(void (*raise)(void))
{
	harness_woken_by = 0;
	dom->state = DOMAIN_SUSPENDED;
	raise();
	assert_int_equal(dom->state, harness_woken_by ? DOMAIN_RUNNING : DOMAIN_SUSPENDED);
	dom->state = DOMAIN_RUNNING;
	return harness_woken_by;
}

static void raise_spi(void)
{
	vgic_line(dom, 0, SPI, true);
}

static void lower_spi(void)
{
	vgic_line(dom, 0, SPI, false);
}

static void edge_spi(void)
{
	vgic_edge(dom, 0, SPI);
}

static void raise_ppi(void)
{
	vgic_line(dom, 0, 31, true);
}

static void fire_timer(void)
{
	phys_fire(0, 27, 27);
}

static void send_sgi(void)
{
	vgic_edge(dom, 0, 3);
}

/* A suspended domain: whatever is enabled wakes it when it becomes pending, and nothing else. */
static void wakes_who_sleeps(void **state)
{
	(void)state;
	assert_int_equal(vgic_assign_hw(dom, 27, 27), 0);
	assert_int_equal(woken(raise_spi), 0); /* not enabled */
	lower_spi();
	set_bit(0, ISENABLER, SPI);
	assert_int_equal(woken(lower_spi), 0);
	assert_int_equal(woken(raise_spi), SPI);
	assert_int_equal(woken(lower_spi), 0);
	set_bit(0, ISENABLER, 27);
	set_bit(0, ISENABLER, 3);
	assert_int_equal(woken(send_sgi), 0);
	assert_int_equal(woken(fire_timer), 0);
	set_bit(0, ISENABLER, 31);
	assert_int_equal(woken(raise_ppi), 31);

	/* The group is off, no vCPU is loaded, its own is another one. */
	wr(0, GICD_BASE, 0);
	assert_int_equal(woken(edge_spi), SPI);
	unload(0);
	assert_int_equal(woken(edge_spi), SPI);
	fake_cpu = 1;
	assert_int_equal(woken(edge_spi), SPI);
	fake_cpu = 0;

	/* Awake it hears nothing. */
	harness_woken_by = 0;
	edge_spi();
	assert_int_equal(harness_woken_by, 0);
}

static void nonsense_is_ignored(void **state)
{
	(void)state;
	vgic_edge(dom, 0, 5000);
	vgic_edge(dom, 77, 3);
	vgic_line(dom, 0, 1023, true);
	vgic_line(dom, 4, 27, true);
	vgic_hw_fired(dom, SPI, 50); /* nobody assigned it */
	vgic_hw_fired(dom, 3, 50);
	vgic_hw_ppi_fired(dom->vcpus[0], 27, 27);
	vgic_hw_ppi_fired(dom->vcpus[0], 99, 27);
	assert_int_equal(guest_ack(0), HARNESS_SPURIOUS);
	assert_false(vgic_pending(dom->vcpus[0]));
}

static void spi_without_target_waits(void **state)
{
	(void)state;
	set_edge(0, SPI, true);
	set_bit(0, ISENABLER, SPI);
	if (dom->vgic->version == 2)
		assert_true(mmio_write(0, GICD_BASE + 0x800 + SPI, 1, 0));
	else
		assert_true(mmio_write(0, GICD_BASE + 0x6000 + SPI * 8, 8, 0xff00ffffff));
	vgic_edge(dom, 0, SPI);
	assert_int_equal(guest_ack(0), HARNESS_SPURIOUS);
	assert_true(get_bit(0, ISPENDR, SPI));
	route(SPI, 0);
	assert_int_equal(guest_ack(0), SPI);
	guest_eoi(0, SPI);
}

static void priority_change_of_a_pending_one(void **state)
{
	(void)state;
	for (uint32_t i = 0; i < 2; i++) {
		set_edge(0, SPI + i, true);
		set_bit(0, ISENABLER, SPI + i);
		vgic_edge(dom, 0, SPI + i);
	}
	set_prio(0, SPI + 1, 0x47); /* five bits are there */
	assert_int_equal(find_lr(0, SPI + 1)->priority, 0x40);
	assert_int_equal(guest_ack(0), SPI + 1);
	guest_eoi(0, SPI + 1);
	assert_int_equal(guest_ack(0), SPI);
	guest_eoi(0, SPI);
}

static void bad_configurations(void **state)
{
	static const struct {
		unsigned int version, vcpus, spis, lrs;
	} bad[] = { { 1, 1, 32, 4 }, { 4, 1, 32, 4 },   { 2, 9, 32, 4 },
		    { 3, 1, 33, 4 }, { 3, 1, 1024, 4 }, { 3, 1, 32, 1 } };

	(void)state;
	for (unsigned int i = 0; i < ARRAY_SIZE(bad); i++) {
		assert_int_equal(
		        harness_create(bad[i].version, bad[i].vcpus, bad[i].spis, bad[i].lrs),
		        -EINVAL);
		/* Without a vGIC all of it is harmless. */
		vgic_edge(dom, 0, 40);
		assert_false(vgic_pending(dom->vcpus[0]));
		vgic_vcpu_module.load(dom->vcpus[0]);
		vgic_vcpu_module.save(dom->vcpus[0]);
		harness_destroy();
	}
}

#define BOTH(f)                                                                             \
	{ .name = #f " (v2)", .test_func = f, .setup_func = v2, .teardown_func = down },    \
	{                                                                                   \
		.name = #f " (v3)", .test_func = f, .setup_func = v3, .teardown_func = down \
	}

int main(void)
{
	const struct CMUnitTest tests[] = {
		BOTH(edge_is_delivered_once),
		BOTH(edge_while_active_comes_again),
		BOTH(edge_while_pending_merges),
		BOTH(level_comes_again_while_high),
		BOTH(level_that_drops_is_taken_back),
		BOTH(disable_takes_back_and_keeps),
		BOTH(group_disable_takes_back_and_keeps),
		BOTH(icpendr_clears),
		BOTH(active_bits_are_writable),
		BOTH(overflow_keeps_the_order),
		BOTH(deep_nesting_loses_no_end),
		BOTH(eoimode_1_keeps_active_in_place),
		cmocka_unit_test_setup_teardown(sgi_v2_each_source_once, v2, down),
		cmocka_unit_test_setup_teardown(sgi_v2_filters, v2, down),
		cmocka_unit_test_setup_teardown(sgi_v3, v3, down),
		cmocka_unit_test_setup_teardown(sgi_to_self_is_short, v3, down),
		BOTH(other_cpus_vcpu_is_kicked),
		BOTH(comes_again_before_its_end_was_read),
		BOTH(active_of_another_cpu_is_seen_at_second_look),
		BOTH(switch_keeps_everything),
		BOTH(active_before_equals),
		BOTH(equals_stay),
		BOTH(arrives_while_not_loaded),
		BOTH(hw_spi_follows_the_guest),
		BOTH(hw_spi_disabled_in_flight_stays_pending),
		BOTH(hw_spi_guest_writes_its_state),
		BOTH(hw_level_that_drops_is_taken_back),
		BOTH(hw_spi_moves_with_its_vcpu),
		BOTH(hw_spi_ends_on_another_cpu),
		BOTH(hw_spi_waits_disabled_for_another_cpu),
		cmocka_unit_test_setup_teardown(hw_ppi_changed_from_afar_is_seen_before_waiting, v3, down),
		cmocka_unit_test_setup_teardown(hw_ppi_belongs_to_each_vcpu, v3, down),
		BOTH(reset_ends_what_is_active),
		BOTH(pending_and_wake),
		BOTH(wakes_who_sleeps),
		BOTH(nonsense_is_ignored),
		BOTH(spi_without_target_waits),
		BOTH(priority_change_of_a_pending_one),
		cmocka_unit_test(bad_configurations),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
