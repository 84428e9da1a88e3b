/* SPDX-License-Identifier: Apache-2.0 */
#include "fuzz_gic.h"

#include "fake_cpu.h"
#include "fuzz.h"

struct line {
	bool enabled, pending, active, wire, edge;
};

static struct line spis[FUZZ_GIC_SPIS];
static struct cpu_part {
	struct line private[GIC_FIRST_SPI];
	struct gic_lr lr[GIC_MAX_LRS];
	uint32_t hcr;
	struct gic_vcpu_state cpuif;
} parts[FUZZ_GIC_CPUS];

void (*fuzz_gic_sample)(void);
int fuzz_gic_suspend_result;
uint32_t fuzz_gic_wake = GIC_SPURIOUS;

static struct cpu_part *here(void)
{
	FUZZ_CHECK(fake_cpu < FUZZ_GIC_CPUS);
	return &parts[fake_cpu];
}

static struct line *line(uint32_t intid)
{
	FUZZ_CHECK(intid < FUZZ_GIC_SPIS);
	return intid < GIC_FIRST_SPI ? &here()->private[intid] : &spis[intid];
}

static bool asks(const struct line *l)
{
	return l->enabled && !l->active && (l->pending || (l->wire && !l->edge));
}

/* The maintenance interrupt's wire (IHI 0048 5.3.3, IHI 0069 12.4.8). */
static bool maintenance(void)
{
	const struct cpu_part *p = here();
	unsigned int valid = 0;
	bool ended = false;

	for (unsigned int i = 0; i < gic_limits.nr_lrs; i++) {
		valid += p->lr[i].state != GIC_LR_INVALID;
		ended |= p->lr[i].state == GIC_LR_INVALID && p->lr[i].eoi && !p->lr[i].hw;
	}
	return (p->hcr & GIC_HCR_EN) && (ended || ((p->hcr & GIC_HCR_UIE) && valid <= 1));
}

#define MAINTENANCE 25

static uint32_t best(void)
{
	struct cpu_part *p = here();

	if (fuzz_gic_sample)
		fuzz_gic_sample();
	p->private[MAINTENANCE].wire = maintenance();
	for (uint32_t i = 0; i < GIC_FIRST_SPI; i++)
		if (asks(&p->private[i]))
			return i;
	for (uint32_t i = GIC_FIRST_SPI; i < FUZZ_GIC_SPIS && !fake_cpu; i++)
		if (asks(&spis[i]))
			return i;
	return GIC_SPURIOUS;
}

bool fuzz_gic_pending(void)
{
	return best() != GIC_SPURIOUS;
}

void fuzz_gic_wire(uint32_t intid, bool high)
{
	struct line *l = line(intid);

	l->pending |= high && !l->wire && l->edge;
	l->wire = high;
}

/* Physical side */

static uint32_t ack(void)
{
	uint32_t intid = best();

	if (intid != GIC_SPURIOUS) {
		line(intid)->pending = false;
		line(intid)->active = true;
	}
	return intid;
}

static void eoi(uint32_t iar)
{
	FUZZ_CHECK(line(gic_iar_intid(iar))->active);
}

static void deactivate(uint32_t iar)
{
	line(gic_iar_intid(iar))->active = false;
}

static void set_enabled(uint32_t intid, bool on)
{
	line(intid)->enabled = on;
}

static bool is_enabled(uint32_t intid)
{
	return line(intid)->enabled;
}

static void set_pending(uint32_t intid, bool on)
{
	line(intid)->pending = on;
}

static bool is_pending(uint32_t intid)
{
	return line(intid)->pending || (line(intid)->wire && !line(intid)->edge);
}

static void set_active(uint32_t intid, bool on)
{
	line(intid)->active = on;
}

static bool is_active(uint32_t intid)
{
	return line(intid)->active;
}

static void set_edge(uint32_t intid, bool edge)
{
	FUZZ_CHECK(!line(intid)->enabled);
	line(intid)->edge = edge;
}

static void set_priority(uint32_t intid, uint8_t priority)
{
	FUZZ_CHECK(intid < FUZZ_GIC_SPIS);
}

static void set_target(uint32_t intid, unsigned int cpu)
{
	FUZZ_CHECK(intid >= GIC_FIRST_SPI && intid < FUZZ_GIC_SPIS && cpu < FUZZ_GIC_CPUS);
}

static void send_sgi(uint32_t sgi, unsigned int cpu)
{
	FUZZ_CHECK(sgi < GIC_NR_SGIS && cpu < FUZZ_GIC_CPUS);
	parts[cpu].private[sgi].pending = true;
}

/* Virtual side */

static void set_hcr(uint32_t bits)
{
	here()->hcr = bits;
}

static struct gic_lr read_lr(unsigned int n)
{
	FUZZ_CHECK(n < gic_limits.nr_lrs);
	return here()->lr[n];
}

static void write_lr(unsigned int n, struct gic_lr lr)
{
	FUZZ_CHECK(n < gic_limits.nr_lrs);
	FUZZ_CHECK(lr.state != GIC_LR_INVALID && lr.state <= GIC_LR_PENDING_ACTIVE);
	FUZZ_CHECK(lr.hw || !lr.pintid);
	here()->lr[n] = lr;
	fuzz_gic_check();
}

