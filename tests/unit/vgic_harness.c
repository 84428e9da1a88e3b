/* SPDX-License-Identifier: Apache-2.0 */
#include "vgic_harness.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "core/domain_power.h"
#include "core/irq.h"
#include "fake_cpu.h"
#include "lib/err.h"

struct phys_irq phys_spi[1024];
struct phys_cpu phys_cpu[HARNESS_CPUS];
uint64_t harness_kicks;
uint32_t harness_woken_by;
struct domain *dom;
unsigned int guest_source;

static struct cpu cpu_structs[HARNESS_CPUS];
static struct vmmio_region regions[4];
static unsigned int nr_regions;

static struct phys_cpu *pc(void)
{
	return &phys_cpu[fake_cpu];
}

static struct phys_irq *phys(uint32_t intid)
{
	assert_true(intid < 1020);
	return intid < 32 ? &pc()->ppi[intid] : &phys_spi[intid];
}

/* The physical GIC. */

static void f_set_enabled(uint32_t intid, bool on)
{
	phys(intid)->enabled = on;
}

static void f_set_pending(uint32_t intid, bool on)
{
	phys(intid)->pending = on;
}

static bool f_is_pending(uint32_t intid)
{
	return phys(intid)->pending || (phys(intid)->line && !phys(intid)->edge);
}

static void f_set_active(uint32_t intid, bool on)
{
	phys(intid)->active = on;
	phys(intid)->active_on = on ? ~0u : 0;
}

static void f_set_edge(uint32_t intid, bool edge)
{
	assert_false(phys(intid)->enabled);
	phys(intid)->edge = edge;
}

static void f_set_target(uint32_t intid, unsigned int cpu)
{
	assert_true(intid >= 32 && cpu < HARNESS_CPUS);
	phys(intid)->target = cpu;
}

static void f_set_hcr(uint32_t bits)
{
	pc()->hcr = bits;
}

static struct gic_lr f_read_lr(unsigned int n)
{
	assert_true(n < gic_limits.nr_lrs);
	pc()->lr_reads++;
	return pc()->lr[n];
}

static void f_write_lr(unsigned int n, struct gic_lr lr)
{
	assert_true(n < gic_limits.nr_lrs);
	assert_true(lr.state != GIC_LR_INVALID && lr.state <= GIC_LR_PENDING_ACTIVE);
	/* IHI 0048 5.3.8: no pending and active with HW, no EOI bit with HW; one INTID in one
	 * register only. */
	assert_false(lr.hw && (lr.state == GIC_LR_PENDING_ACTIVE || lr.eoi));
	for (unsigned int i = 0; i < gic_limits.nr_lrs; i++) {
		if (i != n && pc()->lr[i].state != GIC_LR_INVALID)
			assert_int_not_equal(pc()->lr[i].vintid, lr.vintid);
	}
	pc()->lr_writes++;
	pc()->lr[n] = lr;
}

static void f_clear_lr(unsigned int n)
{
	assert_true(n < gic_limits.nr_lrs);
	pc()->lr[n] = (struct gic_lr) { 0 };
}

static uint64_t f_empty_lrs(void)
{
	uint64_t empty = 0;

	for (unsigned int i = 0; i < gic_limits.nr_lrs; i++) {
		const struct gic_lr *lr = &pc()->lr[i];

		if (lr->state == GIC_LR_INVALID && (lr->hw || !lr->eoi))
			empty |= BIT(i);
	}
	return empty;
}

static void f_save_vcpu(struct gic_vcpu_state *s)
{
	*s = pc()->cpuif;
}

static void f_load_vcpu(const struct gic_vcpu_state *s)
{
	pc()->cpuif = *s;
}

static void f_reset_vcpu(struct gic_vcpu_state *s)
{
	*s = (struct gic_vcpu_state) { 0 };
}

