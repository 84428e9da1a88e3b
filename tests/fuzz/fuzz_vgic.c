/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Accesses to the virtual distributor and redistributors, interrupts from devices and other vCPUs,
 * vCPUs that come and go, and a guest that takes its interrupts, in any order, over the unit tests'
 * physical GIC (tests/unit/vgic_harness.c), which checks each list register that is written. Then:
 * every interrupt is where it has to be, what can be delivered is delivered once everything has
 * been taken, and an edge that comes then is taken exactly once.
 */
#include "fuzz_vgic.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#include "fake_cpu.h"
#include "lib/bitmap.h"
#include "vgic_harness.h"

#define HW_SPI    40
#define HW_PPI    27
#define MAX_STEPS 48
#define MAX_TAKEN 4096

static unsigned int nr_vcpus;

struct taken {
	unsigned int nr;
	uint16_t intid[64];
};
static struct taken taken[8];

static unsigned int vcpu(struct input *in)
{
	return in_below(in, nr_vcpus);
}

static uint32_t an_intid(struct input *in)
{
	static const uint8_t usual[] = { 0, 1, 15, 16, HW_PPI, 31, 32, 33, HW_SPI, 63, 64, 95 };
	unsigned int which = in_below(in, ARRAY_SIZE(usual) + 1);

	return which < ARRAY_SIZE(usual) ? usual[which] : in_u8(in) % 100;
}

/* --- register accesses -------------------------------------------------------------------------
 */

static uint64_t offset(struct input *in, uint32_t intid)
{
	static const struct {
		uint16_t base;
		uint8_t bits; /* per interrupt */
	} arrays[] = {
		{ 0x080, 1 }, { 0x100, 1 }, { 0x180, 1 },   { 0x200, 1 },
		{ 0x280, 1 }, { 0x300, 1 }, { 0x380, 1 },   { 0x400, 8 },
		{ 0x800, 8 }, { 0xc00, 2 }, { 0x6000, 64 },
	};
	unsigned int which = in_below(in, ARRAY_SIZE(arrays) + 2);

	if (which >= ARRAY_SIZE(arrays))
		return which & 1 ? in_u8(in) & 0x7c : in_u16(in); /* the rest of them, or any */
	return arrays[which].base + (arrays[which].bits < 8 ? intid * arrays[which].bits / 32 * 4
	                                                    : intid * arrays[which].bits / 8);
}

static uint64_t address(struct input *in, uint32_t intid)
{
	uint64_t at = offset(in, intid);

	if (dom->vgic->version == 2)
		return GICD_BASE + at % VGIC_GICD_V2_SIZE;
	if (intid >= 32 && in_u8(in) & 7)
		return GICD_BASE + at % VGIC_GICD_V3_SIZE;
	return GICR_BASE + vcpu(in) * VGIC_GICR_STRIDE + (in_u8(in) & 7 ? VGIC_GICR_FRAME : 0) +
	       at % VGIC_GICR_FRAME;
}

static void access_register(struct input *in)
{
	static const uint8_t sizes[] = { 4, 4, 4, 1, 8, 2 };
	unsigned int v = vcpu(in), size = sizes[in_below(in, ARRAY_SIZE(sizes))];
	uint32_t intid = an_intid(in);
	uint64_t at = ALIGN_DOWN(address(in, intid), size);
	uint64_t value;

	load(v);
	if (in_u8(in) & 3) {
		value = in_u8(in) & 1 ? BIT(intid % 32) : in_number(in);
		(void)mmio_write(v, at, size, value & MASK(size * 8 - 1, 0));
	} else if (mmio_read(v, at, size, &value)) {
		FUZZ_CHECK(!(value & ~MASK(size * 8 - 1, 0)));
	}
}

/* The usual settings, so that something is delivered. */
static void enable(struct input *in)
{
	uint32_t intid = an_intid(in);
	unsigned int v = vcpu(in);

	if (intid >= dom->vgic->nr_intids)
		return;
	load(v);
	switch (in_below(in, 4)) {
	case 0:
		set_bit(v, ISENABLER, intid);
		break;
	case 1:
		set_prio(v, intid, in_u8(in));
		break;
	case 2:
		if (intid >= 32)
			route(intid, vcpu(in));
		break;
	default:
		if (intid >= 32)
			set_edge(v, intid, in_u8(in) & 1);
		break;
	}
}

/* --- interrupts
 * ------------------------------------------------------------------------------------ */

static void raise(struct input *in)
{
	unsigned int v = vcpu(in);
	uint32_t intid = an_intid(in);

	/* Devices have no SGIs, and an assigned interrupt's line is the physical one. */
	if (intid < 16 || intid == HW_SPI || intid == HW_PPI)
		return;
	fake_cpu = in_below(in, HARNESS_CPUS);
	if (in_u8(in) & 1)
		vgic_edge(dom, v, intid);
	else
		vgic_line(dom, v, intid, in_u8(in) & 1);
	FUZZ_CHECK(!fake_locks_held);
}

