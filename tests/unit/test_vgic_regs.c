/* SPDX-License-Identifier: Apache-2.0 */
/* The register tables of both versions, and what a guest may do to them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <cmocka.h>

#include "fake_cpu.h"
#include "vgic_harness.h"

#define RD(vcpu)  (GICR_BASE + (vcpu)*VGIC_GICR_STRIDE)
#define SGI(vcpu) (RD(vcpu) + VGIC_GICR_FRAME)

static int down(void **state)
{
	(void)state;
	check_invariants();
	harness_destroy();
	return 0;
}

static int v2(void **state)
{
	(void)state;
	return harness_create(2, 4, 256, 4);
}

static int v2_alone(void **state)
{
	(void)state;
	return harness_create(2, 1, 64, 4);
}

static int v3(void **state)
{
	(void)state;
	return harness_create(3, 4, 256, 4);
}

static int v3_large(void **state)
{
	(void)state;
	return harness_create(3, 33, 992, 16);
}

static void check_table(const struct vgic_regs *t)
{
	uint32_t end = 0;

	for (unsigned int i = 0; i < t->count; i++) {
		const struct vgic_reg *r = &t->regs[i];
		unsigned int largest = r->widths & VGIC_W64 ? 8 : 4;

		assert_true(r->start >= end);
		assert_true(r->end > r->start && r->end <= t->size);
		end = r->end;
		assert_int_equal(r->widths & ~(VGIC_W8 | VGIC_W32 | VGIC_W64), 0);
		assert_true(r->widths & VGIC_W32);
		assert_int_equal(r->start % largest, 0);
		assert_int_equal((r->end - r->start) % largest, 0);
		/* Bytes only where a byte is a field, or a register of bytes (IHI 0069 12.1.3). */
		if (r->bits) {
			assert_true(r->bits == 1 || r->bits == 2 || r->bits == 8);
			assert_true(r->get && r->set && !r->read && !r->write);
			assert_int_equal(!!(r->widths & VGIC_W8), r->bits == 8);
			assert_true(r->first + (r->end - r->start) * 8 / r->bits <= 1024);
		} else {
			assert_true(!r->get && !r->set);
		}
	}
}

static void tables_are_sound(void **state)
{
	(void)state;
	check_table(&vgic_v2_gicd);
	check_table(&vgic_v3_gicd);
	check_table(&vgic_v3_rd);
	check_table(&vgic_v3_sgi);
}

/* Which sizes are answered at an offset: bits 1, 2, 4, 8. */
struct width {
	uint64_t addr;
	unsigned int sizes;
};

static void check_widths(const struct width *w, unsigned int count)
{
	for (unsigned int i = 0; i < count; i++) {
		for (unsigned int size = 1; size <= 8; size *= 2) {
			uint64_t value;
			bool ok = w[i].sizes & size;

			assert_int_equal(mmio_read(0, w[i].addr, size, &value), ok);
			assert_int_equal(mmio_write(0, w[i].addr, size, 0), ok);
		}
	}
}

static void widths_v2(void **state)
{
	static const struct width widths[] = {
		{ GICD_BASE + 0x000, 4 },     { GICD_BASE + 0x004, 4 },
		{ GICD_BASE + 0x008, 4 },     { GICD_BASE + 0x080, 4 },
		{ GICD_BASE + 0x100, 4 },     { GICD_BASE + 0x188, 4 },
		{ GICD_BASE + 0x400, 1 | 4 }, { GICD_BASE + 0x7f8, 1 | 4 },
		{ GICD_BASE + 0x800, 1 | 4 }, { GICD_BASE + 0x820, 1 | 4 },
		{ GICD_BASE + 0xc08, 4 },     { GICD_BASE + 0xf00, 4 },
		{ GICD_BASE + 0xf10, 1 | 4 }, { GICD_BASE + 0xf20, 1 | 4 },
		{ GICD_BASE + 0x040, 15 }, /* reserved: RAZ/WI */
		{ GICD_BASE + 0xd00, 15 },
	};

	(void)state;
	check_widths(widths, ARRAY_SIZE(widths));
}