static const struct gic_ops fake_ops = {
	.set_enabled = f_set_enabled,
	.set_pending = f_set_pending,
	.is_pending = f_is_pending,
	.set_active = f_set_active,
	.set_edge = f_set_edge,
	.set_hcr = f_set_hcr,
	.read_lr = f_read_lr,
	.write_lr = f_write_lr,
	.clear_lr = f_clear_lr,
	.empty_lrs = f_empty_lrs,
	.save_vcpu = f_save_vcpu,
	.load_vcpu = f_load_vcpu,
	.reset_vcpu = f_reset_vcpu,
};
const struct gic_ops *gic = &fake_ops;
struct gic_limits gic_limits;

/* What core/ and virt/ give. */

void irq_set_target(uint32_t intid, unsigned int cpu)
{
	f_set_target(intid, cpu);
}

void irq_enable(uint32_t intid)
{
	assert_true(intid >= 32);
	phys_spi[intid].enabled = true;
}

void irq_disable(uint32_t intid)
{
	assert_true(intid >= 32);
	phys_spi[intid].enabled = false;
}

void vcpu_kick(struct vcpu *v)
{
	assert_int_equal(fake_locks_held, 0);
	harness_kicks |= BIT(v->id);
}

bool domain_wake(struct domain *d, uint32_t vintid, bool slept)
{
	assert_ptr_equal(d, dom);
	assert_int_equal(fake_locks_held, 0);
	assert_true(slept);
	harness_woken_by = vintid;
	d->state = DOMAIN_RUNNING;
	return true;
}

int vmmio_register(struct domain *d, const struct vmmio_region *r)
{
	assert_ptr_equal(d, dom);
	if (nr_regions == ARRAY_SIZE(regions))
		return -ENOSPC;
	regions[nr_regions++] = *r;
	return 0;
}

/* The domain. */

int harness_create(unsigned int version, unsigned int nr_vcpus, unsigned int nr_spis,
                   unsigned int nr_lrs)
{
	const struct vgic_config cfg = {
		.version = version,
		.nr_spis = nr_spis,
		.gicd = ipa_make(GICD_BASE),
		.gicr = ipa_make(GICR_BASE),
	};

	fake_cpu_reset();
	memset(phys_spi, 0, sizeof(phys_spi));
	memset(phys_cpu, 0, sizeof(phys_cpu));
	memset(cpu_structs, 0, sizeof(cpu_structs));
	nr_regions = 0;
	harness_kicks = 0;
	harness_woken_by = 0;
	gic_limits = (struct gic_limits) { .nr_lrs = nr_lrs, .nr_prio_bits = 5 };
	for (unsigned int i = 0; i < HARNESS_CPUS; i++) {
		cpu_structs[i].arch.id = i;
		fake_cpu_arch[i] = &cpu_structs[i].arch;
	}
	dom = calloc(1, sizeof(*dom));
	dom->nr_vcpus = nr_vcpus;
	dom->vcpus = calloc(nr_vcpus, sizeof(*dom->vcpus));
	for (unsigned int i = 0; i < nr_vcpus; i++) {
		struct vcpu *v = aligned_alloc(64, ALIGN_UP(sizeof(*v), 64));

		memset(v, 0, sizeof(*v));
		v->domain = dom;
		v->id = i;
		v->cpu = &cpu_structs[i % HARNESS_CPUS];
		v->power = VCPU_ON;
		dom->vcpus[i] = v;
		assert_int_equal(vgic_vcpu_module.init(v), 0);
		vgic_vcpu_module.reset(v);
	}
	return vgic_create(dom, &cfg);
}

void harness_destroy(void)
{
	assert_int_equal(fake_locks_held, 0);
	for (unsigned int i = 0; i < dom->nr_vcpus; i++) {
		vgic_vcpu_module.destroy(dom->vcpus[i]);
		free(dom->vcpus[i]);
	}
	vgic_destroy(dom);
	free(dom->vcpus);
	free(dom);
	dom = NULL;
}