static void clear_lr(unsigned int n)
{
	FUZZ_CHECK(n < gic_limits.nr_lrs);
	here()->lr[n] = (struct gic_lr) { 0 };
}

static uint64_t empty_lrs(void)
{
	uint64_t empty = 0;

	for (unsigned int i = 0; i < gic_limits.nr_lrs; i++) {
		const struct gic_lr *lr = &here()->lr[i];

		if (lr->state == GIC_LR_INVALID && (lr->hw || !lr->eoi))
			empty |= BIT(i);
	}
	return empty;
}

static void save_vcpu(struct gic_vcpu_state *s)
{
	*s = here()->cpuif;
}

static void load_vcpu(const struct gic_vcpu_state *s)
{
	here()->cpuif = *s;
}

static void reset_vcpu(struct gic_vcpu_state *s)
{
	*s = (struct gic_vcpu_state) { 0 };
}

/* IHI 0048 5.3.8, IHI 0069 12.4.6: one interrupt in one register; with HW neither both states nor
 * EOI. */
void fuzz_gic_check(void)
{
	for (unsigned int i = 0; i < gic_limits.nr_lrs; i++) {
		const struct gic_lr *lr = &here()->lr[i];

		if (lr->state == GIC_LR_INVALID)
			continue;
		FUZZ_CHECK(!lr->hw || (lr->state != GIC_LR_PENDING_ACTIVE && !lr->eoi));
		FUZZ_CHECK(!lr->hw || lr->pintid < FUZZ_GIC_SPIS);
		for (unsigned int k = 0; k < i; k++)
			FUZZ_CHECK(here()->lr[k].state == GIC_LR_INVALID ||
			           here()->lr[k].vintid != lr->vintid ||
			           here()->lr[k].source != lr->source);
	}
}

uint32_t fuzz_gic_guest_ack(void)
{
	struct gic_lr *urgent = NULL;

	if (!(here()->hcr & GIC_HCR_EN))
		return GIC_SPURIOUS;
	for (unsigned int i = 0; i < gic_limits.nr_lrs; i++) {
		struct gic_lr *lr = &here()->lr[i];

		if (lr->state == GIC_LR_PENDING && (!urgent || lr->priority < urgent->priority))
			urgent = lr;
	}
	if (!urgent)
		return GIC_SPURIOUS;
	urgent->state = GIC_LR_ACTIVE;
	return urgent->vintid;
}

bool fuzz_gic_guest_end(void)
{
	for (unsigned int i = 0; i < gic_limits.nr_lrs; i++) {
		struct gic_lr *lr = &here()->lr[i];

		if (!(lr->state & GIC_LR_ACTIVE))
			continue;
		lr->state &= 3 & ~GIC_LR_ACTIVE;
		if (lr->hw)
			line(lr->pintid)->active = false;
		return true;
	}
	return false;
}

/* Host suspend: it loses nothing. */

static int suspend(const uint64_t *wake)
{
	return fuzz_gic_suspend_result;
}

static int resume(void)
{
	return 0;
}

static uint32_t pending_wake(const uint64_t *wake)
{
	uint32_t intid = fuzz_gic_wake;

	return intid < FUZZ_GIC_SPIS && (wake[intid / 64] & BIT(intid % 64)) ? intid : GIC_SPURIOUS;
}

static void dump(gic_dump_fn *fn, void *ctx)
{
	fn(ctx, "hcr", 0, here()->hcr);
}

static struct gic_ops ops = {
	.ack = ack,
	.eoi = eoi,
	.deactivate = deactivate,
	.set_enabled = set_enabled,
	.is_enabled = is_enabled,
	.set_pending = set_pending,
	.is_pending = is_pending,
	.set_active = set_active,
	.is_active = is_active,
	.set_edge = set_edge,
	.set_priority = set_priority,
	.set_target = set_target,
	.send_sgi = send_sgi,
	.set_hcr = set_hcr,
	.read_lr = read_lr,
	.write_lr = write_lr,
	.clear_lr = clear_lr,
	.empty_lrs = empty_lrs,
	.save_vcpu = save_vcpu,
	.load_vcpu = load_vcpu,
	.reset_vcpu = reset_vcpu,
	.suspend = suspend,
	.resume = resume,
	.undo = resume,
	.pending_wake = pending_wake,
	.dump_shared = dump,
	.dump_cpu = dump,
};
const struct gic_ops *gic = &ops;
struct gic_limits gic_limits;

void fuzz_gic_init(unsigned int version, unsigned int nr_lrs)
{
	ops.version = version;
	gic_limits = (struct gic_limits) {
		.nr_spis_end = FUZZ_GIC_SPIS,
		.nr_lrs = nr_lrs,
		.nr_prio_bits = 5,
		.max_cpus = 8,
	};
	for (unsigned int cpu = 0; cpu < FUZZ_GIC_CPUS; cpu++)
		for (unsigned int i = 0; i < GIC_NR_SGIS; i++)
			parts[cpu].private[i] = (struct line) { .enabled = true, .edge = true };
}