static void widths_v3(void **state)
{
	static const struct width widths[] = {
		{ GICD_BASE + 0x0000, 4 },     { GICD_BASE + 0x0004, 4 },
		{ GICD_BASE + 0x0104, 4 },     { GICD_BASE + 0x0420, 1 | 4 },
		{ GICD_BASE + 0x0c08, 4 },     { GICD_BASE + 0x6100, 4 | 8 },
		{ GICD_BASE + 0x7fd8, 4 | 8 }, { GICD_BASE + 0xffe8, 4 },
		{ GICD_BASE + 0x0010, 15 },    { GICD_BASE + 0x6000, 15 },
		{ GICD_BASE + 0x8000, 15 },    { RD(0) + 0x0000, 4 },
		{ RD(0) + 0x0008, 4 | 8 },     { RD(0) + 0x0014, 4 },
		{ RD(0) + 0x0070, 15 },        { SGI(0) + 0x0100, 4 },
		{ SGI(0) + 0x0400, 1 | 4 },    { SGI(0) + 0x0c04, 4 },
		{ SGI(0) + 0x0104, 15 },
	};

	(void)state;
	check_widths(widths, ARRAY_SIZE(widths));
}

static void identification_v2(void **state)
{
	(void)state;
	assert_int_equal(rd(0, GICD_BASE + 4), 8 | 3 << 5);
	assert_int_equal(rd(0, GICD_BASE + 0xfe8) & 0xf0, 0x20);
	assert_int_equal(rd(0, GICD_BASE + 8), VGIC_IIDR);
	wr(0, GICD_BASE + 4, ~0U);
	assert_int_equal(rd(0, GICD_BASE + 4), 8 | 3 << 5);
	for (unsigned int i = 0; i < 4; i++) {
		uint64_t value;

		assert_int_equal(rd(i, GICD_BASE + 0x81c), 0x01010101U << i);
		assert_true(mmio_read(i, GICD_BASE + 0x803, 1, &value));
		assert_int_equal(value, 1 << i);
	}
	assert_int_equal(rd(0, GICD_BASE), 0);
	wr(0, GICD_BASE, ~0U);
	assert_int_equal(rd(0, GICD_BASE), 1);
}

static void identification_v3(void **state)
{
	(void)state;
	assert_int_equal(rd(0, GICD_BASE + 4) & 0x1f, 8);
	assert_int_equal(rd(0, GICD_BASE + 4) >> 19 & 0x1f, 9);
	assert_int_equal(rd(0, GICD_BASE + 4) & (BIT(17) | BIT(8)), 0); /* LPIs, extended SPIs */
	assert_int_equal(rd(0, GICD_BASE + 0xffe8) & 0xf0, 0x30);
	assert_int_equal(rd(0, RD(0) + 0xffe8) & 0xf0, 0x30);
	/* DS = 0, affinity routing for good, no write pending. */
	assert_int_equal(rd(0, GICD_BASE), BIT(4));
	wr(0, GICD_BASE, ~0U);
	assert_int_equal(rd(0, GICD_BASE), BIT(4) | BIT(1));
	wr(0, GICD_BASE, 0);
	assert_int_equal(rd(0, GICD_BASE), BIT(4));

	/* Waking the redistributor, as a driver does it. */
	wr(0, RD(0) + 0x14, rd(0, RD(0) + 0x14) & ~2U);
	assert_int_equal(rd(0, RD(0) + 0x14) & 4, 0);
	assert_int_equal(rd(0, RD(0)) & BIT(3), 0);
}

static void redistributors_name_their_vcpus(void **state)
{
	(void)state;
	for (unsigned int i = 0; i < 33; i++) {
		uint64_t whole;

		assert_true(mmio_read(0, RD(i) + 8, 8, &whole));
		assert_int_equal(whole >> 32, i / 16 << 8 | i % 16);
		assert_int_equal(whole >> 8 & 0xffff, i);
		assert_int_equal(!!(whole & BIT(4)), i == 32);
		assert_int_equal(rd(0, RD(i) + 8), (uint32_t)whole);
		assert_int_equal(rd(0, RD(i) + 12), whole >> 32);
	}
}