void harness_on(void)
{
	wr(0, GICD_BASE, 3);
	for (uint32_t intid = 0; intid < dom->vgic->nr_intids; intid++) {
		for (unsigned int i = 0; i < (intid < 32 ? dom->nr_vcpus : 1); i++)
			set_prio(i, intid, 0xa0);
	}
}

unsigned int harness_shift;

void on_cpu_of(unsigned int vcpu)
{
	fake_cpu = (vcpu + harness_shift) % HARNESS_CPUS;
}

void load(unsigned int vcpu)
{
	struct vcpu *v = dom->vcpus[vcpu];

	on_cpu_of(vcpu);
	if (this_cpu()->loaded == v)
		return;
	if (this_cpu()->loaded)
		unload(this_cpu()->loaded->id);
	vgic_vcpu_module.load(v);
	this_cpu()->loaded = v;
}

void unload(unsigned int vcpu)
{
	on_cpu_of(vcpu);
	assert_ptr_equal(this_cpu()->loaded, dom->vcpus[vcpu]);
	vgic_vcpu_module.save(dom->vcpus[vcpu]);
	this_cpu()->loaded = NULL;
	for (unsigned int i = 0; i < gic_limits.nr_lrs; i++)
		assert_int_equal(pc()->lr[i].state, GIC_LR_INVALID);
	assert_int_equal(pc()->hcr, 0);
}

uint64_t take_kicks(void)
{
	uint64_t kicks = harness_kicks;

	harness_kicks = 0;
	return kicks;
}

static const struct vmmio_region *region(uint64_t *addr)
{
	for (unsigned int i = 0; i < nr_regions; i++) {
		if (*addr - regions[i].base.raw < regions[i].size) {
			*addr -= regions[i].base.raw;
			return &regions[i];
		}
	}
	fail_msg("nothing at %lx", *addr);
	return NULL;
}

bool mmio_read(unsigned int vcpu, uint64_t addr, unsigned int size, uint64_t *value)
{
	const struct vmmio_region *r = region(&addr);
	struct vmmio_access a = { .offset = addr, .size = size };
	bool done = r->ops->read(dom->vcpus[vcpu], r->ctx, a, value);

	assert_int_equal(fake_locks_held, 0);
	return done;
}

bool mmio_write(unsigned int vcpu, uint64_t addr, unsigned int size, uint64_t value)
{
	const struct vmmio_region *r = region(&addr);
	struct vmmio_access a = { .offset = addr, .size = size };
	bool done = r->ops->write(dom->vcpus[vcpu], r->ctx, a, value);

	assert_int_equal(fake_locks_held, 0);
	return done;
}

uint32_t rd(unsigned int vcpu, uint64_t addr)
{
	uint64_t value = ~0UL;

	assert_true(mmio_read(vcpu, addr, 4, &value));
	assert_int_equal(value >> 32, 0);
	return (uint32_t)value;
}

void wr(unsigned int vcpu, uint64_t addr, uint32_t value)
{
	assert_true(mmio_write(vcpu, addr, 4, value));
}

static uint64_t array_base(unsigned int vcpu, uint32_t intid)
{
	if (dom->vgic->version == 3 && intid < 32)
		return GICR_BASE + vcpu * VGIC_GICR_STRIDE + VGIC_GICR_FRAME;
	return GICD_BASE;
}

uint64_t bit_reg(unsigned int vcpu, uint32_t base, uint32_t intid)
{
	return array_base(vcpu, intid) + base + intid / 32 * 4;
}

uint64_t byte_reg(unsigned int vcpu, uint32_t base, uint32_t intid)
{
	return array_base(vcpu, intid) + base + intid;
}

void set_bit(unsigned int vcpu, uint32_t base, uint32_t intid)
{
	wr(vcpu, bit_reg(vcpu, base, intid), (uint32_t)BIT(intid % 32));
}