static void fire(struct input *in)
{
	unsigned int v = vcpu(in);

	if (in_u8(in) & 1) {
		if (phys_spi[HW_SPI].enabled && !phys_spi[HW_SPI].active)
			phys_fire(phys_spi[HW_SPI].target, HW_SPI, HW_SPI);
		return;
	}
	load(v);
	if (!phys_cpu[fake_cpu].ppi[HW_PPI].active)
		phys_fire(fake_cpu, HW_PPI, HW_PPI);
}

static void fall(struct input *in)
{
	phys_spi[HW_SPI].line = false;
	on_cpu_of(vcpu(in));
	phys_cpu[fake_cpu].ppi[HW_PPI].line = false;
}

static void send_sgi(struct input *in)
{
	unsigned int v = vcpu(in);

	load(v);
	if (dom->vgic->version == 2)
		wr(v, GICD_BASE + 0xf00, in_u32(in));
	else
		vgic_sgi_sysreg(dom->vcpus[v],
		                in_u8(in) & 1
		                        ? BIT(in_below(in, 4)) | (uint64_t)in_below(in, 16) << 24
		                        : in_u64(in));
	FUZZ_CHECK(!fake_locks_held);
}

static void take(unsigned int v)
{
	struct taken *t = &taken[v];
	uint32_t intid;

	load(v);
	if (t->nr == ARRAY_SIZE(t->intid) || phys_cpu[fake_cpu].nr_prios >= 60)
		return;
	if (vgic_needs_flush(dom->vcpus[v]))
		vgic_flush(dom->vcpus[v]);
	take_maintenance(v);
	if (!(phys_cpu[fake_cpu].hcr & GIC_HCR_EN))
		return;
	intid = guest_ack(v);
	if (intid != HARNESS_SPURIOUS)
		t->intid[t->nr++] = (uint16_t)intid;
}

/* The last one taken; it may have been ended by ICACTIVER already. */
static void end(unsigned int v)
{
	struct taken *t = &taken[v];
	struct gic_lr *lr;

	load(v);
	if (!t->nr)
		return;
	t->nr--;
	lr = find_lr(v, t->intid[t->nr]);
	if (lr && lr->state & GIC_LR_ACTIVE) {
		guest_eoi(v, t->intid[t->nr]);
		return;
	}
	if (phys_cpu[fake_cpu].nr_prios)
		phys_cpu[fake_cpu].nr_prios--;
}

/* --- vCPUs
 * ------------------------------------------------------------------------------------------- */

static void leave(unsigned int v)
{
	on_cpu_of(v);
	if (this_cpu()->loaded == dom->vcpus[v])
		unload(v);
}

/* CPU_OFF and CPU_ON, or the way back from CPU_SUSPEND: what it had taken is gone. */
static void reset_vcpu(unsigned int v)
{
	leave(v);
	vgic_vcpu_module.reset(dom->vcpus[v]);
	phys_cpu[fake_cpu].nr_prios = 0;
	taken[v].nr = 0;
}

static void look(struct input *in)
{
	unsigned int v = vcpu(in);
	uint32_t vintid = 0;

	fake_cpu = in_below(in, HARNESS_CPUS);
	(void)vgic_pending(dom->vcpus[v]);
	if (vgic_wake_pending(dom, in_u8(in) & 1, in_u8(in) & 1 ? 33 : 0, &vintid))
		FUZZ_CHECK(vintid >= 16 && vintid < dom->vgic->nr_intids);
	FUZZ_CHECK(!fake_locks_held);
}

static void step(struct input *in)
{
	switch (in_below(in, 16)) {
	case 0:
	case 1:
	case 2:
	case 3:
		access_register(in);
		break;
	case 4:
		enable(in);
		break;
	case 5:
	case 6:
		raise(in);
		break;
	case 7:
		fire(in);
		break;
	case 8:
		send_sgi(in);
		break;
	case 9:
	case 10:
		take(vcpu(in));
		break;
	case 11:
		end(vcpu(in));
		break;
	case 12:
		in_u8(in) & 1 ? leave(vcpu(in)) : load(vcpu(in));
		break;
	case 13:
		in_u8(in) & 3 ? fall(in) : reset_vcpu(vcpu(in));
		break;
	case 14:
		dom->state = in_u8(in) & 1 ? DOMAIN_SUSPENDED : DOMAIN_RUNNING;
		break;
	default:
		look(in);
		break;
	}
}

/* --- the end: nothing is lost
 * ---------------------------------------------------------------------------- */

static unsigned int counted[8]; /* how often the watched one was taken, by vCPU */

static bool take_one(unsigned int v, uint32_t watched)
{
	unsigned int before = taken[v].nr;

	take(v);
	if (taken[v].nr == before)
		return false;
	counted[v] += taken[v].intid[taken[v].nr - 1] == watched;
	end(v);
	return true;
}

/* Everything is taken and ended by every vCPU, with all devices quiet. */
static void take_all(uint32_t watched)
{
	unsigned int n = 0;
	bool any = true;

	while (any) {
		any = false;
		for (unsigned int v = 0; v < nr_vcpus; v++) {
			while (taken[v].nr)
				end(v);
			while (take_one(v, watched)) {
				any = true;
				FUZZ_CHECK(n++ < MAX_TAKEN);
			}
		}
	}
}