static void irouter(void **state)
{
	const uint64_t r = GICD_BASE + 0x6000 + 100 * 8;
	uint64_t value;

	(void)state;
	wr(0, r, 0x0102);
	assert_int_equal(irq_of(0, 100)->target, 18);
	assert_true(mmio_write(0, r, 8, 0x0200));
	assert_int_equal(irq_of(0, 100)->target, 32);
	/* Nobody: as written, but without a target; IRM and reserved bits are RES0. */
	assert_true(mmio_write(0, r, 8, ~0UL));
	assert_int_equal(irq_of(0, 100)->target, VGIC_NO_VCPU);
	assert_true(mmio_read(0, r, 8, &value));
	assert_int_equal(value, 0xff00ffffff);
	wr(0, r, 3);
	assert_int_equal(rd(0, r + 4), 0xff);
	assert_int_equal(irq_of(0, 100)->target, VGIC_NO_VCPU);
	wr(0, r + 4, 0);
	assert_int_equal(irq_of(0, 100)->target, 3);
	wr(0, r, 33); /* Aff0 beyond 15 */
	assert_int_equal(irq_of(0, 100)->target, VGIC_NO_VCPU);
	/* Behind the last INTID. */
	assert_true(mmio_write(0, GICD_BASE + 0x7fd8, 8, 5));
	assert_true(mmio_read(0, GICD_BASE + 0x7fd8, 8, &value));
	assert_int_equal(value, 5);
}

static void private_ones_are_banked(void **state)
{
	(void)state;
	for (unsigned int i = 0; i < 4; i++)
		wr(i, byte_reg(i, 0x400, 24), 0x10U * (i + 1));
	for (unsigned int i = 0; i < 4; i++)
		assert_int_equal(rd(i, byte_reg(i, 0x400, 24)), 0x10 * (i + 1));
	set_bit(2, ISENABLER, 20);
	assert_false(get_bit(1, ISENABLER, 20));
	assert_true(get_bit(2, ISENABLER, 20));
	set_bit(2, ICENABLER, 20);
	assert_false(get_bit(2, ISENABLER, 20));
}

static void gicd_v3_has_no_private_ones(void **state)
{
	(void)state;
	wr(0, GICD_BASE + 0x100, ~0U);
	wr(0, GICD_BASE + 0x400, ~0U);
	assert_int_equal(rd(0, GICD_BASE + 0x100), 0);
	assert_int_equal(rd(0, GICD_BASE + 0x400), 0);
	assert_int_equal(rd(0, SGI(0) + 0x100), 0);
	wr(0, GICD_BASE + 0x820, ~0U);
	assert_int_equal(rd(0, GICD_BASE + 0x820), 0);
}

static void fields(void **state)
{
	(void)state;
	/* Priorities: five bits. */
	wr(0, GICD_BASE + 0x400 + 64, 0xffa55a07);
	assert_int_equal(rd(0, GICD_BASE + 0x400 + 64), 0xf8a05800);
	/* Behind what is implemented: 32 + 256. */
	wr(0, GICD_BASE + 0x100 + 288 / 8, ~0U);
	assert_int_equal(rd(0, GICD_BASE + 0x100 + 288 / 8), 0);
	wr(0, GICD_BASE + 0x100 + 256 / 8, ~0U);
	assert_int_equal(rd(0, GICD_BASE + 0x100 + 256 / 8), ~0U);
	wr(0, GICD_BASE + 0x180 + 256 / 8, 0xffff);
	assert_int_equal(rd(0, GICD_BASE + 0x100 + 256 / 8), 0xffff0000);
	/* Configuration: the upper bit of each two; SGIs are edges. */
	wr(0, GICD_BASE + 0xc08, ~0U);
	assert_int_equal(rd(0, GICD_BASE + 0xc08), 0xaaaaaaaa);
	wr(0, bit_reg(0, 0xc00, 0), 0);
	assert_int_equal(rd(0, bit_reg(0, 0xc00, 0)), 0xaaaaaaaa);
	/* Group registers: one group. */
	wr(0, bit_reg(0, 0x080, 0), ~0U);
	assert_int_equal(rd(0, bit_reg(0, 0x080, 0)), 0);
}