bool get_bit(unsigned int vcpu, uint32_t base, uint32_t intid)
{
	return rd(vcpu, bit_reg(vcpu, base, intid)) & BIT(intid % 32);
}

void set_prio(unsigned int vcpu, uint32_t intid, uint8_t priority)
{
	assert_true(mmio_write(vcpu, byte_reg(vcpu, 0x400, intid), 1, priority));
}

void set_edge(unsigned int vcpu, uint32_t intid, bool edge)
{
	uint64_t addr = array_base(vcpu, intid) + 0xc00 + intid / 16 * 4;
	uint32_t value = rd(vcpu, addr);

	value &= ~(3U << intid % 16 * 2);
	wr(vcpu, addr, value | (edge ? 2U << intid % 16 * 2 : 0));
}

void route(uint32_t intid, unsigned int vcpu)
{
	if (dom->vgic->version == 2)
		assert_true(mmio_write(0, GICD_BASE + 0x800 + intid, 1, BIT(vcpu)));
	else
		assert_true(mmio_write(0, GICD_BASE + 0x6000 + intid * 8, 8,
		                       vcpu % 16 | vcpu / 16 << 8));
}

/* The guest's side of the virtual interface. */

struct gic_lr *find_lr(unsigned int vcpu, uint32_t intid)
{
	on_cpu_of(vcpu);
	for (unsigned int i = 0; i < gic_limits.nr_lrs; i++) {
		if (pc()->lr[i].state != GIC_LR_INVALID && pc()->lr[i].vintid == intid)
			return &pc()->lr[i];
	}
	return NULL;
}

static bool maintenance_asked(void)
{
	unsigned int valid = 0;
	bool eoi = false;

	if (!(pc()->hcr & GIC_HCR_EN))
		return false;
	for (unsigned int i = 0; i < gic_limits.nr_lrs; i++) {
		const struct gic_lr *lr = &pc()->lr[i];

		valid += lr->state != GIC_LR_INVALID;
		eoi |= lr->state == GIC_LR_INVALID && lr->eoi && !lr->hw;
	}
	return eoi || ((pc()->hcr & GIC_HCR_UIE) && valid <= 1);
}

void take_maintenance(unsigned int vcpu)
{
	on_cpu_of(vcpu);
	for (unsigned int i = 0; maintenance_asked(); i++) {
		assert_true(i < 4);
		vgic_maintenance(25, NULL);
	}
}

uint32_t guest_ack(unsigned int vcpu)
{
	struct vcpu *v = dom->vcpus[vcpu];
	struct gic_lr *best = NULL;
	unsigned int running;

	on_cpu_of(vcpu);
	assert_ptr_equal(this_cpu()->loaded, v);
	if (vgic_vcpu_module.enter)
		vgic_vcpu_module.enter(v);
	take_maintenance(vcpu);
	assert_true(pc()->hcr & GIC_HCR_EN);

	running = pc()->nr_prios ? pc()->prios[pc()->nr_prios - 1] : 0x100;
	for (unsigned int i = 0; i < gic_limits.nr_lrs; i++) {
		struct gic_lr *lr = &pc()->lr[i];

		if (lr->state == GIC_LR_PENDING && lr->priority < running &&
		    (!best || lr->priority < best->priority))
			best = lr;
	}
	if (!best)
		return HARNESS_SPURIOUS;
	assert_int_equal(best->group1, dom->vgic->version == 3);
	best->state = GIC_LR_ACTIVE;
	guest_source = best->source;
	pc()->prios[pc()->nr_prios++] = best->priority;
	return best->vintid;
}

/* By a list register. IHI 0048 has one active state for an SPI; QEMU's GICv2 one for each CPU, and ends this CPU's. */
static void deactivate(uint32_t pintid)
{
	struct phys_irq *p = phys(pintid);

	p->active_on &= ~(uint32_t)BIT(fake_cpu);
	p->active = dom->vgic->version == 2 && pintid >= 32 && p->active_on;
}