static void quiet(void)
{
	phys_spi[HW_SPI].line = false;
	for (unsigned int c = 0; c < HARNESS_CPUS; c++)
		phys_cpu[c].ppi[HW_PPI].line = false;
	fake_cpu = 0;
	for (unsigned int v = 0; v < nr_vcpus; v++)
		for (uint32_t i = 16; i < (v ? 32 : dom->vgic->nr_intids); i++)
			if (i != HW_SPI && i != HW_PPI)
				vgic_line(dom, v, i, false);
}

/*
 * What the guest has made active without having taken it holds list registers, and others wait for
 * them: it is the one who ends it.
 */
static void end_by_hand(void)
{
	for (unsigned int v = 0; v < nr_vcpus; v++) {
		load(v);
		for (uint32_t i = 0; i < (v ? 32 : dom->vgic->nr_intids); i += 32)
			wr(v, bit_reg(v, ICACTIVER, i), ~0U);
		taken[v].nr = 0;
		phys_cpu[fake_cpu].nr_prios = 0;
	}
}

static void check_nothing_left(void)
{
	for (unsigned int v = 0; v < nr_vcpus; v++) {
		leave(v);
		for (uint32_t i = 0; i < (v ? 32 : dom->vgic->nr_intids); i++) {
			const struct vgic_irq *irq = irq_of(v, i);

			FUZZ_CHECK(irq->target == VGIC_NO_VCPU ||
			           !vgic_irq_deliverable(dom->vgic, irq));
			FUZZ_CHECK(i < VGIC_NR_PRIVATE || bitmap_test(dom->vgic->spis_on, i) == irq->enabled);
		}
	}
	FUZZ_CHECK(!phys_spi[HW_SPI].active || irq_of(0, HW_SPI)->active ||
	           irq_of(0, HW_SPI)->hw_active);
}

static bool can_be_delivered(unsigned int v, uint32_t intid)
{
	const struct vgic_irq *irq = irq_of(v, intid);

	return dom->vgic->enabled && irq->enabled && !irq->active && irq->target != VGIC_NO_VCPU &&
	       !vgic_irq_pending(irq);
}

static void check_one_edge(struct input *in)
{
	unsigned int v = vcpu(in), times = 0;
	uint32_t intid = 16 + in_u8(in) % (dom->vgic->nr_intids - 16);
	bool expected;

	if (intid == HW_SPI || intid == HW_PPI)
		return;
	expected = can_be_delivered(v, intid);
	memset(counted, 0, sizeof(counted));
	fake_cpu = in_below(in, HARNESS_CPUS);
	vgic_edge(dom, v, intid);
	take_all(intid);
	for (unsigned int i = 0; i < nr_vcpus; i++)
		times += counted[i];
	if (expected)
		FUZZ_CHECK(times == 1);
	if (expected && intid < 32)
		FUZZ_CHECK(counted[v] == 1);
}

/* A level that stays high comes again and again; when it has fallen it is over. */
static void check_one_level(struct input *in)
{
	uint32_t intid = 16 + in_u8(in) % (dom->vgic->nr_intids - 16);
	unsigned int by = vcpu(in), to = intid < 32 ? by : irq_of(by, intid)->target;

	if (intid == HW_SPI || intid == HW_PPI || irq_of(by, intid)->edge ||
	    !can_be_delivered(by, intid))
		return;
	memset(counted, 0, sizeof(counted));
	fake_cpu = in_below(in, HARNESS_CPUS);
	vgic_line(dom, by, intid, true);
	for (unsigned int i = 1; i <= 3; i++) {
		FUZZ_CHECK(take_one(to, intid));
		FUZZ_CHECK(counted[to] == i);
	}
	vgic_line(dom, by, intid, false);
	take_all(intid);
	FUZZ_CHECK(counted[to] <= 4); /* once more, if it was on its way */
	FUZZ_CHECK(!take_one(to, intid));
}

void fuzz_vgic(struct input *in, unsigned int version)
{
	unsigned int shape = in_u8(in);
	bool check_often = shape & 0x80;

	nr_vcpus = 1 + (shape & 3); /* the harness's active priorities are a CPU's */
	FUZZ_CHECK(harness_create(version, nr_vcpus, shape & 8 ? 64 : 32, 2 + (shape >> 4 & 3)) ==
	           0);
	FUZZ_CHECK(vgic_assign_hw(dom, HW_SPI, HW_SPI) == 0 &&
	           vgic_assign_hw(dom, HW_PPI, HW_PPI) == 0);
	if (shape & 0x40)
		harness_on();
	for (unsigned int i = 0; i < MAX_STEPS && in_more(in); i++) {
		step(in);
		if (check_often)
			check_invariants();
	}
	check_invariants();
	quiet();
	take_all(0);
	end_by_hand();
	take_all(0);
	check_one_edge(in);
	check_one_level(in);
	check_nothing_left();
	check_invariants();
	harness_destroy();
}