static void targets_v2(void **state)
{
	uint64_t value;

	(void)state;
	wr(0, GICD_BASE + 0x820, 0xff080602);
	assert_int_equal(rd(0, GICD_BASE + 0x820), 0x0f080602);
	assert_int_equal(irq_of(0, 32)->target, 1);
	assert_int_equal(irq_of(0, 33)->target, 1);
	assert_int_equal(irq_of(0, 34)->target, 3);
	assert_int_equal(irq_of(0, 35)->target, 0);
	assert_true(mmio_write(0, GICD_BASE + 0x821, 1, 0));
	assert_int_equal(irq_of(0, 33)->target, VGIC_NO_VCPU);
	assert_true(mmio_read(0, GICD_BASE + 0x821, 1, &value));
	assert_int_equal(value, 0);
	wr(0, GICD_BASE + 0x800, ~0U); /* read-only */
	assert_int_equal(rd(0, GICD_BASE + 0x800), 0x01010101);
}

/* Linux copies ITARGETSR0's mask, 0 here, to every SPI: they must go on reaching the one vCPU. */
static void targets_v2_uniprocessor(void **state)
{
	(void)state;
	assert_int_equal(rd(0, GICD_BASE + 0x800), 0);
	assert_int_equal(rd(0, GICD_BASE + 0x820), 0);
	wr(0, GICD_BASE + 0x820, 0);
	assert_int_equal(irq_of(0, 33)->target, 0);
}

/* Deterministic noise. */
static uint64_t seed;

static uint32_t noise(uint32_t below)
{
	seed ^= seed << 13;
	seed ^= seed >> 7;
	seed ^= seed << 17;
	return (uint32_t)(seed >> 20) % below;
}

static uint64_t random_address(void)
{
	uint32_t file = dom->vgic->version == 3 ? noise(3) : 0;
	uint64_t span = dom->vgic->version == 3 ? VGIC_GICD_V3_SIZE : VGIC_GICD_V2_SIZE;

	if (file == 2)
		return GICR_BASE + noise((uint32_t)(dom->nr_vcpus * VGIC_GICR_STRIDE));
	if (file == 1)
		return SGI(noise(dom->nr_vcpus)) + noise(0x1000);
	return GICD_BASE + noise(noise(4) ? 0x1000 : (uint32_t)span);
}

/* What the guests' CPUs have taken and not ended. */
static uint32_t taken[HARNESS_CPUS][64];

/* static: function-length: one switch of random things to do */
static void step(void)
{
	unsigned int v = noise(dom->nr_vcpus);
	unsigned int size = 1U << noise(4);
	uint64_t addr = ALIGN_DOWN(random_address(), size);
	uint64_t value = (uint64_t)noise(~0U) << 32 | noise(~0U);
	struct phys_cpu *p = &phys_cpu[v % HARNESS_CPUS];

	switch (noise(10)) {
	case 0:
	case 1:
	case 2:
		load(v);
		mmio_write(v, addr, size, noise(2) ? value : BIT(noise(32)));
		break;
	case 3:
		load(v);
		mmio_read(v, addr, size, &value);
		break;
	case 4:
		on_cpu_of(v);
		vgic_edge(dom, v, noise(dom->vgic->nr_intids + 40));
		break;
	case 5:
		on_cpu_of(v);
		vgic_line(dom, v, noise(dom->vgic->nr_intids), noise(2));
		break;
	case 6:
		load(v);
		if (dom->vgic->version == 3)
			vgic_sgi_sysreg(dom->vcpus[v], value);
		else
			wr(v, GICD_BASE + 0xf00, (uint32_t)value);
		break;
	case 7:
		load(v);
		if (p->nr_prios < 30) {
			uint32_t intid = guest_ack(v);

			if (intid != HARNESS_SPURIOUS)
				taken[v % HARNESS_CPUS][p->nr_prios - 1] = intid;
		}
		break;
	case 8:
		load(v);
		if (p->nr_prios) {
			uint32_t intid = taken[v % HARNESS_CPUS][p->nr_prios - 1];
			struct gic_lr *lr;

			take_maintenance(v);
			lr = find_lr(v, intid);
			if (lr && (lr->state & GIC_LR_ACTIVE))
				guest_eoi(v, intid);
			else /* cleared by ICACTIVER, or this isn't the vCPU that took it */
				p->nr_prios--;
		}
		break;
	default: {
		uint32_t vintid = 64 + noise(8), intid = vintid + 100;

		if (!phys_spi[intid].active && phys_spi[intid].enabled)
			phys_fire(noise(HARNESS_CPUS), intid, vintid);
		else
			phys_spi[intid].line = noise(2);
		if (noise(50) == 0) {
			load(v);
			vgic_vcpu_module.reset(dom->vcpus[v]);
			p->nr_prios = 0;
		}
		vgic_pending(dom->vcpus[noise(dom->nr_vcpus)]);
	}
	}
}