void guest_eoi(unsigned int vcpu, uint32_t intid)
{
	struct gic_lr *lr = find_lr(vcpu, intid);

	assert_non_null(lr); /* else the end would be lost */
	assert_true(lr->state & GIC_LR_ACTIVE);
	assert_true(pc()->nr_prios);
	pc()->nr_prios--;
	lr->state &= (uint8_t)~GIC_LR_ACTIVE;
	if (lr->hw)
		deactivate(lr->pintid);
	take_maintenance(vcpu);
}

void phys_fire(unsigned int cpu, uint32_t intid, uint32_t vintid)
{
	unsigned int old = fake_cpu;

	fake_cpu = cpu;
	assert_false(phys(intid)->active);
	phys(intid)->active = true;
	phys(intid)->active_on = (uint32_t)BIT(cpu);
	phys(intid)->pending = false;
	phys(intid)->line = true;
	if (intid < 32)
		vgic_hw_ppi_fired(this_cpu()->loaded, vintid, intid);
	else
		vgic_hw_fired(dom, vintid, intid);
	fake_cpu = old;
}

struct vgic_irq *irq_of(unsigned int vcpu, uint32_t intid)
{
	return vgic_irq_of(dom->vgic, dom->vcpus[vcpu]->vgic, intid);
}

static void check_irq(unsigned int vcpu, uint32_t intid)
{
	const struct vgic *g = dom->vgic;
	const struct vgic_irq *irq = irq_of(vcpu, intid);
	const struct vgic_vcpu *home =
	        irq->home == VGIC_NO_VCPU ? NULL : vgic_vcpu_of(g, irq->home);

	if (intid < 32 && home)
		assert_int_equal(irq->home, vcpu);
	if (irq->lr != VGIC_NO_LR) {
		assert_false(irq->queued);
		assert_non_null(home->cpu);
		assert_true(home->used & BIT(irq->lr));
		assert_int_equal(home->lr_vintid[irq->lr], intid);
		return;
	}
	assert_false(irq->lr_pending || irq->lr_latch);
	if (irq->queued)
		assert_true(irq->active || vgic_irq_deliverable(g, irq));
	else if (intid < 32 && irq->hw && vgic_has_requests(irq))
		assert_true(dom->vcpus[vcpu]->vgic_dirty); /* its own CPU finds a place for it */
	else
		assert_true(irq->target == VGIC_NO_VCPU ||
		            !(irq->active || vgic_irq_deliverable(g, irq)));
	for (unsigned int i = 0; i < dom->nr_vcpus; i++) {
		const struct vgic_vcpu *vv = vgic_vcpu_of(g, i);
		bool bit = vv->queue[intid / 64] & BIT(intid % 64);

		if (intid >= 32 || i == vcpu)
			assert_int_equal(bit, irq->queued && irq->home == i);
		assert_int_equal(!!(vv->queue_words & BIT(intid / 64)), !!vv->queue[intid / 64]);
	}
}

void check_invariants(void)
{
	for (unsigned int i = 0; i < dom->nr_vcpus; i++) {
		const struct vgic_vcpu *vv = vgic_vcpu_of(dom->vgic, i);

		for (uint32_t intid = 0; intid < 32; intid++)
			check_irq(i, intid);
		for (uint32_t used = vv->used; used; used &= used - 1) {
			unsigned int n = (unsigned int)__builtin_ctz(used);

			assert_int_equal(irq_of(i, vv->lr_vintid[n])->lr, n);
			assert_int_equal(irq_of(i, vv->lr_vintid[n])->home, i);
		}
		if (!vv->cpu)
			assert_int_equal(vv->used, 0);
	}
	for (uint32_t intid = 32; intid < dom->vgic->nr_intids; intid++)
		check_irq(0, intid);
}