/* From any state: with everything on and every line low, the guest empties the whole thing. */
static void drain(void)
{
	uint32_t vintid;

	for (unsigned int v = 0; v < dom->nr_vcpus; v++) {
		load(v);
		for (uint32_t intid = 0; intid < dom->vgic->nr_intids; intid++)
			vgic_line(dom, v, intid, false);
	}
	wr(0, GICD_BASE, 3);
	for (uint32_t intid = 0; intid < dom->vgic->nr_intids; intid++) {
		for (unsigned int v = 0; v < (intid < 32 ? dom->nr_vcpus : 1); v++) {
			set_bit(v, ISENABLER, intid);
			set_bit(v, ICACTIVER, intid);
			set_prio(v, intid, 0xa0);
		}
		if (intid >= 32)
			route(intid, intid % dom->nr_vcpus);
	}
	for (unsigned int round = 0; round < 3; round++) {
		for (unsigned int v = 0; v < dom->nr_vcpus; v++) {
			uint32_t intid;

			load(v);
			phys_cpu[v % HARNESS_CPUS].nr_prios = 0;
			while ((intid = guest_ack(v)) != HARNESS_SPURIOUS)
				guest_eoi(v, intid);
			check_invariants();
		}
	}
	for (unsigned int v = 0; v < dom->nr_vcpus; v++) {
		load(v);
		assert_false(vgic_pending(dom->vcpus[v]));
		unload(v);
	}
	for (unsigned int v = 0; v < dom->nr_vcpus; v++) {
		for (uint32_t intid = 0; intid < dom->vgic->nr_intids; intid++) {
			assert_false(vgic_irq_pending(irq_of(v, intid)));
			assert_false(irq_of(v, intid)->active);
			assert_int_equal(irq_of(v, intid)->lr, VGIC_NO_LR);
		}
	}
	assert_false(vgic_wake_pending(dom, true, 0, &vintid));
	for (uint32_t i = 0; i < 8; i++)
		assert_false(phys_spi[164 + i].active);
}

static void fuzz(unsigned int version, unsigned int nr_vcpus, unsigned int nr_spis,
                 unsigned int nr_lrs)
{
	assert_int_equal(harness_create(version, nr_vcpus, nr_spis, nr_lrs), 0);
	for (uint32_t i = 0; i < 8; i++)
		assert_int_equal(vgic_assign_hw(dom, 64 + i, 164 + i), 0);
	harness_on();
	for (unsigned int round = 0; round < 4; round++) {
		for (unsigned int i = 0; i < 20000; i++) {
			step();
			if (i % 16 == 0)
				check_invariants();
		}
		drain();
	}
	down(NULL);
}

static void noise_does_no_harm(void **state)
{
	(void)state;
	seed = 0x9e3779b97f4a7c15;
	fuzz(2, 4, 64, 4);
	fuzz(2, 8, 64, 2);
	fuzz(3, 4, 64, 4);
	fuzz(3, 9, 96, 2);
	fuzz(3, 3, 64, 16);
}

#define WITH(f, setup) cmocka_unit_test_setup_teardown(f, setup, down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(tables_are_sound),
		WITH(widths_v2, v2),
		WITH(widths_v3, v3),
		WITH(identification_v2, v2),
		WITH(identification_v3, v3),
		WITH(redistributors_name_their_vcpus, v3_large),
		WITH(irouter, v3_large),
		WITH(private_ones_are_banked, v2),
		WITH(private_ones_are_banked, v3),
		WITH(gicd_v3_has_no_private_ones, v3),
		WITH(fields, v2),
		WITH(fields, v3),
		WITH(targets_v2, v2),
		WITH(targets_v2_uniprocessor, v2_alone),
		cmocka_unit_test(noise_does_no_harm),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
